"""One diagnosis for each distinct cause, best first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.model.diagnosis import Affected, Diagnosis
from scimdoctor.model.rule import FixedBy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scimdoctor.model.diagnosis import Alternative

_SAMPLE = 5
_EVIDENCE = 8


def merged(diagnoses: Iterable[tuple[Diagnosis, bool]]) -> tuple[Diagnosis, ...]:
    """Merge by cause and order: what stops the job, affected objects, confidence; idle causes last.

    Each diagnosis comes with whether it stops the whole job. Unknown causes of different
    failures stay apart: they need not be one.
    """
    kept: dict[str, tuple[Diagnosis, bool]] = {}
    for number, (diagnosis, stops) in enumerate(diagnoses):
        key = diagnosis.cause
        if key == "unknown-cause":
            key = f"{key} {number}"
        known = kept.get(key)
        kept[key] = (
            (diagnosis, stops)
            if known is None
            else (_together(known[0], diagnosis), known[1] or stops)
        )
    return tuple(d for d, _ in sorted(kept.values(), key=_order))


def _order(pair: tuple[Diagnosis, bool]) -> tuple[int, int, int, int, int]:
    diagnosis, stops = pair
    # What nobody has to mend would bury what somebody has to: most skips are as they should be.
    idle = diagnosis.fixed_by is FixedBy.NOBODY
    objects = diagnosis.affected.objects if diagnosis.affected else 0
    unknown = diagnosis.cause == "unknown-cause"
    return (0 if stops else 1, int(idle), -objects, -diagnosis.confidence.rank, int(unknown))


def _together(one: Diagnosis, other: Diagnosis) -> Diagnosis:
    surer, less = (one, other) if one.confidence.rank >= other.confidence.rank else (other, one)
    evidence = tuple(dict.fromkeys((*surer.evidence, *less.evidence)))[:_EVIDENCE]
    return replace(
        surer,
        affected=_affected(one.affected, other.affected),
        evidence=evidence,
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
