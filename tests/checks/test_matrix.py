"""Every fault of the lab, alone, gives exactly one root finding; every legal trait gives none."""

from __future__ import annotations

import pytest

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.checks import ALL_CHECKS, CheckOptions
from scimdoctor.checks.budget import MOST_REQUESTS
from scimdoctor.checks.cleanup import CLEAN_UP
from scimdoctor.checks.other_causes import ANYWHERE, OTHER_CAUSES
from scimdoctor.lab.scim.faults import FAULTS, TRAITS, Fault, Trait
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Finding, Outcome
from tests.fakes.checking import Checked, check_lab
from tests.fakes.mappings import contoso
from tests.fakes.shell import Shell, without_chance

INFORMATION_ONLY = {
    "oauth-lifetime-long": "only gallery apps are asked for less",
    "list-resources-missing": "RFC 7644 §3.4.2 lets Resources be absent from an empty list",
    "duplicate-without-scim-type": "Entra goes by the status 409",
    "unlisted-extension-refused": "sent only when a mapping has a custom extension",
    "custom-extension-dropped": "sent only when a mapping has a custom extension",
    "custom-extension-path-refused": "sent only when a mapping has a custom extension",
    "duplicate-by-external-id": "the client's own key (RFC 7643 §3.1) may be kept unique",
    "delete-deactivates": "the query finds the user again, and restoring works",
    "delete-200-with-body": "any success of DELETE works",
    "delete-202": "any success of DELETE works",
    "group-duplicate-overwrites": "Entra asks for the name before, and the group is found",
    "group-duplicate-created-again": "RFC 7643 §4.2 does not make displayName unique",
    "group-patch-200-with-members": "both 200 and 204 are legal",
}
"""Faults that harm nothing by themselves: told as information, with their cause where it shows."""

NEEDS_A_SOCKET = {"slow"}
"""Faults that show only over a connection."""

LEAVES_OBJECTS = {
    "delete-405": "nothing can be deleted",
    "delete-404": "nothing can be deleted",
    "delete-ignored": "nothing can be deleted",
    "group-delete-refused": "no group can be deleted",
    "id-with-slash": "nothing can be addressed",
    "body-latin-1": "the id of what was created cannot be read",
    "minute-quota": "the minute is not over in time",
    "client-banned": "no request is let through any more",
}

RULES = {check.id: check.rule for check in ALL_CHECKS} | {CLEAN_UP.id: CLEAN_UP.rule}


def named_by(check: str) -> set[str | None]:
    """The causes that a failure of this check may name."""
    return {RULES[check].cause, *RULES[check].other_causes, *ANYWHERE}


IN_PROCESS = [f for f in FAULTS if f.id not in NEEDS_A_SOCKET]
HARMFUL = [f for f in IN_PROCESS if f.id not in INFORMATION_ONLY]
HARMLESS = [f for f in IN_PROCESS if f.id in INFORMATION_ONLY]
NOT_ON_DEMAND = {
    "reset-now-and-then": "only every tenth request fails",
    "throttled-without-retry-after": "only every third request fails",
    "unavailable-now-and-then": "only every fifth request fails",
    "busy-now-and-then": "only every fourth request fails",
    "minute-quota": "it takes hundreds of requests",
    "client-banned": "it takes hundreds of requests",
    "crowd-refused": "it takes a crowd",
    "crowd-mixes-users": "it takes a crowd",
    "crowd-loses-members": "it takes a crowd",
    "group-locked-409": "it takes requests at the same time",
    "members-parallel-lost": "it takes requests at the same time",
    "filter-first-page-only": "it takes many users",
    "members-shown-capped": "it takes more members than a line makes",
    "group-filter-first-only": "it takes other groups",
    "members-capped": "the line makes five users at most",
    "members-without-address-dropped": "it takes many users",
}
"""Faults that one line of requests does not show again."""


def checked_with(fault: Fault) -> Checked:
    """A run with the options that the fault needs to show."""
    schema = contoso() if fault.family == "mapping" else None
    options = CheckOptions(load=fault.family == "load", schema=schema)
    return check_lab(fault.id, options=options, oauth=fault.family == "oauth")


@pytest.mark.parametrize("fault", HARMFUL, ids=lambda f: f.id)
def test_one_fault_gives_one_root_finding_with_its_cause(fault: Fault) -> None:
    checked = checked_with(fault)

    causes = [(f.check, f.cause) for f in checked.problems]
    assert [cause for _, cause in causes] == [fault.cause], causes
    failed = [f for f in checked.findings if f.outcome is Outcome.FAILED]
    assert [f for f in failed if f.cause and f.cause not in named_by(f.check)] == []
    assert fault.id in LEAVES_OBJECTS or checked.left == 0
    assert fault.family == "load" or len(checked.exchanges) <= MOST_REQUESTS
    for finding in checked.problems:
        _repeat(finding, fault)


def _repeat(finding: Finding, fault: Fault) -> None:
    """The finding's line shows the fault, which a sound app does not, and leaves nothing in either."""
    assert finding.reproduce is not None
    faulty, sound = ScimServiceProvider(faults=[fault.id]), ScimServiceProvider()
    printed = [
        without_chance(Shell(handle=p.handle).run(finding.reproduce)) for p in (faulty, sound)
    ]
    assert fault.id in NOT_ON_DEMAND or printed[0] != printed[1], finding.reproduce
    assert not sound.users
    assert not sound.groups
    no_id = fault.id == "create-303"  # by whose answer nothing is removed
    lasting = no_id or fault.id in LEAVES_OBJECTS
    assert lasting or not (faulty.users or faulty.groups)


WITH_A_MAPPING = (
    "filter-attribute-case-sensitive",
    "address-street-required",
    "values-trimmed",
    "roles-as-text",
    "user-name-without-domain",
    "extension-as-list",
    "user-name-as-object",
    "patch-multiple-operations-refused",
    "display-name-refused",
    "extension-path-500",
    "extension-path-literal",
    "custom-extension-path-refused",
    "employee-number-path-ignored",
    "operations-capped",
    "group-rename-refused",
    "group-replace-refused",
)
"""Faults that the checks of a mapping meet too, each in a way of its own."""


@pytest.mark.parametrize("fault", WITH_A_MAPPING)
def test_one_fault_gives_one_root_finding_with_a_mapping_too(fault: str) -> None:
    checked = check_lab(fault, options=CheckOptions(schema=contoso()))

    (found,) = checked.problems
    assert found.cause == next(f.cause for f in FAULTS if f.id == fault)
    assert checked.left == 0


@pytest.mark.parametrize("fault", HARMLESS, ids=lambda f: f.id)
def test_a_harmless_fault_is_no_problem(fault: Fault) -> None:
    checked = checked_with(fault)

    assert checked.problems == []
    failed = [f for f in checked.findings if f.outcome is Outcome.FAILED]
    assert [f for f in failed if f.cause and f.cause not in named_by(f.check)] == []


@pytest.mark.parametrize("trait", TRAITS, ids=lambda t: t.id)
def test_a_legal_choice_is_no_problem(trait: Trait) -> None:
    checked = check_lab(traits=[trait.id])

    assert [(f.check, f.message) for f in checked.problems] == []
    assert checked.left == 0


def test_a_conformant_provider_has_no_problem_within_the_budget() -> None:
    checked = check_lab()

    assert [(f.check, f.message) for f in checked.problems] == []
    assert len(checked.exchanges) <= 400
    assert checked.left == 0


def test_one_attribute_that_no_patch_changes_does_not_hide_the_rest() -> None:
    checked = check_lab("title-dropped", "display-name-set-on-create", "patch-name-500")

    refused = checked.of("patch/replace")
    assert refused.cause == "unhandled-exception-500"
    assert "For displayName it works" in refused.message
    assert checked.of("lifecycle/disable").outcome is Outcome.PASSED


def test_a_patch_that_users_lack_hides_neither_groups_nor_what_users_have() -> None:
    checked = check_lab("user-patch-405")
    assert checked.of("lifecycle/disable").outcome is Outcome.SKIPPED
    assert checked.of("groups/rename").outcome is Outcome.PASSED
    assert checked.of("groups/remove-list").outcome is Outcome.PASSED

    checked = check_lab("patch-active-only")
    assert checked.of("lifecycle/disable").outcome is Outcome.PASSED
    assert checked.of("lifecycle/update-disabled").outcome is Outcome.SKIPPED

    checked = check_lab("user-patch-405", "group-rename-refused")
    assert checked.of("groups/rename").cause == "immutable-attribute-refused"
    assert checked.of("groups/add-members").outcome is Outcome.PASSED


def test_two_parts_that_a_create_refuses_do_not_hide_what_the_rest_is_good_for() -> None:
    checked = check_lab("empty-roles-refused", "meta-refused", "active-ignored")

    assert "Without roles, meta it works" in checked.of("create/documented").message
    assert checked.of("patch/replace").outcome is Outcome.PASSED
    problems = ["create/documented", "lifecycle/disable"]
    assert [f.check for f in checked.problems] == problems


def test_a_list_of_groups_that_cannot_be_read_does_not_hide_the_rest_of_groups() -> None:
    checked = check_lab("group-list-bare-array", "members-add-ignored")

    assert [f.check for f in checked.problems] == ["groups/query", "groups/add-members"]


@pytest.mark.parametrize("other", ["members-remove-list-wipes", "group-rename-refused"])
def test_a_create_of_groups_that_needs_a_member_does_not_hide_the_rest_of_groups(
    other: str,
) -> None:
    checked = check_lab("group-create-needs-members", other)

    assert "With one member it works" in checked.of("groups/create").message
    (found,) = [f for f in checked.problems if f.check != "groups/create"]
    assert found.cause == next(fault.cause for fault in FAULTS if fault.id == other)
    assert checked.of("groups/many-members").outcome is Outcome.PASSED
    assert checked.left == 0


@pytest.mark.parametrize(
    ("faults", "checks"),
    [
        (("list-resources-null", "paging-ignored"), ["query/no-match", "query/paging"]),
        (
            ("filter-email-path-refused", "filter-urn-refused"),
            ["query/work-email", "query/extension"],
        ),
        (
            ("filter-external-id-refused", "filter-urn-finds-nothing"),
            ["query/external-id", "query/extension"],
        ),
        (("filter-email-path-finds-nothing", "filter-urn-finds-nothing"), ["query/work-email"]),
    ],
)
def test_two_faults_of_one_cause_are_told_apart_where_they_show_differently(
    faults: tuple[str, ...], checks: list[str]
) -> None:
    assert [f.check for f in check_lab(*faults).problems] == checks


def test_a_success_without_a_user_is_told_with_what_it_needs() -> None:
    finding = check_lab("create-fails-with-200").of("create/minimal")

    assert "and no user is there. It needs emails" in finding.message


def test_the_exceptions_name_faults_that_exist() -> None:
    known = {fault.id for fault in FAULTS}

    named = {
        *INFORMATION_ONLY,
        *NOT_ON_DEMAND,
        *NEEDS_A_SOCKET,
        *LEAVES_OBJECTS,
        *WITH_A_MAPPING,
    }
    assert named <= known


def test_other_causes_are_of_checks_and_causes_that_exist() -> None:
    known = {cause.rule.id for cause in ALL_CAUSES}

    assert set(OTHER_CAUSES) <= set(RULES)
    assert all(set(causes) <= known for causes in OTHER_CAUSES.values())
    assert all(RULES[check].cause not in causes for check, causes in OTHER_CAUSES.items())


def test_resources_without_schemas_do_not_hide_the_rest_of_groups() -> None:
    checked = check_lab("schemas-missing", "members-remove-list-ignored")

    assert checked.of("groups/remove-list").cause == "members-remove-value-not-understood"
    assert "schemas is missing" in checked.of("read/shape").message
