"""Builds what reaching Graph takes: TLS, proxies, pacing, retries, sign-in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor import __version__
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.outbound import proxy_chooser, tls_context
from scimdoctor.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.transport import Waiting

USER_AGENT = f"scimdoctor/{__version__}"
_CONNECT_SECONDS = 15.0
_ANSWER_SECONDS = 100.0
_METADATA_SERVICE = "http://169.254.169.254"
"""Azure's instance metadata service, which no proxy may stand before."""


def connect(
    sign_in: SignIn,
    *,
    ca_file: Path | None = None,
    progress: Progress = SILENT,
    transport: httpx.BaseTransport | None = None,
    waiting: Waiting | None = None,
    on_answer: Callable[[httpx.Response], None] | None = None,
) -> GraphClient:
    """Return a Graph client for `sign_in`; nothing is sent before the first call.

    The caller closes it. `transport` stands in for the network and `waiting` for time, in tests;
    `on_answer` hears every answer of Graph's, before its body is read.

    Raises:
        ConfigurationError: the sign-in lacks something, or `ca_file` cannot be read.
    """
    from scimdoctor.graph.auth import build_token_provider
    from scimdoctor.graph.client import GraphClient

    msal_http = sign_in_http(sign_in, ca_file=ca_file, transport=transport)
    tokens = build_token_provider(sign_in, http=msal_http, progress=progress)
    network = transport or _transport(sign_in.graph, ca_file)
    http = graph_http(network, progress=progress, waiting=waiting)
    if on_answer is not None:
        http.event_hooks["response"].append(on_answer)
    return GraphClient(
        http,
        tokens,
        base_url=sign_in.graph,
        cloud=sign_in.cloud,
        on_close=(http.close, msal_http.close),
    )


def sign_in_http(
    sign_in: SignIn,
    *,
    ca_file: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Return the client that MSAL's traffic goes through; the caller closes it."""
    import httpx

    managed = sign_in.method is AuthMethod.MANAGED_IDENTITY
    address = _METADATA_SERVICE if managed else sign_in.authority
    network = transport or _transport(address, ca_file)
    return _client(network, httpx.Timeout(30.0))


def graph_http(
    network: httpx.BaseTransport, *, progress: Progress = SILENT, waiting: Waiting | None = None
) -> httpx.Client:
    """Return a client over `network` that keeps to Graph's limits and tries again when told to."""
    import httpx

    from scimdoctor.graph.transport import PacedTransport, RetryTransport, Waiting, graph_pacers

    def tell(seconds: float, why: str) -> None:
        if seconds >= 1:
            progress.message(f"Graph is busy ({why}); trying again in {seconds:.0f} s …")

    time = replace(waiting or Waiting(), on_wait=tell)
    retrying = RetryTransport(PacedTransport(network, graph_pacers(time)), waiting=time)
    return _client(retrying, httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS))


def _client(transport: httpx.BaseTransport, timeout: httpx.Timeout) -> httpx.Client:
    import httpx

    return httpx.Client(
        transport=transport, timeout=timeout, headers={"User-Agent": USER_AGENT}, trust_env=False
    )


def _transport(url: str, ca_file: Path | None) -> httpx.BaseTransport:
    import httpx

    return httpx.HTTPTransport(
        verify=tls_context(ca_file=ca_file),
        proxy=proxy_chooser()(url),
        limits=httpx.Limits(max_connections=16),
    )
