"""The tidy shapes of JSON that DuckDB reads by itself: whose spelling, in what wrapping.

A record that is spelt otherwise than its neighbours, or that says less than a row needs, gives an
`odd` row, and the tolerant reader reads it again. What is not odd is what `sources.record` would
have read; a property test holds the two equal. Facts: Azure Monitor resource-logs schema, Graph
`provisioningObjectSummary`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from scimdoctor.sources.json_stream import BETWEEN, DECODER, LONGEST_RECORD, WRAPPER
from scimdoctor.sources.line_search import lines_near
from scimdoctor.sources.rows import COLUMNS
from scimdoctor.sources.sql import KEYS, UNKNOWN_TEXT, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

Kinds = dict[str, object]
"""Names and DuckDB types of an object's members; a list holds the kinds of its elements."""

RESULTS = "('success', 'failure', 'skipped', 'warning')"
ACTIONS = "('other', 'create', 'delete', 'disable', 'update', 'stagedDelete')"
CATEGORIES = "('provisioninglogs', 'provisioning')"


class Container(StrEnum):
    """How records lie in a file."""

    LINES = auto()
    """A record a line."""

    ARRAY = auto()
    """One array."""

    PAGES = auto()
    """Objects that each hold an array of records, a page a line."""

    SPREAD_PAGES = auto()
    """The same, a page over several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a record is spelt, and whether Azure Monitor's envelope is around it."""

    id: str = "id"
    name: str = "displayName"
    status: str = "status"
    envelope: bool = False

    @property
    def path(self) -> str:
        """What leads from the value to the event's own fields."""
        return "properties." if self.envelope else ""

    @property
    def kinds(self) -> Kinds:
        """What of a value DuckDB is to read."""
        event = event_kinds(self.id, self.name, self.status)
        return {**ENVELOPE, "properties": event} if self.envelope else event

    def fits(self, value: object) -> bool:
        """Say whether a decoded value is of this shape."""
        event = value.get("properties") if self.envelope and isinstance(value, dict) else value
        if not isinstance(event, dict) or (not self.envelope and "properties" in event):
            return False
        app, info = event.get("servicePrincipal"), event.get("provisioningStatusInfo")
        found = (
            event.get("id"),
            event.get("activityDateTime"),
            app.get(self.id) if isinstance(app, dict) else None,
            app.get(self.name) if isinstance(app, dict) else None,
            info.get(self.status) if isinstance(info, dict) else None,
        )
        return all(isinstance(text, str) and text for text in found)


GRAPH = Shape()
"""Graph v1.0 and beta, and the portal's download."""

SHAPES = (
    GRAPH,
    Shape(envelope=True),
    Shape(id="Id", name="Name", status="Status", envelope=True),
    Shape(id="Id", name="Name", status="Status"),
)

ENVELOPE: Kinds = dict.fromkeys(
    (
        "category", "tenantId", "resultType", "resultSignature", "resultDescription", "durationMs",
        "correlationId",
    ),
    "VARCHAR",
)  # fmt: skip


def event_kinds(identity: str, name: str, status: str) -> Kinds:
    """Return what of an event DuckDB is to read; naming it spares DuckDB from guessing."""
    texts = ("id", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId")
    named: Kinds = {identity: "VARCHAR", name: "VARCHAR"}
    error: Kinds = {"errorCode": "VARCHAR", "reason": "VARCHAR"}
    step: Kinds = {
        "status": "VARCHAR",
        "description": "VARCHAR",
        "details": {"SkipReason": "VARCHAR", "PropertyName": "VARCHAR"},
    }
    return {
        **dict.fromkeys(texts, "VARCHAR"),
        "durationInMilliseconds": "BIGINT",
        "provisioningAction": "VARCHAR",
        "servicePrincipal": named,
        "sourceIdentity": {**named, "details": {"UserPrincipalName": "VARCHAR"}},
        "targetIdentity": named,
        "provisioningStatusInfo": {status: "VARCHAR", "errorInformation": error},
        "statusInfo": error,
        "provisioningSteps": [step],
    }


def type_of(kind: object) -> str:
    """Return a kind as a DuckDB type."""
    if isinstance(kind, list):
        return f"{type_of(kind[0])}[]"
    if isinstance(kind, dict):
        return f"STRUCT({', '.join(f'{name} {type_of(inner)}' for name, inner in kind.items())})"
    return str(kind)


def columns_of(kinds: Mapping[str, object]) -> str:
    """Return kinds as the `columns` argument of `read_json`."""
    return "{" + ", ".join(f"{name}: {quoted(type_of(kind))}" for name, kind in kinds.items()) + "}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyFile:
    """A file that DuckDB reads where it lies."""

    path: str
    shape: Shape = GRAPH
    container: Container = Container.LINES
    key: str = "value"
    """Of pages: the member that holds the records."""

    origin: str = ""
    """The file that the user named, where this one was made of it."""

    @property
    def by_lines(self) -> bool:
        """Whether each record is a line of its own."""
        return self.container is Container.LINES

    def rows(self) -> str:
        """Return a query for the rows, `odd` where the tolerant reader must look."""
        return rows_from(self.shape, self._values(), "r." if self.in_pages else "")

    def odd_texts(self) -> str:
        """Return a query for the text of each odd value; NULL for what is not even JSON."""
        return f"SELECT text FROM ({self.rows_with_text()}) WHERE odd"

    def rows_with_text(self) -> str:
        """Return a query for the rows with the `text` of each value."""
        structure = quoted(json.dumps(self.shape.kinds))
        source = f"SELECT text, json_transform(text, {structure}) AS r FROM ({self._texts()})"
        return rows_from(self.shape, source, "r.", "text")

    def raw(self, ids: Iterable[str]) -> str:
        """Return a query for the raw values with `ids`."""
        where = "$.properties.id" if self.shape.envelope else "$.id"
        return self._with_ids(f"text ->> '{where}'", self._texts(), ids)

    def quick_raw(self, ids: Iterable[str]) -> str:
        """Return a query that looks at each line's first id alone, nearly always the event's."""
        first = """regexp_extract(text, '"id" ?: ?"([^"]*)"', 1)"""
        listed_once = tuple(ids)
        # Newest first is Graph's order, and samples are the newest: mostly it ends early.
        return f"{self._with_ids(first, self._lines(), listed_once)} LIMIT {len(listed_once)}"

    def near(self, wanted: Mapping[str, datetime | None]) -> Iterator[tuple[bytes, str]]:
        """Yield the lines with the `wanted` ids where their time belongs, and the file's name."""
        origin = self.origin or self.path
        return ((line, origin) for line in lines_near(Path(self.path), wanted))

    def _with_ids(self, expression: str, source: str, ids: Iterable[str]) -> str:
        return (
            f"SELECT id, text::VARCHAR AS raw, {quoted(self.origin or self.path)} AS origin "
            f"FROM (SELECT text, {expression} AS id FROM ({source})) WHERE id IN {listed(ids)}"
        )

    @property
    def in_pages(self) -> bool:
        """Whether records lie in pages."""
        return self.container in {Container.PAGES, Container.SPREAD_PAGES}

    @property
    def _format(self) -> str:
        if self.container in {Container.LINES, Container.PAGES}:
            return "newline_delimited"
        return "array" if self.container is Container.ARRAY else "unstructured"

    def _values(self) -> str:
        """Return a query for the values: columns, or, of pages, a structure `r` each."""
        if not self.in_pages:
            return f"SELECT * FROM {self._read(columns_of(self.shape.kinds))}"
        columns = columns_of({self.key: [self.shape.kinds]})
        return f"SELECT unnest(coalesce({self.key}, [NULL])) AS r FROM {self._read(columns)}"

    def _texts(self) -> str:
        """Return a query for the JSON text of each value."""
        if self.in_pages:
            columns = columns_of({self.key: ["JSON"]})
            return f"SELECT unnest(coalesce({self.key}, [NULL])) AS text FROM {self._read(columns)}"
        return (
            f"SELECT json AS text FROM read_json_objects({quoted(self.path)}, {self._settings()})"
        )

    def _lines(self) -> str:
        """Return a query for the lines as they are: three times as quick as looking into them."""
        return (
            f"SELECT text FROM read_csv({quoted(self.path)}, columns={{text: 'VARCHAR'}}, "
            f"delim=chr(1), quote='', escape='', header=false, auto_detect=false, "
            f"ignore_errors=true, max_line_size={LONGEST_QUICK_LINE})"
        )

    def _read(self, columns: str) -> str:
        return f"read_json({quoted(self.path)}, columns={columns}, {self._settings()})"

    def _settings(self) -> str:
        return f"format='{self._format}', ignore_errors=true, maximum_object_size={LONGEST_RECORD}"


LONGEST_QUICK_LINE = 1 << 20


def rows_from(shape: Shape, source: str, r: str, *more: str) -> str:
    """Return a query for rows out of `source`, whose values' members are at `r`."""
    fields = fields_of(shape, r)
    read = ", ".join(f"{expression} AS {name}" for name, expression in fields.items())
    telling = f"CASE WHEN {fields['status']} <> 'success' THEN {TELLING} END AS telling".replace(
        "provisioningSteps", f"{r}{shape.path}provisioningSteps"
    )
    inner = f"SELECT {', '.join((read, telling, *more))} FROM ({source})"
    told = ", ".join(
        f"nullif((telling).{path}, '') AS {name}" for name, path in TELLING_PARTS.items()
    )
    kept = ", ".join((*COLUMNS, *more))
    return (
        f"SELECT {kept}, {UNKNOWN_TEXT}, {KEYS}, NOT coalesce({WHOLE}, false) AS odd "
        f"FROM (SELECT * EXCLUDE telling, {told} FROM ({inner}))"
    )


TELLING = """list_filter(provisioningSteps,
    lambda s: lower(s.status) IN ('failure', 'skipped', 'warning', '1', '2', '3'))[-1]"""

TELLING_PARTS = {
    "skip_reason": "details.SkipReason",
    "skip_attribute": "details.PropertyName",
    "step_words": "description",
}

NO_TEXT = " OR ".join(
    f"{name} IN ('true', 'false') OR left({name}, 1) IN ('{{', '[')"
    for name in ("id", "error_code", "reason", *TELLING_PARTS)
)
"""What may be another JSON value where text is due: DuckDB writes those in its own way."""

WHOLE = f"""id <> '' AND time IS NOT NULL AND status IN {RESULTS} AND action IN {ACTIONS}
    AND app_id IS NOT NULL AND app IS NOT NULL AND category IN {CATEGORIES}
    AND coalesce(source_id, source_name, target_id, target_name) IS NOT NULL
    AND (status <> 'failure' OR (error_code IS NOT NULL AND reason IS NOT NULL))
    AND (status = 'success' OR coalesce(reason, skip_reason, step_words) IS NOT NULL)
    AND NOT coalesce({NO_TEXT}, false)"""
"""When a row says all that the tolerant reader would have found."""


def fields_of(shape: Shape, r: str) -> dict[str, str]:
    """Return the expression of each column that is read straight from a value."""
    at = r + shape.path
    info, beta = f"{at}provisioningStatusInfo", f"{at}statusInfo"
    texts = {
        "id": f"{at}id",
        "job_id": f"{at}jobId",
        "cycle_id": f"{at}cycleId",
        "app_id": f"{at}servicePrincipal.{shape.id}",
        "app": f"{at}servicePrincipal.{shape.name}",
        "source_id": f"{at}sourceIdentity.{shape.id}",
        "source_name": f"{at}sourceIdentity.{shape.name}",
        "user_name": f"{at}sourceIdentity.details.UserPrincipalName",
        "target_id": f"{at}targetIdentity.{shape.id}",
        "target_name": f"{at}targetIdentity.{shape.name}",
    }
    status, tenant, change = f"{info}.{shape.status}", f"{at}tenantId", f"{at}changeId"
    duration = f"{at}durationInMilliseconds"
    codes = [f"{info}.errorInformation.errorCode", f"{beta}.errorCode"]
    reasons = [f"{info}.errorInformation.reason", f"{beta}.reason"]
    if shape.envelope:
        status = first_of([status, f"{r}resultType"])
        tenant, change = f"coalesce({tenant}, {r}tenantId)", f"coalesce({change}, {r}correlationId)"
        duration = f"coalesce({duration}, try_cast({r}durationMs AS BIGINT))"
        codes.append(f"{r}resultSignature")
        reasons.append(f"{r}resultDescription")
    category = first_of([f"lower({r}category)", "'provisioning'"]) if shape.envelope else None
    return {
        **{name: f"nullif({expression}, '')" for name, expression in texts.items()},
        "time": PLAIN_TIME.format(time=f"{at}activityDateTime"),
        "tenant_id": f"nullif({tenant}, '')",
        "change_id": f"nullif({change}, '')",
        "duration": duration,
        "action": f"{at}provisioningAction",
        "status": f"lower({status})",
        "error_code": without_none(first_of(codes)),
        "reason": first_of(reasons),
        "category": category or "'provisioning'",
    }


PLAIN_TIME = """CASE WHEN {time} >= '0001' AND {time} NOT LIKE '___________24%' AND (
    {time} LIKE '____-__-__T__:__:__%Z' OR {time} LIKE '____-__-__T__:__:__%+00:00'
    OR {time} LIKE '____-__-__T__:__:__') THEN try_cast({time} AS TIMESTAMP) END"""
"""A time as Graph and .NET write it; DuckDB reads other ones in its own way: without the offset,
the hour 24 as the next day, `infinity` and years before the first."""


def first_of(expressions: Iterable[str]) -> str:
    """Return the expression for the first text that is neither NULL nor empty."""
    return "coalesce(" + ", ".join(f"nullif({one}, '')" for one in expressions) + ")"


def without_none(expression: str) -> str:
    """Return the expression for an error code; exports write `None` where there is none."""
    return f"CASE WHEN lower({expression}) <> 'none' THEN {expression} END"


def tidy_file(path: str, head: str) -> TidyFile | None:
    """Say how DuckDB can read the file that begins with `head`; `None` if it cannot."""
    text = head.lstrip(BETWEEN)
    container, key, start = Container.LINES, "value", 0
    if text.startswith("["):
        container, start = Container.ARRAY, 1
    elif page := WRAPPER.match(text):
        ended = is_whole(text.split("\n", 1)[0]) or "\n" not in text
        container = Container.PAGES if ended else Container.SPREAD_PAGES
        key, start = KEY.findall(page[0])[-1], page.end()
    value = first_value(text[start:])
    shape = next((shape for shape in SHAPES if shape.fits(value)), None)
    if shape is None or (container is Container.LINES and not is_whole(text.split("\n", 1)[0])):
        return None
    return TidyFile(path=path, shape=shape, container=container, key=key)


KEY = re.compile(r'"(\w+)"')


def is_whole(line: str) -> bool:
    """Say whether a line is one JSON value."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def first_value(text: str) -> object:
    """Return the JSON value that `text` begins with; `None` if there is no whole one."""
    try:
        return DECODER.raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None
