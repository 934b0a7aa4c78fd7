"""Which objects are behind a fault: to count them once over several faults, and to name some.

To be asked after `EventSet.summary`, whose tables it reads. And what went well after a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.sources.event_set import renewing, translated
from scimdoctor.sources.sql import scope_condition, timestamp
from scimdoctor.sources.summary import SAMPLES, in_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.sources.event_filter import EventFilter
    from scimdoctor.sources.event_set import EventSet

MOST_SUCCESSES = 200
"""So many successes after a fault are looked at, the newest."""

MOST_OBJECTS = 60
"""Of so many objects that fail everything is looked at,"""

EVENTS_OF_ONE = 12
"""that is so many events, the newest."""

EXAMPLES = 30
"""So many successes of each action are looked at, the newest."""

_AROUND = f"""
WITH asked AS (
    SELECT id, any_value(object_key) AS object, any_value(action) AS action,
        any_value(status) AS status, max(time) AS time
    FROM ({{source}}) WHERE NOT odd AND {{scope}} GROUP BY id
), objects AS (
    SELECT DISTINCT object FROM asked WHERE id IN (SELECT unnest(?)) LIMIT {MOST_OBJECTS}
)
SELECT id, time FROM (
    SELECT id, time FROM asked SEMI JOIN objects USING (object)
    QUALIFY row_number() OVER (PARTITION BY object ORDER BY time DESC, id) <= {EVENTS_OF_ONE}
    UNION
    SELECT id, time FROM asked WHERE status = 'success'
    QUALIFY row_number() OVER (PARTITION BY action ORDER BY time DESC, id) <= {EXAMPLES}
) ORDER BY time DESC, id
"""

_BEHIND = f"""
WITH wanted AS (
    SELECT DISTINCT id AS sample, fault FROM faults WHERE id IN (SELECT unnest(?))
), each AS (
    SELECT sample, object, max(time) AS time, arg_max(id, (time, id)) AS id
    FROM faults JOIN wanted USING (fault)
    WHERE shown AND object IS NOT NULL
    GROUP BY ALL
)
SELECT sample, list(object), arg_max({{'id': id, 'time': time}}, (time, id), {SAMPLES}) FROM each GROUP BY sample
"""


_PARTS = f"""
WITH wanted AS (
    SELECT DISTINCT id AS sample, fault FROM faults WHERE id IN (SELECT unnest(?))
), named AS (
    SELECT id, bool_or(user_name IS NOT NULL) AS named FROM ({{source}}) WHERE NOT odd GROUP BY id
)
SELECT sample, arg_max({{{{'id': id, 'time': time}}}}, (time, id), {SAMPLES}), count(*),
    count(DISTINCT object), min(time), max(time)
FROM faults JOIN wanted USING (fault) JOIN named USING (id)
WHERE shown
GROUP BY sample, named ORDER BY sample, named
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The events of one fault whose objects have a user principal name, or those that have none."""

    sample: Mapping[str, datetime | None]
    """Ids and times of a few of them, newest first."""

    events: int
    objects: int
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects that one fault touched."""

    keys: frozenset[int]
    """One for each object, the same in every fault."""

    events: Mapping[str, datetime | None]
    """The newest event of each of the objects last seen, newest first, and its time."""


def objects_behind(events: EventSet, samples: Iterable[str]) -> dict[str, Objects]:
    """Return the objects of the faults that the events `samples` belong to, by sample."""
    with translated():
        rows = events.connection.execute(_BEHIND, [list(samples)]).fetchall()
    return {
        sample: Objects(
            keys=frozenset(keys), events={one["id"]: in_utc(one["time"]) for one in newest or ()}
        )
        for sample, keys, newest in rows
    }


@renewing
def successes_after(
    events: EventSet, wanted: EventFilter, since: datetime
) -> tuple[tuple[int, ProvisioningObjectSummary], ...] | None:
    """Return the newest successes after `since`, each with the key of its object.

    `None` where the events would have to be read a second time from a big file for it.
    """
    if any(part.tidy for part in events.parts):
        return None
    with translated():
        rows = events.connection.execute(
            f"SELECT id, any_value(object_key), max(time) FROM ({events.source()}) "
            f"WHERE NOT odd AND status = 'success' AND time > {timestamp(since)} "
            f"AND object_key IS NOT NULL AND {scope_condition(wanted)} "
            f"GROUP BY id ORDER BY 3 DESC, 1 LIMIT {MOST_SUCCESSES}"
        ).fetchall()
    found = events.by_id([row[0] for row in rows], {row[0]: in_utc(row[2]) for row in rows})
    return tuple((key, found[one]) for one, key, _ in rows if one in found)


@renewing
def events_around(
    events: EventSet, wanted: EventFilter, samples: Iterable[str]
) -> tuple[ProvisioningObjectSummary, ...]:
    """Return the events of the objects of `samples`, and examples of what went well.

    None where the events would have to be read a second time from a big file for it.
    """
    ids = list(samples)
    if not ids or any(part.tidy for part in events.parts):
        return ()
    query = _AROUND.format(source=events.source(), scope=scope_condition(wanted))
    with translated():
        rows = events.connection.execute(query, [ids]).fetchall()
    times = {one: in_utc(time) for one, time in rows}
    found = events.by_id(times, times)
    return tuple(found[one] for one in times if one in found)


@renewing
def parts_of_faults(events: EventSet, samples: Iterable[str]) -> dict[str, tuple[Part, ...]]:
    """Return, of the faults that `samples` belong to, those that users and groups have in common.

    None where the events would have to be read a second time from a big file for it.
    """
    ids = list(samples)
    if not ids or any(part.tidy for part in events.parts):
        return {}
    with translated():
        query = _PARTS.format(source=events.source())
        rows = events.connection.execute(query, [ids]).fetchall()
    found: dict[str, list[Part]] = {}
    for sample, newest, count, objects, first, last in rows:
        part = Part(
            sample={one["id"]: in_utc(one["time"]) for one in newest},
            events=count,
            objects=objects,
            first_seen=in_utc(first),
            last_seen=in_utc(last),
        )
        found.setdefault(sample, []).append(part)
    return {sample: tuple(parts) for sample, parts in found.items() if len(parts) > 1}
