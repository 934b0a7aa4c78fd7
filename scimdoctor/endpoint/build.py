"""Builds the HTTP client for an endpoint: trust, proxies, client certificates, refusal of plain http."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimdoctor.errors import ConfigurationError
from scimdoctor.outbound import is_loopback, proxy_chooser, tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to connect."""

    ca_file: Path | None = None
    """PEM with authorities to trust besides the system's."""

    client_certificate: Path | None = None
    """PEM for mutual TLS; holds the key too unless `client_key` is given."""

    client_key: Path | None = None
    connections: int = 32
    proxies: Mapping[str, str] | None = None
    """Proxy by scheme (and `no`); `None` asks the environment and the platform."""


def check_url(url: str, *, insecure_http: bool = False, named: str = "the endpoint's URL") -> None:
    """Refuse a URL that a token must not be sent to; `named` says which one it is.

    Raises:
        ConfigurationError: `url` is plain http to another machine, or no http(s) URL at all.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigurationError(f"{named} must begin with https://")
    if not (insecure_http or is_loopback(parts.hostname)):
        raise ConfigurationError(
            f"plain http to {parts.hostname} would send the token readable for everyone on the way",
            hint="Use https, or --insecure-http if the network is yours. Entra itself needs https.",
        )


def build_http(
    connection: Connection | None = None, *, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return a client for `Endpoint`; the caller closes it. `transport` replaces the network.

    Raises:
        ConfigurationError: a certificate or key file cannot be used.
    """
    import httpx

    from scimdoctor.endpoint.transport import BoundedTransport

    chosen = connection or Connection()
    proxy_of = proxy_chooser(chosen.proxies)
    trust = lru_cache(maxsize=1)(
        partial(
            tls_context,
            ca_file=chosen.ca_file,
            client_certificate=chosen.client_certificate,
            client_key=chosen.client_key,
        )
    )
    if chosen.ca_file or chosen.client_certificate:
        trust()  # a file that cannot be used is refused before anything is sent
    bounded = transport or BoundedTransport(
        trust,
        proxy_of=lambda url: proxy_of(str(url)),
        connections=chosen.connections,
    )
    return httpx.Client(transport=bounded, trust_env=False)
