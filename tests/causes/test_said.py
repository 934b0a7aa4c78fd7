"""Who said it, and that it is quoted: a reader judges the app's words for himself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.breach import Hint
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.causes.phrases import HINTS, hinted
from scimdoctor.model.diagnosis import Confidence
from tests.causes.build import (
    about,
    event,
    exchange,
    job,
    on,
    op,
    patch,
    reason,
    scim,
    seen,
    user,
)
from tests.causes.test_families import failed

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Case

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
PAGE = "<html><head><title>Scheduled maintenance</title></head><body>Back at 6</body></html>"
ONE_MORE: dict[str, tuple[str | None, str | None]] = {"members": (None, "41")}
DELETED = scim("A user with this email was deleted within the last 30 days")
PHONE: dict[str, object] = {
    "errors": {
        "$.phoneNumbers[0].value": ["The JSON value could not be converted to System.String."]
    }
}
TEST_ERROR = "We received this unexpected response from your application: Unauthorized"


def added(status: int, words: str) -> Case:
    answer = scim(words, status=status) if words else ""
    return on(event("update", reason(status, answer), group=True, properties=ONE_MORE))


CASES: dict[str, tuple[Case, str, Confidence, str]] = {
    "a 401 that counts attempts": (failed("create", 401, scim("Too many login attempts; retry in 60 seconds", status=401)), "endpoint-too-slow-or-throttled", POSSIBLE, "Too many login attempts"),
    "a 401 about the token": (failed("create", 401, scim("Login required", status=401)), "token-expired-or-revoked", POSSIBLE, "the app says: Login required"),
    "a page of maintenance": (failed("update", 503, PAGE), "endpoint-too-slow-or-throttled", POSSIBLE, "the app says: Scheduled maintenance"),
    "deleted, and kept": (failed("create", 400, DELETED), "existing-account-not-matchable", LIKELY, "the app says: A user with this email was deleted"),
    "deleted, and to be changed": (failed("update", 400, scim("This user has been deleted")), "target-changed-outside-entra", POSSIBLE, "This user has been deleted"),
    "the shape of a value at a create": (failed("create", 400, PHONE), "patch-value-shape-rejected", LIKELY, "the app says: The JSON value"),
    "a member by its bare word": (added(409, "Member limit of the plan's group"), "app-prerequisite-missing", LIKELY, "Member limit"),
    "a conflict that only names the member": (added(409, "Problem with member 41"), "non-idempotent-write", POSSIBLE, "the app says: Problem with member 41"),
    "a member that is one": (added(409, "41 is a member"), "non-idempotent-write", LIKELY, "the app says: 41 is a member"),
    "Entra's own words": (on(event("update", "Some warnings", status="warning")), "unknown-cause", POSSIBLE, "the log says: 'Some warnings'"),
    "a job's error": (about(job(TEST_ERROR)), "token-expired-or-revoked", POSSIBLE, f"the job's error says: {TEST_ERROR}"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_was_said_is_quoted_with_who_said_it(name: str) -> None:
    case, cause, confidence, quote = CASES[name]
    found = diagnose_case(case)
    told = " ".join(one.summary for one in found.evidence)
    assert (found.cause, found.confidence) == (cause, confidence)
    assert quote in told
    assert told.count(quote) == 1


def test_other_readings_of_the_same_answer_are_named() -> None:
    alternatives = {
        name: {a.cause for a in diagnose_case(CASES[name][0]).alternatives} for name in CASES
    }
    assert "token-expired-or-revoked" in alternatives["a 401 that counts attempts"]
    assert "endpoint-unreachable-or-blocked" in alternatives["a page of maintenance"]
    assert "over-strict-validation" in alternatives["the shape of a value at a create"]


def test_a_bare_403_at_a_group_may_be_a_right_that_is_missing() -> None:
    found = diagnose_case(added(403, ""))
    assert found.cause == "app-policy-refuses-change"
    assert [a.cause for a in found.alternatives][:1] == ["app-prerequisite-missing"]
    of_user = diagnose_case(failed("update", 403, ""))
    assert "app-prerequisite-missing" not in {a.cause for a in of_user.alternatives}


def test_the_title_of_a_refused_create_is_not_of_a_patch() -> None:
    assert "created" in diagnose_case(CASES["the shape of a value at a create"][0]).title
    update = diagnose_case(failed("update", 400, PHONE))
    assert "created" not in update.title


@pytest.mark.parametrize(
    ("hint", "text", "words"),
    [
        (Hint.THERE, "Sorry. 41 is a member of it. Bye", "41 is a member of it"),
        (Hint.THERE, "Member limit reached", None),
        (Hint.BUSY, "The row is Locked now", "Locked"),
        (Hint.LENGTH, "At most 40 characters", "characters"),
        (Hint.LENGTH, "No seats left", None),
    ],
)
def test_hints(hint: Hint, text: str, words: str | None) -> None:
    assert hinted(hint, text) == words
    assert all(source for source, _ in HINTS.values())


def test_a_patch_of_which_nothing_shows_the_effect_is_a_question() -> None:
    change = patch(op("Replace", "displayName", "B"))
    found = diagnose_case(seen(exchange("PATCH", "/Users/u1", 204, sent=change)))
    assert found.cause == "patch-accepted-not-applied"
    assert found.is_question
    later = exchange("GET", "/Users/u1", 200, user(displayName="A"), id_="h2")
    told = diagnose_case(seen(exchange("PATCH", "/Users/u1", 204, sent=change), later))
    assert told.cause == "patch-accepted-not-applied"
    assert not told.is_question
