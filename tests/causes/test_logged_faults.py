"""What a log tells of a faulty app where nobody quotes the request; each with a near miss."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningStep
from tests.causes.build import Pair, event, listed, on, reason, scim, tells_apart
from tests.causes.test_families import failed

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Case

UNREAD = "We are not able to deserialize the resource received from your SCIM endpoint. "
NULL = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":null}'
CRASH = scim("An unexpected error occurred.", status=500)
TITLE: dict[str, tuple[str | None, str | None]] = {"title": ("A", "B")}
MATCHING = ProvisioningStep(name="EntryImport", provisioning_step_type="matching", status="failure")


def matching(text: str, *, name: str = "ada@example.com", successes: int = 3) -> Case:
    """A query that failed, as the log tells it: no filter is quoted."""
    made = event("other", text, steps=(MATCHING,))
    source = ProvisionedIdentity(id="s", identity_type="User", details={"UserPrincipalName": name})
    return replace(on(replace(made, source_identity=source)), successes=successes)


def asked(status: int, answer: object, **more: str) -> Case:
    return matching(reason(status, answer), **more)  # type: ignore[arg-type]


PAIRS: dict[str, Pair] = {
    "a list with Resources null": (
        "list-response-malformed", matching(UNREAD + NULL),
        "response-attribute-malformed", matching(UNREAD + '{"id": "u1", "active": "yes"}'),
    ),
    "a bare array": (
        "list-response-malformed", matching(UNREAD + "[]"),
        "response-attribute-malformed", on(event("create", UNREAD + "[]")),
    ),
    "a parameter of the query": (
        "over-strict-validation", asked(400, scim("Unknown parameter excludedAttributes.")),
        "filter-attribute-unsupported", asked(400, scim("Cannot filter by userName.", "invalidFilter")),
    ),
    "a query that is not decoded": (
        "filter-value-parse-failure", asked(400, scim("The filter 'userName+eq+' is no attribute.", "invalidFilter")),
        "filter-attribute-unsupported", asked(400, scim("The filter on userName is not supported.", "invalidFilter")),
    ),
    "a name with an apostrophe": (
        "filter-value-parse-failure", asked(500, CRASH, name="o'brien@example.com"),
        "unhandled-exception-500", asked(500, CRASH),
    ),
    "nobody found, as 400": (
        "filter-no-match-404", asked(400, scim("No such object.")),
        "unknown-cause", asked(400, scim("No such luck.")),
    ),
    "a page that says who was not found": (
        "filter-no-match-404", asked(404, "<html><head><title>User not found</title></head></html>"),
        "tenant-url-wrong", matching(reason(404, "<html><head><title>Page not found</title></head></html>"), successes=0),
    ),
    "Entra's own quote of the URL": (
        "tenant-url-wrong", matching("Resource: https://a.example/Users?filter=userName+eq+%22x%22 Operation: GET Response Status Code: MovedPermanently"),
        "filter-value-parse-failure", asked(400, scim("Cannot read userName+eq+x")),
    ),
    "meta at a create": (
        "over-strict-validation", failed("create", 400, scim("meta is read-only.", "mutability")),
        "mapping-targets-unsupported-attribute", failed("create", 400, scim("groups is read-only.", "mutability")),
    ),
    "an attribute that is not touched": (
        "over-strict-validation", failed("update", 400, scim("phoneNumbers has an invalid value.", "invalidValue"), properties=TITLE),
        "value-not-allowed-by-app", failed("update", 400, scim("title has an invalid value.", "invalidValue"), properties=TITLE),
    ),
    "an attribute by an English word": (
        "over-strict-validation", failed("update", 400, {"errors": {"phoneNumbers": ["Invalid value."]}}, properties=TITLE),
        "value-not-allowed-by-app", failed("update", 400, scim("name must not contain digits", "invalidValue"), properties={"displayName": ("A", "B")}),
    ),
    "the word op": (
        "patch-op-case-sensitive", failed("update", 400, scim("Unknown op.", "invalidSyntax"), properties=TITLE),
        "unknown-cause", failed("update", 400, scim("Unknown opinion.", "invalidSyntax"), properties=TITLE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_what_fits_as_well_is_an_alternative() -> None:
    def others(case: Case) -> set[str]:
        return {one.cause for one in diagnose_case(case).alternatives}

    assert "auth-scheme-unsupported" in others(asked(302, ""))
    assert "write-response-wrong" in others(on(event("create", UNREAD)))
    assert "write-response-wrong" not in others(on(event("create", UNREAD + '{"id": 1}')))


def test_a_list_that_is_whole_is_not_to_blame() -> None:
    found = diagnose_case(matching(UNREAD + json.dumps(listed())))
    assert found.cause == "response-attribute-malformed"
