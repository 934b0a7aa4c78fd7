"""What an event was about to do to the app, and how far it came."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary, ProvisioningStep


class Intent(StrEnum):
    """The write that an event was heading for."""

    CREATE = "create"
    UPDATE = "update"
    DISABLE = "disable"
    DELETE = "delete"
    NOTHING = "nothing"
    """A skip, or an event that names no write."""


class Phase(StrEnum):
    """Where an event stopped."""

    BEFORE_REQUESTS = "before-requests"
    """Import, scoping or processing: the app was not asked anything yet."""

    MATCHING = "matching"
    REFERENCE = "reference"
    """A member or manager could not be resolved; nothing was sent for it."""

    WRITE = "write"
    NOWHERE = "nowhere"
    """It went its whole way."""


_BY_ACTION = {
    "create": Intent.CREATE,
    "update": Intent.UPDATE,
    "disable": Intent.DISABLE,
    "stageddelete": Intent.DISABLE,
    "delete": Intent.DELETE,
}
_BY_STEP = {
    "entryexportadd": Intent.CREATE,
    "entryexportupdate": Intent.UPDATE,
    "entryexportdelete": Intent.DELETE,
}
_BY_ESCROW = {"add": Intent.CREATE, "update": Intent.UPDATE, "delete": Intent.DELETE}
_BEFORE_MATCHING = {"noteffectivelyentitled", "notinscope", "importskipped"}
"""Reasons to skip that are known before the app is asked."""

_PHASES = {
    "matching": Phase.MATCHING,
    "referenceresolution": Phase.REFERENCE,
    "export": Phase.WRITE,
}


def export_steps(event: ProvisioningObjectSummary) -> list[ProvisioningStep]:
    """The steps that wrote to the app, in order; unresolved references are none."""
    return [
        step
        for step in event.provisioning_steps
        if step.provisioning_step_type == "export"
        and step.name.casefold().startswith("entryexport")
    ]


def intent_of_step(step: ProvisioningStep, event: ProvisioningObjectSummary) -> Intent:
    """The write that one of several export steps of `event` made."""
    return _BY_STEP.get(step.name.casefold()) or intent_of(event)


def is_created_here(event: ProvisioningObjectSummary) -> bool:
    """Whether the object was unknown to the app when the event began, whatever followed."""
    steps = export_steps(event)
    first = _BY_STEP.get(steps[0].name.casefold()) if steps else None
    return (first or intent_of(event)) is Intent.CREATE


def is_import_of_new(event: ProvisioningObjectSummary) -> bool:
    """Whether Entra took the object up as new: then it was found, if at all, by the query."""
    return any(s.name.casefold() == "entryimportadd" for s in event.provisioning_steps)


def intent_of(event: ProvisioningObjectSummary) -> Intent:
    """The write that `event` was heading for.

    The export step's name decides where there is one; it tells a disabling update (which is
    logged as `disable`) apart from a DELETE. Groups are never disabled, only deleted.
    """
    by_action = _BY_ACTION.get(event.provisioning_action.casefold(), Intent.NOTHING)
    written = export_steps(event) or event.provisioning_steps
    steps = [_BY_STEP.get(s.name.casefold()) for s in written]
    exported = next((i for i in reversed(steps) if i is not None), None)
    intent = exported or by_action
    if exported is Intent.UPDATE and by_action in {Intent.DISABLE, Intent.DELETE}:
        intent = Intent.DISABLE
    if intent is Intent.NOTHING and event.status == "failure":
        intent = _escrowed(event)
    return Intent.DELETE if intent is Intent.DISABLE and event.is_group else intent


def _is_left_out(event: ProvisioningObjectSummary) -> bool:
    """Whether scoping skipped the object, so that the app was not even asked for it."""
    steps = event.provisioning_steps
    reasons = {
        (value or "").casefold()
        for step in steps
        for key, value in step.details.items()
        if key.casefold() == "skipreason"
    }
    asked = any(step.provisioning_step_type == "matching" for step in steps)
    return event.status == "skipped" and not asked and bool(reasons & _BEFORE_MATCHING)


def _escrowed(event: ProvisioningObjectSummary) -> Intent:
    """What a retried operation was, as the escrow step tells."""
    kinds = (
        (value or "").casefold()
        for step in event.provisioning_steps
        for key, value in step.details.items()
        if key.casefold() == "modificationtype"
    )
    return next((_BY_ESCROW[k] for k in kinds if k in _BY_ESCROW), Intent.NOTHING)


def phase_of(event: ProvisioningObjectSummary) -> Phase:
    """Where `event` stopped; a failure without a failed step is taken for the write."""
    if event.status != "failure":
        return Phase.BEFORE_REQUESTS if _is_left_out(event) else Phase.NOWHERE
    failed = [s for s in event.provisioning_steps if s.status == "failure"]
    if not failed:
        return Phase.WRITE if intent_of(event) is not Intent.NOTHING else Phase.BEFORE_REQUESTS
    return _PHASES.get(failed[0].provisioning_step_type.casefold(), Phase.BEFORE_REQUESTS)
