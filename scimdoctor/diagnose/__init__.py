"""Runs the steps that the inputs allow, in order, and says what it could not see.

Events are grouped, each group, the job and the HAR become cases, the causes are named; with an
endpoint the samples are replayed and only the checks that the suspicions need are run, after
which the causes are named again with what that showed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.diagnose.cases import Evidence, NamedCase, cases_of
from scimdoctor.diagnose.groups import EventGroup, group_events, groups_of
from scimdoctor.diagnose.merge import merged
from scimdoctor.diagnose.probe import Probe, suspected, usual_suspects
from scimdoctor.entra.job_health import is_late, is_stuck_in_initial_cycle, read_job
from scimdoctor.model.replay import Verdict

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import StatusVerdict

__all__ = [
    "EventGroup",
    "Evidence",
    "Outcome",
    "Probe",
    "diagnose",
    "group_events",
    "groups_of",
    "suspected",
]

_REPLAYED = 5
"""At most so many samples are replayed: the largest groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: the sections of a report."""

    diagnoses: tuple[Diagnosis, ...] = ()
    status: StatusVerdict | None = None
    findings: tuple[Finding, ...] = ()
    replays: tuple[Replay, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def diagnose(evidence: Evidence, *, probe: Probe | None = None) -> Outcome:
    """Name the causes behind `evidence`; `probe` may ask the app's endpoint."""
    cases = cases_of(evidence)
    first = [diagnose_case(named.case) for named in cases]
    findings: tuple[Finding, ...] = ()
    if probe is not None:
        cases = _replayed(cases, probe)
        findings = probe.check((*suspected(first), *_open_questions(cases, first)))
        cases = _checked(cases, findings)
        first = [diagnose_case(named.case) for named in cases]
    pairs = [(_signed(d, n), n) for d, n in zip(first, cases, strict=True)]
    diagnoses = merged((d, n.stops_everything) for d, n in pairs if _says_something(d, n, evidence))
    sent = tuple(probe.endpoint.exchanges) if probe is not None else ()
    return Outcome(
        diagnoses=diagnoses,
        status=read_job(evidence.job, now=evidence.now) if evidence.job is not None else None,
        findings=findings,
        replays=tuple(probe.replays) if probe is not None else (),
        exchanges=(*evidence.exchanges, *sent),
        limits=(*evidence.limits, *_unseen(evidence, probe)),
        notes=_notes(evidence, diagnoses, probe),
    )


def _signed(diagnosis: Diagnosis, named: NamedCase) -> Diagnosis:
    return replace(diagnosis, signature=named.about) if named.case.event is not None else diagnosis


def _open_questions(cases: tuple[NamedCase, ...], diagnoses: list[Diagnosis]) -> tuple[str, ...]:
    """What to check where the evidence did not decide: the usual causes of that step."""
    pairs = zip(cases, diagnoses, strict=True)
    unsolved = [named.case for named, found in pairs if found.cause == "unknown-cause"]
    return usual_suspects(facts_of(case).stage for case in unsolved)


def _says_something(diagnosis: Diagnosis, named: NamedCase, evidence: Evidence) -> bool:
    """Whether to keep it: a job stopped by failures of objects is explained by those."""
    by_failures = named.about == "job" and diagnosis.cause == "unknown-cause"
    return not (by_failures and evidence.groups)


def _replayed(cases: tuple[NamedCase, ...], probe: Probe) -> tuple[NamedCase, ...]:
    """The cases with what a replay of their sample showed; only failures are replayed."""
    failures = [n for n in cases if n.case.event is not None and n.case.event.status == "failure"]
    failures.sort(key=lambda n: -(n.case.affected.objects if n.case.affected else 0))
    chosen = {id(n) for n in failures[:_REPLAYED]}
    return tuple(_with_replay(n, probe) if id(n) in chosen else n for n in cases)


def _with_replay(named: NamedCase, probe: Probe) -> NamedCase:
    assert named.case.event is not None  # noqa: S101 - only such cases are chosen
    found, sent = probe.replay(named.case.event)
    same = found.verdict is Verdict.SAME_FAILURE
    refused = tuple(e for e in sent if not e.ok) if same else ()
    exchanges = named.case.exchanges or refused
    case = replace(named.case, replays=(*named.case.replays, found), exchanges=exchanges)
    return replace(named, case=case)


def _checked(cases: tuple[NamedCase, ...], findings: tuple[Finding, ...]) -> tuple[NamedCase, ...]:
    if not cases and findings:
        return ()
    return tuple(replace(named, case=replace(named.case, findings=findings)) for named in cases)


def _unseen(evidence: Evidence, probe: Probe | None) -> tuple[str, ...]:
    """What could not be looked at, and why."""
    missing = []
    if not evidence.counts.read and not evidence.groups:
        missing.append("no provisioning events were given or found")
    if evidence.job is None:
        missing.append("the job was not read: no tenant and no --job")
    if evidence.schema is None:
        missing.append("the attribute mapping was not read: no tenant and no --schema")
    if probe is None and not evidence.exchanges:
        missing.append("no request or answer was seen: no --endpoint and no --har")
    elif probe is not None and not probe.writes:
        missing.append("the endpoint was only read from: writes were not allowed")
    return tuple(missing)


def _notes(
    evidence: Evidence, diagnoses: tuple[Diagnosis, ...], probe: Probe | None
) -> tuple[str, ...]:
    """Things to know, and the next command."""
    notes = []
    job = evidence.job
    if job is not None and is_stuck_in_initial_cycle(job, now=evidence.now):
        notes.append("The initial cycle has not finished for more than a week.")
    if job is not None and is_late(job, now=evidence.now):
        notes.append("The job's last cycle ended more than three intervals ago.")
    if job is not None and not diagnoses and not evidence.counts.read:
        notes.append(
            "The job is active but nothing was logged: nothing in scope has changed, or the "
            "log's window is too short. Next: scimdoctor provision USER --app APP"
        )
    unsure = [d for d in diagnoses if d.confidence.value != "confirmed"]
    if unsure and probe is None:
        notes.append("To confirm: scimdoctor diagnose … --endpoint URL")
    return tuple(notes)
