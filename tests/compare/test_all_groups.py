"""All groups, and whom a job provisions: a tenant in process beside an app in process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.compare.everyone import compare_everyone
from scimdoctor.compare.one import BothEnds, compare_one
from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.job_scope import JobScope, job_scope
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.comparison import AttributeVerdict as Verdict
from scimdoctor.progress import SILENT
from tests.fakes.company import STAFF, Company, identity
from tests.fakes.events import load

if TYPE_CHECKING:
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.model.comparison import Comparison


def everyone(ends: BothEnds) -> EveryoneCompared:
    return compare_everyone(ends, progress=SILENT)


def groups_in(ends: BothEnds) -> dict[str, Comparison]:
    """The findings about groups, by name."""
    return {c.object: c for c in everyone(ends).in_order() if c.resource_type == "Group"}


def staffed(company: Company, *names: str) -> list[str]:
    """People at both ends who are members of the assigned group; their ids in the app."""
    company.staff(*[company.hire(name, assigned=False) for name in names])
    company.assign(STAFF, "Group")
    return [company.provision(name) for name in names]


def test_group_as_it_should_be(company: Company, ends: BothEnds) -> None:
    company.group(*staffed(company, "ada", "bob"))
    found = everyone(ends)
    assert found.comparisons == []
    assert found.notes()[1] == "1 group in Entra, 1 in the app"


def test_group_missing(company: Company, ends: BothEnds) -> None:
    staffed(company, "ada")
    assert groups_in(ends)["staff"].state == "missing-in-app"


def test_members_that_differ(company: Company, ends: BothEnds) -> None:
    ada, _ = staffed(company, "ada", "bob")
    eve = company.provision("eve")
    company.group(ada, eve)
    found = groups_in(ends)["staff"]
    assert [(a.attribute, a.verdict) for a in found.attributes] == [("members", Verdict.DIFFERS)]
    assert (found.attributes[0].expected, found.attributes[0].actual) == ("2 members", "2 members")
    said = " ".join(found.notes)
    assert "in Entra, not in the app's group: bob@example.com" in said
    assert "in the app's group, not in Entra's: eve@example.com" in said


def test_members_whom_the_app_lacks_are_said_once(company: Company, ends: BothEnds) -> None:
    """A person who is missing in the app cannot be in its group: that is not a second finding."""
    ada, bob = staffed(company, "ada", "bob")
    company.group(ada)
    del company.app.provider.users[bob]
    assert [(c.object, c.state) for c in everyone(ends).comparisons] == [
        ("bob@example.com", "missing-in-app")
    ]


def test_nested_group_may_be_a_member(company: Company, ends: BothEnds) -> None:
    inner = identity(900)
    (ada,) = staffed(company, "ada")
    company.tenant.groups[inner] = {"id": inner, "displayName": "inner"}
    company.tenant.members[inner] = []
    company.tenant.members[STAFF].append(inner)
    company.assign(inner, "Group")
    own = company.app.add_group("inner")
    company.app.provider.groups[own]["externalId"] = inner
    company.group(ada, own)
    assert groups_in(ends) == {}


def test_attribute_of_a_group(company: Company, ends: BothEnds) -> None:
    own = company.group(*staffed(company, "ada"))
    company.app.provider.groups[own]["externalId"] = "another"
    found = groups_in(ends)["staff"]
    assert [(a.attribute, a.verdict) for a in found.attributes] == [("externalId", Verdict.DIFFERS)]


def test_group_left_behind_or_never_entra_s(company: Company, ends: BothEnds) -> None:
    company.staff()
    company.app.add_group("staff")
    company.app.add_group("made by hand")
    found = groups_in(ends)
    assert {c.state for c in found.values()} == {"orphaned-in-app"}
    assert "is it assigned" in found["staff"].notes[0]
    assert "no such group" in found["made by hand"].notes[0]


def test_group_twice_in_the_app(company: Company, ends: BothEnds) -> None:
    members = staffed(company, "ada")
    company.group(*members)
    other = company.group(*members, name="other")
    company.app.provider.groups[other]["displayName"] = "STAFF"
    assert groups_in(ends)["staff"].state == "duplicate-in-app"


def test_groups_come_after_people_of_the_same_state(company: Company, ends: BothEnds) -> None:
    company.hire("zoe")
    staffed(company)
    found = everyone(ends).in_order()
    assert [(c.resource_type, c.state) for c in found] == [
        ("User", "missing-in-app"),
        ("Group", "missing-in-app"),
    ]


def test_members_that_the_app_hides_are_said_once(company: Company, ends: BothEnds) -> None:
    own = company.group(*staffed(company, "ada"))
    company.app.provider.groups[own].pop("members")
    found = everyone(ends)
    assert found.comparisons == []
    assert any("does not show the members of 1 group" in limit for limit in found.limits)


def test_a_group_without_members_is_empty_where_others_show_theirs(
    company: Company, ends: BothEnds
) -> None:
    members = staffed(company, "ada", "bob")
    wiped = company.group(*members)
    company.app.provider.groups[wiped].pop("members")
    other = identity(901)
    company.tenant.groups[other] = {"id": other, "displayName": "other"}
    company.tenant.members[other] = list(company.tenant.members[STAFF])
    company.assign(other, "Group")
    own = company.app.add_group("other", tuple(members))
    company.app.provider.groups[own]["externalId"] = other
    found = everyone(ends)
    (group,) = found.comparisons
    assert (group.object, group.state) == ("staff", "matched")
    (row,) = group.attributes
    assert (row.expected, row.actual, row.verdict) == ("2 members", "0 members", Verdict.DIFFERS)
    assert found.limits == []
    alone = compare_one(ends, "staff")
    assert alone.attributes[-1].verdict is Verdict.DIFFERS
    company.app.provider.groups[own].pop("members")
    hidden = compare_one(ends, "staff")
    assert hidden.attributes[-1].verdict is Verdict.CANNOT_TELL


def test_app_without_groups(company: Company, ends: BothEnds) -> None:
    staffed(company, "ada")
    company.app.refuse("GET", "/Groups", 404)
    found = everyone(ends)
    assert found.comparisons == []
    assert any("/Groups could not be listed" in limit for limit in found.limits)


def test_job_that_does_not_provision_groups(company: Company, ends: BothEnds) -> None:
    staffed(company, "ada")
    schema = load("synchronization-schema-custom-app.json")
    schema["synchronizationRules"][0]["objectMappings"][0]["enabled"] = False
    found = everyone(replace(ends, schema=parse_schema(schema)))
    assert found.comparisons == []
    assert len(found.notes()) == 1
    assert not any(r.path.endswith("/Groups") for r in company.app.asked)


def test_very_large_group(company: Company, ends: BothEnds) -> None:
    (ada,) = staffed(company, "ada")
    own = company.group(ada)
    many = [{"value": f"{number:040d}"} for number in range(100_000)]
    company.app.provider.groups[own]["members"] = [{"value": ada}, *many]
    found = everyone(ends)
    assert found.comparisons == []
    assert not ends.endpoint.exchanges[-1:] or len(ends.endpoint.exchanges[-1].json) < 100


@pytest.mark.parametrize("name", ["id", STAFF, "staff"])
def test_one_group_by_the_app_s_own_name(company: Company, ends: BothEnds, name: str) -> None:
    own = company.group(*staffed(company, "ada"))
    found = compare_one(ends, own if name == "id" else name)
    assert (found.resource_type, found.label, found.target_id) == ("Group", "staff (group)", own)


def test_one_group_that_only_the_app_knows(company: Company, ends: BothEnds) -> None:
    own = company.app.add_group("made by hand")
    assert compare_one(ends, own).state == "orphaned-in-app"


def test_nobody_and_no_group_of_that_name(ends: BothEnds) -> None:
    with pytest.raises(ConfigurationError, match="neither Entra nor the app"):
        compare_one(ends, "nothing")


EVERYBODY = JobScope(everybody=True)


def test_everybody_is_in_scope_where_the_job_says_so(company: Company, ends: BothEnds) -> None:
    """`SyncAll`: people who are not assigned are no stale accounts."""
    company.hire("ada", assigned=False)
    company.provision("ada")
    assert {c.state for c in everyone(ends).comparisons} == {"active-but-should-not-be"}
    company.staff(identity(1))
    company.group(*company.app.provider.users)
    wide = replace(ends, scope=EVERYBODY)
    assert everyone(wide).comparisons == []
    assert compare_one(wide, "ada@example.com").state == "matched"


def test_everybody_includes_the_disabled(company: Company, ends: BothEnds) -> None:
    company.hire("ada", assigned=False, accountEnabled=False)
    company.provision("ada")
    company.hire("bob", assigned=False)
    found = everyone(replace(ends, scope=EVERYBODY)).in_order()
    assert [(c.state, c.object) for c in found] == [
        ("active-but-should-not-be", "ada@example.com"),
        ("missing-in-app", "bob@example.com"),
    ]


@pytest.mark.parametrize(
    ("saved", "scope"),
    [
        ({"SyncAll": "true"}, JobScope(everybody=True)),
        ({"SyncAll": "false"}, JobScope()),
        ({}, JobScope()),
        ({"SkipOutOfScopeDeletions": "True"}, JobScope(keeps_leavers=True)),
    ],
)
def test_scope_as_the_job_s_settings_say(
    company: Company, ends: BothEnds, saved: dict[str, Any], scope: JobScope
) -> None:
    company.principal.secrets = saved
    assert job_scope(ends.graph, ends.app.id) == scope


def test_leavers_whom_the_job_keeps(company: Company, ends: BothEnds) -> None:
    company.hire("ada", assigned=False)
    company.provision("ada")
    kind = replace(ends, scope=JobScope(keeps_leavers=True))
    for found in (everyone(kind).comparisons[0], compare_one(kind, "ada@example.com")):
        assert "SkipOutOfScopeDeletions" in found.notes[-1]
