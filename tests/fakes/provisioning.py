"""Provisioning events made from a few choices, and their summary worked out by plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from scimdoctor.entra.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.provisioning import ProvisioningObjectSummary

START = datetime(2026, 3, 1, tzinfo=UTC)
REASONS = (
    'StatusCode: Conflict\r\nWeb Response: \r\n{"detail":"User \'ada\' exists","status":409}. '
    "This operation was retried 1 times. It will be retried again after this date: "
    "2026-03-24T13:23:44.9198514Z UTC",
    "StatusCode: BadRequest: person3@contoso.example is taken, id 00000029-0000-4000-8000-000000000029",
    "Attribute 'emails' is required",
    "Attribute 'userName' is required, got \"Zoë\"",
    "Person 3 is not here",
    "",
)
SKIPS = (
    ("RedundantExport", None, "No change to the User 'ada' currently needs to be made."),
    ("AttributeValidationFailed", "name.familyName", "The User will be skipped"),
    ("NotEffectivelyEntitled", None, ""),
)


def record(number: int, **choice: Any) -> dict[str, Any]:
    """Return one record of Graph's; `choice` holds what `records` draws."""
    person, status, app = choice["person"], choice["status"], choice["app"]
    time = START + timedelta(seconds=choice["second"])
    error = None
    steps: list[dict[str, Any]] = [{"name": "EntryImport", "status": "success", "details": {}}]
    if status in {"failure", "warning"}:
        error = {"errorCode": choice["code"], "reason": choice["reason"]}
        steps.append({"name": "EntryExportAdd", "status": status, "description": "Failed to do it"})
    if status == "skipped":
        reason, attribute, words = choice["skip"]
        details = {"SkipReason": reason} | ({"PropertyName": attribute} if attribute else {})
        steps.append({"status": status, "description": words, "details": details})
    return {
        "id": f"event-{number}",
        "activityDateTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "jobId": f"job-{app}",
        "cycleId": f"cycle-{number // 5}",
        "changeId": f"change-{number}",
        "provisioningAction": choice["action"],
        "durationInMilliseconds": number,
        "servicePrincipal": {"id": f"app-{app}", "displayName": f"App {app}"},
        "sourceIdentity": {
            "id": f"0000{person}",
            "displayName": f"Person {person}",
            "identityType": "User",
            "details": {"UserPrincipalName": f"person{person}@contoso.example"},
        },
        "targetIdentity": {"id": "", "displayName": ""},
        "provisioningStatusInfo": {"status": status, "errorInformation": error},
        "provisioningSteps": steps,
    }


CHOICES = st.fixed_dictionaries(
    {
        "person": st.integers(1, 4),
        "status": st.sampled_from(["success", "failure", "skipped", "warning"]),
        "app": st.integers(1, 2),
        "second": st.integers(0, 200_000),
        "code": st.sampled_from(["DuplicateTargetEntries", "SystemError", "None", ""]),
        "reason": st.sampled_from(REASONS),
        "skip": st.sampled_from(SKIPS),
        "action": st.sampled_from(["create", "update", "disable"]),
    }
)
RECORDS = st.lists(CHOICES, max_size=25, unique_by=lambda choice: choice["second"]).map(
    lambda choices: [record(number, **choice) for number, choice in enumerate(choices)]
)
"""Records with different times, so that "newest" is one event."""


@dataclass(frozen=True)
class Group:
    """One signature, as plain Python works it out."""

    id: str
    count: int
    objects: int
    failing_now: int
    first_seen: datetime
    last_seen: datetime


def groups_of(events: Iterable[ProvisioningObjectSummary]) -> dict[str, Group]:
    """Group events by signature, the slow and plain way."""
    members: dict[str, list[ProvisioningObjectSummary]] = defaultdict(list)
    newest: dict[tuple[str, str], ProvisioningObjectSummary] = {}
    for event in sorted(events, key=lambda e: e.activity_date_time or START):
        newest[place(event)] = event
        if event.status != "success":
            members[signature_of(event).id].append(event)
    found = {}
    for one, group in members.items():
        times = [event.activity_date_time or START for event in group]
        ids = {event.id for event in group}
        found[one] = Group(
            id=one,
            count=len(group),
            objects=len({place(event) for event in group}),
            failing_now=sum(last.id in ids for last in newest.values()),
            first_seen=min(times),
            last_seen=max(times),
        )
    return found


def place(event: ProvisioningObjectSummary) -> tuple[str, str]:
    """Return what tells one object in one app from another."""
    return (event.service_principal.id or "", event.source_identity.id or "")


def days_of(events: Iterable[ProvisioningObjectSummary]) -> Counter[tuple[str, str]]:
    """Count events by day and status, the slow and plain way."""
    return Counter(
        (f"{event.activity_date_time:%Y-%m-%d}", event.status)
        for event in events
        if event.activity_date_time
    )


def random_records(count: int, *, seed: int = 7) -> list[dict[str, Any]]:
    """Return `count` records with different times, the same for the same seed."""
    chance = random.Random(seed)
    seconds = chance.sample(range(200_000), count)
    return [
        record(
            number,
            second=second,
            person=chance.randint(1, 4),
            app=chance.randint(1, 2),
            status=chance.choice(("success", "failure", "skipped", "warning")),
            code=chance.choice(("DuplicateTargetEntries", "SystemError", "")),
            reason=chance.choice(REASONS),
            skip=chance.choice(SKIPS),
            action=chance.choice(("create", "update", "disable")),
        )
        for number, second in enumerate(seconds)
    ]
