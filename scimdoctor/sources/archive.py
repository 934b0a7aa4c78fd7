"""The local archive: pulled events for good, as Parquet by tenant, app and day.

Events are added a pull at a time. Files are never changed: a pull writes new ones beside the old
and then replaces the manifest, the one step that counts. A kill before it leaves files that
nobody lists, which the next pull clears away.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from scimdoctor.errors import SourceError
from scimdoctor.progress import SILENT
from scimdoctor.sources import sql
from scimdoctor.sources.archive_manifest import (
    UNDATED,
    ArchiveFile,
    Manifest,
    Span,
    read_manifest,
    write_manifest,
)
from scimdoctor.sources.archive_rows import StagedRows, take_new
from scimdoctor.sources.event_set import MEMORY, WRITING, new_event_set, translated
from scimdoctor.sources.private_files import (
    PRIVATE_FILE,
    checksum,
    locked,
    make_folder,
    sync_file,
    sync_folder,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    import duckdb

    from scimdoctor.progress import Progress
    from scimdoctor.sources.private_files import Wait


WRITERS = 1
"""Threads that write: each holds many whole events in memory."""

MANY = 100_000
"""Events of a day from which on they are exported hour by hour."""

SAFE_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
VARIABLE = "SCIMDOCTOR_ARCHIVE"


def utc_today() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


def nothing(_step: str) -> None:
    """Do nothing at a step; tests put a kill here."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of one tenant, in a folder of its own."""

    root: Path
    tenant: str
    at_step: Callable[[str], None] = nothing
    """Called with the name of each step that a kill could follow."""

    today: Callable[[], date] = utc_today
    memory: str = MEMORY
    """What DuckDB may take to write."""

    @property
    def folder(self) -> Path:
        """The tenant's folder."""
        return self.root / safe(self.tenant)

    @property
    def manifest(self) -> Manifest:
        """What the archive holds now."""
        return read_manifest(self.folder, self.tenant)

    @contextmanager
    def writing(self, wait: Wait | None = None) -> Iterator[None]:
        """Be the only one that writes to this tenant's archive; `wait` as of `locked`."""
        make_folder(self.folder)
        busy = f"another scimdoctor is writing to the archive of {self.tenant}"
        with locked(self.folder / "lock", busy, wait):
            yield

    def files(self, app: str | None = None, span: Span | None = None) -> list[Path]:
        """Return the files that may hold events of an app (id or name) in a time."""
        wanted = (app or "").lower()
        return [
            self.folder / one.path
            for one in self.manifest.files
            if (not wanted or wanted in {one.app_id.lower(), (one.app or "").lower()})
            and (span is None or in_span(one.day, span))
        ]

    def add(self, rows: Path, *, pull: str, app_id: str | None, span: Span | None) -> int:
        """Add a file of rows that a pull wrote; return how many events were new.

        `pull` is the id of the pull, or of a piece of it: adding it twice adds nothing. `span` is
        the time that is complete with it. Call it inside `writing`.
        """
        manifest = self.manifest
        if pull in manifest.pulls:
            return 0
        self._clear_unlisted(manifest)
        with new_event_set(threads=WRITERS, memory=self.memory) as events, translated(WRITING):
            staged = StagedRows(
                events.connection,
                self.folder / "pulls" / "staged",
                undated=f"{UNDATED}-{self.today().isoformat()}",
            )
            make_folder(staged.folder)
            new, crowd = take_new(staged, rows, manifest, self.folder)
            made = self._write_files(staged, pull)
            shutil.rmtree(staged.folder, ignore_errors=True)
        self.at_step("files written")
        with writing(self.folder):
            sync_folder(self.folder)
        kept = [one for one in manifest.files if one not in crowd]
        manifest = replace(manifest, files=(*kept, *made), pulls=(*manifest.pulls, pull))
        if span is not None:
            manifest = manifest.with_coverage(app_id, span)
        write_manifest(self.folder, manifest)
        self.at_step("manifest written")
        # Windows keeps what a reader has open: then the next pull removes it.
        with suppress(SourceError):
            self._clear_unlisted(manifest)
        return new

    def _write_files(self, staged: StagedRows, pull: str) -> list[ArchiveFile]:
        """Write the staged events as files by app and day."""
        apps = staged.apps()
        draft = self.folder / "pulls" / "draft"
        make_folder(draft)
        staged.write(draft)
        counts = dict(rows_of_files(staged.connection, draft))
        mark = sql.keys_mark(staged.connection)
        made = [
            self._take_file(path, f"{pull}-{number}{mark}", apps=apps, rows=counts[str(path)])
            for number, path in enumerate(sorted(draft.rglob("*.parquet")))
        ]
        shutil.rmtree(draft, ignore_errors=True)
        return made

    def _take_file(
        self, draft: Path, name: str, *, apps: dict[str, str | None], rows: int
    ) -> ArchiveFile:
        """Give a file that DuckDB wrote its place; DuckDB names folders ``app_key=…/day=…``."""
        app_id = unquote(draft.parent.parent.name.partition("=")[2])
        day = unquote(draft.parent.name.partition("=")[2])
        name = f"{safe(app_id)}/{day}/{name}.parquet"
        path = self.folder / name
        make_folder(path.parent)
        with writing(path):
            draft.chmod(PRIVATE_FILE)
            sync_file(draft)
            draft.replace(path)
            sync_folder(path.parent)
        self.at_step("file written")
        return ArchiveFile(
            path=name,
            app_id=app_id,
            app=apps.get(app_id),
            day=day,
            rows=rows,
            bytes=path.stat().st_size,
            sha256=checksum(path),
        )

    def _clear_unlisted(self, manifest: Manifest) -> None:
        """Remove what an interrupted pull left: files that the manifest does not list."""
        listed = {self.folder / one.path for one in manifest.files}
        for path in unlisted(self.folder, listed):
            with writing(path):
                path.unlink()

    def prune(self, before: date, wait: Wait | None = None) -> tuple[int, int]:
        """Remove the days before `before`; return how many events and bytes that were.

        Of events without a time, the day of the pull counts: they must not stay for ever.
        """
        with self.writing(wait):
            manifest = self.manifest
            old = [one for one in manifest.files if one.kept_since < before.isoformat()]
            kept = tuple(one for one in manifest.files if one not in old)
            coverage = {key: after(spans, before) for key, spans in manifest.coverage.items()}
            write_manifest(self.folder, replace(manifest, files=kept, coverage=coverage))
            self.at_step("manifest written")
            self._clear_unlisted(self.manifest)
        return sum(one.rows for one in old), sum(one.bytes for one in old)

    def export(self, out: IO[str], app: str | None = None, *, progress: Progress = SILENT) -> int:
        """Write the raw records as JSON Lines, oldest first; return how many."""
        count = 0
        days = sorted({path.parent.name for path in self.files(app)})
        with (
            progress.task("Exporting days", total=len(days)) as task,
            new_event_set(threads=1) as events,
            translated(),
        ):
            for day in days:
                for cursor in self._in_order(events.connection, app, day):
                    while rows := cursor.fetchmany(1000):
                        out.writelines(f"{raw}\n" for (raw,) in rows)
                        count += len(rows)
                task.advance(note=day)
        return count

    def _in_order(
        self, connection: duckdb.DuckDBPyConnection, app: str | None, day: str
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield results with the raw records of a day, oldest first, hour by hour if many.

        Whole records are sorted, which must fit into memory.
        """
        counting = self._ask(connection, app, day, "SELECT count(*) FROM {source}")
        (rows,) = (counting.fetchone() if counting else None) or (0,)
        conditions = ["true"]
        if rows > MANY:
            conditions = ["time IS NULL", *(f"hour(time) = {hour}" for hour in range(24))]
        for condition in conditions:
            query = f"SELECT raw FROM {{source}} WHERE {condition} ORDER BY time NULLS LAST, id"
            if (found := self._ask(connection, app, day, query)) is not None:
                yield found

    def _ask(
        self, connection: duckdb.DuckDBPyConnection, app: str | None, day: str, query: str
    ) -> duckdb.DuckDBPyConnection | None:
        """Ask the files of a day; once more where a pull put them into one or they were pruned."""
        listed: list[Path] | None = None
        while True:
            before, listed = listed, [path for path in self.files(app) if path.parent.name == day]
            if not listed:
                return None
            try:
                with translated():
                    # Sorted or counted, no row is given before every file has been read.
                    return connection.execute(
                        query.format(source=sql.read_parquet(map(str, listed)))
                    )
            except SourceError:
                if listed == before or all(path.exists() for path in listed):
                    raise

    def verify(self, *, progress: Progress = SILENT) -> list[str]:
        """Return what is wrong with the archive, a sentence each; nothing if all is well."""
        files = self.manifest.files
        faults: dict[ArchiveFile, str] = {}
        with progress.task("Checking files", total=len(files)) as task:
            for one in files:
                if text := self._fault_of(one):
                    faults[one] = text
                task.advance()
        # What a pull put into another file meanwhile, or what was pruned, is gone rightly.
        listed = self.manifest.files if faults else ()
        return [text for one, text in faults.items() if one in listed]

    def leftovers(self) -> int:
        """Return how many files an interrupted writer left; the next pull removes them."""
        listed = {self.folder / one.path for one in self.manifest.files}
        return len(list(unlisted(self.folder, listed)))

    def _fault_of(self, one: ArchiveFile) -> str | None:
        path = self.folder / one.path
        try:
            if path.stat().st_size != one.bytes or checksum(path) != one.sha256:
                return (
                    f"{one.path} is damaged: its checksum differs ({one.rows} events of {one.day})"
                )
        except FileNotFoundError:
            return f"{one.path} is missing ({one.rows} events of {one.day})"
        except OSError as error:
            return f"{one.path} cannot be read: {error.strerror}"
        return None


def rows_of_files(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[tuple[str, int]]:
    """Return path and number of rows of each Parquet file below `folder`."""
    paths = [str(path) for path in folder.rglob("*.parquet")]
    if not paths:
        return []
    listed = "[" + ", ".join(map(sql.quoted, paths)) + "]"
    query = f"SELECT file_name, num_rows FROM parquet_file_metadata({listed})"
    return connection.execute(query).fetchall()


def default_root(environ: Mapping[str, str] | None = None) -> Path:
    """Return where archives are kept: `SCIMDOCTOR_ARCHIVE`, else the platform's data folder."""
    given = (os.environ if environ is None else environ).get(VARIABLE)
    if given:
        return Path(given).expanduser()
    from platformdirs import user_data_path

    return user_data_path("scimdoctor", appauthor=False) / "archive"


def archives(root: Path) -> list[Archive]:
    """Return the archives of all tenants under `root`."""
    if not root.is_dir():
        return []
    found = [Archive(root, folder.name) for folder in sorted(root.iterdir()) if folder.is_dir()]
    return [replace_tenant(one) for one in found if (one.folder / "manifest.json").exists()]


def replace_tenant(archive: Archive) -> Archive:
    """Return the archive under the tenant's own name, which its folder's name may stand in for."""
    return replace(archive, tenant=archive.manifest.tenant)


def safe(name: str) -> str:
    """Return `name` if it is fit for a folder, else a name made of its hash."""
    if SAFE_NAME.fullmatch(name):
        return name.lower()
    return "x" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]


def unlisted(folder: Path, listed: set[Path]) -> Iterator[Path]:
    """Yield Parquet files and drafts in `folder` that are not `listed`."""
    for path in folder.rglob("*"):
        if path.suffix in {".parquet", ".part"} and path not in listed and path.is_file():
            yield path


def in_span(day: str, span: Span) -> bool:
    """Say whether a day may hold events of `span`."""
    if day.startswith(UNDATED):
        return True
    return span.since.date().isoformat() <= day <= span.until.date().isoformat()


def after(spans: Iterable[Span], day: date) -> tuple[Span, ...]:
    """Return what of `spans` lies on `day` or after."""
    start = datetime.combine(day, time(), UTC)
    return tuple(Span(max(s.since, start), s.until) for s in spans if s.until > start)
