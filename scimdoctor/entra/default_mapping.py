"""The attribute mapping that Entra gives a new custom SCIM app, and SCIM's own attribute names.

Sources: Microsoft, "Customize attribute mappings" and the SCIM tutorial's default tables; the
attribute names and types are those of RFC 7643 sections 4 and 8.7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.model.synchronization import (
    AttributeMapping,
    AttributeMappingSource,
    ObjectMapping,
)
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable

_USER_ROWS = (
    ("[userPrincipalName]", "userName"),
    ('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "active"),
    ("[displayName]", "displayName"),
    ("[jobTitle]", "title"),
    ("[mail]", 'emails[type eq "work"].value'),
    ("[preferredLanguage]", "preferredLanguage"),
    ("[givenName]", "name.givenName"),
    ("[surname]", "name.familyName"),
    ('Join(" ", [givenName], [surname])', "name.formatted"),
    ("[physicalDeliveryOfficeName]", 'addresses[type eq "work"].formatted'),
    ("[streetAddress]", 'addresses[type eq "work"].streetAddress'),
    ("[city]", 'addresses[type eq "work"].locality'),
    ("[state]", 'addresses[type eq "work"].region'),
    ("[postalCode]", 'addresses[type eq "work"].postalCode'),
    ("[country]", 'addresses[type eq "work"].country'),
    ("[telephoneNumber]", 'phoneNumbers[type eq "work"].value'),
    ("[mobile]", 'phoneNumbers[type eq "mobile"].value'),
    ("[facsimileTelephoneNumber]", 'phoneNumbers[type eq "fax"].value'),
    ("[mailNickname]", "externalId"),
    ("[employeeId]", f"{urns.ENTERPRISE_USER}:employeeNumber"),
    ("[department]", f"{urns.ENTERPRISE_USER}:department"),
    ("[manager]", f"{urns.ENTERPRISE_USER}:manager"),
)
_GROUP_ROWS = (
    ("[displayName]", "displayName"),
    ("[objectId]", "externalId"),
    ("[members]", "members"),
)


def _mappings(rows: Iterable[tuple[str, str]]) -> tuple[AttributeMapping, ...]:
    return tuple(
        AttributeMapping(
            target_attribute_name=target,
            source=AttributeMappingSource(
                type="Attribute" if expression.startswith("[") else "Function",
                name=expression.strip("[]") if expression.startswith("[") else None,
                expression=expression,
            ),
            matching_priority=1 if index == 0 else 0,
        )
        for index, (expression, target) in enumerate(rows)
    )


DEFAULT_USER_MAPPING = ObjectMapping(
    name="default users",
    source_object_name="User",
    target_object_name=urns.ENTERPRISE_USER,
    attribute_mappings=_mappings(_USER_ROWS),
)
DEFAULT_GROUP_MAPPING = ObjectMapping(
    name="default groups",
    source_object_name="Group",
    target_object_name=urns.GROUP,
    attribute_mappings=_mappings(_GROUP_ROWS),
)


def default_mapping(*, group: bool) -> ObjectMapping:
    """The mapping that a new custom app starts with."""
    return DEFAULT_GROUP_MAPPING if group else DEFAULT_USER_MAPPING


SIMPLE_ATTRIBUTES = (
    "id",
    "externalId",
    "userName",
    "active",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "members",
    "roles",
    "entitlements",
    "groups",
)
NAME_PARTS = (
    "formatted",
    "familyName",
    "givenName",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
)
ADDRESS_PARTS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
ENTERPRISE_ATTRIBUTES = (
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "manager",
    "manager.value",
    "manager.displayName",
)
_TYPED = {
    "emails": ("work", "home", "other"),
    "phoneNumbers": ("work", "home", "mobile", "fax", "pager", "other"),
    "ims": ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
    "photos": ("photo", "thumbnail"),
}

CORE_TARGETS = (
    *SIMPLE_ATTRIBUTES,
    *(f"name.{part}" for part in NAME_PARTS),
    *(
        f'{attribute}[type eq "{kind}"].value'
        for attribute, kinds in _TYPED.items()
        for kind in kinds
    ),
    *(
        f'addresses[type eq "{kind}"].{part}'
        for kind in ("work", "home", "other")
        for part in ADDRESS_PARTS
    ),
    *(f'roles[primary eq "True"].{part}' for part in ("value", "display", "type")),
    *(f"{urns.ENTERPRISE_USER}:{name}" for name in ENTERPRISE_ATTRIBUTES),
)
"""Target attribute paths that Entra's mappings commonly use."""

BOOLEAN_TARGETS = frozenset({"active", "primary"})
"""Attributes, or last parts of paths, that RFC 7643 types as Boolean."""

COMPLEX_MULTIVALUED = frozenset(
    {
        "members",
        "roles",
        "entitlements",
        "groups",
        "emails",
        "phonenumbers",
        "addresses",
        "ims",
        "photos",
        "x509certificates",
    }
)
"""Attributes whose value is a list of objects, in lower case."""

SOURCE_ONLY = frozenset(
    {
        "accountenabled",
        "appid",
        "approleassignments",
        "facsimiletelephonenumber",
        "homepage",
        "issoftdeleted",
        "jobtitle",
        "mail",
        "mailenabled",
        "mailnickname",
        "mobile",
        "objectid",
        "physicaldeliveryofficename",
        "securityenabled",
        "surname",
        "telephonenumber",
        "userprincipalname",
    }
)
"""Entra's own attribute names that no SCIM attribute shares, in lower case."""

AMBIGUOUS = frozenset({"displayname", "preferredlanguage", "department", "manager", "members"})
"""Names that exist at both ends, in lower case."""
