"""Compares all assigned people with all users of the app.

The app's list is walked once, page by page, against an index of the people on disk; memory does
not grow with their number, and a run that is cut short can be gone on with. What is found comes in the order of urgency: people who are active and
should not be, missing, orphaned, duplicate, differing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.app_side import Listing
from scimdoctor.compare.attributes import compare_object, expected_values, is_active
from scimdoctor.compare.entra_side import Person, Population, Side, person
from scimdoctor.compare.people_index import IndexedPerson, PeopleIndex, Stray
from scimdoctor.entra.matching import first_matching
from scimdoctor.graph import directory
from scimdoctor.graph.directory import odata_text
from scimdoctor.model.comparison import AttributeVerdict, Comparison
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scimdoctor.compare.one import BothEnds
    from scimdoctor.progress import Progress

MOST_SHOWN = 5_000
"""So many differing people are listed in full; the rest is counted."""

MOST_LOOK_UPS = 500
"""So many strays of the app are looked up in Entra."""

_ORDER = (
    "active-but-should-not-be",
    "missing-in-app",
    "orphaned-in-app",
    "duplicate-in-app",
    "matched",
    "cannot-tell",
)
_DIFFERENT = {
    AttributeVerdict.DIFFERS,
    AttributeVerdict.MISSING_IN_APP,
    AttributeVerdict.REFORMATTED,
}
_BETWEEN_CHECKPOINTS = 500
_RESUMED = "the comparison was interrupted and gone on with: its parts are of different times"
_LEFT_OUT = (
    "groups, managers and app roles are compared one object at a time only: scimdoctor compare NAME"
)


@dataclass(slots=True)
class EveryoneCompared:
    """What comparing everybody found."""

    comparisons: list[Comparison] = field(default_factory=list)
    limits: list[str] = field(default_factory=lambda: [_LEFT_OUT])
    people: int = 0
    users_in_app: int = 0
    hidden: int = 0
    """Differing people beyond `MOST_SHOWN`."""

    def add(self, found: Comparison, index: PeopleIndex | None = None) -> None:
        """Take one finding in, as long as the list is not too long; `index` keeps it."""
        if len(self.comparisons) < MOST_SHOWN or found.state == _ORDER[0]:
            self.comparisons.append(found)
            if index is not None:
                index.keep(found)
        else:
            self.hidden += 1

    def checkpoint(self, index: PeopleIndex, **notes: str) -> None:
        """Make what was done so far last."""
        counts = (self.people, self.users_in_app, self.hidden)
        index.put(counts=json.dumps(counts), limits=json.dumps(self.limits), **notes)

    def go_on(self, index: PeopleIndex) -> None:
        """Take up what a run before had at its last checkpoint."""
        self.people, self.users_in_app, self.hidden = json.loads(index.get("counts") or "[0, 0, 0]")
        self.limits = json.loads(index.get("limits") or "null") or self.limits
        if self.people and _RESUMED not in self.limits:
            self.limits.append(_RESUMED)
        self.comparisons = list(index.kept())

    def in_order(self) -> tuple[Comparison, ...]:
        """The findings, most urgent first."""
        return tuple(sorted(self.comparisons, key=lambda c: (_ORDER.index(c.state), c.object)))

    def notes(self) -> tuple[str, ...]:
        """How many were compared, in words."""
        counts = f"{self.people} people in Entra, {self.users_in_app} users in the app"
        more = (f"{self.hidden} more differences are not listed",) if self.hidden else ()
        return (counts, *more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where a run keeps what it has, so that it can be gone on with."""

    path: Path | None = None
    """`None`: a temporary file, gone with the run."""

    resume: bool = False


def compare_everyone(
    ends: BothEnds, *, progress: Progress, keeping: Keeping | None = None
) -> EveryoneCompared:
    """Compare all assigned people, and direct members of assigned groups, with the app's users.

    Raises:
        SourceError: the state cannot be kept.
    """
    kept = keeping or Keeping()
    found = EveryoneCompared()
    side = ends.side(group=False)
    with PeopleIndex(kept.path, about=_about_run(ends), resume=kept.resume) as index:
        if index.resumed:
            found.go_on(index)
        elif kept.resume:
            progress.message("There is nothing to go on with: comparing from the start.")
        _collect(Population(ends.graph, ends.app, side, index.meet), index, found, progress)
        listing = Listing(ends.endpoint, "Users", seen=found.users_in_app)
        _walk(listing, side, index, found, progress)
        found.limits += listing.limits
        _missing(index, found, complete=listing.complete)
        _judge_strays(ends, side, index, found)
    return found


def _about_run(ends: BothEnds) -> str:
    """What tells this comparison from others: the app, its endpoint, the mapping."""
    import hashlib

    mapping = json.dumps(ends.schema.raw, sort_keys=True, default=str)
    text = "\n".join((ends.app.id, ends.endpoint.base_url, mapping))
    return hashlib.sha256(text.encode()).hexdigest()


def _collect(
    population: Population, index: PeopleIndex, found: EveryoneCompared, progress: Progress
) -> None:
    if index.get("collected"):
        return
    with progress.task("Reading people from Entra") as task:
        for who, via in population.people():
            task.advance(note=via)
            found.people += 1
            key = population.side.matching_key(who.source)
            if key is None:
                note = "the matching attribute has no value: Entra cannot provision this person"
                found.add(_about(who, "cannot-tell", note), index)
            elif not index.add(_indexed(population.side, who, key[1])):
                note = f"another person has the same {key[0]}: both match the same user"
                found.add(_about(who, "duplicate-in-app", note), index)
            if found.people % _BETWEEN_CHECKPOINTS == 0:
                found.checkpoint(index)
    found.limits += population.limits
    found.checkpoint(index, collected="yes")


def _about(who: Person, state: str, note: str) -> Comparison:
    return Comparison(object=who.label, source_id=who.id, state=state, notes=(note,))


def _indexed(side: Side, who: Person, key: str) -> IndexedPerson:
    expected = expected_values(
        side.mapping, who.source, definition=side.definition, default_domain=side.default_domain
    )
    return IndexedPerson(
        key=key,
        source_id=who.id,
        label=who.label,
        should_be_active=who.should_be_active,
        why=who.why,
        expected=tuple(e for e in expected if e.known and not e.path.endswith(":manager")),
    )


def _walk(
    listing: Listing,
    side: Side,
    index: PeopleIndex,
    found: EveryoneCompared,
    progress: Progress,
) -> None:
    path = first_matching(side.mapping)
    done = listing.seen
    with progress.task("Reading users from the app") as task:
        for resource in listing:
            if listing.seen > done:
                # The page before this one is done with, whole.
                done = listing.seen
                found.checkpoint(index)
            task.set_total(listing.total)
            task.advance()
            found.users_in_app += 1
            _meet(resource, str(value_at(resource, path) or ""), index, found)


def _meet(resource: dict[str, Any], key: str, index: PeopleIndex, found: EveryoneCompared) -> None:
    identity = str(resource.get("id") or "")
    who = index.find(key) if key else None
    if who is None:
        label = str(resource.get("userName") or key or identity)
        stray = Stray(target_id=identity, key=key, label=label, active=is_active(resource))
        index.add_stray(stray)
        return
    if who.target_id is not None:
        note = f"the app has this person twice: {who.target_id} and {identity}"
        found.add(_with_ids(who, identity, "duplicate-in-app", note), index)
        return
    index.mark_seen(key, identity)
    judged = judge(who, resource)
    if judged is not None:
        found.add(judged, index)


def judge(who: IndexedPerson, resource: Mapping[str, Any]) -> Comparison | None:
    """What is wrong with one person's user in the app; `None` if nothing is. Pure."""
    identity = str(resource.get("id") or "")
    if who.should_be_active is False and is_active(resource) is True:
        note = f"active in the app, though {who.why}"
        return _with_ids(who, identity, "active-but-should-not-be", note)
    compared = compare_object(who.expected, resource)
    different = tuple(a for a in compared if a.verdict in _DIFFERENT)
    if not different:
        return None
    return Comparison(
        object=who.label, source_id=who.source_id, target_id=identity, attributes=different
    )


def _with_ids(who: IndexedPerson, identity: str, state: str, note: str) -> Comparison:
    return Comparison(
        object=who.label,
        source_id=who.source_id,
        target_id=identity,
        state=state,
        notes=(note,),
    )


def _missing(index: PeopleIndex, found: EveryoneCompared, *, complete: bool) -> None:
    if not complete:
        found.limits.append("the app's list is not complete: missing people cannot be told")
        return
    for who in index.unseen():
        if who.should_be_active is not False:
            note = "Entra provisions this person, and the app has no such user"
            found.add(
                Comparison(
                    object=who.label,
                    source_id=who.source_id,
                    state="missing-in-app",
                    notes=(note,),
                )
            )


def _judge_strays(ends: BothEnds, side: Side, index: PeopleIndex, found: EveryoneCompared) -> None:
    """Users of the app whom no assigned person matches: left behind, or never Entra's."""
    for number, stray in enumerate(index.strays()):
        if number >= MOST_LOOK_UPS:
            found.limits.append(f"only {MOST_LOOK_UPS} unmatched users were looked up in Entra")
            return
        who = next(_in_entra(ends, side, stray.key), None) if stray.key else None
        if who is None or stray.active is not False:
            found.add(_stray(stray, who))


def _in_entra(ends: BothEnds, side: Side, key: str) -> Iterator[Person]:
    """The unassigned person whose source attribute has the stray's matching value."""
    item = (side.mapping.matching_mappings or side.mapping.attribute_mappings)[0]
    name = (item.source.name or "").casefold() if item.source else ""
    if name in {"userprincipalname", "objectid"}:
        raw = directory.user(ends.graph, key, select=side.fields)
        rows = [raw] if raw is not None else []
    elif item.source and item.source.type == "Attribute" and item.source.name:
        condition = f"{item.source.name} eq {odata_text(key)}"
        rows = list(directory.find_users(ends.graph, condition, select=side.fields))
    else:
        rows = []
    yield from (person(side, raw, assigned=False) for raw in rows)


def _stray(stray: Stray, who: Person | None) -> Comparison:
    if who is None:
        active = ", and is active" if stray.active else ""
        return Comparison(
            object=stray.label,
            target_id=stray.target_id,
            state="orphaned-in-app",
            notes=(f"the app has this user{active}; Entra has no such person",),
        )
    return Comparison(
        object=who.label,
        source_id=who.id,
        target_id=stray.target_id,
        state="active-but-should-not-be" if stray.active else "cannot-tell",
        notes=(f"in the app{' and active' if stray.active else ''}, though {who.why}",),
    )
