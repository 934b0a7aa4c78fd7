"""What the job's own figures and its cycles say besides any cause: late, stuck, silent, slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.diagnose.remedies import filled
from scimdoctor.entra.job_health import (
    USUAL_INTERVAL,
    health_of,
    is_late,
    is_stuck_in_initial_cycle,
)
from scimdoctor.entra.pace import FEWEST_CYCLES, can_compare, slower_cycles, slower_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.diagnose.remedies import Known
    from scimdoctor.entra.pace import Cycle
    from scimdoctor.model.synchronization import SynchronizationJob

_RUNNING = frozenset({"healthy", "errors"})


def job_notes(evidence: Evidence, *, idle: bool, known: Known) -> Iterator[str]:
    """Say what is odd about the job and its cycles; `idle` is whether no cause was found."""
    job, now = evidence.job, evidence.now
    slower = slower_cycles(evidence.cycles or ())
    if job is not None and health_of(job, now=now) in _RUNNING:
        if is_stuck_in_initial_cycle(job, now=now):
            yield "The initial cycle has not finished for more than a week."
        if is_late(job, now=now):
            yield "The job's last cycle ended more than three intervals ago."
        told = slower_runs(job, now=now, interval=job.schedule.interval or USUAL_INTERVAL)
        slower = (told, *slower) if told else slower
    yield from slower
    if slower:
        command = filled("scimdoctor check-endpoint URL --load", known)
        yield f"The app may answer more slowly than before. To see: {command}"
    silent = evidence.events_asked and not evidence.counts.read
    if job is not None and silent and idle and health_of(job, now=now) in _RUNNING:
        yield _silence(job, known)


def _silence(job: SynchronizationJob, known: Known) -> str:
    command = filled("scimdoctor provision USER --app APP", known)
    if not job.status.synchronized_entry_count_by_type:
        return (
            "The job is active but nothing was logged, and it keeps no object in sync: see that "
            f"users or groups are assigned to the app and pass the scoping filter. Next: {command}"
        )
    return (
        "The job is active but nothing was logged: nothing in scope has changed, or the "
        f"log's window is too short. Next: {command}"
    )


def pace_unseen(cycles: tuple[Cycle, ...] | None) -> tuple[str, ...]:
    """Say why it could not be seen whether the cycles are getting slower."""
    if cycles is None:
        return ("whether cycles are getting slower was not looked at: the events' file is big",)
    if can_compare(cycles):
        return ()
    fewest = f"fewer than {FEWEST_CYCLES} cycles with several events"
    return (f"whether cycles are getting slower could not be seen: the log has {fewest}",)
