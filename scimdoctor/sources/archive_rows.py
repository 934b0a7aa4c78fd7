"""Sorting the rows of a pull into Parquet files by app and day, in little memory at any size.

The rows become one Parquet file first, as they come. What decides about an event, its id and time,
is looked at in a narrow table. Then app after app and day after day is written, a few at a time:
all at once, DuckDB would hold every event's record in memory until the last one was read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from scimdoctor.sources import sql
from scimdoctor.sources.private_files import make_folder
from scimdoctor.sources.rows import COLUMNS, RECORD_COLUMNS
from scimdoctor.sources.summary import make_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb

    from scimdoctor.sources.archive_manifest import ArchiveFile, Manifest

MANY_FILES = 12
"""Files of an app's day from which on they are made one: a follower adds one a minute."""

AT_ONCE = 32 * 1024 * 1024
"""Bytes of records that are sorted into files at once."""

RENEWED = 8 * 1024 * 1024
"""Bytes of files of an older release that a pull writes anew: it takes a second or two."""

LONGEST_ID = 80
"""Bytes of an app's id, a GUID as a rule, that may stand in the name of a folder, `%` written out."""

Place = tuple[str, str]
"""The app's key and the day that a file is of."""


@dataclass(slots=True)
class StagedRows:
    """The rows of a pull, and of old files that they are to lie in one file with."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    undated: str
    """The day of events without a time."""

    parts: list[Path] = field(default_factory=list)

    def stage(self, query: str, *, undated: str | None = None) -> None:
        """Write what `query` finds, with what files go by, as one more part."""
        path = self.folder / f"part-{len(self.parts)}.parquet"
        day = sql.quoted(undated or self.undated)
        staged = STAGED.format(source=query, path=sql.quoted(str(path)), undated=day)
        self.connection.execute(staged)
        read = "INSERT INTO staged SELECT" if self.parts else "CREATE TEMP TABLE staged AS SELECT"
        self.connection.execute(f"{read} {SORTED_BY} FROM ({self._part(len(self.parts), path)})")
        self.parts.append(path)

    def places(self) -> set[Place]:
        """Return the apps and days that events are of."""
        query = "SELECT DISTINCT app_key, day FROM staged"
        return set(self.connection.execute(query).fetchall())

    def leave_out(self, ids: str) -> None:
        """Leave out the events whose id the query `ids` finds."""
        self.connection.execute(f"DELETE FROM staged WHERE id IN ({ids})")

    def leave_out_repeats(self) -> None:
        """Keep each id once, as the newest says it."""
        self.connection.execute(f"DELETE FROM staged WHERE (part, number) IN ({REPEATED})")

    def count(self) -> int:
        """Return how many events are not left out."""
        (count,) = self.connection.execute("SELECT count(*) FROM staged").fetchone() or (0,)
        return int(count)

    def apps(self) -> dict[str, str | None]:
        """Return a name for each app's key."""
        query = "SELECT app_key, any_value(app) FROM staged GROUP BY app_key"
        return dict(self.connection.execute(query).fetchall())

    def write(self, draft: Path) -> None:
        """Write the files below `draft`, in folders named ``app_key=…/day=…``."""
        query = "SELECT app_key, day, sum(size) FROM staged GROUP BY ALL ORDER BY day, app_key"
        source = " UNION ALL ".join(self._part(n, path) for n, path in enumerate(self.parts))
        for places in at_once(self.connection.execute(query).fetchall()):
            here = condition(places)
            chosen = f"""
                SELECT * FROM (SELECT * FROM ({source}) WHERE {here})
                SEMI JOIN (SELECT part, number FROM staged WHERE {here}) USING (part, number)"""
            make_signed(self.connection, f"({chosen})")
            self.connection.execute(f"COPY ({ROWS.format(source=chosen)}) {target(places, draft)}")

    def _part(self, number: int, path: Path) -> str:
        return (
            f"SELECT * EXCLUDE file_row_number, {number} AS part, file_row_number AS number "
            f"FROM read_parquet({sql.quoted(str(path))}, file_row_number=true)"
        )


STAGED = f"""
COPY (
    SELECT *,
        CASE WHEN app_id IS NULL THEN 'unknown' WHEN strlen(app_id) <= {LONGEST_ID} THEN app_id
            ELSE sha256(app_id) END AS app_key,
        coalesce(strftime(time, '%Y-%m-%d'), {{undated}}) AS day,
        CASE WHEN coalesce(status, '') <> 'success' THEN {sql.told_words()} END AS words
    FROM ({{source}})
)
TO {{path}} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 20480,
    ROW_GROUP_SIZE_BYTES '16MB')
"""

SORTED_BY = "part, number, id, time, hash(raw) AS mark, app_key, day, app, strlen(raw) AS size"

REPEATED = """
SELECT part, number FROM staged
WHERE id IN (SELECT id FROM staged GROUP BY id HAVING count(*) > 1)
QUALIFY row_number() OVER (PARTITION BY id ORDER BY time DESC NULLS LAST, mark, part, number) > 1
"""

ROWS = f"""
SELECT {", ".join((*COLUMNS, *RECORD_COLUMNS))}, text AS {sql.SIGNED},
    {sql.EVENT_KEY} AS event_key, {sql.OBJECT_KEY} AS object_key,
    CASE WHEN text IS NOT NULL THEN {sql.FAULT_KEY.format(app="coalesce(app, app_id)")} END AS fault_key,
    app_key, day
FROM ({{source}}) AS rows LEFT JOIN signed ON hash(rows.words) = signed.words
"""

AS_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES '16MB'"


def target(places: list[Place], draft: Path) -> str:
    """Return where a COPY goes: one place's rows are written as they come, others are parted."""
    if len(places) > 1:
        parted = "PARTITION_BY (app_key, day), OVERWRITE_OR_IGNORE"
        return f"TO {sql.quoted(str(draft))} ({AS_PARQUET}, {parted})"
    [(app_key, day)] = places
    folder = draft / f"app_key={quote(app_key, safe='')}" / f"day={day}"
    make_folder(folder)
    return f"TO {sql.quoted(str(folder / 'rows.parquet'))} ({AS_PARQUET})"


def at_once(sizes: Iterable[tuple[str, str, int]]) -> Iterator[list[Place]]:
    """Yield the places of `sizes` in groups of about `AT_ONCE` bytes."""
    group: list[Place] = []
    total = 0
    for app_key, day, size in sizes:
        if group and total + size > AT_ONCE:
            yield group
            group, total = [], 0
        group.append((app_key, day))
        total += size
    if group:
        yield group


def condition(places: list[Place]) -> str:
    """Return the condition for rows of `places`, the days first: they tell what not to read."""
    days = [day for _, day in places]
    pairs = ", ".join(f"({sql.quoted(app)}, {sql.quoted(day)})" for app, day in places)
    between = f"day BETWEEN {sql.quoted(min(days))} AND {sql.quoted(max(days))}"
    return f"{between} AND (app_key, day) IN ({pairs})"


def take_new(
    staged: StagedRows, rows: Path, manifest: Manifest, folder: Path
) -> tuple[int, list[ArchiveFile]]:
    """Stage the events in `rows` that are new; return how many those are.

    Where an app's day lies in many files, their events are put in as well, so that they come to
    lie in one; and those of some files of an older release, so that these come to be as today's.
    All those files are returned. Their place is taken once the manifest is written.
    """
    staged.stage(rows_with_records(rows))
    found = staged.places()
    days = {day for _, day in found}
    undated = staged.undated in days
    listed = [
        str(folder / one.path)
        for one in manifest.files
        if one.day in days or (undated and not one.is_dated)
    ]
    if listed:
        staged.leave_out(f"SELECT id FROM {sql.read_parquet(listed)}")
    staged.leave_out_repeats()
    new = staged.count()
    crowds = Counter((one.app_id, one.day) for one in manifest.files)
    old = outdated(manifest.files, sql.keys_mark(staged.connection))
    crowd = [
        one
        for one in manifest.files
        if one in old
        or ((one.app_id, one.day) in found and crowds[one.app_id, one.day] >= MANY_FILES)
    ]
    if crowd:
        columns = ", ".join((*COLUMNS, *RECORD_COLUMNS))
        for day in sorted({None if one.is_dated else one.day for one in crowd}, key=str):
            files = [one for one in crowd if day == (None if one.is_dated else one.day)]
            source = sql.read_parquet(str(folder / one.path) for one in files)
            staged.stage(f"SELECT {columns} FROM {source}", undated=day)
        staged.leave_out_repeats()
    return new, crowd


def outdated(files: Iterable[ArchiveFile], mark: str) -> list[ArchiveFile]:
    """Return files without the `mark` of today's, the newest days first, about `RENEWED` bytes."""
    chosen: list[ArchiveFile] = []
    for one in sorted(files, key=lambda one: one.day, reverse=True):
        if one.path.endswith(f"{mark}.parquet"):
            continue
        if chosen and sum(other.bytes for other in chosen) + one.bytes > RENEWED:
            break
        chosen.append(one)
    return chosen


def rows_with_records(path: Path) -> str:
    """Return a query over a file of rows, the raw records with them."""
    columns = {**COLUMNS, **RECORD_COLUMNS}
    source = sql.read_lines(str(path), sql.columns_argument(columns.items()))
    return f"SELECT {', '.join(columns)} FROM {source}"
