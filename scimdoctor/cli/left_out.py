"""Looks up what keeps skipped objects out now, where a tenant can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.entra.scoping import scoping_verdict
from scimdoctor.errors import GraphError

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

MOST_ASKED = 5
"""Of so many kinds of skips, one object each is looked up."""


def with_scope_now(session: Session, app_id: str, evidence: Evidence) -> Evidence:
    """The same, and how the objects that were left out stand now; what cannot be read is said."""
    from scimdoctor.compare.left_out import Gate, Standing

    samples = (group.sample for group in evidence.groups)
    skipped = [event for event in samples if _is_left_out(event)][:MOST_ASKED]
    if not skipped or evidence.schema is None:
        return evidence
    limits: tuple[str, ...] = ()
    standings: dict[str, Standing] = {}
    try:
        gate = Gate.of(session.graph, app_id, evidence.schema)
        limits = gate.scope.limits
        for event in skipped:
            standings[event.id] = gate.standing(
                str(event.source_identity.id),
                group=event.is_group,
                needed=scoping_verdict(event).missing_attribute,
            )
    except GraphError as error:
        limits = (f"what keeps skipped objects out now could not be read: {error.message}",)
    return replace(evidence, scope_now=standings, limits=(*evidence.limits, *limits))


def _is_left_out(event: ProvisioningObjectSummary) -> bool:
    verdict = scoping_verdict(event) if event.status == "skipped" else None
    return verdict is not None and verdict.in_scope is False and bool(event.source_identity.id)
