"""App roles in a comparison of everybody: joined from assignments and direct group members."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.compare.everyone import Keeping, compare_everyone
from scimdoctor.compare.one import BothEnds, compare_one
from scimdoctor.graph.job_scope import JobScope
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.comparison import AttributeVerdict as Verdict
from scimdoctor.progress import SILENT
from tests.fakes.company import STAFF, Company, identity
from tests.fakes.events import load

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.lab.http import LabRequest, LabResponse

ADMIN, READER = identity(701), identity(702)
COMPLEX = "AppRoleAssignmentsComplex([appRoleAssignments])"


@pytest.fixture
def mapped(company: Company, ends: BothEnds) -> BothEnds:
    company.principal.raw["appRoles"] = [
        {"id": ADMIN, "value": "Admin", "displayName": "Administrators", "isEnabled": True},
        {"id": READER, "value": "Reader", "displayName": "Readers", "isEnabled": True},
    ]
    return with_roles(ends, COMPLEX)


def with_roles(ends: BothEnds, expression: str, *, groups: bool = True) -> BothEnds:
    schema = load("synchronization-schema-custom-app.json")
    mappings = schema["synchronizationRules"][0]["objectMappings"]
    users = mappings[1]
    source = {"type": "Function", "name": "x", "expression": expression}
    users["attributeMappings"].append({"targetAttributeName": "roles", "source": source})
    if not groups:
        mappings.pop(0)
    return replace(ends, schema=parse_schema(schema))


def everyone(ends: BothEnds, **keeping: Any) -> EveryoneCompared:
    return compare_everyone(ends, progress=SILENT, keeping=Keeping(**keeping))


def differing(found: EveryoneCompared) -> dict[str, dict[str, Verdict]]:
    return {
        c.object.partition("@")[0]: {a.attribute: a.verdict for a in c.attributes}
        for c in found.comparisons
        if c.resource_type == "User"
    }


def assign(company: Company, principal: str, kind: str, role: str) -> None:
    company.assign(principal, kind)
    company.principal.assignments[-1]["appRoleId"] = role


def held(*names: str) -> list[dict[str, str]]:
    return [{"value": name} for name in names]


def staff(company: Company) -> None:
    """Ada has a role of her own and one by her group; Bob has the group's, Cas none."""
    ada, bob = (company.hire(n, assigned=False) for n in ("ada", "bob"))
    company.staff(ada, bob)
    assign(company, ada, "User", ADMIN)
    assign(company, STAFF, "Group", READER)
    company.hire("cas")


@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize("groups", [False, True])
def test_roles_of_the_own_assignment_and_of_the_groups(
    company: Company, mapped: BothEnds, *, everybody: bool, groups: bool
) -> None:
    staff(company)
    company.provision("ada", roles=held("Admin", "Reader"))
    company.provision("bob", roles=held("Admin"))
    company.provision("cas")
    ends = replace(with_roles(mapped, COMPLEX, groups=groups), scope=JobScope(everybody=everybody))
    found = everyone(ends)
    assert differing(found) == {"bob": {"roles": Verdict.DIFFERS}}
    (row,) = found.comparisons[0].attributes if not groups else differing_rows(found)
    assert (row.expected, row.actual) == ('["Reader"]', '["Admin"]')
    assert not any("role" in limit for limit in found.limits)
    for name in ("ada", "bob"):
        alone = compare_one(ends, f"{name}@example.com")
        (one,) = (a for a in alone.attributes if a.attribute == "roles")
        assert (one.verdict is Verdict.DIFFERS) is (name == "bob")


def differing_rows(found: EveryoneCompared) -> tuple[Any, ...]:
    return next(c.attributes for c in found.comparisons if c.resource_type == "User")


def test_roles_join_what_else_differs(company: Company, mapped: BothEnds) -> None:
    staff(company)
    company.provision("ada", roles=held("Admin", "Reader"))
    company.provision("bob", displayName="Robert")
    company.provision("cas")
    assert differing(everyone(mapped)) == {
        "bob": {"displayName": Verdict.DIFFERS, "roles": Verdict.MISSING_IN_APP}
    }


def test_roles_that_the_list_leaves_out_are_missing_from_nobody(
    company: Company, mapped: BothEnds
) -> None:
    staff(company)
    for name in ("ada", "bob"):
        company.provision(name, roles=held("Reader"))
    rows = [
        {k: v for k, v in user.items() if k != "roles"}
        for user in company.app.provider.users.values()
    ]
    company.users(*rows)
    found = everyone(mapped)
    assert "ada" not in differing(found)
    assert any("one user at a time only" in limit for limit in found.limits)
    assert not found.is_whole


def test_other_source_values_in_the_expression(company: Company, mapped: BothEnds) -> None:
    staff(company)
    for name in ("ada", "bob", "cas"):
        company.provision(name, roles=held("Marketing"))
    expression = f"IIF(IsPresent([department]), [department], {COMPLEX})"
    assert differing(everyone(with_roles(mapped, expression))) == {}


def test_roles_are_gone_on_with(company: Company, mapped: BothEnds, tmp_path: Path) -> None:
    staff(company)
    company.provision("ada", roles=held("Admin"))
    company.provision("bob", roles=held("Reader"))
    company.provision("cas")
    whole, path = everyone(mapped), tmp_path / "state"
    assert differing(whole) == {"ada": {"roles": Verdict.DIFFERS}}
    for stop_at in range(1, 4):
        count = 0

        def stop(_request: LabRequest, at: int = stop_at) -> LabResponse | None:
            nonlocal count
            count += 1
            if count == at:
                raise KeyboardInterrupt
            return None

        company.app.rules.append(stop)
        with pytest.raises(KeyboardInterrupt):
            everyone(mapped, path=path)
        company.app.rules.clear()
        assert everyone(mapped, path=path, resume=True).in_order() == whole.in_order()


@pytest.mark.parametrize(
    ("expression", "target", "kept"),
    [
        (COMPLEX, "roles", held("Admin")),
        (COMPLEX, "roles", [{"value": json.dumps({"id": ADMIN, "value": "Admin"})}]),
        ("SingleAppRoleAssignment([appRoleAssignments])", 'roles[primary eq "True"].value', None),
    ],
)
def test_a_role_that_entra_grants_no_more_is_listed_and_one_of_the_app_s_own_is_not(
    company: Company, mapped: BothEnds, expression: str, target: str, kept: Any
) -> None:
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    source = {"type": "Function", "name": "x", "expression": expression}
    users["attributeMappings"].append({"targetAttributeName": target, "source": source})
    ends = replace(mapped, schema=parse_schema(schema))
    company.hire("cas")
    company.hire("dee")
    company.provision("cas", roles=kept or [{"primary": True, "value": "Admin"}])
    company.provision("dee", roles=[{"primary": True, "value": "the app's own"}])
    found = everyone(ends)
    assert differing(found) == {"cas": {target: Verdict.DIFFERS}}
    (row,) = differing_rows(found)
    assert "Entra grants Admin no more" in str(row.note)
    for name, verdict in (("cas", Verdict.DIFFERS), ("dee", Verdict.NOT_SENT_NULL)):
        alone = compare_one(ends, f"{name}@example.com")
        (one,) = (a for a in alone.attributes if a.attribute == target)
        assert one.verdict is verdict
