"""The one value that every output format is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.synchronization import SynchronizationJob

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How many events were read, by status."""

    read: int = 0
    failure: int = 0
    skipped: int = 0
    warning: int = 0
    success: int = 0
    unreadable: int = 0
    """Records that could not be read; `limits` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Events of one UTC day, by status."""

    day: str
    """ISO date."""

    failure: int = 0
    skipped: int = 0
    warning: int = 0
    success: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSummary:
    """One group of failures or skips that differ only in ids, names, numbers and times."""

    id: str
    """Stable across runs: ten hexadecimal digits."""

    status: str
    app: str | None
    error_code: str | None
    text: str
    """The normalised reason or skip reason."""

    action: str | None
    count: int
    objects: int
    """Distinct source objects."""

    failing_now: int | None = None
    """Distinct objects whose newest event is of this signature; `None` if not worked out."""

    first_seen: datetime | None = None
    last_seen: datetime | None = None
    sample: tuple[str, ...] = ()
    """Ids of at most five events."""

    cause: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppHealth:
    """One line of `scimdoctor apps`."""

    id: str
    app_id: str | None
    display_name: str
    job_id: str | None
    health: str
    """`healthy`, `errors`, `quarantined`, `paused`, `disabled`, `never-run`, `no-job`, `unreadable`."""

    detail: str = ""
    last_run: datetime | None = None
    failures_per_hour: tuple[int, ...] = ()
    """Failures in each hour, oldest first, of the window shown; empty if not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusVerdict:
    """A job, read as a doctor would."""

    health: str
    headline: str
    """One sentence."""

    facts: tuple[tuple[str, str], ...] = ()
    """Label and text, in reading order."""

    next_steps: tuple[str, ...] = ()
    subject: str = "Job"
    """What was read: a job, or a sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """One line of `scimdoctor mappings`."""

    object: str
    target: str
    source: str
    kind: str
    matching_priority: int
    flow: str
    default_value: str | None = None
    type: str | None = None
    lint: tuple[str, ...] = ()


class ChangeState(StrEnum):
    """What became of a problem between two reports."""

    FIXED = "fixed"
    STILL_THERE = "still-there"
    NEW = "new"
    CANNOT_TELL = "cannot-tell"
    """The newer report did not look, so nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One problem, in an older report and a newer one."""

    state: ChangeState
    kind: str
    """`cause`, `finding`, `replay`, `signature` or `comparison`."""

    id: str
    """The same in both reports."""

    name: str
    """The cause, check or signature id that `scimdoctor explain` knows."""

    title: str
    detail: str = ""
    """What changed beside it, for example the number of objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a command found, complete: renderers need nothing else.

    Sections that a command has nothing to say about stay empty.
    """

    command: str
    generated_at: datetime
    tool_version: str
    target: Mapping[str, str] = field(default=EMPTY)
    """What was looked at: `app`, `tenant`, `endpoint`, `source`, `since` …"""

    job: SynchronizationJob | None = None
    status: StatusVerdict | None = None
    events: EventCounts = EventCounts()
    event_list: tuple[ProvisioningObjectSummary, ...] = ()
    """The events to show; for `logs` without `--summary`."""

    days: tuple[DayCount, ...] = ()
    signatures: tuple[SignatureSummary, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    """Best first: by affected objects, then confidence."""

    findings: tuple[Finding, ...] = ()
    replays: tuple[Replay, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    apps: tuple[AppHealth, ...] = ()
    mappings: tuple[MappingRow, ...] = ()
    changes: tuple[Change, ...] = ()
    """What differs from an older report; for `report --diff`."""

    exchanges: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()
    """Things to know that are neither problem nor limit, for example the next command."""

    limits: tuple[str, ...] = ()
    """What could not be seen, and why."""
