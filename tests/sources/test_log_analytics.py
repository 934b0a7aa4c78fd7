"""The KQL gives the numbers of the local SQL, and no value of the user's leaves its quotes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.errors import (
    ConfigurationError,
    GraphError,
    GraphNotFoundError,
    GraphPermissionError,
    GraphThrottledError,
    GraphUnavailableError,
)
from scimdoctor.redaction import Secret
from scimdoctor.sources import kql
from scimdoctor.sources.event_filter import EVERYTHING, EventFilter
from scimdoctor.sources.event_set import new_event_set
from scimdoctor.sources.log_analytics import Workspace
from scimdoctor.sources.record import read_record
from scimdoctor.sources.time_slices import slices_of
from tests.fakes.provisioning import START, random_records, record
from tests.fakes.workspace import COLUMNS, FakeWorkspace, otherwise, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.sources.summary import Summary

ROOT = Path(__file__).parents[2]
WORKSPACE = "00000062-0000-4000-8000-000000000062"
WIDE = EventFilter(since=START, until=START + timedelta(days=30))


def ask(fake: Callable[[httpx.Request], httpx.Response]) -> Workspace:
    return Workspace(
        http=httpx.Client(transport=httpx.MockTransport(fake)),
        base_url="https://api.loganalytics.azure.com",
        workspace=WORKSPACE,
        token=lambda: Secret("la-token"),
    )


def locally(records: list[dict[str, Any]], wanted: EventFilter) -> Summary:
    with new_event_set() as events:
        events.add_events(read_record(one) for one in records)
        return events.summary(wanted)


def numbers(summary: Summary) -> list[tuple[object, ...]]:
    return [
        (
            one.id, one.status, one.app, one.action, one.error_code, one.text, one.count,
            one.objects, one.failing_now, one.first_seen, one.last_seen,
        )
        for one in summary.signatures
    ]  # fmt: skip


def kql_engine() -> None:
    pytest.importorskip("duckdb_kql", reason="the extra 'kql' is not installed")


FILTERED = EventFilter(
    since=START,
    until=START + timedelta(hours=40),
    app="APP 1",
    user="person",
    status=("failure", "skipped"),
    action="Create",
)


@pytest.mark.parametrize("wanted", [WIDE, FILTERED], ids=["everything", "filtered"])
def test_kql_equals_sql(wanted: EventFilter) -> None:
    kql_engine()
    records = random_records(120)
    workspace = ask(FakeWorkspace(records))
    with workspace.http:
        remote = workspace.summary(wanted)
    local = locally(records, wanted)
    assert local.signatures
    assert remote.counts == local.counts
    assert remote.days == local.days
    assert numbers(remote) == numbers(local)


@pytest.mark.parametrize("place", ["ErrorCode", "errorInformation"])
def test_status_and_error_are_found_in_their_json_too(place: str) -> None:
    kql_engine()
    records = random_records(60)
    workspace = ask(FakeWorkspace(records, in_status=place))
    with workspace.http:
        remote = workspace.summary(WIDE)
        newest = workspace.newest(WIDE, limit=60)
    local = locally(records, WIDE)
    assert remote.counts == local.counts
    assert remote.days == local.days
    assert numbers(remote) == numbers(local)
    assert sum(event.status == "failure" for event in newest) == local.counts.failure


def lists(row: dict[str, Any]) -> dict[str, Any]:
    names = ("ServicePrincipal", "SourceIdentity", "TargetIdentity", "StatusInfo")
    return row | {name: [row[name]] for name in names}


def pascal_case(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(pascal_case, value))
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: pascal_case(inner) for name, inner in value.items()}
    return value


def camel_case(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(camel_case, value))
    if isinstance(value, dict):
        # The keys of details are attributes' names, and stay.
        return {
            {"Id": "id", "Name": "displayName"}.get(name, name): camel_case(inner)
            for name, inner in value.items()
        }
    return value


def inside(change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Change what is JSON in a row, not the names of its columns."""
    return lambda row: {
        name: change(cell) if isinstance(cell, dict | list) else cell for name, cell in row.items()
    }


def plain_names(row: dict[str, Any]) -> dict[str, Any]:
    names = {name: row[name]["Name"] for name in ("ServicePrincipal", "SourceIdentity")}
    return row | names | {"TargetIdentity": ""}


def details_as_text(row: dict[str, Any]) -> dict[str, Any]:
    source = row["SourceIdentity"]
    steps = [
        step | {"details": json.dumps(step.get("details"))} for step in row["ProvisioningSteps"]
    ]
    source = source | {"details": json.dumps(source["details"])}
    return row | {"SourceIdentity": source, "ProvisioningSteps": steps}


def nothing_said(row: dict[str, Any]) -> dict[str, Any]:
    error = {"ErrorCode": row["ResultSignature"], "Reason": row["ResultDescription"]}
    info = {"Status": row["ResultType"], "ErrorInformation": error}
    empty = {"ResultType": "", "ResultSignature": "None", "ResultDescription": None}
    return row | empty | {"StatusInfo": info, "TargetIdentity": None}


def cut_off(row: dict[str, Any]) -> dict[str, Any]:
    cut = {name: json.dumps(row[name])[:-3] for name in ("SourceIdentity", "ProvisioningSteps")}
    return row | cut


@pytest.mark.parametrize(
    "written",
    [
        lambda row: inside(pascal_case)(lists(details_as_text(row))),
        inside(camel_case),
        lambda row: plain_names(nothing_said(row)),
        cut_off,
    ],
    ids=["lists in Pascal case, details as text", "camel case", "plain names", "cut off"],
)
def test_kql_equals_sql_however_rows_are_written(
    written: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    kql_engine()
    records = random_records(30)
    rows = [dict(zip(COLUMNS, otherwise(row_of(one), written), strict=True)) for one in records]
    wanted = replace(WIDE, user="person")
    local = locally([row | {"TimeGenerated": f"{row['TimeGenerated']}"} for row in rows], wanted)
    workspace = ask(FakeWorkspace(records, written=written))
    with workspace.http:
        remote = workspace.summary(wanted)
        newest = workspace.newest(wanted, limit=60)
    assert bool(local.signatures) is (written is not cut_off)
    assert remote.counts == local.counts
    assert remote.days == local.days
    assert numbers(remote) == numbers(local)
    assert summed(newest) == local


def summed(events: Iterable[ProvisioningObjectSummary]) -> Summary:
    with new_event_set() as found:
        found.add_events(events)
        return found.summary(WIDE)


@pytest.mark.parametrize(
    ("wanted", "late"),
    [(replace(WIDE, until=START + timedelta(days=3)), False), (FILTERED, True)],
    ids=["everything, incomplete", "filtered, 504"],
)
def test_a_summary_that_is_too_big_comes_in_slices(wanted: EventFilter, *, late: bool) -> None:
    kql_engine()
    records = random_records(60)
    # Exported again later, behind the edge of a slice: still the same event.
    records += [one | {"activityDateTime": shifted(one, hours=5)} for one in records[:12]]
    fake = FakeWorkspace(records, longest=timedelta(hours=37), late=late)
    workspace = ask(fake)
    with workspace.http:
        remote = workspace.summary(wanted)
    local = locally(records, wanted)
    assert local.signatures
    assert remote.counts == local.counts
    assert remote.days == local.days
    assert numbers(remote) == numbers(local)
    assert [one.sample for one in remote.signatures] == [one.sample for one in local.signatures]
    assert workspace.limits == []
    assert len(fake.queries) > 5


def shifted(record: dict[str, Any], *, hours: int) -> str:
    time = datetime.fromisoformat(record["activityDateTime"]) + timedelta(hours=hours)
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def test_what_cannot_be_cut_small_enough_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kql_engine()
    monkeypatch.setattr("scimdoctor.sources.log_analytics.MOST_CUTS", 0)
    fake = FakeWorkspace(random_records(4), partial=True)
    workspace = ask(fake)
    with workspace.http:
        found = workspace.summary(WIDE)
    assert found.counts.read < 4
    assert workspace.limits == [
        "Log Analytics gave an incomplete answer: exceed the set limit of 500000 records"
    ]


def test_days_with_many_events_are_slices_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scimdoctor.sources.time_slices.SLICE_EVENTS", 10)
    day = timedelta(days=1)
    counts = {START: 4, START + day: 5, START + 2 * day: 30, START + 4 * day: 1}
    wanted = EventFilter(since=START + day / 2, until=START + 10 * day)
    assert [(one.since, one.until) for one in slices_of(wanted, counts)] == [
        (START + 3 * day, START + 10 * day),
        (START + 2 * day, START + 3 * day),
        (START + day / 2, START + 2 * day),
    ]


def test_few_signatures_are_those_that_the_local_engine_shows_first() -> None:
    kql_engine()
    records = random_records(80)
    workspace = ask(FakeWorkspace(records))
    with workspace.http:
        remote = workspace.summary(WIDE, limit=3)
    assert numbers(remote) == numbers(locally(records, WIDE))[:3]


def test_events_come_back_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    kql_engine()
    records = [
        record(
            n, person=1, status="failure", app=1, second=n, code="Dup", reason="x", action="create"
        )
        for n in range(7)
    ]
    monkeypatch.setattr("scimdoctor.sources.log_analytics.MOST_ROWS", 3)
    fake = FakeWorkspace(records)
    workspace = ask(fake)
    with workspace.http:
        found = workspace.newest(WIDE, limit=7)
        again = workspace.by_id(WIDE, ["event-2", "event-4"])
    asked = len(fake.queries)
    monkeypatch.setattr("scimdoctor.sources.log_analytics.FEWEST_ROWS", 2)
    monkeypatch.setattr("scimdoctor.sources.log_analytics.MOST_ROWS", 7)
    fake.most_rows = 2
    with httpx.Client(transport=httpx.MockTransport(fake)) as http:
        small = replace(workspace, http=http, limits=[]).newest(WIDE, limit=7)
    assert small == found
    assert len(fake.queries) > asked + 3, "it asked for fewer"
    assert [event.id for event in found] == [f"event-{n}" for n in range(6, -1, -1)]
    assert set(again) == {"event-2", "event-4"}
    assert again["event-2"].error.reason == "x"
    assert again["event-2"].tenant_id == "tenant"


def test_an_incomplete_answer_is_said() -> None:
    kql_engine()
    workspace = ask(FakeWorkspace([], partial=True))
    with workspace.http:
        workspace.rows(kql.days_query(WIDE))
    assert "incomplete answer: exceed the set limit" in workspace.limits[0]


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Failed to resolve table or column expression named 'X'", GraphNotFoundError),
        (400, "syntax", GraphError),
        (401, "who", GraphPermissionError),
        (403, "no", GraphPermissionError),
        (404, "path", GraphNotFoundError),
        (429, "slow", GraphThrottledError),
        (503, "late", GraphUnavailableError),
    ],
)
def test_refusals(status: int, message: str, kind: type[GraphError]) -> None:
    body = {"error": {"code": "x", "message": "outer", "innererror": {"message": message}}}
    workspace = ask(lambda _request: httpx.Response(status, json=body))
    with workspace.http, pytest.raises(kind) as caught:
        workspace.rows("T")
    assert caught.value.status == status


def test_html_and_no_connection() -> None:
    workspace = ask(lambda _request: httpx.Response(502, text="<html>"))
    with workspace.http, pytest.raises(GraphUnavailableError, match="502"):
        workspace.rows("T")

    for content in (b"<html>", b"", b"[]", b'{"tables": {}}'):
        answer = httpx.Response(200, content=content)
        workspace = ask(partial(give, answer))
        with workspace.http, pytest.raises(GraphUnavailableError, match="no result of a query"):
            workspace.summary(WIDE)

    workspace = ask(lambda _request: httpx.Response(204))
    with workspace.http:
        assert workspace.rows("T") == []

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    workspace = ask(refuse)
    with workspace.http, pytest.raises(GraphUnavailableError, match="no route"):
        workspace.rows("T")


def give(answer: httpx.Response, _request: httpx.Request) -> httpx.Response:
    return answer


def test_cells_of_the_wrong_kind_are_no_crash() -> None:
    columns = [{"name": name} for name in ("Day", "EventStatus", "Count", "Told", "Events", "Id")]
    rows = [
        ["2026-03-01T00:00:00Z", "failure", "2.0", ["x"], {"a": 1}, ["i"]],
        [{"a": 1}, {"a": 1}, "NaN", None, None, None],
    ]
    body = {"tables": [{"columns": columns, "rows": rows}]}
    workspace = ask(lambda _request: httpx.Response(200, json=body))
    with workspace.http:
        found = workspace.summary(EventFilter(since=START, until=datetime.max.replace(tzinfo=UTC)))
    assert found.counts.failure == 2


def test_a_workspace_is_named_by_its_guid() -> None:
    with (
        httpx.Client() as http,
        pytest.raises(ConfigurationError, match=r"'\.\./x' is not a workspace id"),
    ):
        Workspace(http=http, base_url="x", workspace="../x", token=lambda: Secret("t"))


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40))
def test_a_literal_never_ends_early(text: str) -> None:
    written = kql.literal(text)
    assert written[0] == written[-1] == '"'
    assert (
        json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        is not None
    )
    inner = written[1:-1]
    assert inner.isprintable()
    at = 0
    while at < len(inner):
        assert inner[at] != '"'
        at += 2 if inner[at] == "\\" else 1


NODE_CHECK = """
require('@kusto/language-service-next/bridge.min.js'); require('@kusto/language-service-next');
const L = Kusto.Language, S = L.Symbols, columns = %s, queries = %s;
const declared = '(' + Object.entries(columns).map(([k, v]) => `${k}: ${v}`).join(', ') + ')';
const table = new S.TableSymbol.$ctor7('AADProvisioningLogs', declared, null);
const database = new S.DatabaseSymbol.$ctor1('db', [table], false);
const globals = L.GlobalState.Default.WithDatabase(database);
const out = queries.map(query => {
  const found = L.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics(), said = [];
  for (let i = 0; i < found.Count; i++) { const d = found.getItem(i); said.push(d.Code + ' ' + d.Message); }
  return said;
});
console.log(JSON.stringify(out));
"""
TABLE = dict.fromkeys(
    [
        "AADTenantId",
        "Category",
        "ChangeId",
        "CorrelationId",
        "CycleId",
        "Id",
        "InitiatedBy",
        "JobId",
        "ModifiedProperties",
        "OperationName",
        "ProvisioningAction",
        "ProvisioningStatusInfo",
        "ProvisioningSteps",
        "ResultDescription",
        "ResultSignature",
        "ResultType",
        "ServicePrincipal",
        "SourceIdentity",
        "SourceSystem",
        "TargetIdentity",
        "TargetSystem",
        "TenantId",
        "Type",
    ],
    "string",
) | {"TimeGenerated": "datetime", "DurationMs": "long"}
FULL = EventFilter(
    since=START, until=START, app='a"b', job="j\\", user="u\n", status=("failure",),
    error_code="e", action="create", cycle="c",
)  # fmt: skip


@pytest.fixture(scope="module")
def language_service() -> Callable[[list[str]], list[list[str]]]:
    """What Microsoft's own parser finds wrong with a query; skips where it is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed, so Microsoft's language service was not asked")
    installed = [*os.environ.get("NODE_PATH", "").split(os.pathsep), str(ROOT / "node_modules")]
    environ = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, installed))}

    def ask(queries: list[str]) -> list[list[str]]:
        script = NODE_CHECK % (json.dumps(TABLE), json.dumps(queries))
        done = subprocess.run(
            [node, "-"], input=script, env=environ, capture_output=True, text=True, check=False
        )
        if "Cannot find module" in done.stderr:
            pytest.skip(
                "Microsoft's language service is not installed; "
                "'npm install --no-save @kusto/language-service-next' installs it"
            )
        assert done.returncode == 0, done.stderr
        found: list[list[str]] = json.loads(done.stdout)
        return found

    return ask


@pytest.mark.parametrize("wanted", [EVERYTHING, FULL], ids=["everything", "all filters"])
def test_microsofts_language_service_finds_no_fault(
    wanted: EventFilter, language_service: Callable[[list[str]], list[list[str]]]
) -> None:
    queries = [
        kql.days_query(wanted),
        kql.groups_query(wanted),
        kql.parts_query(wanted),
        kql.latest_query(wanted),
        kql.newest_query(wanted, limit=5),
        kql.by_id_query(wanted, ["a", 'b"']),
    ]
    *said, of_nonsense = language_service([*queries, "AADProvisioningLogs | where Nonsense == 1"])
    assert of_nonsense, "it finds what is wrong"
    assert said == [[]] * len(queries)
