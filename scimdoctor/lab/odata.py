"""The part of OData that the lab's Graph understands: filters joined by `and`, order, pages."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any

from scimdoctor.graph.json_values import as_moment, as_text

Json = dict[str, Any]
Condition = Callable[[Json], bool]

_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)")
_COMPARE = re.compile(r"([\w/]+)\s+(eq|ne|gt|lt|ge|le)\s+(.+)", re.DOTALL)
_CALL = re.compile(r"(startswith|contains)\((tolower\()?([\w/]+)\)?\s*,\s*('(?:[^']|'')*')\)")
_ANY = re.compile(r"([\w/]+)/any\((\w+):\s*\2(?:/(\w+))?\s+eq\s+('(?:[^']|'')*')\)")
_TEXT = re.compile(r"(?:[\w.]+)?('(?:[^']|'')*')")


class FilterError(ValueError):
    """A filter that the lab's Graph refuses, as Graph would or because the lab lacks it."""


def parse_filter(text: str) -> Condition:
    """Return the condition that `$filter` states.

    Raises:
        FilterError: it is not one that the lab understands.
    """
    conditions = [_condition(_unwrapped(part)) for part in _AND.split(_unwrapped(text))]
    return lambda item: all(condition(item) for condition in conditions)


def _unwrapped(text: str) -> str:
    text = text.strip()
    while text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")"):
        inner = text[1:-1]
        if (")" in inner and inner.find(")") < inner.find("(")) or inner.count("(") != inner.count(
            ")"
        ):
            break
        text = inner.strip()
    return text


def _condition(text: str) -> Condition:
    if match := _CALL.fullmatch(text):
        return _call(match)
    if match := _ANY.fullmatch(text):
        path, member, wanted = match[1], match[3], _literal(match[4])
        return lambda item: any(
            (element.get(member) if member else element) == wanted
            for element in _at(item, path) or []
        )
    if match := _COMPARE.fullmatch(text):
        return _comparison(match[1], match[2], match[3].strip())
    raise FilterError("Invalid filter clause")


def _call(match: re.Match[str]) -> Condition:
    function, lower, path = match[1], match[2], match[3]
    wanted = _literal(match[4])

    def holds(item: Json) -> bool:
        value = as_text(_at(item, path)) or ""
        value = value.lower() if lower else value
        return value.startswith(wanted) if function == "startswith" else wanted in value

    return holds


def _comparison(path: str, operator: str, literal: str) -> Condition:
    if literal.startswith("'") or _TEXT.fullmatch(literal):
        wanted = _literal(literal)
        if operator not in {"eq", "ne"}:
            raise FilterError("Invalid filter clause")
        return lambda item: ((as_text(_at(item, path)) or "") == wanted) is (operator == "eq")
    if literal in {"true", "false"}:
        return lambda item: (_at(item, path) is (literal == "true")) is (operator == "eq")
    moment = as_moment(literal)
    if moment is None:
        raise FilterError("Invalid filter clause")
    limit = moment.timestamp()

    def holds(item: Json) -> bool:
        found = as_moment(_at(item, path))
        return found is not None and _ordered(found.timestamp(), operator, limit)

    return holds


def _ordered(value: float, operator: str, limit: float) -> bool:
    below, above = value < limit, value > limit
    return {
        "eq": value == limit,
        "ne": value != limit,
        "gt": above,
        "ge": not below,
        "lt": below,
        "le": not above,
    }[operator]


def _literal(text: str) -> str:
    match = _TEXT.fullmatch(text)
    if not match:
        raise FilterError("Invalid filter clause")
    return match[1][1:-1].replace("''", "'")


def _at(item: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for name in path.split("/"):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def ordered(items: Sequence[Json], order_by: str) -> list[Json]:
    """Return `items` by one property, `NAME` or `NAME desc`; as they are if it is empty."""
    name, _, direction = order_by.strip().partition(" ")
    if not name:
        return list(items)
    return sorted(
        items,
        key=lambda item: as_text(_at(item, name)) or "",
        reverse=direction.strip().casefold() == "desc",
    )


def skip_token(offset: int) -> str:
    """Return an opaque token for "go on at `offset`"."""
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def read_skip_token(token: str) -> int:
    """Return the offset of a token; 0 for none.

    Raises:
        FilterError: the token is none of ours.
    """
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(text.removeprefix("offset:"))
    except (binascii.Error, ValueError):
        raise FilterError("Skip token is invalid") from None
