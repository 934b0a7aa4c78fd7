"""SQL pieces: quoting, the view over a file, an `EventFilter` as conditions, a text's signature."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING

from scimdoctor.entra.signature import (
    LONGEST_REASON,
    LONGEST_TEXT,
    NET_SENTENCE,
    RETRY_RULE,
    RULES,
    SHORTEST_NAME,
    VALUE_RULES,
    WORD_RULES,
)
from scimdoctor.sources.json_stream import LONGEST_RECORD
from scimdoctor.sources.rows import COLUMNS, RECORD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

    from scimdoctor.sources.event_filter import EventFilter

OBJECT = "coalesce(source_id, source_name, target_id, target_name)"
"""What tells one person or group from another."""

SCOPE = "coalesce(app_id, app, job_id, '')"
"""What an object's state belongs to."""


def quoted(text: str) -> str:
    """Return `text` as an SQL string; a NUL, which SQL cannot hold, is dropped."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Return `texts` as a list for `IN`."""
    return "(" + ", ".join(map(quoted, texts)) + ")"


def columns_argument(columns: Iterable[tuple[str, str]]) -> str:
    """Return name and type pairs as DuckDB's `columns` argument."""
    return "{" + ", ".join(f"{name}: {quoted(kind)}" for name, kind in columns) + "}"


def read_lines(path: str, columns: str) -> str:
    """Return a table function over a file of JSON Lines; broken lines give rows of nulls."""
    return (
        f"read_json({quoted(path)}, columns={columns}, format='newline_delimited', "
        f"ignore_errors=true, maximum_object_size={LONGEST_RECORD})"
    )


def rows_view(path: str) -> str:
    """Return a query over a file of rows that Python wrote."""
    source = read_lines(path, columns_argument(COLUMNS.items()))
    return f"SELECT {', '.join(COLUMNS)}, {UNKNOWN_TEXT}, {KEYS}, false AS odd FROM {source}"


def parquet_view(paths: Iterable[str]) -> str:
    """Return a query over files of the archive."""
    source = read_parquet(paths)
    return f"SELECT {', '.join(COLUMNS)}, {UNKNOWN_TEXT}, {KEYS}, false AS odd FROM {source}"


def signed_view(paths: Iterable[str]) -> str:
    """Return a query over files of the archive whose signatures were worked out by today's rules.

    What they were made of is not read again.
    """
    columns = ", ".join(f"NULL AS {name}" if name in WORDS else name for name in COLUMNS)
    return f"SELECT {columns}, {SIGNED}, {KEYS}, false AS odd FROM {read_parquet(paths)}"


def keyed_view(paths: Iterable[str]) -> str:
    """Return a query over files of the archive that hold their keys, made as today."""
    columns = ", ".join(f"NULL AS {name}" if name in WORDS else name for name in COLUMNS)
    keys = ", ".join(KEY_COLUMNS)
    return f"SELECT {columns}, {SIGNED}, {keys}, false AS odd FROM {read_parquet(paths)}"


def read_parquet(paths: Iterable[str]) -> str:
    """Return a table function over files of the archive."""
    files = "[" + ", ".join(map(quoted, paths)) + "]"
    return f"read_parquet({files}, hive_partitioning=false)"


WITHOUT_SECOND_IDS = """QUALIFY change IS NULL OR NOT starts_with(id, 'local-') OR bool_and(
    starts_with(id, 'local-')) OVER (PARTITION BY time, change, job)"""
"""Leaves out an event whose id is made up where one with an id of its own is the same."""

SIGNED = "signature_text"
"""The column of a signature's text, in the archive; NULL for successes."""

UNKNOWN_TEXT = f"NULL::VARCHAR AS {SIGNED}"
WORDS = ("reason", "skip_attribute", "step_words")

EVENT_KEY = "hash(id)"
OBJECT_KEY = f"CASE WHEN {OBJECT} IS NOT NULL THEN hash({SCOPE}, {OBJECT}) END"
FAULT_KEY = "hash(status, {app}, action, error_code, skip_reason, text)"
"""What stands for an event, its object and its fault: eight bytes are compared, not texts."""

KEY_COLUMNS = ("event_key", "object_key", "fault_key")
KEYS = f"{EVENT_KEY} AS event_key, {OBJECT_KEY} AS object_key, NULL::UBIGINT AS fault_key"
"""The keys where no file holds them; a fault has none before its text is worked out."""

HASHED = "SELECT hash('a'), hash('a', 'b'), hash('', NULL, 'é')"
"""What tells whether DuckDB makes the keys as it did when a file was written."""


def rules_mark() -> str:
    """Return what the name of a signed file has in it: another one for other rules."""
    parts = (*RULES, LONGEST_REASON, LONGEST_TEXT, SHORTEST_NAME, NET_SENTENCE)
    return "-s" + hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def keys_mark(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what the name of a file with keys ends with, signed as it is."""
    found = (connection.execute(HASHED).fetchone(), OBJECT_KEY, FAULT_KEY)
    return f"{rules_mark()}-k{hashlib.sha256(repr(found).encode()).hexdigest()[:8]}"


def is_signed(name: str) -> bool:
    """Say whether a file of the archive has signatures by today's rules."""
    return f"{rules_mark()}." in name or f"{rules_mark()}-k" in name


def no_rows() -> str:
    """Return a query with the rows' columns and no rows."""
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
    return f"SELECT *, {UNKNOWN_TEXT}, {KEYS}, false AS odd FROM (SELECT {columns} WHERE false)"


def raw_from_rows(path: str, ids: Iterable[str]) -> str:
    """Return a query for the raw records with `ids` in a file of rows that Python wrote."""
    columns = columns_argument([("id", "VARCHAR"), *RECORD_COLUMNS.items()])
    return f"SELECT id, raw, origin FROM {read_lines(path, columns)} WHERE id IN {listed(ids)}"


def raw_from_parquet(paths: Iterable[str], ids: Iterable[str]) -> str:
    """Return a query for the raw records with `ids` in the archive."""
    return f"SELECT id, raw, origin FROM {read_parquet(paths)} WHERE id IN {listed(ids)}"


def timestamp(time: datetime) -> str:
    """Return an aware time as an SQL literal in UTC."""
    return f"TIMESTAMP {quoted(time.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' '))}"


def scope_condition(wanted: EventFilter) -> str:
    """Return the condition for *whose* events are looked at."""
    terms = []
    if wanted.app:
        app = quoted(wanted.app.lower())
        terms.append(f"(lower(app_id) = {app} OR lower(app) = {app})")
    if wanted.job:
        terms.append(f"lower(job_id) = {quoted(wanted.job.lower())}")
    if wanted.since:
        terms.append(f"time >= {timestamp(wanted.since)}")
    if wanted.until:
        terms.append(f"time < {timestamp(wanted.until)}")
    if wanted.user:
        user = quoted(wanted.user.lower())
        names = ("source_id", "source_name", "user_name", "target_id", "target_name")
        terms.append("(" + " OR ".join(f"contains(lower({n}), {user})" for n in names) + ")")
    return " AND ".join(f"coalesce({term}, false)" for term in terms) or "true"


def shown_condition(wanted: EventFilter) -> str:
    """Return the condition for *which of them* are shown."""
    terms = []
    if wanted.status:
        terms.append(f"status IN {listed(wanted.status)}")
    if wanted.error_code:
        terms.append(f"ends_with(lower(error_code), {quoted(wanted.error_code.lower())})")
    if wanted.action:
        terms.append(f"lower(action) = {quoted(wanted.action.lower())}")
    if wanted.cycle:
        terms.append(f"lower(cycle_id) = {quoted(wanted.cycle.lower())}")
    return " AND ".join(f"coalesce({term}, false)" for term in terms) or "true"


def told_words() -> str:
    """Return the expression for what an event says of its fault, prepared for the rules.

    The same as `entra.signature.signature_facts` and `without_own` do, and the first rule.
    """
    words = (
        "coalesce(reason, concat(CASE WHEN skip_attribute IS NOT NULL THEN skip_attribute || ': ' "
        "ELSE '' END, coalesce(step_words, skip_reason, '')))"
    )
    expression = f"replace(left({words}, {LONGEST_REASON}), {quoted(NET_SENTENCE)}, '')"
    for name in ("user_name", "source_name", "source_id", "target_id"):
        own = f"coalesce(CASE WHEN length({name}) >= {SHORTEST_NAME} THEN {name} END, chr(1))"
        expression = f"replace({expression}, {own}, '<name>')"
    return with_rules(expression, [RETRY_RULE])


def with_rules(expression: str, rules: Iterable[tuple[str, str]]) -> str:
    """Return `expression` with `rules` applied in order."""
    for pattern, replacement in rules:
        expression = f"regexp_replace({expression}, {quoted(pattern)}, {quoted(replacement)}, 'g')"
    return expression


def values_removed(expression: str) -> str:
    """Return `expression` after the rules for values."""
    return with_rules(expression, VALUE_RULES)


def words_removed(expression: str) -> str:
    """Return `expression` after the rules for names and quotes, cut and trimmed."""
    return f"trim(left({with_rules(expression, WORD_RULES)}, {LONGEST_TEXT}), ' ')"
