"""Pairs about what a write did and what a refusal left unsaid; see `test_near_misses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Confidence
from tests.causes.build import (
    ENTERPRISE,
    Pair,
    event,
    exchange,
    group,
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
from tests.causes.test_families import MANAGER, WORK, failed, patched, sent

if TYPE_CHECKING:
    from typing import Any

    from scimdoctor.model.diagnosis import Case

PATHLESS = patch(op("Replace", None, {"title": "Dr", "name.familyName": "Byron"}))
ADDED = op("Add", "title", "Dr")
REPLACED = op("Replace", "nickName", "Ada")
OLD = [{"type": "work", "value": "a@x.y"}, {"type": "home", "value": "b@x.y"}]
NEW_WORK = patch(op("Replace", WORK, "c@x.y"))
LOOK = '/Users?filter=userName eq "Ada@x.y"'
COST = f"{ENTERPRISE}:costCenter"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User:title"
LEAVES = patch(op("Remove", "members", [{"value": "m1"}]))
TAKEN = scim("Email is already in use", "uniqueness", 409)


def found_by_read(name: str) -> Case:
    """A query that finds nobody, then a read that shows `name`."""
    return seen(
        exchange("GET", LOOK, 200, listed(), id_="h1"),
        exchange("GET", "/Users/u1", 200, user(userName=name), id_="h2"),
    )


def added_to(*members: str) -> Case:
    """An addition of m1 that is answered 500, and the members that the group had before."""
    listing = group(members=[{"value": m} for m in members])
    joins = patch(op("Add", "members", [{"value": "m1"}]))
    return seen(
        exchange("GET", "/Groups/g1", 200, listing, id_="h1"),
        exchange("PATCH", "/Groups/g1", 500, scim("Failed", status=500), sent=joins, id_="h2"),
    )


def created_with_phone(**answered: Any) -> Case:
    """A create with a phone number, and what the answer shows besides."""
    phone = [{"type": "mobile", "value": "+49 151 1"}]
    return sent("POST", "/Users", user(phoneNumbers=phone), 201, user(**answered))


def created_with_500(*before: dict[str, Any]) -> Case:
    """A create that is answered 500, then a query that finds the user; `before` is found first."""
    return seen(
        exchange("GET", LOOK, 200, listed(*before), id_="h1"),
        exchange("POST", "/Users", 500, "", sent=user(userName="Ada@x.y"), id_="h2"),
        exchange("GET", LOOK, 200, listed(user(userName="ada@x.y")), id_="h3"),
    )


def emails_then(*now: dict[str, Any]) -> Case:
    """A PATCH of the work address only, with the e-mails before and after it."""
    return seen(
        exchange("GET", "/Users/u1", 200, user(emails=OLD), id_="h1"),
        exchange("PATCH", "/Users/u1", 200, user(emails=list(now)), sent=NEW_WORK, id_="h2"),
    )


def address_then(now: dict[str, Any]) -> Case:
    """A PATCH of a work address's postal code only, with the address before and after it."""
    old = {"type": "work", "postalCode": "1", "region": "NY"}
    sent_body = patch(op("Replace", 'addresses[type eq "work"].postalCode', "2"))
    return seen(
        exchange("GET", "/Users/u1", 200, user(addresses=[old]), id_="h1"),
        exchange("PATCH", "/Users/u1", 200, user(addresses=[now]), sent=sent_body, id_="h2"),
    )


def patched_twice(first: dict[str, Any], then: dict[str, Any], status: int, body: Any) -> Case:
    """A PATCH that is accepted, and another of the same object that is refused."""
    return seen(
        exchange("PATCH", "/Groups/g1", 204, sent=first, id_="h1"),
        exchange("PATCH", "/Groups/g1", status, body, sent=then, id_="h2"),
    )


def joins(name: str) -> dict[str, Any]:
    """A PATCH that adds one member."""
    return patch(op("Add", "members", [{"value": name}]))


PAIRS: dict[str, Pair] = {
    "a part of an address that was not named is gone": (
        "replace-clears-unsent-values",
        address_then({"type": "work", "postalCode": "2"}),
        "unknown-cause",
        address_then({"type": "work", "postalCode": "2", "region": "NY"}),
    ),
    "a member that was added is not there": (
        "patch-accepted-not-applied",
        seen(
            exchange("PATCH", "/Groups/g1", 204, sent=joins("m1"), id_="h1"),
            exchange("GET", "/Groups/g1", 200, group(members=[]), id_="h2"),
        ),
        "members-remove-value-not-understood",
        seen(
            exchange("PATCH", "/Groups/g1", 204, sent=LEAVES, id_="h1"),
            exchange("GET", "/Groups/g1", 200, group(members=[{"value": "m1"}]), id_="h2"),
        ),
    ),
    "only paths with a URN are ignored": (
        "extension-urn-path-unsupported",
        patched(patch(op("Replace", COST, "7"), REPLACED), 200, user(nickName="Ada")),
        "patch-accepted-not-applied",
        patched(patch(op("Replace", COST, "7"), REPLACED), 200, user(nickName="A")),
    ),
    "a core attribute under its schema's URN": (
        "extension-urn-path-unsupported",
        patched(patch(op("Replace", CORE, "b")), 400, scim(f"Unsupported attribute {CORE}")),
        "mapping-targets-unsupported-attribute",
        patched(patch(op("Replace", "title", "b")), 400, scim("Unsupported attribute title")),
    ),
    "Laravel's boolean": (
        "boolean-string-rejected",
        failed("update", 400, scim("The active field must be true or false.")),
        "unknown-cause",
        failed("update", 400, scim("This may be true or false.")),
    ),
    "Entra cannot store the token": (
        "secret-token-unusable",
        failed("other", 400, "Size of input ExternalSecret data is invalid."),
        "value-not-allowed-by-app",
        failed("create", 400, "Size of input ExternalSecret data is invalid."),
    ),
    "the same PATCH once more": (
        "non-idempotent-write",
        patched_twice(joins("m1"), joins("m1"), 500, scim("Failed", None, 500)),
        "unhandled-exception-500",
        patched_twice(joins("m1"), joins("m2"), 500, scim("Failed", None, 500)),
    ),
    "a list is taken, a plain value is not": (
        "patch-value-shape-rejected",
        patched_twice(
            patch(op("Replace", "displayName", [{"value": "x"}])),
            patch(op("Replace", "displayName", "x")),
            400,
            "",
        ),
        "patch-op-case-sensitive",
        patched_twice(
            patch(op("replace", "displayName", [{"value": "x"}])),
            patch(op("Replace", "displayName", "x")),
            400,
            "",
        ),
    ),
    "only keys with dots are ignored": (
        "pathless-dotted-keys-unsupported",
        patched(PATHLESS, 200, user(title="Dr", name={"familyName": "King"})),
        "patch-accepted-not-applied",
        patched(PATHLESS, 200, user(title="Ms", name={"familyName": "King"})),
    ),
    "Add is ignored beside a Replace that is taken": (
        "patch-add-not-supported",
        patched(patch(ADDED, REPLACED), 200, user(nickName="Ada")),
        "patch-accepted-not-applied",
        patched(patch(ADDED, REPLACED), 200, user(nickName="A")),
    ),
    "a query that minds letter case": (
        "filter-case-sensitive",
        found_by_read("ada@x.y"),
        "filter-misses-existing",
        found_by_read("Ada@x.y"),
    ),
    "an address that was not named is gone": (
        "replace-clears-unsent-values",
        emails_then({"type": "work", "value": "c@x.y"}),
        "patch-accepted-not-applied",
        emails_then(*OLD),
    ),
    "the manager's path, not its value": (
        "extension-urn-path-unsupported",
        patched(patch(op("Add", MANAGER, "7")), 400, scim("Invalid path", "invalidPath")),
        "manager-value-shape",
        patched(patch(op("Add", MANAGER, "7")), 400, scim("manager must be an object")),
    ),
    "a group's displayName is called missing": (
        "mapping-missing-attribute",
        failed("create", 400, scim("Required attribute displayName is missing"), group=True),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Required attribute displayName is missing")),
    ),
    "a user who is there after a create that failed": (
        "write-response-wrong",
        created_with_500(),
        "unhandled-exception-500",
        created_with_500(user(userName="ada@x.y")),
    ),
    "a member that is there before it is added": (
        "non-idempotent-write",
        added_to("m1", "m2"),
        "unhandled-exception-500",
        added_to("m2"),
    ),
    "a list that the answer to the create leaves out": (
        "attribute-not-stored-or-returned",
        created_with_phone(),
        "unknown-cause",
        created_with_phone(phoneNumbers=[{"type": "mobile", "value": "+49 151 1"}]),
    ),
    "a SCIM error inside of another object": (
        "existing-account-not-matchable",
        failed("create", 409, {"status": 409, "response": TAKEN}),
        "app-policy-refuses-change",
        failed("delete", 409, {"status": 409, "response": scim("Group is in use", None, 409)}),
    ),
    "Jackson's type id": (
        "patch-op-case-sensitive",
        on(event("update", "Could not resolve type id 'Add' as a subtype of PatchOperation")),
        "unknown-cause",
        on(event("update", "Could not resolve type id 'Card' as a subtype of Payment")),
    ),
    "SAP's canonical values": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("emails.type 'x' is not part of the canonical values")),
        "unknown-cause",
        failed("create", 400, scim("emails.type is part of the canonical values")),
    ),
    "ServiceNow's schemas": (
        "over-strict-validation",
        failed("create", 400, scim("urn:a:b:2.0:User must be included in the schemas attribute")),
        "unknown-cause",
        failed("create", 400, scim("urn:a:b:2.0:User was included in the schemas attribute")),
    ),
    "limosa's refused write": (
        "mapping-targets-unsupported-attribute",
        failed("create", 400, scim("Write to nickName is not supported")),
        "unknown-cause",
        failed("create", 400, scim("Write to disk failed")),
    ),
}
"""A name, then twice a cause and the failure that must lead to it."""


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_nothing_here_is_confirmed() -> None:
    cases = [case for _, one, _, other in PAIRS.values() for case in (one, other)]
    assert Confidence.CONFIRMED not in {diagnose_case(case).confidence for case in cases}


def test_an_ignored_add_alone_is_only_an_alternative() -> None:
    found = diagnose_case(patched(patch(ADDED), 200, user()))
    assert found.confidence is Confidence.POSSIBLE
    assert "patch-add-not-supported" in [a.cause for a in found.alternatives]


def test_another_value_in_the_answer_is_more_than_none() -> None:
    found = diagnose_case(patched(patch(ADDED), 200, user(title="Ms")))
    assert (found.cause, found.confidence) == ("patch-accepted-not-applied", Confidence.LIKELY)


def test_a_user_name_that_was_sent_may_have_gone_unread() -> None:
    refused = scim("Attribute 'userName' is required")
    whole = diagnose_case(sent("POST", "/Users", user(), 400, refused))
    empty = diagnose_case(sent("POST", "/Users", {"active": True}, 400, refused))
    assert whole.cause == "request-content-type-refused"
    assert "request-content-type-refused" not in [a.cause for a in empty.alternatives]
    assert whole.confidence is Confidence.POSSIBLE
    assert empty.cause == "required-attribute-empty-in-source"


def test_a_filter_is_read_from_a_resource_that_entra_cut_short() -> None:
    text = f'{reason(400)} Resource : https://a.example/scim/Users?filter=emails[type+eq+"work"].value+eq+"a@\u2026'
    assert diagnose_case(on(event("other", text))).cause == "filter-attribute-unsupported"
