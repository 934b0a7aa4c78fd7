"""What the lab's Entra really sent, held beside what is rebuilt from the log that it wrote.

What an event cannot tell, and so is only rebuilt as `conditional`: whether an object that the app
holds was found by the query or read by its id; whether a reference was checked before its PATCH.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.reconstruct import reconstruct
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.lab import seed
from scimdoctor.lab.entra_service import CredentialsRefused
from scimdoctor.lab.provisioned_app import ProvisionedApp
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.redaction import Secret
from scimdoctor.sources.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.exchange import ScimRequest
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.reconstruction import Reconstruction
    from scimdoctor.model.synchronization import SynchronizationSchema

NOW = datetime(2026, 7, 1, tzinfo=UTC)
BASE_URL = "https://lab.example/scim"
FAULTS = (
    "",
    "active-not-returned",
    "boolean-text-refused",
    "create-without-id",
    "duplicate-without-scim-type",
    "emails-as-text",
    "error-html",
    "filter-ignored",
    "filter-no-match-404",
    "list-empty-204",
    "manager-text-refused",
    "members-add-several-refused",
    "members-remove-filter-refused",
    "members-remove-list-refused",
    "patch-405",
    "pathless-refused",
    "unavailable-now-and-then",
    "unknown-id-500",
    "user-name-immutable",
    "value-path-500",
    "value-path-literal",
)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One event, and what was sent for it."""

    event: ProvisioningObjectSummary
    sent: tuple[ScimRequest, ...]


def restored(people: seed.Organisation) -> set[str]:
    """Who left comes back."""
    gone = [p for p in people.people.values() if not p.properties["accountEnabled"]]
    return {people.change(p.changed(accountEnabled=True)) for p in gone}


def renamed(people: seed.Organisation) -> set[str]:
    """A user gets another principal name and loses a title."""
    person = list(people.people.values())[3]
    return {people.change(person.changed(userPrincipalName="new@contoso.example", jobTitle=None))}


def swapped(people: seed.Organisation) -> set[str]:
    """A team loses one member and wins another, under a new name."""
    team = next(iter(people.teams.values()))
    outside = sorted(set(people.people) - team.members)[0]
    members = frozenset([*sorted(team.members)[1:], outside])
    people.teams[team.id] = replace(team, members=members, name=f"{team.name} 2")
    return {team.id}


def turns(people: seed.Organisation, app: ProvisionedApp) -> Iterator[set[str]]:
    """Whom the cycles are about: everybody, those whom something happens to, what failed."""
    yield {*people.people, *people.teams}
    for happening in seed.story():
        yield happening.apply(people)
    for apply in (restored, renamed, swapped):
        yield apply(people)
    yield set(app.service.escrows)


def history(fault: str, dialect: Dialect) -> tuple[list[Logged], SynchronizationSchema]:
    """Let the lab's Entra provision an app with `fault`, one object at a time."""
    provider = ScimServiceProvider(faults=[fault] if fault else [])
    people = seed.organisation(22)
    seed.without_mail(people, range(2, 5))
    found: list[Logged] = []
    with httpx.Client(transport=ProviderTransport(provider.handle)) as http:
        endpoint = Endpoint(http, base_url=BASE_URL, auth=BearerToken(Secret("lab-token")))
        endpoint.guard.allow("acting as Entra")
        app = ProvisionedApp(
            name="App",
            send=endpoint.send,
            provider=provider,
            tenant_url=BASE_URL,
            people=people,
            dialect=dialect,
        )
        for ids in turns(people, app):
            for identifier in sorted(ids, key=lambda i: (i in people.teams, i)):
                found += one_turn(app, endpoint, identifier)
    return found, parse_schema(app.schema)


def one_turn(app: ProvisionedApp, endpoint: Endpoint, identifier: str) -> list[Logged]:
    """Provision one object; the probe that begins a cycle is left out."""
    before = len(endpoint.exchanges) + 1
    try:
        raw = app.run_for(identifier, NOW)
    except CredentialsRefused:
        return []
    sent = tuple(exchange.request for exchange in endpoint.exchanges[before:])
    return [Logged(event=read_record(raw, "lab"), sent=sent)] if raw else []


def words(request: ScimRequest) -> tuple[object, ...]:
    return (request.method, request.path, request.query, request.json)


def accounted_for(rebuilt: Reconstruction, sent: tuple[ScimRequest, ...]) -> bool:
    """Whether leaving out requests that are conditional gives exactly what was sent, in order."""
    waiting = [words(request) for request in sent]
    for item in rebuilt.requests:
        if waiting and words(item.request) == waiting[0]:
            waiting.pop(0)
        elif item.failed or not item.conditional:
            return False
    return not waiting


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("fault", FAULTS)
def test_every_event_gives_back_what_was_sent(fault: str, dialect: Dialect) -> None:
    logged, schema = history(fault, dialect)
    assert len(logged) > 30
    for one in logged:
        rebuilt = reconstruct(one.event, schema=schema, dialect=dialect)
        assert accounted_for(rebuilt, one.sent), (one.event, rebuilt, one.sent)
        refused = [words(item.request) for item in rebuilt.requests if item.failed]
        expected = [words(one.sent[-1])] if one.event.status == "failure" else []
        assert refused == expected, (one.event, rebuilt)
