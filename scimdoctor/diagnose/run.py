"""Runs the steps that the inputs allow, in order, and says what it could not see.

Events are grouped, each group, the job and the HAR become cases, the causes are named; with an
endpoint the samples are replayed and only the checks that the suspicions need are run, after
which the causes are named again with what that showed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, compress
from typing import TYPE_CHECKING

from scimdoctor.causes.bearing import bears_on, hits_every_object, sends_the_same
from scimdoctor.causes.collect import facts_of, judged
from scimdoctor.causes.engine import diagnose_case, is_open
from scimdoctor.causes.facts import WRITES, Stage
from scimdoctor.diagnose.cases import NamedCase, cases_of, endpoint_cases, known_from
from scimdoctor.diagnose.job_notes import job_notes, pace_unseen
from scimdoctor.diagnose.merge import merged
from scimdoctor.diagnose.probe import suspected, usual_suspects
from scimdoctor.diagnose.reach import is_about_reaching, obstacle
from scimdoctor.diagnose.remedies import filled, ready, ready_replay, ready_status, subject_of
from scimdoctor.diagnose.scope_now import scope_notes, with_scope_now
from scimdoctor.diagnose.since import later_unseen, with_what_came_later
from scimdoctor.entra.job_health import read_job
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.frozen import frozen
from scimdoctor.model.replay import Verdict
from scimdoctor.model.rule import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scimdoctor.causes.facts import Facts
    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.diagnose.probe import Probe
    from scimdoctor.diagnose.remedies import Known
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import StatusVerdict

_NOT_SHOWN_BY_ENDPOINT = frozenset({Layer.SCOPING, Layer.ENTRA_SERVICE, Layer.UNKNOWN})
"""Where a cause lies that the endpoint cannot confirm."""

NO_EXCHANGE = "no request or answer was seen: give --endpoint, or a --har that can be read"
"""A limit, and what ends it where a command has these options."""

_STOPPED = frozenset({"quarantined", "disabled", "paused", "never-run"})
_ASK_ENDPOINT = "scimdoctor diagnose APP --endpoint URL"
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
    obstacle: str | None = None
    """Why the endpoint could not be asked."""


def diagnose(evidence: Evidence, *, probe: Probe | None = None) -> Outcome:
    """Name the causes behind `evidence`; `probe` may ask the app's endpoint."""
    cases = cases_of(evidence)
    first = [diagnose_case(named.case) for named in cases]
    findings: tuple[Finding, ...] = ()
    blocked = obstacle(probe.endpoint) if probe is not None else None
    if probe is not None:
        asked = [blocked is None or is_about_reaching(d) for d in first]
        cases, findings = _asked(cases, first, asked=asked, probe=probe)
        first = [diagnose_case(named.case) for named in cases]
        if blocked is None and not findings and not _points_somewhere(cases, evidence):
            findings = probe.check_all()
        shown = endpoint_cases(findings, named={d.cause for d in first})
        cases = (*cases, *shown)
        first += [diagnose_case(named.case) for named in shown]
    known = known_from(evidence)
    diagnoses = _finished(zip(cases, first, strict=True), evidence, known)
    sent = tuple(probe.endpoint.exchanges) if probe is not None else ()
    status = read_job(evidence.job, now=evidence.now) if evidence.job is not None else None
    return Outcome(
        diagnoses=diagnoses,
        status=_next(status, diagnoses, evidence, known=known),
        findings=findings,
        replays=tuple(ready_replay(r, known) for r in probe.replays) if probe is not None else (),
        exchanges=(*evidence.exchanges, *sent),
        limits=(
            *_obstacle_said(blocked),
            *evidence.limits,
            *_unseen(evidence, probe, blocked, known=known),
        ),
        notes=_notes(evidence, diagnoses, probe, writes=_is_of_writes(cases), known=known),
        obstacle=blocked,
    )


def _next(
    status: StatusVerdict | None,
    diagnoses: tuple[Diagnosis, ...],
    evidence: Evidence,
    *,
    known: Known,
) -> StatusVerdict | None:
    """The job as read, with steps of its own only where no cause says what to do about it."""
    if status is None:
        return None
    if status.health in _STOPPED and any(d.affected is None for d in diagnoses):
        return replace(status, next_steps=())
    return ready_status(status, known, log_read=bool(evidence.counts.read))


def _asked(
    cases: tuple[NamedCase, ...], first: list[Diagnosis], *, asked: list[bool], probe: Probe
) -> tuple[tuple[NamedCase, ...], tuple[Finding, ...]]:
    """The cases with what the endpoint showed; only those that are `asked` about."""
    chosen = list(compress(cases, asked))
    if not chosen:
        return cases, ()
    own = probe.of_groups
    chosen = [replace(n, case=replace(n.case, of_groups=own)) for n in chosen]
    chosen = list(_replayed(tuple(chosen), probe))
    facts = [facts_of(named.case) for named in chosen]
    # The app's whole answer may point elsewhere than what the log kept of it.
    told = zip(facts, compress(first, asked), map(_named, chosen), strict=True)
    questions = [_questions(f, before, after) for f, before, after in told]
    findings = probe.check(
        chain.from_iterable(questions),
        bears=partial(_bears_on_any, facts),
        sends=partial(_sends_the_same_as_any, facts),
    )
    shown = zip(chosen, facts, questions, strict=True)
    seen = iter([_checked(n, f, q, findings, probe) for n, f, q in shown])
    return tuple(next(seen) if a else n for a, n in zip(asked, cases, strict=True)), findings


def _bears_on_any(facts: list[Facts], check: str) -> bool:
    """Whether `check` is of the step of some failure; a skip is none."""
    failing = [one for one in facts if one.stage is not Stage.SKIP]
    return not failing or any(bears_on(check, one) for one in failing)


def _sends_the_same_as_any(facts: list[Facts], check: str) -> bool:
    return any(sends_the_same(check, one) for one in facts if one.stage is not Stage.SKIP)


def _finished(
    named: Iterable[tuple[NamedCase, Diagnosis]], evidence: Evidence, known: Known
) -> tuple[Diagnosis, ...]:
    """One diagnosis for each cause, with commands that can be run."""
    pairs = [(_as_of_now(_signed(d, n), n, evidence), n) for n, d in named]
    told = ((d, n.stops_everything) for d, n in pairs if _says_something(d, n, evidence))
    # Users and groups under one signature are different objects: their numbers add up.
    keys = {g.signature: None if g.others else g.objects for g in evidence.groups}
    found = merged(told, keys)
    events = [named.case.event for _, named in pairs if named.case.event is not None]
    samples = {event.id: event for event in reversed(events)}
    return tuple(ready(d, known, subject_of(_sample_of(d, samples))) for d in found)


def _as_of_now(diagnosis: Diagnosis, named: NamedCase, evidence: Evidence) -> Diagnosis:
    """The same, less sure where what came later speaks against it."""
    return with_what_came_later(with_scope_now(diagnosis, named, evidence), named.case)


def _sample_of(
    diagnosis: Diagnosis, samples: Mapping[str, ProvisioningObjectSummary]
) -> ProvisioningObjectSummary | None:
    ids = diagnosis.affected.sample if diagnosis.affected is not None else ()
    return next((samples[one] for one in ids if one in samples), None)


def _obstacle_said(blocked: str | None) -> tuple[str, ...]:
    if blocked is None:
        return ()
    return (f"the endpoint was not asked further: {blocked}",)


def _signed(diagnosis: Diagnosis, named: NamedCase) -> Diagnosis:
    return replace(diagnosis, signature=named.about) if named.case.event is not None else diagnosis


def _named(named: NamedCase) -> Diagnosis:
    return diagnose_case(named.case)


def _questions(facts: Facts, *diagnoses: Diagnosis) -> tuple[str, ...]:
    """What to check for one case: what is suspected, and where no rule fits the usual causes."""
    usual = usual_suspects([(facts.stage, facts.is_group)]) if is_open(facts) else ()
    return tuple(dict.fromkeys((*suspected(diagnoses), *usual)))


def _points_somewhere(cases: tuple[NamedCase, ...], evidence: Evidence) -> bool:
    """Whether there is a failure to go by; without any the endpoint is checked as a whole."""
    if any(g.sample.status != "skipped" for g in evidence.groups):
        return True
    refused = any(not e.ok for n in cases for e in judged(n.case.exchanges))
    return refused or any(n.about == "job" for n in cases)


def _says_something(diagnosis: Diagnosis, named: NamedCase, evidence: Evidence) -> bool:
    """Whether to keep it: a capture in which all is well is none that nobody understands.

    A job stopped by failures of objects is explained by those.
    """
    if diagnosis.cause != "unknown-cause":
        return True
    if named.about == "har" and all(e.ok for e in judged(named.case.exchanges)):
        return False
    if named.about == "schema":
        return False
    return named.about != "job" or not evidence.groups


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


def _checked(
    named: NamedCase,
    facts: Facts,
    questions: tuple[str, ...],
    findings: tuple[Finding, ...],
    probe: Probe,
) -> NamedCase:
    """The case with what was checked on its own account; where no rule fits, with everything.

    What a check for another failure found would make suspects of causes that nothing points at.
    """
    own = probe.fitting(questions)
    mine = tuple(
        f
        for f in findings
        if f.check in own or f.cause in questions or hits_every_object(f.check, facts, f.cause)
    )
    shown = findings if is_open(facts) else mine
    cleared = frozenset(probe.cleared & set(questions))
    answers = frozen({e.id: e.status for e in probe.endpoint.exchanges if e.status is not None})
    case = replace(named.case, findings=shown, cleared=cleared, answers=answers)
    return replace(named, case=case)


def _unseen(
    evidence: Evidence, probe: Probe | None, blocked: str | None, *, known: Known
) -> tuple[str, ...]:
    """What could not be looked at, and why."""
    missing = [*later_unseen(evidence.groups)]
    if not evidence.counts.read and not evidence.groups and not evidence.limits:
        missing.append("no provisioning events were given or found")
    if evidence.job is None and not evidence.tenant_asked:
        missing.append("the job was not read: name an app of your tenant, or give --job")
    if evidence.events_asked and evidence.job is not None and evidence.counts.read:
        missing += pace_unseen(evidence.cycles)
    if evidence.schema is None and not evidence.tenant_asked:
        missing.append(
            "the attribute mapping was not read: name an app of your tenant, or give --schema"
        )
    if probe is None and not evidence.exchanges:
        missing.append(NO_EXCHANGE)
    elif probe is not None and not probe.writes and blocked is None:
        command = filled(f"{_ASK_ENDPOINT} --shadow", known)
        missing.append(
            "the endpoint was only read from: writes were not allowed. With writes to throwaway "
            f"objects, which are removed again: {command}"
        )
    if probe is not None and blocked is None and not probe.whole:
        command = filled("scimdoctor check-endpoint URL", known)
        missing.append(
            f"the endpoint was checked only for what the failures point at; all: {command}"
        )
    return tuple(missing)


def _is_of_writes(cases: Iterable[NamedCase]) -> bool:
    """Whether some case is of a create, an update or a delete, and not of a query."""
    return any(facts_of(named.case).stage in WRITES for named in cases)


def _notes(
    evidence: Evidence,
    diagnoses: tuple[Diagnosis, ...],
    probe: Probe | None,
    *,
    writes: bool,
    known: Known,
) -> tuple[str, ...]:
    """Things to know, and the next command."""
    notes = [*job_notes(evidence, idle=not diagnoses, known=known), *scope_notes(evidence)]
    unsure = [d for d in diagnoses if d.confidence is not Confidence.CONFIRMED]
    unsure = [d for d in unsure if d.layer not in _NOT_SHOWN_BY_ENDPOINT]
    if unsure and (probe is None or not probe.writes):
        # Reads alone cannot show what a write runs into.
        more = " --shadow" if probe is not None or writes else ""
        command = filled(f"{_ASK_ENDPOINT}{more}", known)
        notes.append(f"To confirm: {command}")
    return tuple(notes)
