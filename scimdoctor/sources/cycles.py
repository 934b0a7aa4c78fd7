"""The cycles in a set of events: when each began and ended, and how long one object took in it."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from scimdoctor.entra.pace import Cycle
from scimdoctor.sources.event_set import renewing, translated
from scimdoctor.sources.sql import scope_condition

if TYPE_CHECKING:
    from scimdoctor.sources.event_filter import EventFilter
    from scimdoctor.sources.event_set import EventSet

_MOST = 10_000


@renewing
def cycles_in(events: EventSet, wanted: EventFilter) -> tuple[Cycle, ...] | None:
    """Return the cycles of the jobs that are asked about, oldest first.

    `None` where the events would have to be read a second time from a big file for it.
    """
    if any(part.tidy for part in events.parts):
        return None
    with translated():
        rows = events.connection.execute(
            f"SELECT job_id, min(time), max(time), count(DISTINCT id), median(duration) "
            f"FROM ({events.source()}) WHERE NOT odd AND {scope_condition(wanted)} "
            f"AND job_id IS NOT NULL AND coalesce(cycle_id, '') <> '' AND time IS NOT NULL "
            f"AND duration >= 0 GROUP BY job_id, cycle_id ORDER BY 2 DESC LIMIT {_MOST}"
        ).fetchall()
    return tuple(
        Cycle(
            job_id=job,
            began=began.replace(tzinfo=UTC),
            ended=ended.replace(tzinfo=UTC),
            events=count,
            per_event=timedelta(milliseconds=float(per_event)),
        )
        for job, began, ended, count, per_event in reversed(rows)
    )
