"""A Log Analytics workspace: runs the KQL it is sent on DuckDB, answers as the API does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from scimdoctor.sources.kql import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COLUMNS = {
    "TenantId": "VARCHAR", "TimeGenerated": "TIMESTAMP", "Id": "VARCHAR", "JobId": "VARCHAR",
    "CycleId": "VARCHAR", "ChangeId": "VARCHAR", "AADTenantId": "VARCHAR", "Action": "VARCHAR",
    "ResultType": "VARCHAR", "ResultSignature": "VARCHAR", "ResultDescription": "VARCHAR",
    "DurationMs": "BIGINT", "SourceIdentity": "VARCHAR", "TargetIdentity": "VARCHAR",
    "ServicePrincipal": "VARCHAR", "ProvisioningSteps": "VARCHAR", "StatusInfo": "VARCHAR",
    "ModifiedProperties": "VARCHAR", "Type": "VARCHAR",
}  # fmt: skip


def row_of(record: dict[str, Any]) -> list[object]:
    """Return one of Graph's records as a row of AADProvisioningLogs, the older spelling."""
    info = record["provisioningStatusInfo"]
    error = info["errorInformation"] or {}
    identity = record["sourceIdentity"]
    row = {
        "TenantId": "workspace",
        "TimeGenerated": datetime.fromisoformat(record["activityDateTime"]).replace(tzinfo=None),
        "Id": record["id"],
        "JobId": record["jobId"],
        "CycleId": record["cycleId"],
        "ChangeId": record["changeId"],
        "AADTenantId": "tenant",
        "Action": record["provisioningAction"].capitalize(),
        "ResultType": info["status"].capitalize(),
        "ResultSignature": error.get("errorCode") or "",
        "ResultDescription": error.get("reason") or "",
        "DurationMs": record["durationInMilliseconds"],
        "SourceIdentity": exported(identity),
        "TargetIdentity": exported(record["targetIdentity"]),
        "ServicePrincipal": exported(record["servicePrincipal"]),
        "ProvisioningSteps": json.dumps(record["provisioningSteps"]),
        "StatusInfo": json.dumps({"Status": info["status"]}),
        "ModifiedProperties": "[]",
        "Type": "AADProvisioningLogs",
    }
    return [row[name] for name in COLUMNS]


def within_status(row: list[object], place: str) -> list[object]:
    """Return a row that has status and error in the JSON of its status alone."""
    named = dict(zip(COLUMNS, row, strict=True))
    status, code, reason = (
        str(named[f"Result{name}"]) for name in ("Type", "Signature", "Description")
    )
    if place == "ErrorCode":
        info: dict[str, object] = {"Status": status, "ErrorCode": code, "Reason": reason}
    else:
        number = ("Success", "Failure", "Skipped", "Warning").index(status)
        info = {"Status": number, place: {"errorCode": code, "reason": reason}}
    named |= {"ResultType": None, "ResultSignature": "None", "ResultDescription": ""}
    return list((named | {"StatusInfo": json.dumps(info)}).values())


def named(row: list[object]) -> dict[str, Any]:
    """Return a row by column, its JSON decoded."""
    return {
        name: json.loads(cell) if isinstance(cell, str) and cell[:1] in {"{", "["} else cell
        for name, cell in zip(COLUMNS, row, strict=True)
    }


def otherwise(
    row: list[object], written: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[object]:
    """Return a row as `written` writes it."""
    cells = written(named(row)).values()
    return [json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in cells]


def exported(part: dict[str, Any]) -> str:
    """Return a part with the export's key names, as JSON text."""
    rest = {key: value for key, value in part.items() if key not in {"id", "displayName"}}
    return json.dumps({"Id": part["id"], "Name": part["displayName"], **rest})


@dataclass
class FakeWorkspace:
    """Answers `POST …/query`; its table has the older columns."""

    records: Iterable[dict[str, Any]]
    queries: list[str] = field(default_factory=list)
    partial: bool = False
    longest: timedelta | None = None
    """What asks about a longer time is too much for it: half of the rows, and an error."""

    most_rows: int | None = None
    """More rows than these are cut off, and it says so."""

    in_status: str = ""
    """Where rows have status and error in their JSON alone: as `ErrorCode` or `errorInformation`."""

    written: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """How rows are written otherwise."""

    late: bool = False
    """Whether what is too much is answered 504 instead."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Run the query in `request`."""
        assert request.headers["content-type"] == "application/json"
        assert request.headers["authorization"] == "Bearer la-token"
        query = json.loads(request.content)["query"]
        self.queries.append(query)
        too_much = self.partial or (self.longest is not None and asked_time(query) > self.longest)
        if too_much and self.late:
            late = {"error": {"code": "GatewayTimeout", "innererror": {"message": "timed out"}}}
            return httpx.Response(504, json=late)
        columns, rows = self.run(query)
        if self.most_rows is not None and len(rows) > self.most_rows:
            rows, too_much = rows[: self.most_rows], True
        elif too_much:
            rows = rows[: len(rows) // 2]
        body: dict[str, Any] = {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [{"name": name, "type": "string"} for name in columns],
                    "rows": rows,
                }
            ]
        }
        if too_much:
            body["error"] = {
                "code": "PartialError",
                "message": "some errors",
                "details": [{"innererror": {"message": "exceed the set limit of 500000 records"}}],
            }
        return httpx.Response(200, content=json.dumps(body, default=as_api))

    def run(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a query; what differs between column variants is not known to the engine."""
        import duckdb_kql

        connection = duckdb_kql.connect()
        try:
            declared = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
            connection.execute(f"CREATE TABLE AADProvisioningLogs ({declared})")
            rows = [row_of(record) for record in self.records]
            if self.in_status:
                rows = [within_status(row, self.in_status) for row in rows]
            if self.written:
                rows = [otherwise(row, self.written) for row in rows]
            if rows:
                marks = ", ".join("?" * len(COLUMNS))
                connection.executemany(f"INSERT INTO AADProvisioningLogs VALUES ({marks})", rows)
            either, older = Columns.EITHER, Columns.OLDER
            plain = query.replace(either.action, older.action).replace(either.status, older.status)
            result = duckdb_kql.query(connection, plain)
            return list(result.columns), result.fetchall()
        finally:
            connection.close()


def asked_time(query: str) -> timedelta:
    """Return the length of the time that a query asks about."""
    times = [datetime.fromisoformat(one) for one in re.findall(r"datetime\((.*?)\)", query)]
    return times[2] - times[0]


def as_api(value: object) -> str:
    """Return a time as the API writes it."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)
