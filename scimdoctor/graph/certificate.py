"""Certificates to sign in with, checked here before MSAL and Microsoft see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scimdoctor.graph.sign_in import SignIn


def certificate_credential(sign_in: SignIn) -> dict[str, Any]:
    """Return what MSAL wants for the certificate of `sign_in`.

    Raises:
        ConfigurationError: there is none, it cannot be opened, lacks a part, or has expired.
    """
    path = sign_in.certificate
    if path is None:
        raise ConfigurationError(
            "No certificate is set.", hint="Give a PEM or PFX file with --certificate."
        )
    content = read_credential(path, "certificate")
    passphrase = sign_in.certificate_passphrase
    secret = {"passphrase": passphrase.reveal()} if passphrase else {}
    password = passphrase.reveal().encode() if passphrase else None
    if b"-----BEGIN" not in content:
        _check(path, lambda: _pfx_certificate(content, password))
        return {"private_key_pfx_path": str(path), "public_certificate": True, **secret}
    if b"PRIVATE KEY-----" not in content or b"-----BEGIN CERTIFICATE-----" not in content:
        raise ConfigurationError(
            f"{path} must hold both the private key and the certificate.",
            hint="Put both into one file: cat key.pem certificate.pem > both.pem",
        )
    _check(path, lambda: _pem_certificate(content, password))
    text = content.decode("ascii", "replace")
    return {"private_key": text, "public_certificate": text, **secret}


def read_credential(path: Path, what: str) -> bytes:
    """Return the bytes of `path`.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The {what} {path} cannot be read: {error.strerror}.") from error


def _check(path: Path, load: Callable[[], Any]) -> None:
    try:
        certificate = load()
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path} cannot be opened: {error}.",
            hint="If it is protected, put the passphrase into SCIMDOCTOR_CERTIFICATE_PASSPHRASE.",
        ) from error
    if certificate is None:
        raise ConfigurationError(f"{path} holds no certificate.")
    ends = certificate.not_valid_after_utc
    if ends < datetime.now(UTC):
        raise ConfigurationError(
            f"The certificate in {path} expired on {ends:%Y-%m-%d}.",
            hint="Renew it and upload its public part under Certificates & secrets.",
        )


def _pfx_certificate(content: bytes, password: bytes | None) -> Any:  # noqa: ANN401 - late import
    from cryptography.hazmat.primitives.serialization import pkcs12

    return pkcs12.load_key_and_certificates(content, password)[1]


def _pem_certificate(content: bytes, password: bytes | None) -> Any:  # noqa: ANN401 - late import
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    load_pem_private_key(content, password)
    return x509.load_pem_x509_certificate(content)
