"""One person, one group, everybody: a tenant in process beside an app in process."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.compare.app_side import look_up, read
from scimdoctor.compare.everyone import compare_everyone
from scimdoctor.compare.one import BothEnds, compare_one
from scimdoctor.compare.outcome import EveryoneCompared
from scimdoctor.errors import ConfigurationError, ScimDoctorError
from scimdoctor.graph.directory import find_app
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.lab.scim.faults import FAULTS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.comparison import AttributeVerdict as Verdict
from scimdoctor.progress import SILENT
from tests.fakes.company import STAFF, Company, identity, listed
from tests.fakes.events import custom_app_schema, load
from tests.fakes.scim_app import TOKEN, open_app

if TYPE_CHECKING:
    from scimdoctor.model.comparison import Comparison


def verdicts(found: Comparison) -> dict[str, Verdict]:
    return {a.attribute: a.verdict for a in found.attributes}


def test_one_person_who_is_as_provisioned(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.provision("ada")
    found = compare_one(ends, "ada@example.com")
    assert found.state == "matched"
    bad = {Verdict.DIFFERS, Verdict.MISSING_IN_APP, Verdict.REFORMATTED}
    assert not bad & set(verdicts(found).values())
    assert verdicts(found)["title"] is Verdict.NOT_SENT_NULL


def test_one_person_attribute_by_attribute(company: Company, ends: BothEnds) -> None:
    company.hire("ada", jobTitle="Engineer", businessPhones=["+31 30 123"])
    company.provision(
        "ada",
        displayName="ADA",
        phoneNumbers=[{"type": "work", "value": "+3130123"}],
        nickName="Babs",
    )
    found = verdicts(compare_one(ends, identity(1)))
    assert found["displayName"] is Verdict.CASE_ONLY
    assert found["title"] is Verdict.MISSING_IN_APP
    assert found['phoneNumbers[type eq "work"].value'] is Verdict.REFORMATTED
    assert found["nickName"] is Verdict.ONLY_IN_APP


@pytest.mark.parametrize("name", ["external", "id"])
def test_one_person_by_the_app_s_own_name(company: Company, ends: BothEnds, name: str) -> None:
    company.hire("ada")
    own = company.provision("ada", externalId="external")
    found = compare_one(ends, own if name == "id" else name)
    assert (found.object, found.target_id) == ("ada@example.com", own)


def test_one_person_whom_only_the_app_knows(company: Company, ends: BothEnds) -> None:
    own = company.provision("eve")
    assert compare_one(ends, own).state == "orphaned-in-app"


def test_nobody_knows_the_name(ends: BothEnds) -> None:
    with pytest.raises(ConfigurationError, match="neither Entra nor the app"):
        compare_one(ends, "nobody")


@pytest.mark.parametrize(
    ("fields", "assigned", "why"),
    [
        ({"accountEnabled": False}, True, "disabled"),
        ({}, False, "not assigned"),
        ({"department": "Sales"}, True, "(it is 'Sales')"),
    ],
)
def test_one_person_who_should_be_inactive(
    company: Company, ends: BothEnds, fields: dict[str, Any], *, assigned: bool, why: str
) -> None:
    company.hire("ada", assigned=assigned, **fields)
    company.provision("ada")
    found = compare_one(ends, "ada@example.com")
    assert found.state == "active-but-should-not-be"
    assert why in found.notes[0]
    assert verdicts(found)["active"] is Verdict.DIFFERS


def test_one_person_missing_twice_or_rightly_absent(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.hire("bob", assigned=False)
    assert compare_one(ends, "ada@example.com").state == "missing-in-app"
    absent = compare_one(ends, "bob@example.com")
    assert (absent.state, "rightly so" in absent.notes[0]) == ("rightly-not-in-app", True)
    rows = [{"id": "1", "userName": "x"}, {"id": "2", "userName": "y"}]
    company.app.rules.append(lambda _: listed(rows, 2))
    assert compare_one(ends, "ada@example.com").state == "duplicate-in-app"


def test_app_that_does_not_answer(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.app.refuse("GET", "/Users", 500)
    found = compare_one(ends, "ada@example.com")
    assert found.state == "cannot-tell"
    assert "status 500" in found.notes[0]
    assert found.notes[1].endswith("scimdoctor check-endpoint https://scim.example.com/scim")


def test_app_that_refuses_the_token(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.app.refuse("GET", "/Users", 401, detail="token\nexpired")
    (said, step) = compare_one(ends, "ada@example.com").notes
    assert "status 401 'token expired'. The app refuses the credentials" in said
    assert "--token-file" in said
    assert "check-endpoint" in step
    with pytest.raises(ScimDoctorError, match=r"status 401 .*saved in Entra"):
        everyone(ends)


def test_everybody_leaves_out_who_is_rightly_absent_and_says_why_of_the_others(
    company: Company, ends: BothEnds
) -> None:
    company.hire("ada", department="Sales")
    company.hire("bob", accountEnabled=False)
    company.hire("cas", department="Sales")
    company.hire("dee", department=None)
    company.provision("cas")
    company.provision("dee")
    found = everyone(ends)
    assert {c.object: c.state for c in found.comparisons} == {
        "cas@example.com": "active-but-should-not-be",
        "dee@example.com": "active-but-should-not-be",
    }
    notes = [c.notes[0] for c in found.in_order()]
    assert "outside the scoping filter: department EQUALS 'Marketing' (it is 'Sales')" in notes[0]
    assert "(it is empty)" in notes[1]


def test_assigned_by_a_group(company: Company, ends: BothEnds) -> None:
    company.staff(company.hire("ada", assigned=False))
    company.assign(STAFF, "Group")
    company.provision("ada")
    assert compare_one(ends, "ada@example.com").state == "matched"


def test_manager_is_compared_by_the_app_s_id(company: Company, ends: BothEnds) -> None:
    ada, boss = company.hire("ada"), company.hire("boss")
    company.tenant.managers[ada] = boss
    manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
    company.provision("ada")
    assert verdicts(compare_one(ends, ada))[manager] is Verdict.CANNOT_TELL
    company.provision("boss")
    assert verdicts(compare_one(ends, ada))[manager] is Verdict.MISSING_IN_APP


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ([{"value": "Admin", "type": "WindowsAzureActiveDirectoryRole"}], Verdict.SAME),
        ([{"value": '{"id":"r1","value":"Admin","displayName":"A"}'}], Verdict.SAME),
        ([{"value": "User"}], Verdict.DIFFERS),
        ([], Verdict.MISSING_IN_APP),
    ],
)
def test_roles_are_compared_by_name(
    company: Company, ends: BothEnds, held: list[dict[str, str]], verdict: Verdict
) -> None:
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    expression = "AppRoleAssignmentsComplex([appRoleAssignments])"
    source = {"type": "Function", "name": "AppRoleAssignmentsComplex", "expression": expression}
    users["attributeMappings"].append({"targetAttributeName": "roles", "source": source})
    company.hire("ada", assigned=False)
    company.principal.raw["appRoles"] = [{"id": "r1", "value": "Admin", "displayName": "A"}]
    company.principal.assignments.append(
        {"principalId": identity(1), "principalType": "User", "appRoleId": "r1"}
    )
    company.provision("ada", roles=held)
    found = compare_one(replace(ends, schema=parse_schema(schema)), identity(1))
    assert verdicts(found)["roles"] is verdict


def test_group_and_its_members(company: Company, ends: BothEnds) -> None:
    company.staff(company.hire("ada"), company.hire("bob"), company.hire("cas"))
    ada, bob = company.provision("ada"), company.provision("bob")
    eve = company.provision("eve")
    company.app.add_group("staff", (ada, eve))
    found = compare_one(ends, "staff")
    assert found.state == "matched"
    assert verdicts(found)["members"] is Verdict.DIFFERS
    assert verdicts(found)["externalId"] is Verdict.MISSING_IN_APP
    said = " ".join(found.notes)
    assert "bob@example.com" in said
    assert eve in said
    assert "cas@example.com" in said
    assert bob not in said


def test_group_with_the_same_members(company: Company, ends: BothEnds) -> None:
    company.staff(company.hire("ada"))
    company.app.add_group("staff", (company.provision("ada"),))
    assert verdicts(compare_one(ends, STAFF))["members"] is Verdict.SAME


def test_group_that_the_app_lacks(company: Company, ends: BothEnds) -> None:
    company.staff()
    assert compare_one(ends, "staff").state == "missing-in-app"


def test_large_group_is_compared_by_number(company: Company, ends: BothEnds) -> None:
    company.staff(*[company.hire(f"p{n}", assigned=False) for n in range(201)])
    company.app.add_group("staff", (company.provision("ada"),))
    found = compare_one(ends, "staff")
    assert verdicts(found)["members"] is Verdict.DIFFERS
    assert len(company.app.asked) < 10


def everyone(ends: BothEnds) -> EveryoneCompared:
    return compare_everyone(ends, progress=SILENT)


def test_everybody_most_urgent_first(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.provision("ada")
    company.hire("bob", jobTitle="Boss")
    company.provision("bob")
    company.hire("cas")
    company.hire("dan", accountEnabled=False)
    company.provision("dan")
    company.hire("eve", assigned=False)
    company.provision("eve")
    company.provision("fay")
    company.hire("gus", assigned=False)
    company.provision("gus", active=False)
    found = everyone(ends)
    assert [(c.state, c.object.partition("@")[0]) for c in found.in_order()] == [
        ("active-but-should-not-be", "dan"),
        ("active-but-should-not-be", "eve"),
        ("missing-in-app", "cas"),
        ("orphaned-in-app", "fay"),
        ("matched", "bob"),
    ]
    assert found.in_order()[-1].attributes[0].attribute == "title"
    assert found.notes() == (
        "4 people in Entra, 6 users in the app",
        "0 groups in Entra, 0 in the app",
    )


def test_everybody_by_groups_once_each(company: Company, ends: BothEnds) -> None:
    ada = company.hire("ada")
    company.staff(ada, company.hire("bob", assigned=False), STAFF)
    company.assign(STAFF, "Group")
    company.group(company.provision("ada"), company.provision("bob"))
    found = everyone(ends)
    assert (found.counts.people, found.comparisons) == (2, [])
    assert any("nested group" in limit for limit in found.limits)


def test_everybody_twice_in_the_app(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    ada = {"userName": "ADA@example.com", "active": True}
    company.users({"id": "1"} | ada, {"id": "2"} | ada)
    states = [c.state for c in everyone(ends).comparisons]
    assert "duplicate-in-app" in states


def test_list_that_lies_about_pages_ends(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.users({"id": "1", "userName": "x"}, total=50)
    found = everyone(ends)
    assert any("ignores startIndex" in limit for limit in found.limits)
    assert "missing-in-app" not in {c.state for c in found.comparisons}


def test_list_that_fails(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.app.refuse("GET", "/Users", 500)
    with pytest.raises(ScimDoctorError, match="could not be listed"):
        everyone(ends)


def test_pages_are_walked_and_not_kept(company: Company, ends: BothEnds) -> None:
    people = [{"id": str(n), "userName": f"p{n}"} for n in range(450)]

    def paged(request: LabRequest) -> LabResponse | None:
        from urllib.parse import parse_qs, urlsplit

        if request.path.endswith("/Groups"):
            return None
        start = int(parse_qs(urlsplit(request.target).query).get("startIndex", ["1"])[0])
        return listed(people[start - 1 : start + 199], 450)

    company.app.rules.append(paged)
    found = everyone(ends)
    assert found.counts.users_in_app == 450
    assert len(company.app.asked) == 1 + 3 + 1
    assert len(ends.endpoint.exchanges) == 1


def test_many_assigned_by_name_are_read_from_one_list(company: Company, ends: BothEnds) -> None:
    for number in range(120):
        company.hire(f"p{number}")
    found = everyone(ends)
    assert found.counts.people == 120
    singly = [r for r in company.microsoft.requests if "/users/0" in str(r.url)]
    assert not singly


def test_two_people_with_one_matching_value(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.hire("ada")
    assert "duplicate-in-app" in {c.state for c in everyone(ends).comparisons}


def test_report_value_can_be_json(company: Company, ends: BothEnds) -> None:
    company.hire("ada", jobTitle="x")
    company.provision("ada")
    found = everyone(ends).in_order()
    assert json.dumps([a.expected for c in found for a in c.attributes]) == '["x"]'


def test_person_without_a_matching_value(company: Company, ends: BothEnds) -> None:
    company.hire("ada", userPrincipalName="")
    found = everyone(ends)
    assert [c.state for c in found.comparisons] == ["cannot-tell"]
    assert compare_one(ends, identity(1)).state == "cannot-tell"


def with_matching(ends: BothEnds, source: str, target: str) -> BothEnds:
    """The same ends, matched by another attribute."""
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    for item in users["attributeMappings"]:
        item["matchingPriority"] = int(item["targetAttributeName"] == target)
        if item["targetAttributeName"] == target:
            item["source"] = {"type": "Attribute", "name": source, "expression": f"[{source}]"}
    return replace(ends, schema=parse_schema(schema))


def test_strays_are_found_by_the_matching_attribute(company: Company, ends: BothEnds) -> None:
    company.hire("eve", assigned=False, employeeId="e7")
    company.provision("eve", externalId="e7")
    found = everyone(with_matching(ends, "employeeId", "externalId"))
    assert [(c.state, c.object) for c in found.comparisons] == [
        ("active-but-should-not-be", "eve@example.com")
    ]


def test_strays_beyond_the_limit_are_said(
    company: Company, ends: BothEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scimdoctor.compare.everyone.MOST_LOOK_UPS", 1)
    monkeypatch.setattr("scimdoctor.compare.outcome.MOST_SHOWN", 0)
    company.provision("eve")
    company.provision("fay")
    found = everyone(ends)
    assert any("only 1 unmatched" in limit for limit in found.limits)
    assert "1 more orphaned in app are not listed" in found.notes()


def test_expression_as_matching_attribute_cannot_be_looked_up(
    company: Company, ends: BothEnds
) -> None:
    company.hire("eve", assigned=False)
    company.provision("eve")
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    users["attributeMappings"][0]["source"] = {
        "type": "Function",
        "name": "ToLower",
        "expression": "ToLower([userPrincipalName])",
    }
    found = everyone(replace(ends, schema=parse_schema(schema)))
    assert [c.state for c in found.comparisons] == ["orphaned-in-app"]


def test_user_whose_state_the_app_hides(company: Company, ends: BothEnds) -> None:
    company.hire("eve", assigned=False)
    company.users({"id": "1", "userName": "eve@example.com"})
    assert [c.state for c in everyone(ends).comparisons] == ["cannot-tell"]


def test_two_groups_of_one_name(company: Company, ends: BothEnds) -> None:
    company.staff()
    company.tenant.groups[identity(77)] = {"id": identity(77), "displayName": "staff"}
    with pytest.raises(ConfigurationError, match="2 groups are called"):
        compare_one(ends, "staff")


def test_job_without_a_group_mapping(company: Company, ends: BothEnds) -> None:
    company.staff()
    schema = load("synchronization-schema-custom-app.json")
    schema["synchronizationRules"][0]["objectMappings"].pop(0)
    with pytest.raises(ConfigurationError, match="no mapping of groups"):
        compare_one(replace(ends, schema=parse_schema(schema)), "staff")


def test_schema_of_another_kind_of_app(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    schema = parse_schema(load("../graph-schema-salesforce.json"))
    with pytest.raises(ConfigurationError, match="no SCIM resource"):
        compare_one(replace(ends, schema=schema), "ada@example.com")


def test_default_domain_comes_from_the_tenant(company: Company, ends: BothEnds) -> None:
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    expression = 'Join("@", [mailNickname], DefaultDomain())'
    title = next(m for m in users["attributeMappings"] if m["targetAttributeName"] == "title")
    title["source"] = {"type": "Function", "name": "Join", "expression": expression}
    company.hire("ada")
    company.provision("ada", title="ada@lab.example")
    found = compare_one(replace(ends, schema=parse_schema(schema)), "ada@example.com")
    assert verdicts(found)["title"] is Verdict.SAME


def test_group_whose_members_the_app_hides(company: Company, ends: BothEnds) -> None:
    company.staff()
    company.app.rules.append(lambda _: listed([{"id": "g1", "displayName": "staff"}]))
    assert verdicts(compare_one(ends, "staff"))["members"] is Verdict.CANNOT_TELL


def test_groups_when_the_app_does_not_answer(company: Company, ends: BothEnds) -> None:
    company.staff()
    company.app.refuse("GET", "/Groups", 500)
    assert compare_one(ends, "staff").state == "cannot-tell"


@pytest.mark.parametrize(
    ("answer", "count", "trouble"),
    [
        (json_response(200, {"totalResults": 0, "Resources": None}), 0, False),
        (json_response(200, {"Resources": "x"}), 0, True),
        (json_response(200, [1]), 0, True),
        (json_response(200, {"resources": [{"id": "1"}, 2]}), 1, False),
    ],
)
def test_odd_answers_to_a_look_up(
    company: Company, ends: BothEnds, answer: LabResponse, count: int, *, trouble: bool
) -> None:
    company.app.rules.append(lambda _: answer)
    found = look_up(ends.endpoint, "Users", "userName", "x")
    assert (len(found.resources), found.trouble is not None) == (count, trouble)


def test_odd_answers_to_a_read(company: Company, ends: BothEnds) -> None:
    assert read(ends.endpoint, "Users", "none").resources == ()
    company.app.refuse("GET", "/Users", 500)
    assert "500" in str(read(ends.endpoint, "Users", "none").trouble)


LIST_FAULTS = [f.id for f in FAULTS if f.id.startswith(("list-", "paging", "response-", "body-"))]


@pytest.mark.parametrize("fault", LIST_FAULTS)
def test_no_faulty_list_makes_people_missing(company: Company, fault: str) -> None:
    for number in range(3):
        company.hire(f"p{number}")
        company.provision(f"p{number}")
    users = company.app.provider.users
    company.app.provider = ScimServiceProvider(token=TOKEN, faults=(fault,))
    company.app.provider.users = users
    with company.microsoft.connect() as graph, open_app(company.app) as endpoint:
        principal = find_app(graph, company.principal.id)
        faulty = BothEnds(graph=graph, app=principal, schema=custom_app_schema(), endpoint=endpoint)
        found = EveryoneCompared()
        with suppress(ScimDoctorError):
            found = everyone(faulty)
    assert "missing-in-app" not in {c.state for c in found.comparisons}
    assert len(company.app.asked) < 40


def test_source_values_read_as_json_writes_them(company: Company, ends: BothEnds) -> None:
    company.hire("ada")
    company.provision("ada")
    shown = " ".join(str(a.source) for a in compare_one(ends, "ada@example.com").attributes)
    assert "IsSoftDeleted = false" in shown
    assert not {"None,", "True", "False"} & set(shown.split())
