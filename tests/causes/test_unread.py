"""Bodies that went unread, and sentences that string several messages together."""

from __future__ import annotations

import pytest

from scimdoctor.causes.dialects.labelled import taken_apart
from scimdoctor.causes.dialects.reading import read_body
from scimdoctor.causes.dialects.remark import Remark
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Case, Confidence
from tests.causes.build import (
    Pair,
    event,
    exchange,
    on,
    op,
    patch,
    reason,
    scim,
    seen,
    tells_apart,
    user,
)
from tests.causes.test_families import failed, patched, sent

EMAILS = [{"type": "work", "value": "ada@example.com"}]
NEW = user(emails=EMAILS)
FIRST_MISSED = {"userName": ["This field is required."], "emails": ["This field is required."]}
TESTED = "SCIM Validation failed. The attribute {} for User is not supported by the SCIM protocol."
SWITCHED = patch(op("Replace", "active", "False"))


def created(answer: object, status: int = 400) -> Case:
    """A create of a user with name and e-mail that is refused."""
    return sent("POST", "/Users", NEW, status, answer)


def renamed(**answered: object) -> Case:
    """A change of the user's name, and the user in its answer."""
    renames = patch(op("Replace", "userName", "new@example.com"))
    answer = user(userName="new@example.com", **answered)
    return seen(
        exchange("GET", "/Users/u1", 200, user(title="Dr"), id_="h1"),
        exchange("PATCH", "/Users/u1", 200, answer, sent=renames, id_="h2"),
    )


def retitled(answer: dict[str, object]) -> Case:
    """A change of the title, its answer, and a read that shows the user whole."""
    whole = user(title="Ms", emails=EMAILS)
    return seen(
        exchange(
            "PATCH", "/Users/u1", 200, answer, sent=patch(op("Replace", "title", "Ms")), id_="h1"
        ),
        exchange("GET", "/Users/u1", 200, whole, id_="h2"),
    )


PAIRS: dict[str, Pair] = {
    "several that were sent are called missing": (
        "request-content-type-refused",
        created(FIRST_MISSED),
        "required-attribute-empty-in-source",
        created({"title": ["This field is required."], "department": ["This field is required."]}),
    ),
    "the body as a whole": (
        "request-content-type-refused",
        created({"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}, 422),
        "required-attribute-empty-in-source",
        created({"detail": [{"loc": ["body", "title"], "msg": "Field required"}]}, 422),
    ),
    "a parser that got nothing": (
        "request-content-type-refused",
        created("Unexpected end of JSON input"),
        "unhandled-exception-500",
        created("Unexpected error", 500),
    ),
    "types that were sent as they are asked for": (
        "request-content-type-refused",
        created({"message": ["userName must be a string", "schemas must be an array"]}),
        "boolean-string-rejected",
        patched(SWITCHED, 400, {"message": ["active must be a boolean"]}),
    ),
    "a body that must be something": (
        "request-content-type-refused",
        failed("create", 400, scim("Request body must be a SCIM Group resource", "invalidSyntax"), group=True),
        "value-not-allowed-by-app",
        failed("create", 400, scim("displayName must be a valid name", "invalidValue"), group=True),
    ),
    "a body that is called no JSON": (
        "request-content-type-refused",
        failed("create", 400, scim("Invalid JSON", "invalidSyntax")),
        "boolean-string-rejected",
        patched(SWITCHED, 400, scim("JSON parse error: Cannot deserialize value of type `boolean` from String")),
    ),
    "an account that owes": (
        "app-prerequisite-missing",
        failed("create", 403, scim("The account is past due; new users cannot be provisioned", "mutability", 403)),
        "app-policy-refuses-change",
        failed("create", 403, scim("New users cannot be provisioned by this token's owner", "mutability", 403)),
    ),
    "an example of a filter": (
        "filter-attribute-unsupported",
        failed("update", 400, scim('supported filters: userName eq "…", externalId eq "…"', "invalidFilter")),
        "filter-value-parse-failure",
        failed("update", 400, scim('cannot parse filter: userName eq "o\'b+c"', "invalidFilter")),
    ),
    "a name that strings messages together": (
        "request-content-type-refused",
        created(scim("userName: Required; schemas: Required")),
        "required-attribute-empty-in-source",
        created(scim("title: Required; department: Required")),
    ),
    "Django's e-mail": (
        "value-not-allowed-by-app",
        failed("create", 400, {"email": ["Enter a valid email address."]}),
        "unknown-cause",
        failed("create", 400, {"detail": "Thank you for entering"}),
    ),
    "another value in the answer that nothing asked for": (
        "replace-clears-unsent-values",
        renamed(title="Dr", active=False),
        "unknown-cause",
        renamed(title="Dr"),
    ),
    "the name of the operation, and no attribute": (
        "patch-op-case-sensitive",
        failed("update", 400, scim("op Add not supported", "invalidSyntax")),
        "patch-add-not-supported",
        failed("update", 400, scim("op add not supported for externalId", "invalidPath")),
    ),
    "an answer that leaves lists out": (
        "write-response-wrong",
        retitled(user(title="Ms", emails=[])),
        "unknown-cause",
        retitled(user(title="Ms", emails=EMAILS)),
    ),
    "Entra's own test of an attribute that every resource has": (
        "validator-false-positive",
        on(event("update", TESTED.format("id"))),
        "unknown-cause",
        on(event("update", TESTED.format("favouriteColour"))),
    ),
    "a schema that the body does not use": (
        "over-strict-validation",
        failed("create", 400, scim("schemas lists urn:a:b:2.0:User, but it is not present in the document")),
        "unknown-cause",
        failed("create", 400, scim("schemas lists urn:a:b:2.0:User")),
    ),
}  # fmt: skip
"""A name, then twice a cause and the failure that must lead to it."""


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_an_unread_body_is_no_more_than_possible() -> None:
    assert diagnose_case(created(FIRST_MISSED)).confidence is Confidence.POSSIBLE


def test_what_the_log_shows_was_sent_as_well() -> None:
    changes: dict[str, tuple[str | None, str | None]] = {
        "userName": (None, "ada@example.com"),
        'emails[type eq "work"].value': (None, "ada@example.com"),
    }
    logged = on(event("create", reason(400, FIRST_MISSED), properties=changes))
    assert diagnose_case(logged).cause == "request-content-type-refused"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("userName: Required; schemas: Required", ["userName", "schemas"]),
        ('Validation error: Required at "userName"; Required at "emails[0].value"', ["userName", "emails[0].value"]),
        ("1 validation error for User\nname.familyName\n  Field required [type=missing]", ["name.familyName"]),
        ("body/Operations/0/value must be boolean", ["Operations.0.value"]),
        ('"userName" is required. "emails" is required', ["userName", "emails"]),
        ("Error: title: too long", [None]),
        ("The path: members, is wrong; reason: none", [None]),
        ('"userName" is required', [None]),
        ("", [None]),
    ],
)  # fmt: skip
def test_messages_are_taken_apart(text: str, places: list[str | None]) -> None:
    assert [part.attribute for part in taken_apart(Remark(text=text))] == places


def test_one_text_about_two_attributes_is_two_complaints() -> None:
    reading = read_body("", FIRST_MISSED)
    assert [c.attribute for c in reading.complaints] == ["userName", "emails"]
