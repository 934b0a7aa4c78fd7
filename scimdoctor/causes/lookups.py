"""Queries that found nothing, held against the objects that other answers show.

What an answer shows of an object is true until the next write to it; a write's own effect is
worked out as RFC 7644 section 3.5.2 says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.answers import looks_like_list, resources_of
from scimdoctor.causes.contradiction import Contradiction, Kind
from scimdoctor.causes.sent import filter_of, operations_of, target_of
from scimdoctor.scim.patch import PatchError, apply_patch
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.causes.sent import Filter
    from scimdoctor.model.exchange import Exchange

Known = dict[tuple[str | None, str], dict[str, Any]]
"""The objects by resource and id, as they were last seen."""


def lookup_contradictions(exchanges: tuple[Exchange, ...]) -> tuple[Contradiction, ...]:
    """Every query without a result that other exchanges belie, in their order in time."""
    found: list[Contradiction] = []
    known: Known = {}
    for index, exchange in enumerate(exchanges):
        wanted = _unanswered(exchange)
        if wanted is not None:
            resource = target_of(exchange.request)[0]
            seen = (r for (kind, _), r in known.items() if kind == resource)
            told = next(_among(seen, wanted, exchange.id), None)
            told = told or next(_later(exchange, exchanges[index + 1 :], wanted, resource), None)
            found += [told] if told is not None else []
        _learn(known, exchange)
    return tuple(found)


def was_found(object_id: str | None, exchanges: Iterable[Exchange]) -> bool:
    """Whether a query lists an object under that id."""
    lists = (e for e in exchanges if e.ok and e.request.method.upper() == "GET")
    found = (r for e in lists for r in resources_of(e.json))
    return object_id is not None and any(str(r.get("id")) == object_id for r in found)


def deleted_before(exchange: Exchange, exchanges: Iterable[Exchange]) -> bool:
    """Whether the object that `exchange` reads was deleted, with success, earlier on."""
    for other in exchanges:
        if other is exchange:
            return False
        same = target_of(other.request) == target_of(exchange.request)
        if same and other.ok and other.request.method.upper() == "DELETE":
            return True
    return False


def _unanswered(exchange: Exchange) -> Filter | None:
    """The filter of a query that was answered with success and without a result."""
    if exchange.request.method.upper() != "GET" or not exchange.ok:
        return None
    wanted = filter_of(exchange.request.query)
    if wanted is None or not wanted.attribute or wanted.is_compound:
        return None
    return None if resources_of(exchange.json) else wanted


def _learn(known: Known, exchange: Exchange) -> None:
    """Take in what one exchange shows or does."""
    if not exchange.ok:
        return
    resource, object_id = target_of(exchange.request)
    method = exchange.request.method.upper()
    key = (resource, object_id or "")
    if method == "DELETE":
        known.pop(key, None)
        return
    if method == "PATCH" and key in known:
        known[key] = _patched(known[key], exchange)
    sent = exchange.request.json if method == "POST" else None
    for shown in _shown(exchange):
        base = sent if isinstance(sent, dict) else known.get((resource, str(shown["id"])), {})
        known[resource, str(shown["id"])] = base | shown


def _shown(exchange: Exchange) -> list[dict[str, Any]]:
    body = exchange.json
    listed = resources_of(body) if looks_like_list(body) or isinstance(body, dict) else []
    return [r for r in listed if r.get("id") is not None]


def _patched(resource: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    body = exchange.request.json
    operations = body.get("Operations") if isinstance(body, dict) else None
    try:
        return apply_patch(resource, operations if isinstance(operations, list) else [])
    except PatchError:
        named = {o.path.casefold() for o in operations_of(body) if o.path}
        return {k: v for k, v in resource.items() if k.casefold() not in named}


def _among(
    resources: Iterable[dict[str, Any]], wanted: Filter, exchange_id: str
) -> Iterator[Contradiction]:
    """What is known of an object that the query should have found."""
    for resource in resources:
        held = _held(resource, wanted)
        if held is None:
            continue
        if str(held).strip() != wanted.value or wanted.is_odd_case:
            text = f"the filter {wanted.raw!r} finds nothing, but a read shows {held!r}"
            yield Contradiction(kind=Kind.CASE_MATTERS, exchange=exchange_id, summary=text)
        elif str(member(resource, "active")).casefold() == "false":
            text = f"the user with {wanted.attribute} {wanted.value!r} is not found once disabled"
            yield Contradiction(kind=Kind.DISABLED_GONE, exchange=exchange_id, summary=text)
        else:
            text = f"a read returns an object whose {wanted.attribute} the filter did not find"
            yield Contradiction(kind=Kind.EXISTS_BUT_NOT_FOUND, exchange=exchange_id, summary=text)


def _held(resource: dict[str, Any], wanted: Filter) -> object:
    """The value that fits the filter, letter case apart; `None` if none does."""
    actual = value_at(resource, wanted.attribute)
    for value in actual if isinstance(actual, list) else [actual]:
        plain = isinstance(value, str | bool | int)
        if plain and str(value).strip().casefold() == wanted.value.strip().casefold():
            return value
    return None


def _later(
    asked: Exchange, exchanges: tuple[Exchange, ...], wanted: Filter, resource: str | None
) -> Iterator[Contradiction]:
    """What the reads until the next accepted write show, else that creating it is a conflict."""
    conflict: Exchange | None = None
    for exchange in exchanges:
        if exchange.request.method.upper() != "GET":
            if exchange.ok or (exchange.status or 500) >= 500:
                break
            created = exchange.request.method.upper() == "POST" and exchange.status == 409
            if created and target_of(exchange.request)[0] == resource:
                conflict = conflict or exchange
        elif exchange.ok and target_of(exchange.request)[0] == resource:
            yield from _among(_shown(exchange), wanted, asked.id)
    if conflict is not None:
        text = f"the filter found nothing for {wanted.value!r}, yet creating it is a conflict"
        kind = Kind.EXISTS_BUT_NOT_FOUND
        yield Contradiction(kind=kind, exchange=asked.id, summary=text)
