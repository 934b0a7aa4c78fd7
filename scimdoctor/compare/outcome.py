"""What a comparison of everybody found, most urgent first."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from scimdoctor.compare.object_index import Kind
from scimdoctor.model.comparison import Comparison

if TYPE_CHECKING:
    from scimdoctor.compare.object_index import ObjectIndex
    from scimdoctor.model.comparison import AttributeComparison

MOST_SHOWN = 5_000
"""So many objects of one state are listed; the rest is counted."""

_ORDER = (
    "active-but-should-not-be",
    "missing-in-app",
    "orphaned-in-app",
    "duplicate-in-app",
    "matched",
    "rightly-not-in-app",
    "cannot-tell",
)
IN_PART = "in part"
_RESUMED = "the comparison was interrupted and gone on with: its parts are of different times"


class Paired(Protocol):
    """A person at both ends, of whom something is compared after the walk through the list."""

    @property
    def source_id(self) -> str:
        """Entra's id."""

    @property
    def label(self) -> str:
        """What people call the person."""

    @property
    def target_id(self) -> str:
        """The app's id."""

    @property
    def listed(self) -> bool:
        """Whether something else of this person differs."""


@dataclass(slots=True)
class Counts:
    """How many objects were seen."""

    people: int = 0
    users_in_app: int = 0
    groups: int = 0
    groups_in_app: int = 0
    groups_with_members: int = 0
    """Groups of which the app shows members."""

    managers_not_in_app: int = 0
    """People whose manager was not found in the app."""


@dataclass(slots=True)
class EveryoneCompared:
    """What comparing everybody found."""

    comparisons: list[Comparison] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    listed: Counter[str] = field(default_factory=Counter)
    """Findings by state, as far as they are listed."""

    hidden: Counter[str] = field(default_factory=Counter)
    """Findings by state beyond `MOST_SHOWN`."""

    with_groups: bool = False

    def add(self, found: Comparison, index: ObjectIndex | None = None) -> None:
        """Take one finding in, as long as the list is not too long; `index` keeps it.

        People who are active and should not be are listed however many there are.
        """
        if self.listed[found.state] >= MOST_SHOWN and found.state != _ORDER[0]:
            self.hidden[found.state] += 1
            return
        self.listed[found.state] += 1
        self.comparisons.append(found)
        if index is not None:
            index.keep(found)

    def places(self, kind: Kind) -> dict[str | None, int]:
        """Where in the list the objects of a kind stand that are at both ends, by Entra's id."""
        return {
            c.source_id: number
            for number, c in enumerate(self.comparisons)
            if c.state == "matched" and c.resource_type == kind
        }

    def attach(
        self,
        one: Paired,
        attributes: tuple[AttributeComparison, ...],
        places: dict[str | None, int],
    ) -> None:
        """Add what differs of a person to what is listed of the same person already.

        Whoever is listed for something else and is not in the list was counted already.
        """
        place = places.get(one.source_id)
        if place is not None:
            known = self.comparisons[place]
            self.comparisons[place] = replace(known, attributes=(*known.attributes, *attributes))
        elif not one.listed:
            self.add(
                Comparison(
                    object=one.label,
                    source_id=one.source_id,
                    target_id=one.target_id,
                    attributes=attributes,
                )
            )

    def checkpoint(self, index: ObjectIndex, **notes: str) -> None:
        """Make what was done so far last."""
        counts = json.dumps({"counts": asdict(self.counts), "hidden": self.hidden})
        index.put(counts=counts, limits=json.dumps(self.limits), **notes)

    def go_on(self, index: ObjectIndex) -> None:
        """Take up what a run before had at its last checkpoint."""
        saved = json.loads(index.get("counts") or "{}")
        self.counts = Counts(**saved.get("counts", {}))
        self.hidden = Counter(saved.get("hidden", {}))
        self.limits = json.loads(index.get("limits") or "null") or self.limits
        if self.counts.people and _RESUMED not in self.limits:
            self.limits.append(_RESUMED)
        self.comparisons = list(index.kept())
        self.listed = Counter(c.state for c in self.comparisons)

    def in_order(self) -> tuple[Comparison, ...]:
        """The findings, most urgent first; users before groups."""
        return tuple(
            sorted(
                self.comparisons,
                key=lambda c: (_ORDER.index(c.state), c.resource_type == Kind.GROUP, c.object),
            )
        )

    @property
    def is_whole(self) -> bool:
        """Whether whoever is not listed was compared and agrees."""
        return not self.hidden.total() and set(self.limits) <= {_RESUMED}

    @property
    def extent(self) -> str:
        """What was compared, for the report's head; a later report is held beside it by that."""
        kinds = "all users and groups" if self.with_groups else "all users"
        return kinds if self.is_whole else f"{kinds}, {IN_PART}"

    def notes(self) -> tuple[str, ...]:
        """How many were compared, in words."""
        counts = self.counts
        people = _counted(counts.people, "person", "people")
        said = [f"{people} in Entra, {_counted(counts.users_in_app, 'user')} in the app"]
        if self.with_groups:
            groups = _counted(counts.groups, "group")
            said.append(f"{groups} in Entra, {counts.groups_in_app} in the app")
        if counts.managers_not_in_app:
            said.append(
                f"of {counts.managers_not_in_app} people the manager was not found in the app:"
                " whether theirs is right cannot be told"
            )
        for state in _ORDER:
            if self.hidden[state]:
                what = "that differ" if state == "matched" else state.replace("-", " ")
                said.append(f"{self.hidden[state]} more {what} are not listed")
        return tuple(said)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
