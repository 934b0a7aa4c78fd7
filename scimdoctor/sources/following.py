"""Looking at the log again and again: what is new since the last look, once each."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from scimdoctor.errors import GraphUnavailableError, ScimDoctorError, SourceError
from scimdoctor.sources.archive_manifest import LATE, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from scimdoctor.model.provisioning import ProvisioningObjectSummary

FOLLOW_INTERVAL = 60.0
"""Seconds between two looks of `--follow`; Entra itself writes every few minutes."""


def follow(
    read: Callable[[Span], Iterable[ProvisioningObjectSummary]],
    *,
    start: datetime,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    on_trouble: Callable[[ScimDoctorError], None] | None = None,
) -> Iterator[tuple[ProvisioningObjectSummary, ...]]:
    """Yield the events that are new since the last look, oldest first, for ever.

    Each look goes back `LATE` behind the one before, because events arrive late and out of order;
    what was yielded once is not yielded again. After the first look, one that fails is told to
    `on_trouble`, and the next makes up for it.
    """
    seen: dict[str, datetime] = {}
    since = start
    looked = False
    while True:
        until = now()
        try:
            found = list(read(Span(since, until))) if until > since else []
        except (GraphUnavailableError, SourceError) as error:
            if on_trouble is None or not looked:
                raise
            on_trouble(error)
        else:
            looked = True
            fresh = {event.id: event for event in found if event.id not in seen}
            seen |= dict.fromkeys(fresh, until)
            yield tuple(sorted(fresh.values(), key=lambda e: (e.activity_date_time or until, e.id)))
            since = max(start, until - LATE)
            seen = {one: at for one, at in seen.items() if at >= until - 4 * LATE}
        with suppress(InterruptedError):
            sleep(FOLLOW_INTERVAL)
