"""What other writes did to an object between a write and the reads that it is judged by."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.sent import Operation, operations_of, target_of
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import Exchange

_FILTERS = re.compile(r"\[[^\]]*\]")
_CORE = (f"{urns.USER}:".casefold(), f"{urns.GROUP}:".casefold())
_WRITES = frozenset({"PATCH", "PUT", "POST", "DELETE"})


def object_id_of(exchange: Exchange) -> str | None:
    """The id of the object that a request is about."""
    return target_of(exchange.request)[1]


def reads_of(object_id: str | None, exchanges: Iterable[Exchange]) -> Iterable[Exchange]:
    """GETs of the object by id."""
    for exchange in exchanges:
        is_get = exchange.request.method.upper() == "GET"
        if is_get and object_id is not None and object_id_of(exchange) == object_id:
            yield exchange


def shows(exchange: Exchange, path: str) -> bool:
    """Whether the answer may hold `path`: not if the query leaves it out (RFC 7644 section 3.9)."""
    asked, excluded = (_listed(exchange, key) for key in ("attributes", "excludedattributes"))
    whole = _plain(path)
    names = (whole, whole.rpartition(":")[2])
    if asked and not any(_covers(name, whole) for name in asked):
        return False
    return not any(_covers(x, n) or _covers(n, x) for x in excluded for n in names)


def _listed(exchange: Exchange, key: str) -> list[str]:
    """The paths in one parameter of the query."""
    values = [v for k, v in parse_qsl(exchange.request.query) if k.casefold() == key]
    return [_plain(path) for value in values for path in value.split(",") if path.strip()]


def _plain(path: str) -> str:
    """A path without filter and without the URN of a core schema, lower case."""
    text = _FILTERS.sub("", path).strip().casefold()
    return next((text[len(urn) :] for urn in _CORE if text.startswith(urn)), text)


def _covers(name: str, path: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}:"))


def shown_part(operations: tuple[Operation, ...], shown: Exchange) -> tuple[Operation, ...]:
    """The part of `operations` whose outcome the answer may hold."""
    kept = []
    for operation in operations:
        value = operation.value
        if operation.path is None and isinstance(value, dict):
            left = {k: v for k, v in value.items() if shows(shown, k)}
            kept += [replace(operation, value=left)] if left else []
        else:
            path = "members.value" if named_members(operation) else operation.path
            kept += [operation] if path is None or shows(shown, path) else []
    return tuple(kept)


def read_after(write: Exchange, later: Iterable[Exchange]) -> Exchange | None:
    """The first read of the object that may hold something of what a PATCH wrote."""
    operations = operations_of(write.request.json)
    reads = reads_of(object_id_of(write), later)
    return next((e for e in reads if not operations or shown_part(operations, e)), None)


def shown_in(exchange: Exchange, object_id: str | None) -> dict[str, Any] | None:
    """The object as a GET shows it, by id or in a list."""
    body = exchange.json
    is_get = exchange.request.method.upper() == "GET"
    if not is_get or not exchange.ok or not isinstance(body, dict) or object_id is None:
        return None
    if object_id_of(exchange) == object_id:
        return body
    listed = body.get("Resources")
    found = [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []
    return next((r for r in found if r.get("id") == object_id), None)


def writes_to(object_id: str | None, exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Accepted writes to the object."""
    return tuple(
        e
        for e in exchanges
        if e.ok and e.request.method.upper() in _WRITES and object_id_of(e) == object_id
    )


def before_read(
    object_id: str | None, later: tuple[Exchange, ...], read: Exchange | None
) -> tuple[Exchange, ...]:
    """Writes to the object in `later` that `read` shows the outcome of."""
    return () if read is None else writes_to(object_id, later[: later.index(read)])


def operations_in(writes: tuple[Exchange, ...]) -> tuple[Operation, ...]:
    """The operations of all PATCH requests among `writes`."""
    return tuple(o for w in writes for o in operations_of(w.request.json))


def is_whole(writes: tuple[Exchange, ...]) -> bool:
    """Whether one of `writes` sets more than it names: a PUT, a POST, a DELETE."""
    return any(w.request.method.upper() != "PATCH" for w in writes)


def touched(operations: tuple[Operation, ...]) -> set[str]:
    """Names of the attributes that a PATCH addresses, lower case."""
    names = {bare_name(o.path) for o in operations if o.path}
    pathless = [o.value for o in operations if o.path is None and isinstance(o.value, dict)]
    return names | {bare_name(key) for value in pathless for key in value}


def named_members(operation: Operation) -> set[str]:
    """The ids that an operation on a group's members lists; empty for any other."""
    if bare_name(operation.path) != "members" or not isinstance(operation.value, list):
        return set()
    return {str(v.get("value")) for v in operation.value if isinstance(v, dict)}


def standing(
    operations: tuple[Operation, ...], after: tuple[Exchange, ...]
) -> tuple[Operation, ...]:
    """The part of `operations` that no write in `after` sets anew."""
    if is_whole(after):
        return ()
    later = operations_in(after)
    kept = (_rest(operation, later) for operation in operations)
    return tuple(operation for operation in kept if operation is not None)


def _rest(operation: Operation, later: tuple[Operation, ...]) -> Operation | None:
    names = touched(later)
    if operation.path is None and isinstance(operation.value, dict):
        left = {k: v for k, v in operation.value.items() if bare_name(k) not in names}
        return replace(operation, value=left) if left else None
    if bare_name(operation.path) not in names:
        return operation
    named = named_members(operation)
    others = [o for o in later if bare_name(o.path) == "members"]
    apart = all(o.verb in {"add", "remove"} and named_members(o) - named for o in others)
    clash = any(named_members(o) & named for o in others)
    return operation if named and others and apart and not clash else None
