"""Pulling the provisioning log from Microsoft Graph into the archive, and going on after a stop.

What a pull has read lies in a file of rows, flushed page by page; a small state file says how far
that is and where Graph goes on. Both are replaced or cut back to the last whole page on the next
run, so that Ctrl-C, a kill or a lost network neither loses nor repeats an event.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from scimdoctor.errors import (
    GraphCircleError,
    GraphError,
    GraphPermissionError,
)
from scimdoctor.progress import SILENT
from scimdoctor.sources.ahead import ahead
from scimdoctor.sources.archive import safe
from scimdoctor.sources.archive_manifest import Span, gaps
from scimdoctor.sources.fields import as_time
from scimdoctor.sources.forms import UnreadableRecord
from scimdoctor.sources.private_files import PRIVATE_FILE, make_folder, write_json, writing
from scimdoctor.sources.record import read_record
from scimdoctor.sources.rows import row_of
from scimdoctor.sources.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from io import FileIO
    from pathlib import Path

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.progress import Progress, Task
    from scimdoctor.sources.archive import Archive

GONE = frozenset({400, 404, 410})
"""Graph's answers to a place in the log that it no longer keeps."""

ORIGIN = "graph"
PIECE = 512 * 1024 * 1024
"""Bytes of rows that go into the archive together: a long pull needs no more room than that."""


class PagedLog(Protocol):
    """Where records come from, page by page; `GraphLog`, or a fake in tests."""

    def pages(
        self, span: Span, *, app_id: str | None, resume_at: str | None
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], str | None]]:
        """Yield the records of each page, and where the next page is (`None`: that was all)."""

    def time(self) -> datetime | None:
        """Return what time it is where they come from, as far as that is known."""


@dataclass(frozen=True, slots=True)
class GraphLog:
    """The provisioning log of the signed-in tenant."""

    graph: GraphClient

    def pages(
        self, span: Span, *, app_id: str | None, resume_at: str | None
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], str | None]]:
        """Yield the records of each page, and where the next page is."""
        from scimdoctor.graph.provisioning_log import LogQuery, log_pages

        query = LogQuery(since=span.since, until=span.until, service_principal_id=app_id)
        if resume_at and not self.graph.is_own(resume_at):
            resume_at = None  # The place is another host's: of a lab that is gone, or a cloud.
        for page in log_pages(self.graph, query, resume_at=resume_at):
            yield page.items, page.next_link

    def time(self) -> datetime | None:
        """Return Graph's time when it last answered."""
        return self.graph.served_at

    def events(
        self, span: Span, *, app_id: str | None, trouble: list[str]
    ) -> Iterator[ProvisioningObjectSummary]:
        """Yield the events of a time, kept nowhere; one that ends in a circle is told as trouble."""
        count, oldest = 0, None
        try:
            for batch, _ in self.pages(span, app_id=app_id, resume_at=None):
                for event in readable(batch, trouble):
                    count += 1
                    oldest = min(filter(None, (oldest, event.activity_date_time)), default=None)
                    yield event
        except GraphCircleError as error:
            trouble.append(cut_short(error, count, oldest).message)


def readable(
    batch: Iterable[Mapping[str, Any]], trouble: list[str]
) -> Iterator[ProvisioningObjectSummary]:
    """Yield the events of raw records; what is none is told in `trouble`."""
    for record in batch:
        try:
            yield read_record(record, ORIGIN)
        except UnreadableRecord as error:
            trouble.append(f"a record of Graph's was skipped: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullState:
    """How far a pull has come."""

    app_id: str | None
    since: str
    until: str
    next_link: str | None = None
    size: int = 0
    """Bytes of the file of rows that count."""

    events: int = 0
    complete: bool = False
    pieces: int = 0
    """How many pieces of it are in the archive."""

    @property
    def span(self) -> Span:
        """The time that is pulled."""
        return Span(datetime.fromisoformat(self.since), datetime.fromisoformat(self.until))

    @property
    def id(self) -> str:
        """The name of the next piece, the same after a restart."""
        text = f"{self.app_id}|{self.since}|{self.until}"
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        return f"{name}-{self.pieces}" if self.pieces else name


@dataclass(slots=True, kw_only=True)
class Pull:
    """Brings an archive up to date for one app, or for all."""

    log: PagedLog
    archive: Archive
    app_id: str | None = None
    progress: Progress = SILENT
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    trouble: list[str] = field(default_factory=list)
    """What could not be read."""

    piece: int = PIECE
    added: int = field(default=0, init=False)
    """Events that were new."""

    oldest: datetime | None = field(default=None, init=False)
    """The time of the oldest event of the pages read last."""

    def run(self, wanted: Span) -> int:
        """Pull what of `wanted` is missing; return how many events were new.

        A pull that was cut off before is finished first; one of another process is waited for:
        two would share Graph's limit, and what it brings need not be asked again. Raises `GraphError` when Graph cannot
        be read and `SourceError` when the disk cannot be written; what was pulled stays.
        """
        new = 0
        waiting = Waiting(folder=self.archive.folder, progress=self.progress, sleep=self.sleep)
        with self.archive.writing(waiting):
            if (left := self._left_over()) is not None:
                new += self._pull(left)
            for span in gaps(wanted, self.archive.manifest.covered(self.app_id)):
                new += self._pull(
                    PullState(
                        app_id=self.app_id,
                        since=span.since.isoformat(),
                        until=span.until.isoformat(),
                    )
                )
        return new

    @property
    def _state_path(self) -> Path:
        return self.archive.folder / "pulls" / f"{safe(self.app_id or 'all')}.json"

    @property
    def _rows_path(self) -> Path:
        return self._state_path.with_suffix(".rows")

    def _left_over(self) -> PullState | None:
        """Return the state of a pull that was cut off, if there is a sound one."""
        try:
            state = PullState(**json.loads(self._state_path.read_text(encoding="utf-8")))
            size = self._rows_path.stat().st_size
        except (OSError, ValueError, TypeError):
            return None
        return state if size >= state.size and state.span.since < state.span.until else None

    def _pull(self, state: PullState) -> int:
        """Pull the rest of `state` and put it into the archive."""
        make_folder(self._rows_path.parent)
        before = self.added
        if state.size >= self.piece and not state.complete:
            state = self._put_away(state)
        try:
            state = self._read(state)
        except GraphCircleError as error:
            raise self._kept(self._left_over() or state, error) from error
        span = state.span if state.span.since < state.span.until else None
        self.added += self.archive.add(
            self._rows_path, pull=state.id, app_id=state.app_id, span=span
        )
        self._forget()
        return self.added - before

    def _read(self, state: PullState) -> PullState:
        """Read the rest of `state`; from its beginning where Graph has lost the place."""
        try:
            return self._read_pages(state)
        except GraphError as error:
            if not state.next_link or error.status not in GONE or is_refusal(error):
                raise
        state = self._left_over() or state  # Pieces may have been put away meanwhile.
        return self._read_pages(replace(state, next_link=None, size=0, events=0))

    def _kept(self, state: PullState, error: GraphCircleError) -> GraphCircleError:
        """Keep what was read before a circle, forget the place; return what to tell of it."""
        if state.size:
            # The same time may be pulled again, and may then bring other events.
            name = f"{state.id}-{uuid.uuid4().hex[:8]}"
            self.added += self.archive.add(
                self._rows_path, pull=name, app_id=state.app_id, span=None
            )
        self._forget()
        return cut_short(error, state.events, self.oldest)

    def _forget(self) -> None:
        """Remove what says how far the pull is: it is over."""
        with writing(self._state_path):
            self._state_path.unlink(missing_ok=True)
            self.archive.at_step("state removed")
            self._rows_path.unlink(missing_ok=True)

    def _put_away(self, state: PullState) -> PullState:
        """Put the rows into the archive as a piece of the pull; return the state without them."""
        self.added += self.archive.add(
            self._rows_path, pull=state.id, app_id=state.app_id, span=None
        )
        state = replace(state, pieces=state.pieces + 1, size=0)
        write_json(self._state_path, asdict(state))
        self.archive.at_step("piece added")
        return state

    def _read_pages(self, state: PullState) -> PullState:
        """Read page by page, each safe on disk before the next is asked for."""
        if state.complete:
            return state
        with writing(self._rows_path):
            flags = os.O_RDWR | os.O_CREAT
            descriptor = os.open(self._rows_path, flags, PRIVATE_FILE)
            os.ftruncate(descriptor, state.size)
        # Unbuffered: closing must not try again to write what a full disk refused.
        with (
            os.fdopen(descriptor, "r+b", buffering=0) as rows,
            self._task(state) as task,
            closing(
                ahead(self.log.pages(state.span, app_id=state.app_id, resume_at=state.next_link))
            ) as pages,
        ):
            rows.seek(state.size)
            meter = Meter(task, state.span, self.monotonic)
            for batch, next_link in pages:
                if state.next_link is None:
                    state = self._until_now(state)
                lines = [row_of(event) for event in readable(batch, self.trouble)]
                with writing(self._rows_path):
                    write_all(rows, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
                    os.fsync(rows.fileno())
                self.archive.at_step("rows written")
                state = replace(
                    state,
                    next_link=next_link,
                    size=rows.tell(),
                    events=state.events + len(lines),
                    complete=next_link is None,
                )
                write_json(self._state_path, asdict(state))
                self.archive.at_step("state written")
                meter.page(batch)
                self.oldest = meter.oldest
                if state.size >= self.piece and not state.complete:
                    state = self._put_away(state)
                    os.ftruncate(rows.fileno(), 0)
                    rows.seek(0)
        return state

    def _until_now(self, state: PullState) -> PullState:
        """Return `state` of no later time than it is at Graph: our clock may be ahead.

        What is to come would count as pulled, and nobody would ever ask for it.
        """
        theirs = self.log.time()
        return (
            state
            if theirs is None
            else replace(state, until=min(state.span.until, theirs).isoformat())
        )

    def _task(self, state: PullState) -> Any:  # noqa: ANN401 - progress's own context manager
        span = state.span
        return self.progress.task(
            f"Pulling events {span.since:%d %b %H:%M} - {span.until:%d %b %H:%M}"
        )


def write_all(out: FileIO, content: bytes) -> None:
    """Write all of `content`; an unbuffered file may take less at once."""
    rest = memoryview(content)
    while rest:
        rest = rest[out.write(rest) :]


def cut_short(error: GraphCircleError, events: int, oldest: datetime | None) -> GraphCircleError:
    """Return `error` with how many events were read, and where to go on: newest come first."""
    message = f"{error.message.rstrip('.')}; {events} events were read"
    if oldest is None:
        return GraphCircleError(f"{message}.", hint=error.hint)
    until = f"{oldest + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    return GraphCircleError(
        f"{message}, the oldest of {oldest:%Y-%m-%d %H:%M:%S} UTC; go on with --until {until}.",
        hint=error.hint,
    )


def is_refusal(error: GraphError) -> bool:
    """Say whether Graph refused for want of a permission: starting afresh would not help."""
    return isinstance(error, GraphPermissionError)


@dataclass(slots=True)
class Meter:
    """Tells rate and remaining time; Graph says no totals, so the time that is left tells."""

    task: Task
    span: Span
    monotonic: Callable[[], float]
    count: int = 0
    oldest: datetime | None = None
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.monotonic()

    def page(self, batch: Sequence[Mapping[str, Any]]) -> None:
        """Count a page."""
        self.count += len(batch)
        times = [as_time(record.get("activityDateTime")) for record in batch]
        self.oldest = min([t for t in (*times, self.oldest) if t], default=None)
        self.task.advance(len(batch), note=self.note())

    def note(self) -> str:
        """Return rate and remaining time in words; nothing while both are guesses."""
        elapsed = self.monotonic() - self.started
        if elapsed <= 0:
            return ""
        text = f"{self.count / elapsed:.0f} events/s"
        whole = (self.span.until - self.span.since).total_seconds()
        done = (self.span.until - self.oldest).total_seconds() / whole if self.oldest else 0
        if 0.02 < done <= 1:
            text += f", about {in_words(elapsed * (1 - done) / done)} left"
        return text


def in_words(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
