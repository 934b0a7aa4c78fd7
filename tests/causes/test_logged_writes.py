"""What the log tells of a faulty app's answers to writes; each rule with a near miss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningStep
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from scimdoctor.model.rule import Requirement, Severity
from tests.causes.build import (
    ENTERPRISE,
    Pair,
    about,
    event,
    job,
    on,
    op,
    patch,
    reason,
    scim,
    tells_apart,
)
from tests.causes.test_families import failed, sent
from tests.causes.test_logged_faults import MATCHING, UNREAD, asked

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Case
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

Properties = dict[str, tuple[str | None, str | None]]
ADDED = ProvisioningStep(name="EntryExportAdd", provisioning_step_type="export", status="success")
NAME: Properties = {"userName": (None, "ada@example.com")}
TEAM: Properties = {"displayName": (None, "Staff"), "externalId": (None, "7")}
MANAGER: Properties = {f"{ENTERPRISE}:manager": (None, "m100")}
MEMBERS: Properties = {"members": (None, "u1")}
LEFT: Properties = {"members": ("u1", None)}
PLACE: Properties = {'addresses[type eq "work"].locality': (None, "Oslo")}
CRASH = scim("An unexpected error occurred.", status=500)


def of_target(made: ProvisioningObjectSummary, target: str) -> ProvisioningObjectSummary:
    kind = made.target_identity.identity_type
    return replace(made, target_identity=ProvisionedIdentity(id=target, identity_type=kind))


def after_create(text: str, target: str = "x700") -> Case:
    """A create that was accepted, and a write by the new id in the same event."""
    wrote = ProvisioningStep(
        name="EntryExportUpdate", provisioning_step_type="export", status="failure"
    )
    return on(of_target(event("create", text, properties=MANAGER, steps=(ADDED, wrote)), target))


def gone(target: str, code: str = "InvalidAnchor") -> Case:
    made = event("other", reason(404, scim("Not found.", status=404)), code=code, steps=(MATCHING,))
    return on(of_target(made, target))


PAIRS: dict[str, Pair] = {
    "a query answered 204": (
        "list-response-malformed", asked(204, ""),
        "unknown-cause", asked(409, scim("No such luck.", status=409)),
    ),
    "roles that are empty": (
        "over-strict-validation", failed("create", 400, scim("roles must not be empty."), properties=NAME),
        "required-attribute-empty-in-source", failed("create", 400, scim("department must not be empty."), properties=NAME),
    ),
    "a new group without members": (
        "over-strict-validation", failed("create", 400, scim("Give members."), group=True, properties=TEAM),
        "unknown-cause", failed("update", 400, scim("Give members."), properties=NAME),
    ),
    "a part that was not sent": (
        "over-strict-validation", failed("create", 400, scim("addresses.0.streetAddress must be a text."), properties=PLACE),
        "value-not-allowed-by-app", failed("create", 400, scim("addresses.0.locality must be a known city."), properties=PLACE),
    ),
    "an attribute that is not allowed": (
        "mapping-targets-unsupported-attribute", failed("create", 400, scim("externalId is not allowed."), group=True, properties=TEAM),
        "value-not-allowed-by-app", failed("create", 400, scim("The domain of userName is not allowed."), properties=NAME),
    ),
    "the $ref of a member": (
        "patch-value-shape-rejected", failed("update", 400, scim("Unknown property $ref."), group=True, properties=MEMBERS),
        "over-strict-validation", failed("create", 400, scim("Unknown property meta."), properties=NAME),
    ),
    "a member without display": (
        "over-strict-validation", failed("update", 400, scim("display is required."), group=True, properties=MEMBERS),
        "mapping-missing-attribute", failed("create", 400, scim("nickName is required."), properties=NAME),
    ),
    "a redirect of a write": (
        "write-response-wrong", failed("create", 303, "", properties=NAME),
        "tenant-url-wrong", asked(301, ""),
    ),
    "a POST that is not allowed": (
        "app-policy-refuses-change", failed("create", 405, scim("POST is not allowed.", status=405), properties=NAME),
        "patch-method-missing", failed("update", 405, scim("PATCH is not allowed.", status=405), properties=NAME),
    ),
    "an answer to a create without id": (
        "write-response-wrong", on(event("create", UNREAD + '{"userName": "ada"}')),
        "response-attribute-malformed", on(event("create", UNREAD + '{"id": 7, "userName": "ada"}')),
    ),
    "an answer to a create in a wrapper, cut short": (
        "write-response-wrong", on(event("create", UNREAD + '{"data": {"userName": "a')),
        "response-attribute-malformed", on(event("create", UNREAD + '{"name": {"givenName": "a')),
    ),
    "what was created could be read later": (
        "write-response-wrong", replace(on(event("create", UNREAD)), recovered=1),
        "response-attribute-malformed", on(event("create", UNREAD)),
    ),
    "an id that is unknown as soon as it is given": (
        "write-response-wrong", after_create(reason(404, scim("Resource x700 not found.", status=404))),
        "reference-unresolvable", after_create(reason(404, scim("Resource m100 not found.", status=404))),
    ),
    "an id with a slash": (
        "response-attribute-malformed", gone("acct/7"),
        "target-changed-outside-entra", gone("acct-7"),
    ),
    "a body that was not read": (
        "request-content-type-refused", failed("create", 400, scim("The body is empty."), properties=NAME),
        "value-not-allowed-by-app", failed("create", 400, scim("The greeting is empty."), properties=NAME),
    ),
    "no credentials are found": (
        "auth-scheme-unsupported", about(job(reason(401, scim("No API key found in request.", status=401)))),
        "token-expired-or-revoked", about(job(reason(401, scim("The API key is not valid.", status=401)))),
    ),
    "an answer in XML": (
        "response-content-type-wrong", on(event("other", UNREAD + '<?xml version="1.0"?><List/>', steps=(MATCHING,))),
        "response-attribute-malformed", on(event("other", UNREAD + '{"id": "7"}', steps=(MATCHING,))),
    ),
    "members that are taken away": (
        "members-remove-value-not-understood", failed("update", 400, scim("remove has no value."), group=True, properties=LEFT),
        "required-attribute-empty-in-source", failed("create", 400, scim("title has no value."), properties=NAME),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def others(case: Case) -> set[str]:
    return {one.cause for one in diagnose_case(case).alternatives}


def test_what_the_log_cannot_decide_is_possible_with_what_fits_as_well() -> None:
    pairs = {
        "mapping-missing-attribute": PAIRS["roles that are empty"],
        "value-not-allowed-by-app": PAIRS["an attribute that is not allowed"],
        "over-strict-validation": PAIRS["the $ref of a member"],
        "required-attribute-empty-in-source": PAIRS["a part that was not sent"],
        "write-response-wrong": PAIRS["a POST that is not allowed"],
    }
    for other, pair in pairs.items():
        assert diagnose_case(pair[1]).confidence is Confidence.POSSIBLE
        assert other in others(pair[1])


def test_a_redirect_to_somewhere_is_a_sign_in_page_or_another_address() -> None:
    found = diagnose_case(asked(302, ""))
    assert found.confidence is Confidence.POSSIBLE
    assert {found.cause, *others(asked(302, ""))} >= {"tenant-url-wrong", "auth-scheme-unsupported"}


def test_a_manager_that_crashes_the_app_may_do_so_for_its_path() -> None:
    assert "extension-urn-path-unsupported" in others(
        failed("update", 500, CRASH, properties=MANAGER)
    )
    assert "extension-urn-path-unsupported" not in others(
        failed("update", 500, CRASH, properties={"manager": (None, "m100")})
    )


def test_an_externalid_that_is_taken_may_be_no_key_of_the_apps() -> None:
    for name, sure in (("externalId", Confidence.POSSIBLE), ("userName", Confidence.LIKELY)):
        text = scim(f"{name} is in use.", "uniqueness", 409)
        found = diagnose_case(failed("create", 409, text, properties=NAME))
        assert (found.cause, found.confidence) == ("existing-account-not-matchable", sure)


def by_id(severity: Severity = Severity.BLOCKER) -> Finding:
    return Finding(
        check="read/by-id",
        outcome=Outcome.FAILED,
        severity=severity,
        requirement=Requirement.MUST,
        title="A user is read by the id that the create answered",
        message="404",
        cause="write-response-wrong",
        evidence=("x9",),
    )


AGAIN = Replay(
    event="event-1",
    mode=ReplayMode.SHADOW,
    verdict=Verdict.SAME_FAILURE,
    summary="404 again",
    cause="target-changed-outside-entra",
)


def test_what_the_app_never_finds_was_not_taken_away_by_others() -> None:
    replayed = replace(gone("x700"), replays=(AGAIN,))
    assert diagnose_case(replayed).cause == "target-changed-outside-entra"
    assert diagnose_case(replayed).confidence is Confidence.CONFIRMED
    lost = replace(replayed, findings=(by_id(),), answers={"x9": 404})
    assert diagnose_case(lost).cause == "write-response-wrong"
    assert diagnose_case(lost).confidence is Confidence.CONFIRMED
    assert "target-changed-outside-entra" in others(lost)


def test_what_is_only_noted_proves_no_cause() -> None:
    noted = replace(by_id(Severity.INFO), check="read/echo")
    case = replace(gone("x700"), findings=(noted,), answers={"x9": 404})
    assert diagnose_case(case).cause == "target-changed-outside-entra"
    same = replace(case, findings=(by_id(Severity.INFO),), replays=(AGAIN,))
    assert diagnose_case(same).cause == "write-response-wrong"


def test_a_check_that_sends_the_operation_that_failed_tells_what_is_behind_it() -> None:
    refused = failed("update", 400, scim("One at a time."), group=True, properties=MEMBERS)
    again = replace(AGAIN, cause=None)
    shown = replace(by_id(), check="groups/add-members", cause="patch-value-shape-rejected")
    marked = frozenset({"groups/add-members", "groups/delete"})
    case = replace(refused, replays=(again,), answers={"x9": 400}, of_groups=marked)
    found = diagnose_case(replace(case, findings=(shown,)))
    assert (found.cause, found.confidence) == ("patch-value-shape-rejected", Confidence.CONFIRMED)
    other = diagnose_case(replace(case, findings=(replace(shown, check="groups/delete"),)))
    assert other.confidence is Confidence.POSSIBLE


def test_what_is_noted_is_not_cleared_by_another_check_of_its_cause() -> None:
    text = scim("externalId is in use.", status=409)
    taken = failed("create", 409, text, properties=NAME)
    fine = replace(by_id(Severity.INFO), cause="duplicate-create-not-409", outcome=Outcome.PASSED)
    noted = replace(fine, outcome=Outcome.FAILED)
    assert "duplicate-create-not-409" not in others(replace(taken, findings=(fine,)))
    assert "duplicate-create-not-409" in others(replace(taken, findings=(fine, noted)))


def test_a_page_in_the_place_of_a_patch_tells_that_nothing_takes_it_there() -> None:
    page = "<!DOCTYPE html><html><head><title>Cannot do it</title></head></html>"
    change = patch(op("Add", "members", [{"value": "u1"}]))
    found = diagnose_case(sent("PATCH", "/Groups/g1", change, 404, page))
    assert found.cause == "patch-method-missing"
    known = diagnose_case(sent("PATCH", "/Groups/g1", change, 404, scim("No.", status=404)))
    assert known.cause != "patch-method-missing"


def test_a_check_that_gets_the_jobs_own_answer_tells_what_is_behind_it() -> None:
    refused = about(job(reason(401, scim("The API key is not valid.", status=401))))
    refused = replace(refused, successes=1)
    finding = replace(by_id(), check="auth/token-accepted", cause="auth-scheme-unsupported")
    assert diagnose_case(refused).cause != "auth-scheme-unsupported"
    found = diagnose_case(replace(refused, findings=(finding,), answers={"x9": 401}))
    assert (found.cause, found.confidence) == ("auth-scheme-unsupported", Confidence.CONFIRMED)
    other = replace(refused, findings=(finding,), answers={"x9": 500})
    assert diagnose_case(other).confidence is not Confidence.CONFIRMED
