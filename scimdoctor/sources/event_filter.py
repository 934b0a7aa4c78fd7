"""Which events are wanted, the same for files, archive, Graph and Log Analytics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Conditions that an event must all meet; `None` and ``()`` ask for nothing.

    App, job, time and user say *whose* events are looked at; status, error code, action and cycle
    say *which of them* are shown. The difference counts for "failing now", which needs an object's
    newest event whatever its status.
    """

    app: str | None = None
    """Id or name of the enterprise app, any case."""

    job: str | None = None
    since: datetime | None = None
    """Aware; events from this time on."""

    until: datetime | None = None
    """Aware; events before this time."""

    user: str | None = None
    """Text that the object's name, UPN or id contains, any case."""

    status: tuple[str, ...] = ()
    error_code: str | None = None
    """What the error code ends with, any case."""

    action: str | None = None
    cycle: str | None = None


EVERYTHING = EventFilter()
