"""The questions of `logs --summary`, put to DuckDB: counts, days, faults, who is failing now.

One pass over the events makes a narrow table of facts; everything else is asked of that. The
signature rules run on distinct texts only, which is what makes a million events quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.signature import SEPARATOR
from scimdoctor.model.report import DayCount, EventCounts, SignatureSummary
from scimdoctor.sources.sql import (
    OBJECT,
    SCOPE,
    quoted,
    scope_condition,
    shown_condition,
    told_words,
    values_removed,
    words_removed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

    from scimdoctor.sources.event_filter import EventFilter

SAMPLES = 5
"""Event ids kept per signature."""

FACTS = f"""
CREATE OR REPLACE TEMP TABLE facts AS
SELECT
    hash(id) AS event,
    CASE WHEN starts_with(id, 'local-') THEN 1 ELSE 0 END AS made_up,
    time,
    status,
    hash({SCOPE}) AS scope,
    hash({OBJECT}) AS object,
    {OBJECT} IS NULL AS nameless,
    odd,
    shown,
    CASE WHEN faulty THEN id END AS id,
    CASE WHEN faulty THEN coalesce(app, app_id) END AS app,
    CASE WHEN faulty THEN action END AS action,
    CASE WHEN faulty THEN error_code END AS error_code,
    CASE WHEN faulty THEN skip_reason END AS skip_reason,
    CASE WHEN faulty THEN signature_text END AS signature_text,
    CASE WHEN faulty AND signature_text IS NULL THEN {told_words()} END AS words
    {{change}}
FROM (
    SELECT *, {{shown}} AS shown, coalesce(status, '') <> 'success' AND NOT odd AS faulty
    FROM ({{source}})
    WHERE odd OR ({{scope}})
)
"""

CHANGE = ", hash(coalesce(change_id, id), job_id, time) AS change"
"""Tells one change from another where ids are made up; costs reading one more column."""

WITHOUT_REPEATS = """
CREATE OR REPLACE TEMP TABLE facts AS
SELECT * FROM facts
QUALIFY row_number() OVER (
    PARTITION BY {key} ORDER BY made_up, time DESC NULLS LAST, status, coalesce(words, ''), app
) = 1
"""

FAULTS = """
CREATE OR REPLACE TEMP TABLE faults AS
SELECT hash(status, app, action, error_code, skip_reason, text) AS fault, *
FROM (
    SELECT facts.* EXCLUDE (signature_text, words), signed.text
    FROM facts JOIN signed ON hash(facts.words) = signed.words
    UNION ALL BY NAME
    SELECT facts.* EXCLUDE (signature_text, words), signature_text AS text
    FROM facts WHERE signature_text IS NOT NULL
)
"""

NEWEST = """
CREATE OR REPLACE TEMP TABLE newest AS
SELECT scope, object, arg_max(event, (time, event)) AS event
FROM facts
WHERE NOT nameless AND time IS NOT NULL
GROUP BY scope, object
"""

GROUPS = f"""
WITH now AS (
    SELECT fault, count(*) AS failing FROM faults JOIN newest USING (scope, object, event)
    GROUP BY fault
)
SELECT
    left(sha256(concat_ws(chr({ord(SEPARATOR)}), any_value(status), coalesce(any_value(app), ''),
        any_value(action), coalesce(any_value(error_code), ''),
        coalesce(any_value(skip_reason), ''), any_value(text))), 10) AS signature,
    any_value(status), any_value(app), any_value(error_code), any_value(text), any_value(action),
    count(*) AS events,
    count(DISTINCT CASE WHEN NOT nameless THEN hash(scope, object) END) AS objects,
    coalesce(any_value(failing), 0) AS failing,
    min(time) AS first_seen, max(time) AS last_seen,
    arg_max(id, (time, id), {SAMPLES}) AS sample
FROM faults LEFT JOIN now USING (fault)
WHERE shown
GROUP BY fault
ORDER BY (CASE any_value(status) WHEN 'failure' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END),
    failing DESC, objects DESC, events DESC, signature
LIMIT {{limit}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the events say, taken together."""

    counts: EventCounts
    days: tuple[DayCount, ...]
    signatures: tuple[SignatureSummary, ...]
    """Failures first, then by objects failing now, objects and events."""


def make_facts(
    connection: duckdb.DuckDBPyConnection, source: str, wanted: EventFilter, *, made_up: bool
) -> int:
    """Fill the table `facts` from the query `source`; return how many rows of it are odd."""
    connection.execute(
        FACTS.format(
            source=source,
            scope=scope_condition(wanted),
            shown=shown_condition(wanted),
            change=CHANGE if made_up else "",
        )
    )
    (odd,) = one(connection, "SELECT count(*) FROM facts WHERE odd")
    return int(odd)


def summarise(
    connection: duckdb.DuckDBPyConnection, *, made_up: bool, limit: int | None = None
) -> Summary:
    """Answer everything from `facts`; `limit` is the most signatures."""
    drop_repeats(connection, made_up=made_up)
    make_signed(connection, "facts")
    connection.execute(FAULTS)
    connection.execute(NEWEST)
    groups = connection.execute(GROUPS.format(limit=limit or 1_000_000)).fetchall()
    return Summary(
        counts=count(connection),
        days=count_days(connection),
        signatures=tuple(map(signature_of_row, groups)),
    )


def make_signed(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Fill the table `signed`: signature texts by the hash of the `words` of `table`."""
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE signed AS
WITH texts AS MATERIALIZED (
    SELECT words, {values_removed("words")} AS half
    FROM (SELECT DISTINCT words FROM {table} WHERE words IS NOT NULL)
),
halves AS MATERIALIZED (
    SELECT half, {words_removed("half")} AS text FROM (SELECT DISTINCT half FROM texts)
)
SELECT hash(words) AS words, text FROM texts JOIN halves USING (half)
""")


def drop_repeats(connection: duckdb.DuckDBPyConnection, *, made_up: bool) -> None:
    """Keep each event once: by id, then, where ids are made up, by change, job and time."""
    rows, distinct = one(connection, "SELECT count(*), count(DISTINCT event) FROM facts")
    if rows != distinct:
        connection.execute(WITHOUT_REPEATS.format(key="event"))
    if made_up:
        key = "CASE WHEN repeated THEN change ELSE event END"
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE facts AS SELECT *, "
            "bool_or(made_up = 1) OVER (PARTITION BY change) AS repeated FROM facts"
        )
        connection.execute(WITHOUT_REPEATS.format(key=key))


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the only row of `query`."""
    row = connection.execute(query).fetchone()
    return row if row is not None else ()


def count(connection: duckdb.DuckDBPyConnection) -> EventCounts:
    """Count the shown events by status."""
    query = "SELECT status, count(*) FROM facts WHERE shown GROUP BY status"
    return counted(connection.execute(query).fetchall())


def counted(rows: Iterable[tuple[str, int]], *, unreadable: int = 0) -> EventCounts:
    """Return counts by status as the report's value; other statuses count as read."""
    by_status = dict(rows)
    known = {name: by_status.get(name, 0) for name in ("failure", "skipped", "warning", "success")}
    return EventCounts(read=sum(by_status.values()), unreadable=unreadable, **known)


def count_days(connection: duckdb.DuckDBPyConnection) -> tuple[DayCount, ...]:
    """Count the shown events by UTC day and status."""
    states = ("failure", "skipped", "warning", "success")
    counts = ", ".join(f"count_if(status = {quoted(state)})" for state in states)
    query = (
        f"SELECT strftime(time, '%Y-%m-%d') AS day, {counts} FROM facts "
        "WHERE shown AND time IS NOT NULL GROUP BY day ORDER BY day"
    )
    return tuple(
        DayCount(day=day, **dict(zip(states, numbers, strict=True)))
        for day, *numbers in connection.execute(query).fetchall()
    )


def signature_of_row(row: tuple[Any, ...]) -> SignatureSummary:
    """Return a row of `GROUPS` as the model's value."""
    first, last = row[9], row[10]
    return SignatureSummary(
        id=row[0],
        status=row[1],
        app=row[2],
        error_code=row[3],
        text=row[4],
        action=row[5],
        count=row[6],
        objects=row[7],
        failing_now=row[8],
        first_seen=in_utc(first),
        last_seen=in_utc(last),
        sample=tuple(row[11] or ()),
    )


def in_utc(time: datetime | None) -> datetime | None:
    """Return a naive time out of the database as the UTC time it is."""
    return time.replace(tzinfo=UTC) if time else None
