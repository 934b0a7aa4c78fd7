"""The lab's Graph on loopback with a provisioning log, for pulls by other processes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.graph import LabGraph, Throttle
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.tenant import ALL_PERMISSIONS, LabTenant
from scimdoctor.lab.tls import make_tls
from scimdoctor.lab.tokens import issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.lab.http import LabRequest, LabResponse


@dataclass(frozen=True)
class LogServer:
    """Where a pull finds the log."""

    url: str
    token: str
    ca: str
    """PEM of the authority to trust; Graph's next links are https."""


@contextmanager
def log_server(
    records: list[dict[str, Any]],
    *,
    page_size: int = 1000,
    throttle: Throttle | None = None,
    before: Callable[[LabRequest], None] = lambda _request: None,
) -> Iterator[LogServer]:
    """Serve `records`; `before` is told each request before it is answered."""
    tenant = LabTenant(provisioning_log=records)
    graph = LabGraph(tenant, page_size=page_size, throttle=throttle)

    def handle(request: LabRequest) -> LabResponse:
        before(request)
        return graph.handle(request)

    now = int(time.time())
    claims = {"nbf": now, "exp": now + 3600, "tid": tenant.id, "roles": sorted(ALL_PERMISSIONS)}
    tls = make_tls()
    with LoopbackServer(handle, tls_context=tls.server_context()) as server:
        yield LogServer(url=server.url, token=issue(tenant, claims), ca=tls.ca_pem.decode())
