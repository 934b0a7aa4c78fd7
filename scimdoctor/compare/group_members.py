"""Compares a group's members at both ends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.object_index import Kind
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scimdoctor.compare.app_side import Found
    from scimdoctor.compare.object_index import Membership

MOST_LOOK_UPS = 200
"""So many members are looked up one by one; beyond, only numbers are compared."""

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersCompared:
    """The outcome for one group."""

    attributes: tuple[AttributeComparison, ...] = ()
    notes: tuple[str, ...] = ()


def compare_members(
    members: Iterable[Mapping[str, Any]],
    resource: Mapping[str, Any],
    *,
    locate: Callable[[Mapping[str, Any]], Found],
) -> MembersCompared:
    """Compare Entra's direct `members` with those of the app's group `resource`.

    `locate` finds a person in the app. Groups larger than `MOST_LOOK_UPS` are compared by number.
    """
    actual = held_members(resource)
    if actual is None:
        note = "the app shows no members of this group"
        return MembersCompared(attributes=(_row(None, None, AttributeVerdict.CANNOT_TELL, note),))
    rest = (m for m in members if not str(m.get("@odata.type") or "").endswith(".group"))
    people = list(itertools.islice(rest, MOST_LOOK_UPS + 1))
    if len(people) > MOST_LOOK_UPS:
        # A group can have a hundred thousand members: those beyond are counted, not kept.
        number = len(people) + sum(1 for _ in rest)
        same = number == len(actual)
        verdict = AttributeVerdict.CANNOT_TELL if same else AttributeVerdict.DIFFERS
        note = (
            f"more than {MOST_LOOK_UPS} members: compared by number only;"
            " scimdoctor compare --all names them"
        )
        return MembersCompared(attributes=(_row(number, len(actual), verdict, note),))
    return _one_by_one(people, actual, locate)


def held_members(resource: Mapping[str, Any]) -> set[str] | None:
    """The ids of the members that the app's group shows; `None` if it shows none at all."""
    held = member(dict(resource), "members")
    if not isinstance(held, list):
        return None
    return {str(value) for m in held if isinstance(m, dict) and (value := member(m, "value"))}


def compare_indexed(
    members: Iterable[Membership], actual: set[str], *, name_of: Callable[[str], str | None]
) -> MembersCompared:
    """Compare the `members` in Entra that the app has with `actual`, the ids in the app's group.

    `name_of` gives the label of the app's objects that the run has seen; an id that it does not
    know, as of a person whom the app has twice, is no difference. Nested groups may be there.
    """
    allowed: set[str] = set()
    absent: list[str] = []
    people = 0
    for item in members:
        allowed.add(item.target_id)
        if item.kind is not Kind.USER:
            continue
        people += 1
        if item.target_id not in actual and item.should_be_active is not False:
            absent.append(item.label)
    extra = sorted(name for i in actual - allowed if (name := name_of(i)) is not None)
    if not absent and not extra:
        return MembersCompared()
    notes = _notes(absent, extra, [])
    row = _row(people, len(actual), AttributeVerdict.DIFFERS, "; ".join(notes))
    return MembersCompared(attributes=(row,), notes=notes)


def _one_by_one(
    people: list[Mapping[str, Any]],
    actual: set[str],
    locate: Callable[[Mapping[str, Any]], Found],
) -> MembersCompared:
    ids: set[str] = set()
    absent, unclear = [], []
    for person in people:
        found = locate(person)
        label = str(person.get("userPrincipalName") or person.get("displayName"))
        if found.trouble is not None or len(found.resources) != 1:
            unclear.append(label)
            continue
        identity = str(found.resources[0].get("id"))
        ids.add(identity)
        if identity not in actual:
            absent.append(label)
    extra = sorted(actual - ids)
    notes = _notes(absent, extra, unclear)
    differs = absent or (extra and not unclear)
    verdict = AttributeVerdict.DIFFERS if differs else AttributeVerdict.SAME
    if unclear and not absent:
        verdict = AttributeVerdict.CANNOT_TELL
    return MembersCompared(
        attributes=(_row(len(people), len(actual), verdict, "; ".join(notes) or None),),
        notes=notes,
    )


def _notes(absent: list[str], extra: list[str], unclear: list[str]) -> tuple[str, ...]:
    lists = (
        ("members in Entra, not in the app's group", absent),
        ("members in the app's group, not in Entra's", extra),
        ("members who are not in the app, or there more than once", unclear),
    )
    return tuple(f"{what}: {_some(names)}" for what, names in lists if names)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _row(
    expected: int | None, actual: int | None, verdict: AttributeVerdict, note: str | None
) -> AttributeComparison:
    return AttributeComparison(
        attribute="members",
        source=None,
        expected=None if expected is None else f"{expected} members",
        actual=None if actual is None else f"{actual} members",
        verdict=verdict,
        note=note,
    )
