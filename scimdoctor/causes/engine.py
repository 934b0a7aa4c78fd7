"""From a case to the diagnosis: asks every cause, ranks the answers, says how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.causes import ALL_CAUSES, find_cause
from scimdoctor.causes.apart import apart
from scimdoctor.causes.bearing import bears_on, hits_every_object
from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.facts import QUERIES, WRITES, Facts, Stage
from scimdoctor.causes.match import Cause, Match
from scimdoctor.causes.usual import usual
from scimdoctor.entra.job_health import health_of, steps_for
from scimdoctor.entra.quarantine import find_quarantine_reason
from scimdoctor.model.diagnosis import Alternative, Case, Confidence, Diagnosis
from scimdoctor.model.finding import Evidence, EvidenceKind, Outcome
from scimdoctor.model.replay import Verdict
from scimdoctor.model.rule import FixedBy, Layer, Remediation, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.finding import Finding
    from scimdoctor.model.synchronization import SynchronizationJob

_ORDER = {cause.rule.id: position for position, cause in enumerate(ALL_CAUSES)}
_CLOSE = 2
"""Matches whose weights differ by no more than this fit equally well."""

_WORTH_NAMING = 40
"""Alternatives below this weight are not named."""

_MAX_ALTERNATIVES = 4
_QUOTE_BEGINS = 30
_LONGEST_QUOTE = 300
_CONFIRMED_WEIGHT = 98
_LOWERED_BY = 30
_NOT_OF_ENDPOINT = frozenset({Layer.SOURCE_DATA, Layer.SCOPING, Layer.ENTRA_SERVICE})
_PROVEN_WEIGHT = 70
"""Of a fault that was reproduced at the failing step: above everything that checks speak against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A cause with the match that speaks for it."""

    cause: Cause
    match: Match
    evidence: tuple[Evidence, ...] = ()


def diagnose_case(case: Case) -> Diagnosis:
    """Name the root cause of `case`; `unknown-cause` if the evidence does not decide."""
    facts = facts_of(case)
    ranked = rank(facts)
    if not ranked:
        ranked = [Ranked(cause=c, match=m, evidence=_seen(facts, m)) for c, m in usual(facts)]
    if not ranked:
        return _unknown(facts)
    best, others = ranked[0], ranked[1:]
    return _diagnosis(facts, best, others)


def is_open(facts: Facts) -> bool:
    """Whether no rule fits, so that at best the usual causes can be named."""
    return not rank(facts)


def rank(facts: Facts) -> list[Ranked]:
    """Every cause that fits, best first."""
    found = []
    for cause in ALL_CAUSES:
        match = cause.match(facts)
        if match is not None:
            found.append(Ranked(cause=cause, match=match, evidence=_seen(facts, match)))
    found = [_unsettled(facts, ranked) for ranked in found]
    found = list(_with_proof(facts, found))
    return sorted(found, key=lambda r: (-r.match.weight, _ORDER[r.cause.rule.id]))


def _seen(facts: Facts, match: Match) -> tuple[Evidence, ...]:
    return tuple(facts.evidence(sentence) for sentence in match.because)


_OF_ONE_OPERATION = frozenset(
    [
        "extension-urn-path-unsupported",
        "manager-value-shape",
        "mapping-targets-unsupported-attribute",
        "patch-add-not-supported",
        "patch-value-shape-rejected",
        "pathless-dotted-keys-unsupported",
        "roles-json-string-shape",
        "value-path-no-match-rejected",
        "value-path-unsupported",
    ]
)
"""Causes that lie in one operation of a PATCH."""


def _unsettled(facts: Facts, ranked: Ranked) -> Ranked:
    """No more than possible where any of several operations may be the one that was refused."""
    if not facts.which_is_unclear or ranked.cause.rule.id not in _OF_ONE_OPERATION:
        return ranked
    return replace(ranked, match=replace(ranked.match, confidence=Confidence.POSSIBLE))


def _with_proof(facts: Facts, found: list[Ranked]) -> Iterable[Ranked]:
    """Raise what a check or a replay reproduced, lower what they contradict."""
    answered = _answered_alike(facts)
    proofs = _proofs(facts, answered)
    passed = {f.cause for f in facts.case.findings if f.outcome is Outcome.PASSED and f.cause}
    # What is noted proves no cause, and no check that passes clears it.
    passed -= {f.cause for f in facts.case.findings if f.outcome is Outcome.FAILED}
    suspected = {r.cause.rule.id for r in found}
    by_others = {one for one in suspected if answered and _is_done_by_others(one)}
    spoken_against = frozenset((passed | facts.case.cleared | by_others) - proofs.keys())
    works_now = any(
        r.verdict is Verdict.WORKS_NOW and not r.leaves_write_untried for r in facts.case.replays
    )
    # Another failure than the logged one: what was logged did not show itself again.
    verdicts = {r.verdict for r in facts.case.replays}
    unlike = Verdict.DIFFERENT_FAILURE in verdicts and Verdict.SAME_FAILURE not in verdicts
    for ranked in found:
        proof = proofs.get(ranked.cause.rule.id)
        if proof is not None:
            yield _confirmed(ranked, proof)
        elif works_now or _is_disproved(facts, ranked, spoken_against):
            yield _lowered(ranked)
        elif unlike:
            yield replace(ranked, match=replace(ranked.match, confidence=Confidence.POSSIBLE))
        else:
            yield ranked
    nothing_else = facts.case.event is None and facts.case.job is None
    standing = [r for r in found if not _is_disproved(facts, r, spoken_against)]
    alone = not any(r.match.weight >= _WORTH_NAMING for r in standing)
    # What the words only might mean gives way to a fault that gives the same answer.
    doubtful = not any(r.match.confidence is not Confidence.POSSIBLE for r in standing)
    for cause_id, proof in proofs.items():
        cause = find_cause(cause_id)
        if cause is not None and cause_id not in suspected and _bears(proof, facts, cause_id):
            alike = doubtful and cause_id in answered
            certain = nothing_else or alike
            yield _by_proof_alone(cause, proof, certain=certain, alone=alone)


def _is_disproved(facts: Facts, ranked: Ranked, spoken_against: frozenset[str]) -> bool:
    """Whether checks speak against it.

    What Entra says by itself of an object's data or scope, without an answer of the app's, they
    cannot know.
    """
    rule = ranked.cause.rule
    by_entra = facts.status is None and rule.layer in _NOT_OF_ENDPOINT
    told = by_entra and ranked.match.confidence is not Confidence.POSSIBLE
    return rule.id in spoken_against and not told


def _answered_alike(facts: Facts) -> frozenset[str]:
    """Causes of failed checks that got the status that the event tells, and a replay got again.

    Only of those that meet every object: another attribute's fault may well be answered alike.
    """
    again = any(r.verdict is Verdict.SAME_FAILURE for r in facts.case.replays)
    # What a connection test asks, the checks ask as well.
    again = again or (facts.stage is Stage.TEST and facts.case.event is None)
    if not again or facts.status is None:
        return frozenset()
    same = (f.cause for f in _faults(facts) if _gets_the_same(f, facts))
    return frozenset(cause for cause in same if cause)


def _faults(facts: Facts) -> list[Finding]:
    """The failed checks that harm; what is information stands for no fault of its own.

    Of several findings of one fault only the worst is a problem: the others count with it. So does
    what harms only an app whose job asks for it, where the log shows that it does.
    """
    failed = [f for f in facts.case.findings if f.outcome is Outcome.FAILED and f.cause]
    harmful = {f.cause for f in failed if f.severity is not Severity.INFO}
    return [f for f in failed if f.cause in harmful or _gets_the_same(f, facts)]


def _gets_the_same(finding: Finding, facts: Facts) -> bool:
    """Whether a check that sends what is sent for each object got the status that was logged."""
    got = {facts.case.answers.get(exchange) for exchange in finding.evidence}
    alike = facts.status is not None and facts.status in got
    return alike and hits_every_object(finding.check, facts, finding.cause)


def _bears(proof: Evidence, facts: Facts, cause: str) -> bool:
    return proof.kind is not EvidenceKind.FINDING or bears_on(proof.ref, facts, cause)


def _proofs(facts: Facts, answered: frozenset[str]) -> dict[str, Evidence]:
    """What was reproduced: cause id to the check or replay that did it, at the same step if any.

    A replay shows what is, not who made it so: where a fault of the app is `answered` in the same
    way, it shows nothing of what others did.
    """
    found: dict[str, Evidence] = {}
    for finding in sorted(_faults(facts), key=lambda f: not bears_on(f.check, facts, f.cause)):
        if finding.cause:
            text = f"check {finding.check} failed: {finding.message}"
            evidence = Evidence(kind=EvidenceKind.FINDING, ref=finding.check, summary=text)
            found.setdefault(finding.cause, evidence)
    for replay in facts.case.replays:
        named = replay.cause if replay.verdict is Verdict.SAME_FAILURE else None
        if named is not None and not (answered and _is_done_by_others(named)):
            sent = [r.exchange for r in replay.requests if r.exchange]
            kind = EvidenceKind.EXCHANGE if sent else EvidenceKind.EVENT
            ref = sent[-1] if sent else replay.event
            found[named] = Evidence(kind=kind, ref=ref, summary=replay.summary)
    return found


def _is_done_by_others(cause: str) -> bool:
    """Whether a cause lies in what somebody did, or in Entra's way, and not in the app."""
    found = find_cause(cause)
    return found is not None and found.rule.layer is Layer.ENTRA_SERVICE


def _confirmed(ranked: Ranked, proof: Evidence) -> Ranked:
    match = replace(ranked.match, confidence=Confidence.CONFIRMED, weight=_CONFIRMED_WEIGHT)
    return replace(ranked, match=match, evidence=(*ranked.evidence, proof))


def _by_proof_alone(cause: Cause, proof: Evidence, *, certain: bool, alone: bool) -> Ranked:
    """A fault that was reproduced, but that the event does not point at.

    If the event points nowhere, or only to what checks speak against, the fault is the likely
    reason for it.
    """
    confidence = Confidence.LIKELY if alone else Confidence.POSSIBLE
    confidence = Confidence.CONFIRMED if certain else confidence
    weight = _PROVEN_WEIGHT if alone else _WORTH_NAMING
    weight = _CONFIRMED_WEIGHT if certain else weight
    match = Match(weight=weight, confidence=confidence, because=())
    return Ranked(cause=cause, match=match, evidence=(proof,))


def _lowered(ranked: Ranked) -> Ranked:
    weight = max(1, ranked.match.weight - _LOWERED_BY)
    match = replace(ranked.match, confidence=Confidence.POSSIBLE, weight=weight)
    return replace(ranked, match=match)


def _diagnosis(facts: Facts, best: Ranked, others: list[Ranked]) -> Diagnosis:
    confidence = best.match.confidence
    rival = others[0].match.weight if others else 0
    if confidence is Confidence.LIKELY and best.match.weight - rival <= _CLOSE:
        confidence = Confidence.POSSIBLE
    rule = best.cause.rule
    alternatives = _alternatives(others, confidence)
    explanation = best.match.explanation or rule.explanation
    if confidence is Confidence.POSSIBLE:
        told = apart(rule.id, [alternative.cause for alternative in alternatives])
        explanation = f"{explanation} {told}".strip()
    return Diagnosis(
        cause=rule.id,
        confidence=confidence,
        layer=rule.layer,
        fixed_by=best.match.fixed_by or rule.fixed_by,
        title=best.match.title or rule.title,
        explanation=explanation,
        remediation=best.match.steps or rule.remediation,
        evidence=(*best.evidence, *_quoted(facts, best.evidence)),
        affected=facts.case.affected,
        alternatives=alternatives,
        references=rule.references,
        is_question=best.match.is_question and confidence is Confidence.POSSIBLE,
    )


def _quoted(facts: Facts, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The words that were read, where no evidence quotes them: a reader judges them for himself."""
    words = facts.reading.words
    told = " ".join(one.summary for one in evidence)
    if not words or facts.skip is not None or words[:_QUOTE_BEGINS] in told:
        return ()
    if any(c.text[:_QUOTE_BEGINS] in told for c in facts.reading.complaints):
        return ()
    return (facts.evidence(f"{facts.speaker} says: {words[:_LONGEST_QUOTE]}"),)


def _alternatives(others: list[Ranked], first: Confidence) -> tuple[Alternative, ...]:
    """The next best, never as sure as the first."""
    named = []
    for ranked in others[:_MAX_ALTERNATIVES]:
        if ranked.match.weight >= _WORTH_NAMING:
            lower = min(ranked.match.confidence.rank, max(0, first.rank - 1))
            confidence = Confidence.LIKELY if lower else Confidence.POSSIBLE
            named.append(Alternative(cause=ranked.cause.rule.id, confidence=confidence))
    return tuple(named)


def _unknown(facts: Facts) -> Diagnosis:
    found = find_cause("unknown-cause")
    assert found is not None  # noqa: S101 - a test holds the list complete
    rule, seen = found.rule, _what_was_seen(facts)
    step = Remediation(
        who=FixedBy.EITHER,
        text="This one command would decide it.",
        command=next_command(facts),
    )
    stopped = _stopped_job(facts)
    return Diagnosis(
        cause=rule.id,
        confidence=Confidence.POSSIBLE,
        layer=rule.layer,
        fixed_by=FixedBy.ENTRA_ADMIN if stopped is not None else rule.fixed_by,
        title=rule.title if stopped is None else stopped.title,
        explanation=f"{seen} {rule.explanation}" if stopped is None else seen,
        remediation=(step,) if stopped is None else stopped.steps,
        evidence=(facts.evidence(seen if stopped is None else stopped.seen),),
        affected=facts.case.affected,
        references=rule.references,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stopped:
    """A job that stands still for a reason which names no cause by itself."""

    title: str
    steps: tuple[Remediation, ...]
    seen: str


def _stopped_job(facts: Facts) -> _Stopped | None:
    job, now = facts.case.job, facts.case.now
    if job is None or now is None or facts.case.event is not None:
        return None
    health = health_of(job, now=now)
    title = _STOPPED.get(health)
    if title is None:
        return None
    held = job.status.quarantine
    reason = f", quarantine reason {held.reason or 'not told'}" if held is not None else ""
    pruned = ", escrowsPruned" if job.status.escrows_pruned else ""
    seen = f"schedule {job.schedule.state}, status code {job.status.code}{reason}{pruned}"
    # To diagnose is what is being done.
    steps = [s for s in steps_for(job, health, now) if "diagnose" not in (s.command or "")]
    return _Stopped(title=title, steps=tuple(steps), seen=seen)


_STOPPED = {
    "quarantined": "The job is in quarantine, and does not say which failure it is",
    "disabled": "The job is disabled after a quarantine that does not say which failure it was",
    "paused": "The job is paused because too many objects failed in its initial cycle",
}


def _what_was_seen(facts: Facts) -> str:
    job = facts.case.job
    if facts.case.event is None and job is not None and facts.status is None:
        return _job_seen(job, facts.reading.words[:200])
    parts = [f"The {facts.stage} step"]
    if facts.status is not None:
        parts.append(f"was answered {facts.status}")
    elif facts.error_code:
        parts.append(f"ended with {facts.error_code}")
    else:
        parts.append("was seen")
    said = facts.reading.words[:200]
    parts.append(f"and {facts.speaker} says: {said!r}." if said else "without an explanation.")
    return " ".join(parts)


def _job_seen(job: SynchronizationJob, said: str) -> str:
    """A job that is stopped, or failing, for a reason that names no cause by itself."""
    held = job.status.quarantine
    known = find_quarantine_reason(held.reason) if held is not None else None
    meaning = f" {known.meaning}" if known is not None else ""
    quoted = f" The message: {said!r}." if said else ""
    reason = f" ({held.reason})" if held is not None and held.reason else ""
    state = f"in quarantine{reason}" if held is not None else f"in state {job.status.code}"
    return f"The job is {state}.{meaning}{quoted}"


def next_command(facts: Facts) -> str:
    """The one command that would tell most."""
    event = facts.case.event
    if facts.stage in QUERIES or facts.stage in {Stage.TOKEN, Stage.DISCOVERY}:
        return "scimdoctor check-endpoint URL --read-only"
    if facts.stage in WRITES and event is not None:
        return f"scimdoctor replay {event.id} --endpoint URL --mode shadow"
    if event is None and facts.case.job is not None:
        return "scimdoctor logs APP --summary"
    return "scimdoctor diagnose APP --endpoint URL"
