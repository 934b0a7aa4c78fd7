"""Builds what reaching Graph takes: TLS, proxies, pacing, retries, sign-in."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scimdoctor import __version__
from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.progress import SILENT, Progress

if TYPE_CHECKING:
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
) -> GraphClient:
    """Return a Graph client for `sign_in`; nothing is sent before the first call.

    The caller closes it. `transport` stands in for the network and `waiting` for time, in tests.

    Raises:
        ConfigurationError: the sign-in lacks something, or `ca_file` cannot be read.
    """
    from scimdoctor.graph.auth import build_token_provider
    from scimdoctor.graph.client import GraphClient

    msal_http = sign_in_http(sign_in, ca_file=ca_file, transport=transport)
    tokens = build_token_provider(sign_in, http=msal_http, progress=progress)
    network = transport or _transport(sign_in.graph, ca_file)
    http = graph_http(network, progress=progress, waiting=waiting)
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
        verify=tls_context(ca_file), proxy=proxy_for(url), limits=httpx.Limits(max_connections=16)
    )


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust what the operating system trusts, and `ca_file` (PEM) as well.

    Raises:
        ConfigurationError: `ca_file` cannot be read or holds no certificate.
    """
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificate authorities in {ca_file} cannot be read: {error}.",
            hint="It must be a PEM file.",
        ) from error
    return context


def proxy_for(url: str) -> str | None:
    """Return the proxy that environment or system name for `url`; never one for this machine.

    httpx looks proxies up itself only when it also makes the transport, which ours replaces.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_local(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_link_local
