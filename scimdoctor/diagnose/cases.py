"""Which facts belong together: one case for each group of events, for the job, for the HAR."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.sent import target_of
from scimdoctor.entra.job_health import health_of
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from scimdoctor.causes.facts import Facts
    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.diagnose.groups import EventGroup
    from scimdoctor.diagnose.remedies import Known
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding

_OTHER_STEP: Mapping[Stage, tuple[str, ...]] = {
    Stage.CREATE: ("PATCH", "PUT", "DELETE"),
    Stage.UPDATE: ("POST",),
    Stage.DELETE: ("POST",),
}
"""Requests that cannot have been what failed at a step."""

_TO_START = frozenset({"disabled", "paused", "never-run"})
_WORTH_A_DIAGNOSIS = frozenset({Severity.BLOCKER, Severity.MAJOR})
_STOPPED = frozenset({"quarantined", "disabled", "paused", "never-run"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCase:
    """A case, and what it is about."""

    case: Case
    about: str
    """`job`, `har`, `schema`, `endpoint`, or the group's signature."""

    stops_everything: bool = False


def cases_of(evidence: Evidence) -> tuple[NamedCase, ...]:
    """Put `evidence` into cases; the job's comes first when the job is stopped."""
    rest = list(evidence.exchanges)
    named: list[NamedCase] = []
    groups = [g for group in evidence.groups for g in (group, group.others) if g is not None]
    for group in groups:
        own = _belonging(group, rest, alone=len(groups) == 1)
        rest = [e for e in rest if e not in own]
        case = Case(
            event=group.sample,
            schema=evidence.schema,
            exchanges=own,
            affected=group.affected,
            successes=evidence.counts.success,
            later=group.later,
            recovered=group.recovered or 0,
            around=evidence.around,
            now=evidence.now,
        )
        named.append(NamedCase(case=case, about=group.signature))
    job = _job_case(evidence, tuple(rest) if not evidence.groups else ())
    if job is not None:
        rest = [] if job.case.exchanges else rest
        named.insert(0, job)
    return (*named, *_har_cases(evidence, tuple(rest)), *_schema_cases(evidence, named))


def endpoint_cases(findings: Iterable[Finding], named: Set[str]) -> tuple[NamedCase, ...]:
    """One case for each fault of the endpoint that breaks or degrades provisioning.

    The log that was read need not tell of it; causes that are `named` already are left out.
    """
    worst: dict[str, Finding] = {}
    for finding in findings:
        if finding.is_problem and finding.severity in _WORTH_A_DIAGNOSIS and finding.cause:
            worst.setdefault(finding.cause, finding)
    return tuple(
        NamedCase(case=Case(findings=(finding,)), about="endpoint")
        for cause, finding in worst.items()
        if cause not in named
    )


def known_from(evidence: Evidence) -> Known:
    """What remedies can be completed with; the app from the events, if all are of one."""
    principals = {g.sample.service_principal for g in evidence.groups}
    app = evidence.known.app
    if app is None and len(principals) == 1:
        (principal,) = principals
        app = principal.display_name or principal.id
    job = evidence.job
    stopped = job is not None and health_of(job, now=evidence.now) in _TO_START
    return replace(evidence.known, app=app, job_is_stopped=stopped)


def _belonging(
    group: EventGroup, exchanges: Iterable[Exchange], *, alone: bool
) -> tuple[Exchange, ...]:
    """The exchanges that may be of this event: those that agree; all good ones too if it is alone.

    An answer that the event does not tell of is another failure's, even if nothing else was given.
    """
    listed = tuple(exchanges)
    if not listed:
        return ()
    facts = facts_of(Case(event=group.sample))
    agreeing = tuple(e for e in listed if _agrees(e, facts))
    if not alone:
        return agreeing
    if facts.status is None:
        return listed
    return tuple(e for e in listed if e.ok or e in agreeing) if agreeing else ()


def _agrees(exchange: Exchange, facts: Facts) -> bool:
    if facts.status is None or exchange.status != facts.status:
        return False
    kind = "Groups" if facts.is_group else "Users"
    other_step = exchange.request.method.upper() in _OTHER_STEP.get(facts.stage, ())
    return target_of(exchange.request)[0] in {kind, None} and not other_step


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
