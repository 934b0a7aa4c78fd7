"""The tenant's own mapping: what is made up for it, and what becomes of it in the app."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import CheckOptions
from scimdoctor.checks.mapped_values import Plan, plan, sort_of
from scimdoctor.checks.values import Values
from scimdoctor.entra.dialect import Dialect
from scimdoctor.graph.saved import load_schema
from scimdoctor.lab.scim.faults import FAULTS, TRAITS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from tests.fakes.checking import Checked, check_lab, check_provider
from tests.fakes.mappings import CONTOSO, WORK_EMAIL, contoso, default, mapped, row

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import SynchronizationSchema

DATA = Path(__file__).parents[1] / "data"
EXPORTS = sorted(DATA.glob("graph-schema-*.json"))
FAX = 'phoneNumbers[type eq "fax"].value'
BOTH = ("mapping", "custom")


def check(
    schema: SynchronizationSchema,
    *faults: str,
    traits: tuple[str, ...] = (),
    options: CheckOptions | None = None,
) -> Checked:
    provider = ScimServiceProvider(faults=faults, traits=traits)
    return check_provider(provider, options=replace(options or CheckOptions(), schema=schema))


def planned(schema: SynchronizationSchema, *, group: bool = False, seed: int = 1) -> Plan:
    mapping = schema.mapping_for(group=group)
    assert mapping is not None
    return plan(schema, mapping, Values(seed=seed), "test")


def value_of(schema: SynchronizationSchema, path: str) -> object:
    return planned(schema).values()[path]


@pytest.mark.parametrize("path", EXPORTS, ids=lambda p: p.stem)
def test_an_export_gives_no_problem_within_the_budget(path: Path) -> None:
    checked = check(load_schema(path))

    assert [(f.check, f.message) for f in checked.problems] == []
    assert len(checked.exchanges) <= 400
    assert checked.left == 0


@pytest.mark.parametrize("trait", TRAITS, ids=lambda t: t.id)
def test_a_legal_choice_is_no_problem_for_a_mapping(trait: object) -> None:
    name = trait.id  # type: ignore[attr-defined]
    checked = check(contoso(), traits=(name,), options=CheckOptions(only=BOTH))

    assert [(f.check, f.message) for f in checked.problems] == []
    assert checked.left == 0


def test_every_check_of_a_mapping_passes_where_all_works() -> None:
    checked = check(contoso())

    assert checked.problems == []
    assert len(checked.exchanges) <= 400
    outcomes = {f.check: f.outcome for f in checked.findings if f.check.startswith("mapping/")}
    assert set(outcomes.values()) == {Outcome.PASSED}


def test_without_a_mapping_its_checks_are_skipped() -> None:
    checked = check_provider(ScimServiceProvider(), options=CheckOptions(only=("mapping",)))

    assert {f.outcome for f in checked.findings} == {Outcome.SKIPPED}
    assert checked.of("mapping/long").message == (
        "no attribute mapping was given (--app or --schema)"
    )


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_mapping_is_tried_in_either_dialect(dialect: Dialect) -> None:
    checked = check(contoso(), options=CheckOptions(only=BOTH, dialects=(dialect,)))

    assert checked.problems == []
    patches = [x.request.json for x in checked.exchanges if x.request.method == "PATCH"]
    sent = json.dumps(patches)
    assert ('"op": "Replace"' in sent) is (dialect is Dialect.DEFAULT)
    assert (f'"{CONTOSO}:isRemote", "value": "False"' in sent) is (dialect is Dialect.DEFAULT)


def test_groups_that_are_not_offered_are_skipped_with_the_reason() -> None:
    provider = ScimServiceProvider(traits=["users-only"])
    checked = check_provider(provider, options=CheckOptions(schema=contoso()))

    assert checked.problems == []
    assert checked.of("mapping/group-attributes").outcome is Outcome.SKIPPED
    assert checked.of("mapping/update").outcome is Outcome.PASSED


def test_a_switched_off_group_mapping_is_skipped_with_the_reason() -> None:
    schema = contoso()
    (rule,) = schema.synchronization_rules
    users, groups = rule.object_mappings
    off = replace(rule, object_mappings=(users, replace(groups, enabled=False)))
    options = CheckOptions(only=("mapping/group-attributes",))
    checked = check(replace(schema, synchronization_rules=(off,)), options=options)

    assert checked.of("mapping/group-attributes").message == "the mapping of groups is switched off"


def test_matching_attributes_are_asked_in_the_order_of_precedence() -> None:
    checked = check(contoso(), options=CheckOptions(only=("mapping/matching",)))

    queries = [x.request.query for x in checked.exchanges if "mapped" in x.request.query]
    first = next(i for i, q in enumerate(queries) if "emails" in q)
    assert first < next(i for i, q in enumerate(queries) if "userName" in q)


def test_matching_is_asked_though_another_attribute_is_lost() -> None:
    checked = check(contoso(), "fax-dropped", "filter-custom-finds-nothing")

    found = {(f.check, f.severity) for f in checked.problems}
    assert found == {
        ("mapping/attributes", Severity.MAJOR),
        ("mapping/matching", Severity.BLOCKER),
    }


def test_many_attributes_of_one_refused_extension_are_one_finding() -> None:
    checked = check(contoso(), "custom-number-refused")

    (only,) = checked.problems
    assert only.check == "mapping/attributes"
    assert f"because of {CONTOSO}:floor (sent as" in only.message
    assert checked.of("mapping/update").outcome is Outcome.PASSED


def test_a_fax_number_that_no_update_changes_is_named_alone() -> None:
    checked = check(default(), "fax-update-ignored")

    (only,) = checked.problems
    assert only.check == "mapping/update"
    assert FAX in only.message
    assert "title" not in only.message


def test_a_constant_and_an_expression_give_what_entra_sends() -> None:
    schema = mapped(
        row("userName", "ToLower([userPrincipalName], )"),
        row("userType", '"Employee"'),
        row("nickName", 'Replace("x-y", "-", , , "+", , )'),
        row('addresses[type eq "work"].country', 'Switch("DE", "US", "DE", "Germany")'),
    )
    found = {m.path: m for m in planned(schema).attributes}

    assert found["userType"].value == "Employee"
    assert found["userType"].changed is None
    assert found["nickName"].value == "x+y"
    assert found['addresses[type eq "work"].country'].value == "Germany"
    assert str(found["userName"].value).startswith("scimdoctor-")


def test_values_fit_their_type() -> None:
    sent = planned(contoso()).values()

    assert sent[f"{CONTOSO}:isRemote"] is True
    assert isinstance(sent[f"{CONTOSO}:floor"], int)
    assert str(sent[f"{CONTOSO}:hireDate"]).endswith("Z")
    assert isinstance(sent[f"{CONTOSO}:badge"], str)


def test_the_same_seed_gives_the_same_values() -> None:
    assert planned(contoso(), seed=7) == planned(contoso(), seed=7)
    assert planned(contoso(), seed=7) != planned(contoso(), seed=8)


def test_symbols_go_only_where_people_have_them() -> None:
    found = {m.path: m.symbols for m in planned(contoso()).attributes}

    assert "'" in str(found[WORK_EMAIL])
    assert "+" in str(found[WORK_EMAIL])
    assert "Ł" in str(found["displayName"])
    assert "#" in str(found["title"])
    without = {"externalId", FAX, "userType", f"{CONTOSO}:hireDate", f"{CONTOSO}:floor"}
    assert {found[path] for path in without} == {None}


def test_an_attribute_that_flows_on_creation_only_is_not_updated() -> None:
    found = {m.path: m.changed for m in planned(contoso()).attributes}

    assert found["externalId"] is None
    assert found["title"] is not None


def test_what_is_not_tried_is_named_with_the_reason() -> None:
    schema = mapped(
        row("userName", "[userPrincipalName]"),
        row("roles", "AppRoleAssignmentsComplex([appRoleAssignments])"),
        row("emails", "[mail]"),
        row("password", '"x"'),
        row("no path[", "[mail]"),
    )

    assert planned(schema).left_out == (
        "roles (custom/roles asks for it)",
        "emails (multi-valued without a filter)",
        "password (not for provisioning)",
        "no path[ (no attribute path)",
    )


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("userName", "email"),
        ('emails[type eq "home"].value', "email"),
        ('phoneNumbers[type eq "pager"].value', "phone"),
        ('addresses[type eq "work"].formatted', "text"),
        ('addresses[type eq "work"].postalCode', "number"),
        (f"{CONTOSO}:hireDate", "date"),
        (f"{CONTOSO}:costCode", "number"),
        (f"{CONTOSO}:badge", "text"),
        ("name.familyName", "name"),
        ("timezone", "zone"),
        ("profileUrl", "url"),
        ("userType", "role"),
    ],
)
def test_a_text_fits_the_name_of_its_attribute(name: str, sort: str) -> None:
    assert sort_of(name) == sort


@pytest.mark.parametrize(
    "fault",
    ["external-id-dropped", "extension-flattened", "emails-as-text"],
)
def test_what_is_reported_already_is_no_second_finding_of_the_mapping(fault: str) -> None:
    found = check_lab(
        fault, options=CheckOptions(schema=load_schema(DATA / "graph-schema-default.json"))
    )
    (cause,) = (one.cause for one in FAULTS if one.id == fault)
    assert [one.cause for one in found.problems] == [cause]


def test_groups_that_the_tenant_does_not_map_may_be_missing() -> None:
    users = mapped(row("userName", "[userPrincipalName]", matching=1))
    everything = mapped(
        row("userName", "[userPrincipalName]", matching=1),
        group_rows=(row("displayName", "[displayName]", matching=1),),
    )

    assert [f.check for f in check(users, "groups-404").problems] == []
    assert [f.check for f in check(everything, "groups-404").problems] == ["groups/query"]
