"""One record of the provisioning log: Graph's `provisioningObjectSummary`.

Fields are Graph's in snake_case. Enumerations stay text, lower-cased as Graph v1.0 writes them,
because Graph's are open: a value that we do not know is kept, never refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

GROUP_MARK = " (group)"
"""What follows a group's name, to tell it from a person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningErrorInfo:
    """Graph `provisioningErrorInfo`: why it failed, in Entra's words."""

    error_code: str | None = None
    reason: str | None = None
    additional_details: str | None = None
    error_category: str | None = None
    recommended_action: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningStatusInfo:
    """Graph `provisioningStatusInfo`."""

    status: str = "unknown"
    """`success`, `failure`, `skipped`, `warning`, or what Graph invents next."""

    error_information: ProvisioningErrorInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningStep:
    """Graph `provisioningStep`: one thing that Entra did, in order."""

    name: str = ""
    """For example `EntryExportAdd`."""

    provisioning_step_type: str = ""
    """`import`, `scoping`, `matching`, `processing`, `referenceResolution`, `export`."""

    status: str = ""
    description: str = ""
    details: Mapping[str, str | None] = field(default=EMPTY)
    """Export steps hold the attempted target attributes, with `.` and `:` dropped from the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedProperty:
    """Graph `modifiedProperty`: one target attribute, before and after; values are text."""

    display_name: str
    old_value: str | None = None
    new_value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedIdentity:
    """Graph `provisionedIdentity`: the object at one end."""

    id: str | None = None
    display_name: str | None = None
    identity_type: str | None = None
    details: Mapping[str, str | None] = field(default=EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningSystem:
    """Graph `provisioningSystem`: the directory or app at one end."""

    id: str | None = None
    display_name: str | None = None
    details: Mapping[str, str | None] = field(default=EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningServicePrincipal:
    """Graph `provisioningServicePrincipal`: the enterprise app."""

    id: str | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiator:
    """Graph `initiator`: who or what started the change."""

    id: str | None = None
    display_name: str | None = None
    initiator_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningObjectSummary:
    """Graph `provisioningObjectSummary`: one object in one cycle."""

    id: str
    activity_date_time: datetime | None = None
    """Aware, UTC."""

    tenant_id: str | None = None
    job_id: str | None = None
    cycle_id: str | None = None
    change_id: str | None = None
    duration_in_milliseconds: int | None = None
    provisioning_action: str = "other"
    """`create`, `update`, `delete`, `disable`, `stagedDelete`, `other`."""

    service_principal: ProvisioningServicePrincipal = ProvisioningServicePrincipal()
    source_system: ProvisioningSystem = ProvisioningSystem()
    target_system: ProvisioningSystem = ProvisioningSystem()
    initiated_by: Initiator = Initiator()
    source_identity: ProvisionedIdentity = ProvisionedIdentity()
    target_identity: ProvisionedIdentity = ProvisionedIdentity()
    provisioning_status_info: ProvisioningStatusInfo = ProvisioningStatusInfo()
    provisioning_steps: tuple[ProvisioningStep, ...] = ()
    modified_properties: tuple[ModifiedProperty, ...] = ()
    raw: Mapping[str, object] = field(default=EMPTY, repr=False, compare=False)
    """The record as it came, unknown fields included."""

    origin: str | None = field(default=None, compare=False)
    """Where it was read: `graph`, or `FILE:LINE`."""

    @property
    def status(self) -> str:
        """The status alone, for example `failure`."""
        return self.provisioning_status_info.status

    @property
    def error(self) -> ProvisioningErrorInfo:
        """The error information; an empty one where the event has none."""
        return self.provisioning_status_info.error_information or ProvisioningErrorInfo()

    @property
    def is_group(self) -> bool:
        """Whether the object is a group, judged by either end's `identityType`."""
        kinds = (self.source_identity.identity_type, self.target_identity.identity_type)
        return any((kind or "").rpartition(":")[2].casefold() == "group" for kind in kinds)

    @property
    def user_principal_name(self) -> str | None:
        """The source's user principal name, however the event spells the key."""
        details = self.source_identity.details.items()
        return next((v for k, v in details if k.casefold() == "userprincipalname" and v), None)

    @property
    def object_name(self) -> str:
        """Name of the object, a group marked as such; empty if the event tells none."""
        source, target = self.source_identity, self.target_identity
        name = source.display_name or self.user_principal_name or target.display_name or ""
        return f"{name}{GROUP_MARK}" if name and self.is_group else name

    @property
    def object_label(self) -> str:
        """What a person calls the object: its name, else its id, else `?`."""
        source, target = self.source_identity, self.target_identity
        return source.display_name or source.id or target.display_name or target.id or "?"
