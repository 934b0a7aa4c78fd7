"""Events, taken together: failures that differ only in names, ids and times are one group."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scimdoctor.entra.signature import signature_of
from scimdoctor.model.diagnosis import Affected
from scimdoctor.model.frozen import EMPTY
from scimdoctor.model.report import EventCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import SignatureSummary
    from scimdoctor.sources.objects import Objects

_SAMPLE = 5
_NO_TROUBLE = frozenset({"success"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGroup:
    """One fault: a sample event, and how much it affects."""

    signature: str
    sample: ProvisioningObjectSummary
    affected: Affected
    objects: frozenset[int | str] | None = None
    """Keys of the objects, the same in every group; `None` if only their number is known."""

    others: EventGroup | None = None
    """The same signature on the other kind of object, user or group: it may be another fault."""


@dataclass(slots=True)
class _Tally:
    sample: ProvisioningObjectSummary
    events: int = 0
    objects: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    ids: list[str] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)

    def add(self, event: ProvisioningObjectSummary) -> None:
        self.events += 1
        source = event.source_identity
        self.objects.add(source.id or source.display_name or event.id)
        when = event.activity_date_time
        if when is not None:
            self.first = when if self.first is None else min(self.first, when)
            self.last = when if self.last is None else max(self.last, when)
        if len(self.ids) < _SAMPLE:
            self.ids.append(event.id)
        if event.object_name and len(self.names) < _SAMPLE:
            self.names[event.object_name] = None


def group_events(
    events: Iterable[ProvisioningObjectSummary],
) -> tuple[EventCounts, tuple[EventGroup, ...]]:
    """Count events by status and group all but successes by signature; each id counts once."""
    tallies: dict[str, dict[bool, _Tally]] = {}
    counts: dict[str, int] = {}
    seen: set[str] = set()
    for event in events:
        if event.id in seen:
            continue
        seen.add(event.id)
        counts[event.status] = counts.get(event.status, 0) + 1
        if event.status not in _NO_TROUBLE:
            key = signature_of(event).id
            kinds = tallies.setdefault(key, {})
            kinds.setdefault(event.is_group, _Tally(sample=event)).add(event)
    return _counts(counts, len(seen)), tuple(_of_kinds(k, t) for k, t in tallies.items())


def _of_kinds(key: str, tallies: Mapping[bool, _Tally]) -> EventGroup:
    first, *others = (_group(key, tally) for tally in tallies.values())
    return replace(first, others=others[0]) if others else first


def _counts(counts: dict[str, int], read: int) -> EventCounts:
    return EventCounts(
        read=read,
        failure=counts.get("failure", 0),
        skipped=counts.get("skipped", 0),
        warning=counts.get("warning", 0),
        success=counts.get("success", 0),
    )


def _group(key: str, tally: _Tally) -> EventGroup:
    affected = Affected(
        events=tally.events,
        objects=len(tally.objects),
        first_seen=tally.first,
        last_seen=tally.last,
        sample=tuple(tally.ids),
        names=tuple(tally.names),
    )
    return EventGroup(
        signature=key, sample=tally.sample, affected=affected, objects=frozenset(tally.objects)
    )


def groups_of(
    signatures: Iterable[SignatureSummary],
    samples: Mapping[str, ProvisioningObjectSummary],
    behind: Mapping[str, Objects] = EMPTY,
) -> tuple[EventGroup, ...]:
    """Groups that were counted elsewhere, with the events found by id.

    `behind` tells the objects of a group by the first event of its sample.
    """
    found = []
    for signature in signatures:
        known = [samples[i] for i in signature.sample if i in samples]
        if not known or known[0].status in _NO_TROUBLE:
            continue
        objects = behind.get(signature.sample[0])
        named = [samples[i] for i in objects.events if i in samples] if objects else known
        affected = Affected(
            events=signature.count,
            objects=signature.objects,
            first_seen=signature.first_seen,
            last_seen=signature.last_seen,
            sample=signature.sample,
            names=tuple(dict.fromkeys(e.object_name for e in named if e.object_name)),
        )
        keys = objects.keys if objects else None
        group = EventGroup(signature=signature.id, sample=known[0], affected=affected, objects=keys)
        found.append(_split(group, named if len(named) > len(known) else known))
    return tuple(found)


def _split(group: EventGroup, known: list[ProvisioningObjectSummary]) -> EventGroup:
    """Set apart the objects of the other kind, as far as the events that were read show them.

    Of these at least so many there are; the rest counts as of the sample's kind.
    """
    others = [e for e in known if e.is_group is not group.sample.is_group]
    if not others:
        return group
    tally = _Tally(sample=others[0])
    for event in others:
        tally.add(event)
    apart, affected = _group(group.signature, tally), group.affected
    rest = replace(
        affected,
        events=max(affected.events - apart.affected.events, 1),
        objects=max(affected.objects - apart.affected.objects, 1),
    )
    return replace(group, affected=rest, objects=None, others=replace(apart, objects=None))
