"""Each problem that a check finds says who ends it, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.checks import ALL_CHECKS
from scimdoctor.diagnose.mending import mended
from scimdoctor.diagnose.remedies import Known
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.rule import FixedBy, Severity

if TYPE_CHECKING:
    from scimdoctor.checks import Check

KNOWN = Known(url="https://app.example.com/scim")
RULES = {check.id: check.rule for check in ALL_CHECKS}
FIXED_BY = {cause.rule.id: cause.rule.fixed_by for cause in ALL_CAUSES}


def problem(check: str, cause: str | None, **more: object) -> Finding:
    """A failure of `check`."""
    rule = RULES[check]
    values = {"outcome": Outcome.FAILED, "severity": Severity.MAJOR, **more}
    return Finding(
        check=check,
        requirement=rule.requirement,
        title=rule.title,
        message="It fails.",
        cause=cause,
        **values,  # type: ignore[arg-type]
    )


def told(finding: Finding) -> list[tuple[FixedBy, str, str | None]]:
    (after,) = mended([finding], KNOWN)
    return [(r.who, r.text, r.command) for r in after.remediation]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda c: c.id)
def test_every_problem_is_told_with_who_mends_it(check: Check) -> None:
    rule = check.rule
    for cause in (rule.cause, *rule.other_causes):
        said = told(problem(rule.id, cause))
        assert said
        assert len({text for _, text, _ in said}) == len(said)
        assert all(command != "scimdoctor check-endpoint URL" for _, _, command in said)


def test_what_the_admin_can_do_stands_beside_the_check_s_own_words() -> None:
    said = told(problem("lifecycle/disable", RULES["lifecycle/disable"].cause))
    assert said[0][:2] == (FixedBy.APP_DEVELOPER, RULES["lifecycle/disable"].fix)

    (developer, _, _), (admin, text, command) = told(
        problem("lifecycle/disable", "boolean-string-rejected")
    )
    assert (developer, admin) == (FixedBy.APP_DEVELOPER, FixedBy.ENTRA_ADMIN)
    assert "aadOptscim062020" in text
    assert command == "scimdoctor check-endpoint 'https://app.example.com/scim?aadOptscim062020'"


def test_an_admin_who_can_do_nothing_is_not_told_to_do_something() -> None:
    said = told(problem("groups/create", "over-strict-validation"))

    assert FIXED_BY["over-strict-validation"] is FixedBy.APP_DEVELOPER
    assert [who for who, _, _ in said] == [FixedBy.APP_DEVELOPER]


def test_what_is_no_problem_needs_no_mending() -> None:
    cause = RULES["groups/create"].cause

    assert not told(problem("groups/create", cause, severity=Severity.INFO))
    assert not told(problem("groups/create", None, outcome=Outcome.SKIPPED))
