"""What a host offers by TLS: protocol versions, suites, certificate. Nothing but handshakes is sent.

What Entra needs is Microsoft's list in the SCIM tutorial: TLS 1.2, RSA keys of 2048 bits or
elliptic curves of 256, and one of eight suites.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ENTRA_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
)
"""The suites that Entra offers, in its order, by their OpenSSL names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What was seen of a host; `None` where nothing could be seen."""

    protocols: tuple[str, ...] = ()
    """Versions that a handshake succeeded with, for example `TLSv1.2`."""

    entra_suite: str | None = None
    """The suite that was agreed on when only Entra's were offered."""

    trusted: bool = False
    trust_problem: str | None = None
    """Why the chain or the name is not trusted."""

    not_after: datetime | None = None
    key: str | None = None
    """`RSA` or `EC` of the certificate."""

    key_bits: int | None = None
    connection_problem: str | None = None
    """Why the host cannot be reached at all."""


def probe_tls(
    host: str, port: int, *, timeout: float = 10.0, ca_file: Path | None = None
) -> TlsFacts:
    """Shake hands with `host` in several ways; `timeout` in seconds is for each."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return TlsFacts(connection_problem=str(error))
    versions = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    shaken = {v: _shake((host, port), _only(v), timeout) for v in versions}
    suites = _only(ssl.TLSVersion.TLSv1_2)
    suites.set_ciphers(":".join(ENTRA_SUITES))
    agreed = _shake((host, port), suites, timeout)
    certificate = next((found[1] for found in shaken.values() if found), None)
    problem = _trust_problem((host, port), timeout, ca_file)
    key, bits, not_after = _read(certificate)
    return TlsFacts(
        protocols=tuple(v.name.replace("_", ".") for v, found in shaken.items() if found),
        entra_suite=agreed[0] if agreed else None,
        trusted=problem is None,
        trust_problem=problem,
        not_after=not_after,
        key=key,
        key_bits=bits,
    )


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A context for one version that trusts anybody: it looks, and sends nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    return context


def _shake(
    address: tuple[str, int], context: ssl.SSLContext, timeout: float
) -> tuple[str, bytes | None] | None:
    """The suite and the certificate of a handshake; `None` if it failed."""
    try:
        with (
            socket.create_connection(address, timeout=timeout) as raw,
            context.wrap_socket(raw, server_hostname=address[0]) as secure,
        ):
            cipher = secure.cipher()
            return (cipher[0] if cipher else "", secure.getpeercert(binary_form=True))
    except OSError:
        return None


def _trust_problem(address: tuple[str, int], timeout: float, ca_file: Path | None) -> str | None:
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if ca_file:
        context.load_default_certs()
    try:
        with (
            socket.create_connection(address, timeout=timeout) as raw,
            context.wrap_socket(raw, server_hostname=address[0]),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return error.verify_message or str(error)
    except OSError as error:
        return str(error)


def _read(certificate: bytes | None) -> tuple[str | None, int | None, datetime | None]:
    """Kind and bits of the key, and the end of validity."""
    if certificate is None:
        return None, None, None
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key: Any = parsed.public_key()
    except ValueError:
        return None, None, None
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else None
    kind = "EC" if isinstance(key, ec.EllipticCurvePublicKey) else kind
    ends = parsed.not_valid_after_utc.astimezone(UTC)
    return kind, getattr(key, "key_size", None), ends
