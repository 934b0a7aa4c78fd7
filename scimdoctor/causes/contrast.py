"""What two writes of one object show together, one accepted and one refused.

What differs between the two is what the app minds, whatever it says about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.sent import operations_of, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.causes.sent import Operation
    from scimdoctor.model.exchange import Exchange

_NOT_ABOUT_THE_WRITE = frozenset({401, 403, 429, 502, 503, 504})


def repeat_refused(exchanges: tuple[Exchange, ...]) -> int | None:
    """The status that refuses a PATCH which was accepted, word for word, just before.

    `None` if there is no such pair, or if the object was written in between.
    """
    for one, other in _neighbours(exchanges):
        same = one.request.body == other.request.body
        if same and one.ok and _refused(other):
            return other.status
    return None


def shape_minded(exchanges: tuple[Exchange, ...]) -> str | None:
    """The path whose value is taken as a list and refused as a plain value, or the reverse."""
    for one, other in _neighbours(exchanges):
        if (one.ok and _refused(other)) or (other.ok and _refused(one)):
            first, second = (operations_of(e.request.json) for e in (one, other))
            if [(o.op, o.path) for o in first] == [(o.op, o.path) for o in second]:
                return _differing(first, second)
    return None


def _neighbours(exchanges: tuple[Exchange, ...]) -> Iterator[tuple[Exchange, Exchange]]:
    """Each PATCH with the next write of the same object, if that is a PATCH as well."""
    last: dict[tuple[object, ...], Exchange] = {}
    for exchange in exchanges:
        method = exchange.request.method.upper()
        target = target_of(exchange.request)
        if method == "GET" or target[1] is None:
            continue
        before = last.get(target)
        last[target] = exchange
        if before is not None and method == before.request.method.upper() == "PATCH":
            yield before, exchange


def _refused(exchange: Exchange) -> bool:
    status = exchange.status
    return status is not None and status >= 400 and status not in _NOT_ABOUT_THE_WRITE


def _differing(first: tuple[Operation, ...], second: tuple[Operation, ...]) -> str | None:
    """The one path whose values are a list here and none there; `None` if more differs."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.value != b.value]
    if len(pairs) != 1:
        return None
    one, other = pairs[0]
    return one.path if isinstance(one.value, list) != isinstance(other.value, list) else None
