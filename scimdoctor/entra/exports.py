"""The writes of one event, in Entra's order: one for each export step, with its own attributes.

An event can hold several, for example a create and then the manager's PATCH, or members added and
then members removed. The event's `modifiedProperties` list the changes of all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.entra.attributes import Attribute, detail_attributes, modified_attributes
from scimdoctor.entra.operation import Intent, export_steps, intent_of, intent_of_step
from scimdoctor.model.frozen import FrozenDict
from scimdoctor.model.reconstruction import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One write and the target attributes that it was about."""

    intent: Intent
    attributes: Mapping[str, Attribute]
    failed: bool | None = None
    """`None`: the event has no export step that tells."""


def exports_of(
    event: ProvisioningObjectSummary,
    attempted: Mapping[str, Attribute],
    schema: SynchronizationSchema | None = None,
) -> tuple[Export, ...]:
    """The writes behind `event`, up to and including the one that failed.

    `attempted` are all of the event's target attributes; they are the write's where there is one
    export step or none, or where a step does not name its attributes.
    """
    steps = export_steps(event)
    details = [detail_attributes(step, event, schema) for step in steps]
    if len(steps) < 2 or not all(details):
        failed = any(s.status == "failure" for s in steps) if steps else None
        return (Export(intent=intent_of(event), attributes=attempted, failed=failed),)
    pool = [a for a in modified_attributes(event, schema) if _is_sure(a)]
    found: list[Export] = []
    for step, named in zip(steps, details, strict=True):
        attributes = {a.path: _taken(a, pool) for a in named}
        failed = step.status == "failure"
        intent = intent_of_step(step, event)
        found.append(Export(intent=intent, attributes=FrozenDict(attributes), failed=failed))
        if failed:
            break
    return tuple(found)


def _is_sure(attribute: Attribute) -> bool:
    return attribute.provenance is not Provenance.ASSUMED


def _taken(named: Attribute, pool: list[Attribute]) -> Attribute:
    """The change that `named`, of one step's details, stands for; it is used up."""
    path = named.path.casefold()
    rivals = [a for a in pool if a.path.casefold() == path]
    chosen = next((a for a in rivals if a.value is not None and a.value == named.value), None)
    if chosen is not None and chosen.old_value is not None and path == "members":
        # One entry lists those added and those removed: the latter are a later step's.
        pool.append(replace(chosen, value=None))
        pool.remove(chosen)
        return replace(chosen, old_value=None)
    removed = next((a for a in rivals if a.value is None and a.old_value == named.value), None)
    chosen = chosen or removed or next(iter(rivals), None)
    if chosen is None:
        return named
    pool.remove(chosen)
    return chosen
