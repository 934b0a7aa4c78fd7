"""What other events of the same log say of a failure; each rule with a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Affected, Case, Confidence
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningStep
from tests.causes.build import ENTERPRISE, NOW, event, reason, scim
from tests.causes.test_logged_faults import MATCHING, UNREAD

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary as Event

Properties = dict[str, tuple[str | None, str | None]]
GONE = reason(404, scim("Not found.", status=404))
REFUSED = reason(400, scim("The body cannot be read."))
CRASH = reason(500, scim("An unexpected error occurred.", status=500))
ADDED = ProvisioningStep(name="EntryExportAdd", provisioning_step_type="export", status="success")
FOUND = ProvisioningStep(
    name="EntryImport", provisioning_step_type="matching", status="success", details={"id": "7"}
)
UPDATE = "EntryExportUpdate"
MANAGER: Properties = {f"{ENTERPRISE}:manager": (None, "m100")}
ACTIVE: Properties = {"active": ("True", "False")}
MEMBERS: Properties = {"members": (None, "u1")}
LEFT: Properties = {"members": ("u1", None)}


def wrote(status: str, name: str = UPDATE) -> ProvisioningStep:
    return ProvisioningStep(name=name, provisioning_step_type="export", status=status)


def of(who: str, day: int, made: Event) -> Event:
    source = replace(made.source_identity, id=who)
    at = NOW + timedelta(days=day)
    return replace(made, id=f"{who}-{day}", source_identity=source, activity_date_time=at)


def case(*events: Event, sampled: int = 1) -> Case:
    """The first `sampled` events are the failure's sample; the rest is around it."""
    ids = tuple(e.id for e in events[:sampled])
    affected = Affected(events=sampled, objects=sampled, sample=ids)
    return Case(event=events[0], around=events, affected=affected)


def created(who: str, day: int = 1) -> Event:
    return of(who, day, event("create", status="success", steps=(ADDED,)))


def lost(who: str, day: int = 3) -> Event:
    made = event("other", GONE, code="InvalidAnchor", steps=(MATCHING,))
    return of(who, day, replace(made, target_identity=ProvisionedIdentity(id="x700")))


def seen(who: str, day: int = 2) -> Event:
    return of(who, day, event("other", status="skipped", steps=(FOUND,)))


PEOPLE = ("ada", "bo", "cy")
LOST = [lost(who) for who in PEOPLE]
CREATED = [created(who) for who in PEOPLE]

CASES: dict[str, tuple[Case, str, Confidence | None]] = {
    "none was ever found": (
        case(*LOST, *CREATED, sampled=3),
        "write-response-wrong", Confidence.LIKELY,
    ),
    "one was found meanwhile": (
        case(*LOST, *CREATED, seen("bo"), sampled=3),
        "target-changed-outside-entra", Confidence.LIKELY,
    ),
    "a single one may have been taken away": (
        case(lost("ada"), created("ada")),
        "target-changed-outside-entra", Confidence.POSSIBLE,
    ),
    "their create is not in the log": (
        case(*LOST, sampled=3),
        "target-changed-outside-entra", Confidence.LIKELY,
    ),
    "every kind of change is refused alike": (
        case(
            of("ada", 1, event("update", REFUSED, properties=MANAGER, steps=(wrote("failure"),))),
            of("bo", 1, event("disable", REFUSED, properties=ACTIVE, steps=(wrote("failure"),))),
        ),
        "request-content-type-refused", Confidence.POSSIBLE,
    ),
    "one kind of change passes": (
        case(
            of("ada", 1, event("update", REFUSED, properties=MANAGER, steps=(wrote("failure"),))),
            of("bo", 1, event("disable", REFUSED, properties=ACTIVE, steps=(wrote("failure"),))),
            of("cy", 1, event("disable", status="success", properties=ACTIVE, steps=(wrote("success"),))),
        ),
        "manager-value-shape", Confidence.POSSIBLE,
    ),
    "only groups are not answered": (
        case(
            of("team", 1, event("other", CRASH, group=True, steps=(MATCHING,))),
            created("ada"),
        ),
        "groups-endpoint-missing", Confidence.POSSIBLE,
    ),
    "another group was answered": (
        case(
            of("team", 1, event("other", CRASH, group=True, steps=(MATCHING,))),
            created("ada"),
            of("crew", 1, event("update", status="success", group=True, properties=MEMBERS)),
        ),
        "unhandled-exception-500", None,
    ),
    "members are added, and not taken away": (
        case(
            of("team", 2, event("update", CRASH, group=True, properties=LEFT, steps=(wrote("failure"),))),
            of("team", 1, event("update", status="success", group=True, properties=MEMBERS, steps=(wrote("success"),))),
        ),
        "members-remove-value-not-understood", Confidence.POSSIBLE,
    ),
    "nothing is known of adding members": (
        case(of("team", 2, event("update", CRASH, group=True, properties=LEFT, steps=(wrote("failure"),)))),
        "unhandled-exception-500", None,
    ),
    "what was created could be read later": (
        case(of("ada", 1, event("create", UNREAD)), seen("ada")),
        "write-response-wrong", Confidence.POSSIBLE,
    ),
    "what was created could be read before": (
        case(of("ada", 3, event("create", UNREAD)), seen("ada")),
        "response-attribute-malformed", Confidence.POSSIBLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_around_tells(name: str) -> None:
    failure, cause, sure = CASES[name]
    found = diagnose_case(failure)
    assert found.cause == cause
    assert sure is None or found.confidence is sure


def test_what_fits_as_well_stays_an_alternative() -> None:
    found = diagnose_case(CASES["every kind of change is refused alike"][0])
    named = {one.cause for one in found.alternatives}
    assert {"patch-op-case-sensitive", "needs-scim-compliance-flag"} <= named
