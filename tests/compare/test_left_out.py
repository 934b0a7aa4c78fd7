"""What keeps an object out now: account, assignment, role, scoping filter, matching value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.compare.entitlement import DEFAULT_ACCESS
from scimdoctor.compare.left_out import Gate
from scimdoctor.graph.synchronization import parse_schema
from tests.fakes.company import STAFF, Company, identity
from tests.fakes.events import custom_app_schema, load

if TYPE_CHECKING:
    from scimdoctor.compare.one import BothEnds


@pytest.fixture
def gate(ends: BothEnds) -> Gate:
    return Gate.of(ends.graph, ends.app.id, custom_app_schema())


def told(gate: Gate, object_id: str, *, group: bool = False) -> str:
    return "; ".join(gate.standing(object_id, group=group).obstacles)


def test_nothing(company: Company, gate: Gate) -> None:
    assert told(gate, company.hire("ada")) == ""


def test_disabled(company: Company, gate: Gate) -> None:
    assert "disabled" in told(gate, company.hire("ada", accountEnabled=False))


def test_deleted(gate: Gate) -> None:
    assert "deleted" in told(gate, identity(404))


def test_not_assigned(company: Company, gate: Gate) -> None:
    assert "not assigned" in told(gate, company.hire("ada", assigned=False))


def test_assigned_by_a_group(company: Company, gate: Gate) -> None:
    ada = company.hire("ada", assigned=False)
    company.staff(ada)
    company.assign(STAFF, "Group")
    assert told(gate, ada) == ""


def test_only_in_a_nested_group(company: Company, gate: Gate) -> None:
    ada, inner = company.hire("ada", assigned=False), identity(900)
    company.staff(inner)
    company.tenant.groups[inner] = {"id": inner, "displayName": "inner"}
    company.tenant.members[inner] = [ada]
    company.assign(STAFF, "Group")
    assert "assigned group staff only by a nested group" in told(gate, ada)


def test_default_access_only(company: Company, gate: Gate) -> None:
    ada = company.hire("ada", assigned=False)
    row = {"principalId": ada, "principalType": "User", "appRoleId": DEFAULT_ACCESS}
    company.principal.assignments.append(row)
    assert told(gate, ada) == ""
    company.principal.raw["appRoles"] = [{"id": identity(7), "value": "User"}]
    assert "Default Access" in told(gate, ada)
    row["appRoleId"] = identity(7)
    assert told(gate, ada) == ""


def test_scoping_filter_with_the_clause_and_the_value(company: Company, gate: Gate) -> None:
    said = told(gate, company.hire("ada", department="Sales"))
    assert said == (
        "the scoping filter is false for it: department EQUALS 'Marketing' (it is 'Sales')"
    )
    assert "(it is empty)" in told(gate, company.hire("bob", department=None))


def test_no_matching_value(company: Company, gate: Gate) -> None:
    said = told(gate, company.hire("ada", userPrincipalName=""))
    assert said == "the matching attribute has no value: userPrincipalName"


def test_everybody_is_assigned_where_the_job_says_so(company: Company, ends: BothEnds) -> None:
    company.principal.secrets["SyncAll"] = "true"
    gate = Gate.of(ends.graph, ends.app.id, custom_app_schema())
    assert told(gate, company.hire("ada", assigned=False)) == ""


def test_group(company: Company, gate: Gate) -> None:
    company.staff()
    assert "not assigned" in told(gate, STAFF, group=True)
    company.assign(STAFF, "Group")
    assert told(gate, STAFF, group=True) == ""


def test_job_without_groups(company: Company, ends: BothEnds) -> None:
    schema = load("synchronization-schema-custom-app.json")
    schema["synchronizationRules"][0]["objectMappings"].pop(0)
    gate = Gate.of(ends.graph, ends.app.id, parse_schema(schema))
    assert told(gate, STAFF, group=True) == "the job does not provision groups"


def test_a_required_attribute_without_a_value(company: Company, gate: Gate) -> None:
    ada = company.hire("ada", surname=None)
    assert gate.standing(ada, group=False).is_free
    for named in ("name.familyName", "surname"):
        standing = gate.standing(ada, group=False, needed=named)
        assert standing.obstacles == ("a required attribute has no value: name.familyName",)


def test_a_filter_that_cannot_be_evaluated_here_is_said(company: Company, ends: BothEnds) -> None:
    schema = load("synchronization-schema-custom-app.json")
    for mapping in schema["synchronizationRules"][0]["objectMappings"]:
        for group in (mapping["scope"] or {}).get("groups", []):
            group["clauses"][0]["operatorName"] = "SOMETHING NEW"
    gate = Gate.of(ends.graph, ends.app.id, parse_schema(schema))
    standing = gate.standing(company.hire("ada"), group=False)
    assert not standing.is_free
    assert standing.obstacles == ()
