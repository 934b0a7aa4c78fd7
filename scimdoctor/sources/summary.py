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
    FAULT_KEY,
    scope_condition,
    shown_condition,
    told_words,
    values_removed,
    words_removed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    import duckdb

    from scimdoctor.sources.event_filter import EventFilter

SAMPLES = 5
"""Event ids kept per signature."""

KEYED = """
    CASE WHEN fault_key IS NOT NULL THEN id END AS id
"""
"""What files with keys are asked besides: words of faults, status among them, come later."""

UNKEYED = f"""
    CASE WHEN faulty THEN id END AS id,
    status,
    odd,
    CASE WHEN starts_with(id, 'local-') THEN 1 ELSE 0 END AS made_up,
    CASE WHEN faulty THEN coalesce(app, app_id) END AS app,
    CASE WHEN faulty THEN action END AS action,
    CASE WHEN faulty THEN error_code END AS error_code,
    CASE WHEN faulty THEN skip_reason END AS skip_reason,
    CASE WHEN faulty THEN signature_text END AS signature_text,
    CASE WHEN faulty AND signature_text IS NULL THEN {told_words()} END AS words
"""

CHANGE = ", hash(coalesce(change_id, id), job_id, time) AS change"
"""Tells one change from another where ids are made up; costs reading one more column."""

SELECTED = """
CREATE OR REPLACE TEMP TABLE {table} AS
SELECT event_key AS event, time, object_key AS object, shown, fault_key AS fault, {asked}
FROM (
    SELECT *, {shown} AS shown, coalesce(status, '') <> 'success' AND NOT odd AS faulty
    FROM ({source})
    WHERE odd OR ({scope})
)
"""

FACTS = """
CREATE OR REPLACE TEMP VIEW facts AS
SELECT * FROM plain UNION ALL BY NAME SELECT * FROM keyed
"""
"""An event a row. `object` is NULL where it has no name, `id` where it is no fault."""

WITHOUT_REPEATS = """
CREATE OR REPLACE TEMP TABLE {table} AS
SELECT * FROM facts
QUALIFY row_number() OVER (
    PARTITION BY {key}
    ORDER BY made_up, time DESC NULLS LAST, status, coalesce(words, ''), app, fault
) = 1
"""

WITH_REPEATED = """
CREATE OR REPLACE TEMP TABLE marked AS
SELECT *, bool_or(made_up = 1) OVER (PARTITION BY change) AS repeated FROM facts
"""

TOLD = f"""
CREATE OR REPLACE TEMP TABLE told AS
SELECT {FAULT_KEY.format(app="app")} AS fault, * EXCLUDE (fault)
FROM (
    SELECT facts.* EXCLUDE (signature_text, words), signed.text
    FROM facts JOIN signed ON hash(facts.words) = signed.words
    UNION ALL BY NAME
    SELECT facts.* EXCLUDE (signature_text, words), signature_text AS text
    FROM facts WHERE signature_text IS NOT NULL
)
"""
"""The faults that had no key."""

FAULTS = """
CREATE OR REPLACE TEMP VIEW faults AS
SELECT fault, event, time, object, shown, id FROM told
UNION ALL
SELECT fault, event, time, object, shown, id FROM facts WHERE fault IS NOT NULL
"""

LAST_DAYS = """
SELECT DISTINCT coalesce(strftime(last, '%Y-%m-%d'), 'unknown')
FROM (SELECT max(time) AS last FROM facts WHERE fault IS NOT NULL GROUP BY fault)
"""
"""The days of which files tell the words of every fault with a key."""

NAMES = """
CREATE OR REPLACE TEMP TABLE names AS
SELECT fault, any_value(status) AS status, any_value(app) AS app, any_value(action) AS action,
    any_value(error_code) AS error_code, any_value(skip_reason) AS skip_reason,
    any_value(text) AS text
FROM (
    SELECT fault, status, app, action, error_code, skip_reason, text FROM told
    UNION ALL
    SELECT fault_key, status, coalesce(app, app_id), action, error_code, skip_reason,
        signature_text
    FROM ({keyed}) WHERE fault_key IS NOT NULL
)
GROUP BY fault
"""

NEWEST = """
CREATE OR REPLACE TEMP TABLE newest AS
SELECT object, max(epoch_us(time)::HUGEINT * 18446744073709551616 + event) AS newest
FROM facts
WHERE object IS NOT NULL AND time IS NOT NULL
GROUP BY object
"""
"""Each object's newest event: its time and, in the lower 64 bits, its key."""

GROUPS = f"""
WITH now AS (
    SELECT fault, count(*) AS failing
    FROM faults JOIN newest USING (object)
    WHERE newest = epoch_us(time)::HUGEINT * 18446744073709551616 + event
    GROUP BY fault
), groups AS (
    SELECT fault, count(*) AS events, count(DISTINCT object) AS objects, min(time) AS first_seen,
        max(time) AS last_seen, arg_max(id, (time, id), {SAMPLES}) AS sample
    FROM faults WHERE shown GROUP BY fault
)
SELECT
    left(sha256(concat_ws(chr({ord(SEPARATOR)}), status, coalesce(app, ''), action,
        coalesce(error_code, ''), coalesce(skip_reason, ''), text)), 10) AS signature,
    status, app, error_code, text, action, events, objects, coalesce(failing, 0) AS failing,
    first_seen, last_seen, sample
FROM groups JOIN names USING (fault) LEFT JOIN now USING (fault)
ORDER BY (CASE status WHEN 'failure' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END),
    failing DESC, objects DESC, events DESC, signature
LIMIT {{limit}}
"""

DAYS = """
SELECT strftime(day, '%Y-%m-%d'), coalesce(counted.status, names.status, 'success') AS state,
    sum(events)::BIGINT
FROM (
    SELECT time::DATE AS day, status, fault, count(*) AS events FROM facts WHERE shown GROUP BY ALL
) AS counted LEFT JOIN names USING (fault)
GROUP BY day, state ORDER BY day
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the events say, taken together."""

    counts: EventCounts
    days: tuple[DayCount, ...]
    signatures: tuple[SignatureSummary, ...]
    """Failures first, then by objects failing now, objects and events."""


def make_facts(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    wanted: EventFilter,
    *,
    keyed: str,
    made_up: bool,
) -> int:
    """Fill the table `facts` from the query `source`, and from `keyed` over files with keys.

    Returns how many rows are odd.
    """
    conditions = {"scope": scope_condition(wanted), "shown": shown_condition(wanted)}
    asked = UNKEYED + (CHANGE if made_up else "")
    for table, query, columns in (("plain", source, asked), ("keyed", keyed, KEYED)):
        connection.execute(SELECTED.format(table=table, source=query, asked=columns, **conditions))
    connection.execute(FACTS)
    (odd,) = one(connection, "SELECT count(*) FROM plain WHERE odd")
    return int(odd)


def summarise(
    connection: duckdb.DuckDBPyConnection,
    keyed: Callable[[Collection[str]], str],
    *,
    made_up: bool,
    limit: int | None = None,
) -> Summary:
    """Answer everything from `facts`; `limit` is the most signatures.

    `keyed` gives the query over the files with keys of some days.
    """
    drop_repeats(connection, made_up=made_up)
    make_signed(connection, "facts")
    connection.execute(TOLD)
    connection.execute(FAULTS)
    days = {day for (day,) in connection.execute(LAST_DAYS).fetchall()}
    connection.execute(NAMES.format(keyed=keyed(days)))
    connection.execute(NEWEST)
    groups = connection.execute(GROUPS.format(limit=limit or 1_000_000)).fetchall()
    found = connection.execute(DAYS).fetchall()
    return Summary(
        counts=counted([(status, events) for _, status, events in found]),
        days=by_day(found),
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
        connection.execute(WITHOUT_REPEATS.format(table="once", key="event"))
        put_facts(connection, "once")
    if made_up:
        connection.execute(WITH_REPEATED)
        put_facts(connection, "marked")
        key = "CASE WHEN repeated THEN change ELSE event END"
        connection.execute(WITHOUT_REPEATS.format(table="once", key=key))
        put_facts(connection, "once")


def put_facts(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Have `table` be the facts from here on."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM {table}")


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the only row of `query`."""
    row = connection.execute(query).fetchone()
    return row if row is not None else ()


def counted(rows: Iterable[tuple[str, int]], *, unreadable: int = 0) -> EventCounts:
    """Return counts by status as the report's value; other statuses count as read."""
    by_status: dict[str, int] = {}
    for status, events in rows:
        by_status[status] = by_status.get(status, 0) + events
    known = {name: by_status.get(name, 0) for name in ("failure", "skipped", "warning", "success")}
    return EventCounts(read=sum(by_status.values()), unreadable=unreadable, **known)


def by_day(rows: Iterable[tuple[str | None, str, int]]) -> tuple[DayCount, ...]:
    """Return counts by UTC day and status as the report's values, oldest first."""
    states = ("failure", "skipped", "warning", "success")
    found: dict[str, dict[str, int]] = {}
    for day, status, events in rows:
        if day is not None:
            counts = found.setdefault(day, dict.fromkeys(states, 0))
            if status in counts:
                counts[status] += events
    return tuple(DayCount(day=day, **counts) for day, counts in found.items())


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
