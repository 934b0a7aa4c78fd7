"""Turns real objects and requests into throwaway ones with fresh unique values. Pure."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.leftovers import TEST_WORD
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath, member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.exchange import ScimRequest

_UUID = re.compile(r"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_NOT_COPIED = frozenset({"id", "meta", "schemas", "groups", "members", "password", "roles"})
_UNIQUE = frozenset({"username", "externalid", "emails"})
LONGEST_LOCAL_PART = 24


@dataclass(slots=True)
class Freshener:
    """Gives each real value one fresh value of the same shape, and remembers it.

    `matching` are further attributes that must be unique, by path.
    """

    token: str
    """Unique to one throwaway object."""

    is_group: bool = False
    matching: tuple[str, ...] = ()
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The word and the token: what every fresh value carries."""
        return f"{TEST_WORD}-{self.token}"

    def must_be_fresh(self, path: str) -> bool:
        """Whether the attribute at `path` must be unique in the app."""
        parsed = AttributePath.parse(path)
        attribute = parsed.attribute.casefold() if parsed else path.casefold()
        if self.is_group and attribute == "displayname":
            return True
        if attribute == "emails":
            return parsed is None or parsed.sub_attribute in {None, "value"}
        return attribute in _UNIQUE or path.casefold() in {m.casefold() for m in self.matching}

    def value(self, path: str, value: Any) -> Any:  # noqa: ANN401
        """`value`, or the fresh one in its place if it must be unique."""
        if not self.must_be_fresh(path):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._element(item) for item in value]
        return value

    def _element(self, item: Any) -> Any:  # noqa: ANN401
        if isinstance(item, dict) and isinstance(item.get("value"), str):
            return {**item, "value": self.text(item["value"])}
        return self.text(item) if isinstance(item, str) else item

    def text(self, real: str) -> str:
        """The fresh text for `real`: an address stays an address of its domain, a GUID a GUID."""
        if not real:
            return real
        if real not in self._known:
            self._known[real] = self._fresh(real)
        return self._known[real]

    def has_made(self, real: str) -> bool:
        """Whether `real` was replaced somewhere."""
        return real in self._known

    def _fresh(self, real: str) -> str:
        if _UUID.match(real):
            return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}/{real}"))
        local, at, domain = real.rpartition("@")
        if at:
            return f"{self.name}.{local[:LONGEST_LOCAL_PART]}@{domain}"
        return f"{self.name} {real}" if self.is_group else f"{self.name}-{real}"

    def body(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A POST body that differs from `resource` in its unique values alone."""
        return {name: self._member(name, value) for name, value in resource.items()}

    def _member(self, name: str, value: Any) -> Any:  # noqa: ANN401
        if name.casefold().startswith(("urn:", "http:", "https:")) and isinstance(value, dict):
            return {k: self.value(f"{name}:{k}", v) for k, v in value.items()}
        return self.value(name, value)


def copy_of(resource: dict[str, Any], freshener: Freshener) -> dict[str, Any]:
    """A POST body for a throwaway copy of a live resource: without what the server owns."""
    kept = {
        name: value
        for name, value in resource.items()
        if name.casefold() not in _NOT_COPIED and value not in (None, [], {}, "")
    }
    kept = {name: _without_references(name, value) for name, value in kept.items()}
    body = freshener.body({name: value for name, value in kept.items() if value != {}})
    schemas = _schemas(resource, body, is_group=freshener.is_group)
    return {"schemas": schemas, **_named(body, freshener)}


def minimal(freshener: Freshener) -> dict[str, Any]:
    """A POST body for a throwaway object of which nothing real is known."""
    if freshener.is_group:
        return {"schemas": [urns.GROUP, urns.ENTRA_GROUP], "displayName": freshener.name}
    address = f"{freshener.name}@example.com"
    return {
        "schemas": [urns.USER, urns.ENTERPRISE_USER],
        "userName": address,
        "externalId": freshener.name,
        "active": True,
        "displayName": freshener.name,
        "name": {"givenName": "Throwaway", "familyName": "Scimdoctor"},
        "emails": [{"primary": True, "type": "work", "value": address}],
    }


def _without_references(name: str, value: Any) -> Any:  # noqa: ANN401
    """A manager is no part of a copy: it would tie the copy to a real person."""
    if isinstance(value, dict) and name.casefold().startswith("urn:"):
        return {k: v for k, v in value.items() if k.casefold() != "manager" and v is not None}
    return value


def _schemas(resource: dict[str, Any], body: dict[str, Any], *, is_group: bool) -> list[str]:
    listed = resource.get("schemas")
    named = [s for s in listed if isinstance(s, str)] if isinstance(listed, list) else []
    core = urns.GROUP if is_group else urns.USER
    extensions = [name for name in body if name.casefold().startswith("urn:")]
    return list(dict.fromkeys([*(named or [core]), *extensions]))


def _named(body: dict[str, Any], freshener: Freshener) -> dict[str, Any]:
    """`body` with the name that marks it, if the real object had none."""
    marker = marker_attribute(is_group=freshener.is_group)
    present = {name.casefold() for name in body}
    return body if marker.casefold() in present else {**body, marker: freshener.name}


def marker_attribute(*, is_group: bool) -> str:
    """The attribute by which a throwaway object is found again."""
    return "displayName" if is_group else "userName"


def marker_of(body: dict[str, Any], *, is_group: bool) -> tuple[str, str] | None:
    """Attribute and value by which the object that `body` creates is found again."""
    for name in (marker_attribute(is_group=is_group), "externalId"):
        value = member(body, name)
        if isinstance(value, str) and value:
            return name, value
    return None


def fresh_request(request: ScimRequest, freshener: Freshener) -> ScimRequest:
    """`request` with fresh unique values, in PATCH operations or in a whole resource (PUT)."""
    body = request.json
    if not isinstance(body, dict):
        return request
    operations = body.get("Operations")
    if isinstance(operations, list):
        fresh = [_fresh_operation(operation, freshener) for operation in operations]
        body = {**body, "Operations": fresh}
    else:
        body = freshener.body(body)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return replace(request, body=text.encode())


def _fresh_operation(operation: Any, freshener: Freshener) -> Any:  # noqa: ANN401
    if not isinstance(operation, dict) or "value" not in operation:
        return operation
    path, value = operation.get("path"), operation["value"]
    if isinstance(path, str) and path:
        return {**operation, "value": freshener.value(path, value)}
    if isinstance(value, dict):
        return {**operation, "value": {k: freshener.value(k, v) for k, v in value.items()}}
    return operation


def with_references(request: ScimRequest, replacements: Mapping[str, str]) -> ScimRequest:
    """`request` with the ids of members and managers replaced."""
    body = request.json
    if not replacements or not isinstance(body, dict):
        return request
    operations = body.get("Operations")
    if isinstance(operations, list):
        body = {**body, "Operations": [_redirected(o, replacements) for o in operations]}
    else:
        body = _in_reference_members(body, replacements)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return replace(request, body=text.encode())


def _redirected(operation: Any, replacements: Mapping[str, str]) -> Any:  # noqa: ANN401
    path = operation.get("path") if isinstance(operation, dict) else None
    if not isinstance(path, str) or not path:
        return _in_reference_members(operation, replacements)
    if not _is_reference(path):
        return operation
    for real, stand_in in replacements.items():
        path = path.replace(f"value eq {json.dumps(real)}", f"value eq {json.dumps(stand_in)}")
    moved = {**operation, "path": path}
    if "value" in operation:
        moved["value"] = _replaced(operation["value"], replacements)
    return moved


def _in_reference_members(value: Any, replacements: Mapping[str, str]) -> Any:  # noqa: ANN401
    """`value` with ids replaced below members called `manager` or `members`."""
    if not isinstance(value, dict):
        return value
    return {
        k: _replaced(v, replacements)
        if _is_reference(k)
        else _in_reference_members(v, replacements)
        for k, v in value.items()
    }


def _is_reference(path: str) -> bool:
    name = path.casefold().partition("[")[0]
    return name in {"members", "manager"} or name.endswith((":manager", "manager.value"))


def _replaced(value: Any, replacements: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return replacements.get(value, value)
    if isinstance(value, list):
        return [_replaced(item, replacements) for item in value]
    if isinstance(value, dict):
        return {k: _replaced(v, replacements) for k, v in value.items()}
    return value
