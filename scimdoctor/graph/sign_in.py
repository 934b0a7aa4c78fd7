"""What signing in to Microsoft needs to know; `config.py` fills it, `graph/auth.py` uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.graph.clouds import Cloud

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.redaction import Secret


class AuthMethod(StrEnum):
    """How to sign in, as settings and options spell it."""

    BROWSER = "browser"
    DEVICE_CODE = "device-code"
    SECRET = "secret"
    CERTIFICATE = "certificate"
    FEDERATED = "federated"
    MANAGED_IDENTITY = "managed-identity"

    @property
    def is_delegated(self) -> bool:
        """Whether a person signs in; otherwise the app acts for itself."""
        return self in {AuthMethod.BROWSER, AuthMethod.DEVICE_CODE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One way into one tenant."""

    method: AuthMethod = AuthMethod.BROWSER
    tenant: str | None = None
    """Tenant id or verified domain."""

    client_id: str | None = None
    """The app registration's application (client) id; for a managed identity, a user-assigned one."""

    cloud: Cloud = Cloud.GLOBAL
    authority_host: str | None = None
    """Base URL that replaces the cloud's sign-in host; MSAL then asks Microsoft nothing about it."""

    graph_host: str | None = None
    """Base URL that replaces the cloud's Graph host."""

    client_secret: Secret | None = field(default=None, repr=False)
    certificate: Path | None = None
    """PEM (key and certificate) or PFX/P12."""

    certificate_passphrase: Secret | None = field(default=None, repr=False)
    federated_token_file: Path | None = None
    cache_directory: Path | None = None
    """Where a person's sign-in is kept; `None` keeps it in memory only."""

    @property
    def authority(self) -> str:
        """The authority MSAL wants: sign-in host and tenant."""
        host = self.authority_host or self.cloud.hosts.authority
        return f"{host.rstrip('/')}/{self.tenant or 'organizations'}"

    @property
    def graph(self) -> str:
        """Base URL of Microsoft Graph, without version."""
        return (self.graph_host or self.cloud.hosts.graph).rstrip("/")

    @property
    def graph_scope(self) -> str:
        """Everything consented to on Graph; the audience must be the cloud's own host."""
        return f"{self.cloud.hosts.graph}/.default"
