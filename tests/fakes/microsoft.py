"""Microsoft in process: sign-in authority and Graph of one tenant behind a transport."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from scimdoctor.graph.connect import connect
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.graph.transport import Waiting
from scimdoctor.lab.authority import LabAuthority
from scimdoctor.lab.graph import LabGraph
from scimdoctor.lab.http import LabRequest
from scimdoctor.lab.tenant import LabRegistration, LabServicePrincipal, LabTenant
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.graph.client import GraphClient

DATA = Path(__file__).parents[1] / "data"
CLIENT_ID = "0c0c0c0c-0000-4000-8000-00000000000c"
SECRET = "lab-client-secret"


def data(name: str) -> Any:
    """One of the samples in tests/data."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    seconds: float = 1_790_000_000.0
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def waiting(self) -> Waiting:
        return Waiting(sleep=self.sleep, clock=self.time, now=self.now, chance=lambda: 0.5)


@dataclass
class Messages:
    """A progress that remembers what was said."""

    said: list[str] = field(default_factory=list)

    def message(self, text: str) -> None:
        self.said.append(text)

    def task(self, description: str, *, total: int | None = None, uneven: bool = False) -> Any:
        from scimdoctor.progress import SILENT

        return SILENT.task(description, total=total, uneven=uneven)


def sample_tenant() -> LabTenant:
    """A tenant with one SCIM app, its job and its mapping."""
    tenant = LabTenant()
    tenant.register(LabRegistration(client_id=CLIENT_ID, secret=SECRET))
    principal = LabServicePrincipal(raw=data("graph-service-principals")["value"][0])
    job = data("graph-job-active")
    principal.jobs.append(job)
    principal.schemas[job["id"]] = data("graph-schema-default")
    principal.secrets = {"BaseAddress": "https://scim.example.com/scim", "SecretToken": "hidden"}
    tenant.service_principals.append(principal)
    return tenant


class Microsoft:
    """Both services; every request is kept in `requests`."""

    def __init__(self, tenant: LabTenant | None = None, **graph: Any) -> None:
        self.tenant = tenant or sample_tenant()
        self.authority = LabAuthority(self.tenant)
        self.graph = LabGraph(self.tenant, **graph)
        self.requests: list[httpx.Request] = []
        self.heard: Callable[[], None] = lambda: None
        """Called at each request."""
        self.clock = Clock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.heard()
        handler = self.graph if request.url.host.startswith("graph.") else self.authority
        answer = handler.handle(
            LabRequest(
                method=request.method,
                target=request.url.raw_path.decode(),
                headers=tuple(request.headers.items()),
                body=request.content,
            )
        )
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def sign_in(self, method: AuthMethod = AuthMethod.SECRET, **more: Any) -> SignIn:
        values: dict[str, Any] = {
            "tenant": self.tenant.id,
            "client_id": CLIENT_ID,
            "client_secret": Secret(SECRET),
        }
        return SignIn(method=method, **(values | more))

    def connect(self, sign_in: SignIn | None = None, progress: Any = None) -> GraphClient:
        return connect(
            sign_in or self.sign_in(),
            progress=progress or Messages(),
            transport=self.transport,
            waiting=self.clock.waiting,
        )
