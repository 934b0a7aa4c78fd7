"""Failures that follow from the lab's faults: reproduced while the fault is on, gone without it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.lab.entra_service import ProvisioningService, SourceObject
from scimdoctor.lab.event_log import EventContext
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.model.replay import ReplayMode, Verdict
from scimdoctor.redaction import Secret
from scimdoctor.replay import subject_of_event
from scimdoctor.sources.record import read_record
from tests.fakes.replaying import replayer

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.lab.http import LabRequest, LabResponse
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def person(number: int, *, enabled: bool = True, **attributes: object) -> SourceObject:
    address = f"p{number}@contoso.example"
    values = {"userName": address, "active": True, "displayName": f"P {number}", "title": "Eng"}
    return SourceObject(
        id=f"s{number}",
        kind="User",
        name=address,
        principal_name=address,
        attributes=values | {'emails[type eq "work"].value': address} | attributes,
        source={},
        enabled=enabled,
    )


def team(*members: str) -> SourceObject:
    return SourceObject(
        id="g1",
        kind="Group",
        name="Team",
        attributes={"displayName": "Team", "externalId": "g1"},
        source={},
        members=frozenset(members),
    )


CYCLES = (
    (person(1), person(2), team("s1")),
    (person(1, title="Boss"), person(2, enabled=False), team("s1", "s2")),
    (person(1, title="Boss"), team("s2")),
)


def failures(endpoint: Endpoint) -> list[ProvisioningObjectSummary]:
    """What Entra would log of this endpoint."""
    context = EventContext(
        tenant_id="t", job_id="j", cycle_id="c", service_principal_id="sp", app_name="App"
    )
    service = ProvisioningService(send=endpoint.send, context=context)
    with endpoint.guard.allowing("acting as Entra"):
        raw = [r for n, c in enumerate(CYCLES) for r in service.run_cycle(c, at=NOW, number=n)]
    events = [read_record(record, "lab") for record in raw]
    return [event for event in events if event.status == "failure"]


@pytest.mark.parametrize(
    "fault",
    [
        "patch-op-case-sensitive",
        "boolean-text-refused",
        "patch-405",
        "value-path-500",
        "email-immutable",
        "list-empty-204",
        "list-resources-null",
        "filter-no-match-404",
        "display-name-refused",
        "emails-as-text",
        "create-without-id",
        "groups-500",
        "group-create-needs-members",
        "members-add-several-refused",
        "members-remove-list-refused",
        "id-with-slash",
        "create-not-stored",
        "unlisted-extension-refused",
        "html-page",
        "body-invalid-json",
        "error-text",
        "charset-refused",
    ],
)
def test_every_failure_is_reproduced_and_nothing_is_left(fault: str, tmp_path: Path) -> None:
    provider = ScimServiceProvider(faults=[fault])
    with httpx.Client(transport=ProviderTransport(provider.handle)) as http:
        endpoint = Endpoint(
            http, base_url="https://lab.example/scim", auth=BearerToken(Secret("lab-token"))
        )
        events = failures(endpoint)
        there = (set(provider.users), set(provider.groups))
        many = replayer(endpoint, tmp_path)
        subjects = [subject_of_event(e, schema=None, dialect=Dialect.DEFAULT) for e in events]
        with endpoint.guard.allowing("test"):
            found = [many.replay(subject, ReplayMode.SHADOW) for subject in subjects]
    assert [replay.summary for replay in found if replay.verdict is not Verdict.SAME_FAILURE] == []
    assert (set(provider.users), set(provider.groups)) == there
    assert many.journal.resources() == ()


@pytest.mark.parametrize("fault", ["patch-op-case-sensitive", "boolean-text-refused", "patch-405"])
def test_without_the_fault_they_work(fault: str, tmp_path: Path) -> None:
    provider = ScimServiceProvider(faults=[fault])
    mended = ScimServiceProvider()
    current = [provider]

    def handle(request: LabRequest) -> LabResponse:
        return current[0].handle(request)

    with httpx.Client(transport=ProviderTransport(handle)) as http:
        endpoint = Endpoint(
            http, base_url="https://lab.example/scim", auth=BearerToken(Secret("lab-token"))
        )
        events = failures(endpoint)
        assert events
        current[0] = mended
        with endpoint.guard.allowing("so that the mended app gives no id twice"):
            for number in range(20):
                endpoint.send(requests.create_user({"userName": f"filler{number}"}))
        mended.users, mended.groups = provider.users, provider.groups
        many = replayer(endpoint, tmp_path)
        subjects = [subject_of_event(e, schema=None, dialect=Dialect.DEFAULT) for e in events]
        with endpoint.guard.allowing("test"):
            found = [many.replay(subject, ReplayMode.SHADOW) for subject in subjects]
    assert [replay.summary for replay in found if replay.verdict is not Verdict.WORKS_NOW] == []
