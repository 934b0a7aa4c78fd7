"""Opening the events that a command's options ask for: saved files, archive, or Microsoft Graph."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.errors import (
    ArchiveBusyError,
    ConfigurationError,
    GraphCircleError,
    GraphUnavailableError,
    SourceError,
)
from scimdoctor.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scimdoctor.cli.options import Window
    from scimdoctor.cli.session import Session
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import EventCounts
    from scimdoctor.progress import Progress
    from scimdoctor.sources.archive import Archive
    from scimdoctor.sources.archive_manifest import Span
    from scimdoctor.sources.event_filter import EventFilter
    from scimdoctor.sources.event_set import EventSet

DEFAULT_AGE = "24h"
_AGE = re.compile(r"(\d{1,5})\s*([smhdw])")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before it there is no log, and not every engine can count."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class OpenEvents:
    """Events that are open for questions, and what is wanted of them."""

    events: EventSet
    wanted: EventFilter
    target: dict[str, str]
    """For the report: where the events are from."""

    said: list[str] = field(default_factory=list)
    """What could not be seen besides what the events tell themselves."""

    @property
    def unfound_app(self) -> str | None:
        """The app that was asked for, where the events alone were held against its name."""
        return self.wanted.app if "source" in self.target else None

    @property
    def limits(self) -> tuple[str, ...]:
        """What could not be seen; ask when all questions have been asked."""
        return (*self.said, *self.events.limits)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a command is to take its events from."""

    app: str | None = None
    files: Sequence[str] = ()
    archive: bool = True
    """Whether what is pulled is kept."""

    offline: bool = False
    """Whether to ask the archive alone."""

    every_app: bool = False
    """Whether the app in the settings does not count."""


def moment_of(text: str, now: datetime, option: str) -> datetime | None:
    """Return the time that an option means: an age like ``24h``, or an ISO 8601 time.

    Raises:
        ConfigurationError: it is neither.
    """
    text = text.strip()
    if not text:
        return None
    if match := _AGE.fullmatch(text.lower()):
        return max(now - timedelta(**{_UNITS[match[2]]: int(match[1])}), EARLIEST)
    try:
        moment = datetime.fromisoformat(text)
        aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(aware, EARLIEST)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{option} does not understand {text!r}",
            hint="give an age like 24h or 7d, or a time like 2026-03-24T07:00:00Z",
        ) from None


def required_moment(moment: datetime | None, option: str) -> datetime:
    """Return `moment`, or stop because the option is empty."""
    if moment is None:
        raise ConfigurationError(f"{option} is empty", hint="give an age like 90d")
    return moment


def filter_of(window: Window, now: datetime, *, app: str | None = None) -> EventFilter:
    """Return what the options of `window` ask for."""
    from scimdoctor.sources.event_filter import EventFilter

    since = moment_of(window.since, now, "--since")
    until = moment_of(window.until, now, "--until")
    if since and until and since >= until:
        raise ConfigurationError("--since is not before --until")
    return EventFilter(
        app=app,
        job=window.job_id,
        since=since,
        until=until,
        user=window.user,
        status=tuple(str(status) for status in window.status or ()),
        error_code=window.error_code,
        action=window.action,
        cycle=window.cycle,
    )


def unmatched(app: str | None, window: Window, counts: EventCounts) -> tuple[str, ...]:
    """Say which options left no event, so that nobody takes silence for health.

    `app` is one that nothing has found yet.
    """
    given = {
        "app": app,
        "--user": window.user,
        "--error-code": window.error_code,
        "--action": window.action,
        "--cycle": window.cycle,
        "--job-id": window.job_id,
        "--status": ", ".join(str(status) for status in window.status or ()),
        "--since": window.since,
        "--until": window.until,
    }
    named = " and ".join(f"{option} {value}" for option, value in given.items() if value)
    return (f"no event matches {named}",) if named and not counts.read else ()


@contextmanager
def open_wanted(session: Session, origin: Origin, window: Window) -> Iterator[OpenEvents]:
    """Open the events that `origin` and `window` ask for; they close with the ``with``."""
    if origin.files:
        with open_saved(session, origin, window) as opened:
            yield opened
        return
    with open_tenant(session, origin, window) as opened:
        yield opened


@contextmanager
def open_saved(session: Session, origin: Origin, window: Window) -> Iterator[OpenEvents]:
    """Open the events of saved files."""
    from scimdoctor.sources.event_set import open_events

    wanted = filter_of(window, session.now(), app=origin.app)
    target = {"source": ", ".join(origin.files)} | ({"app": origin.app} if origin.app else {})
    with open_events(
        origin.files, standard_input=sys.stdin.buffer, progress=session.progress
    ) as events:
        yield OpenEvents(events=events, wanted=wanted, target=target)


@contextmanager
def open_tenant(session: Session, origin: Origin, window: Window) -> Iterator[OpenEvents]:
    """Open the events of a tenant: those that are missing here are pulled from Graph first."""
    from dataclasses import replace

    from scimdoctor.sources.archive_manifest import Span

    now = session.now()
    app = None if origin.every_app else origin.app or session.settings.app
    wanted = filter_of(window, now, app=app)
    if wanted.since is None:
        wanted = replace(wanted, since=moment_of(DEFAULT_AGE, now, "--since"))
    span = Span(wanted.since or now, min(wanted.until or now, now))
    if span.since >= span.until:
        raise ConfigurationError("--since lies in the future")
    target = {"since": f"{when(span.since)} UTC"}
    if not origin.offline:
        wanted, target = _with_app(session, wanted, target)
    # Only now, so that the app is not asked for later for DuckDB's sake.
    from scimdoctor.sources.event_set import new_event_set

    with new_event_set() as events:
        opened = OpenEvents(events=events, wanted=wanted, target=target)
        if origin.offline:
            _take_archived(opened, the_archive(session), span)
            yield opened
        else:
            yield _take_from_graph(session, origin, opened, span)


def _with_app(
    session: Session, wanted: EventFilter, target: dict[str, str]
) -> tuple[EventFilter, dict[str, str]]:
    """The same with the id of the app in Graph, if one is asked for."""
    from dataclasses import replace

    from scimdoctor.graph.directory import find_app

    if not wanted.app:
        return replace(wanted, app=None), target
    principal = find_app(session.graph, wanted.app)
    named = {"app": principal.display_name, "service_principal": principal.id}
    return replace(wanted, app=principal.id), target | named


def _take_from_graph(
    session: Session, origin: Origin, opened: OpenEvents, span: Span
) -> OpenEvents:
    """Bring the archive up to date and take the events from it, or straight from Graph."""
    from scimdoctor.sources.graph import GraphLog, Pull

    app_id = opened.wanted.app
    log = GraphLog(session.graph)
    if not origin.archive:
        events = log.events(span, app_id=app_id, trouble=opened.said)
        opened.events.add_events(_counted(events, session.progress))
        opened.said.extend(_clock(session))
        return opened
    archive = tenants_archive(session)
    pull = Pull(
        log=log,
        archive=archive,
        app_id=app_id,
        progress=session.progress,
        sleep=session.sleep,
        trouble=opened.said,
    )
    try:
        pull.run(span)
    except (GraphUnavailableError, ArchiveBusyError) as error:
        if not archive.files(app_id, span):
            raise
        opened.said.append(f"{_why_archived(error)}: {error}")
        opened.said.extend(_missing(archive, app_id, span))
    opened.said.extend(_clock(session))
    opened.events.add_archive(partial(archive.files, app_id, span))
    return opened


def _why_archived(error: GraphUnavailableError | ArchiveBusyError) -> str:
    if isinstance(error, ArchiveBusyError):
        return "only what the archive held was read, though it was waited for long"
    if isinstance(error, GraphCircleError):
        return "not all of the log could be read"
    return "the log could not be read from Graph, so only the archive was read"


def _clock(session: Session) -> Iterator[str]:
    """Yield what is wrong with this machine's clock: it says up to when the log was read."""
    from scimdoctor.graph.failures import clock_trouble

    if trouble := clock_trouble(session.now(), session.graph.served_at):
        yield f"{trouble} The newest events may be missing, and ages like 24h count from it."


def _counted(
    events: Iterable[ProvisioningObjectSummary], progress: Progress
) -> Iterator[ProvisioningObjectSummary]:
    """Yield `events`, and say how many there were so far."""
    with progress.task("Pulling events") as task:
        for event in events:
            task.advance()
            yield event


def tenants_archive(session: Session) -> Archive:
    """Return the archive of the tenant that is signed in to."""
    from scimdoctor.sources.archive import Archive

    claims = session.graph.claims()
    tenant = (claims.tenant if claims else None) or session.settings.tenant or "unknown"
    return Archive(session.archive_root, tenant)


def the_archive(session: Session) -> Archive:
    """Return the only tenant's archive, or that of the tenant in the settings.

    Raises:
        SourceError: there is none, or there are several and none is chosen.
    """
    from scimdoctor.sources.archive import archives

    root = session.archive_root
    found = archives(root)
    chosen = [one for one in found if one.tenant == session.settings.tenant] or found
    if not chosen:
        raise SourceError(f"there is no archive in {root}", hint="pull once without --offline")
    if len(chosen) > 1:
        tenants = ", ".join(one.tenant for one in chosen)
        raise SourceError(f"there are archives of several tenants: {tenants}", hint="give --tenant")
    return chosen[0]


def _take_archived(opened: OpenEvents, archive: Archive, span: Span) -> None:
    opened.events.add_archive(partial(archive.files, None, span))
    opened.target["source"] = f"archive of {archive.tenant}"
    opened.said.extend(_missing(archive, _only_app(archive, opened.wanted.app), span))


def _only_app(archive: Archive, app: str | None) -> str | None:
    """Return the id of the archived app that `app` names, unless there are several or none."""
    name = (app or "").lower()
    files = archive.manifest.files
    ids = {one.app_id for one in files if name in {one.app_id.lower(), (one.app or "").lower()}}
    return ids.pop() if app and len(ids) == 1 else None


def _missing(archive: Archive, app_id: str | None, span: Span) -> Iterator[str]:
    """Yield between which times the archive may lack events of a time."""
    from scimdoctor.sources.archive_manifest import gaps

    if missing := gaps(span, archive.manifest.covered(app_id)):
        since, until = missing[-1].since, missing[0].until
        yield (
            f"the archive was not brought up to date and may lack events between {since:%F %H:%M} "
            f"and {until:%F %H:%M} UTC"
        )
