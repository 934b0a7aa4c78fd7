"""Which facts belong together: one case for each group of events, for the job, for the HAR."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.sent import target_of
from scimdoctor.entra.job_health import health_of
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.report import EventCounts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scimdoctor.diagnose.groups import EventGroup
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema

_STOPPED = frozenset({"quarantined", "disabled", "paused", "never-run"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was given to diagnose from."""

    groups: tuple[EventGroup, ...] = ()
    counts: EventCounts = field(default_factory=EventCounts)
    job: SynchronizationJob | None = None
    schema: SynchronizationSchema | None = None
    exchanges: tuple[Exchange, ...] = ()
    """From HAR captures."""

    limits: tuple[str, ...] = ()
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCase:
    """A case, and what it is about."""

    case: Case
    about: str
    """`job`, `har`, or the group's signature."""

    stops_everything: bool = False


def cases_of(evidence: Evidence) -> tuple[NamedCase, ...]:
    """Put `evidence` into cases; the job's comes first when the job is stopped."""
    rest = list(evidence.exchanges)
    named: list[NamedCase] = []
    for group in evidence.groups:
        own = _belonging(group, rest, alone=len(evidence.groups) == 1)
        rest = [e for e in rest if e not in own]
        case = Case(
            event=group.sample,
            schema=evidence.schema,
            exchanges=own,
            affected=group.affected,
            now=evidence.now,
        )
        named.append(NamedCase(case=case, about=group.signature))
    job = _job_case(evidence, tuple(rest) if not evidence.groups else ())
    if job is not None:
        rest = [] if job.case.exchanges else rest
        named.insert(0, job)
    return (*named, *_har_cases(evidence, tuple(rest)), *_schema_cases(evidence, named))


def _belonging(
    group: EventGroup, exchanges: Iterable[Exchange], *, alone: bool
) -> tuple[Exchange, ...]:
    """The exchanges that may be of this event: all if it is alone, else those that agree."""
    listed = tuple(exchanges)
    if alone or not listed:
        return listed
    facts = facts_of(Case(event=group.sample))
    kind = "Groups" if facts.is_group else "Users"
    return tuple(
        e
        for e in listed
        if facts.status is not None
        and e.status == facts.status
        and target_of(e.request)[0] in {kind, None}
    )


def _job_case(evidence: Evidence, exchanges: tuple[Exchange, ...]) -> NamedCase | None:
    job = evidence.job
    if job is None:
        return None
    stopped = health_of(job, now=evidence.now) in _STOPPED
    last = job.status.last_execution
    failing = last is not None and last.error is not None
    if not stopped and not failing:
        return None
    case = Case(job=job, schema=evidence.schema, exchanges=exchanges, now=evidence.now)
    return NamedCase(case=case, about="job", stops_everything=stopped)


def _har_cases(evidence: Evidence, exchanges: tuple[Exchange, ...]) -> tuple[NamedCase, ...]:
    """One case for each kind of failing exchange; one for all if none or only one fails."""
    failing = {(_kind(e)): e for e in exchanges if not e.ok}
    if not exchanges:
        return ()
    if len(failing) <= 1:
        return (_har_case(evidence, exchanges),)
    good = tuple(e for e in exchanges if e.ok)
    return tuple(_har_case(evidence, (*good, failed)) for failed in failing.values())


def _kind(exchange: Exchange) -> tuple[str, str | None, int | None]:
    return exchange.request.method.upper(), target_of(exchange.request)[0], exchange.status


def _har_case(evidence: Evidence, exchanges: tuple[Exchange, ...]) -> NamedCase:
    case = Case(schema=evidence.schema, exchanges=exchanges, now=evidence.now)
    return NamedCase(case=case, about="har")


def _schema_cases(evidence: Evidence, named: list[NamedCase]) -> tuple[NamedCase, ...]:
    """The mapping by itself, when nothing else was given."""
    if evidence.schema is None or named or evidence.exchanges or evidence.groups:
        return ()
    return (NamedCase(case=Case(schema=evidence.schema, now=evidence.now), about="schema"),)
