"""The mapping functions on dates; all times are UTC, written `M/d/yyyy h:mm:ss tt`."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from scimdoctor.entra.date_formats import format_date, parse_date
from scimdoctor.entra.function_values import (
    Function,
    NotEvaluable,
    Value,
    as_integer,
    as_text,
)

_FILE_TIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_DATE_WITH_OFFSET = re.compile(r"^(\d{4}-\d{2}-\d{2})([+-]\d{2}:\d{2}|Z)$")
_AMERICAN = ("M/d/yyyy h:mm:ss tt", "M/d/yyyy H:mm:ss", "M/d/yyyy h:mm tt", "M/d/yyyy")
_RESULT = "M/d/yyyy h:mm:ss tt"
_SPANS = {"ww": "weeks", "d": "days", "h": "hours", "n": "minutes", "s": "seconds"}
_SECONDS = {"h": 3600, "n": 60, "s": 1, "d": 86400}


def read_date(value: Value) -> datetime:
    """A date out of the forms that `CDate` documents; without an offset it is UTC.

    Raises:
        NotEvaluable: it has none of these forms.
    """
    text = (as_text(value) or "").strip()
    dated = _DATE_WITH_OFFSET.match(text)
    try:
        moment = datetime.fromisoformat(f"{dated[1]}T00:00:00{dated[2]}" if dated else text)
    except ValueError:
        found = (parse_date(text, form) for form in _AMERICAN)
        american = next((d for d in found if d is not None), None)
        if american is None:
            raise NotEvaluable(f"not a date that can be read: {text!r}") from None
        moment = american
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_date(value: Value) -> Value:
    """The date in UTC; null stays null."""
    return None if as_text(value) is None else format_date(read_date(value), _RESULT)


def date_add(interval: Value, amount: Value, moment: Value) -> Value:
    """`moment` moved by `amount` intervals; months and years keep the day where they can."""
    start, number = read_date(moment), as_integer(amount, "value")
    unit = (as_text(interval) or "").casefold()
    try:
        if unit in {"yyyy", "m"}:
            moved = _months_later(start, number * 12 if unit == "yyyy" else number)
        elif unit in _SPANS:
            moved = start + timedelta(**{_SPANS[unit]: number})
        else:
            raise NotEvaluable(f"unknown interval {unit!r}")
    except (OverflowError, ValueError):
        raise NotEvaluable("the date is out of range") from None
    return format_date(moved, _RESULT)


def _months_later(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def date_diff(interval: Value, first: Value, second: Value) -> Value:
    """Whole intervals from `first` to `second`; weeks, months and years by the calendar."""
    earlier, later = read_date(first), read_date(second)
    unit = (as_text(interval) or "").casefold()
    if unit == "yyyy":
        return str(later.year - earlier.year)
    if unit == "m":
        return str((later.year - earlier.year) * 12 + later.month - earlier.month)
    if unit == "ww":
        return str((_sunday(later) - _sunday(earlier)) // 7)
    if unit not in _SECONDS:
        raise NotEvaluable(f"unknown interval {unit!r}")
    return str(int((later - earlier).total_seconds() / _SECONDS[unit]))


def _sunday(moment: datetime) -> int:
    """The day number of the Sunday on or before `moment`."""
    return moment.toordinal() - (moment.weekday() + 1) % 7


def from_file_time(value: Value) -> Value:
    """A date out of Active Directory's count of 100 ns since 1601."""
    try:
        moment = _FILE_TIME_EPOCH + timedelta(microseconds=int(as_text(value) or "") // 10)
    except (ValueError, OverflowError):
        raise NotEvaluable(f"not a file time: {as_text(value)!r}") from None
    return format_date(moment, _RESULT)


def to_file_time(value: Value) -> Value:
    """Active Directory's count of 100 ns since 1601 for a date."""
    return str((read_date(value) - _FILE_TIME_EPOCH) // timedelta(microseconds=1) * 10)


def format_date_time(*arguments: Value) -> Value:
    """A date rewritten from one .NET format into another; null stays null."""
    source = as_text(arguments[0])
    if source is None:
        return None
    read, written = as_text(arguments[-2]) or "", as_text(arguments[-1]) or ""
    moment = parse_date(source, read)
    if moment is None:
        raise NotEvaluable(f"{source!r} does not fit the input format {read!r}")
    return format_date(moment, written)


DATE_FUNCTIONS = (
    Function(name="CDate", parameters=("expression",), run=to_date),
    Function(name="DateAdd", parameters=("interval", "value", "dateTime"), run=date_add),
    Function(name="DateDiff", parameters=("interval", "date1", "date2"), run=date_diff),
    Function(name="DateFromNum", parameters=("value",), run=from_file_time),
    Function(name="NumFromDate", parameters=("value",), run=to_file_time),
    Function(
        name="FormatDateTime",
        parameters=("source", "dateTimeStyles?", "inputFormat", "outputFormat"),
        run=format_date_time,
    ),
)
