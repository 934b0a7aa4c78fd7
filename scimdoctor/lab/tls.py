"""Certificates for the lab's loopback servers, made at start and kept in memory."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIFETIME = timedelta(days=1)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTls:
    """A certificate authority of one day, and a server certificate that it signed."""

    ca_pem: bytes
    """What a client must trust; written to a file, it fits `--ca-file`."""

    server_pem: bytes
    """Private key and certificate chain of the server."""

    def server_context(self) -> ssl.SSLContext:
        """A context for the server's side: TLS 1.2 and above, no client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # The ssl module reads keys from files only; this one is gone right after.
        with tempfile.TemporaryDirectory(prefix="scimdoctor-") as folder:
            path = Path(folder) / "server.pem"
            path.touch(mode=0o600)
            path.write_bytes(self.server_pem)
            context.load_cert_chain(path)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A context for the client's side that trusts this authority alone."""
        return ssl.create_default_context(cadata=self.ca_pem.decode())


def make_tls(names: Sequence[str] = _LOOPBACK, *, now: datetime | None = None) -> LabTls:
    """Make an authority and a server certificate for `names` (host names and addresses)."""
    from cryptography.hazmat.primitives import serialization

    moment = now or datetime.now(UTC)
    ca_key, server_key = _key(), _key()
    ca = _certificate(_Subject("scimdoctor lab authority", ca_key), moment=moment)
    server = _certificate(
        _Subject(names[0], server_key), moment=moment, issuer=(ca, ca_key), names=names
    )
    private = server_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    return LabTls(ca_pem=ca.public_bytes(pem), server_pem=private + server.public_bytes(pem))


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    key: Any


def _key() -> Any:  # noqa: ANN401 - cryptography is imported late
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    subject: _Subject,
    *,
    moment: datetime,
    issuer: tuple[Any, Any] | None = None,
    names: Sequence[str] = (),
) -> Any:  # noqa: ANN401 - cryptography is imported late
    """A certificate for `subject`; without `issuer` it is an authority and signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.name)])
    signer = issuer[1] if issuer else subject.key
    public = subject.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0].subject if issuer else name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(minutes=5))
        .not_valid_after(moment + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_general_name(n) for n in names])
        builder = builder.add_extension(alternatives, critical=False)
    if issuer is None:
        builder = builder.add_extension(_authority_usage(), critical=True)
    return builder.sign(signer, hashes.SHA256())


def _authority_usage() -> Any:  # noqa: ANN401 - cryptography is imported late
    from cryptography import x509

    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    unused = dict.fromkeys((*others, "key_agreement", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused)


def _general_name(name: str) -> Any:  # noqa: ANN401 - cryptography is imported late
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
