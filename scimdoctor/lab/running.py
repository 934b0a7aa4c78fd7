"""The lab in operation: Graph and sign-in authority over TLS, two SCIM endpoints, all on loopback."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scimdoctor.endpoint.build import build_http
from scimdoctor.endpoint.client import Endpoint, Limits
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.lab import seed
from scimdoctor.lab.authority import LabAuthority
from scimdoctor.lab.entra_service import CredentialsRefused
from scimdoctor.lab.graph import LabGraph
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.on_demand import on_demand_answer
from scimdoctor.lab.provisioned_app import ProvisionedApp
from scimdoctor.lab.scim.faults import FAULTS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.tenant import (
    Json,
    LabHooks,
    LabRegistration,
    LabServicePrincipal,
    LabTenant,
)
from scimdoctor.lab.tls import make_tls
from scimdoctor.progress import SILENT, Progress
from scimdoctor.redaction import Secret
from scimdoctor.sources.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scimdoctor.lab.http import LabRequest, LabResponse

TRAVEL = "Contoso Travel"
HR = "Contoso HR"
CLIENT_ID = seed.stable_id("scimdoctor")
CLIENT_SECRET = "lab-client-secret"  # the lab's: it opens nothing else
TOKEN = "lab-token"
_PATIENCE = Limits(seconds=10.0)
_SHORT_PATIENCE = Limits(seconds=0.5)
"""How long the lab's Entra waits for an endpoint that may never answer: six days take seconds."""

_MAY_NOT_ANSWER = "endpoint-too-slow-or-throttled"

_REFUSED = {
    "errorCode": "SystemForCrossDomainIdentityManagementInvalidCredentials",
    "errorMessage": "The endpoint refused the saved credentials.",
}
_UNKNOWN = {"errorCode": "NotFound", "errorMessage": "There is no such object in scope."}


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A running lab and what is needed to use it."""

    graph_url: str
    """Also the sign-in authority's host."""

    ca_file: Path
    tenant: LabTenant
    travel: ProvisionedApp
    """The app with the chosen faults."""

    hr: ProvisionedApp
    """The app whose token expired."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point scimdoctor at this lab."""
        return {
            "SCIMDOCTOR_TENANT": self.tenant.id,
            "SCIMDOCTOR_CLIENT_ID": CLIENT_ID,
            "SCIMDOCTOR_CLIENT_SECRET": CLIENT_SECRET,
            "SCIMDOCTOR_AUTH": "secret",
            "SCIMDOCTOR_AUTHORITY_HOST": self.graph_url,
            "SCIMDOCTOR_GRAPH_HOST": self.graph_url,
            "SCIMDOCTOR_CA_FILE": str(self.ca_file),
            "SCIMDOCTOR_ENDPOINT_TOKEN": TOKEN,
            # A lab's past is made anew at each start: an archive of another start would contradict.
            "SCIMDOCTOR_ARCHIVE": str(self.ca_file.parent / "archive"),
        }


@contextmanager
def running_lab(
    faults: tuple[str, ...] = (),
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress = SILENT,
) -> Iterator[Lab]:
    """Start the lab with `faults` in its first app; stop it on leaving the context.

    Raises:
        ConfigurationError: a fault of that name does not exist.
    """
    travel_provider = ScimServiceProvider(token=TOKEN, faults=faults)
    lived_with = _with_a_past(faults)
    travel_provider.switch_to(lived_with)
    patience = _patience(lived_with)
    hr_provider = ScimServiceProvider(token=TOKEN)
    tenant = LabTenant(id=seed.TENANT_ID, display_name="Contoso (lab)", domain=seed.DOMAIN)
    tls = make_tls()
    with (
        TemporaryFolder("lab-") as folder,
        LoopbackServer(travel_provider.handle) as travel_server,
        LoopbackServer(hr_provider.handle) as hr_server,
        LoopbackServer(_front(tenant), tls_context=tls.server_context()) as front,
    ):
        ca_file = folder / "lab-ca.pem"
        ca_file.write_bytes(tls.ca_pem)
        with (
            _app(TRAVEL, travel_provider, travel_server, limits=patience) as travel,
            _app(HR, hr_provider, hr_server, limits=_PATIENCE, small=True) as hr,
        ):
            with progress.task("Entra provisions two apps for six days"):
                travel.live_through(now())
                hr.live_through(now())
            travel_provider.switch_to(faults)
            _fill(tenant, travel, hr, now)
            yield Lab(graph_url=front.url, ca_file=ca_file, tenant=tenant, travel=travel, hr=hr)


def _with_a_past(faults: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `faults` that the app has had for six days."""
    late = {fault.id for fault in FAULTS if fault.has_no_past}
    return tuple(fault for fault in faults if fault not in late)


def _patience(faults: tuple[str, ...]) -> Limits:
    """A busy machine is no fault of the endpoint: only one that may hang is given little time."""
    slow = any(fault.cause == _MAY_NOT_ANSWER for fault in FAULTS if fault.id in faults)
    return _SHORT_PATIENCE if slow else _PATIENCE


@contextmanager
def _app(
    name: str,
    provider: ScimServiceProvider,
    server: LoopbackServer,
    *,
    limits: Limits,
    small: bool = False,
) -> Iterator[ProvisionedApp]:
    url = f"{server.url}/scim"
    people = seed.organisation(18 if small else 60)
    if not small:
        seed.without_mail(people, range(40, 46))
    with build_http() as http:
        endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret(TOKEN)), limits=limits)
        endpoint.guard.allow("the lab's Entra provisions")
        yield ProvisionedApp(
            name=name,
            send=endpoint.send,
            provider=provider,
            tenant_url=url,
            people=people,
            stops_after=6 if small else None,
            without_story=small,
        )


def _front(tenant: LabTenant) -> Callable[[LabRequest], LabResponse]:
    authority, graph = LabAuthority(tenant), LabGraph(tenant)

    def handle(request: LabRequest) -> LabResponse:
        if request.path.startswith(("/v1.0/", "/beta/")):
            return graph.handle(request)
        return authority.handle(request)

    return handle


def _fill(
    tenant: LabTenant, travel: ProvisionedApp, hr: ProvisionedApp, now: Callable[[], datetime]
) -> None:
    tenant.register(LabRegistration(client_id=CLIENT_ID, secret=CLIENT_SECRET))
    apps = {app.service_principal_id: app for app in (travel, hr)}
    tenant.service_principals = [app.service_principal() for app in apps.values()]
    for person in travel.people.people.values():
        tenant.users[person.id] = person.properties
        if person.manager:
            tenant.managers[person.id] = person.manager
    for team in travel.people.teams.values():
        tenant.groups[team.id] = {"id": team.id, "displayName": team.name}
        tenant.members[team.id] = sorted(team.members)
    tenant.provisioning_log = [*travel.events, *hr.events]

    def restarted(principal: LabServicePrincipal, _job: str, _scope: frozenset[str]) -> None:
        app = apps[principal.id]
        before = len(app.events)
        app.run_once(now())
        tenant.provisioning_log += app.events[before:]

    def on_demand(principal: LabServicePrincipal, _job: str, body: Json) -> tuple[Json, Json]:
        app = apps[principal.id]
        subject = body["parameters"][0]["subjects"][0]["objectId"]
        try:
            event = app.run_for(subject, now())
        except CredentialsRefused:
            return {"result": "Failure", "details": _REFUSED}, {}
        if event is None:
            return {"result": "Failure", "details": _UNKNOWN}, {}
        tenant.provisioning_log.append(event)
        return on_demand_answer(event)

    tenant.hooks = LabHooks(on_restart=restarted, provision_on_demand=on_demand)
