"""Which clause, assignment, role or missing value kept an object out."""

from __future__ import annotations

import pytest

from scimdoctor.entra.scoping import Obstacle, scoping_verdict
from scimdoctor.sources.record import read_record
from tests.fakes.events import custom_app_schema, event, load, step

PASSED = {
    "Active in the source system": "True",
    "Assigned to the application": "True",
    "User has the required role": "True",
    "Scoping filter evaluation passed": "True",
    "ScopeEvaluationResult": "{}",
}
OLD = {
    "IsActive": "True",
    "Assigned": "True",
    "IsEffectivelyEntitledForProvisioning": "True",
    "IsInProvisioningScopeDisplayName": "True",
    "ScopeEvaluationResult": "{}",
}


@pytest.mark.parametrize(
    ("details", "obstacle"),
    [
        (PASSED | {"Active in the source system": "False"}, Obstacle.INACTIVE),
        (PASSED | {"Assigned to the application": "False"}, Obstacle.NOT_ASSIGNED),
        (PASSED | {"User has the required role": "False"}, Obstacle.ROLE_MISSING),
        (PASSED | {"Group has the required role": "false"}, Obstacle.ROLE_MISSING),
        (PASSED | {"Scoping filter evaluation passed": "False"}, Obstacle.SCOPING_FILTER),
        (OLD | {"IsActive": "False"}, Obstacle.INACTIVE),
        (OLD | {"Assigned": "False"}, Obstacle.NOT_ASSIGNED),
        (OLD | {"IsEffectivelyEntitledForProvisioning": "False"}, Obstacle.ROLE_MISSING),
        (OLD | {"IsInProvisioningScopeDisplayName": "False"}, Obstacle.SCOPING_FILTER),
    ],
)
def test_one_false_entry_is_the_obstacle(details: dict[str, str], obstacle: Obstacle) -> None:
    steps = (step("EntrySynchronizationScoping", "scoping", details),)
    found = scoping_verdict(event("other", status="skipped", steps=steps))
    assert (found.in_scope, found.obstacles) == (False, (obstacle,))
    assert found.summary.startswith("ada@example.com is left out")


def test_in_scope() -> None:
    steps = (step("EntrySynchronizationScoping", "scoping", PASSED),)
    found = scoping_verdict(event(steps=steps))
    assert (found.in_scope, found.obstacles) == (True, ())


def test_live_record_of_a_redundant_export_is_in_scope() -> None:
    raw = load("provisioning-list-scim-group-skipped.json")["value"][0]
    found = scoping_verdict(read_record(raw))
    assert found.in_scope
    assert found.skip_reason == "RedundantExport"


def test_false_clause_is_named_with_the_actual_value() -> None:
    clause = "Marketing department filter.department EQUALS 'Marketing'"
    steps = (
        step("EntryImport", "import", {"department": "Sales"}),
        step(
            "EntrySynchronizationScoping",
            "scoping",
            {"ScopeEvaluationResult": f'{{"{clause}":false}}'},
        ),
    )
    found = scoping_verdict(event(steps=steps))
    assert found.obstacles == (Obstacle.SCOPING_FILTER,)
    (failed,) = found.failed_clauses
    assert (failed.group, failed.attribute, failed.actual) == (
        "Marketing department filter",
        "department",
        "Sales",
    )
    assert "(it is 'Sales')" in found.summary


@pytest.mark.parametrize(
    ("results", "fails"),
    [
        ('{"a.x EQUALS \'1\'":false,"b.y IS NOT NULL":true}', False),
        ("{\"a.x EQUALS '1'\":true,\"a.y EQUALS '2'\":false}", True),
        ('{"a.x EQUALS \'1\'":"False"}', True),
        ("[]", False),
        ("{cut", False),
    ],
)
def test_groups_are_alternatives(results: str, *, fails: bool) -> None:
    details = {"ScopeEvaluationResult": results}
    found = scoping_verdict(event(steps=(step("EntrySynchronizationScoping", "scoping", details),)))
    assert (Obstacle.SCOPING_FILTER in found.obstacles) is fails


def test_missing_value_is_named() -> None:
    details = {"SkipReason": "AttributeValidationFailed", "PropertyName": "name.familyName"}
    steps = (step("EntrySynchronizationSkip", "export", details, "skipped"),)
    found = scoping_verdict(event("other", status="skipped", steps=steps))
    assert found.obstacles == (Obstacle.MATCHING_VALUE_MISSING,)
    assert found.missing_attribute == "name.familyName"
    assert "name.familyName" in found.summary


def test_mapping_names_the_missing_matching_value() -> None:
    steps = (step("EntrySynchronizationSkip", "export", {"SkipReason": "ImportSkipped"}),)
    mapping = custom_app_schema().mapping_for(group=False)
    found = scoping_verdict(event("other", status="skipped", steps=steps), mapping)
    assert found.missing_attribute == "userPrincipalName"


def test_reason_alone() -> None:
    steps = (step("EntrySynchronizationSkip", "export", {"SkipReason": "NotInScope"}),)
    found = scoping_verdict(event("other", status="skipped", steps=steps))
    assert found.in_scope is False
    assert "does not tell by what" in found.summary


def test_no_steps_no_verdict() -> None:
    found = scoping_verdict(event())
    assert found.in_scope is None
    assert found.summary.startswith("The event does not tell")


@pytest.mark.parametrize(
    ("details", "obstacles"),
    [
        (
            PASSED
            | {"Assigned to the application": "False", "User has the required role": "False"},
            (Obstacle.NOT_ASSIGNED,),
        ),
        (
            OLD | {"IsActive": "False", "IsEffectivelyEntitledForProvisioning": "False"},
            (Obstacle.INACTIVE,),
        ),
        (
            PASSED
            | {"Active in the source system": "False", "User has the required role": "False"},
            (Obstacle.INACTIVE, Obstacle.ROLE_MISSING),
        ),
    ],
)
def test_what_only_follows_is_not_said(
    details: dict[str, str], obstacles: tuple[Obstacle, ...]
) -> None:
    steps = (step("EntrySynchronizationScoping", "scoping", details),)
    found = scoping_verdict(event("other", status="skipped", steps=steps))
    assert found.obstacles == obstacles
    assert len(found.reasons) == len(obstacles)
