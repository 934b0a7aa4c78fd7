"""SQL pieces: quoting, the view over a file, an `EventFilter` as conditions, a text's signature."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from scimdoctor.entra.signature import (
    LONGEST_REASON,
    LONGEST_TEXT,
    NET_SENTENCE,
    RETRY_RULE,
    SHORTEST_NAME,
    VALUE_RULES,
    WORD_RULES,
)
from scimdoctor.sources.json_stream import LONGEST_RECORD
from scimdoctor.sources.rows import COLUMNS, RECORD_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scimdoctor.sources.event_filter import EventFilter

OBJECT = "coalesce(source_id, source_name, target_id, target_name)"
"""What tells one person or group from another."""

SCOPE = "coalesce(app_id, app, job_id, '')"
"""What an object's state belongs to."""

PLAIN_COLUMNS = """{
    id: 'VARCHAR', activityDateTime: 'VARCHAR', tenantId: 'VARCHAR', jobId: 'VARCHAR',
    cycleId: 'VARCHAR', changeId: 'VARCHAR', durationInMilliseconds: 'BIGINT',
    provisioningAction: 'VARCHAR',
    servicePrincipal: 'STRUCT(id VARCHAR, displayName VARCHAR)',
    sourceIdentity: 'STRUCT(id VARCHAR, displayName VARCHAR,
        details STRUCT(UserPrincipalName VARCHAR))',
    targetIdentity: 'STRUCT(id VARCHAR, displayName VARCHAR)',
    provisioningStatusInfo: 'STRUCT(status VARCHAR,
        errorInformation STRUCT(errorCode VARCHAR, reason VARCHAR))',
    provisioningSteps: 'STRUCT(status VARCHAR, description VARCHAR,
        details STRUCT(SkipReason VARCHAR, PropertyName VARCHAR))[]'
}"""
"""Graph's spelling of what the rows need; naming it spares DuckDB from guessing."""

TELLING = """list_filter(provisioningSteps,
    lambda s: lower(s.status) IN ('failure', 'skipped', 'warning', '1', '2', '3'))[-1]"""

RESULTS = "('success', 'failure', 'skipped', 'warning')"
ACTIONS = "('other', 'create', 'delete', 'disable', 'update', 'stagedDelete')"


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


def plain_view(path: str) -> str:
    """Return a query over a file of Graph's own JSON Lines, a row per line, `odd` where it is not.

    An odd row (broken, or in need of `sources.record`'s tolerance) is read again by Python.
    """
    fields = f"""
        nullif(id, '') AS id,
        try_cast(activityDateTime AS TIMESTAMP) AS time,
        nullif(tenantId, '') AS tenant_id,
        nullif(jobId, '') AS job_id,
        nullif(cycleId, '') AS cycle_id,
        nullif(changeId, '') AS change_id,
        durationInMilliseconds AS duration,
        provisioningAction AS action,
        provisioningStatusInfo.status AS status,
        nullif(servicePrincipal.id, '') AS app_id,
        nullif(servicePrincipal.displayName, '') AS app,
        nullif(sourceIdentity.id, '') AS source_id,
        nullif(sourceIdentity.displayName, '') AS source_name,
        nullif(sourceIdentity.details.UserPrincipalName, '') AS user_name,
        nullif(targetIdentity.id, '') AS target_id,
        nullif(targetIdentity.displayName, '') AS target_name,
        nullif(provisioningStatusInfo.errorInformation.errorCode, '') AS error_code,
        nullif(provisioningStatusInfo.errorInformation.reason, '') AS reason,
        nullif((telling).details.SkipReason, '') AS skip_reason,
        nullif((telling).details.PropertyName, '') AS skip_attribute,
        nullif((telling).description, '') AS step_words,
        NOT coalesce(id <> '' AND time IS NOT NULL AND status IN {RESULTS}
            AND action IN {ACTIONS} AND app_id IS NOT NULL AND app IS NOT NULL
            AND lower(error_code) IS DISTINCT FROM 'none'
            AND (status <> 'failure' OR (error_code IS NOT NULL AND reason IS NOT NULL)), false
        ) AS odd"""
    telling = f"CASE WHEN provisioningStatusInfo.status <> 'success' THEN {TELLING} END AS telling"
    source = f"(SELECT *, {telling} FROM {read_lines(path, PLAIN_COLUMNS)})"
    return f"SELECT {', '.join(COLUMNS)}, odd FROM (SELECT {fields} FROM {source})"


def rows_view(path: str) -> str:
    """Return a query over a file of rows that Python wrote."""
    source = read_lines(path, columns_argument(COLUMNS.items()))
    return f"SELECT {', '.join(COLUMNS)}, false AS odd FROM {source}"


def parquet_view(paths: Iterable[str]) -> str:
    """Return a query over files of the archive."""
    files = "[" + ", ".join(map(quoted, paths)) + "]"
    return (
        f"SELECT {', '.join(COLUMNS)}, false AS odd "
        f"FROM read_parquet({files}, hive_partitioning=false)"
    )


def no_rows() -> str:
    """Return a query with the rows' columns and no rows."""
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
    return f"SELECT {columns}, false AS odd WHERE false"


def raw_from_plain(path: str, ids: Iterable[str]) -> str:
    """Return a query for the raw records with `ids` in a file of Graph's JSON Lines."""
    return (
        f"SELECT json ->> '$.id' AS id, json::VARCHAR AS raw, {quoted(path)} AS origin "
        f"FROM read_ndjson_objects({quoted(path)}, ignore_errors=true, "
        f"maximum_object_size={LONGEST_RECORD}) WHERE json ->> '$.id' IN {listed(ids)}"
    )


def raw_from_rows(path: str, ids: Iterable[str]) -> str:
    """Return a query for the raw records with `ids` in a file of rows that Python wrote."""
    columns = columns_argument([("id", "VARCHAR"), *RECORD_COLUMNS.items()])
    return f"SELECT id, raw, origin FROM {read_lines(path, columns)} WHERE id IN {listed(ids)}"


def raw_from_parquet(paths: Iterable[str], ids: Iterable[str]) -> str:
    """Return a query for the raw records with `ids` in the archive."""
    files = "[" + ", ".join(map(quoted, paths)) + "]"
    return (
        f"SELECT id, raw, origin FROM read_parquet({files}, hive_partitioning=false) "
        f"WHERE id IN {listed(ids)}"
    )


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
