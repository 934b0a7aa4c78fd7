"""Everything known of one failing object, the root cause found, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Evidence, Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.reconstruction import ReconstructedRequest
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.rule import FixedBy, Layer, Remediation
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema


class Confidence(StrEnum):
    """How sure a diagnosis is (`causes.md`)."""

    CONFIRMED = "confirmed"
    """A replay or a check reproduced it."""

    LIKELY = "likely"
    """Structured facts point to it alone."""

    POSSIBLE = "possible"
    """Only text points to it, or several causes fit."""

    @property
    def rank(self) -> int:
        """2 for confirmed down to 0 for possible."""
        return {"confirmed": 2, "likely": 1, "possible": 0}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is known of one failure (or of one group of failures with one signature)."""

    event: ProvisioningObjectSummary | None = None
    """A sample, when there are several."""

    job: SynchronizationJob | None = None
    schema: SynchronizationSchema | None = None
    requests: tuple[ReconstructedRequest, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """From a HAR or a replay; the one that failed is to be found among them."""

    findings: tuple[Finding, ...] = ()
    of_groups: frozenset[str] = frozenset()
    """The checks that ask about groups alone, by id: what they find says nothing of users."""

    cleared: frozenset[str] = frozenset()
    """Causes that checks of their own looked for, and found another in their place or none."""

    answers: Mapping[str, int] = EMPTY
    """The statuses of the exchanges that `findings` refer to, by id."""

    replays: tuple[Replay, ...] = ()
    successes: int = 0
    """Events of the same log that went well: address and token are right at least for those."""

    later: tuple[ProvisioningObjectSummary, ...] = ()
    """Some of those, of the same kind of object and after the failure's last event."""

    around: tuple[ProvisioningObjectSummary, ...] = ()
    """Events of the same log: those of a few failing objects, and examples of what went well."""

    recovered: int = 0
    """Objects of this failure for which the same operation went well later."""

    now: datetime | None = None
    affected: Affected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """How much one diagnosis explains."""

    events: int = 0
    objects: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    sample: tuple[str, ...] = ()
    """Ids of at most five events."""

    names: tuple[str, ...] = ()
    """Names of at most five of the objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another cause that fits less well."""

    cause: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A named root cause, with its reasons and its cure."""

    cause: str
    confidence: Confidence
    layer: Layer
    fixed_by: FixedBy
    title: str
    explanation: str
    remediation: tuple[Remediation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    affected: Affected | None = None
    alternatives: tuple[Alternative, ...] = ()
    references: tuple[str, ...] = ()
    signature: str | None = None
    """The id of the failure signature this diagnosis is about."""

    known: bool = False
    """Listed in the baseline: shown, but no reason to fail."""

    is_question: bool = False
    """Nothing that was seen is wrong: only that it is right was not shown."""

    @property
    def decided(self) -> bool:
        """Whether a cause is named: `unknown-cause` says that the evidence does not decide."""
        return self.cause != "unknown-cause"
