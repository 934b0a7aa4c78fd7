"""Why Entra skipped an object: `SkipReason` in the event's `EntrySynchronizationSkip` step.

Source: Entra documentation "analyze provisioning logs" and "how provisioning works", and public
reports. The list is open; an unknown reason is printed as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra.steps import LOGS, PROVISIONING, admin

if TYPE_CHECKING:
    from scimdoctor.model.rule import Remediation


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipReason:
    """One reason, and what it leads to."""

    name: str
    meaning: str
    action: str
    cause: str
    steps: tuple[Remediation, ...] = ()
    """Where to look, if the cause's own steps do not fit."""


_HELD_BACK = (
    admin(
        f"See which they are. Portal: {LOGS}, action StagedDelete.",
        "scimdoctor logs APP --action stagedDelete",
    ),
    admin(
        f"If they are meant: Portal: {PROVISIONING} > Overview > Allow deletes; else Reject "
        "deletes.",
        "scimdoctor job restart APP --scope force-deletes",
    ),
)

SKIP_REASONS: tuple[SkipReason, ...] = (
    SkipReason(
        name="RedundantExport",
        meaning="Source and app already agree after the mapping, so nothing was sent.",
        action="None. If you expected a change: the mapped attribute did not change, or the "
        "app answers with the value that Entra has.",
        cause="expected-behaviour",
        steps=(
            admin(
                f"To see both sides: Portal: {PROVISIONING} > Provision on demand, or",
                "scimdoctor compare USER --app APP --endpoint URL",
            ),
        ),
    ),
    SkipReason(
        name="NotEffectivelyEntitled",
        meaning="The object is not assigned, has no effective role, is not active, or the "
        "scoping filter is false.",
        action="Read the scoping step: the entry that says False is the reason.",
        cause="scoping-misconfigured",
    ),
    SkipReason(
        name="NotInScope",
        meaning="The object does not pass the scoping filter.",
        action="Compare the filter with the object, letter case included; an empty attribute "
        "makes a clause false.",
        cause="scoping-misconfigured",
    ),
    SkipReason(
        name="AttributeValidationFailed",
        meaning="An attribute that must have a value has none that can be used.",
        action="Fill the source attribute named in PropertyName, or give the mapping a default.",
        cause="required-attribute-empty-in-source",
    ),
    SkipReason(
        name="ImportSkipped",
        meaning="The matching attribute has no value.",
        action="Fill it, or match on an attribute that every object has.",
        cause="required-attribute-empty-in-source",
    ),
    SkipReason(
        name="StagedDelete",
        meaning="The deletion waits, because accidental-deletion protection holds it back.",
        action="Allow or reject the deletions in the portal.",
        cause="expected-behaviour",
        steps=_HELD_BACK,
    ),
    SkipReason(
        name="StagedAction",
        meaning="The action waits for an approval or the end of a grace period.",
        action="Allow or reject it in the portal.",
        cause="expected-behaviour",
        steps=_HELD_BACK,
    ),
)


def find_skip_reason(name: str | None) -> SkipReason | None:
    """The row called `name`, in any letter case; `None` if there is none."""
    wanted = (name or "").strip().casefold()
    return next((row for row in SKIP_REASONS if row.name.casefold() == wanted), None)
