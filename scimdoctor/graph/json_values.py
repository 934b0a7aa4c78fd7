"""Takes values out of Graph's JSON, which varies in case, in nulls and in what "none" looks like.

Nothing here raises: a value of the wrong type is as good as absent, and stays in `raw`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_DURATION = re.compile(
    r"(-)?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(\.\d+)?S)?)?", re.IGNORECASE
)
_NEVER = 1601
"""Years up to this one mean "never": 0001 in .NET, 1601 in Windows."""


def field(source: object, name: str) -> Any:  # noqa: ANN401 - JSON leaves here
    """The member `name` of a JSON object, in any letter case; `None` if absent."""
    if not isinstance(source, Mapping):
        return None
    if name in source:
        return source[name]
    wanted = name.casefold()
    return next((value for key, value in source.items() if str(key).casefold() == wanted), None)


def text(source: object, name: str) -> str | None:
    """A text that is not empty; numbers and booleans as JSON writes them."""
    return as_text(field(source, name))


def as_text(value: object) -> str | None:
    """`value` as text; `None` for nothing, and for objects and lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and value else None


def integer(source: object, name: str) -> int | None:
    """A whole number, also from text and from `2.0`."""
    value = field(source, name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        return int(str(value)) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def boolean(source: object, name: str) -> bool | None:
    """True or false, also as text in any letter case."""
    value = field(source, name)
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().casefold())


def moment(source: object, name: str) -> datetime | None:
    """An aware UTC time; `None` for null, `""`, 0001-01-01 and what is no time."""
    return as_moment(field(source, name))


def as_moment(value: object) -> datetime | None:
    """`value` as an aware UTC time, as `moment` reads it."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if found.year > _NEVER else None
    except (ValueError, OverflowError):
        return None


def duration(source: object, name: str) -> timedelta | None:
    """An ISO 8601 duration; `None` for TimeSpan's maximum too, which means "never"."""
    value = field(source, name)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not any(match.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:6])
    try:
        span = timedelta(
            weeks=weeks,
            days=days,
            hours=hours,
            minutes=minutes,
            seconds=seconds + float(match[7] or 0),
        )
    except OverflowError:
        return None
    return None if match[1] or span.days > 36_500 else span


def objects(source: object, name: str) -> tuple[Mapping[str, Any], ...]:
    """The JSON objects of a list; also of a list wrapped as `{"value": […]}` or a lone object."""
    return as_objects(field(source, name))


def as_objects(value: object) -> tuple[Mapping[str, Any], ...]:
    """`value` as objects, as `objects` reads it."""
    if isinstance(value, Mapping):
        wrapped = field(value, "value")
        value = wrapped if isinstance(wrapped, list) else [value]
    return tuple(v for v in value if isinstance(v, Mapping)) if isinstance(value, list) else ()


def pairs(source: object, name: str) -> dict[str, Any]:
    """A list of `{key|name, value}` as a dictionary; a plain object as it is."""
    value = field(source, name)
    if isinstance(value, Mapping) and not isinstance(field(value, "value"), list):
        return {str(key): item for key, item in value.items()}
    named = ((text(p, "key") or text(p, "name"), field(p, "value")) for p in as_objects(value))
    return {key: item for key, item in named if key}


def spelled(value: str | None, known: tuple[str, ...]) -> str | None:
    """`value` in the spelling of `known` if it is one of them in any letter case, else as it is."""
    if value is None:
        return None
    wanted = value.strip().casefold()
    return next((name for name in known if name.casefold() == wanted), value.strip() or None)
