"""What Entra sent: operations of a PATCH, their shapes, filters of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from scimdoctor.causes.attributes import bare_name, is_extension, is_value_path
from scimdoctor.entra.attributes import attempted_attributes
from scimdoctor.entra.exports import exports_of
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import ScimRequest
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema

_TEXT_BOOLEAN = re.compile(r"(?i)^(?:true|false)$")
_GUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_RANDOM = re.compile(rf"(?i)^(?:AzureAD_Test-)?(?:{_GUID}|<?random[\w -]*>?)$")
_RENAMED = re.compile(r"(?i)^[0-9a-f]{32}(?=[^\s@]+@)")
_FILTER = re.compile(
    r"""(?ix)^\s*\(?\s*(?P<attribute>[\w:.$\-]+(?:\[[^\]]*\])?(?:\.[\w$]+)?)\s+
    (?P<operator>[a-z]{2})\s+(?P<value>"(?:[^"\\]|\\.)*"?|.+?)\s*\)?\s*
    (?P<rest>\b(?:and|or)\b.*)?$"""
)
_BLANKS = re.compile(r"\s{3,}")
_LONGEST_FILTER = 2000
_CANONICAL = {
    name.casefold(): name
    for name in ("userName", "externalId", "displayName", "emails", "id", "active", "members")
}
_PLAIN_VALUE = re.compile(r"^[A-Za-z0-9@._-]*$")


class Shape(StrEnum):
    """A peculiarity of what Entra sends that servers are known to stumble over."""

    CAPITAL_OP = "capital-op"
    ADD = "add"
    """An Add of a plain attribute."""

    TEXT_BOOLEAN = "text-boolean"
    VALUE_PATH = "value-path"
    SEVERAL_VALUE_PATH_ADDS = "several-value-path-adds"
    EXTENSION_PATH = "extension-path"
    MANAGER = "manager"
    ROLES_TEXT = "roles-text"
    """Roles whose value is JSON text, or roles from an app-role expression."""

    ADD_MEMBERS = "add-members"
    REMOVE_MEMBERS_BY_VALUE = "remove-members-by-value"
    REMOVE_MEMBERS_BY_FILTER = "remove-members-by-filter"
    REPLACE_MEMBERS = "replace-members"
    DOTTED_KEYS = "dotted-keys"
    PATHLESS = "pathless"
    REF_ARRAY = "ref-array"
    """A plain value wrapped as `[{"$ref": null, "value": …}]`."""

    NULL_VALUE = "null-value"
    EMPTY_LIST = "empty-list"
    PARTIAL_COMPLEX = "partial-complex"
    """A complex attribute replaced by an object with some of its sub-attributes."""

    RENAMED_BY_DELETE = "renamed-by-delete"
    """A userName with 32 hexadecimal digits before it."""

    REACTIVATION = "reactivation"
    DEACTIVATION = "deactivation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a PATCH; `op` is `None` where only the log's properties are known."""

    op: str | None
    path: str | None
    value: Any = None

    @property
    def verb(self) -> str:
        """The operation in lower case; empty if it is not known."""
        return (self.op or "").casefold()

    @property
    def removes(self) -> bool:
        """Whether it takes something away, or sets it to nothing."""
        return self.verb == "remove" or self.value is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of a query, as far as it could be read."""

    raw: str
    attribute: str = ""
    operator: str = ""
    value: str = ""
    is_compound: bool = False

    @property
    def is_probe(self) -> bool:
        """Whether it asks for something that nobody has: a random GUID."""
        return bool(_RANDOM.match(self.value)) and bare_name(self.attribute) != "externalid"

    @property
    def is_odd_case(self) -> bool:
        """Whether attribute or operator are in other letters than RFC 7643 has them."""
        known = _CANONICAL.get(self.attribute.casefold())
        odd_name = known is not None and known != self.attribute
        return odd_name or (bool(self.operator) and self.operator != self.operator.lower())

    @property
    def has_special_value(self) -> bool:
        """Whether the value has characters beyond those of names and addresses."""
        return not _PLAIN_VALUE.match(self.value)

    @property
    def has_hard_value(self) -> bool:
        """Whether it has characters that filters and URLs must escape, or non-ASCII ones."""
        return bool(re.search(r"[\"\\'+&#%?=/()\[\]{}<>^|;:,!$*~`]|[^\x00-\x7f]", self.value))

    @property
    def has_coded_value(self) -> bool:
        """Whether it has characters that get lost where URLs or quotes are not decoded."""
        return bool(re.search(r"[\"\\'+&#%]|[^\x00-\x7f]", self.value))


def filter_of(query: str) -> Filter | None:
    """The filter in an encoded query; `None` if there is none."""
    raw = next((v for k, v in parse_qsl(query) if k.casefold() == "filter"), None)
    return None if raw is None else read_filter(raw)


def read_filter(raw: str) -> Filter:
    """Read a decoded filter; what cannot be read stays in `raw`."""
    found = _FILTER.match(_BLANKS.sub("  ", raw[:_LONGEST_FILTER].strip()))
    if found is None:
        return Filter(raw=raw)
    value = found["value"].strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return Filter(
        raw=raw,
        attribute=found["attribute"],
        operator=found["operator"],
        value=value,
        is_compound=bool(found["rest"]),
    )


def asks_without_members(request: ScimRequest) -> bool:
    """Whether the request says `excludedAttributes=members`."""
    pairs = parse_qsl(request.query)
    wanted = {v.casefold() for k, v in pairs if k.casefold() == "excludedattributes"}
    return any("members" in value.split(",") for value in wanted)


def target_of(request: ScimRequest) -> tuple[str | None, str | None]:
    """Resource (`Users`, `Groups`, …) and object id that a request is about."""
    parts = [unquote(part) for part in request.path.split("/") if part]
    known = {"users", "groups", "schemas", "resourcetypes", "serviceproviderconfig"}
    for index in range(len(parts) - 1, -1, -1):
        if parts[index].casefold() in known:
            name = parts[index][:1].upper() + parts[index][1:]
            return name, parts[index + 1] if index + 1 < len(parts) else None
    return None, None


def operations_of(body: object) -> tuple[Operation, ...]:
    """The operations of a PATCH body, however spelled; empty if it is none."""
    if not isinstance(body, dict):
        return ()
    listed = next((v for k, v in body.items() if k.casefold() == "operations"), None)
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    return tuple(_operation(entry) for entry in entries)


def _operation(entry: dict[str, Any]) -> Operation:
    op, path = entry.get("op"), entry.get("path")
    return Operation(
        op=op if isinstance(op, str) else None,
        path=path if isinstance(path, str) and path else None,
        value=entry.get("value"),
    )


def operations_logged(
    event: ProvisioningObjectSummary, schema: SynchronizationSchema | None = None
) -> tuple[Operation, ...]:
    """What the log says the last write was about; the operations' names are not logged."""
    exports = exports_of(event, attempted_attributes(event, schema), schema)
    attributes = exports[-1].attributes.values() if exports else ()
    return tuple(
        Operation(op=None, path=a.path, value=a.value if a.known else "…") for a in attributes
    )


def shapes_of(operations: tuple[Operation, ...]) -> frozenset[Shape]:
    """Every peculiarity of the operations."""
    found = {shape for operation in operations for shape in _shapes(operation)}
    adds = [o for o in operations if o.verb in {"add", ""} and is_value_path(o.path)]
    same = {(o.path or "").partition("]")[0] for o in adds}
    if len(adds) > 1 and len(same) < len(adds):
        found.add(Shape.SEVERAL_VALUE_PATH_ADDS)
    return frozenset(found)


def _shapes(operation: Operation) -> Iterable[Shape]:
    if operation.op and operation.op != operation.op.lower():
        yield Shape.CAPITAL_OP
    yield from _value_shapes(operation)
    if operation.path is None:
        yield from _pathless_shapes(operation)
    else:
        yield from _path_shapes(operation)


def _value_shapes(operation: Operation) -> Iterable[Shape]:
    value, name = operation.value, bare_name(operation.path)
    if isinstance(value, str) and _TEXT_BOOLEAN.match(value.strip()) and operation.op:
        yield Shape.TEXT_BOOLEAN
    if value is None and operation.verb not in {"remove", ""}:
        yield Shape.NULL_VALUE
    if value == []:
        yield Shape.EMPTY_LIST
    if name == "active" and value is not None:
        truth = str(value).strip().casefold() == "true"
        yield Shape.REACTIVATION if truth else Shape.DEACTIVATION
    if name == "username" and isinstance(value, str) and _RENAMED.match(value):
        yield Shape.RENAMED_BY_DELETE
    wrapped = isinstance(value, list) and all(isinstance(v, dict) and "$ref" in v for v in value)
    if wrapped and value and name not in {"members", "manager"}:
        yield Shape.REF_ARRAY


def _pathless_shapes(operation: Operation) -> Iterable[Shape]:
    yield Shape.PATHLESS
    if not isinstance(operation.value, dict):
        return
    for key, value in operation.value.items():
        yield from _value_shapes(Operation(op=operation.op, path=key, value=value))
        if "." in key or is_extension(key) or "[" in key:
            yield Shape.DOTTED_KEYS
        elif isinstance(value, dict):
            yield Shape.PARTIAL_COMPLEX


def _path_shapes(operation: Operation) -> Iterable[Shape]:
    name = bare_name(operation.path)
    if name == "members":
        yield from _member_shapes(operation)
        return
    if name == "manager" or (operation.path or "").casefold().endswith("manager.value"):
        yield Shape.MANAGER
    elif (operation.path or "").casefold().startswith("urn:"):
        yield Shape.EXTENSION_PATH
    if name == "roles" and not (operation.verb == "remove" and operation.value is None):
        yield Shape.ROLES_TEXT
    if is_value_path(operation.path):
        yield Shape.VALUE_PATH
    elif operation.verb == "add" and not is_extension(operation.path) and name != "roles":
        yield Shape.ADD
    if isinstance(operation.value, dict) and not is_extension(operation.path):
        yield Shape.PARTIAL_COMPLEX


def _member_shapes(operation: Operation) -> Iterable[Shape]:
    logged = not operation.verb
    if operation.verb == "add" or (logged and not operation.removes):
        # Entra adds the members that the log lists as new; it never replaces all of them.
        yield Shape.ADD_MEMBERS
    elif operation.verb == "replace":
        yield Shape.REPLACE_MEMBERS
    elif logged or (operation.verb == "remove" and operation.value is not None):
        # Entra takes members away by a list of values unless the tenant URL's flag says otherwise.
        yield Shape.REMOVE_MEMBERS_BY_VALUE
    elif operation.verb == "remove":
        yield Shape.REMOVE_MEMBERS_BY_FILTER


def holds_json_text(listed: object) -> bool:
    """Whether an element's value is an object written as text (AppRoleAssignmentsComplex)."""
    values = (
        [e.get("value") for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    )
    return any(isinstance(value, str) and value.lstrip().startswith("{") for value in values)


def lists_absent_extension(body: object) -> bool:
    """Whether `schemas` names the enterprise extension, which the body then does not hold."""
    if not isinstance(body, dict) or not isinstance(body.get("schemas"), list):
        return False
    return urns.ENTERPRISE_USER in body["schemas"] and urns.ENTERPRISE_USER not in body


def lists_entra_group(body: object) -> bool:
    """Whether `schemas` names Microsoft's own group URN."""
    schemas = body.get("schemas") if isinstance(body, dict) else None
    return isinstance(schemas, list) and any("ADSCIM" in str(s) for s in schemas)
