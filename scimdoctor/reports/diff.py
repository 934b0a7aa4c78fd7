"""Compares two reports: which problems are fixed, still there, new.

Gone is not fixed: a problem counts as fixed only if the newer report looked at the same thing and
found it well. Where it did not look, the change is `cannot-tell`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.model.finding import EvidenceKind, Outcome
from scimdoctor.model.frozen import frozen
from scimdoctor.model.replay import Verdict
from scimdoctor.model.report import Change, ChangeState, EventCounts
from scimdoctor.reports.identity import diagnosis_id, finding_id
from scimdoctor.reports.verdict import counted, is_different
from scimdoctor.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.report import Report

_ORDER = list(ChangeState)
_SUBJECT = ("app", "tenant", "endpoint", "user")
"""Targets that must be the same for a problem to count as fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    kind: str
    id: str
    name: str
    title: str
    size: int | None = None
    """How many objects or events, where that is known."""

    seen_in_events: bool = False
    checks: frozenset[str] = frozenset()
    """What it was seen in: only who looks there again can say that it is gone."""


def diff_reports(old: Report, new: Report) -> Report:
    """Return a report whose `changes` lead from `old` to `new`; its problems are those of `new`."""
    before = {problem.id: problem for problem in _problems(old)}
    after = {problem.id: problem for problem in _problems(new)}
    looked = _looker(old, new)
    changes = [_gone(problem, looked) for key, problem in before.items() if key not in after]
    changes += [_remaining(before.get(key), problem) for key, problem in after.items()]
    changes.sort(key=lambda change: (_ORDER.index(change.state), change.kind, change.title))
    target = {
        "older": f"{old.command}, {when(old.generated_at)} UTC",
        "newer": f"{new.command}, {when(new.generated_at)} UTC",
    }
    unchanged = () if changes else ("neither report holds a problem",)
    return replace(
        new,
        command="report --diff",
        target=frozen({**new.target, **target}),
        job=None,
        status=None,
        events=EventCounts(),
        event_list=(),
        days=(),
        signatures=(),
        diagnoses=(),
        findings=(),
        replays=(),
        comparisons=(),
        apps=(),
        mappings=(),
        exchanges=(),
        changes=tuple(changes),
        notes=unchanged,
    )


def _problems(report: Report) -> Iterator[_Problem]:
    for diagnosis in report.diagnoses:
        size = diagnosis.affected.objects if diagnosis.affected else None
        key = diagnosis_id(diagnosis)
        checks = {e.ref for e in diagnosis.evidence if e.kind is EvidenceKind.FINDING}
        yield _Problem(
            kind="cause",
            id=key,
            name=diagnosis.cause,
            title=diagnosis.title,
            size=size,
            seen_in_events=bool(size),
            checks=frozenset(checks),
        )
    for finding in report.findings:
        if finding.outcome is Outcome.FAILED:
            key = finding_id(finding)
            yield _Problem(
                kind="finding",
                id=key,
                name=finding.check,
                title=finding.title,
                checks=frozenset({finding.check}),
            )
    for signature in report.signatures:
        yield _Problem(
            kind="signature",
            id=signature.id,
            name=signature.id,
            title=signature.text,
            size=signature.objects,
            seen_in_events=True,
        )
    for replay in report.replays:
        if replay.is_problem:
            title = f"event {replay.event}: {replay.summary}"
            yield _Problem(kind="replay", id=replay.event, name=replay.event, title=title)
    yield from _compared(report)


def _compared(report: Report) -> Iterator[_Problem]:
    for comparison in report.comparisons:
        if is_different(comparison.state, [a.verdict for a in comparison.attributes]):
            yield _of_comparison(comparison)


def _of_comparison(comparison: Comparison) -> _Problem:
    state = "differs" if comparison.state == "matched" else comparison.state.replace("-", " ")
    odd = [a.attribute for a in comparison.attributes if is_different("matched", [a.verdict])]
    detail = f": {', '.join(odd)}" if odd else ""
    return _Problem(
        kind="comparison",
        id=f"{comparison.resource_type}/{comparison.object}/{comparison.state}",
        name=comparison.object,
        title=f"{comparison.label}: {state}{detail}",
    )


def _looker(old: Report, new: Report) -> Callable[[_Problem], bool]:
    """Return a test of whether `new` would have shown a problem if it were still there."""
    same = all(old.target.get(key) == new.target.get(key) for key in _SUBJECT if key in new.target)
    judged = {f.check for f in new.findings if f.outcome in {Outcome.PASSED, Outcome.FAILED}}
    worked = {replay.event for replay in new.replays if replay.verdict is Verdict.WORKS_NOW}
    read_events = new.events.read > 0
    extent = old.target.get("compared", "")
    whole = extent == new.target.get("compared") and bool(extent) and "in part" not in extent
    compared = {c.object for c in new.comparisons if c.state != "cannot-tell"}

    def looked(problem: _Problem) -> bool:
        if not same:
            return False
        if problem.kind == "comparison":
            return whole or problem.name in compared
        if problem.kind == "replay":
            return problem.name in worked
        if not problem.seen_in_events and not problem.checks:
            return False
        return (read_events or not problem.seen_in_events) and problem.checks <= judged

    return looked


def _gone(problem: _Problem, looked: Callable[[_Problem], bool]) -> Change:
    if looked(problem):
        return _change(ChangeState.FIXED, problem, "")
    return _change(ChangeState.CANNOT_TELL, problem, "the newer report did not look there")


def _remaining(before: _Problem | None, problem: _Problem) -> Change:
    state = ChangeState.NEW if before is None else ChangeState.STILL_THERE
    if problem.size is None:
        return _change(state, problem, "")
    now = counted(problem.size, "object")
    if before is None or before.size is None or before.size == problem.size:
        return _change(state, problem, now)
    return _change(state, problem, f"{now}, {before.size:,} before")


def _change(state: ChangeState, problem: _Problem, detail: str) -> Change:
    return Change(
        state=state,
        kind=problem.kind,
        id=problem.id,
        name=problem.name,
        title=problem.title,
        detail=detail,
    )
