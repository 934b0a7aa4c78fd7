"""The requests that Entra's SCIM client sends, one pure function each.

Shapes are those of Microsoft's SCIM tutorial and compatibility page and of published traces; see
`Dialect` for the two spellings. `resource` is `Users` or `Groups`; ids are the app's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.entra.dialect import Dialect, encode_query
from scimdoctor.model.exchange import ScimRequest
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ACCEPT = ("Accept", "application/scim+json, application/json")
CONTENT_TYPE = ("Content-Type", "application/scim+json; charset=utf-8")
MANAGER = f"{urns.ENTERPRISE_USER}:manager"
_POST_ORDER = (
    "externalId",
    "userName",
    "active",
    "displayName",
    "title",
    "emails",
    "meta",
    "name",
    "addresses",
    "phoneNumbers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One attribute of an update. `op` is `add`, `replace` or `remove`; the dialect spells it."""

    op: str
    path: str
    value: Any = None
    """Typed by the attribute's definition; ignored for `remove` without a value list."""


def filter_value(value: str) -> str:
    """Quote `value` for a filter (RFC 7644 section 3.4.2.2: a JSON string)."""
    return json.dumps(value, ensure_ascii=False)


def get(path: str, parameters: Sequence[tuple[str, str]] = ()) -> ScimRequest:
    """A GET of `path` with Entra's headers and query encoding."""
    query = encode_query(list(parameters))
    return ScimRequest(method="GET", path=path, query=query, headers=(ACCEPT,))


def match_query(resource: str, attribute: str, value: str) -> ScimRequest:
    """The query that asks whether the app has the object: `filter=attribute eq "value"`."""
    filtered = ("filter", f"{attribute} eq {filter_value(value)}")
    if resource == "Groups":
        return get("/Groups", [("excludedAttributes", "members"), filtered])
    return get(f"/{resource}", [filtered])


def probe(resource: str, attribute: str, guid: str) -> ScimRequest:
    """Test connection: a matching query for a random GUID, which nobody has."""
    return match_query(resource, attribute, guid)


def object_path(resource: str, object_id: str) -> str:
    """`/Users/{id}`; the id is percent-encoded whole."""
    return f"/{resource}/{quote(object_id, safe='')}"


def read(resource: str, object_id: str) -> ScimRequest:
    """The read by id before an update."""
    wanted = [("excludedAttributes", "members")] if resource == "Groups" else []
    return get(object_path(resource, object_id), wanted)


def manager_query(object_id: str, manager_id: str) -> ScimRequest:
    """Whether a user has a certain manager already."""
    return _reference_query("Users", object_id, ("manager", manager_id))


def membership_query(group_id: str, member_id: str) -> ScimRequest:
    """Whether a group has a certain member already."""
    return _reference_query("Groups", group_id, ("members", member_id))


def _reference_query(resource: str, object_id: str, reference: tuple[str, str]) -> ScimRequest:
    name, value = reference
    text = f"id eq {filter_value(object_id)} and {name} eq {filter_value(value)}"
    return get(f"/{resource}", [("attributes", "id"), ("filter", text)])


def create_user(attributes: Mapping[str, Any]) -> ScimRequest:
    """POST of a user; `attributes` maps attribute paths to typed values, absent where null.

    The schemas list names the core and the enterprise URN; a custom extension's URN is left out,
    as Entra does.
    """
    body = {"roles": [], "meta": {"resourceType": "User"}} | resource_body(attributes)
    schemas = {"schemas": [urns.USER, urns.ENTERPRISE_USER]}
    return with_body("POST", "/Users", schemas | _in_order(body))


def create_group(attributes: Mapping[str, Any]) -> ScimRequest:
    """POST of a group: never with members."""
    body = {"meta": {"resourceType": "Group"}} | resource_body(attributes)
    schemas = {"schemas": [urns.GROUP, urns.ENTRA_GROUP]}
    return with_body("POST", "/Groups", schemas | _in_order(body))


def _in_order(body: dict[str, Any]) -> dict[str, Any]:
    """The order of members in Microsoft's sample of a POST; roles come last."""
    last = len(_POST_ORDER)
    places = {name: index for index, name in enumerate(_POST_ORDER)}
    ordered = sorted(body, key=lambda name: last + 1 if name == "roles" else places.get(name, last))
    return {name: body[name] for name in ordered}


def resource_body(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Build a resource from attribute paths: filtered paths become elements of a list."""
    body: dict[str, Any] = {}
    for text, value in attributes.items():
        path = AttributePath.parse(text)
        if value is None:
            continue
        if is_schema_urn(text):
            _object_at(body, text).update(value if isinstance(value, dict) else {})
        elif path is not None:
            _place(body, path, value)
    return body


def is_schema_urn(path: str) -> bool:
    """Whether `path` names a whole schema (extension), not an attribute of one."""
    return path.startswith("urn:") and path.rpartition(":")[2] in {"User", "Group"}


def _place(body: dict[str, Any], path: AttributePath, value: Any) -> None:  # noqa: ANN401
    holder = _object_at(body, path.urn) if path.urn else body
    if path.filter is not None:
        holder = _element(_list_at(holder, path.attribute), path)
        holder[path.sub_attribute or "value"] = value
    elif path.sub_attribute is not None:
        holder = _object_at(holder, path.attribute)
        holder[path.sub_attribute] = value
    elif isinstance(value, (dict, list)) or not holder.get(path.attribute):
        holder[path.attribute] = value


def _object_at(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """The object called `name`; where a log lists a plain text beside its parts, the parts count."""
    if not isinstance(holder.get(name), dict):
        holder[name] = {}
    held: dict[str, Any] = holder[name]
    return held


def _list_at(holder: dict[str, Any], name: str) -> list[Any]:
    """The list called `name`, in place of a plain text as in `_object_at`."""
    if not isinstance(holder.get(name), list):
        holder[name] = []
    held: list[Any] = holder[name]
    return held


def _element(elements: list[Any], path: AttributePath) -> dict[str, Any]:
    name, text = path.equality or ("type", path.filter or "")
    value: Any = {"true": True, "false": False}.get(text.casefold(), text)
    for held in elements:
        if isinstance(held, dict) and held.get(name) == value:
            return held
    element = {name: value}
    if name == "type" and value == "work" and path.attribute == "emails":
        element["primary"] = True
    elements.append(element)
    return element


def update(
    resource: str, object_id: str, changes: Iterable[Change], *, dialect: Dialect = Dialect.DEFAULT
) -> ScimRequest:
    """PATCH with `changes`, spelled in `dialect`."""
    spelled = operations(changes, dialect)
    body = {"schemas": [urns.PATCH_OP], "Operations": spelled}
    return with_body("PATCH", object_path(resource, object_id), body)


def operations(changes: Iterable[Change], dialect: Dialect) -> list[dict[str, Any]]:
    """Spell `changes` as PATCH operations."""
    if dialect is Dialect.DEFAULT:
        return [_default_operation(change) for change in changes]
    return _compliant_operations(list(changes))


def _default_operation(change: Change) -> dict[str, Any]:
    operation = {"op": change.op.capitalize(), "path": change.path}
    if change.op == "remove" and change.value is None:
        return operation
    return operation | {"value": _default_value(change.value)}


def _default_value(value: Any) -> Any:  # noqa: ANN401
    # Microsoft: in this dialect dates, numbers and Booleans may all travel as text.
    return str(value) if isinstance(value, (bool, int)) else value


def _compliant_operations(changes: list[Change]) -> list[dict[str, Any]]:
    single = len(changes) == 1
    spelled: list[dict[str, Any]] = []
    merged: dict[str, Any] = {}
    for change in changes:
        if change.op == "replace" and not single and "[" not in change.path:
            merged[change.path] = change.value
        elif change.op == "remove":
            spelled += _compliant_remove(change)
        else:
            spelled.append({"op": change.op, "path": change.path, "value": change.value})
    return [*spelled, {"op": "replace", "value": merged}] if merged else spelled


def _compliant_remove(change: Change) -> list[dict[str, Any]]:
    if not isinstance(change.value, list):
        return [{"op": "remove", "path": change.path}]
    ids = [element["value"] for element in change.value]
    return [{"op": "remove", "path": f"{change.path}[value eq {filter_value(i)}]"} for i in ids]


def set_active(object_id: str, active: bool, *, dialect: Dialect = Dialect.DEFAULT) -> ScimRequest:
    """Disable or restore a user: PATCH of `active`."""
    change = Change(op="replace", path="active", value=active)
    return update("Users", object_id, [change], dialect=dialect)


def add_members(
    group_id: str, members: Iterable[str], *, dialect: Dialect = Dialect.DEFAULT
) -> ScimRequest:
    """PATCH that adds members by id."""
    change = Change(op="add", path="members", value=_member_values(members))
    return update("Groups", group_id, [change], dialect=dialect)


def remove_members(
    group_id: str, members: Iterable[str], *, dialect: Dialect = Dialect.DEFAULT
) -> ScimRequest:
    """PATCH that removes members by id: a value list by default, a filter with the flag."""
    change = Change(op="remove", path="members", value=_member_values(members))
    return update("Groups", group_id, [change], dialect=dialect)


def _member_values(members: Iterable[str]) -> list[dict[str, Any]]:
    return [{"$ref": None, "value": member} for member in members]


def set_manager(
    object_id: str,
    manager_id: str | None,
    *,
    op: str = "add",
    dialect: Dialect = Dialect.DEFAULT,
) -> ScimRequest:
    """PATCH of the manager: a bare id; clearing is a replace by an empty text."""
    change = (
        Change(op="replace", path=MANAGER, value="")
        if manager_id is None
        else Change(op=op, path=MANAGER, value=manager_id)
    )
    return update("Users", object_id, [change], dialect=dialect)


def delete(resource: str, object_id: str) -> ScimRequest:
    """DELETE by id."""
    return ScimRequest(method="DELETE", path=object_path(resource, object_id), headers=(ACCEPT,))


def with_body(method: str, path: str, body: Mapping[str, Any]) -> ScimRequest:
    """A request with a JSON body and Entra's media type, charset included."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return ScimRequest(method=method, path=path, headers=(ACCEPT, CONTENT_TYPE), body=text.encode())
