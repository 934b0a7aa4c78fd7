"""Diagnoses of one cause become one, and nothing that somebody has to do is lost."""

from __future__ import annotations

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.diagnose.merge import merged
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.provisioning import ProvisioningStep
from tests.causes.build import event


def left_out(key: str) -> Case:
    step = ProvisioningStep(
        name="EntryScopeEvaluation",
        provisioning_step_type="scoping",
        status="skipped",
        details={key: "False"},
    )
    return Case(event=event("other", "skipped", status="skipped", steps=(step,)))


def test_people_left_out_for_two_reasons_give_one_cause_and_both_remedies() -> None:
    keys = ("Assigned to the application", "Scoping filter evaluation passed")
    unassigned, filtered = (diagnose_case(left_out(key)) for key in keys)
    assert unassigned.remediation != filtered.remediation
    (found,) = merged([(unassigned, False), (filtered, False)])
    assert found.remediation == (*unassigned.remediation, *filtered.remediation)


def test_one_remedy_is_said_once() -> None:
    one = diagnose_case(left_out("Assigned to the application"))
    (found,) = merged([(one, False), (one, False)])
    assert found.remediation == one.remediation
