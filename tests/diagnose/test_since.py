"""A success after a failure is said, and speaks against what would not have let it pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.diagnose.groups import group_events, with_later
from scimdoctor.diagnose.run import diagnose
from scimdoctor.model.diagnosis import Confidence, Diagnosis
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningObjectSummary
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from tests.causes.build import NOW, event, on, reason, scim

EXPIRED = reason(401, scim("Token expired", status=401))
WORK = 'emails[type eq "work"].value'
NO_PATH = reason(400, scim(f"Unsupported attribute path: {WORK}", "invalidPath"))
TAKEN = reason(400, scim("Title is longer than 40 characters", "invalidValue"))


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def of(
    who: str, minute: int, made: ProvisioningObjectSummary, *, name: str = ""
) -> ProvisioningObjectSummary:
    source = ProvisionedIdentity(id=who, identity_type="User")
    when = at(minute)
    return replace(
        made, id=name or f"{who}-{minute}", source_identity=source, activity_date_time=when
    )


def failed(who: str, minute: int, text: str, action: str = "update") -> ProvisioningObjectSummary:
    return of(who, minute, event(action, text, properties={WORK: ("a", "b")}))


def passed(
    who: str, minute: int, action: str = "update", path: str = WORK
) -> ProvisioningObjectSummary:
    return of(who, minute, event(action, status="success", properties={path: ("a", "b")}))


def only(*events: ProvisioningObjectSummary) -> Diagnosis:
    counts, groups = group_events(events)
    (found,) = diagnose(Evidence(groups=groups, counts=counts, now=NOW)).diagnoses
    return found


CASES: dict[str, tuple[str, tuple[ProvisioningObjectSummary, ...], Confidence, str]] = {
    "the same object, later": ("token-expired-or-revoked", (failed("ada", 1, EXPIRED, "create"), passed("ada", 9, "create")), Confidence.POSSIBLE, "it works since"),
    "the same object, before": ("token-expired-or-revoked", (failed("ada", 9, EXPIRED, "create"), passed("ada", 1, "create")), Confidence.LIKELY, ""),
    "another object, and a fault of every request": ("token-expired-or-revoked", (failed("ada", 1, EXPIRED), passed("bob", 9)), Confidence.POSSIBLE, "it works since"),
    "another object with the path that is refused": ("value-path-unsupported", (failed("ada", 1, NO_PATH), passed("bob", 9)), Confidence.POSSIBLE, "went well for another object"),
    "another object without that path": ("value-path-unsupported", (failed("ada", 1, NO_PATH), passed("bob", 9, path="title")), Confidence.LIKELY, ""),
    "one of two objects": ("value-path-unsupported", (failed("ada", 1, NO_PATH), failed("bob", 1, NO_PATH), passed("bob", 9, path="title")), Confidence.LIKELY, "1 of the 2 objects"),
    "a value of one object, corrected": ("value-not-allowed-by-app", (failed("ada", 1, TAKEN), passed("ada", 9)), Confidence.LIKELY, "it works since"),
    "another operation": ("patch-method-missing", (failed("ada", 1, reason(405)), passed("ada", 9, "disable")), Confidence.LIKELY, ""),
    "any update": ("patch-method-missing", (failed("ada", 1, reason(405)), passed("bob", 9)), Confidence.POSSIBLE, "for another object"),
    "what comes and goes": ("endpoint-too-slow-or-throttled", (failed("ada", 1, reason(429)), passed("ada", 9)), Confidence.LIKELY, "it works since"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_came_later(name: str) -> None:
    cause, events, confidence, said = CASES[name]
    found = only(*events)
    assert (found.cause, found.confidence) == (cause, confidence)
    assert said in found.evidence[0].summary
    assert (" later (" in found.evidence[0].summary) is bool(said)


def test_where_nobody_looked_that_is_said() -> None:
    counts, groups = group_events([failed("ada", 1, EXPIRED)])
    found = diagnose(Evidence(groups=with_later(groups, None), counts=counts, now=NOW))
    assert any("works since was not looked at" in limit for limit in found.limits)
    looked = diagnose(Evidence(groups=with_later(groups, []), counts=counts, now=NOW))
    assert not any("works since" in limit for limit in looked.limits)


@pytest.mark.parametrize(
    ("verdict", "confidence"),
    [
        (Verdict.DIFFERENT_FAILURE, Confidence.POSSIBLE),
        (Verdict.SAME_FAILURE, Confidence.LIKELY),
        (Verdict.NOT_SENT, Confidence.LIKELY),
    ],
)
def test_a_replay_that_fails_otherwise_makes_less_sure(
    verdict: Verdict, confidence: Confidence
) -> None:
    case = on(event("update", NO_PATH, properties={WORK: ("a", "b")}))
    replay = Replay(event="event-1", mode=ReplayMode.SHADOW, verdict=verdict, summary="so it was")
    found = diagnose_case(replace(case, replays=(replay,)))
    assert (found.cause, found.confidence) == ("value-path-unsupported", confidence)
