"""What the provider tells about itself (RFC 7644 section 4): configuration, types, schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.scim.patch import Resource

MAX_RESULTS = 200


def service_provider_config() -> Resource:
    """The ServiceProviderConfig."""
    off = {"supported": False}
    return {
        "schemas": [urns.SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": True},
        "bulk": off | {"maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_RESULTS},
        "changePassword": off,
        "sort": off,
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "The token of the lab, as bearer token",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": "/ServiceProviderConfig"},
    }


def resource_types() -> list[Resource]:
    """The resource types: User and Group."""
    extension = [{"schema": urns.ENTERPRISE_USER, "required": False}]
    return [
        _resource_type("User", "/Users", urns.USER) | {"schemaExtensions": extension},
        _resource_type("Group", "/Groups", urns.GROUP),
    ]


def _resource_type(name: str, endpoint: str, schema: str) -> Resource:
    return {
        "schemas": [urns.RESOURCE_TYPE],
        "id": name,
        "name": name,
        "description": f"{name} account" if name == "User" else name,
        "endpoint": endpoint,
        "schema": schema,
        "meta": {"resourceType": "ResourceType", "location": f"/ResourceTypes/{name}"},
    }


def schemas() -> list[Resource]:
    """The schemas: every attribute that Entra maps by default, and those beside them."""
    return [
        _schema(urns.USER, "User", _USER),
        _schema(urns.GROUP, "Group", _GROUP),
        _schema(urns.ENTERPRISE_USER, "EnterpriseUser", _ENTERPRISE),
    ]


def _schema(urn: str, name: str, attributes: Iterable[Resource]) -> Resource:
    return {
        "schemas": [urns.SCHEMA],
        "id": urn,
        "name": name,
        "description": name,
        "attributes": list(attributes),
        "meta": {"resourceType": "Schema", "location": f"/Schemas/{urn}"},
    }


def _attribute(name: str, kind: str = "string", **facets: Any) -> Resource:  # noqa: ANN401
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": name,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    } | facets


def _complex(name: str, parts: Iterable[Resource], **facets: Any) -> Resource:  # noqa: ANN401
    return _attribute(name, "complex", **facets) | {"subAttributes": list(parts)}


def _texts(names: str) -> list[Resource]:
    return [_attribute(name) for name in names.split()]


def _multi_valued(name: str, parts: str = "value display type") -> Resource:
    return _complex(name, [*_texts(parts), _attribute("primary", "boolean")], multiValued=True)


_REFERENCE = _attribute("$ref", "reference", referenceTypes=["User", "Group"], caseExact=True)
_USER = (
    _attribute("userName", required=True, uniqueness="server"),
    _attribute("externalId", caseExact=True),
    _complex(
        "name",
        _texts("formatted familyName givenName middleName honorificPrefix honorificSuffix"),
    ),
    *_texts("displayName nickName title userType preferredLanguage locale timezone"),
    _attribute("profileUrl", "reference", referenceTypes=["external"]),
    _attribute("active", "boolean"),
    _multi_valued("emails"),
    _multi_valued("phoneNumbers"),
    _multi_valued("ims"),
    _multi_valued("photos"),
    _multi_valued("addresses", "formatted streetAddress locality region postalCode country type"),
    _multi_valued("entitlements"),
    _multi_valued("roles"),
)
_GROUP = (
    _attribute("displayName", required=True, uniqueness="server"),
    _attribute("externalId", caseExact=True),
    _complex("members", [*_texts("value display type"), _REFERENCE], multiValued=True),
)
_ENTERPRISE = (
    *_texts("employeeNumber costCenter organization division department"),
    _complex("manager", [*_texts("value displayName"), _REFERENCE]),
)
