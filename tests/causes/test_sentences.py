"""Sentences that no table holds, read by subject and predicate; and answers read by what they show."""

from __future__ import annotations

import pytest

from scimdoctor.causes.breach import Breach
from scimdoctor.causes.composition import composed
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.causes.phrases import breaches_in
from scimdoctor.model.diagnosis import Case, Confidence
from tests.causes.build import (
    ENTERPRISE,
    Pair,
    about,
    event,
    exchange,
    group,
    job,
    listed,
    on,
    op,
    patch,
    reason,
    scim,
    seen,
    tells_apart,
    user,
)
from tests.causes.test_families import asked, failed, patched, sent

MEANINGS: tuple[tuple[str, Breach], ...] = (
    ("The token you sent is not valid here", Breach.TOKEN_REFUSED),
    ("No such workspace", Breach.CONTAINER),
    ("Quota exceeds what was bought", Breach.LICENCE),
    ("Unexpected path encountered: nickName", Breach.PATH_REFUSED),
    ("A path must be provided", Breach.PATH_MISSING),
    ("The body gave a schema type that is incompatible with it", Breach.UNKNOWN_SCHEMA),
    ("The schema was not recognised", Breach.UNKNOWN_SCHEMA),
    ("This query is not supported", Breach.FILTER_REFUSED),
    ("The HTTP method is not supported", Breach.METHOD),
    ("The manager could not be found", Breach.REFERENCE),
    ("Members are managed by the owning system", Breach.POLICY),
    ("administrative roles are not managed here", Breach.POLICY),
    ("nickName is not modifiable", Breach.IMMUTABLE),
    ("The field lacks a value", Breach.REQUIRED),
    ("The name conflicts with another", Breach.UNIQUE),
    ("Unknown property costCode", Breach.UNKNOWN_ATTRIBUTE),
    ("Teams are not supported", Breach.GROUPS_UNSUPPORTED),
    ("The person no longer exists", Breach.NOT_FOUND),
    ("This account cannot be touched", Breach.POLICY),
)
NO_MEANING: tuple[str, ...] = (
    "",
    "The request could not be handled",
    "Something is missing",
    "The user was read",
    "Path, filter and token were read",
    "Ask your administrator. They know.",
)


@pytest.mark.parametrize(("text", "breach"), MEANINGS)
def test_subject_and_predicate_mean(text: str, breach: Breach) -> None:
    assert composed(text) is breach


@pytest.mark.parametrize("text", NO_MEANING)
def test_half_a_sentence_means_nothing(text: str) -> None:
    assert composed(text) is None


def test_a_later_clause_is_read_where_the_first_says_nothing() -> None:
    assert composed("We looked hard. The person no longer exists.") is Breach.NOT_FOUND


def test_what_is_put_together_is_only_possible() -> None:
    found = diagnose_case(failed("create", 400, scim("The field nickName lacks a value")))
    assert found.confidence is Confidence.POSSIBLE


GROUP_BEFORE = exchange(
    "GET", "/Groups/g1", 200, group(members=[{"value": "A"}, {"value": "B"}]), id_="h1"
)
DEVICES = {"devices": ["D1", "D2"]}


def renamed(members: list[dict[str, str]]) -> Case:
    """A group that got a new name, with `members` in the answer."""
    body = patch(op("Replace", "displayName", "New"))
    after = exchange(
        "PATCH", "/Groups/g1", 200, group(displayName="New", members=members), sent=body, id_="h2"
    )
    return seen(GROUP_BEFORE, after)


def added_member(members: list[dict[str, str]]) -> Case:
    """A group that got a member, with `members` in the answer."""
    body = patch(op("Add", "members", [{"value": "C"}]))
    after = exchange("PATCH", "/Groups/g1", 200, group(members=members), sent=body, id_="h2")
    return seen(GROUP_BEFORE, after)


def added_device(devices: list[str]) -> Case:
    """A user that got a device, with `devices` in the answer."""
    before = exchange("GET", "/Users/u1", 200, user(**{ENTERPRISE: DEVICES}), id_="h1")
    body = patch(op("Add", f"{ENTERPRISE}:devices", ["D3"]))
    answer = user(**{ENTERPRISE: {"devices": devices}})
    return seen(before, exchange("PATCH", "/Users/u1", 200, answer, sent=body, id_="h2"))


def department(**answer: object) -> Case:
    """A PATCH of a department, with what came back."""
    return patched(patch(op("Add", f"{ENTERPRISE}:department", "IT")), 200, user(**answer))


def created_group(members: list[dict[str, str]]) -> Case:
    """A group that was created with a member."""
    body = {"displayName": "Staff", "members": [{"value": "A"}]}
    return sent("POST", "/Groups", body, 201, group(members=members))


def dotted(text: str) -> Case:
    """A pathless operation with a dotted key."""
    value = {"name.familyName": "Russell", "active": False}
    return patched(patch(op("Add", None, value)), 400, scim(text, "invalidValue"))


def probed(status: int, text: str) -> Case:
    """A failed connection test."""
    return about(job(reason(status, scim(text, None, status))))


def paged(total: int) -> Case:
    """All three users, and then the first two of them."""
    three = [user(id=name, userName=name) for name in ("ada", "bob", "cyd")]
    every = exchange("GET", "/Users", 200, listed(*three), id_="h1")
    page = listed(*three[:2], total=total)
    return seen(every, exchange("GET", "/Users?startIndex=1&count=2", 200, page, id_="h2"))


def beyond(size: int) -> Case:
    """A page after the last, with the size that it tells."""
    page = listed(total=2) | {"startIndex": 101, "itemsPerPage": size}
    return asked("/Users?startIndex=101&count=100", 200, page)


CUT = f"{ENTERPRISE.removesuffix(':User')}"
QUERY_404 = (
    "An HTTP/404 Not Found response was returned rather than the expected HTTP/200 OK response. "
    "To address this issue, ensure that the tenant URL is correct."
)
BY_NAME = "/Users?filter=name.givenName eq A'KELAH"
PAIRS: dict[str, Pair] = {
    # what the answers show
    "a list that nothing addressed is empty": (
        "replace-clears-unsent-values",
        renamed([]),
        "unknown-cause",
        renamed([{"value": "A"}, {"value": "B"}]),
    ),
    "an Add leaves only what was added": (
        "replace-clears-unsent-values",
        added_member([{"value": "C"}]),
        "unknown-cause",
        added_member([{"value": "A"}, {"value": "B"}, {"value": "C"}]),
    ),
    "an Add shortens a plain list": (
        "replace-clears-unsent-values",
        added_device(["D3"]),
        "unknown-cause",
        added_device(["D1", "D2", "D3"]),
    ),
    "a list that was created comes back empty": (
        "attribute-not-stored-or-returned",
        created_group([]),
        "unknown-cause",
        created_group([{"value": "A"}]),
    ),
    "a URN cut at its version": (
        "extension-urn-path-unsupported",
        department(**{CUT: {"User": {"department": "IT"}}}),
        "unknown-cause",
        department(**{ENTERPRISE: {"department": "IT"}}),
    ),
    "the filter's value ends at the apostrophe": (
        "filter-value-parse-failure",
        asked(BY_NAME, 200, listed(user(name={"givenName": "A"}))),
        "filter-not-selective",
        asked(BY_NAME, 200, listed(user(name={"givenName": "Bob"}))),
    ),
    "an unusual attribute in odd letters": (
        "filter-attribute-unsupported",
        asked('/Users?filter=DisplayName eq "x"', 500, ""),
        "filter-case-sensitive",
        asked('/Users?filter=UserName eq "x"', 500, ""),
    ),
    "a dotted key is named": (
        "pathless-dotted-keys-unsupported",
        dotted("Value 'Russell' not valid for attribute 'name.familyName' in PatchOp"),
        "value-not-allowed-by-app",
        dotted("Value 'Russell' not valid for attribute 'nickName' in PatchOp"),
    ),
    "only the path of the manager is refused": (
        "extension-urn-path-unsupported",
        patched(
            patch(op("Add", f"{ENTERPRISE}:manager.value", "Ruth")),
            400,
            scim(f"max one sub attribute can be allowed. path: {ENTERPRISE}:manager.value", "noTarget"),
        ),
        "manager-value-shape",
        patched(
            patch(op("Add", f"{ENTERPRISE}:manager", "Ruth")),
            400,
            scim(f"{ENTERPRISE}:manager must be an object", "invalidValue"),
        ),
    ),
    # what the sentences say
    "a query of the test gets 404": (
        "groups-endpoint-missing",
        about(job(QUERY_404)),
        "tenant-url-wrong",
        about(job(reason(404, "<html><head><title>404</title></head></html>"))),
    ),
    "a group could not be matched": (
        "groups-endpoint-missing",
        on(event("update", "Failed to match an entry in the source and target systems Group 'G'", group=True)),
        "matching-attribute-misconfigured",
        on(event("update", "Failed to match an entry in the source and target systems User 'u'")),
    ),
    "a plain path is refused": (
        "mapping-targets-unsupported-attribute",
        failed("update", 400, scim("Path 'nickName' does not exist", "invalidPath")),
        "value-path-unsupported",
        failed("update", 400, scim("Path 'emails[type eq \"work\"].value' is not supported", "invalidPath")),
    ),
    "a member that is none": (
        "non-idempotent-write",
        failed("delete", 412, scim("Could not remove [u] from [g]. User is not a group member.", None, 412)),
        "app-policy-refuses-change",
        failed("delete", 403, scim("Could not remove [u] from [g]. The user is the last owner.", None, 403)),
    ),
    "the organisation in the URL": (
        "tenant-url-wrong",
        probed(404, "Organization not found"),
        "app-prerequisite-missing",
        failed("create", 400, scim("Organization not found")),
    ),
    "the organisation's id": (
        "tenant-url-wrong",
        probed(400, "invalid org_id"),
        "value-not-allowed-by-app",
        failed("create", 400, scim("invalid email")),
    ),
    "a last owner, with the type mutability": (
        "app-policy-refuses-change",
        failed(
            "disable",
            409,
            scim("The organization needs at least one owner", "mutability", 409),
            properties={"active": ("True", "False")},
        ),
        "immutable-attribute-refused",
        failed(
            "update",
            400,
            scim("userName is immutable", "mutability"),
            properties={"userName": ("a", "b")},
        ),
    ),
    "must be somebody's address": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("userName must be the person's email address.", "invalidValue")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("userName must be provided.", "invalidValue")),
    ),
    "restricted to a domain": (
        "value-not-allowed-by-app",
        failed("create", 403, scim("Token is restricted to domain 'contoso.example'", None, 403)),
        "token-expired-or-revoked",
        probed(401, "Token is restricted"),
    ),
    "roles are managed elsewhere": (
        "app-policy-refuses-change",
        failed("update", 403, scim("administrative roles are not managed through SCIM", None, 403)),
        "existing-account-not-matchable",
        failed("create", 409, scim("This user is not managed through SCIM", None, 409)),
    ),
    "the app's own client lacks a right": (
        "app-prerequisite-missing",
        failed("create", 403, scim("Keycloak admin client is not authorized to manage users", None, 403)),
        "app-policy-refuses-change",
        failed("update", 403, scim("This account cannot be changed", None, 403)),
    ),
    "a signature that has expired": (
        "token-expired-or-revoked",
        probed(401, "Invalid token: Signature has expired"),
        "value-not-allowed-by-app",
        failed("create", 400, scim("Your signature is too long", "invalidValue")),
    ),
    "an attribute is missing, in few words": (
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Invalid parameter provided in request: emails missing.")),
        "value-not-allowed-by-app",
        failed("create", 400, scim("Invalid parameter provided in request: invalid username.")),
    ),
    "an empty value": (
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Empty username not allowed")),
        "unknown-cause",
        failed("create", 400, scim("Your basket is empty, please look at the username")),
    ),
    "a group that is gone": (
        "target-changed-outside-entra",
        failed("update", 400, "Group with scimGroupId=77 doesn't exist, update failed.", group=True),
        "reference-unresolvable",
        failed("update", 400, "User 12 of the group doesn't exist, update failed.", group=True),
    ),
    "filters in paths": (
        "value-path-unsupported",
        failed("update", 400, scim("path field must not include any value selection filters", "invalidPath")),
        "mapping-targets-unsupported-attribute",
        failed("update", 400, scim("path field must not be 'nickName'", "invalidPath")),
    ),
    "what the app needs first": (
        "app-prerequisite-missing",
        failed("delete", 400, scim("Organization-scoped deprovisioning requires the organization plugin")),
        "app-policy-refuses-change",
        failed("delete", 400, scim("The organization plugin refuses to delete")),
    ),
    "a token for the organization": (
        "secret-token-unusable",
        failed("create", 400, scim("Group provisioning requires an organization-scoped token"), group=True),
        "token-expired-or-revoked",
        probed(401, "SCIM requires a Bearer token in the Authorization header."),
    ),
    "a role that nobody may be given": (
        "role-mapping-wrong",
        failed("create", 400, scim("The Owner role can never be assigned via SCIM.", "invalidValue")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("userName or externalId required", "invalidValue")),
    ),
    "a change that must be made in the app": (
        "app-policy-refuses-change",
        failed("disable", 400, scim("Owners can't be deactivated over SCIM; change their role in the app first.")),
        "app-prerequisite-missing",
        failed("create", 403, scim("Enable SCIM in the app first.", None, 403)),
    ),
    "a path, between commas": (
        "mapping-targets-unsupported-attribute",
        failed("update", 400, scim("The path 'nickName', included in the request, is not valid.")),
        "value-not-allowed-by-app",
        failed("update", 400, scim("The nickName, included in the request, is not valid.")),
    ),
    "a filter that matched nothing known": (
        "value-path-no-match-rejected",
        failed("update", 400, scim("The path 'emails[type eq \"work\"].value' did not match known data.")),
        "value-path-unsupported",
        failed("update", 400, scim("The path 'emails[type eq \"work\"].value' is not valid.")),
    ),
    "a schema, between commas": (
        "over-strict-validation",
        failed("create", 400, scim(f"The schema, '{ENTERPRISE}', is not a known or supported schema.")),
        "unknown-cause",
        failed("create", 400, scim(f"The schema, '{ENTERPRISE}', was read, as it is a known schema.")),
    ),
    "a plugin for disabling": (
        "app-prerequisite-missing",
        failed("disable", 400, scim("Setting `active: false` requires the admin plugin")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("The server requires an email: emails is required")),
    ),
    "the only one who may": (
        "app-policy-refuses-change",
        failed("disable", 409, scim("This is the only active teammate who can manage the team", None, 409)),
        "existing-account-not-matchable",
        failed("create", 409, scim("This teammate already exists", None, 409)),
    ),
    "hand over first": (
        "app-policy-refuses-change",
        failed("disable", 409, scim("Reassign that role before deactivating them", None, 409)),
        "existing-account-not-matchable",
        failed("create", 409, scim("This email was assigned before", "uniqueness", 409)),
    ),
    "active is not immutable": (
        "app-policy-refuses-change",
        failed(
            "disable",
            403,
            scim("This person is an Owner here.", "mutability", 403),
            properties={"active": ("True", "False")},
        ),
        "immutable-attribute-refused",
        failed("update", 400, scim("Not here.", "mutability"), properties={"userName": ("a", "b")}),
    ),
    "two writes met": (
        "concurrent-member-update-lost",
        failed("update", 412, scim('Version mismatch. Current: W/"v3"', "mutability", 412)),
        "immutable-attribute-refused",
        failed("update", 400, scim("This is a mismatch", "mutability")),
    ),
    "the manager is not written at all": (
        "mapping-targets-unsupported-attribute",
        failed("update", 500, scim(f'Write is not implemented for "{ENTERPRISE}:manager"', None, 500)),
        "manager-value-shape",
        failed("update", 400, scim(f'Value is not valid for "{ENTERPRISE}:manager"', "invalidValue")),
    ),
    "SCIM is off, and so nobody can be added": (
        "app-prerequisite-missing",
        failed("create", 403, scim("Cannot add user. SCIM is not enabled for user store X", None, 403)),
        "app-policy-refuses-change",
        failed("disable", 403, scim("Cannot deactivate user. They own a store.", None, 403)),
    ),
    "a page's size for the total": (
        "list-response-malformed",
        paged(2),
        "unknown-cause",
        paged(3),
    ),
    "a page beyond the last": (
        "list-response-malformed",
        beyond(100),
        "unknown-cause",
        beyond(0),
    ),
    "a create answered 200": (
        "write-response-wrong",
        sent("POST", "/Users", user(), 200, user()),
        "unknown-cause",
        sent("POST", "/Users", user(), 201, user()),
    ),
    "a runtime's words": (
        "unhandled-exception-500",
        failed("update", 500, {"message": "Call to a member function update() on null"}),
        "value-not-allowed-by-app",
        failed("update", 400, {"message": "Member name is too long"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_a_read_only_list_of_groups_may_become_empty() -> None:
    before = exchange("GET", "/Users/u1", 200, user(groups=[{"value": "g1"}]), id_="h1")
    body = patch(op("Replace", "nickName", "x"))
    answer = user(groups=[], nickName="x")
    after = exchange("PATCH", "/Users/u1", 200, answer, sent=body, id_="h2")
    assert diagnose_case(seen(before, after)).cause == "unknown-cause"


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        (f"Path '{ENTERPRISE}:department' is not supported", Breach.PATH_REFUSED),
        ("The attribute 'name.formatted' is not supported", Breach.UNKNOWN_ATTRIBUTE),
    ],
)
def test_dots_inside_a_name_do_not_end_the_sentence(text: str, breach: Breach) -> None:
    assert breach in {phrase.breach for phrase in breaches_in(text)}


def test_a_full_stop_still_ends_it() -> None:
    found = {p.breach for p in breaches_in("The path was read. Nothing more is supported or not.")}
    assert Breach.PATH_REFUSED not in found
