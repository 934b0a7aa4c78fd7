"""The list of causes is complete, each has all its words, matches what it should and no more."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.causes import ALL_CAUSES, find_cause
from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.engine import diagnose_case, rank
from scimdoctor.model.diagnosis import Case, Confidence
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.frozen import frozen
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from scimdoctor.model.rule import FixedBy, Layer, Requirement, Severity
from scimdoctor.model.synchronization import AttributeMappingSource
from tests.causes.build import (
    ENTERPRISE,
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
    schema,
    scim,
    seen,
    user,
)
from tests.causes.test_families import (
    ADD_MEMBER,
    DISABLE,
    FAMILIES,
    MANAGER,
    REMOVE_MEMBER,
    WORK,
    asked,
    failed,
    patched,
    sent,
)

PUBLIC_IDS = [
    "tenant-url-wrong",
    "endpoint-unreachable-or-blocked",
    "endpoint-too-slow-or-throttled",
    "app-prerequisite-missing",
    "token-expired-or-revoked",
    "secret-token-unusable",
    "auth-scheme-unsupported",
    "oauth-token-endpoint-incompatible",
    "request-content-type-refused",
    "response-content-type-wrong",
    "groups-endpoint-missing",
    "filter-no-match-404",
    "list-response-malformed",
    "filter-attribute-unsupported",
    "filter-case-sensitive",
    "filter-value-parse-failure",
    "filter-misses-existing",
    "filter-not-selective",
    "excluded-attributes-ignored",
    "disabled-user-not-returned",
    "existing-account-not-matchable",
    "matching-attribute-misconfigured",
    "response-attribute-malformed",
    "over-strict-validation",
    "required-attribute-empty-in-source",
    "value-not-allowed-by-app",
    "duplicate-create-not-409",
    "attribute-not-stored-or-returned",
    "write-response-wrong",
    "patch-method-missing",
    "patch-op-case-sensitive",
    "patch-add-not-supported",
    "boolean-string-rejected",
    "patch-value-shape-rejected",
    "pathless-dotted-keys-unsupported",
    "extension-urn-path-unsupported",
    "value-path-unsupported",
    "value-path-no-match-rejected",
    "value-path-add-creates-duplicates",
    "manager-value-shape",
    "roles-json-string-shape",
    "needs-scim-compliance-flag",
    "patch-accepted-not-applied",
    "replace-clears-unsent-values",
    "members-remove-value-not-understood",
    "concurrent-member-update-lost",
    "non-idempotent-write",
    "unhandled-exception-500",
    "immutable-attribute-refused",
    "app-policy-refuses-change",
    "reference-unresolvable",
    "mapping-targets-unsupported-attribute",
    "mapping-missing-attribute",
    "custom-attribute-definition-invalid",
    "role-mapping-wrong",
    "sso-identity-conflict",
    "scoping-misconfigured",
    "change-not-detected",
    "cleared-attribute-not-sent",
    "target-changed-outside-entra",
    "soft-delete-renames-user",
    "validator-false-positive",
    "entra-service-fault",
    "expected-behaviour",
    "unknown-cause",
]

CONSTANT = AttributeMappingSource(type="Constant", expression='"True"')
QUIET = about(job(status="Active"))

RARE: tuple[tuple[str, Case], ...] = (
    ("entra-service-fault", on(event("create", "An internal error occurred.", code="InternalError"))),
    ("change-not-detected", on(event("update", "x", code="RedundantExport", status="skipped"))),
    ("cleared-attribute-not-sent", on(event("update", status="success", properties={"department": ("R&D", None)}))),
    ("mapping-missing-attribute", Case(schema=schema("userName", "displayName"))),
    ("mapping-missing-attribute", Case(schema=schema("userName", "active", source=CONSTANT))),
    ("custom-attribute-definition-invalid", Case(schema=schema("userName", "active", "custom:country"))),
    ("role-mapping-wrong", Case(schema=schema("userName", "active", "roles"))),
)  # fmt: skip
"""Causes that are seldom first, with a case that they match."""

NEAR_MISSES: tuple[tuple[str, Case], ...] = (
    ("tenant-url-wrong", asked('/Users?filter=userName eq "x@y.z"', 404, scim("User not found", status=404))),
    ("endpoint-unreachable-or-blocked", failed("update", 403, scim("Forbidden", status=403))),
    ("endpoint-too-slow-or-throttled", failed("update", 500, "Internal Server Error")),
    ("app-prerequisite-missing", failed("create", 400, scim("displayName is required"))),
    ("token-expired-or-revoked", failed("update", 403)),
    ("secret-token-unusable", failed("update", 401)),
    ("auth-scheme-unsupported", failed("update", 401)),
    ("oauth-token-endpoint-incompatible", failed("update", 401, {"error": "invalid_token"})),
    ("request-content-type-refused", sent("POST", "/Users", user(), 400)),
    ("response-content-type-wrong", asked('/Users?filter=userName eq "x@y.z"', 200, listed(), media="application/json")),
    ("groups-endpoint-missing", asked('/Users?filter=userName eq "x@y.z"', 404)),
    ("filter-no-match-404", asked('/Users?filter=userName eq "x@y.z"', 404, scim("Unknown path: userName", status=404))),
    ("list-response-malformed", asked('/Users?filter=userName eq "x@y.z"', 200, listed())),
    ("filter-attribute-unsupported", asked('/Users?filter=userName eq "x@y.z"', 401)),
    ("filter-case-sensitive", asked('/Users?filter=userName eq "x@y.z"', 400)),
    ("filter-value-parse-failure", asked('/Users?filter=externalId eq "abc"', 400, scim("unsupported filter", "invalidFilter"))),
    ("filter-misses-existing", asked('/Users?filter=userName eq "4bd9cd04-7b8c-4a4a-8dbf-0f0f2cfa1f5e"', 200, listed())),
    ("filter-not-selective", asked('/Users?filter=userName eq "ada@example.com"', 200, listed(user()))),
    ("excluded-attributes-ignored", asked('/Groups?filter=displayName eq "Staff"', 200, listed(group(members=[{"value": "u1"}])))),
    ("disabled-user-not-returned", patched(DISABLE, 404)),
    ("existing-account-not-matchable", sent("PATCH", "/Groups/g1", ADD_MEMBER, 409)),
    ("matching-attribute-misconfigured", on(event("update", "We are not able to deserialize the resource received"))),
    ("response-attribute-malformed", seen(exchange("GET", "/Users/u1", 200, user(**{ENTERPRISE: {"manager": {"value": "7"}}})))),
    ("over-strict-validation", sent("POST", "/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "x"}, 400)),
    ("required-attribute-empty-in-source", failed("update", 400, scim("members.display is required"), group=True)),
    ("value-not-allowed-by-app", failed("create", 409, scim("userName already exists", "uniqueness", 409))),
    ("duplicate-create-not-409", failed("create", 409, scim("userName already exists", "uniqueness", 409))),
    ("attribute-not-stored-or-returned", sent("POST", "/Users", {"userName": "ada@example.com"}, 201, user())),
    ("write-response-wrong", sent("POST", "/Users", {"userName": "ada@example.com"}, 201, user())),
    ("patch-method-missing", patched(DISABLE, 400)),
    ("patch-op-case-sensitive", patched(patch(op("replace", "displayName", "x")), 400)),
    ("patch-add-not-supported", patched(patch(op("Add", "title", "x")), 400, scim("title is not a supported attribute"))),
    ("boolean-string-rejected", patched(patch(op("replace", "active", False)), 400)),
    ("patch-value-shape-rejected", patched(patch(op("Add", MANAGER, "7")), 400, scim("manager must be an object"))),
    ("pathless-dotted-keys-unsupported", patched(patch(op("replace", None, {"displayName": "x"})), 400)),
    ("extension-urn-path-unsupported", patched(patch(op("Add", MANAGER, "7")), 400, scim(f"{MANAGER} must be an object"))),
    ("value-path-unsupported", patched(patch(op("Replace", WORK, "x")), 400, scim("no target", "noTarget"))),
    ("value-path-no-match-rejected", sent("PATCH", "/Groups/g1", patch(op("remove", 'members[value eq "u1"]')), 400, scim("no target", "noTarget"))),
    ("value-path-add-creates-duplicates", patched(patch(op("Add", 'addresses[type eq "work"].country', "x")), 200, user(addresses=[{"type": "work", "country": "x"}]))),
    ("manager-value-shape", failed("update", 400, scim("Manager 77 not found"))),
    ("roles-json-string-shape", failed("create", 400, scim("roles: 'User' is not a valid role"))),
    ("needs-scim-compliance-flag", patched(DISABLE, 400)),
    ("patch-accepted-not-applied", patched(DISABLE, 200, user(active=False))),
    ("replace-clears-unsent-values", patched(patch(op("Replace", "name.familyName", "x")), 204)),
    ("members-remove-value-not-understood", sent("PATCH", "/Groups/g1", ADD_MEMBER, 400)),
    ("concurrent-member-update-lost", seen(exchange("PATCH", "/Groups/g1", 204, sent=ADD_MEMBER, id_="h1"), exchange("GET", "/Groups/g1", 200, group(members=[{"value": "u1"}]), id_="h2"))),
    ("non-idempotent-write", failed("create", 409, scim("already exists", "uniqueness", 409))),
    ("unhandled-exception-500", failed("update", 400, scim("Something went wrong"))),
    ("immutable-attribute-refused", failed("update", 400, scim("userName is required"))),
    ("app-policy-refuses-change", failed("update", 400, scim("userName is immutable", "mutability"))),
    ("reference-unresolvable", failed("update", 404, scim("User u1 not found", status=404))),
    ("mapping-targets-unsupported-attribute", failed("create", 400, scim("unknown attribute meta"))),
    ("mapping-missing-attribute", Case(schema=schema("userName", "active"))),
    ("custom-attribute-definition-invalid", Case(schema=schema("userName", "active", f"{ENTERPRISE}:department"))),
    ("role-mapping-wrong", Case(schema=schema("userName", "active"))),
    ("sso-identity-conflict", failed("create", 400, scim("externalId is required"))),
    ("scoping-misconfigured", on(event("update", "x", code="RedundantExport", status="skipped"))),
    ("change-not-detected", on(event("update", status="success"))),
    ("cleared-attribute-not-sent", on(event("update", status="success", properties={"title": ("a", "b")}))),
    ("target-changed-outside-entra", failed("create", 404)),
    ("soft-delete-renames-user", patched(patch(op("Replace", "userName", "new@example.com")), 409)),
    ("validator-false-positive", on(event("update", "SCIM Validation failed. The attribute foo.bar for User is not supported by the SCIM protocol."))),
    ("entra-service-fault", failed("update", 500, "Internal error")),
    ("expected-behaviour", QUIET),
    ("unknown-cause", failed("update", 429)),
)  # fmt: skip
"""Cases that look like a cause and are not."""


def test_the_list_is_the_public_one() -> None:
    assert [cause.rule.id for cause in ALL_CAUSES] != []
    assert {cause.rule.id for cause in ALL_CAUSES} == set(PUBLIC_IDS)
    assert len(ALL_CAUSES) == len(PUBLIC_IDS)


@pytest.mark.parametrize("cause", ALL_CAUSES, ids=lambda c: c.rule.id)
def test_a_cause_has_all_its_words(cause: Any) -> None:
    rule = cause.rule
    assert rule.title
    assert rule.definition.endswith(".")
    assert len(rule.explanation) > 60
    assert all(step.text for step in rule.remediation)
    assert any(step.command for step in rule.remediation)
    if rule.fixed_by in {FixedBy.APP_DEVELOPER, FixedBy.EITHER} and rule.id != "unknown-cause":
        assert {FixedBy.APP_DEVELOPER, FixedBy.ENTRA_ADMIN} <= {s.who for s in rule.remediation}
    if rule.fixed_by is FixedBy.ENTRA_ADMIN:
        assert any(" > " in step.text or "In the app" in step.text for step in rule.remediation)
    assert rule.remediation
    assert rule.references
    assert all(url.startswith("https://") for url in rule.references)
    assert isinstance(rule.layer, Layer)


@pytest.mark.parametrize("cause", ALL_CAUSES, ids=lambda c: c.rule.id)
def test_a_cause_tells_whoever_can_end_it(cause: Any) -> None:
    told = {step.who for step in cause.rule.remediation}
    if cause.rule.fixed_by in {FixedBy.APP_DEVELOPER, FixedBy.ENTRA_ADMIN}:
        assert cause.rule.fixed_by in told


def test_every_cause_has_a_case_that_it_matches() -> None:
    proved = {cause for cause, _, _ in FAMILIES} | {cause for cause, _ in RARE}
    assert proved == set(PUBLIC_IDS)
    assert {cause for cause, _ in NEAR_MISSES} == set(PUBLIC_IDS)


@pytest.mark.parametrize(("cause", "case"), RARE, ids=lambda v: v if isinstance(v, str) else "")
def test_a_rare_cause_matches(cause: str, case: Case) -> None:
    assert cause in {ranked.cause.rule.id for ranked in rank(facts_of(case))}


@pytest.mark.parametrize(
    ("cause", "case"), NEAR_MISSES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_near_miss_is_not_taken_for_it(cause: str, case: Case) -> None:
    assert diagnose_case(case).cause != cause


def test_aliases_and_ids_are_found() -> None:
    assert find_cause("tenant-url-wrong") is not None
    assert find_cause("nothing-of-the-kind") is None


def finding(cause: str, outcome: Outcome, check: str = "patch/x") -> Finding:
    return Finding(
        check=check,
        outcome=outcome,
        severity=Severity.MAJOR,
        requirement=Requirement.MUST,
        title="t",
        message="m",
        cause=cause,
    )


def test_a_failed_check_confirms() -> None:
    proof = finding("boolean-string-rejected", Outcome.FAILED)
    found = diagnose_case(Case(event=event("disable", reason(400)), findings=(proof,)))
    assert found.cause == "boolean-string-rejected"
    assert found.confidence is Confidence.CONFIRMED
    assert any(e.ref == "patch/x" for e in found.evidence)


def test_a_failed_check_alone_is_confirmed() -> None:
    found = diagnose_case(Case(findings=(finding("filter-case-sensitive", Outcome.FAILED),)))
    assert (found.cause, found.confidence) == ("filter-case-sensitive", Confidence.CONFIRMED)


def test_a_check_about_something_else_does_not_push_itself_forward() -> None:
    other = finding("filter-case-sensitive", Outcome.FAILED)
    found = diagnose_case(Case(event=event("update", reason(429)), findings=(other,)))
    assert found.cause == "endpoint-too-slow-or-throttled"


def test_a_passed_check_lowers_its_cause() -> None:
    passed = finding("boolean-string-rejected", Outcome.PASSED)
    case = Case(exchanges=(exchange("PATCH", "/Users/u1", 400, sent=DISABLE),), findings=(passed,))
    assert diagnose_case(case).cause == "patch-op-case-sensitive"


def test_a_suspicion_whose_check_shows_another_fault_of_that_step_gives_way_to_it() -> None:
    """Groups are looked for in vain because every query without a match is answered 404."""
    page = "<!DOCTYPE html><html><body>Not found</body></html>"
    query = '/Groups?filter=displayName eq "Legal"'
    failing = exchange("GET", query, 404, page, media="text/html")
    shown = finding("filter-no-match-404", Outcome.FAILED, "groups/query")
    of_users = finding("filter-case-sensitive", Outcome.FAILED, "query/match")
    alone = diagnose_case(Case(exchanges=(failing,), event=event("create", group=True)))
    case = Case(
        exchanges=(failing,),
        event=event("create", group=True),
        findings=(of_users, replace(shown, check="query/no-match"), shown),
        of_groups=frozenset({"groups/query"}),
        cleared=frozenset({alone.cause, "tenant-url-wrong"}),
    )
    found = diagnose_case(case)
    assert alone.cause == "groups-endpoint-missing"
    assert (found.cause, found.confidence) == ("filter-no-match-404", Confidence.LIKELY)
    assert "filter-case-sensitive" not in {a.cause for a in found.alternatives}


@pytest.mark.parametrize(
    ("check", "action", "bears"),
    [
        ("patch/replace", "update", True),
        ("patch/replace", "create", False),
        ("create/documented", "update", False),
        ("query/match", "create", True),
        ("groups/rename", "update", False),
        ("auth/token-accepted", "update", True),
        ("run/available", "create", True),
    ],
)
def test_only_a_check_of_the_same_step_explains_what_nothing_else_does(
    check: str, action: str, bears: bool
) -> None:
    shown = finding("patch-op-case-sensitive", Outcome.FAILED, check)
    marked = frozenset({check} if check.startswith("groups/") else ())
    case = Case(event=event(action, reason(418)), findings=(shown,), of_groups=marked)
    found = diagnose_case(case)
    assert (found.cause == "patch-op-case-sensitive") is bears


def test_a_replay_confirms_and_lowers() -> None:
    def replay(verdict: Verdict, cause: str | None = None) -> Replay:
        return Replay(
            event="event-1", mode=ReplayMode.SHADOW, verdict=verdict, summary="s", cause=cause
        )

    same = replay(Verdict.SAME_FAILURE, "patch-method-missing")
    failing = event("update", reason(405))
    confirmed = diagnose_case(Case(event=failing, replays=(same,)))
    assert confirmed.confidence is Confidence.CONFIRMED
    works = diagnose_case(Case(event=failing, replays=(replay(Verdict.WORKS_NOW),)))
    assert works.confidence is Confidence.POSSIBLE


def test_a_fault_with_the_same_answer_beats_what_words_might_mean() -> None:
    same = Replay(
        event="event-1", mode=ReplayMode.SHADOW, verdict=Verdict.SAME_FAILURE, summary="s"
    )
    found = finding("request-content-type-refused", Outcome.FAILED, "create/documented")
    shown = replace(found, evidence=("x1",))
    case = Case(event=event("create", reason(418)), findings=(shown,), replays=(same,))
    alike = diagnose_case(replace(case, answers=frozen({"x1": 418})))
    assert (alike.cause, alike.confidence) == (found.cause, Confidence.CONFIRMED)
    other = diagnose_case(replace(case, answers=frozen({"x1": 500})))
    assert other.confidence is not Confidence.CONFIRMED
    # What only some attributes meet may be another fault with the same answer.
    some = replace(shown, check="patch/replace", cause="patch-op-case-sensitive")
    update = replace(case, event=event("update", reason(418)), findings=(some,))
    assert (
        diagnose_case(replace(update, answers=frozen({"x1": 418}))).confidence is Confidence.LIKELY
    )


def test_checks_do_not_speak_against_what_entra_says_of_an_objects_data() -> None:
    failing = event(
        "update", "Unable to resolve the manager.", code="UnableToResolveReferenceAttributeValue"
    )
    passed = finding("reference-unresolvable", Outcome.PASSED, "manager/set")
    found = diagnose_case(Case(event=failing, findings=(passed,)))
    assert (found.cause, found.confidence) == ("reference-unresolvable", Confidence.LIKELY)


def test_unknown_names_one_command() -> None:
    found = diagnose_case(failed("create", 400, "Bad Request"))
    commands = [step.command for step in found.remediation if step.command]
    assert found.cause == "unknown-cause"
    assert commands == ["scimdoctor replay event-1 --endpoint URL --mode shadow"]
    assert "400" in found.explanation


def test_prose_alone_is_never_likely() -> None:
    found = diagnose_case(on(event("create", "Missing required attribute: name.familyName")))
    assert found.confidence is Confidence.POSSIBLE


def test_alternatives_are_less_sure() -> None:
    found = diagnose_case(sent("PATCH", "/Groups/g1", REMOVE_MEMBER, 400))
    assert all(other.confidence.rank <= found.confidence.rank for other in found.alternatives)
    assert found.alternatives


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["detail", "errors", "Resources", "totalResults", "path", "value", "op"]
            )
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(max_size=200) | st.none(),
    status=st.sampled_from(["failure", "success", "skipped", "warning", "new"]),
    answer=json_values,
    body=json_values,
    code=st.sampled_from([200, 204, 301, 400, 404, 409, 500]),
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "ODD"]),
    query=st.text(max_size=30),
)
def test_nothing_makes_it_raise(**drawn: Any) -> None:
    target = "/Users/1" if drawn["method"] == "PATCH" else "/Users"
    one = exchange(drawn["method"], target, drawn["code"], drawn["answer"], sent=drawn["body"])
    two = exchange(
        "PATCH", "/Users/1", 200, drawn["answer"], sent={"Operations": [drawn["body"]]}, id_="h2"
    )
    three = exchange("GET", f"/Users/1?filter={drawn['query']}", 200, drawn["body"], id_="h3")
    cases = (
        Case(event=event("update", drawn["text"], status=drawn["status"])),
        Case(exchanges=(one, two, three)),
        about(job(drawn["text"])),
        Case(event=event("create", drawn["text"]), exchanges=(one,)),
    )
    for case in cases:
        assert diagnose_case(case).cause in PUBLIC_IDS


@settings(max_examples=60, deadline=None)
@given(body=st.text(max_size=300) | json_values)
def test_no_answer_makes_it_raise(body: Any) -> None:
    assert diagnose_case(failed("update", 400, body)).cause in PUBLIC_IDS


@pytest.mark.parametrize(
    "piece", ["[", '{"', "a eq ", "<", " ", "filter ", "urn:a", "emails[", "a.", '\\"', "schema "]
)
def test_long_hostile_texts_come_to_an_end(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    query = exchange("GET", "/Users?filter=" + (piece * 800), 200, text)
    for case in (on(event("update", text)), failed("update", 400, text), seen(query)):
        assert diagnose_case(case).cause in PUBLIC_IDS


def test_every_cause_tells_both_sides_where_and_how() -> None:
    for cause in ALL_CAUSES:
        steps = cause.rule.remediation
        for_admin = [s for s in steps if s.who is not FixedBy.APP_DEVELOPER]
        for_developer = [s.text for s in steps if s.who is FixedBy.APP_DEVELOPER]
        about = cause.rule.id
        assert any(s.command for s in for_admin), about
        if about != "unknown-cause":
            assert any(" > " in s.text for s in for_admin), about
        if for_developer:
            assert re.search(r"GET|POST|PATCH|DELETE|\{\"op", " ".join(for_developer)), about
