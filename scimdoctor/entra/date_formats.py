"""The part of .NET's custom date formats that provisioning expressions use."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from scimdoctor.entra.function_values import NotEvaluable

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"%|'[^']*'|\"[^\"]*\"|\\.|(?P<letter>[yMdHhmsfFtzK])(?P=letter)*|.", re.DOTALL)
_LONGEST = {"y": 4, "M": 4, "d": 4, "z": 3} | dict.fromkeys("Hhmst", 2)
_STANDARD = {
    "s": "yyyy-MM-dd'T'HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
}
"""The formats of one letter that are the same in every culture."""

_UNUSUAL = frozenset({"y", "yyy", "z"})
_LATEST_OF_THIS_CENTURY, _FIRST_OF_THE_LAST = 29, 50
_MONTHS = tuple(calendar.month_name)[1:]
_DAYS = tuple(calendar.day_name)

_PATTERNS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short_year>\d{2})",
    "MMMM": f"(?P<month_name>{'|'.join(_MONTHS)})",
    "MMM": f"(?P<month_name>{'|'.join(m[:3] for m in _MONTHS)})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "dddd": f"(?:{'|'.join(_DAYS)})",
    "ddd": f"(?:{'|'.join(d[:3] for d in _DAYS)})",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<hour>\d{2})",
    "h": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "m": r"(?P<minute>\d{1,2})",
    "ss": r"(?P<second>\d{2})",
    "s": r"(?P<second>\d{1,2})",
    "tt": r"(?P<half>[AaPp][Mm])",
    "t": r"(?P<half>[AaPp])",
    "K": r"(?P<zone>Z|[+-]\d{2}:\d{2})?",
    "zzz": r"(?P<zone>[+-]\d{2}:\d{2})",
    "zz": r"(?P<zone>[+-]\d{2})",
}


def _pattern(token: str) -> str:
    if token in _PATTERNS:
        return _PATTERNS[token]
    if token.startswith(("f", "F")):
        return rf"(?P<fraction>\d{{{1 if token[0] == 'f' else 0},{len(token)}}})"
    return re.escape(_literal(token))


def _literal(token: str) -> str:
    if token[0] in "'\"" and len(token) > 1:
        return token[1:-1]
    return token[1:] if token[0] == "\\" and len(token) > 1 else token


def parse_date(text: str, form: str) -> datetime | None:
    """The date that `text` holds in .NET format `form`; `None` if it does not fit.

    Without a zone it is taken for UTC.

    Raises:
        NotEvaluable: the format leaves to the culture or to the clock what the date is.
    """
    tokens = _tokens(form)
    try:
        pattern = re.compile("".join(_pattern(t) for t in tokens), re.IGNORECASE)
    except re.error:  # a part that occurs twice
        return None
    found = pattern.fullmatch(text)
    if found is None:
        return None
    try:
        return _moment({k: v for k, v in found.groupdict().items() if v is not None})
    except (ValueError, OverflowError):
        return None


def _moment(parts: dict[str, str]) -> datetime:
    return datetime(
        _year(parts),
        _month(parts),
        int(parts.get("day", "1")),
        _hour(parts),
        int(parts.get("minute", "0")),
        int(parts.get("second", "0")),
        int(parts.get("fraction", "0").ljust(6, "0")[:6]),
        tzinfo=_zone(parts.get("zone")),
    ).astimezone(UTC)


def _tokens(form: str) -> list[str]:
    """The parts of a .NET format, one-letter formats and overlong parts spelled out."""
    if len(form) == 1:
        if form not in _STANDARD:
            raise NotEvaluable(f"the date format {form!r} depends on the culture of Entra's server")
        form = _STANDARD[form]
    found = [part[0] for part in _TOKEN.finditer(form) if part[0] != "%"]
    tokens = [part[: _LONGEST.get(part[0], len(part))] for part in found]
    odd = next((t for t in tokens if t in _UNUSUAL), None)
    if odd is not None:
        raise NotEvaluable(f"the part {odd!r} of a date format is not evaluated here")
    return tokens


def _year(parts: dict[str, str]) -> int:
    if "year" in parts:
        return int(parts["year"])
    if "short_year" not in parts:
        raise NotEvaluable("the input has no year, and Entra takes the year of the run")
    short = int(parts["short_year"])
    if _LATEST_OF_THIS_CENTURY < short < _FIRST_OF_THE_LAST:
        raise NotEvaluable(f"which century the year {short:02} is in depends on Entra's server")
    return short + (2000 if short <= _LATEST_OF_THIS_CENTURY else 1900)


def _month(parts: dict[str, str]) -> int:
    name = parts.get("month_name")
    if name is None:
        return int(parts.get("month", "1"))
    return next(i for i, m in enumerate(_MONTHS, 1) if m[:3].casefold() == name[:3].casefold())


def _hour(parts: dict[str, str]) -> int:
    hour = int(parts.get("hour", "0"))
    half = parts.get("half", "")[:1].casefold()
    if not half:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def _zone(text: str | None) -> timezone:
    if text in {None, "", "Z", "z"} or text is None:
        return UTC
    hours, _, minutes = text[1:].partition(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes or "0"))
    return timezone(-offset if text[0] == "-" else offset)


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda d: f"{d.year:04}",
    "yy": lambda d: f"{d.year % 100:02}",
    "MMMM": lambda d: _MONTHS[d.month - 1],
    "MMM": lambda d: _MONTHS[d.month - 1][:3],
    "MM": lambda d: f"{d.month:02}",
    "M": lambda d: str(d.month),
    "dddd": lambda d: _DAYS[d.weekday()],
    "ddd": lambda d: _DAYS[d.weekday()][:3],
    "dd": lambda d: f"{d.day:02}",
    "d": lambda d: str(d.day),
    "HH": lambda d: f"{d.hour:02}",
    "H": lambda d: str(d.hour),
    "hh": lambda d: f"{d.hour % 12 or 12:02}",
    "h": lambda d: str(d.hour % 12 or 12),
    "mm": lambda d: f"{d.minute:02}",
    "m": lambda d: str(d.minute),
    "ss": lambda d: f"{d.second:02}",
    "s": lambda d: str(d.second),
    "tt": lambda d: "AM" if d.hour < 12 else "PM",
    "t": lambda d: "A" if d.hour < 12 else "P",
    "zzz": lambda _: "+00:00",
    "zz": lambda _: "+00",
}


def format_date(moment: datetime, form: str) -> str:
    """`moment` in .NET format `form`, with English names."""
    return "".join(_written(token, moment) for token in _tokens(form))


def _written(token: str, moment: datetime) -> str:
    if token in _WRITERS:
        return _WRITERS[token](moment)
    if token == "K":
        raise NotEvaluable("what `K` writes depends on how Entra's server read the date")
    if token[0] in "fF":
        digits = f"{moment.microsecond:06}".ljust(len(token), "0")[: len(token)]
        return digits if token[0] == "f" else digits.rstrip("0")
    return _literal(token)
