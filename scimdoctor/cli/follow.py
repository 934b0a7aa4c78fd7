"""`logs --follow`: events as they arrive."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.cli.event_source import (
    DEFAULT_AGE,
    Origin,
    filter_of,
    moment_of,
    tenants_archive,
)
from scimdoctor.cli.session import new_report
from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.cli.options import Output, Window
    from scimdoctor.cli.session import Session
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.sources.archive_manifest import Span
    from scimdoctor.sources.event_filter import EventFilter

    Look = Callable[[Span], list[ProvisioningObjectSummary]]


def follow_log(session: Session, origin: Origin, window: Window, *, output: Output) -> None:
    """Show what is there since `--since`, then what arrives, until the user stops it.

    What is shown is kept in the archive, unless `origin` says otherwise.
    """
    from scimdoctor.graph.directory import find_app
    from scimdoctor.reports import Format
    from scimdoctor.sources.following import follow

    if origin.files or origin.offline or output.output:
        raise ConfigurationError("--follow shows what Graph writes now, on standard output")
    if output.format not in {Format.TABLE, Format.JSONL}:
        raise ConfigurationError(
            f"--follow writes event by event, which {output.format} cannot",
            hint="Give -f jsonl, or no format for a line an event.",
        )
    now = session.now()
    wanted = filter_of(window, now)
    name = origin.app or session.settings.app
    app_id = find_app(session.graph, name).id if name else None
    look = pulled if origin.archive else passing
    start = wanted.since or moment_of(DEFAULT_AGE, now, "--since") or now
    screen = Follower(session, output, window.limit)
    session.progress.message("following the log; Ctrl-C ends")
    for batch in follow(
        look(session, wanted, app_id),
        start=start,
        now=session.now,
        sleep=session.sleep,
        on_trouble=lambda error: session.progress.message(f"{error}; trying again"),
    ):
        screen.show(batch)


def pulled(session: Session, wanted: EventFilter, app_id: str | None) -> Look:
    """Return what brings the archive up to date and reads the wanted events of a time from it."""
    from scimdoctor.sources.event_set import new_event_set
    from scimdoctor.sources.graph import GraphLog, Pull

    archive, trouble = tenants_archive(session), Told(session)
    log = GraphLog(session.graph)

    def look(span: Span) -> list[ProvisioningObjectSummary]:
        pull = Pull(
            log=log,
            archive=archive,
            app_id=app_id,
            progress=session.progress,
            sleep=session.sleep,
            trouble=trouble,
        )
        pull.run(span)
        asked = replace(wanted, app=app_id, since=span.since, until=span.until)
        with new_event_set() as events:
            events.add_archive(partial(archive.files, app_id, span))
            return list(events.newest(asked))

    return look


def passing(session: Session, wanted: EventFilter, app_id: str | None) -> Look:
    """Return what reads the wanted events of a time from Graph and keeps nothing."""
    from scimdoctor.sources.graph import GraphLog

    log, trouble = GraphLog(session.graph), Told(session)

    def look(span: Span) -> list[ProvisioningObjectSummary]:
        return [e for e in log.events(span, app_id=app_id, trouble=trouble) if fits(e, wanted)]

    return look


class Told(list[str]):
    """Trouble that is told as it comes, once."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def append(self, text: str) -> None:
        """Take in one more."""
        if text not in self:
            super().append(text)
            self._session.progress.message(text)


class Follower:
    """Writes one batch after the other; a person keeps one pseudonym from the first to the last."""

    def __init__(self, session: Session, output: Output, limit: int | None) -> None:
        self._session = session
        self._output = output
        self._limit = limit

    def show(self, batch: tuple[ProvisioningObjectSummary, ...]) -> None:
        """Write `batch`, of the first no more than the limit: JSON Lines, or a line an event."""
        from scimdoctor.reports import Format, render
        from scimdoctor.reports.pseudonyms import redact_report

        if self._limit is not None:
            batch, self._limit = batch[-self._limit :], None
        if not batch:
            return
        report = new_report(self._session, "logs", event_list=batch)
        if self._output.redact:
            report = redact_report(report, self._session.redact_key)
        if self._output.format is Format.TABLE:
            sys.stdout.writelines(lines_of(event, width()) + "\n" for event in report.event_list)
        else:
            render(report, sys.stdout, Format.JSONL)
        sys.stdout.flush()


def width() -> int | None:
    """Return how wide the screen is; `None` where the lines go to a file or program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def lines_of(event: ProvisioningObjectSummary, room: int | None) -> str:
    """Return an event as a line: time, status, action, app, object, what happened.

    On a screen that this has no `room` on, what happened gets a line of its own.
    """
    from scimdoctor.reports.neutral import one_line
    from scimdoctor.reports.words import event_told

    time = event.activity_date_time
    parts = (
        f"{time:%Y-%m-%d %H:%M:%S}" if time else "no time            ",
        f"{event.status:<8}",
        f"{event.provisioning_action:<8}",
        event.service_principal.display_name or event.service_principal.id or "?",
        event.object_label,
    )
    head, told = one_line("  ".join(parts)), one_line(event_told(event), limit=200)
    line = f"{head}  {told}".rstrip()
    if room is None or len(line) <= room or not told:
        return line
    return f"{head}\n    {told[: room - 5]}{'…' if len(told) > room - 4 else ''}"


def fits(event: ProvisioningObjectSummary, wanted: EventFilter) -> bool:
    """Say whether `event` is wanted; the same conditions as in SQL, for one event."""
    code = (event.error.error_code or "").lower()
    source, target = event.source_identity, event.target_identity
    names = (source.id, source.display_name, source.details.get("UserPrincipalName"))
    text = "\n".join(name or "" for name in (*names, target.id, target.display_name)).lower()
    return (
        (not wanted.status or event.status in wanted.status)
        and (not wanted.error_code or code.endswith(wanted.error_code.lower()))
        and (not wanted.user or wanted.user.lower() in text)
        and same(wanted.action, event.provisioning_action)
        and same(wanted.cycle, event.cycle_id)
        and same(wanted.job, event.job_id)
    )


def same(wanted: str | None, value: str | None) -> bool:
    """Say whether `value` is what is wanted, any case."""
    return wanted is None or (value or "").lower() == wanted.lower()
