"""One job, read as a doctor would: is it running, what holds it up, what comes next.

Thresholds and times are those of Entra's documentation (see `quarantine.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scimdoctor.entra.error_codes import find_error_code
from scimdoctor.entra.pace import in_words, slower_runs, time_taken
from scimdoctor.entra.quarantine import (
    DISABLED_AFTER,
    UNUSABLE,
    days_until_disabled,
    disabled_on,
    escrow_outlook,
    find_quarantine_reason,
    quarantined_since,
    ways_out,
)
from scimdoctor.entra.steps import CREDENTIALS, LOGS, PROVISIONING, admin
from scimdoctor.model.report import StatusVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from scimdoctor.model.rule import Remediation
    from scimdoctor.model.synchronization import (
        SynchronizationJob,
        SynchronizationQuarantine,
        SynchronizationTaskExecution,
    )

USUAL_INTERVAL = timedelta(minutes=40)
_LATE_AFTER_CYCLES = 3
_LONG_INITIAL_CYCLE = timedelta(days=7)
_NEVER_RAN = frozenset({"notrun", "notconfigured", "notstarted"})
"""Values of `status.code` before the first cycle; a new job's schedule is disabled or paused."""


def health_of(job: SynchronizationJob, *, now: datetime) -> str:
    """One word: `quarantined`, `disabled`, `paused`, `never-run`, `errors`, `healthy`."""
    code = (job.status.code or "").casefold()
    state = (job.schedule.state or "").casefold()
    if code in _NEVER_RAN and job.status.quarantine is None:
        return "never-run"
    if state == "disabled":
        return "disabled"
    if code == "quarantine" or job.status.quarantine is not None:
        return "quarantined"
    if state == "paused" or code == "paused":
        return "paused"
    if job.status.last_execution is None:
        return "never-run"
    late = is_late(job, now=now) or is_stuck_in_initial_cycle(job, now=now)
    return "errors" if late or _has_errors(job.status.last_execution) else "healthy"


def is_started(job: SynchronizationJob) -> bool:
    """Whether the schedule lets the job run."""
    return (job.schedule.state or "").casefold() == "active"


def is_late(job: SynchronizationJob, *, now: datetime) -> bool:
    """Whether the last cycle began more than three intervals ago and has ended."""
    last = job.status.last_execution
    began = last.time_began if last is not None else None
    if last is None or began is None or last.time_ended is None:
        return False
    interval = job.schedule.interval or USUAL_INTERVAL
    return now - last.time_ended > interval * _LATE_AFTER_CYCLES


def is_stuck_in_initial_cycle(job: SynchronizationJob, *, now: datetime) -> bool:
    """Whether a job that runs has not finished its first cycle for more than a week."""
    if job.status.steady_state_first_achieved_time is not None:
        return False
    last = job.status.last_execution
    began = last.time_began if last is not None else None
    if began is None or not is_started(job):
        return False
    return now - began > _LONG_INITIAL_CYCLE


def _has_errors(last: SynchronizationTaskExecution) -> bool:
    failed = (last.state or "").casefold() not in {"succeeded", ""}
    return failed or bool(last.count_escrowed)


def read_job(job: SynchronizationJob, *, now: datetime) -> StatusVerdict:
    """Read `job` at the time `now`; never raises, whatever is missing."""
    health = health_of(job, now=now)
    return StatusVerdict(
        health=health,
        headline=_headline(job, health, now),
        facts=tuple(_facts(job, now)),
        next_steps=tuple(_next_steps(job, health, now)),
    )


def _headline(job: SynchronizationJob, health: str, now: datetime) -> str:
    first = "The job is started; its first cycle has not begun yet."
    plain = {
        "paused": "The job is paused: nothing is sent until somebody starts it.",
        "never-run": first
        if is_started(job)
        else "The job has never run: start it to begin the initial cycle.",
        "healthy": "The job runs and its last cycle had no failures.",
    }
    if health == "quarantined":
        return _quarantine_headline(job.status.quarantine, now)
    if health == "disabled":
        why = " after four weeks in quarantine" if job.status.quarantine is not None else ""
        return f"The job is disabled{why}: nothing is sent until it is started again."
    if health == "paused" and job.status.escrows_pruned:
        return (
            "The job is paused: too many objects failed in the initial cycle, so Entra dropped "
            "the stored failures. Cure them, then restart."
        )
    if health == "errors":
        return _errors_headline(job, now)
    return plain.get(health, "The job's state could not be read.")


def _quarantine_headline(quarantine: SynchronizationQuarantine | None, now: datetime) -> str:
    if quarantine is None:
        return "The job is in quarantine; Entra does not say why."
    return f"The job is in quarantine. {_why(quarantine)}{_until_disabled(quarantine, now)}"


def _why(quarantine: SynchronizationQuarantine) -> str:
    """What the reason means; the error, where it is known, says of an unusable endpoint more."""
    known = find_quarantine_reason(quarantine.reason)
    if known is None:
        return f"Reason: {quarantine.reason or 'not given'}."
    error = find_error_code(quarantine.error.code) if quarantine.error is not None else None
    return error.meaning if error is not None and known.name == UNUSABLE else known.meaning


def _until_disabled(quarantine: SynchronizationQuarantine, now: datetime) -> str:
    left, end = days_until_disabled(quarantine, now), disabled_on(quarantine)
    if left is None or end is None or _begins_later(quarantine, now):
        return ""
    if end <= now:
        return " Four weeks are over: Entra may disable the job any day."
    when = f"in {_counted(left, 'day')}" if left else "within a day"
    return f" Entra disables the job {when}."


def _errors_headline(job: SynchronizationJob, now: datetime) -> str:
    if is_late(job, now=now):
        return "The job is active, but its last cycle ended too long ago."
    if is_stuck_in_initial_cycle(job, now=now):
        return "The job runs, but its initial cycle has not finished for more than a week."
    failed = job.status.count_successive_complete_failures or 0
    if failed > 1:
        return f"The job is active, but its last {failed} cycles failed as a whole."
    last = job.status.last_execution
    waiting = last.count_escrowed if last is not None else None
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        return f"The job runs; {_counted(waiting, 'object')} failed and {wait} for a retry."
    return "The job runs, but its last cycle reports an error."


def _facts(job: SynchronizationJob, now: datetime) -> list[tuple[str, str]]:
    status, quarantine = job.status, job.status.quarantine
    last, good = status.last_execution, status.last_successful_execution
    rows = [
        ("schedule", _schedule(job)),
        ("schedule ends", _when(job.schedule.expiration, now)),
        ("state", status.code),
        ("quarantined since", _when(quarantined_since(quarantine), now) if quarantine else None),
        ("quarantine reason", quarantine.reason if quarantine else None),
        ("error", _error(job)),
        ("next attempt", _when(quarantine.next_attempt, now) if quarantine else None),
        ("disabled on", _disabled(quarantine, now)),
        ("last run", _when(last.time_ended or last.time_began, now) if last else "never"),
        ("last run took", _took(job, now)),
        ("last good run", _when(good.time_ended or good.time_began, now) if good else "never"),
        ("complete failures", _in_a_row(status.count_successive_complete_failures)),
        ("waiting for a retry", _escrows(last, quarantine)),
        ("failures in all", _raw_escrows(last)),
        ("failures dropped", _DROPPED if status.escrows_pruned else None),
        ("deletion threshold", job.settings.get("QuarantineTooManyDeletesThreshold")),
        ("initial cycle", _initial_cycle(job)),
        ("steady state last reached", _when(status.steady_state_last_achieved_time, now)),
    ]
    counts = status.synchronized_entry_count_by_type.items()
    rows += [(f"in sync: {_kind(name)}", str(count)) for name, count in counts]
    return [(label, text) for label, text in rows if text]


_DROPPED = "yes: too many in the initial cycle, so Entra went on without them (escrowsPruned)"


def _took(job: SynchronizationJob, now: datetime) -> str | None:
    """How long the last cycle took; one that is still running says so."""
    last = job.status.last_execution
    length = time_taken(last, now=now)
    if last is None or length is None:
        return None
    slower = slower_runs(job, now=now, interval=job.schedule.interval or USUAL_INTERVAL)
    still = "" if time_taken(last) is not None else ", and has not ended"
    return f"{in_words(length)}{still}{': slower than before' if slower else ''}"


def _in_a_row(count: int | None) -> str | None:
    return f"{count} in a row" if count else None


def _is_initial(job: SynchronizationJob) -> bool:
    """Whether the initial cycle has begun and is not finished."""
    status = job.status
    return status.steady_state_first_achieved_time is None and status.last_execution is not None


def _initial_cycle(job: SynchronizationJob) -> str | None:
    """How far the initial cycle is, while it is not finished."""
    if not _is_initial(job):
        return None
    done = [
        f"{p.completed_units} of {p.total_units} {p.units or 'units'}".strip()
        for p in job.status.progress
        if p.total_units
    ]
    return f"not finished{': ' if done else ''}{', '.join(done)}"


def _kind(name: str) -> str:
    """What people call an object type of the app, which Graph gives as a SCIM schema's URN."""
    last = name.rpartition(":")[2]
    return {"user": "users", "group": "groups"}.get(last.casefold(), last or name)


def _schedule(job: SynchronizationJob) -> str:
    interval = job.schedule.interval or USUAL_INTERVAL
    minutes = int(interval.total_seconds() // 60)
    return f"{job.schedule.state or 'unknown'}, every {minutes} minutes"


def _error(job: SynchronizationJob) -> str | None:
    quarantine, last = job.status.quarantine, job.status.last_execution
    error = (quarantine.error if quarantine else None) or (last.error if last else None)
    if error is None:
        return None
    return ": ".join(part for part in (error.code, error.message) if part)


def _disabled(quarantine: SynchronizationQuarantine | None, now: datetime) -> str | None:
    end = disabled_on(quarantine) if quarantine is not None else None
    if end is None:
        return None
    if quarantine is not None and _begins_later(quarantine, now):
        return "not known: the quarantine is dated in the future, so a clock is wrong"
    return f"{end:%Y-%m-%d} ({max(0, (end - now).days)} of {DISABLED_AFTER.days} days left)"


def _begins_later(quarantine: SynchronizationQuarantine, now: datetime) -> bool:
    """Whether the quarantine is said to begin more than a day from now."""
    began = quarantined_since(quarantine)
    return began is not None and began - now > timedelta(days=1)


def _escrows(
    last: SynchronizationTaskExecution | None, quarantine: SynchronizationQuarantine | None
) -> str | None:
    if last is None:
        return None
    return escrow_outlook(last.count_escrowed, last.count_entitled, quarantine=quarantine)


def _raw_escrows(last: SynchronizationTaskExecution | None) -> str | None:
    """Graph's `countEscrowedRaw`, where it tells more than `countEscrowed`."""
    if last is None or (last.count_escrowed_raw or 0) <= (last.count_escrowed or 0):
        return None
    return f"{last.count_escrowed_raw}, with those that Entra itself holds back"


def _when(moment: datetime | None, now: datetime) -> str | None:
    if moment is None:
        return None
    return f"{moment:%Y-%m-%d %H:%M} UTC ({_distance(now - moment)})"


def _distance(age: timedelta) -> str:
    seconds = int(abs(age.total_seconds()))
    sizes = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
    size, word = next((unit for unit in sizes if seconds >= unit[0]), (1, "second"))
    text = _counted(seconds // size, word)
    return f"in {text}" if age < timedelta(0) else f"{text} ago"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _next_steps(job: SynchronizationJob, health: str, now: datetime) -> list[str]:
    """What to do, in words and commands by turns."""
    return [
        line for step in steps_for(job, health, now) for line in (step.text, step.command) if line
    ]


def steps_for(job: SynchronizationJob, health: str, now: datetime) -> tuple[Remediation, ...]:
    """What to do about a job in this state, the step that decides first."""
    held = job.status.quarantine
    if health == "quarantined":
        return (_NAME_THE_CAUSE, *ways_out(held))
    if health == "disabled" and held is not None:
        return (_NAME_THE_CAUSE, *ways_out(held)[:-1], _START_AGAIN)
    if health == "paused" and job.status.escrows_pruned:
        return (_NAME_THE_CAUSE, *_AFTER_PRUNING)
    if health in {"paused", "never-run", "disabled"}:
        return (_WAIT,) if health == "never-run" and is_started(job) else _START
    return tuple(_steps_of_running(job, now)) if health in {"healthy", "errors"} else ()


def _steps_of_running(job: SynchronizationJob, now: datetime) -> Iterator[Remediation]:
    late, stuck = is_late(job, now=now), is_stuck_in_initial_cycle(job, now=now)
    last = job.status.last_execution
    if late:
        yield from _LATE
    if stuck or (last is not None and _has_errors(last)):
        yield _NAME_THE_CAUSE
    if stuck:
        yield _SLOW_APP
    elif _is_initial(job) and not late:
        yield _WATCH


_NAME_THE_CAUSE = admin("Name the cause of what fails.", "scimdoctor diagnose APP")
_START_AGAIN = admin(
    f"When that is cured, start the job again. Portal: {PROVISIONING} > Start provisioning.",
    "scimdoctor job start APP",
)
_START = (
    admin(
        f"See that URL and token still work. Portal: {CREDENTIALS} > Test connection.",
        "scimdoctor check-endpoint URL --read-only",
    ),
    admin(f"Start it. Portal: {PROVISIONING} > Start provisioning.", "scimdoctor job start APP"),
)
_AFTER_PRUNING = (
    admin(f"See which failures there were. Portal: {LOGS}.", "scimdoctor logs APP --summary"),
    admin(
        f"When they are cured: Portal: {PROVISIONING} > Restart provisioning.",
        "scimdoctor job restart APP",
    ),
)
_WAIT = admin("Wait: the first cycle begins within minutes.", "scimdoctor status APP")
_WATCH = admin("Watch the initial cycle go on.", "scimdoctor status APP --watch")
_SLOW_APP = admin(
    "See whether the app bears the load of an initial cycle.",
    "scimdoctor check-endpoint URL --load",
)
_LATE = (
    admin("See that this is still so.", "scimdoctor status APP"),
    admin(
        f"See whether Entra provisions at all. Portal: {PROVISIONING} > Provision on demand.",
        "scimdoctor provision USER --app APP",
    ),
    admin(
        f"If that works and no cycle begins: Portal: {PROVISIONING} > Restart provisioning.",
        "scimdoctor job restart APP",
    ),
)
