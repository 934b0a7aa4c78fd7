"""Events at hand for questions, however many: rows in an embedded DuckDB, never all in Python.

A big tidy file of JSON is read by DuckDB where it lies (`sources.shapes`). Anything else is read
by `sources.files` record by record and written aside as rows. The archive is read as it is. All
three are asked the same questions by the same SQL.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from scimdoctor.errors import SourceError
from scimdoctor.model.frozen import EMPTY
from scimdoctor.progress import SILENT
from scimdoctor.sources import sql
from scimdoctor.sources.archive_manifest import UNDATED
from scimdoctor.sources.files import NAMED, FileReader, Trouble
from scimdoctor.sources.inputs import EXPECTED, Input, inputs, told
from scimdoctor.sources.odd_lines import (
    as_tidy,
    odd_events,
    odd_line_events,
    split_pages,
    unwrapped,
)
from scimdoctor.sources.record import read_record
from scimdoctor.sources.rows import row_of
from scimdoctor.sources.shapes import Container, TidyFile
from scimdoctor.sources.summary import (
    Summary,
    counted,
    in_utc,
    make_facts,
    summarise,
)
from scimdoctor.sources.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import duckdb

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import EventCounts
    from scimdoctor.progress import Progress
    from scimdoctor.sources.event_filter import EventFilter

BIG = 8 * 1024 * 1024
"""Bytes from which on a file is left to DuckDB, if it is tidy."""

MEMORY = "512MB"
"""DuckDB's own limit; beyond it goes to disk."""

MOST_THREADS = 8
"""Each holds 32 MB of a file of JSON, so that more would not fit into `MEMORY`."""

OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""How DuckDB is opened: it must never fetch anything by itself."""

RawRecord = tuple[str | bytes, str]
"""The text of a record, and the file that it is from."""

MANY_ODD = 20
"""If more than one line in so many is odd, the whole file is read by Python."""


@dataclass(slots=True)
class Part:
    """Some of the events: a query for their rows, and ones for the raw records of given ids."""

    rows: str
    raw: tuple[Callable[[Iterable[str]], str], ...]
    """The quickest first; a later one finds what those before it did not."""

    near: Callable[[Mapping[str, datetime | None]], Iterable[RawRecord]] | None = None
    """Looks for records where their time belongs, and may miss some."""

    tidy: TidyFile | None = None
    """The file, where the rows come straight from it and may be odd."""

    source: Path | None = None
    """The file that the user named."""

    pages: TidyFile | None = None
    """What `tidy` was split from."""

    files: tuple[str, ...] = ()
    """The archive's files that the rows come from."""

    keyed: bool = False
    """Whether those hold the keys of events, objects and faults."""


Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def renewing(
    ask: Callable[Concatenate[EventSet, Asked], Answer],
) -> Callable[Concatenate[EventSet, Asked], Answer]:
    """Have `ask` asked once more where files of the archive went before they were read."""

    @wraps(ask)
    def asked(events: EventSet, /, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        try:
            return ask(events, *args, **kwargs)
        except SourceError:
            if not events.renew():
                raise
            return ask(events, *args, **kwargs)

    return asked


@dataclass(slots=True)
class EventSet:
    """The events of some sources, open for questions until the `with` ends."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    parts: list[Part] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)
    made_up: bool = False
    """Whether some ids are made up, so that repeats must be found by change as well."""

    checked: bool = False
    archived: Callable[[], Sequence[Path]] | None = None
    """Names the archive's files as they are now."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What could not be read, for a report's `limits`."""
        return self.trouble.limits()

    @property
    def unreadable(self) -> int:
        """How many records could not be read; final once a question has been asked."""
        return self.trouble.unreadable

    @renewing
    def summary(self, wanted: EventFilter, *, limit: int | None = None) -> Summary:
        """Return counts, days and signatures of the `wanted` events."""
        with translated():
            if self._facts(wanted):
                self._repair()
                self._facts(wanted)
            self.checked = True
            return summarise(
                self.connection, self._keyed_of_days, made_up=self.made_up, limit=limit
            )

    def _facts(self, wanted: EventFilter) -> int:
        """Fill the table of facts; return how many rows are odd."""

        def make() -> int:
            plain, keyed = (self.source(keyed=kind) for kind in (False, True))
            return make_facts(self.connection, plain, wanted, keyed=keyed, made_up=self.made_up)

        return self._with_second_try(make)

    def _with_second_try(self, ask: Callable[[], int]) -> int:
        """Ask; where a file is not JSON after all, read those that may be to blame otherwise."""
        import duckdb

        while True:
            try:
                return ask()
            except duckdb.Error:
                if not (self._unwrap() or self._read_by_python()):
                    raise

    @renewing
    def counts(self, wanted: EventFilter) -> EventCounts:
        """Return how many of the `wanted` events there are, by status."""
        with translated():
            self._check()
            condition = f"{sql.scope_condition(wanted)} AND {sql.shown_condition(wanted)}"
            events = (
                f"SELECT id, any_value(status) AS status, max(time) AS time, "
                f"any_value(change_id) AS change, any_value(job_id) AS job "
                f"FROM ({self.source()}) WHERE NOT odd AND {condition} GROUP BY id"
            )
            if self.made_up:
                events = f"SELECT * FROM ({events}) {sql.WITHOUT_SECOND_IDS}"
            rows: list[tuple[str, int]] = self.connection.execute(
                f"SELECT status, count(*) FROM ({events}) GROUP BY status"
            ).fetchall()
        return counted(rows, unreadable=self.unreadable)

    @renewing
    def failures_per_hour(self, since: datetime, hours: int) -> dict[str, tuple[int, ...]]:
        """Return each app's failures in each of the `hours` from `since` on, oldest first."""
        with translated():
            self._check()
            start = sql.timestamp(since)
            rows = self.connection.execute(
                f"SELECT app_id, epoch(time - {start}) // 3600 AS hour, count(DISTINCT id) "
                f"FROM ({self.source()}) WHERE NOT odd AND status = 'failure' "
                f"AND app_id IS NOT NULL AND time >= {start} GROUP BY ALL"
            ).fetchall()
        found: dict[str, list[int]] = {}
        for app, hour, count in rows:
            if 0 <= hour < hours:
                found.setdefault(app, [0] * hours)[int(hour)] += count
        return {app: tuple(counts) for app, counts in found.items()}

    @renewing
    def newest(
        self, wanted: EventFilter, *, limit: int | None = None
    ) -> tuple[ProvisioningObjectSummary, ...]:
        """Return the `wanted` events, newest first, each once; `limit` is the most."""
        with translated():
            self._check()
            condition = f"{sql.scope_condition(wanted)} AND {sql.shown_condition(wanted)}"
            rows = self.connection.execute(
                f"SELECT id, max(time) AS time, any_value(change_id) AS change, "
                f"any_value(job_id) AS job FROM ({self.source()}) WHERE NOT odd AND {condition} "
                f"GROUP BY id ORDER BY time DESC NULLS LAST, id DESC"
                + (f" LIMIT {2 * limit}" if limit else "")
            ).fetchall()
        ids = without_second_ids(rows)[:limit]
        found = self.by_id(ids, {row[0]: in_utc(row[1]) for row in rows})
        return tuple(found[one] for one in ids if one in found)

    @renewing
    def by_id(
        self, ids: Iterable[str], times: Mapping[str, datetime | None] = EMPTY
    ) -> dict[str, ProvisioningObjectSummary]:
        """Return the events with `ids`, read from their raw records; `times` tell where to look."""
        missing = set(ids)
        found: dict[str, ProvisioningObjectSummary] = {}
        for part in self.parts:
            timed = {one: times[one] for one in missing if times.get(one)}
            if part.near and timed:
                with translated(), suppress(OSError):
                    found |= read_raw(part.near(timed), missing)
                missing -= set(found)
        for part in self.parts:
            for query in part.raw:
                if missing:
                    found |= read_raw(self._records(query(missing)), missing)
                    missing -= set(found)
        return found

    def _records(self, query: str) -> list[RawRecord]:
        """Return what a query for raw records gives."""
        with translated():
            rows = self.connection.execute(query).fetchall()
        return [(raw, origin) for _, raw, origin in rows]

    def add_events(self, events: Iterable[ProvisioningObjectSummary]) -> int:
        """Write `events` aside as rows and take them in; return how many."""
        path = self.folder / f"rows-{len(self.parts)}.jsonl"
        count = 0
        with path.open("w", encoding="utf-8") as stream:
            for event in events:
                stream.write(json.dumps(row_of(event)) + "\n")
                self.made_up = self.made_up or event.id.startswith("local-")
                count += 1
        if count:
            name = str(path)
            self.parts.append(
                Part(rows=sql.rows_view(name), raw=(lambda ids: sql.raw_from_rows(name, ids),))
            )
        return count

    def add_pages(self, pages: TidyFile) -> None:
        """Take in a file of pages, split into records where that is possible."""
        source = Path(pages.path)
        copy = split_pages(source, self.folder) if pages.container is Container.PAGES else None
        if copy is None:
            self.add_tidy(pages)
            return
        lines = replace(pages, path=str(copy), container=Container.LINES, origin=pages.path)
        self.add_tidy(lines, source)
        self.parts[-1].pages = pages

    def add_tidy(self, tidy: TidyFile, source: Path | None = None) -> None:
        """Take in a file that DuckDB reads where it lies."""
        quick = (tidy.quick_raw,) if tidy.by_lines else ()
        self.parts.append(
            Part(
                rows=tidy.rows(),
                raw=(*quick, tidy.raw),
                near=tidy.near if tidy.by_lines else None,
                tidy=tidy,
                source=source or Path(tidy.path),
            )
        )

    def add_archive(self, files: Callable[[], Sequence[Path]]) -> None:
        """Take in the archive's files; `files` is asked again where some went meanwhile."""
        self.archived = files
        self.add_parquet(files())

    def renew(self) -> bool:
        """Take in the archive's files anew where some are gone; say whether any were.

        A pull that puts many files into one, and `archive prune`, remove what a reader may be
        about to open.
        """
        names = [name for part in self.parts for name in part.files]
        if self.archived is None or all(Path(name).exists() for name in names):
            return False
        self.parts = [part for part in self.parts if not part.files]
        self.add_parquet(self.archived())
        return True

    def add_parquet(self, paths: Sequence[Path]) -> None:
        """Take in files of the archive."""
        mark = sql.keys_mark(self.connection)
        views: dict[Callable[[Iterable[str]], str], list[str]] = {}
        for path in paths:
            view: Callable[[Iterable[str]], str] = sql.parquet_view
            if path.name.endswith(f"{mark}.parquet"):
                view = sql.keyed_view
            elif sql.is_signed(path.name):
                view = sql.signed_view
            views.setdefault(view, []).append(str(path))
        for view, listed in views.items():
            names = tuple(listed)
            self.parts.append(
                Part(
                    rows=view(names),
                    raw=(partial(sql.raw_from_parquet, names),),
                    near=partial(self._of_days, names),
                    files=names,
                    keyed=view is sql.keyed_view,
                )
            )

    def _of_days(
        self, names: tuple[str, ...], wanted: Mapping[str, datetime | None]
    ) -> list[RawRecord]:
        """Return the records with the `wanted` ids in the archive's files of their days."""
        days = {f"{time:%Y-%m-%d}" for time in wanted.values() if time}
        chosen = of_days(names, days)
        return self._records(sql.raw_from_parquet(chosen, wanted)) if chosen else []

    def _keyed_of_days(self, days: Collection[str]) -> str:
        """Return the query for the rows of some days in the archive's files with keys."""
        names = [name for part in self.parts if part.keyed for name in part.files]
        chosen = of_days(names, days)
        return sql.keyed_view(chosen) if chosen else sql.no_rows()

    def source(self, *, keyed: bool | None = None) -> str:
        """Return the query for the rows of every part, or of those with keys, or without."""
        rows = [part.rows for part in self.parts if keyed in {None, part.keyed}]
        return " UNION ALL ".join(f"({one})" for one in rows) or sql.no_rows()

    def _check(self) -> None:
        """Find odd lines, once, before the first question that would miss them."""
        tidy = any(part.tidy for part in self.parts)
        if not self.checked and tidy and self._with_second_try(self._count_odd):
            self._repair()
        self.checked = True

    def _count_odd(self) -> int:
        query = f"SELECT count(*) FROM ({self.source()}) WHERE odd"
        return int((self.connection.execute(query).fetchone() or (0,))[0])

    def _repair(self) -> None:
        """Have the odd values of tidy files read by Python, or the whole file if they are many."""
        waiting = [part for part in self.parts if part.tidy]
        while waiting:
            part = waiting.pop()
            query = f"SELECT count(*), count_if(odd) FROM ({part.rows})"
            rows, odd = self.connection.execute(query).fetchone() or (0, 0)
            if part.pages and odd and self._is_broken(part):
                self.parts.remove(part)
                self.add_tidy(part.pages)
                waiting.append(self.parts[-1])
            elif odd:
                self._repair_part(part, many=odd * MANY_ODD > rows)

    def _is_broken(self, part: Part) -> bool:
        """Say whether some of a part is not even JSON."""
        if part.tidy is None:
            return False
        query = f"SELECT 1 FROM ({part.tidy.odd_texts()}) WHERE text IS NULL LIMIT 1"
        return self.connection.execute(query).fetchone() is not None

    def _repair_part(self, part: Part, *, many: bool) -> None:
        """Have the odd values of a part read by Python."""
        tidy, source = part.tidy, part.source
        if tidy is None or source is None:
            return
        numbered = tidy.by_lines and not part.pages
        if numbered and many:
            self._read_part(part)
            return
        part.rows = f"SELECT * FROM ({part.rows}) WHERE NOT odd"
        part.tidy = None
        read = odd_line_events if numbered else odd_events
        texts = self._texts(tidy.odd_texts())
        self.add_events(read(texts, source, FileReader(trouble=self.trouble)))

    def _texts(self, query: str) -> Iterator[str | None]:
        """Yield the texts that `query` gives, a few at a time."""
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(100):
                yield from (text for (text,) in rows)

    def _unwrap(self) -> bool:
        """Write the array of files that are one long page aside; say whether any was."""
        found = False
        for part in [part for part in self.parts if part.tidy and part.tidy.in_pages]:
            tidy, source = part.tidy, part.source
            copy = unwrapped(source, self.folder) if source else None
            if tidy and copy:
                self.parts.remove(part)
                array = replace(tidy, path=str(copy), container=Container.ARRAY, origin=str(source))
                self.add_tidy(array, source)
                found = True
        return found

    def _read_by_python(self) -> bool:
        """Have arrays and pages read by Python; say whether there were any."""
        found = [part for part in self.parts if part.tidy and not part.tidy.by_lines]
        for part in found:
            self._read_part(part)
        return bool(found)

    def _read_part(self, part: Part) -> None:
        """Have the whole file of a part read by Python."""
        self.parts.remove(part)
        reader = FileReader(trouble=self.trouble)
        self.add_events(reader.events([Input(name=str(part.source), path=part.source)]))


def of_days(names: Iterable[str], days: Collection[str]) -> list[str]:
    """Return those of the archive's files that are of one of `days`; `UNDATED` is one."""
    undated = UNDATED in days
    found = ((name, Path(name).parent.name) for name in names)
    return [name for name, day in found if day in days or (undated and day.startswith(UNDATED))]


def read_raw(
    records: Iterable[RawRecord], wanted: Collection[str]
) -> dict[str, ProvisioningObjectSummary]:
    """Return the `wanted` events among raw records, by id."""
    found: dict[str, ProvisioningObjectSummary] = {}
    for raw, origin in records:
        with suppress(ValueError):
            event = read_record(json.loads(raw), origin)
            if event.id in wanted:
                found.setdefault(event.id, event)
    return found


def without_second_ids(rows: Iterable[tuple[str, object, object, object]]) -> list[str]:
    """Return ids of (id, time, change, job), made-up ones left out where another has the change."""
    listed = list(rows)
    real = {row[1:] for row in listed if not row[0].startswith("local-") and row[2]}
    return [row[0] for row in listed if not row[0].startswith("local-") or row[1:] not in real]


READING = ("the events could not be read", "set TMPDIR to a folder with more room")
WRITING = (
    "cannot write the archive",
    "give another folder with SCIMDOCTOR_ARCHIVE, or keep nothing with --no-archive",
)


@contextmanager
def translated(what: tuple[str, str] = READING) -> Iterator[None]:
    """Turn DuckDB's errors into `SourceError`; `what` failed, and what helps on a full disk."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        hint = f"if the disk is full, free some space or {what[1]}"
        # What a thread met comes as JSON in the middle of a sentence.
        inner = re.search(r'"exception_message":"((?:[^"\\]|\\.)*)"', str(error))
        said = inner[1].replace('\\"', '"') if inner else told(error)
        raise SourceError(f"{what[0]}: {said}", hint=hint) from error


@contextmanager
def new_event_set(*, threads: int = MOST_THREADS, memory: str = MEMORY) -> Iterator[EventSet]:
    """Open an empty set; its temporary files go when the `with` ends."""
    import duckdb

    config = {**OPTIONS, "memory_limit": memory, "threads": min(threads, os.cpu_count() or 1)}

    with (
        TemporaryFolder() as folder,
        duckdb.connect(config={"temp_directory": str(folder), **config}) as connection,
    ):
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET enable_progress_bar = false")
        yield EventSet(connection=connection, folder=folder)


@contextmanager
def open_events(
    paths: Sequence[str],
    *,
    standard_input: IO[bytes] | None = None,
    progress: Progress = SILENT,
    big: int = BIG,
) -> Iterator[EventSet]:
    """Open the events of saved files, folders, zips, gzips and ``-``.

    Raises `SourceError` if a named file does not exist, cannot be read, or holds nothing that
    looks like provisioning events.
    """
    with new_event_set() as events, progress.task("Reading events") as task:
        reader = FileReader(standard_input=standard_input, trouble=events.trouble)
        slow: list[Input] = []
        quick = False
        for source in inputs(paths):
            if tidy := as_tidy(source, big):
                (events.add_pages if tidy.in_pages else events.add_tidy)(tidy)
                quick = True
            else:
                slow.append(source)
        try:
            task.advance(events.add_events(reader.events(slow)))
        except OSError as error:
            hint = f"if the disk is full, free some space or {READING[1]}"
            raise SourceError(f"cannot write temporary files: {told(error)}", hint=hint) from error
        if not quick and not reader.recognised:
            why = "; ".join(events.trouble.notes[:NAMED])
            told_why = f": {why}" if why else ""
            raise SourceError(f"nothing to read in {', '.join(paths)}{told_why}", hint=EXPECTED)
        yield events
