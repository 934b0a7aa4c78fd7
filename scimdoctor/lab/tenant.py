"""The lab's tenant as plain data: what its Graph and its authority serve.

The service that plays Entra fills it; `LabHooks` tells that service what a client asked for.
Objects are Graph JSON, so that what is served is what stands here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

READ_PERMISSIONS = frozenset(
    {
        "ProvisioningLog.Read.All",
        "AuditLog.Read.All",
        "Synchronization.Read.All",
        "Application.Read.All",
        "User.Read.All",
        "GroupMember.Read.All",
        "Organization.Read.All",
    }
)
ALL_PERMISSIONS = READ_PERMISSIONS | {"Synchronization.ReadWrite.All"}


@dataclass(slots=True, kw_only=True)
class LabRegistration:
    """An app registration that clients sign in with."""

    client_id: str
    name: str = "scimdoctor lab client"
    secret: str | None = None
    secret_expired: bool = False
    permissions: frozenset[str] = ALL_PERMISSIONS
    """Granted both as application permissions and as delegated ones."""

    disabled: bool = False
    public_client: bool = True
    """Whether people may sign in without a secret (device code)."""


@dataclass(slots=True, kw_only=True)
class LabServicePrincipal:
    """An enterprise application with its provisioning."""

    raw: Json
    jobs: list[Json] = field(default_factory=list)
    schemas: dict[str, Json] = field(default_factory=dict)
    """By job id."""

    secrets: dict[str, str] = field(default_factory=dict)
    """The saved connection: `BaseAddress`, `SecretToken` …; secret ones are served masked."""

    assignments: list[Json] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The object id."""
        return str(self.raw["id"])

    def job(self, job_id: str) -> Json | None:
        """The job of that id."""
        return next((job for job in self.jobs if job.get("id") == job_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabCredentialError:
    """Why the saved connection does not work: Graph's error code and message."""

    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class LabHooks:
    """Called after Graph's own bookkeeping; each gets service principal and job id."""

    on_start: Callable[[LabServicePrincipal, str], None] | None = None
    on_pause: Callable[[LabServicePrincipal, str], None] | None = None
    on_restart: Callable[[LabServicePrincipal, str, frozenset[str]], None] | None = None
    """The third argument is the reset scope's names."""

    provision_on_demand: Callable[[LabServicePrincipal, str, Json], tuple[Json, Json]] | None = None
    """Given the request body; returns `key` and `value`, not yet JSON text."""

    validate_credentials: (
        Callable[[LabServicePrincipal, str, Json], LabCredentialError | None] | None
    ) = None


@dataclass(slots=True, kw_only=True)
class LabTenant:
    """Everything in the tenant."""

    id: str = "11111111-1111-4111-8111-111111111111"
    display_name: str = "Lab tenant"
    domain: str = "lab.example"
    user: str = "admin@lab.example"
    """Who signs in with a device code."""

    directory_role_ids: tuple[str, ...] = ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",)
    """Template ids of that person's roles; Application Administrator."""

    registrations: dict[str, LabRegistration] = field(default_factory=dict)
    """By client id."""

    service_principals: list[LabServicePrincipal] = field(default_factory=list)
    applications: dict[str, Json] = field(default_factory=dict)
    """App registrations of the apps, by their own object id."""

    users: dict[str, Json] = field(default_factory=dict)
    """By object id, as are all that follow."""

    managers: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    deleted_users: dict[str, Json] = field(default_factory=dict)
    provisioning_log: list[Json] = field(default_factory=list)
    """`provisioningObjectSummary` records in any order."""

    audit_log: list[Json] = field(default_factory=list)
    hooks: LabHooks = field(default_factory=LabHooks)
    token_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    token_lifetime_seconds: int = 3600

    def register(self, registration: LabRegistration) -> LabRegistration:
        """Add an app registration."""
        self.registrations[registration.client_id] = registration
        return registration

    def service_principal(self, identity: str) -> LabServicePrincipal | None:
        """The enterprise app of that object id."""
        return next((p for p in self.service_principals if p.id == identity), None)

    def sign(self, text: str) -> str:
        """The signature that the lab's tokens carry; it proves only that the lab made them."""
        return hmac.new(self.token_key, text.encode(), hashlib.sha256).hexdigest()
