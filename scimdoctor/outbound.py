"""How requests leave this machine: which authorities are trusted, which proxy is taken.

Microsoft and the app's endpoint are reached in the same way: what the operating system trusts,
the proxies that the environment or the platform names, and this machine itself always directly.
"""

from __future__ import annotations

import ipaddress
import sys
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine by its name or address alone."""
    name = (host or "").casefold().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


@lru_cache(maxsize=64)
def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None


def tls_context(
    *,
    ca_file: Path | None = None,
    client_certificate: Path | None = None,
    client_key: Path | None = None,
) -> ssl.SSLContext:
    """Return a context that trusts what the operating system trusts, plus `ca_file`.

    `client_certificate` is for mutual TLS and holds the key too unless `client_key` is given.

    Raises:
        ConfigurationError: one of the files cannot be read or is no PEM.
    """
    if client_certificate is None:
        return _trusting(ca_file, _mark(ca_file))
    context = _new_context(ca_file)
    _load(client_certificate, lambda: context.load_cert_chain(client_certificate, client_key))
    return context


@lru_cache(maxsize=4)
def _trusting(ca_file: Path | None, _changed: tuple[int, int] | None) -> ssl.SSLContext:
    """Make a context once for all clients: reading the system's authorities takes 50 ms."""
    return _new_context(ca_file)


def _mark(path: Path | None) -> tuple[int, int] | None:
    """What changes when the file at `path` does."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ino) if found else None


def _new_context(ca_file: Path | None) -> ssl.SSLContext:
    import ssl

    if _has_default_authorities():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        _load(ca_file, lambda: context.load_verify_locations(ca_file))
    return context


def _has_default_authorities() -> bool:
    """Whether the system's authorities lie where OpenSSL looks, so that it needs no `truststore`.

    That reads them anew for every connection, which takes longer than the connection itself.
    """
    import ssl

    if sys.platform in {"darwin", "win32"}:
        return False
    paths = ssl.get_default_verify_paths()
    return paths.cafile is not None


def _load(path: Path, load: Callable[[], None]) -> None:
    import ssl

    try:
        load()
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"{path} holds no usable PEM certificate", hint="Convert it to PEM, key included."
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", hint=_missing_hint(path)
        ) from error


def _missing_hint(path: Path) -> str:
    """What to do about a file that is not there; the lab's own file goes when the lab stops."""
    if path.name == "lab-ca.pem":
        return "does 'scimdoctor lab' still run? Start it again and paste what it prints"
    return "it must be a PEM file"


def proxy_chooser(proxies: Mapping[str, str] | None = None) -> Callable[[str], str | None]:
    """Return a function that names the proxy for a URL, or `None` for a direct connection.

    `proxies` maps schemes (and `all`, `no`) as the environment does; `None` asks environment and
    platform. httpx looks proxies up only when it makes the transport itself, which ours replace.
    The function raises `ConfigurationError` where a proxy is named that cannot be used.
    """
    from urllib.request import getproxies, proxy_bypass

    chosen = dict(getproxies() if proxies is None else proxies)
    ask_platform = proxies is None

    def proxy_of(url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if _is_near(host) or _bypasses(host, chosen.get("no", "")):
            return None
        if ask_platform and proxy_bypass(host):
            return None
        proxy = chosen.get(parts.scheme) or chosen.get("all")
        return _checked(proxy) if proxy else None

    return proxy_of


def _checked(proxy: str) -> str:
    """Return the proxy's URL; the message leaves out what may be its password.

    Raises:
        ConfigurationError: it is no proxy that HTTP goes through.
    """
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "the proxy of this machine's settings cannot be used: it is no http:// or https:// URL",
            hint="correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or name the host in NO_PROXY",
        )
    return url


def _is_near(host: str) -> bool:
    """This machine, or the link's own addresses, where a cloud's metadata service is."""
    address = _address(host)
    return is_loopback(host) or (address is not None and address.is_link_local)


def _bypasses(host: str, exceptions: str) -> bool:
    """Whether `no_proxy` names `host`: itself, a domain above it, or `*`."""
    names = [name.strip().casefold().lstrip(".") for name in exceptions.split(",")]
    wanted = host.casefold()
    return any(n and (n in {"*", wanted} or wanted.endswith(f".{n}")) for n in names)
