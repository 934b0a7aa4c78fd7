"""Dates as spreadsheets of any country save them, and which of day and month comes first.

Graph, the portal and Log Analytics write ISO 8601 or month first. A spreadsheet writes what its
country does. A whole column decides: a number above 12 can be no month.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scimdoctor.sources.fields import as_time, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

TIME_TITLES = frozenset({"activitydatetime", "timegenerated", "date", "timestamp", "time"})
"""Folded titles of the column with an event's time."""

_CLOCK = r"(?:(?:,|T)? *(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(?: *([AaPp])\.?[Mm]\.?)?)?(?: ?(?:Z|UTC))?"
_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})" + _CLOCK)
_NAMED = re.compile(r"(\d{1,2})[- .]+([A-Za-z]{3})[a-z]*[- .,]+(\d{4})" + _CLOCK)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AMERICAN = re.compile(r"\d{1,2}/\d{1,2}/\d{4}, .* [AP]M")
"""As browsers in American English write it; day first, they write `am` or 24 hours."""

_SERIAL = re.compile(r"[3-6]\d{4}(?:[.,]\d{1,12})?")
_SERIAL_START = datetime(1899, 12, 30, tzinfo=UTC)
"""From where Excel counts days."""


@dataclass(slots=True)
class DateOrder:
    """Which of day and month comes first in a file; month, unless its dates say otherwise."""

    day_first: bool | None = None
    """`None` while nothing has decided."""

    doubtful: str | None = None
    """A date that could be read both ways, if there is one."""

    against: int = field(default=0)
    """Dates that can only be read the other way."""

    def look_at(self, cell: str) -> bool:
        """Take a cell into account; say whether the order is decided."""
        text = cell.strip()
        match = _NUMBERS.fullmatch(text)
        if self.day_first is None and match and len(match[1]) <= 2:
            first, second = int(match[1]), int(match[3])
            if match[2] == "." or first > 12:
                self.day_first = True
            elif second > 12 or _AMERICAN.fullmatch(text):
                self.day_first = False
            elif first != second:
                self.doubtful = self.doubtful or text
        return self.day_first is not None

    def time_of(self, cell: str) -> datetime | None:
        """Return the time that a cell means; `None` if it means none."""
        text = cell.strip()
        if (match := _NUMBERS.fullmatch(text)) and len(match[1]) <= 2:
            day_first = bool(self.day_first)
            time = from_numbers(match, day_first=day_first)
            if time is None and (time := from_numbers(match, day_first=not day_first)):
                self.against += 1
            return time
        return as_time(text) or from_other(text)

    def notes(self) -> Iterable[str]:
        """Yield what a reader of the report should know of the dates."""
        if self.day_first is None and self.doubtful:
            yield (
                f"dates such as {self.doubtful[:40]!r} were read with the month first; nothing in "
                "the file tells whether the day is. The portal's JSON, or ISO dates, leave no doubt"
            )
        if self.against:
            first = "day" if self.day_first else "month"
            yield f"dates read the other way, as they cannot have the {first} first: {self.against}"


def from_numbers(match: re.Match[str], *, day_first: bool) -> datetime | None:
    """Return the time of day, month and year in numbers, the year last."""
    day, month = (match[1], match[3]) if day_first else (match[3], match[1])
    year = int(match[4])
    return moment((year + 2000 if len(match[4]) == 2 else year, int(month), int(day)), match, 5)


def from_other(text: str) -> datetime | None:
    """Return the time of a date with the year first, with the month's name, or a day's number."""
    if (match := _NUMBERS.fullmatch(text)) and len(match[1]) == 4:
        return moment((int(match[1]), int(match[3]), int(match[4])), match, 5)
    if (match := _NAMED.fullmatch(text)) and match[2].lower() in _MONTHS:
        month = _MONTHS.index(match[2].lower()) + 1
        return moment((int(match[3]), month, int(match[1])), match, 4)
    if _SERIAL.fullmatch(text):
        seconds = round(float(text.replace(",", ".")) * 86400)
        return _SERIAL_START + timedelta(seconds=seconds)
    return None


def moment(date: tuple[int, int, int], match: re.Match[str], at: int) -> datetime | None:
    """Return the time of a date and the clock in the groups from `at` on; `None` if there is none."""
    hour, minute, second = (int(match[at + n] or 0) for n in range(3))
    if match[at + 3]:
        hour = hour % 12 + (12 if match[at + 3] in "pP" else 0)
    try:
        return datetime(*date, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def time_cells(row: object) -> list[str]:
    """Return the cells of a row that hold its time."""
    if not isinstance(row, dict):
        return []
    return [c for t, c in row.items() if fold(str(t)) in TIME_TITLES and isinstance(c, str) and c]


def with_time(row: dict[str, object], order: DateOrder) -> dict[str, object]:
    """Return a row with its time in ISO 8601 besides, where it is not written so that all agree."""
    cells = time_cells(row)
    time = order.time_of(cells[0]) if cells else None
    if time is None or time == as_time(cells[0]):
        return row
    return {"activityDateTime": time.isoformat()} | {
        title: cell for title, cell in row.items() if title != "activityDateTime"
    }
