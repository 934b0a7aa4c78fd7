"""How long a job's cycles take, and whether they are getting slower.

Graph's job tells of three executions (`synchronizationStatus`); the log tells of every cycle in
which something happened, by `cycleId` and `durationInMilliseconds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationTaskExecution

FEWEST_CYCLES = 6
"""With fewer cycles in the log, early and late ones are not compared."""

FEWEST_EVENTS = 5
"""A cycle with fewer events says little of the pace."""

SLOWER = 2.0
"""So many times as long is called slower."""

MUCH_SLOWER = 3.0
"""The same for two executions only, of which one may have had more to do."""

_NOTABLE = timedelta(seconds=1)
"""Changes that take less are not worth a word, however much slower they got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One cycle, as the log's events show it."""

    job_id: str
    began: datetime
    ended: datetime
    events: int
    per_event: timedelta
    """The median time that one object took."""


def time_taken(
    run: SynchronizationTaskExecution | None, *, now: datetime | None = None
) -> timedelta | None:
    """How long a cycle took, or has been running until `now`; `None` if it is not told."""
    if run is None or run.time_began is None:
        return None
    ended = run.time_ended if run.time_ended and run.time_ended >= run.time_began else now
    return ended - run.time_began if ended is not None else None


def slower_runs(job: SynchronizationJob, *, now: datetime, interval: timedelta) -> str | None:
    """Say that the last cycle took, or takes, far longer than the good ones before it."""
    status = job.status
    took = time_taken(status.last_execution, now=now)
    earlier = [
        length
        for run in (status.last_successful_execution, status.last_successful_execution_with_exports)
        if run is not None and _is_before(run, status.last_execution)
        if (length := time_taken(run)) is not None
    ]
    if took is None or took < interval:
        return None
    if earlier and took >= max(earlier) * MUCH_SLOWER:
        before = in_words(max(earlier))
        return f"The last cycle took {in_words(took)}, the last good one before it {before}."
    return None


def _is_before(
    run: SynchronizationTaskExecution, last: SynchronizationTaskExecution | None
) -> bool:
    began = last.time_began if last is not None else None
    return began is not None and run.time_began is not None and run.time_began < began


def slower_cycles(cycles: Sequence[Cycle]) -> tuple[str, ...]:
    """Say for each job whether its later cycles take longer for an object, or in all."""
    jobs = dict.fromkeys(cycle.job_id for cycle in cycles)
    told = (_slower([c for c in cycles if c.job_id == job]) for job in jobs)
    return tuple(sentence for sentence in told if sentence)


def can_compare(cycles: Sequence[Cycle]) -> bool:
    """Whether some job has cycles enough to tell early from late."""
    telling = [cycle.job_id for cycle in cycles if cycle.events >= FEWEST_EVENTS]
    return any(telling.count(job) >= FEWEST_CYCLES for job in set(telling))


def _slower(cycles: list[Cycle]) -> str | None:
    telling = sorted((c for c in cycles if c.events >= FEWEST_EVENTS), key=lambda c: c.began)
    if len(telling) < FEWEST_CYCLES:
        return None
    half = len(telling) // 2
    early, late = telling[:half], telling[-half:]
    one, other = (_typical(part) for part in (early, late))
    if other >= one * SLOWER and other >= _NOTABLE:
        return (
            f"Cycles are getting slower: one object took {in_words(one)} in the {half} cycles "
            f"until {early[-1].ended:%Y-%m-%d %H:%M} UTC and {in_words(other)} in the {half} "
            f"cycles since {late[0].began:%Y-%m-%d %H:%M} UTC (medians)."
        )
    return None


def _typical(cycles: Sequence[Cycle]) -> timedelta:
    return timedelta(seconds=median(c.per_event.total_seconds() for c in cycles))


def in_words(length: timedelta) -> str:
    """A duration as people say it."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 72 else f"{round(hours / 24)} days"
