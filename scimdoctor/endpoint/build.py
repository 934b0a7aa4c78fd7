"""Builds the HTTP client for an endpoint: trust, proxies, client certificates, refusal of plain http."""

from __future__ import annotations

import ipaddress
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
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


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine by its name or address alone."""
    name = (host or "").casefold().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def check_url(url: str, *, insecure_http: bool = False) -> None:
    """Refuse a URL that a token must not be sent to.

    Raises:
        ConfigurationError: `url` is plain http to another machine, or no http(s) URL at all.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigurationError("the endpoint's URL must begin with https://")
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
    bounded = transport or BoundedTransport(
        tls_context(chosen),
        proxy_of=proxy_chooser(chosen.proxies),
        connections=chosen.connections,
    )
    return httpx.Client(transport=bounded, trust_env=False)


def tls_context(connection: Connection) -> ssl.SSLContext:
    """Return a context that trusts what the operating system trusts, plus `ca_file`.

    Raises:
        ConfigurationError: a certificate or key file cannot be used.
    """
    import ssl

    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if connection.ca_file is not None:
        _load(connection.ca_file, lambda: context.load_verify_locations(connection.ca_file))
    certificate = connection.client_certificate
    if certificate is not None:
        _load(certificate, lambda: context.load_cert_chain(certificate, connection.client_key))
    return context


def _load(path: Path, load: Callable[[], None]) -> None:
    import ssl

    try:
        load()
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"{path} holds no usable PEM certificate", hint="Convert it to PEM, key included."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error


def proxy_chooser(proxies: Mapping[str, str] | None) -> Callable[[httpx.URL], str | None]:
    """Return a function that names the proxy for a URL; loopback is always reached directly."""
    chosen = dict(urllib.request.getproxies() if proxies is None else proxies)

    def proxy_of(url: httpx.URL) -> str | None:
        if is_loopback(url.host) or _bypasses(url.host, chosen.get("no", "")):
            return None
        proxy = chosen.get(url.scheme) or chosen.get("all")
        if not proxy:
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    return proxy_of


def _bypasses(host: str, exceptions: str) -> bool:
    """Whether `no_proxy` names `host`: itself, a domain above it, or `*`."""
    names = [name.strip().casefold().lstrip(".") for name in exceptions.split(",")]
    wanted = host.casefold()
    return any(n and (n in {"*", wanted} or wanted.endswith(f".{n}")) for n in names)
