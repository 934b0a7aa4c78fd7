"""Holds what the log says of skipped objects beside what keeps them out now.

The log tells how it was; assignments and scope as they are now can contradict it. Then the cause is
less sure, and the contradiction is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.finding import Evidence as Fact
from scimdoctor.model.finding import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.diagnose.cases import NamedCase
    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.model.diagnosis import Diagnosis

_FREE = "nothing keeps it out now: it would be provisioned, in a cycle or on demand"
_OTHERWISE = "the log says otherwise, so it has changed since, or Entra has not seen the change yet"


def with_scope_now(diagnosis: Diagnosis, named: NamedCase, evidence: Evidence) -> Diagnosis:
    """The same, less sure where the object that was looked up would be provisioned now."""
    event = named.case.event
    standing = evidence.scope_now.get(event.id) if event is not None else None
    if event is None or standing is None or not standing.is_free:
        return diagnosis
    fact = Fact(kind=EvidenceKind.JOB, ref=event.id, summary=_FREE, label=event.object_label)
    return replace(diagnosis, confidence=Confidence.POSSIBLE, evidence=(fact, *diagnosis.evidence))


def scope_notes(evidence: Evidence) -> Iterator[str]:
    """One note for each skipped object that was looked up."""
    for group in evidence.groups:
        standing = evidence.scope_now.get(group.sample.id)
        if standing is None:
            continue
        said = "; ".join((*standing.obstacles, *standing.unclear))
        text = f"{_FREE}; {_OTHERWISE}" if standing.is_free else f"as it is now: {said}"
        others = group.affected.objects - 1
        more = f" ({others} more like it were not looked up)" if others > 0 else ""
        yield f"{group.sample.object_label}, {text}{more}"
