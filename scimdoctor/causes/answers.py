"""What is wrong with an answer that says it is a success."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import bare_name
from scimdoctor.scim import urns
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.causes.sent import Filter

_SINGLE: tuple[tuple[str, type, str], ...] = (
    ("id", str, "text"),
    ("active", bool, "a boolean"),
    ("name", dict, "an object"),
    ("meta", dict, "an object"),
    ("userName", str, "text"),
    ("displayName", str, "text"),
    ("externalId", str, "text"),
    ("title", str, "text"),
)
_ALWAYS_THERE = frozenset({"username", "displayname", "id"})
JSON_TYPES = frozenset({"application/scim+json", "application/json"})


def resources_of(body: object) -> list[dict[str, Any]]:
    """The resources of a list answer or the single resource; empty if there are none."""
    if isinstance(body, list):
        return [r for r in body if isinstance(r, dict)]
    if not isinstance(body, dict):
        return []
    listed = member(body, "Resources")
    if isinstance(listed, list):
        return [r for r in listed if isinstance(r, dict)]
    return [] if "totalResults" in body or listed is not None else [body]


def looks_like_list(body: object) -> bool:
    """Whether the body is, or means to be, a ListResponse."""
    if isinstance(body, list):
        return True
    keys = {str(key).casefold() for key in body} if isinstance(body, dict) else set()
    return bool(keys & {"resources", "totalresults", "itemsperpage"})


def list_faults(body: object) -> tuple[str, ...]:
    """What keeps `body` from being a ListResponse that Entra reads (RFC 7644 section 3.4.2)."""
    if isinstance(body, list):
        return ("the answer is a bare array, not a ListResponse",)
    if not isinstance(body, dict):
        return ("the answer to a query is no JSON object",)
    return tuple(_list_faults(body))


def _list_faults(body: dict[str, Any]) -> Iterable[str]:
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or urns.LIST_RESPONSE not in schemas:
        yield "schemas lacks the ListResponse URN"
    total = body.get("totalResults")
    if "totalResults" not in body:
        yield "totalResults is missing"
    elif isinstance(total, bool) or not isinstance(total, int):
        yield f"totalResults is {_kind(total)}, not a number"
    if "Resources" not in body:
        yield from () if total == 0 else ("Resources is missing",)
    elif not isinstance(body["Resources"], list):
        yield f"Resources is {_kind(body['Resources'])}, not an array"
    else:
        yield from _count_faults(body["Resources"], total)
        yield from _page_faults(body, total)


def _count_faults(listed: list[Any], total: object) -> Iterable[str]:
    if isinstance(total, int) and len(listed) > total:
        yield f"totalResults is {total} but Resources holds {len(listed)}"
    if any(not isinstance(resource, dict) for resource in listed):
        yield "Resources holds something that is no object"


def _page_faults(body: dict[str, Any], total: object) -> Iterable[str]:
    """A page beyond the last is empty by right, and says so in itemsPerPage."""
    if body["Resources"] or not isinstance(total, int) or total <= 0:
        return
    start, size = body.get("startIndex"), body.get("itemsPerPage")
    if not isinstance(start, int) or start <= total:
        yield f"totalResults is {total} but Resources is empty"
    elif isinstance(size, int) and size > 0:
        yield f"itemsPerPage is {size} but Resources is empty"


def resource_faults(resource: dict[str, Any]) -> tuple[str, ...]:
    """Attributes of a resource in a shape that Entra cannot read (RFC 7643 section 4)."""
    return tuple(_resource_faults(resource))


def _resource_faults(resource: dict[str, Any]) -> Iterable[str]:
    if isinstance(resource.get(urns.USER), dict) or isinstance(resource.get(urns.GROUP), dict):
        yield "the attributes stand under the core schema's URN, not at the top"
    for name, kind, words in _SINGLE:
        value = member(resource, name)
        if value is not None and not isinstance(value, kind):
            yield f"{name} is {_kind(value)}, not {words}"
    yield from _manager_faults(resource)
    for name in ("emails", "phoneNumbers", "addresses", "roles", "members", "ims", "photos"):
        if name in resource:
            yield from _plural_faults(name, resource[name])


def _manager_faults(resource: dict[str, Any]) -> Iterable[str]:
    extension = member(resource, urns.ENTERPRISE_USER)
    if extension is not None and not isinstance(extension, dict):
        yield f"the enterprise extension is {_kind(extension)}, not an object"
    holders = [h for h in (resource, extension) if isinstance(h, dict)]
    for holder in holders:
        manager = member(holder, "manager")
        if manager is not None and not isinstance(manager, dict):
            yield f"manager is {_kind(manager)}, not an object with value"
        elif isinstance(manager, dict) and not isinstance(manager.get("value", ""), str):
            yield f"manager.value is {_kind(manager['value'])}, not text"


def _plural_faults(name: str, value: object) -> Iterable[str]:
    if value is None:
        yield f"{name} is null, not an array"
    elif not isinstance(value, list):
        yield f"{name} is {_kind(value)}, not an array"
    elif any(not isinstance(element, dict) for element in value):
        yield f"{name} holds plain values, not objects with value"


def doubled_types(resource: dict[str, Any]) -> tuple[str, ...]:
    """Multi-valued attributes that hold several elements of one type."""
    found = []
    for name in ("addresses", "emails", "phoneNumbers"):
        elements = member(resource, name)
        kinds = [e.get("type") for e in elements or [] if isinstance(e, dict) and e.get("type")]
        if len(kinds) != len(set(kinds)):
            found.append(name)
    return tuple(found)


def dotted_keys(resource: dict[str, Any]) -> tuple[str, ...]:
    """Keys that were stored as written instead of being taken apart."""
    return tuple(
        key
        for key in resource
        if ("." in key and not key.casefold().startswith(("urn:", "http")))
        or (key.casefold().startswith("urn:") and not isinstance(resource[key], dict))
        or "[" in key
    )


def misfits(resources: Iterable[dict[str, Any]], wanted: Filter) -> list[dict[str, Any]]:
    """Resources that the filter should have left out."""
    if not wanted.attribute or wanted.operator.casefold() != "eq" or wanted.is_compound:
        return []
    return [r for r in resources if not _fits(r, wanted)]


def _fits(resource: dict[str, Any], wanted: Filter) -> bool:
    actual = value_at(resource, wanted.attribute)
    nested = isinstance(resource.get(urns.USER), dict)
    if actual is None and (nested or bare_name(wanted.attribute) not in _ALWAYS_THERE):
        return True
    values = actual if isinstance(actual, list) else [actual]
    return wanted.value.casefold() in {str(value).casefold() for value in values}


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "text", dict: "an object", list: "an array", int: "a number", float: "a number"}
    return kinds.get(type(value), "something else")
