"""JSON: the shape that design promises, its schema, and reading it back."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from scimdoctor.errors import SourceError
from scimdoctor.model.exchange import Exchange, FailureKind, ScimRequest, ScimResponse
from scimdoctor.model.reconstruction import ReconstructedRequest
from scimdoctor.model.replay import ReplayedRequest
from scimdoctor.reports import Format, render
from scimdoctor.reports.json import schema
from scimdoctor.reports.load import load_report
from scimdoctor.reports.rewrite import scrubbed
from scimdoctor.reports.shape import body_json
from tests.fakes.hostile import reports
from tests.fakes.reports import SCENARIOS, diagnose

if TYPE_CHECKING:
    from scimdoctor.model.report import Report


def as_json(name: str) -> Any:
    out = io.StringIO()
    render(SCENARIOS[name](), out, Format.JSON)
    return json.loads(out.getvalue())


def strict(node: Any) -> Any:
    """The schema with every object closed: a field that it does not name fails."""
    if isinstance(node, dict):
        closed = {key: strict(value) for key, value in node.items()}
        if "properties" in closed and closed.get("type") == "object":
            closed.setdefault("additionalProperties", False)
        return closed
    return [strict(item) for item in node] if isinstance(node, list) else node


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_report_fits_the_schema_and_the_schema_names_every_field(name: str) -> None:
    jsonschema.validate(as_json(name), strict(copy.deepcopy(schema())))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_read_back_is_the_same(name: str) -> None:
    out = io.StringIO()
    render(SCENARIOS[name](), out, Format.JSON)
    assert load_report(out.getvalue(), name) == scrubbed(SCENARIOS[name]())


def test_the_promised_shape() -> None:
    data = as_json("diagnose")
    assert data["schema_version"] == "1"
    assert data["tool"]["name"] == "scimdoctor"
    assert data["events"] == {
        "read": 500, "failure": 80, "skipped": 20, "warning": 7, "success": 393, "unreadable": 0
    }  # fmt: skip
    request = data["replays"][0]["requests"][1]
    assert request["body"]["Operations"][0]["op"] == "Replace"
    assert request["provenance"] == {"displayName": "observed", "active": "assumed"}
    assert request["exchange"] == "x1"
    assert "failure" in data["exchanges"][2]
    assert "response" not in data["exchanges"][2]
    assert data["exchanges"][0]["response"]["headers"]["X-Trace"] == ["a", "b"]


def test_events_and_job_keep_graphs_names() -> None:
    data = as_json("diagnose")
    assert data["event_list"][0]["provisioningStatusInfo"]["errorInformation"]["errorCode"]
    assert data["job"]["status"]["quarantine"]["seriesCount"] == 3
    assert data["job"]["schedule"]["interval"] == "PT2400S"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain text",
        b'{"a":1}',
        b'{ "a" : 1 }',
        b'{"a":1,"a":2}',
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b'{"n":1e999}',
        b"[" * 5000 + b"]" * 5000,
        b'"just a string"',
        '{"name":"Zoë"}'.encode(),
    ],
    ids=lambda body: repr(body[:14]),
)
def test_bodies_come_back_byte_for_byte(body: bytes) -> None:
    exchange = Exchange(
        id="x1",
        request=ScimRequest(method="POST", path="/Users", body=body),
        url="https://scim.example/Users",
        response=ScimResponse(status=200, body=body),
        elapsed_in_milliseconds=1.0,
    )
    out = io.StringIO()
    render(replace(diagnose(), exchanges=(exchange,)), out, Format.JSON)
    again = load_report(out.getvalue(), "x").exchanges[0]
    assert again.request.body == body
    assert again.response
    assert again.response.body == body


def test_a_compact_object_needs_no_exact_text() -> None:
    assert body_json(b'{"a":1}') == {"body": {"a": 1}}
    assert body_json(b'{"a": 1}') == {"body": {"a": 1}, "body_text": '{"a": 1}'}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "is not JSON"),
        ("[]", "is not a scimdoctor report"),
        ('{"schema_version": "2"}', "is not a scimdoctor report"),
        ('{"schema_version": "1"}', "is a damaged report"),
        ('{"schema_version": "1", "tool": {"version": 7}}', "is a damaged report"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_report_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(SourceError, match=f"old.json {says}"):
        load_report(text, "old.json")


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("findings", [{}]),
        ("findings", "no"),
        ("generated_at", 5),
        ("exchanges", [{"id": "x"}]),
        ("days", [{"day": 1}]),
        ("target", ["a"]),
    ],
)
def test_a_damaged_section_is_an_error_not_a_traceback(section: str, value: object) -> None:
    data = as_json("diagnose")
    data[section] = value
    with pytest.raises(SourceError, match="damaged"):
        load_report(json.dumps(data), "r.json")


def test_fields_of_a_later_version_are_passed_over() -> None:
    data = as_json("diagnose")
    data["new_section"] = [1]
    data["findings"][0]["new_field"] = 1
    assert load_report(json.dumps(data), "r.json").findings


@given(report=reports())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_report_read_back_is_written_the_same(report: Report) -> None:
    out, again = io.StringIO(), io.StringIO()
    render(report, out, Format.JSON)
    render(load_report(out.getvalue(), "r.json"), again, Format.JSON)
    assert again.getvalue() == out.getvalue()


def test_no_field_of_a_replay_or_an_exchange_is_left_out() -> None:
    data = as_json("diagnose")
    request = set(data["replays"][0]["requests"][1]) | {"rebuilt", "request"}
    for kind in (ReplayedRequest, ReconstructedRequest, ScimRequest):
        assert {field.name for field in fields(kind)} <= request
    assert {field.name for field in fields(Exchange)} <= set(data["exchanges"][0]) | {"failure"}


def test_the_schema_knows_every_reason_for_no_answer() -> None:
    known = schema()["$defs"]["failure"]["properties"]["kind"]["enum"]
    assert set(known) == {str(kind) for kind in FailureKind}


def test_a_report_that_is_a_verdict_is_one_line() -> None:
    report = SCENARIOS["status"]()
    assert report.status is not None
    text = io.StringIO()
    render(report, text, Format.JSONL)
    assert json.loads(text.getvalue())["health"] == report.status.health
