"""Compares all people and groups that the job provisions with all that the app holds.

The app's lists are walked once, page by page, against an index of Entra's objects on disk; memory
does not grow with their number, and a run that is cut short can be gone on with. What is found
comes in the order of urgency: people who are active and should not be, missing, orphaned,
duplicate, differing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.all_groups import collect_groups, compare_groups
from scimdoctor.compare.app_side import Listing, listing_trouble
from scimdoctor.compare.attributes import (
    DIFFERENT,
    compare_object,
    expected_values,
    is_active,
)
from scimdoctor.compare.entra_side import Person, Population, Side, person
from scimdoctor.compare.managers import compare_managers, read_managers
from scimdoctor.compare.object_index import IndexedObject, Kind, ObjectIndex, Stray
from scimdoctor.compare.one import KEEPS_LEAVERS
from scimdoctor.compare.outcome import EveryoneCompared
from scimdoctor.compare.roles import compare_roles, held_roles, read_roles, role_inputs
from scimdoctor.entra.matching import first_matching
from scimdoctor.entra.updates import is_members
from scimdoctor.errors import ScimDoctorError
from scimdoctor.graph import directory
from scimdoctor.graph.directory import odata_text
from scimdoctor.model.comparison import Comparison
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scimdoctor.compare.one import BothEnds
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.progress import Progress

MOST_LOOK_UPS = 500
"""So many strays of one kind are looked up in Entra."""

_BETWEEN_CHECKPOINTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where a run keeps what it has, so that it can be gone on with."""

    path: Path | None = None
    """`None`: a temporary file, gone with the run."""

    resume: bool = False


def compare_everyone(
    ends: BothEnds, *, progress: Progress, keeping: Keeping | None = None
) -> EveryoneCompared:
    """Compare the people and groups whom the job provisions with the app's users and groups.

    Raises:
        SourceError: the state cannot be kept.
        ScimDoctorError: the app shows none of its users.
    """
    kept = keeping or Keeping()
    # Reading a hundred thousand people takes long: see first that the app will show its own.
    trouble = listing_trouble(ends.endpoint, Kind.USER.resource)
    if trouble is not None:
        raise _not_shown(ends.endpoint, f"/Users could not be listed: {trouble}")
    found = EveryoneCompared(with_groups=ends.group_side() is not None)
    try:
        with ObjectIndex(kept.path, about=_about_run(ends), resume=kept.resume) as index:
            if index.resumed:
                found.go_on(index)
            elif kept.resume:
                progress.message("There is nothing to go on with: comparing from the start.")
            _Run(ends=ends, index=index, found=found, progress=progress).all()
    except (KeyboardInterrupt, ScimDoctorError):
        if kept.path is not None and kept.path.exists():
            progress.message(
                "What was read and compared is kept: --all --resume goes on from there."
            )
        raise
    found.limits += [limit for limit in ends.scope.limits if limit not in found.limits]
    return found


def _not_shown(endpoint: Endpoint, why: str) -> ScimDoctorError:
    return ScimDoctorError(
        f"nothing can be compared: {why}",
        hint=f"scimdoctor check-endpoint {endpoint.base_url} says what is wrong",
    )


def _about_run(ends: BothEnds) -> str:
    """What tells this comparison from others: the app, its endpoint, the mapping, the scope."""
    import hashlib

    mapping = json.dumps(ends.schema.raw, sort_keys=True, default=str)
    scope = str(ends.scope.everybody)
    text = "\n".join((ends.app.id, ends.endpoint.base_url, scope, mapping))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    ends: BothEnds
    index: ObjectIndex
    found: EveryoneCompared
    progress: Progress

    def all(self) -> None:
        """Collect, walk, and then say what follows."""
        users, groups = self.ends.side(group=False), self.ends.group_side()
        self.users(users)
        if groups is not None:
            self.groups(groups)
        # What follows is worked out from the index, again where a run is gone on with.
        if users.manager_path is not None:
            compare_managers(self.ends.endpoint, self.index, self.found, users.manager_path)
        if users.of_roles.attribute_mappings:
            compare_roles(self.ends, self.index, self.found, users)
        self.leftovers(Kind.USER, users)
        if groups is not None:
            self.leftovers(Kind.GROUP, groups)

    def users(self, side: Side) -> None:
        population = self._population(side)
        if not self.index.get("collected"):
            self._collect(population)
            self.found.limits += population.limits
            self.found.checkpoint(self.index, collected="yes")
        if side.manager_path is not None and not self.index.get("managers read"):
            with self.progress.task("Reading managers from Entra") as task:
                read_managers(self.ends.graph, self.index, self.found, task)
            self.found.checkpoint(self.index, **{"managers read": "yes"})
        if side.of_roles.attribute_mappings and not self.index.get("roles read"):
            self._read_roles(population)
        self._walk(Kind.USER, side)

    def _read_roles(self, population: Population) -> None:
        """Note the roles; the members of groups are read with the people or the groups, else now."""
        unread = population.everybody and self.ends.group_side() is None
        with self.progress.task("Reading app roles from Entra") as task:
            read_roles(population, members=unread, task=task)
        self.found.checkpoint(self.index, **{"roles read": "yes"})

    def groups(self, side: Side) -> None:
        if not self.index.get("groups collected"):
            population = self._population(self.ends.side(group=False))
            with self.progress.task("Reading groups from Entra") as task:
                collect_groups(population, side, self.index, self.found, task)
            self.found.checkpoint(self.index, **{"groups collected": "yes"})
        self._walk(Kind.GROUP, side)
        with self.progress.task("Comparing groups and their members") as task:
            mapped = any(
                is_members(m.target_attribute_name) for m in side.mapping.attribute_mappings
            )
            compare_groups(self.ends.endpoint, self.index, self.found, task, members=mapped)

    def leftovers(self, kind: Kind, side: Side) -> None:
        """What is at one end only."""
        self._missing(kind)
        self._judge_strays(kind, side)

    def _population(self, side: Side) -> Population:
        return Population(
            self.ends.graph,
            self.ends.app,
            side,
            self.index.meet,
            everybody=self.ends.scope.everybody,
            note_member=self.index.add_member,
            note_role=self.index.add_role,
        )

    def _collect(self, population: Population) -> None:
        found, index = self.found, self.index
        with self.progress.task("Reading people from Entra") as task:
            for who, via in population.people():
                task.advance(note=via)
                found.counts.people += 1
                key = population.side.matching_key(who.source)
                if key is None:
                    note = "the matching attribute has no value: Entra cannot provision this person"
                    found.add(_about(who, "cannot-tell", note), index)
                elif not index.add(_indexed(population.side, who, key[1])):
                    note = f"another person has the same {key[0]}: both match the same user"
                    found.add(_about(who, "duplicate-in-app", note), index)
                elif population.side.of_roles.attribute_mappings:
                    index.note_role_inputs(who.id, role_inputs(population.side, who.source))
                if found.counts.people % _BETWEEN_CHECKPOINTS == 0:
                    found.checkpoint(index)

    def _is_whole(self, kind: Kind) -> bool:
        return self.index.get(f"walked {kind}") == "whole"

    def _walk(self, kind: Kind, side: Side) -> None:
        """Go through the app's list; the pages before the one under way are done with, whole."""
        if self.index.get(f"walked {kind}"):
            return
        found, path = self.found, first_matching(side.mapping)
        listing = Listing(self.ends.endpoint, kind.resource, seen=self._seen(kind))
        done = listing.seen
        with self.progress.task(f"Reading {kind.resource.lower()} from the app") as task:
            for resource in listing:
                if listing.seen > done:
                    done = listing.seen
                    found.checkpoint(self.index)
                task.set_total(listing.total)
                task.advance()
                self._count(kind)
                self._meet(kind, side, resource, str(value_at(resource, path) or ""))
        if kind is Kind.USER and not listing.complete and not self._seen(kind):
            raise _not_shown(self.ends.endpoint, "; ".join(listing.limits))
        found.limits += listing.limits
        how = "whole" if listing.complete else "in part"
        found.checkpoint(self.index, **{f"walked {kind}": how})

    def _seen(self, kind: Kind) -> int:
        counts = self.found.counts
        return counts.users_in_app if kind is Kind.USER else counts.groups_in_app

    def _count(self, kind: Kind) -> None:
        if kind is Kind.USER:
            self.found.counts.users_in_app += 1
        else:
            self.found.counts.groups_in_app += 1

    def _meet(self, kind: Kind, side: Side, resource: dict[str, Any], key: str) -> None:
        identity = str(resource.get("id") or "")
        item = self.index.find(kind, key) if key else None
        if item is None:
            name = resource.get("userName") if kind is Kind.USER else resource.get("displayName")
            self.index.add_stray(
                Stray(
                    kind=kind,
                    target_id=identity,
                    key=key,
                    label=str(name or key or identity),
                    active=is_active(resource) if kind is Kind.USER else None,
                )
            )
        elif item.target_id is not None:
            what = "person" if kind is Kind.USER else "group"
            note = f"the app has this {what} twice: {item.target_id} and {identity}"
            self.found.add(stated(item, "duplicate-in-app", note, target_id=identity), self.index)
        else:
            self.index.mark_seen(kind, key, identity)
            judged = judge(item, resource) if kind is Kind.USER else None
            if judged is not None:
                self.found.add(judged, self.index)
            if kind is Kind.USER and side.manager_path is not None:
                held = value_at(resource, side.manager_path)
                self.index.hold_manager(item.source_id, held, listed=judged is not None)
            if kind is Kind.USER and side.of_roles.attribute_mappings:
                held = held_roles(side, resource)
                self.index.hold_roles(item.source_id, held, listed=judged is not None)

    def _missing(self, kind: Kind) -> None:
        what = "people" if kind is Kind.USER else "groups"
        if not self._is_whole(kind):
            limit = f"the app's list is not complete: missing {what} cannot be told"
            self.found.limits.append(limit)
            return
        one = "person, and the app has no such user"
        if kind is Kind.GROUP:
            one = "group, and the app has no such group"
        for item in self.index.unseen(kind):
            if item.should_be_active is not False:
                self.found.add(stated(item, "missing-in-app", f"Entra provisions this {one}"))

    def _judge_strays(self, kind: Kind, side: Side) -> None:
        """Objects of the app that nothing in scope matches: left behind, or never Entra's."""
        for number, stray in enumerate(self.index.strays(kind)):
            if number >= MOST_LOOK_UPS:
                limit = (
                    f"only {MOST_LOOK_UPS} unmatched {kind.resource.lower()} were looked up"
                    " in Entra"
                )
                self.found.limits.append(limit)
                return
            judged = (
                self._stray_user(stray, side) if kind is Kind.USER else self._stray_group(stray)
            )
            if judged is not None:
                self.found.add(judged)

    def _stray_user(self, stray: Stray, side: Side) -> Comparison | None:
        ends = self.ends
        who = next(_in_entra(ends, side, stray.key), None) if stray.key else None
        if who is not None and stray.active is False:
            return None
        return _stray(stray, who, keeps_leavers=ends.scope.keeps_leavers)

    def _stray_group(self, stray: Stray) -> Comparison:
        known = directory.find_groups(self.ends.graph, stray.label)
        why = "Entra has no such group"
        if known:
            why = "Entra does not provision its group of that name (is it assigned to the app?)"
        return Comparison(
            object=stray.label,
            resource_type=stray.kind,
            target_id=stray.target_id,
            state="orphaned-in-app",
            notes=(f"the app has this group; {why}",),
        )


def _about(who: Person, state: str, note: str) -> Comparison:
    return Comparison(object=who.label, source_id=who.id, state=state, notes=(note,))


def stated(
    item: IndexedObject, state: str, note: str, *, target_id: str | None = None
) -> Comparison:
    """The finding that `item` is in `state`."""
    return Comparison(
        object=item.label,
        resource_type=item.kind,
        source_id=item.source_id,
        target_id=target_id or item.target_id,
        state=state,
        notes=(note,),
    )


def _indexed(side: Side, who: Person, key: str) -> IndexedObject:
    expected = expected_values(
        side.at_once,
        who.source,
        definition=side.definition,
        default_domain=side.default_domain,
    )
    return IndexedObject(
        key=key,
        source_id=who.id,
        label=who.label,
        should_be_active=who.should_be_active,
        why=who.why,
        expected=tuple(e for e in expected if e.known),
    )


def judge(who: IndexedObject, resource: Mapping[str, Any]) -> Comparison | None:
    """What is wrong with one person's user in the app; `None` if nothing is. Pure."""
    identity = str(resource.get("id") or "")
    if who.should_be_active is False and is_active(resource) is True:
        note = f"active in the app, though {who.why}"
        return stated(who, "active-but-should-not-be", note, target_id=identity)
    compared = compare_object(who.expected, resource)
    different = tuple(a for a in compared if a.verdict in DIFFERENT)
    if not different:
        return None
    return Comparison(
        object=who.label, source_id=who.source_id, target_id=identity, attributes=different
    )


def _in_entra(ends: BothEnds, side: Side, key: str) -> Iterator[Person]:
    """The person out of scope whose source attribute has the stray's matching value."""
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
    yield from (person(side, raw, assigned=ends.scope.everybody) for raw in rows)


def _stray(stray: Stray, who: Person | None, *, keeps_leavers: bool) -> Comparison:
    if who is None:
        active = ", and is active" if stray.active else ""
        return Comparison(
            object=stray.label,
            target_id=stray.target_id,
            state="orphaned-in-app",
            notes=(f"the app has this user{active}; Entra has no such person",),
        )
    notes: tuple[str, ...]
    if who.should_be_active is not False:
        state, notes = "cannot-tell", ("Entra took this person up while it was compared",)
    elif stray.active is None:
        state, notes = "cannot-tell", (f"in the app, though {who.why}",)
    else:
        state, notes = "active-but-should-not-be", (f"in the app and active, though {who.why}",)
        if keeps_leavers:
            notes = (*notes, KEEPS_LEAVERS)
    return Comparison(
        object=who.label,
        source_id=who.id,
        target_id=stray.target_id,
        state=state,
        notes=notes,
    )
