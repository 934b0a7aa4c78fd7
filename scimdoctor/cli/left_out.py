"""Notes on what keeps skipped objects out now, where a tenant can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra.scoping import scoping_verdict
from scimdoctor.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scimdoctor.cli.session import Session
    from scimdoctor.diagnose import EventGroup
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema

MOST_ASKED = 5
"""Of so many kinds of skips, one object each is looked up."""

Told = tuple[tuple[str, ...], tuple[str, ...]]


def left_out_now(
    session: Session,
    app_id: str,
    schema: SynchronizationSchema | None,
    groups: Iterable[EventGroup],
) -> Told:
    """One note for each object that was left out, and what could not be looked up."""
    skipped = [group.sample for group in groups if _is_left_out(group.sample)]
    if not skipped or schema is None:
        return (), ()
    return _asked(session, app_id, schema, skipped[:MOST_ASKED])


def _is_left_out(event: ProvisioningObjectSummary) -> bool:
    verdict = scoping_verdict(event) if event.status == "skipped" else None
    return verdict is not None and verdict.in_scope is False and bool(event.source_identity.id)


def _asked(
    session: Session,
    app_id: str,
    schema: SynchronizationSchema,
    events: Sequence[ProvisioningObjectSummary],
) -> Told:
    from scimdoctor.compare.left_out import NOTHING, Gate

    notes: list[str] = []
    try:
        gate = Gate.of(session.graph, app_id, schema)
        for event in events:
            identity = str(event.source_identity.id)
            found = gate.obstacles(identity, group=event.is_group)
            notes.append(f"{event.object_label}, as it is now: {'; '.join(found) or NOTHING}")
    except GraphError as error:
        text = f"what keeps skipped objects out now could not be read: {error.message}"
        return tuple(notes), (text,)
    return tuple(notes), gate.scope.limits
