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
    from scimdoctor.sources.objects import Objects, Part

    Success = tuple[int | str, ProvisioningObjectSummary]
    """An event that went well, with the key of its object."""

_SAMPLE = 5
_LATER = 50
"""So many of the later successes are kept with a group."""

_NO_TROUBLE = frozenset({"success"})
_LEAVING = frozenset({"delete", "disable", "stageddelete"})
"""Ways in which Entra takes an object away, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGroup:
    """One fault: a sample event, and how much it affects."""

    signature: str
    sample: ProvisioningObjectSummary
    affected: Affected
    objects: frozenset[int | str] | None = None
    """Keys of the objects, the same in every group; `None` if only their number is known."""

    later: tuple[ProvisioningObjectSummary, ...] = ()
    """Successes of the same kind of object after the last of these events, newest first."""

    recovered: int | None = 0
    """How many of the objects are among those that went well later; `None` if nobody looked."""

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
        self.objects.add(_key(event))
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
    passed: list[Success] = []
    for event in events:
        if event.id in seen:
            continue
        seen.add(event.id)
        counts[event.status] = counts.get(event.status, 0) + 1
        if event.status not in _NO_TROUBLE:
            key = signature_of(event).id
            kinds = tallies.setdefault(key, {})
            kinds.setdefault(event.is_group, _Tally(sample=event)).add(event)
        else:
            passed.append((_key(event), event))
    groups = tuple(_of_kinds(k, t) for k, t in tallies.items())
    return _counts(counts, len(seen)), with_later(groups, passed)


def _key(event: ProvisioningObjectSummary) -> str:
    return event.source_identity.id or event.source_identity.display_name or event.id


def with_later(
    groups: Iterable[EventGroup], passed: Iterable[Success] | None
) -> tuple[EventGroup, ...]:
    """The groups with what went well after each of them; `None`: nobody looked."""
    if passed is None:
        return tuple(replace(group, recovered=None) for group in groups)
    dated = [(when, key, e) for key, e in passed if (when := e.activity_date_time) is not None]
    dated.sort(key=lambda one: one[0], reverse=True)
    return tuple(_with_later(group, dated) for group in groups)


def _with_later(
    group: EventGroup, dated: list[tuple[datetime, int | str, ProvisioningObjectSummary]]
) -> EventGroup:
    last, sample = group.affected.last_seen, group.sample
    if last is None or sample.status != "failure":
        return group
    after = [(k, e) for when, k, e in dated if when > last and e.is_group is sample.is_group]
    again = {key for key, event in after if repeats(sample, event)}
    return replace(
        group,
        later=tuple(event for _, event in after[:_LATER]),
        recovered=len(again & (group.objects or frozenset())),
        others=_with_later(group.others, dated) if group.others is not None else None,
    )


def repeats(failed: ProvisioningObjectSummary, later: ProvisioningObjectSummary) -> bool:
    """Whether `later` is the same operation on an object, or can come only after it went well."""
    before, after = failed.provisioning_action.casefold(), later.provisioning_action.casefold()
    return before in {"create", after} or {before, after} <= _LEAVING


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
    parts: Mapping[str, tuple[Part, ...]] = EMPTY,
) -> tuple[EventGroup, ...]:
    """Groups that were counted elsewhere, with the events found by id.

    `behind` tells the objects of a group by the first event of its sample; `parts` tells users and
    groups of one signature apart, in the same way.
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
        split = _parted(group, parts.get(signature.sample[0], ()), samples)
        found.append(split or _split(group, named if len(named) > len(known) else known))
    return tuple(found)


def _parted(
    group: EventGroup,
    parts: tuple[Part, ...],
    samples: Mapping[str, ProvisioningObjectSummary],
) -> EventGroup | None:
    """The group as two, where its `parts` are of different kinds of objects."""
    made = []
    for part in parts:
        known = [samples[i] for i in part.sample if i in samples]
        if not known:
            return None
        names = dict.fromkeys(e.object_name for e in known if e.object_name)
        affected = Affected(
            events=part.events,
            objects=part.objects,
            first_seen=part.first_seen,
            last_seen=part.last_seen,
            sample=tuple(part.sample),
            names=tuple(names),
        )
        one = replace(group, sample=known[0], affected=affected, objects=None)
        made.append(one)
    if len(made) != 2 or made[0].sample.is_group is made[1].sample.is_group:
        return None
    return replace(made[0], others=made[1])


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


def first_end(groups: Iterable[EventGroup]) -> datetime | None:
    """When the first of the failures ended, as far as the events go."""
    ends = (g.affected.last_seen for g in groups if g.sample.status == "failure")
    return min((end for end in ends if end is not None), default=None)
