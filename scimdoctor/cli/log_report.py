"""What `logs` shows: events, or their faults with the likely cause of each."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from scimdoctor.cli.event_source import unmatched
from scimdoctor.cli.session import new_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from scimdoctor.cli.event_source import OpenEvents
    from scimdoctor.cli.options import Window
    from scimdoctor.cli.session import Session
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import EventCounts, Report, SignatureSummary

SHOWN = 100
"""Events that are listed unless `--limit` says otherwise."""

RULES = "scimdoctor.causes.engine"
"""What names the likely cause of a fault."""


def event_report(session: Session, opened: OpenEvents, window: Window) -> Report:
    """Return a report that lists the newest of the wanted events."""
    shown = window.limit or SHOWN
    found = opened.events.newest(opened.wanted, limit=shown)
    counts = opened.events.counts(opened.wanted)
    return new_report(
        session,
        "logs",
        target=opened.target,
        events=counts,
        event_list=found,
        notes=cut_off(len(found), counts),
        limits=(*unmatched(opened.unfound_app, window, counts), *opened.limits),
    )


def cut_off(shown: int, counts: EventCounts) -> tuple[str, ...]:
    """Say that there are more events than those `shown`."""
    if counts.read <= shown:
        return ()
    return (
        f"These are the newest {shown:,} of {counts.read:,} events; --limit shows more, "
        "--summary groups them.",
    )


def summary_report(session: Session, opened: OpenEvents, window: Window) -> Report:
    """Return a report that groups the wanted failures and skips into faults."""
    # The rules take a third of a second to import: meanwhile the database reads.
    Thread(target=import_module, args=(RULES,), daemon=True).start()
    found = opened.events.summary(opened.wanted, limit=window.limit)
    newest = {one.sample[0]: one.last_seen for one in telling(found.signatures)}
    samples = opened.events.by_id(newest, newest)
    return new_report(
        session,
        "logs",
        target=opened.target,
        events=replace(found.counts, unreadable=opened.events.unreadable),
        days=found.days,
        signatures=tuple(with_causes(found.signatures, samples, session.now())),
        limits=(*unmatched(opened.unfound_app, window, found.counts), *opened.limits),
    )


def telling(signatures: Iterable[SignatureSummary]) -> tuple[SignatureSummary, ...]:
    """Return the signatures whose samples are to be read: one for each fault that has a cause."""
    firsts: dict[tuple[str | None, ...], SignatureSummary] = {}
    for one in signatures:
        if one.sample and one.status != "success":
            firsts.setdefault(_fault(one), one)
    return tuple(firsts.values())


def _fault(one: SignatureSummary) -> tuple[str | None, ...]:
    """What a fault is, whichever app has it: the same words are of the same kind of server."""
    return one.status, one.error_code, one.action, one.text


def with_causes(
    signatures: Sequence[SignatureSummary],
    samples: Mapping[str, ProvisioningObjectSummary],
    now: datetime,
) -> Iterable[SignatureSummary]:
    """Yield each signature with the likely cause of its fault, judged by the newest event."""
    from scimdoctor.causes.engine import diagnose_case
    from scimdoctor.model.diagnosis import Case

    named: dict[tuple[str | None, ...], Diagnosis] = {}
    for one in telling(signatures):
        event = samples.get(one.sample[0])
        if event is not None:
            named[_fault(one)] = diagnose_case(Case(event=event, now=now))
    for one in signatures:
        found = named.get(_fault(one))
        if found is None:
            yield one
        else:
            yield replace(one, cause=found.cause, confidence=str(found.confidence))
