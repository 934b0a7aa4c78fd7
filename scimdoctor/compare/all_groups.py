"""The groups of a comparison of everybody: which there are, their attributes, their members.

One group's members are in memory at a time; those in Entra were noted in the index when they were
read, and the app's ids of them come from the walk through the app's users.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.app_side import read
from scimdoctor.compare.attributes import DIFFERENT, compare_object, expected_values
from scimdoctor.compare.group_members import MembersCompared, compare_indexed, held_members
from scimdoctor.compare.object_index import IndexedObject, Kind
from scimdoctor.entra.scope_filter import in_scope
from scimdoctor.entra.source_values import source_values
from scimdoctor.model.comparison import Comparison

if TYPE_CHECKING:
    from scimdoctor.compare.entra_side import Population, Side
    from scimdoctor.compare.object_index import ObjectIndex
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.progress import Task

_BETWEEN_CHECKPOINTS = 20
_OUTSIDE = "outside the scoping filter"


def collect_groups(
    population: Population, side: Side, index: ObjectIndex, found: EveryoneCompared, task: Task
) -> None:
    """Take the groups of the job into the index, with their members where those are not known."""
    for raw in population.groups(side):
        identity = str(raw.get("id") or "")
        if not identity or not index.meet(identity):
            continue
        task.advance()
        found.counts.groups += 1
        item = _indexed(side, raw)
        if item is None:
            note = "the matching attribute has no value: Entra cannot provision this group"
            found.add(_finding(str(raw.get("displayName") or identity), identity, note), index)
        elif not index.add(item):
            note = "another group has the same matching value: both match the same group"
            found.add(_finding(item.label, identity, note, state="duplicate-in-app"), index)
        if population.everybody:
            for _ in population.members(identity):
                pass
        if found.counts.groups % _BETWEEN_CHECKPOINTS == 0:
            found.checkpoint(index)


def _indexed(side: Side, raw: dict[str, Any]) -> IndexedObject | None:
    source = source_values(raw, side.attributes)
    key = side.matching_key(source)
    if key is None:
        return None
    expected = expected_values(
        side.mapping, source, definition=side.definition, default_domain=side.default_domain
    )
    scoped = in_scope(side.mapping.scope, source)
    return IndexedObject(
        kind=Kind.GROUP,
        key=key[1],
        source_id=str(raw.get("id")),
        label=str(raw.get("displayName") or raw.get("id")),
        should_be_active=scoped,
        why=_OUTSIDE if scoped is False else "",
        expected=tuple(e for e in expected if e.known),
    )


def _finding(label: str, identity: str, note: str, *, state: str = "cannot-tell") -> Comparison:
    return Comparison(
        object=label, resource_type=Kind.GROUP, source_id=identity, state=state, notes=(note,)
    )


def compare_groups(
    endpoint: Endpoint, index: ObjectIndex, found: EveryoneCompared, task: Task, *, members: bool
) -> None:
    """Read each group that both ends have, and compare its attributes and, if mapped, `members`."""
    done = 0
    after = ""
    while (group := index.next_group(after=after)) is not None:
        judged, shown = _judge(endpoint, index, group, members=members)
        if judged is not None:
            found.add(judged, index)
        hidden = shown is None and bool(index.count_members(group.source_id))
        index.mark_compared(group, hidden=hidden)
        found.counts.groups_with_members += bool(shown)
        after = group.key
        task.advance(note=group.label)
        done += 1
        if done % _BETWEEN_CHECKPOINTS == 0:
            found.checkpoint(index)
    found.checkpoint(index)
    _judge_hidden(index, found)


def _judge_hidden(index: ObjectIndex, found: EveryoneCompared) -> None:
    """Groups that came without members: empty where the app shows those of others.

    RFC 7643 section 2.5: an attribute without a value may be left out. Worked out anew where a run
    is gone on with.
    """
    hidden = list(index.hidden_groups())
    if hidden and not found.counts.groups_with_members:
        limit = f"the app does not show the members of {_groups(len(hidden))}: not compared"
        found.limits.append(limit)
        return
    places = {c.source_id: n for n, c in enumerate(found.comparisons) if c.state == "matched"}
    for group in hidden:
        compared = compare_indexed(index.members(group.source_id), set(), name_of=index.name_of)
        if not compared.attributes:
            continue
        place = places.get(group.source_id)
        known = found.comparisons[place] if place is not None else _base(group)
        judged = replace(
            known,
            attributes=(*known.attributes, *compared.attributes),
            notes=(*known.notes, *compared.notes),
        )
        if place is None:
            found.add(judged)
        else:
            found.comparisons[place] = judged


def _base(group: IndexedObject) -> Comparison:
    return Comparison(
        object=group.label,
        resource_type=Kind.GROUP,
        source_id=group.source_id,
        target_id=group.target_id,
    )


def _judge(
    endpoint: Endpoint, index: ObjectIndex, group: IndexedObject, *, members: bool
) -> tuple[Comparison | None, set[str] | None]:
    """What is wrong with one group, `None` if nothing is; and the members that the app shows.

    They are `None` where it shows none at all; none are asked for where they are not mapped.
    """
    base = _base(group)
    if group.should_be_active is False:
        note = f"the app has this group, though {group.why}"
        return replace(base, state="orphaned-in-app", notes=(note,)), set()
    answer = read(endpoint, Kind.GROUP.resource, str(group.target_id))
    if answer.trouble is not None or not answer.resources:
        note = answer.trouble or "the app lists it, and does not find it by its own id"
        return replace(base, state="cannot-tell", notes=(note,)), set()
    resource = answer.resources[0]
    rows = tuple(a for a in compare_object(group.expected, resource) if a.verdict in DIFFERENT)
    held = held_members(resource) if members else set()
    compared = MembersCompared()
    if members and held is not None:
        compared = compare_indexed(index.members(group.source_id), held, name_of=index.name_of)
    if not rows and not compared.attributes:
        return None, held
    return replace(base, attributes=(*rows, *compared.attributes), notes=compared.notes), held


def _groups(number: int) -> str:
    return "1 group" if number == 1 else f"{number} groups"
