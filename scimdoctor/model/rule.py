"""The words of a check or a cause, kept beside its code (SARIF `reportingDescriptor`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """Where a cause sits (`causes.md`)."""

    ENDPOINT = "endpoint"
    MAPPING = "mapping"
    CREDENTIALS = "credentials"
    SOURCE_DATA = "source-data"
    NETWORK = "network"
    ENTRA_SERVICE = "entra-service"
    SCOPING = "scoping"
    UNKNOWN = "unknown"


class FixedBy(StrEnum):
    """Who can end it (`causes.md`)."""

    APP_DEVELOPER = "app-developer"
    ENTRA_ADMIN = "entra-admin"
    EITHER = "either"
    WAIT = "wait"
    NOBODY = "nobody"


class Severity(StrEnum):
    """How bad a finding is for provisioning by Entra."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for blocker down to 0 for info."""
        return {"blocker": 3, "major": 2, "minor": 1, "info": 0}[self.value]


class Requirement(StrEnum):
    """RFC 2119's level; `ENTRA` where only Entra asks for it."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    ENTRA = "ENTRA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """One step out of the trouble."""

    who: FixedBy
    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """What a check says of itself; `scimdoctor explain ID` prints it."""

    id: str
    """Stable, kebab case, with its family: `patch/op-case`."""

    title: str
    """The good state: "PATCH takes operation names in any letter case"."""

    severity: Severity
    """Of a failure, unless the finding says otherwise."""

    requirement: Requirement
    cause: str | None
    """The cause id of a failure; `None` where a failure is no cause by itself."""

    other_causes: tuple[str, ...] = ()
    """Causes that a finding of this check may name instead, because it found out more."""

    what: str
    why: str
    """Why it matters to Entra."""

    of_groups: bool = False
    """It asks about groups alone, and says nothing of users."""

    of_mapping: bool = False
    """It needs the tenant's attribute mapping."""

    admin_sees: str
    """What stands in the provisioning log when it fails."""

    fix: str
    rfc: str | None = None
    """For example `RFC 7644 §3.5.2`."""

    references: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRule:
    """What a root cause says of itself; `scimdoctor explain ID` prints it."""

    id: str
    title: str
    definition: str
    layer: Layer
    fixed_by: FixedBy
    explanation: str
    """In plain words, for the admin: what goes wrong and why."""

    remediation: tuple[Remediation, ...]
    references: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
