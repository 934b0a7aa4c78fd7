"""Runs the checks against the lab's provider in this process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx

from scimdoctor.checks import ALL_CHECKS, CheckOptions, Clock, run_checks
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.endpoint.oauth import OAuthClient, OAuthCredentials
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.endpoint.wire import Wire
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.token_endpoint import CLIENT_ID, CLIENT_SECRET, PATH
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.model.finding import Outcome
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scimdoctor.checks import Check
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding

BASE_URL = "http://app.test/scim"


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    at: float = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep)


@dataclass(frozen=True)
class Checked:
    """One run and what it left behind."""

    findings: tuple[Finding, ...]
    exchanges: tuple[Exchange, ...]
    left: int

    @property
    def problems(self) -> list[Finding]:
        return [f for f in self.findings if f.is_problem or f.outcome is Outcome.ERRORED]

    def of(self, check: str) -> Finding:
        return next(f for f in self.findings if f.check == check)


def endpoint_for(
    handler: Callable[..., Any],
    http: list[httpx.Client],
    *,
    token: str = "lab-token",
    oauth: bool = False,
) -> Endpoint:
    """An endpoint with writes allowed; the caller closes what is put into `http`."""
    client = httpx.Client(transport=ProviderTransport(handler))
    http.append(client)
    guard, recorder = WriteGuard(), Recorder()
    guard.allow("a test")
    fetched = OAuthCredentials(
        OAuthClient(
            token_url=f"http://app.test{PATH}",
            client_id=CLIENT_ID,
            client_secret=Secret(CLIENT_SECRET),
        ),
        Wire(client),
        recorder,
    )
    auth = fetched if oauth else BearerToken(Secret(token))
    return Endpoint(client, base_url=BASE_URL, auth=auth, guard=guard, recorder=recorder)


def check_provider(
    provider: ScimServiceProvider,
    *,
    checks: Sequence[Check] = ALL_CHECKS,
    options: CheckOptions | None = None,
    journal: Any = None,
    token: str = "lab-token",
    oauth: bool = False,
) -> Checked:
    """Run `checks` against `provider`."""
    clients: list[httpx.Client] = []
    endpoint = endpoint_for(provider.handle, clients, token=token, oauth=oauth)
    options = options or CheckOptions(seed=1)
    clock = FakeClock().clock if options.clock == Clock() else options.clock
    options = replace(options, seed=options.seed or 1, clock=clock)
    try:
        findings = run_checks(endpoint, checks=checks, options=options, journal=journal)
    finally:
        clients[0].close()
    left = len(provider.users) + len(provider.groups)
    return Checked(findings=findings, exchanges=endpoint.exchanges, left=left)


def check_lab(
    *faults: str,
    traits: Iterable[str] = (),
    options: CheckOptions | None = None,
    oauth: bool = False,
) -> Checked:
    """Run every check against a provider with these switches on."""
    provider = ScimServiceProvider(faults=faults, traits=traits)
    return check_provider(provider, options=options, oauth=oauth)


@dataclass
class RecordingJournal:
    """A journal in memory."""

    entries: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def about_to_create(
        self, base_url: str, resource: str, *, attribute: str, value: str, key: str
    ) -> str:
        self.seen.append(value)
        self.entries[key] = (resource, value, None)
        return key

    def created(self, key: str, resource_id: str) -> None:
        resource, value, _ = self.entries[key]
        self.entries[key] = (resource, value, resource_id)

    def forget(self, key: str) -> None:
        self.entries.pop(key, None)
