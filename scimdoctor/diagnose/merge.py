"""One diagnosis for each distinct cause, best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.model.diagnosis import Affected, Diagnosis
from scimdoctor.model.frozen import EMPTY
from scimdoctor.model.rule import FixedBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from scimdoctor.model.diagnosis import Alternative

_SAMPLE = 5
_EVIDENCE = 8
Keys = frozenset[int | str]
"""One for each object, the same in every group of events."""

_NONE: Keys = frozenset()


@dataclass(slots=True)
class _Kept:
    diagnosis: Diagnosis
    stops: bool
    objects: Keys | None
    """`None` where only their number is known."""

    def add(self, other: _Kept) -> None:
        """Take in another diagnosis of the same cause; an object of both counts once."""
        self.diagnosis = _together(self.diagnosis, other.diagnosis)
        self.stops = self.stops or other.stops
        known = self.objects is not None and other.objects is not None
        self.objects = (self.objects or _NONE) | (other.objects or _NONE) if known else None
        affected = self.diagnosis.affected
        if affected is not None and self.objects:
            counted = replace(affected, objects=len(self.objects))
            self.diagnosis = replace(self.diagnosis, affected=counted)


def merged(
    diagnoses: Iterable[tuple[Diagnosis, bool]], objects: Mapping[str, Keys | None] = EMPTY
) -> tuple[Diagnosis, ...]:
    """Merge by cause and order: what stops the job, affected objects, confidence; idle causes last.

    Each diagnosis comes with whether it stops the whole job; `objects` has the keys of the objects
    by signature. Unknown causes of different failures stay apart: they need not be one.
    """
    kept: dict[str, _Kept] = {}
    for number, (diagnosis, stops) in enumerate(diagnoses):
        # A job that rests is not what skipped objects are, though both are as documented.
        key = f"{diagnosis.cause} {diagnosis.title}"
        if diagnosis.cause == "unknown-cause":
            key = f"{diagnosis.cause} {number}"
        nothing: Keys | None = frozenset() if diagnosis.affected is None else None
        own = _Kept(diagnosis, stops, objects.get(diagnosis.signature or "", nothing))
        if key in kept:
            kept[key].add(own)
        else:
            kept[key] = own
    return tuple(one.diagnosis for one in sorted(kept.values(), key=_order))


def _order(kept: _Kept) -> tuple[int, int, int, int, int]:
    diagnosis = kept.diagnosis
    # What nobody has to mend would bury what somebody has to: most skips are as they should be.
    idle = diagnosis.fixed_by is FixedBy.NOBODY
    objects = diagnosis.affected.objects if diagnosis.affected else 0
    unknown = diagnosis.cause == "unknown-cause"
    return (0 if kept.stops else 1, int(idle), -objects, -diagnosis.confidence.rank, int(unknown))


def _together(one: Diagnosis, other: Diagnosis) -> Diagnosis:
    surer, less = (one, other) if one.confidence.rank >= other.confidence.rank else (other, one)
    evidence = tuple(dict.fromkeys((*surer.evidence, *less.evidence)))[:_EVIDENCE]
    return replace(
        surer,
        affected=_affected(one.affected, other.affected),
        evidence=evidence,
        remediation=tuple(dict.fromkeys((*surer.remediation, *less.remediation))),
        alternatives=_alternatives(surer.alternatives, less.alternatives),
        signature=surer.signature or less.signature,
    )


def _alternatives(
    one: tuple[Alternative, ...], other: tuple[Alternative, ...]
) -> tuple[Alternative, ...]:
    found = {a.cause: a for a in (*other, *one)}
    return tuple(found.values())[:_SAMPLE]


def _affected(one: Affected | None, other: Affected | None) -> Affected | None:
    if one is None or other is None:
        return one or other
    return Affected(
        events=one.events + other.events,
        objects=one.objects + other.objects,
        first_seen=_least(one.first_seen, other.first_seen),
        last_seen=_most(one.last_seen, other.last_seen),
        sample=(*one.sample, *other.sample)[:_SAMPLE],
        names=tuple(dict.fromkeys((*one.names, *other.names)))[:_SAMPLE],
    )


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((t for t in (one, other) if t is not None), default=None)


def _most(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((t for t in (one, other) if t is not None), default=None)
