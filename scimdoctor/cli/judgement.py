"""Which exit status a report deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.model.finding import Outcome
from scimdoctor.model.report import ChangeState
from scimdoctor.model.rule import FixedBy, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.report import Report


def status_of(report: Report, fail_on: Severity | None) -> ExitStatus:
    """Judge `report`: problems at or above `fail_on` give 1; `None` means never.

    Events that were there and could not be read, not one of them, are facts not got: 3. So are
    objects of which none could be compared. Where no problem was found, checks that began and
    could not be judged are so too: that is no 'nothing found'.
    """
    if report.events.unreadable and not report.events.read:
        return ExitStatus.FAILED
    if report.comparisons and all(c.state == "cannot-tell" for c in report.comparisons):
        return ExitStatus.FAILED
    if fail_on is None:
        return ExitStatus.OK
    worst = max((severity.rank for severity in _severities(report)), default=-1)
    if worst >= fail_on.rank:
        return ExitStatus.PROBLEMS
    unjudged = any(finding.outcome is Outcome.ERRORED for finding in report.findings)
    return ExitStatus.FAILED if unjudged else ExitStatus.OK


_HEALTH = {
    "healthy": Severity.INFO,
    "ok": Severity.INFO,
    "accepted": Severity.INFO,
    "no-job": Severity.INFO,
    "never-run": Severity.MINOR,
    "paused": Severity.MAJOR,
    "errors": Severity.MAJOR,
    "left-over": Severity.MINOR,
    "unreadable": Severity.MINOR,
}


def _severities(report: Report) -> Iterator[Severity]:
    yield from (f.severity for f in report.findings if f.outcome is Outcome.FAILED and not f.known)
    yield from (
        Severity.MAJOR
        for d in report.diagnoses
        if d.fixed_by is not FixedBy.NOBODY and not (d.known or d.is_question)
    )
    yield from (Severity.MAJOR for r in report.replays if r.is_problem)
    yield from (
        Severity.MAJOR for c in report.comparisons if _has_difference(c.state, c.attributes)
    )
    yield from (Severity.MINOR for m in report.mappings if m.lint)
    unsolved = {ChangeState.NEW, ChangeState.STILL_THERE}
    yield from (Severity.MAJOR for change in report.changes if change.state in unsolved)
    if report.events.failure:
        yield Severity.MAJOR
    healths = [app.health for app in report.apps]
    if report.status:
        healths.append(report.status.health)
    yield from (_HEALTH.get(health, Severity.BLOCKER) for health in healths)


def _has_difference(state: str, attributes: tuple[object, ...]) -> bool:
    harmless = {"same", "not-mapped", "not-sent-null", "only-in-app", "cannot-tell", "case-only"}
    verdicts = {str(getattr(attribute, "verdict", "same")) for attribute in attributes}
    return state not in {"matched", "rightly-not-in-app", "cannot-tell"} or bool(
        verdicts - harmless
    )
