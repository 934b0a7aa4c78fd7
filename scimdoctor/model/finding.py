"""The result of one check on one subject."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.model.rule import Remediation, Requirement, Severity

if TYPE_CHECKING:
    from datetime import datetime


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It could not or need not run; the message says why."""

    ERRORED = "errored"
    """The check itself broke; the message says how."""


class EvidenceKind(StrEnum):
    """What a piece of evidence refers to."""

    EVENT = "event"
    EXCHANGE = "exchange"
    FINDING = "finding"
    MAPPING = "mapping"
    JOB = "job"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact that speaks for something; `ref` is the id of what it was seen in."""

    kind: EvidenceKind
    ref: str
    summary: str
    label: str = ""
    """What a person calls the event's object; empty where it is not known."""

    at: datetime | None = None
    """When the event happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that a check measured."""

    name: str
    value: float
    unit: str = ""
    """Empty for a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found."""

    check: str
    outcome: Outcome
    severity: Severity
    requirement: Requirement
    title: str
    message: str
    """What was sent and answered, and what follows; or why it was skipped."""

    cause: str | None = None
    evidence: tuple[str, ...] = ()
    """Ids of exchanges, decisive one last."""

    reproduce: str | None = None
    """A `curl` line; the token is a shell variable in it."""

    references: tuple[str, ...] = ()
    why: str = ""
    """Why a failure matters to Entra."""

    rfc: str | None = None
    """What a failure goes against, for example `RFC 7644 §3.5.2`."""

    remediation: tuple[Remediation, ...] = ()
    """Who ends a problem, and how."""

    figures: tuple[Figure, ...] = ()
    """What was measured, whatever the outcome."""

    elapsed_in_milliseconds: float = 0.0
    """How long the check took; of several findings of one check only the first says it."""

    known: bool = False
    """Listed in the baseline: shown, but no reason to fail."""

    @property
    def is_problem(self) -> bool:
        """Whether it failed at a severity above info and no baseline lists it."""
        failed = self.outcome is Outcome.FAILED and not self.known
        return failed and self.severity is not Severity.INFO
