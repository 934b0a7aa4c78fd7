"""Collects what `replay` is to send: events from files or the tenant, or captured requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scimdoctor.cli.options import Sources
    from scimdoctor.cli.session import Session
    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema
    from scimdoctor.replay import Subject

MOST_EVENTS = 2000
"""So many of the newest failing events are looked at; each object and shape is replayed once."""

DEFAULT_WINDOW = timedelta(hours=24)
WINDOW_FOR_IDS = timedelta(days=30)
"""How far back the tenant's log is searched for events that are named by id."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events are to be replayed."""

    ids: tuple[str, ...] = ()
    app: str | None = None
    user: str | None = None
    cause: str | None = None
    signature: str | None = None

    def fits(self, event: ProvisioningObjectSummary) -> bool:
        """Whether cause and signature are the wanted ones."""
        from scimdoctor.entra.signature import signature_of

        if self.signature and signature_of(event).id != self.signature:
            return False
        return not self.cause or self.cause == _cause_of(event)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is to replay."""

    subjects: tuple[Subject, ...] = ()
    limits: tuple[str, ...] = ()
    target: dict[str, str] = field(default_factory=dict)


def _cause_of(event: ProvisioningObjectSummary) -> str:
    from scimdoctor.causes.engine import diagnose_case
    from scimdoctor.model.diagnosis import Case

    return diagnose_case(Case(event=event)).cause


def collect(session: Session, wanted: Wanted, sources: Sources, dialect: Dialect) -> Found:
    """Read captures, files or the tenant, whichever was named.

    Raises:
        ScimDoctorError: nothing was named, or it cannot be read, or an id is not there.
    """
    if sources.har:
        return _from_captures(sources.har)
    if sources.from_:
        return _from_files(session, wanted, sources, dialect)
    return _from_tenant(session, wanted, sources, dialect)


def _from_captures(paths: list[Path]) -> Found:
    from scimdoctor.endpoint.har import load_har
    from scimdoctor.replay import subjects_of_har

    subjects: list[Subject] = []
    problems: list[str] = []
    read = 0
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror}") from error
        capture = load_har(data, path.name, first=read + 1)
        read += len(capture.exchanges)
        problems += capture.problems
        subjects += subjects_of_har(capture.exchanges)
    if not subjects:
        names = ", ".join(path.name for path in paths)
        raise SourceError(f"{names}: no request to /Users or /Groups was captured")
    target = {"source": ", ".join(path.name for path in paths)}
    return Found(subjects=tuple(subjects), limits=tuple(problems), target=target)


def _from_files(session: Session, wanted: Wanted, sources: Sources, dialect: Dialect) -> Found:
    from scimdoctor.graph.saved import load_schema
    from scimdoctor.sources.event_filter import EventFilter
    from scimdoctor.sources.event_set import open_events

    files = sources.from_ or []
    schema = load_schema(sources.schema) if sources.schema else None
    with open_events(files, progress=session.progress) as event_set:
        if wanted.ids:
            found = event_set.by_id(wanted.ids)
            events = _named(found, wanted.ids, ", ".join(files))
        else:
            asked = EventFilter(app=wanted.app, user=wanted.user, status=("failure",))
            events = event_set.newest(asked, limit=MOST_EVENTS)
        limits = event_set.limits
    subjects = _subjects(events, wanted, schema, dialect)
    return Found(subjects=subjects, limits=limits, target={"source": ", ".join(files)})


def _from_tenant(session: Session, wanted: Wanted, sources: Sources, dialect: Dialect) -> Found:
    from scimdoctor.graph import provisioning_log, synchronization
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.saved import load_schema
    from scimdoctor.sources.record import read_record

    app = wanted.app or session.settings.app
    if not app:
        raise ConfigurationError(
            "nothing to replay was named",
            hint="give --app APP (signs in), --from FILE with events, or --har FILE",
        )
    principal = find_app(session.graph, app)
    window = WINDOW_FOR_IDS if wanted.ids else DEFAULT_WINDOW
    query = provisioning_log.LogQuery(
        since=session.now() - window,
        service_principal_id=principal.id,
        status=None if wanted.ids else "failure",
    )
    raw = provisioning_log.records(session.graph, query)
    events = _picked((read_record(record, "graph") for record in raw), wanted)
    if sources.schema:
        schema = load_schema(sources.schema)
    else:
        job = synchronization.the_job(session.graph, principal)
        schema = synchronization.schema(session.graph, principal.id, job.id)
    if wanted.ids:
        by_id = {event.id: event for event in events}
        events = _named(by_id, wanted.ids, f"the log of {principal.display_name}")
    subjects = _subjects(events, wanted, schema, dialect)
    return Found(subjects=subjects, target={"app": principal.display_name})


def _picked(
    events: Iterator[ProvisioningObjectSummary], wanted: Wanted
) -> tuple[ProvisioningObjectSummary, ...]:
    """The named events, or the first many; stops reading when it has them."""
    missing = set(wanted.ids)
    kept: list[ProvisioningObjectSummary] = []
    for event in events:
        if wanted.ids and event.id not in missing:
            continue
        if wanted.user and wanted.user.casefold() not in event.object_label.casefold():
            continue
        kept.append(event)
        missing.discard(event.id)
        if (wanted.ids and not missing) or len(kept) >= MOST_EVENTS:
            break
    return tuple(kept)


def _named(
    found: dict[str, ProvisioningObjectSummary], ids: tuple[str, ...], where: str
) -> tuple[ProvisioningObjectSummary, ...]:
    absent = [one for one in ids if one not in found]
    if absent:
        raise SourceError(
            f"no event {', '.join(absent[:3])} in {where}",
            hint="scimdoctor logs lists the ids",
        )
    return tuple(found[one] for one in dict.fromkeys(ids))


def _subjects(
    events: Iterable[ProvisioningObjectSummary],
    wanted: Wanted,
    schema: SynchronizationSchema | None,
    dialect: Dialect,
) -> tuple[Subject, ...]:
    """The events that fit, each object and shape once unless named by id."""
    from scimdoctor.replay import newest_per_shape, subject_of_event

    fitting = [event for event in events if wanted.fits(event)]
    chosen = fitting if wanted.ids else newest_per_shape(fitting)
    return tuple(subject_of_event(e, schema=schema, dialect=dialect) for e in chosen)
