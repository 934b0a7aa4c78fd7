"""A summary put together from answers about slices of time, where one answer would be too big.

Objects are counted exactly, so slices bring a row for each object of a fault; faults that have been
put together are what the local engine would have made of the same events.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scimdoctor.sources.fields import as_number, as_time
from scimdoctor.sources.summary import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scimdoctor.sources.event_filter import EventFilter

SHORTEST = timedelta(minutes=1)
"""A slice that is not cut any further."""

SLICE_EVENTS = 200_000
"""Events of a slice, as far as whole days allow: far below 500 000 rows and 100 MB."""

Row = dict[str, object]
Place = tuple[object, object]
Moment = tuple[datetime, str]
"""When an event was, and its id."""


def halved(wanted: EventFilter) -> tuple[EventFilter, ...]:
    """Return two filters for the newer and the older half of the time; none if it is too short."""
    since, until = wanted.since, wanted.until
    if since is None or until is None or until - since <= SHORTEST:
        return ()
    middle = since + (until - since) / 2
    return replace(wanted, since=middle), replace(wanted, until=middle)


def slices_of(wanted: EventFilter, events_by_day: Mapping[datetime, int]) -> Iterator[EventFilter]:
    """Yield filters for slices of whole days, newest first, with few enough events each."""
    until, count = wanted.until, 0
    for day in sorted(events_by_day, reverse=True):
        next_day = day + timedelta(days=1)
        if count and count + events_by_day[day] > SLICE_EVENTS and within(wanted, next_day):
            yield replace(wanted, since=next_day, until=until)
            until, count = next_day, 0
        count += events_by_day[day]
    yield replace(wanted, until=until)


def within(wanted: EventFilter, moment: datetime) -> bool:
    """Say whether a moment parts the wanted time in two."""
    return (wanted.since is None or wanted.since < moment) and (
        wanted.until is None or moment < wanted.until
    )


def moment_of(row: Row, name: str) -> datetime | None:
    """Return a cell as an aware UTC time."""
    value = row.get(name)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return as_time(value)


def number_of(row: Row, name: str) -> int:
    """Return a cell as a number; 0 for none."""
    return as_number(row.get(name)) or 0


@dataclass(slots=True)
class Fault:
    """One fault, as far as the slices read so far tell it."""

    keys: Row
    count: int = 0
    first: datetime | None = None
    newest: list[Moment] = field(default_factory=list)
    """Of a few objects, the newest first."""

    objects: dict[Place, Moment] = field(default_factory=dict)
    """Each object's newest event of this fault."""


@dataclass(slots=True)
class Faults:
    """Faults put together from slices."""

    names: tuple[str, ...]
    """The columns that tell one fault from another."""

    found: dict[tuple[object, ...], Fault] = field(default_factory=dict)
    latest: dict[Place, Moment] = field(default_factory=dict)
    """Each object's newest event of all."""

    def add_parts(self, rows: Iterable[Row]) -> None:
        """Take in rows of a fault and an object each."""
        for row in rows:
            keys = {name: row.get(name) for name in self.names}
            fault = self.found.setdefault(tuple(keys.values()), Fault(keys))
            fault.count += number_of(row, "Hits")
            first = moment_of(row, "FirstSeen")
            fault.first = min((t for t in (fault.first, first) if t), default=None)
            if (event := event_of(row)) is None:
                continue
            fault.newest = sorted({*fault.newest, event}, reverse=True)[:SAMPLES]
            if row.get("ObjectKey"):
                place = (row.get("Scope"), row.get("ObjectKey"))
                fault.objects[place] = max(fault.objects.get(place, event), event)

    def add_latest(self, rows: Iterable[Row]) -> None:
        """Take in rows of an object and its newest event each."""
        for row in rows:
            if (event := event_of(row)) is not None:
                place = (row.get("Scope"), row.get("ObjectKey"))
                self.latest[place] = max(self.latest.get(place, event), event)

    def rows(self) -> Iterator[Row]:
        """Yield a row for each fault, as one question about the whole time would have."""
        for fault in self.found.values():
            failing = sum(self.latest.get(place) == event for place, event in fault.objects.items())
            yield {
                **fault.keys,
                "Events": fault.count,
                "Objects": len(fault.objects),
                "Failing": failing,
                "FirstSeen": fault.first,
                "LastSeen": fault.newest[0][0] if fault.newest else None,
                "Sample": [one for _, one in fault.newest],
            }


def event_of(row: Row) -> Moment | None:
    """Return the event that a row names by time and id."""
    time = moment_of(row, "TimeGenerated")
    return (time, str(row.get("Id"))) if time else None
