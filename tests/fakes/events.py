"""Provisioning events, made from the few parts that a test is about. All people are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import (
    ModifiedProperty,
    ProvisionedIdentity,
    ProvisioningErrorInfo,
    ProvisioningObjectSummary,
    ProvisioningStatusInfo,
    ProvisioningStep,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.synchronization import SynchronizationSchema

DATA = Path(__file__).parent.parent / "data" / "entra"


def load(name: str) -> Any:
    """Read one JSON file of the test data."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def custom_app_schema() -> SynchronizationSchema:
    """The default mapping of a custom SCIM app, as Graph gives it."""
    return parse_schema(load("synchronization-schema-custom-app.json"))


def step(
    name: str, kind: str, details: Mapping[str, str | None] | None = None, status: str = "success"
) -> ProvisioningStep:
    """One provisioning step."""
    return ProvisioningStep(
        name=name, provisioning_step_type=kind, status=status, details=frozen(details or {})
    )


def export(
    name: str, details: Mapping[str, str | None] | None = None, status: str = "failure"
) -> ProvisioningStep:
    """One export step, failed unless said otherwise."""
    return step(name, "export", details, status)


def changed(name: str, new: str | None, old: str | None = None) -> ModifiedProperty:
    """One modified property."""
    return ModifiedProperty(display_name=name, old_value=old, new_value=new)


def event(
    action: str = "update",
    *,
    changes: tuple[ModifiedProperty, ...] = (),
    steps: tuple[ProvisioningStep, ...] = (),
    target_id: str | None = "u1",
    **fields: Any,
) -> ProvisioningObjectSummary:
    """One failing event about a user; `group=True` makes it one about a group.

    `status`, `reason` and `name` replace the usual ones.
    """
    kind = "Group" if fields.get("group") else "User"
    name = fields.get("name", "engineering" if fields.get("group") else "ada@example.com")
    return ProvisioningObjectSummary(
        id="e1",
        provisioning_action=action,
        source_identity=ProvisionedIdentity(id="s1", display_name=name, identity_type=kind),
        target_identity=ProvisionedIdentity(id=target_id, identity_type=kind),
        provisioning_status_info=ProvisioningStatusInfo(
            status=fields.get("status", "failure"),
            error_information=ProvisioningErrorInfo(reason=fields.get("reason")),
        ),
        provisioning_steps=steps,
        modified_properties=changes,
    )
