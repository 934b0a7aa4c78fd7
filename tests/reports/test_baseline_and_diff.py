"""Known problems, and two reports side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.errors import SourceError
from scimdoctor.model.comparison import Comparison
from scimdoctor.model.finding import Outcome
from scimdoctor.model.frozen import frozen
from scimdoctor.model.replay import Verdict
from scimdoctor.model.report import ChangeState, EventCounts, Report
from scimdoctor.reports.baseline import apply_baseline, read_baseline, write_baseline
from scimdoctor.reports.diff import diff_reports
from scimdoctor.reports.identity import finding_id
from scimdoctor.reports.verdict import Level, headline
from tests.fakes import reports as fakes

if TYPE_CHECKING:
    from scimdoctor.model.finding import Finding


def fixed(report: Report) -> Report:
    """The same checks, all passed."""
    findings = tuple(replace(f, outcome=Outcome.PASSED, cause=None) for f in report.findings)
    return replace(report, findings=findings)


def test_known_findings_are_no_problem_any_more() -> None:
    report = fakes.check_endpoint()
    baseline = read_baseline(write_baseline(report), "known.json")
    marked = apply_baseline(report, baseline)
    failed = [f for f in marked.findings if f.outcome is Outcome.FAILED]
    assert failed
    assert all(f.known and not f.is_problem for f in failed)
    assert not any(f.known for f in marked.findings if f.outcome is not Outcome.FAILED)
    assert headline(marked).level is Level.ATTENTION


def test_a_new_finding_is_still_a_problem() -> None:
    report = fakes.check_endpoint()
    baseline = read_baseline(write_baseline(report), "known.json")
    new = replace(report.findings[3], check="groups/add", title="another")
    marked = apply_baseline(replace(report, findings=(*report.findings, new)), baseline)
    assert [f.check for f in marked.findings if f.is_problem] == ["groups/add"]


def test_diagnoses_are_listed_too() -> None:
    report = fakes.diagnose()
    marked = apply_baseline(report, read_baseline(write_baseline(report), "known.json"))
    assert all(diagnosis.known for diagnosis in marked.diagnoses)


def test_an_id_does_not_hang_on_what_changes_from_run_to_run() -> None:
    finding: Finding = fakes.check_endpoint().findings[3]
    later = replace(finding, message="other words", evidence=("x99",), reproduce=None)
    assert finding_id(finding) == finding_id(later)
    assert finding_id(finding) != finding_id(replace(finding, check="other/check"))


def test_what_is_gone_is_called_stale_but_what_was_skipped_is_not() -> None:
    report = fakes.check_endpoint()
    baseline = read_baseline(write_baseline(report), "known.json")
    assert len(apply_baseline(fixed(report), baseline).notes) == 2
    assert apply_baseline(replace(report, findings=()), baseline).notes == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"baseline_version": "1", "known": [1]}', '{"baseline_version": "9"}']
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"known\.json"):
        read_baseline(text, "known.json")


def states(report: Report, kind: str) -> dict[str, ChangeState]:
    return {change.name: change.state for change in report.changes if change.kind == kind}


def test_fixed_still_there_and_new() -> None:
    old = fakes.check_endpoint()
    findings = list(fixed(old).findings)
    findings[4] = old.findings[4]
    findings.append(replace(old.findings[3], check="groups/add", title="another"))
    changes = states(diff_reports(old, replace(old, findings=tuple(findings))), "finding")
    assert changes == {
        "filter/case": ChangeState.FIXED,
        "patch/op-case": ChangeState.STILL_THERE,
        "groups/add": ChangeState.NEW,
    }


def test_a_check_that_did_not_run_fixes_nothing() -> None:
    old = fakes.check_endpoint()
    changes = states(diff_reports(old, replace(old, findings=())), "finding")
    assert set(changes.values()) == {ChangeState.CANNOT_TELL}


def test_another_endpoint_fixes_nothing() -> None:
    old = fakes.check_endpoint()
    other = replace(fixed(old), target=frozen({"endpoint": "https://other.example"}))
    changes = states(diff_reports(old, other), "finding")
    assert set(changes.values()) == {ChangeState.CANNOT_TELL}


def test_signatures_need_events_to_be_gone() -> None:
    old = fakes.summary()
    unread = replace(old, signatures=(), events=EventCounts())
    assert set(states(diff_reports(old, unread), "signature").values()) == {ChangeState.CANNOT_TELL}
    read = replace(old, signatures=(), events=EventCounts(read=9, success=9))
    assert set(states(diff_reports(old, read), "signature").values()) == {ChangeState.FIXED}


def test_a_cause_seen_in_events_and_checks_needs_both_to_be_gone() -> None:
    old = fakes.diagnose()
    only_checks = replace(fixed(old), diagnoses=(), events=EventCounts())
    changes = states(diff_reports(old, only_checks), "cause")
    assert changes["patch-op-case-sensitive"] is ChangeState.CANNOT_TELL
    both = replace(fixed(old), diagnoses=())
    changes = states(diff_reports(old, both), "cause")
    assert changes["patch-op-case-sensitive"] is ChangeState.FIXED


def test_a_replay_is_fixed_when_it_works_now() -> None:
    old = fakes.replay()
    works = tuple(replace(r, verdict=Verdict.WORKS_NOW, cause=None) for r in old.replays)
    changes = states(diff_reports(old, replace(old, replays=works)), "replay")
    assert set(changes.values()) == {ChangeState.FIXED}


def test_a_replay_that_works_and_loses_a_value_is_still_a_problem() -> None:
    old = fakes.replay()
    lossy = tuple(replace(r, verdict=Verdict.WORKS_NOW) for r in old.replays)
    changes = states(diff_reports(old, replace(old, replays=lossy)), "replay")
    assert set(changes.values()) == {ChangeState.STILL_THERE}


def test_the_number_of_objects_is_told_when_it_changes() -> None:
    old = fakes.summary()
    fewer = tuple(replace(s, objects=3) for s in old.signatures)
    details = [
        change.detail for change in diff_reports(old, replace(old, signatures=fewer)).changes
    ]
    assert "3 objects, 14 before" in details


def test_the_level_of_a_diff_is_that_of_what_is_left() -> None:
    old = fakes.check_endpoint()
    assert headline(diff_reports(old, old)).level is Level.PROBLEM
    assert headline(diff_reports(old, fixed(old))).level is Level.GOOD
    assert headline(diff_reports(old, replace(old, findings=()))).level is Level.UNKNOWN


def test_compared_objects_are_problems_too() -> None:
    stale = Comparison(object="ada@example.com", state="active-but-should-not-be")
    gone = Comparison(object="bob@example.com", state="missing-in-app")
    old = replace(fakes.compare_all(), comparisons=(stale, gone))
    well = replace(old, comparisons=(Comparison(object="ada@example.com"), gone))
    changes = {c.name: c.state for c in diff_reports(old, well).changes}
    assert changes == {
        "ada@example.com": ChangeState.FIXED,
        "bob@example.com": ChangeState.STILL_THERE,
    }
    assert [c.state for c in diff_reports(well, old).changes].count(ChangeState.NEW) == 1


def test_who_is_not_listed_is_well_only_where_everybody_was_compared() -> None:
    stale = Comparison(object="ada@example.com", state="active-but-should-not-be")
    old = replace(fakes.compare_all(), comparisons=(stale,))
    new = replace(old, comparisons=())
    (unsure,) = diff_reports(old, new).changes
    assert unsure.state is ChangeState.CANNOT_TELL
    in_part = frozen({**old.target, "compared": "all users and groups, in part"})
    (unsure,) = diff_reports(replace(old, target=in_part), replace(new, target=in_part)).changes
    assert unsure.state is ChangeState.CANNOT_TELL
    everybody = frozen({**old.target, "compared": "all users and groups"})
    (well,) = diff_reports(replace(old, target=everybody), replace(new, target=everybody)).changes
    assert well.state is ChangeState.FIXED
