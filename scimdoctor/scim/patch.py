"""Applying PATCH (RFC 7644 section 3.5.2) as tolerantly as Entra needs.

Accepted beyond the RFC, because Entra sends it: `op` in any case; booleans as text; a value filter
without a match, which makes the element; several filtered adds that fill one element; operations
without `path` whose keys are dotted, filtered or begin with a URN; `manager` as bare text, object
or list; clearing by `""` or `null`; `remove` with a list of values. Complex values are merged, and
what is in effect already is no error. The resource that comes in is never changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scimdoctor.scim import urns
from scimdoctor.scim.filters import (
    CORE_URN,
    Filter,
    FilterError,
    equalities,
    matches,
    parse_filter,
)
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterable

Resource = dict[str, Any]

MULTI_VALUED = frozenset(
    {"emails", "phonenumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles"}
    | {"x509certificates", "members"}
)
"""Attributes that are lists (folded names)."""

COMPLEX = frozenset({"name", "manager"})
BOOLEANS = frozenset({"active", "primary"})
LABELS = frozenset({"primary", "type", "display"})
"""Sub-attributes that only say which element it is: alone they are no value."""

READ_ONLY = frozenset({"id", "meta"})
ENTERPRISE = frozenset(
    {"employeenumber", "costcenter", "organization", "division", "department", "manager"}
)
"""Attributes of the enterprise extension, which some clients name without its URN (folded)."""

_EXTENSION = re.compile(r"^(?:urn:.+:\d+(?:\.\d+)*:[^:.\[\]]+)$", re.IGNORECASE)


class PatchError(ValueError):
    """An operation cannot be applied; `scim_type` is RFC 7644's word for why."""

    def __init__(self, scim_type: str, detail: str) -> None:
        super().__init__(detail)
        self.scim_type = scim_type
        self.detail = detail


def apply_patch(resource: Resource, operations: Iterable[Any]) -> Resource:
    """Apply all `operations` in order and give the new resource.

    Raises:
        PatchError: one of them cannot be applied; nothing is changed then.

    """
    patched: Resource = copied(resource)
    for operation in operations:
        patched = _apply(patched, copied(operation))
    return patched


def apply_operation(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Apply one operation.

    Raises:
        PatchError: it cannot be applied.

    """
    return _apply(copied(resource), copied(operation))


def _apply(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    if not isinstance(operation, dict):
        raise PatchError("invalidSyntax", "an operation is an object")
    op = str(operation.get("op", "")).casefold()
    if op not in {"add", "replace", "remove"}:
        raise PatchError("invalidSyntax", f"op is add, replace or remove, not {op!r}")
    path, value = operation.get("path"), operation.get("value")
    if path is not None and not isinstance(path, str):
        raise PatchError("invalidPath", "path is text")
    if path:
        _apply_at(resource, op, path, value)
    elif op == "remove":
        raise PatchError("noTarget", "remove needs a path")
    elif not isinstance(value, dict):
        raise PatchError("invalidValue", "without a path the value is an object")
    else:
        _apply_each(resource, op, value)
    return resource


def _apply_each(resource: Resource, op: str, value: Resource) -> None:
    for key, part in value.items():
        if key.casefold() not in READ_ONLY and key.casefold() != "schemas":
            _apply_at(resource, op, key, part)


def _apply_at(resource: Resource, op: str, text: str, value: Any) -> None:  # noqa: ANN401
    if _is_extension(resource, text):
        _apply_to_extension(resource, op, text, value)
        return
    path = AttributePath.parse(text)
    if path is None:
        raise PatchError("invalidPath", f"{text!r} is no attribute path")
    if path.attribute.casefold() in READ_ONLY and not path.urn:
        raise PatchError("mutability", f"{path.attribute} is read-only")
    urn = _extension_of(resource, path)
    holder = resource if urn is None else _child(resource, urn)
    _change(holder, op, path, value)
    if urn is not None and not holder:
        _drop(resource, urn)


def _is_extension(resource: Resource, text: str) -> bool:
    known = any(":" in key and key.casefold() == text.casefold() for key in resource)
    return known or bool(_EXTENSION.match(text))


def _apply_to_extension(resource: Resource, op: str, urn: str, value: Any) -> None:  # noqa: ANN401
    if op == "remove" or value in (None, ""):
        _drop(resource, urn)
        return
    if not isinstance(value, dict):
        raise PatchError("invalidValue", "the value of an extension is an object")
    for key, part in value.items():
        _apply_at(resource, op, f"{urn}:{key}", part)


def _extension_of(resource: Resource, path: AttributePath) -> str | None:
    if path.urn is not None:
        return None if path.urn.casefold().startswith(CORE_URN.casefold()) else path.urn
    name = path.attribute.casefold()
    is_user = urns.GROUP not in resource.get("schemas", ()) and not _has(resource, name)
    return urns.ENTERPRISE_USER if name in ENTERPRISE and is_user else None


def _change(holder: Resource, op: str, path: AttributePath, value: Any) -> None:  # noqa: ANN401
    if path.filter is not None:
        _change_elements(holder, op, path, value)
    elif path.sub_attribute is not None:
        _change_sub(holder, op, path, value)
    elif op == "remove":
        _remove(holder, path.attribute, value)
    else:
        _set(holder, op, path.attribute, value)


def _set(holder: Resource, op: str, name: str, value: Any) -> None:  # noqa: ANN401
    """Add or replace a whole attribute; nothing (`""`, `null`, `[]`) clears it."""
    key = _key(holder, name)
    current = holder.get(key)
    multi = name.casefold() in MULTI_VALUED or isinstance(current, list)
    if op == "add" and value in (None, "", []) and multi:
        return
    if value in (None, "", []):
        holder.pop(key, None)
    elif multi:
        added = [_element(item) for item in (value if isinstance(value, list) else [value])]
        holder[key] = _joined(current if op == "add" else None, added)
    elif name.casefold() in COMPLEX or isinstance(current, dict):
        _merge_complex(holder, key, value)
    elif value == {}:
        holder.pop(key, None)
    else:
        holder[key] = _typed(name, value)


def _merge_complex(holder: Resource, key: str, value: Any) -> None:  # noqa: ANN401
    """Merge into a complex attribute; bare text and a list of one stand for its `value`."""
    if isinstance(value, list):
        value = value[0]
    parts = value if isinstance(value, dict) else {"value": value}
    child = holder.get(key)
    merged = dict(child) if isinstance(child, dict) else {}
    if "value" in parts and parts["value"] != merged.get("value"):
        merged.pop("$ref", None)
        merged.pop("displayName", None)
    for name, part in parts.items():
        _set(merged, "replace", name, part)
    if merged:
        holder[key] = merged
    else:
        holder.pop(key, None)


def _joined(current: Any, added: list[Any]) -> list[Any]:  # noqa: ANN401
    elements = list(current) if isinstance(current, list) else []
    for item in added:
        if _is_primary(item):
            elements = [_without_primary(element) for element in elements]
        same = next((i for i, element in enumerate(elements) if _same(element, item)), None)
        if same is None:
            elements.append(item)
        elif isinstance(item, dict):
            elements[same] = {**elements[same], **item}
    return elements


def _same(element: Any, item: Any) -> bool:  # noqa: ANN401
    """Whether `item` is already there: the same `value` and no other `type`, or all the same."""
    if not isinstance(element, dict) or not isinstance(item, dict):
        return bool(element == item)
    if "value" not in item:
        return all(element.get(key) == part for key, part in item.items())
    types = element.get("type"), item.get("type")
    return element.get("value") == item["value"] and (None in types or types[0] == types[1])


def _is_primary(item: Any) -> bool:  # noqa: ANN401
    return isinstance(item, dict) and item.get("primary") is True


def _without_primary(element: Any) -> Any:  # noqa: ANN401
    return {**element, "primary": False} if _is_primary(element) else element


def _element(item: Any) -> Any:  # noqa: ANN401
    """An element of a multi-valued attribute: bare text is its `value`, nulls are left out."""
    if not isinstance(item, dict):
        return {"value": item}
    return {key: _typed(key, part) for key, part in item.items() if part is not None}


def _remove(holder: Resource, name: str, value: Any) -> None:  # noqa: ANN401
    """Remove an attribute, or only the listed values of a multi-valued one."""
    key = _key(holder, name)
    current = holder.get(key)
    if not isinstance(current, list) or value is None:
        holder.pop(key, None)
        return
    listed = value if isinstance(value, list) else [value]
    gone = [item.get("value") if isinstance(item, dict) else item for item in listed]
    kept = [e for e in current if (e.get("value") if isinstance(e, dict) else e) not in gone]
    _keep(holder, key, kept)


def _keep(holder: Resource, key: str, elements: list[Any]) -> None:
    if elements:
        holder[key] = elements
    else:
        holder.pop(key, None)


def _change_sub(holder: Resource, op: str, path: AttributePath, value: Any) -> None:  # noqa: ANN401
    sub = path.sub_attribute or ""
    key = _key(holder, path.attribute)
    current = holder.get(key)
    if isinstance(current, list) or path.attribute.casefold() in MULTI_VALUED:
        elements = current if isinstance(current, list) and current else [{}]
        changed = [_with_sub(e, op, sub, value) for e in elements if isinstance(e, dict)]
        _keep(holder, key, [e for e in changed if e])
        return
    changed_child = _with_sub(current if isinstance(current, dict) else {}, op, sub, value)
    if changed_child:
        holder[key] = changed_child
    else:
        holder.pop(key, None)


def _with_sub(element: Resource, op: str, sub: str, value: Any) -> Resource:  # noqa: ANN401
    changed = dict(element)
    if op == "remove":
        _drop(changed, sub)
    else:
        _set(changed, "replace", sub, value)
    return changed


def _change_elements(holder: Resource, op: str, path: AttributePath, value: Any) -> None:  # noqa: ANN401
    try:
        where = parse_filter(path.filter or "")
    except FilterError as error:
        raise PatchError("invalidFilter", f"{path}: {error}") from error
    key = _key(holder, path.attribute)
    current = holder.get(key)
    elements = current if isinstance(current, list) else []
    chosen = [isinstance(e, dict) and matches(where, e) for e in elements]
    if any(chosen):
        pairs = zip(elements, chosen, strict=True)
        changed = [_changed(e, op, path, value) if fits else e for e, fits in pairs]
        _keep(holder, key, [e for e in changed if e is not None])
    elif op != "remove" and value not in (None, ""):
        element = _changed(_from_filter(where, path), op, path, value)
        holder[key] = _joined(elements, [element])


def _changed(element: Resource, op: str, path: AttributePath, value: Any) -> Resource | None:  # noqa: ANN401
    """Change one chosen element; `None` when nothing is left of it."""
    if path.sub_attribute is not None:
        changed = _with_sub(element, op, path.sub_attribute, value)
        return None if {key.casefold() for key in changed} <= LABELS else changed
    if op == "remove" or value in (None, ""):
        return None
    if isinstance(value, list):
        value = value[0] if value else {}
    return {**element, **_element(value)}


def _from_filter(where: Filter, path: AttributePath) -> Resource:
    terms = equalities(where)
    if terms is None:
        raise PatchError("noTarget", f"{path} matches nothing, and no element can be made of it")
    return {name: _typed(name, value) for name, value in terms.items()}


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401
    """`value`, where a boolean came as text as the boolean; lists of one lose the list."""
    if name.casefold() in BOOLEANS:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return boolean(value)
    return value


def boolean(value: Any) -> bool:  # noqa: ANN401
    """A boolean, also when it came as text.

    Raises:
        PatchError: it is none.

    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold() == "true"
    raise PatchError("invalidValue", f"{value!r} is no boolean")


def copied(value: Any) -> Any:  # noqa: ANN401
    """A deep copy of a JSON value, several times as fast as `copy.deepcopy`."""
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def _child(resource: Resource, name: str) -> Resource:
    key = _key(resource, name)
    if not isinstance(resource.get(key), dict):
        resource[key] = {}
    child: Resource = resource[key]
    return child


def _drop(holder: Resource, name: str) -> None:
    holder.pop(_key(holder, name), None)


def _has(holder: Resource, name: str) -> bool:
    return _key(holder, name) in holder


def _key(holder: Resource, name: str) -> str:
    """The key under which `holder` keeps `name`, in whatever case."""
    wanted = name.casefold()
    return next((key for key in holder if key.casefold() == wanted), name)
