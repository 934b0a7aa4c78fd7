"""What a host offers by TLS: protocol versions, suites, certificate. Nothing but handshakes is sent.

What Entra needs is Microsoft's list in the SCIM tutorial: TLS 1.2, RSA keys of 2048 bits or
elliptic curves of 256, and one of eight suites.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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

_ANY_SUITE = "ALL:!aNULL:@SECLEVEL=0"
"""Weak ones with a certificate too: what a host offers is seen even if nobody should take it."""

_NEEDED = ssl.TLSVersion.TLSv1_2
_TRIED = (
    _NEEDED,
    ssl.TLSVersion.TLSv1_3,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What was seen of a host; `None` where nothing could be seen."""

    protocols: tuple[str, ...] = ()
    """Versions that a handshake succeeded with, for example `TLSv1.2`."""

    handshake_problem: str | None = None
    """Why TLS 1.2, which Entra needs, was not agreed on."""

    entra_suite: str | None = None
    """The suite that was agreed on when only Entra's were offered."""

    wants_client_certificate: bool = False
    """Whether TLS 1.2 is agreed on only with a client certificate: with the one that was given, or
    with one that the host would trust."""

    trusted: bool | None = None
    trust_problem: str | None = None
    """Why the chain or the name is not trusted."""

    issuer: str | None = None
    """Who signed the certificate, by its own words."""

    not_after: datetime | None = None
    key: str | None = None
    """`RSA` or `EC` of the certificate."""

    key_bits: int | None = None
    connection_problem: str | None = None
    """Why the host cannot be reached at all."""


@dataclass(frozen=True, slots=True)
class _Shaken:
    """How a handshake went."""

    suite: str | None = None
    certificate: bytes | None = None
    problem: OSError | None = None


@dataclass(frozen=True, slots=True)
class _Host:
    """Where handshakes are tried; `timeout` in seconds is for each."""

    name: str
    port: int
    timeout: float

    def shake(self, context: ssl.SSLContext) -> _Shaken:
        """Connect, shake hands and hang up."""
        try:
            with (
                socket.create_connection((self.name, self.port), timeout=self.timeout) as raw,
                context.wrap_socket(raw, server_hostname=self.name) as secure,
            ):
                cipher = secure.cipher()
                suite = cipher[0] if cipher else ""
                return _Shaken(suite, secure.getpeercert(binary_form=True))
        except OSError as error:
            return _Shaken(problem=error)


def probe_tls(
    host: str,
    port: int,
    *,
    trust: ssl.SSLContext,
    client_certificate: Path | None = None,
    timeout: float = 10.0,
) -> TlsFacts:
    """Shake hands with `host` in several ways; `timeout` in seconds is for each.

    `trust` is the context that the requests themselves are sent with.
    """
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return TlsFacts(connection_problem=str(error))
    there = _Host(host, port, timeout)
    shaken: dict[ssl.TLSVersion, _Shaken] = {}
    for version in _TRIED:
        shaken[version] = there.shake(_only(version, _ANY_SUITE, client_certificate))
        if isinstance(shaken[version].problem, TimeoutError):
            break
    needed = shaken[_NEEDED]
    agreed = [(v, s) for v, s in shaken.items() if s.problem is None]
    wanted = _wants_certificate(there, needed, client_certificate)
    if not agreed:
        return TlsFacts(handshake_problem=_words(needed.problem), wants_client_certificate=wanted)
    suites = ":".join(ENTRA_SUITES)
    problem = there.shake(trust).problem
    unverified = isinstance(problem, ssl.SSLCertVerificationError)
    issuer, key, bits, not_after = _read(agreed[0][1].certificate)
    return TlsFacts(
        protocols=tuple(sorted(v.name.replace("_", ".") for v, _ in agreed)),
        handshake_problem=_words(needed.problem),
        entra_suite=there.shake(_only(_NEEDED, suites, client_certificate)).suite,
        wants_client_certificate=wanted,
        trusted=True if problem is None else (False if unverified else None),
        trust_problem=_words(problem),
        issuer=issuer,
        not_after=not_after,
        key=key,
        key_bits=bits,
    )


def _wants_certificate(there: _Host, needed: _Shaken, given: Path | None) -> bool:
    """Whether the host lets nobody in without a client certificate.

    Where none was given and the handshake fails, one that nobody trusts is shown: a host that asks
    for none answers as before, and one that asks says what is wrong with it.
    """
    if given is not None:
        bare = there.shake(_only(_NEEDED, _ANY_SUITE)).problem
        return needed.problem is None and bare is not None
    if not isinstance(needed.problem, ssl.SSLError) or needed.problem.reason not in _MAY_WANT_ONE:
        return False
    with TemporaryDirectory() as folder:
        shown = Path(folder) / "nobody.pem"
        shown.write_bytes(_untrusted())
        problem = there.shake(_only(_NEEDED, _ANY_SUITE, shown)).problem
    return problem is None or getattr(problem, "reason", None) in _OF_CERTIFICATES


_OF_CERTIFICATES = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",
    }
)
"""What a host answers to a certificate that it has looked at."""

_MAY_WANT_ONE = _OF_CERTIFICATES | {
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
}


def _untrusted() -> bytes:
    """A key and a certificate that it signed itself, in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    )
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    return private + made.sign(key, hashes.SHA256()).public_bytes(pem)


def _only(
    version: ssl.TLSVersion, suites: str, client_certificate: Path | None = None
) -> ssl.SSLContext:
    """A context for one version that trusts anybody: it looks, and sends nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(suites)
    if client_certificate is not None:
        context.load_cert_chain(client_certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    return context


def _words(problem: OSError | None) -> str | None:
    """What went wrong, without OpenSSL's brackets and line numbers."""
    if problem is None:
        return None
    if isinstance(problem, TimeoutError):
        return "the host does not answer the handshake in time"
    if isinstance(problem, ssl.SSLCertVerificationError):
        return (problem.verify_message or str(problem)).rstrip(".")
    if isinstance(problem, ssl.SSLError) and problem.reason:
        return problem.reason.replace("_", " ").lower()
    return str(problem)


def _read(
    certificate: bytes | None,
) -> tuple[str | None, str | None, int | None, datetime | None]:
    """Issuer, kind and bits of the key, and the end of validity."""
    if certificate is None:
        return None, None, None, None
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key: Any = parsed.public_key()
        issuer = parsed.issuer.rfc4514_string()
    except ValueError:
        return None, None, None, None
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else None
    kind = "EC" if isinstance(key, ec.EllipticCurvePublicKey) else kind
    ends = parsed.not_valid_after_utc.astimezone(UTC)
    return issuer, kind, getattr(key, "key_size", None), ends
