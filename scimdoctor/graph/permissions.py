"""Which permission and role each Graph call needs, and how an administrator grants them.

Source: Microsoft Graph permissions reference and the role tables of each API page; Entra
"Built-in roles". Facts about ownership come from Microsoft's documentation issue 8800.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.graph.access_token import AccessTokenClaims

_APP_ADMINS = ("Application Administrator", "Cloud Application Administrator")
_SYNC_ROLES = (*_APP_ADMINS, "Hybrid Identity Administrator")
_LOG_ROLES = (
    "Reports Reader",
    "Security Reader",
    "Security Operator",
    "Security Administrator",
    "Global Reader",
    *_APP_ADMINS,
)
_ALWAYS = frozenset({"Global Administrator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one kind of call asks for."""

    id: str
    what: str
    """Completes "may not …"."""

    permissions: tuple[str, ...]
    """Any one is enough; the first is the least and the one to ask for."""

    roles: tuple[str, ...] = ()
    """With a signed-in person, one of these directory roles as well; empty: none needed."""

    note: str = ""
    method: str = "GET"
    path: str = ""
    """Regular expression for the path after the version."""

    def missing(self, claims: AccessTokenClaims) -> str | None:
        """The permission to grant; `None` if `claims` has one that is enough."""
        enough = frozenset(self.permissions) & claims.permissions
        return None if enough else self.permissions[0]

    def missing_role(self, claims: AccessTokenClaims) -> bool:
        """Whether `claims` names directory roles and none of them is enough."""
        if not self.roles or not claims.is_delegated or not claims.directory_roles:
            return False
        return not frozenset(claims.directory_roles) & (frozenset(self.roles) | _ALWAYS)


PROVISIONING_LOG = Need(
    id="provisioning-log",
    what="read the provisioning log",
    permissions=("ProvisioningLog.Read.All", "AuditLog.Read.All"),
    roles=_LOG_ROLES,
    note="AuditLog.Read.All does as well, where the tenant does not offer ProvisioningLog.Read.All.",
    path=r"/auditLogs/provisioning\b",
)
AUDIT_LOG = Need(
    id="audit-log",
    what="read the audit log",
    permissions=("AuditLog.Read.All",),
    roles=_LOG_ROLES,
    path=r"/auditLogs/directoryAudits\b",
)
SYNCHRONIZATION_READ = Need(
    id="synchronization-read",
    what="read provisioning jobs and mappings",
    permissions=("Synchronization.Read.All", "Synchronization.ReadWrite.All"),
    roles=_SYNC_ROLES,
    note="Global Reader is not enough.",
    path=r"/(servicePrincipals|applications)/[^/]+/synchronization\b(?!/secrets)",
)
SYNCHRONIZATION_SECRETS = Need(
    id="synchronization-secrets",
    what="read the saved tenant URL of a provisioning job",
    permissions=("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
    roles=_SYNC_ROLES,
    path=r"/(servicePrincipals|applications)/[^/]+/synchronization/secrets\b",
)
SYNCHRONIZATION_WRITE = Need(
    id="synchronization-write",
    what="start, pause or restart jobs, or provision on demand",
    permissions=("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
    roles=_SYNC_ROLES,
    note="With Application.ReadWrite.OwnedBy alone, Graph is known to refuse some of these calls.",
    method="POST",
    path=r"/(servicePrincipals|applications)/[^/]+/synchronization\b",
)
APPLICATIONS = Need(
    id="applications",
    what="look up enterprise applications and their assignments",
    permissions=("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"),
    path=r"/(servicePrincipals|applications)\b",
)
USERS = Need(
    id="users",
    what="read users",
    permissions=("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"),
    path=r"/(users\b|directory/deletedItems/microsoft\.graph\.user\b)",
)
GROUPS = Need(
    id="groups",
    what="read groups and their members",
    permissions=("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
    path=r"/(groups\b|directory/deletedItems/microsoft\.graph\.group\b)",
)
ORGANIZATION = Need(
    id="organization",
    what="read the tenant's name and domains",
    permissions=("Organization.Read.All", "User.Read", "Directory.Read.All"),
    path=r"/organization\b",
)

ALL_NEEDS = (
    PROVISIONING_LOG,
    AUDIT_LOG,
    SYNCHRONIZATION_SECRETS,
    SYNCHRONIZATION_READ,
    SYNCHRONIZATION_WRITE,
    APPLICATIONS,
    USERS,
    GROUPS,
    ORGANIZATION,
)
"""The first that fits a call is its need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandNeeds:
    """What one command asks of Graph."""

    command: str
    required: tuple[Need, ...]
    optional: Need | None = None
    optional_for: str = ""
    """What the optional one is for, for example "to name an app"."""


_JOBS = (APPLICATIONS, SYNCHRONIZATION_READ)
_EVENTS = (PROVISIONING_LOG, *_JOBS)
_WRITES = (*_JOBS, SYNCHRONIZATION_WRITE)

COMMAND_NEEDS = (
    CommandNeeds(command="apps", required=_JOBS),
    CommandNeeds(command="status", required=_JOBS),
    CommandNeeds(
        command="logs",
        required=(PROVISIONING_LOG,),
        optional=APPLICATIONS,
        optional_for="to name an app",
    ),
    CommandNeeds(command="diagnose", required=_EVENTS),
    CommandNeeds(
        command="replay",
        required=_EVENTS,
        optional=USERS,
        optional_for="to work out values that the log does not show",
    ),
    CommandNeeds(command="mappings", required=_JOBS),
    CommandNeeds(
        command="compare", required=(*_JOBS, USERS), optional=GROUPS, optional_for="for groups"
    ),
    CommandNeeds(
        command="provision", required=(*_WRITES, USERS), optional=GROUPS, optional_for="for groups"
    ),
    CommandNeeds(command="job", required=_WRITES),
)
"""Every command that asks Graph, in the order of a typical working day."""


def need_of(method: str, path: str) -> Need | None:
    """Return what `method` on `path` (version left off) needs; `None` if we do not know."""
    wanted = "GET" if method.upper() in {"GET", "HEAD"} else "POST"
    fitting = (n for n in ALL_NEEDS if n.method == wanted and re.match(n.path, path))
    return next(fitting, None)


def how_to_grant(permission: str, *, delegated: bool, portal: str) -> str:
    """Return the steps that grant `permission` (or several, with commas), one sentence."""
    kind = "Delegated permissions" if delegated else "Application permissions"
    it = "them" if "," in permission else "it"
    return (
        f"Grant {permission}: in {portal} open App registrations > your app > API permissions > "
        f"Add a permission > Microsoft Graph > {kind}, add {it}, choose Grant admin consent, then "
        f"{'run scimdoctor login again' if delegated else 'try again (a new token may take minutes)'}."
    )


def role_advice(need: Need) -> str:
    """Return which directory roles are enough for `need`, one sentence."""
    roles = ", ".join(need.roles[:-1]) + f" or {need.roles[-1]}"
    note = f" {need.note}" if need.note and "Reader" in need.note else ""
    return f"The signed-in person also needs one of these directory roles: {roles}.{note}"
