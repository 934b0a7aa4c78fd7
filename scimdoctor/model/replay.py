"""What became of a rebuilt request when it was sent again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.reconstruction import ReconstructedRequest


KEPT_IN = "what it was before is kept in: "
"""How the note ends, before the path, that names the file with the state before a live replay."""


class ReplayMode(StrEnum):
    """How far a replay goes (design section 6)."""

    PLAN = "plan"
    READ = "read"
    SHADOW = "shadow"
    LIVE = "live"

    @property
    def writes(self) -> bool:
        """Whether the mode changes the app."""
        return self in {ReplayMode.SHADOW, ReplayMode.LIVE}


class Verdict(StrEnum):
    """What a replay showed."""

    SAME_FAILURE = "same-failure"
    DIFFERENT_FAILURE = "different-failure"
    WORKS_NOW = "works-now"
    NOT_REBUILT = "not-rebuilt"
    NOT_SENT = "not-sent"
    PUT_BACK = "put-back"
    """A rollback undid what a live replay had changed."""


class DifferenceKind(StrEnum):
    """How a stored value differs from the one that was sent."""

    SAME = "same"
    CASE_ONLY = "case-only"
    REFORMATTED = "reformatted"
    DROPPED = "dropped"
    CHANGED = "changed"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute: sent, answered and stored; values as JSON text, `None` for absent."""

    attribute: str
    sent: str | None
    answered: str | None
    stored: str | None
    kind: DifferenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedRequest:
    """One rebuilt request and the exchange it led to, if it was sent."""

    rebuilt: ReconstructedRequest
    exchange: str | None = None
    """The exchange's id; `None`: not sent."""

    curl: str | None = None
    """A line that sends it again; the token is a shell variable in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One event, replayed."""

    event: str
    label: str = ""
    """What a person calls the object; empty where it is not known."""

    mode: ReplayMode
    verdict: Verdict
    summary: str
    """One sentence: what happened and what follows."""

    requests: tuple[ReplayedRequest, ...] = ()
    differences: tuple[Difference, ...] = ()
    cause: str | None = None
    """A cause id that the replay itself established, if any."""

    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    has_no_past: bool = False
    """There is no earlier result: neither "now" nor "differently" can be said."""

    next_command: str | None = None
    """What to run next: a restart after a fix, a rollback, a cleanup."""

    @property
    def loses_values(self) -> bool:
        """Whether the app takes the write now, but does not keep all that was sent."""
        return self.verdict is Verdict.WORKS_NOW and self.cause is not None

    @property
    def is_problem(self) -> bool:
        """Whether it fails, or works and does not keep all that was sent."""
        failing = {Verdict.SAME_FAILURE, Verdict.DIFFERENT_FAILURE}
        return self.verdict in failing or self.loses_values

    @property
    def leaves_write_untried(self) -> bool:
        """Whether all questions were answered, and the write was judged without being sent."""
        unsent = (r for r in self.requests if r.exchange is None and r.rebuilt.request.is_write)
        return self.mode is ReplayMode.READ and any(unsent)
