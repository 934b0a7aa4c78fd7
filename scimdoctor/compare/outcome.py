"""What a comparison of everybody found, most urgent first."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.compare.object_index import Kind

if TYPE_CHECKING:
    from scimdoctor.compare.object_index import ObjectIndex
    from scimdoctor.model.comparison import Comparison

MOST_SHOWN = 5_000
"""So many objects of one state are listed; the rest is counted."""

_ORDER = (
    "active-but-should-not-be",
    "missing-in-app",
    "orphaned-in-app",
    "duplicate-in-app",
    "matched",
    "cannot-tell",
)
_RESUMED = "the comparison was interrupted and gone on with: its parts are of different times"
ROLES_LEFT_OUT = (
    "app roles are not compared here, as each person's take requests of their own to Graph: "
    "scimdoctor compare USER compares them"
)


@dataclass(slots=True)
class Counts:
    """How many objects were seen."""

    people: int = 0
    users_in_app: int = 0
    groups: int = 0
    groups_in_app: int = 0
    groups_without_members: int = 0
    """Groups whose members the app does not show."""

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
        return not self.hidden.total() and set(self.limits) <= {ROLES_LEFT_OUT, _RESUMED}

    def notes(self) -> tuple[str, ...]:
        """How many were compared, in words."""
        counts = self.counts
        said = [f"{counts.people} people in Entra, {counts.users_in_app} users in the app"]
        if self.with_groups:
            said.append(f"{counts.groups} groups in Entra, {counts.groups_in_app} in the app")
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
