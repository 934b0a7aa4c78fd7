"""What other writes did to an object between a write and the reads that it is judged by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.sent import Operation, operations_of, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import Exchange

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
