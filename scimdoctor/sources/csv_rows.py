"""CSV as the Entra portal and Log Analytics save it.

The portal saves up to three files: the log, its steps, its modified properties, joined on the
change id. Column titles are not documented, so they are matched by what they say. Nothing is
dropped silently: titles that are not understood are told.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Self

from scimdoctor.sources.fields import fold
from scimdoctor.sources.json_stream import Broken, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_CELL = 16 * 1024 * 1024
HEAD = 65536
"""Characters that hold the titles."""

RECORD_TITLES = frozenset(
    [
        "id",
        "activitydatetime",
        "date",
        "timestamp",
        "time",
        "timegenerated",
        "tenantid",
        "aadtenantid",
        "jobid",
        "cycleid",
        "changeid",
        "correlationid",
        "durationinmilliseconds",
        "durationms",
        "durationinms",
        "duration",
        "provisioningaction",
        "action",
        "serviceprincipal",
        "serviceprincipalid",
        "serviceprincipalname",
        "serviceprincipaldisplayname",
        "application",
        "applicationid",
        "sourcesystem",
        "sourcesystemid",
        "sourcesystemname",
        "sourcesystemdisplayname",
        "targetsystem",
        "targetsystemid",
        "targetsystemname",
        "targetsystemdisplayname",
        "initiatedby",
        "initiatedbyid",
        "initiatedbyname",
        "initiatedbydisplayname",
        "sourceidentity",
        "sourceidentityid",
        "sourceidentityname",
        "sourceidentitydisplayname",
        "sourceidentitytype",
        "sourceidentityidentitytype",
        "sourceid",
        "targetidentity",
        "targetidentityid",
        "targetidentityname",
        "targetidentitydisplayname",
        "targetidentitytype",
        "targetidentityidentitytype",
        "targetid",
        "identity",
        "identityname",
        "identitydisplayname",
        "status",
        "provisioningstatus",
        "statusinfostatus",
        "resulttype",
        "resultsignature",
        "resultdescription",
        "errorcode",
        "reason",
        "statusreason",
        "errordescription",
        "errorreason",
        "additionaldetails",
        "recommendedaction",
        "provisioningstatusinfo",
        "statusinfo",
        "provisioningsteps",
        "modifiedproperties",
    ]
)
"""Folded titles that a record of the log may have."""

STEP_TITLES = {
    "stepname": "name",
    "provisioningstepname": "name",
    "steptype": "provisioningStepType",
    "provisioningsteptype": "provisioningStepType",
    "stepstatus": "status",
    "provisioningstepstatus": "status",
    "stepdescription": "description",
    "provisioningstepdescription": "description",
    "stepdetails": "details",
    "provisioningstepdetails": "details",
}
STEP_FILE_TITLES = STEP_TITLES | {
    "name": "name",
    "type": "provisioningStepType",
    "status": "status",
    "description": "description",
    "details": "details",
}
PROPERTY_TITLES = {
    "oldvalue": "oldValue",
    "newvalue": "newValue",
    "modifiedpropertyoldvalue": "oldValue",
    "modifiedpropertynewvalue": "newValue",
    "modifiedpropertyname": "displayName",
    "modifiedpropertydisplayname": "displayName",
    "propertyname": "displayName",
    "property": "displayName",
    "attribute": "displayName",
    "attributename": "displayName",
}
PROPERTY_FILE_TITLES = PROPERTY_TITLES | {"displayname": "displayName", "name": "displayName"}

CONSTANT_TITLES = frozenset(
    [
        "operationname",
        "operationversion",
        "category",
        "type",
        "billedsize",
        "isbillable",
        "tablename",
        "level",
        "location",
        "calleripaddress",
        "resourceid",
        "sourcesystemdetails",
        "targetsystemdetails",
    ]
)
"""Folded titles that say nothing about one event."""


class Kind(Enum):
    """What the rows of a CSV file are."""

    RECORDS = "records"
    STEPS = "steps"
    PROPERTIES = "modified properties"


@dataclass(frozen=True, kw_only=True)
class Header:
    """A CSV file's first line."""

    titles: tuple[str, ...]
    delimiter: str
    folded: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> Kind | None:
        """What the file holds; `None` if it is not of the provisioning log."""
        names = set(self.folded)
        if not names & {"changeid", "id", "jobid", "cycleid", "correlationid"}:
            return None
        if len(names & RECORD_TITLES) >= 4 and names & {
            "action", "provisioningaction", "resulttype", "identity", "sourceidentity",
            "sourceidentityid", "sourcesystem", "provisioningstatusinfo", "targetsystem",
        }:  # fmt: skip
            return Kind.RECORDS
        if names & {"oldvalue", "newvalue"}:
            return Kind.PROPERTIES
        if names & {*STEP_TITLES, "description", "details"}:
            return Kind.STEPS
        return Kind.RECORDS if len(names & RECORD_TITLES) >= 3 else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """Titles that are not understood, as written."""
        known = RECORD_TITLES | CONSTANT_TITLES | set(STEP_TITLES) | set(PROPERTY_TITLES)
        if self.kind is Kind.STEPS:
            known |= set(STEP_FILE_TITLES)
        if self.kind is Kind.PROPERTIES:
            known |= set(PROPERTY_FILE_TITLES)
        pairs = zip(self.titles, self.folded, strict=True)
        return tuple(title for title, name in pairs if name and name not in known)


SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""What a first line says to Excel, and Excel to others."""

DELIMITERS = ",;\t|"
LINES_BEFORE = 20
"""Lines of a title and blank ones that may stand before the titles of the columns."""


def read_header(line: str, delimiter: str | None = None) -> Header:
    """Read a CSV file's titles; unless given, the delimiter is the one that parts them most."""
    delimiter = delimiter or max(DELIMITERS, key=line.count)
    titles = cells_of(line.strip("\ufeff\r\n"), delimiter)
    if len(titles) == 1:
        titles = cells_of(titles[0], delimiter)
    while titles and not titles[-1].strip():
        titles.pop()
    return Header(
        titles=tuple(titles), delimiter=delimiter, folded=tuple(fold(title) for title in titles)
    )


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one row."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def find_header(head: str) -> tuple[Header, int]:
    """Return the titles of the CSV that begins with `head`, and the number of their line.

    Before them may stand Excel's ``sep=;``, blank lines, and a title of the whole. Where no line
    has titles that are known, the first with text in it is returned.
    """
    delimiter = None
    first = None
    for number, line in enumerate(io.StringIO(head[:HEAD], newline=""), start=1):
        text = line.strip("\ufeff\r\n")
        if found := SEPARATOR.fullmatch(text):
            delimiter = found[1]
        elif text.strip(f' "{DELIMITERS}'):
            header = read_header(text, delimiter)
            if header.kind is not None:
                return header, number
            first = first or (header, number)
        if number >= LINES_BEFORE:
            break
    return first or (read_header(""), 1)


def csv_rows(stream: io.TextIOBase, head: str) -> Iterator[Found | Broken]:
    """Yield each row behind the titles as a mapping by title; empty cells are left out.

    `head` is what `stream` begins with.
    """
    csv.field_size_limit(LONGEST_CELL)
    header, before = find_header(head)
    for _ in range(before):
        stream.readline()
    lines = Lines(stream)
    reader = csv.reader(lines, delimiter=header.delimiter)
    while True:
        line = reader.line_num + before + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Broken(f"it is not CSV ({str(error)[:60]})", line)
            continue
        if row is None:
            return
        if any(row):
            yield mapped(row, header, line, whole=lines.whole)


def mapped(row: list[str], header: Header, line: int, *, whole: bool) -> Found | Broken:
    """Return a row as a mapping by title.

    A row that a spreadsheet took for one cell is taken apart. Spreadsheets leave out empty cells
    at the end of some rows, and have more at the end of others; `whole` says that the row has its
    end, and was not cut off.
    """
    width = len(header.titles)
    if len(row) == 1 < width:
        row = cells_of(row[0], header.delimiter)
    while len(row) > width and not row[-1]:
        row.pop()
    if len(row) > width or (len(row) < width and not (whole and 2 * len(row) >= width)):
        return Broken(f"it has {len(row)} cells, the first line {width}", line)
    return Found({t: c for t, c in zip(header.titles, row, strict=False) if c != ""}, line)


class Lines:
    """The lines of a stream, whatever ends them; `whole` says whether the last one has its end."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self._stream = stream
        self.whole = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self.whole = line[-1] in "\r\n"
        return line


def part_of(row: dict[str, object], kind: Kind) -> dict[str, object]:
    """Return the step or modified property that a row of `kind` holds."""
    titles = STEP_FILE_TITLES if kind is Kind.STEPS else PROPERTY_FILE_TITLES
    return {titles[fold(title)]: cell for title, cell in row.items() if fold(title) in titles}


def with_own_part(row: dict[str, object]) -> dict[str, object]:
    """Return a log row with the step or property that stands in the same row made nested."""
    step = {STEP_TITLES[fold(t)]: cell for t, cell in row.items() if fold(t) in STEP_TITLES}
    changed = {
        PROPERTY_TITLES[fold(t)]: cell for t, cell in row.items() if fold(t) in PROPERTY_TITLES
    }
    extra: dict[str, object] = {}
    if step:
        extra["provisioningSteps"] = [step]
    if changed:
        extra["modifiedProperties"] = [changed]
    return row | extra


def merged(rows: Iterator[Found | Broken]) -> Iterator[Found | Broken]:
    """Yield log rows, neighbours of one event (a row for each of its steps) made one."""
    held: Found | None = None
    for found in rows:
        if isinstance(found, Broken) or not isinstance(found.value, dict):
            yield found
            continue
        current = Found(with_own_part(found.value), found.line)
        if held is not None and same_event(held, current):
            held = joined(held, current)
            continue
        if held is not None:
            yield held
        held = current
    if held is not None:
        yield held


def key_of(row: object) -> tuple[str, str] | None:
    """Return change id and id of a row; `None` without a change id."""
    if not isinstance(row, dict):
        return None
    named = {fold(str(title)): str(cell) for title, cell in row.items() if isinstance(cell, str)}
    change = named.get("changeid") or named.get("correlationid")
    return (change, named.get("id", "")) if change else None


def same_event(one: Found, other: Found) -> bool:
    """Say whether two rows that carry steps or properties are of one event."""
    if not isinstance(other.value, dict) or not isinstance(one.value, dict):
        return False
    nested = {"provisioningSteps", "modifiedProperties"}
    repeated = any(isinstance(other.value.get(name), list) for name in nested)
    key = key_of(one.value)
    return repeated and key is not None and key == key_of(other.value)


def joined(one: Found, other: Found) -> Found:
    """Return `one` with the steps and properties of `other` added, each once."""
    value = dict(one.value) if isinstance(one.value, dict) else {}
    for name in ("provisioningSteps", "modifiedProperties"):
        added = other.value.get(name, []) if isinstance(other.value, dict) else []
        have = value.get(name, [])
        if isinstance(have, list) and isinstance(added, list):
            value[name] = have + [part for part in added if part not in have]
    return Found(value, one.line)


class Parts:
    """Steps and modified properties by change id, kept on disk: there may be millions."""

    def __init__(self) -> None:
        # A database without a name is a private file that SQLite removes by itself.
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE part (change TEXT, kind TEXT, body TEXT, used INT)")
        self.empty = True

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, row: dict[str, object], kind: Kind) -> bool:
        """Keep the part that `row` holds; false if it names no change."""
        key = key_of(row)
        if key is None:
            return False
        body = json.dumps(part_of(row, kind))
        self._database.execute("INSERT INTO part VALUES (?, ?, ?, 0)", (key[0], kind.value, body))
        self.empty = False
        return True

    def ready(self) -> None:
        """Make look-ups fast; call once, when all is added."""
        self._database.execute("CREATE INDEX by_change ON part (change, kind)")

    def joined_to(self, row: dict[str, object]) -> dict[str, object]:
        """Return a log row with its steps and properties."""
        key = key_of(row)
        if key is None or self.empty:
            return row
        extra: dict[str, object] = {}
        names = {Kind.STEPS: "provisioningSteps", Kind.PROPERTIES: "modifiedProperties"}
        for kind, name in names.items():
            query = "SELECT body FROM part WHERE change = ? AND kind = ? ORDER BY rowid"
            with closing(self._database.execute(query, (key[0], kind.value))) as cursor:
                bodies = [json.loads(body) for (body,) in cursor]
            if bodies and name not in row:
                extra[name] = bodies
        if extra:
            self._database.execute("UPDATE part SET used = 1 WHERE change = ?", (key[0],))
        return row | extra

    def orphans(self) -> int:
        """Return how many changes have parts, but no row in the log."""
        query = "SELECT count(DISTINCT change) FROM part WHERE used = 0"
        (count,) = self._database.execute(query).fetchone()
        return int(count)
