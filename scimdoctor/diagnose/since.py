"""Holds a failure beside what went well after it: whether it works since, and what that says.

A fault of the app that meets each object lets none pass; where the same operation went well later,
the fault is gone, or was another one. Then the cause is less sure, and the success is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes import find_cause
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.bearing import (
    meets_each_path,
    meets_each_request,
    meets_each_update,
    stays_until_mended,
)
from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.sent import operations_logged
from scimdoctor.diagnose.groups import repeats
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.finding import Evidence, EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.diagnose.groups import EventGroup
    from scimdoctor.model.diagnosis import Case, Diagnosis
    from scimdoctor.model.provisioning import ProvisioningObjectSummary


def with_what_came_later(diagnosis: Diagnosis, case: Case) -> Diagnosis:
    """The same, with the success that came later; less sure where that speaks against the cause."""
    if case.event is None or not case.later:
        return diagnosis
    objects = case.affected.objects if case.affected is not None else 1
    again = [event for event in case.later if repeats(case.event, event)]
    cause = find_cause(diagnosis.cause)
    if case.recovered and again:
        whose = f"{case.recovered} of the {objects} objects" if objects > 1 else "the same object"
        text = f"it works since: the same operation on {whose} went well"
        against = cause is not None and stays_until_mended(cause.rule)
        return _told(diagnosis, again[0], text, against=against and case.recovered >= objects)
    if meets_each_request(diagnosis.cause):
        text = "it works since: requests for other objects went well"
        return _told(diagnosis, case.later[0], text, against=True)
    if meets_each_update(diagnosis.cause) and again:
        text = "the same operation went well for another object"
        return _told(diagnosis, again[0], text, against=True)
    path, passed = _passed_path(case, again) if meets_each_path(diagnosis.cause) else (None, None)
    if path is None or passed is None:
        return diagnosis
    text = f"the same operation with {path} went well for another object"
    return _told(diagnosis, passed, text, against=True)


def _told(
    diagnosis: Diagnosis, passed: ProvisioningObjectSummary, text: str, *, against: bool
) -> Diagnosis:
    """The same with a fact more; what was reproduced stays confirmed."""
    when = passed.activity_date_time
    at = f" ({when:%Y-%m-%d %H:%M} UTC)" if when is not None else ""
    fact = Evidence(
        kind=EvidenceKind.EVENT,
        ref=passed.id,
        summary=f"{text} later{at}",
        label=passed.object_name,
        at=when,
    )
    confidence = diagnosis.confidence
    if against and confidence is Confidence.LIKELY:
        confidence = Confidence.POSSIBLE
    return replace(diagnosis, confidence=confidence, evidence=(fact, *diagnosis.evidence))


def _passed_path(
    case: Case, later: list[ProvisioningObjectSummary]
) -> tuple[str | None, ProvisioningObjectSummary | None]:
    """The path that the app complained of, and a success in which it was sent."""
    facts = facts_of(case)
    path = facts.path_refused
    sent = {o.path.casefold() for o in facts.operations if o.path}
    if path is None or not sent:
        return None, None
    wanted = {one for one in sent if one == path.casefold() or bare_name(one) == bare_name(path)}
    for event in later:
        if any((o.path or "").casefold() in wanted for o in operations_logged(event, case.schema)):
            return path, event
    return None, None


def later_unseen(groups: Iterable[EventGroup]) -> tuple[str, ...]:
    """Say why it could not be seen whether something works since."""
    if all(group.recovered is not None for group in groups):
        return ()
    return ("whether it works since was not looked at: the events' file is big",)
