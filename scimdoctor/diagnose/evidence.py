"""What was given to diagnose from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.diagnose.remedies import Known
from scimdoctor.model.frozen import EMPTY
from scimdoctor.model.report import EventCounts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scimdoctor.compare.left_out import Standing
    from scimdoctor.diagnose.groups import EventGroup
    from scimdoctor.entra.pace import Cycle
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was given to diagnose from."""

    groups: tuple[EventGroup, ...] = ()
    counts: EventCounts = field(default_factory=EventCounts)
    job: SynchronizationJob | None = None
    schema: SynchronizationSchema | None = None
    exchanges: tuple[Exchange, ...] = ()
    """From HAR captures."""

    events_asked: bool = False
    """Whether events were looked for; silence says something only then."""

    tenant_asked: bool = False
    """Whether the tenant was asked for job and mapping; `limits` then say what it did not give."""

    around: tuple[ProvisioningObjectSummary, ...] = ()
    """Events of a few of the objects that fail, and examples of what went well."""

    cycles: tuple[Cycle, ...] | None = None
    """The job's cycles in the events; `None` where they were not looked at."""

    scope_now: Mapping[str, Standing] = field(default=EMPTY)
    """What keeps the skipped objects out now, by the id of their event; only some are looked up."""

    limits: tuple[str, ...] = ()
    now: datetime
    known: Known = field(default_factory=Known)
    """What the remedies' commands are completed with."""
