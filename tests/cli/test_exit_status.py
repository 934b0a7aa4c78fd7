"""When a command ends with status 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.cli.judgement import status_of
from scimdoctor.model.comparison import Comparison
from scimdoctor.model.diagnosis import Confidence, Diagnosis
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.report import (
    AppHealth,
    EventCounts,
    MappingRow,
    Report,
    StatusVerdict,
)
from scimdoctor.model.rule import FixedBy, Layer, Requirement, Severity
from scimdoctor.reports.verdict import headline


def report(**sections: object) -> Report:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    return Report(command="x", generated_at=now, tool_version="1", **sections)  # type: ignore[arg-type]


def finding(outcome: Outcome, severity: Severity) -> Finding:
    return Finding(
        check="a/b",
        outcome=outcome,
        severity=severity,
        requirement=Requirement.MUST,
        title="t",
        message="m",
    )


def diagnosis(fixed_by: FixedBy) -> Diagnosis:
    return Diagnosis(
        cause="expected-behaviour",
        confidence=Confidence.LIKELY,
        layer=Layer.ENDPOINT,
        fixed_by=fixed_by,
        title="t",
        explanation="e",
    )


def test_a_question_alone_is_no_problem() -> None:
    told = diagnosis(FixedBy.APP_DEVELOPER)
    asked = replace(told, is_question=True)
    assert status_of(report(diagnoses=(told,)), Severity.MINOR) is ExitStatus.PROBLEMS
    assert status_of(report(diagnoses=(asked,)), Severity.MINOR) is ExitStatus.OK
    assert status_of(report(diagnoses=(asked, told)), Severity.MINOR) is ExitStatus.PROBLEMS


def app(health: str) -> AppHealth:
    return AppHealth(id="1", app_id=None, display_name="a", job_id=None, health=health)


def row(*lint: str) -> MappingRow:
    return MappingRow(
        object="User",
        target="t",
        source="s",
        kind="Direct",
        matching_priority=0,
        flow="Always",
        lint=lint,
    )


FAILED_MINOR = report(findings=(finding(Outcome.FAILED, Severity.MINOR),))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (report(), ExitStatus.OK),
        (report(findings=(finding(Outcome.PASSED, Severity.BLOCKER),)), ExitStatus.OK),
        (report(findings=(finding(Outcome.SKIPPED, Severity.BLOCKER),)), ExitStatus.OK),
        (report(findings=(finding(Outcome.FAILED, Severity.INFO),)), ExitStatus.OK),
        (FAILED_MINOR, ExitStatus.PROBLEMS),
        (report(diagnoses=(diagnosis(FixedBy.NOBODY),)), ExitStatus.OK),
        (report(diagnoses=(diagnosis(FixedBy.APP_DEVELOPER),)), ExitStatus.PROBLEMS),
        (report(events=EventCounts(read=5, success=5)), ExitStatus.OK),
        (report(events=EventCounts(read=5, failure=1)), ExitStatus.PROBLEMS),
        (report(apps=(app("healthy"), app("no-job"))), ExitStatus.OK),
        (report(apps=(app("quarantined"),)), ExitStatus.PROBLEMS),
        (report(status=StatusVerdict(health="errors", headline="h")), ExitStatus.PROBLEMS),
        (report(mappings=(row(),)), ExitStatus.OK),
        (report(mappings=(row("duplicate target"),)), ExitStatus.PROBLEMS),
    ],
)
def test_status(found: Report, status: ExitStatus) -> None:
    assert status_of(found, Severity.MINOR) is status


def test_fail_on_raises_the_bar() -> None:
    assert status_of(FAILED_MINOR, Severity.MAJOR) is ExitStatus.OK
    assert status_of(FAILED_MINOR, None) is ExitStatus.OK


def test_what_could_not_be_compared_is_no_difference() -> None:
    unsure = Comparison(object="ada@example.com", state="cannot-tell")
    same = Comparison(object="bob@example.com")
    assert status_of(report(comparisons=(unsure,)), Severity.MAJOR) is ExitStatus.FAILED
    assert status_of(report(comparisons=(unsure, same)), Severity.MAJOR) is ExitStatus.OK
    text = headline(report(comparisons=(unsure,))).text
    assert text == "1 of 1 object could not be compared."


def test_what_could_not_be_judged_is_never_nothing_found() -> None:
    failed, errored = (finding(o, Severity.MAJOR) for o in (Outcome.FAILED, Outcome.ERRORED))
    assert status_of(report(findings=(errored,)), Severity.MINOR) is ExitStatus.FAILED
    assert status_of(report(findings=(failed, errored)), Severity.MINOR) is ExitStatus.PROBLEMS
    assert status_of(report(findings=(failed, errored)), Severity.BLOCKER) is ExitStatus.FAILED
    assert status_of(report(findings=(errored,)), None) is ExitStatus.OK
