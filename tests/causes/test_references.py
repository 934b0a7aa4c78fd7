"""References that Entra itself cannot resolve, told by its own step."""

from __future__ import annotations

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Case, Confidence
from scimdoctor.model.provisioning import ProvisioningStep
from tests.causes.build import event


def step(kind: str, status: str) -> ProvisioningStep:
    return ProvisioningStep(
        name="EntryExportUpdate",
        provisioning_step_type=kind,
        status=status,
        description="We were unable to assign 1f as the members of Research.",
    )


def test_the_step_names_the_cause() -> None:
    logged = event(status="warning", group=True, steps=(step("referenceResolution", "warning"),))
    diagnosis = diagnose_case(Case(event=logged))
    assert diagnosis.cause == "reference-unresolvable"
    assert diagnosis.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("kind", "status"), [("referenceResolution", "success"), ("export", "success")]
)
def test_a_resolved_reference_does_not(kind: str, status: str) -> None:
    resolved = ProvisioningStep(
        name="EntryExportUpdate",
        provisioning_step_type=kind,
        status=status,
        description="Research was updated.",
    )
    logged = event(status="warning", group=True, steps=(resolved,))
    assert diagnose_case(Case(event=logged)).cause != "reference-unresolvable"
