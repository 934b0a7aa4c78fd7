"""Jobs, schemas and single values out of JSON of every quality."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.errors import SourceError
from scimdoctor.graph import json_values as values
from scimdoctor.graph.saved import load_job, load_schema
from scimdoctor.graph.synchronization import (
    parse_job,
    parse_jobs,
    parse_on_demand,
    parse_schema,
)
from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema
from tests.fakes.microsoft import DATA, data

if TYPE_CHECKING:
    from pathlib import Path

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JOB_KEYS = [
    "id", "templateId", "schedule", "status", "interval", "state", "code", "quarantine", "reason",
    "lastExecution", "progress", "error", "synchronizationJobSettings", "name", "value", "key",
    "synchronizedEntryCountByType", "timeBegan", "countEscrowed", "Status", "SCHEDULE", "seriesCount",
    "schema", "synchronizationRules", "objectMappings", "attributeMappings", "targetAttributeName",
    "source", "parameters", "scope", "groups", "clauses", "targetOperand", "values", "directories",
    "objects", "attributes", "type", "matchingPriority", "enabled", "result", "details",
]  # fmt: skip
garbage = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(JOB_KEYS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=40,
)


def test_active_job() -> None:
    job = parse_job(data("graph-job-active"))
    assert job.id.startswith("scim.")
    assert job.schedule.state == "Active"
    assert job.schedule.interval == timedelta(minutes=40)
    assert job.status.code == "Active"
    last = job.status.last_execution
    assert last
    assert (last.state, last.count_escrowed, last.error) == ("EntryLevelErrors", 2, None)
    assert last.time_ended == datetime(2026, 7, 17, 12, 31, 15, tzinfo=UTC)
    assert (
        job.status.synchronized_entry_count_by_type["urn:ietf:params:scim:schemas:core:2.0:Group"]
        == 3
    )
    assert job.settings["QuarantineTooManyDeletesThreshold"] == "500"
    assert job.raw["templateId"] == "scim"


def test_empty_texts_and_never() -> None:
    job = parse_job(data("graph-job-empty-texts"))
    assert job.schedule.interval is None
    assert job.status.steady_state_first_achieved_time is None
    quarantine = job.status.quarantine
    assert quarantine
    assert (quarantine.reason, quarantine.current_began, quarantine.series_count) == (None, None, 2)
    assert quarantine.error
    assert quarantine.error.tenant_actionable is True


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("graph-job-quarantine-credentials", "EncounteredQuarantineException"),
        ("graph-job-quarantine-escrow", "EncounteredEscrowProportionThreshold"),
        ("graph-job-quarantine-deletes", "TooManyDeletes"),
    ],
)
def test_quarantines(name: str, reason: str) -> None:
    quarantine = parse_job(data(name)).status.quarantine
    assert quarantine
    assert quarantine.reason == reason
    assert quarantine.next_attempt


def test_job_that_has_not_run() -> None:
    job = parse_job(data("graph-job-notrun"))
    assert job.status.code == "NotRun"
    assert job.status.quarantine is None


def test_letter_case_of_keys_and_enumerations_does_not_matter() -> None:
    raw = {
        "ID": "j",
        "Schedule": {"State": "ACTIVE", "Interval": "pt40m"},
        "Status": {
            "Code": "quarantine",
            "Quarantine": {"Reason": "tooManyDeletes"},
            "LastExecution": {"State": "entryLevelErrors", "CountEscrowed": "12"},
        },
    }
    job = parse_job(raw)
    assert (job.id, job.schedule.state, job.status.code) == ("j", "Active", "Quarantine")
    assert job.status.quarantine
    assert job.status.quarantine.reason == "TooManyDeletes"
    assert job.status.last_execution
    assert job.status.last_execution.count_escrowed == 12
    assert job.status.last_execution.state == "EntryLevelErrors"


def test_unknown_enumeration_values_stay() -> None:
    job = parse_job({"id": "j", "status": {"code": "Hibernating"}})
    assert job.status.code == "Hibernating"


def test_placeholders_are_nothing() -> None:
    raw = {
        "status": {"quarantine": {}, "lastExecution": {"error": {"code": "None", "message": ""}}}
    }
    status = parse_job(raw).status
    assert status.quarantine is None
    assert status.last_execution
    assert status.last_execution.error is None


def test_lists_and_wrappers() -> None:
    wrapped = data("graph-jobs-list")
    assert len(parse_jobs(wrapped)) == len(wrapped["value"])
    assert parse_job(wrapped).id == wrapped["value"][0]["id"]
    assert parse_jobs({"value": []}) == ()
    assert parse_job(wrapped["value"]).id == wrapped["value"][0]["id"]


def test_default_schema() -> None:
    schema = parse_schema(data("graph-schema-default"))
    users = schema.mapping_for(group=False)
    groups = schema.mapping_for(group=True)
    assert users
    assert groups
    assert [m.target_attribute_name for m in users.matching_mappings] == ["userName"]
    assert [m.target_attribute_name for m in groups.matching_mappings] == ["displayName"]
    definition = schema.target_definition(users)
    assert definition
    assert definition.attribute("USERNAME")
    active = next(m for m in users.attribute_mappings if m.target_attribute_name == "active")
    assert active.source
    assert active.source.type == "Function"
    assert active.source.parameters


@pytest.mark.parametrize("name", ["graph-schema-minimal", "graph-schema-salesforce"])
def test_documented_schemas(name: str) -> None:
    schema = parse_schema({"schema": data(name)})
    assert schema.object_mappings[0].enabled
    assert {m.flow_behavior for m in schema.object_mappings[0].attribute_mappings} <= {
        "FlowWhenChanged",
        "FlowAlways",
    }


def test_scoping_filter() -> None:
    clause = {
        "operatorName": "EQUALS",
        "sourceOperandName": "department",
        "targetOperand": {"values": ["Sales", 7, None]},
    }
    raw = {"objectMappings": [{"scope": {"groups": [{"name": "g", "clauses": [clause]}]}}]}
    mapping = parse_schema({"synchronizationRules": [raw]}).object_mappings[0]
    assert mapping.scope[0].clauses[0].values == ("Sales", "7")


def test_endless_parameters_are_cut() -> None:
    source: dict[str, Any] = {"type": "Constant", "name": "x"}
    for _ in range(300):
        source = {"type": "Function", "parameters": [{"key": "source", "value": source}]}
    mapping = {"targetAttributeName": "a", "source": source}
    rule = {"objectMappings": [{"attributeMappings": [mapping]}]}
    assert parse_schema({"synchronizationRules": [rule]}).object_mappings[0].attribute_mappings


def test_on_demand_answers() -> None:
    skipped = parse_on_demand(data("graph-on-demand-skipped"))
    assert (skipped.result, skipped.error_code) == ("Skipped", "RedundantExport")
    assert skipped.event["action"] == "Other"
    group = parse_on_demand(data("graph-on-demand-group"))
    assert (group.result, group.error_code, dict(group.event)) == ("Success", None, {})
    failed = parse_on_demand(data("graph-on-demand-failure"))
    assert failed.result == "Failure"
    assert failed.error_message
    assert "already exists" in failed.error_message
    assert parse_on_demand({"key": "{", "value": 3}).result == "Unknown"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT40M", timedelta(minutes=40)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("P2W", timedelta(weeks=2)),
        ("P10675199DT2H48M5.4775807S", None),
        ("P99999999999999999999D", None),
        ("-PT1M", None),
        ("PT", None),
        ("P", None),
        ("", None),
        ("40 minutes", None),
        (40, None),
    ],
)
def test_durations(text: object, expected: timedelta | None) -> None:
    assert values.duration({"interval": text}, "interval") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-17T12:31:15.0000000Z", datetime(2026, 7, 17, 12, 31, 15, tzinfo=UTC)),
        ("2026-07-17T14:31:15+02:00", datetime(2026, 7, 17, 12, 31, 15, tzinfo=UTC)),
        ("2026-07-17T12:31:15", datetime(2026, 7, 17, 12, 31, 15, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
        ("soon", None),
        (None, None),
        (3, None),
    ],
)
def test_moments(text: object, expected: datetime | None) -> None:
    assert values.moment({"t": text}, "T") == expected


def test_single_values() -> None:
    source = {"A": 1.0, "b": "2", "c": True, "d": "x", "e": float("inf"), "f": ["no"], "g": "TRUE"}
    assert [values.integer(source, key) for key in "abcdef"] == [1, 2, None, None, None, None]
    assert [values.boolean(source, key) for key in "acgd"] == [None, True, True, None]
    assert [values.text(source, key) for key in "acdf"] == ["1.0", "true", "x", None]
    assert values.pairs({"p": {"x": 1}}, "p") == {"x": 1}
    assert values.pairs({"p": [{"name": "x", "value": 1}, {"value": 2}]}, "p") == {"x": 1}
    assert values.spelled("  ", ("A",)) is None


@given(garbage)
@settings(max_examples=60, deadline=None)
def test_parsers_never_raise(raw: object) -> None:
    assert isinstance(parse_job(raw), SynchronizationJob)
    assert isinstance(parse_jobs(raw), tuple)
    assert isinstance(parse_schema(raw), SynchronizationSchema)
    if isinstance(raw, dict):
        parse_on_demand(raw)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_real_job_with_any_part_replaced_is_read(draw: st.DataObject) -> None:
    raw = data("graph-job-active")
    place = raw
    while True:
        key = draw.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and draw.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw.draw(garbage)
        break
    job = parse_job(raw)
    assert dataclasses.is_dataclass(job)
    assert hash(job.schedule) is not None


@pytest.mark.parametrize("wrap", [lambda j: j, lambda j: {"value": [j]}, lambda j: [j]])
def test_saved_jobs(tmp_path: Path, wrap: Any) -> None:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(wrap(data("graph-job-active"))), encoding="utf-8-sig")
    assert load_job(path).status.code == "Active"


def test_saved_schema() -> None:
    assert load_schema(DATA / "graph-schema-default.json").object_mappings


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<html>", "web page"),
        (b'{"a": ', "no JSON"),
        (b"\xff\xfe{", "UTF-8"),
        (b"[]", "holds no"),
        (b"3", "holds no"),
        (b"[" * 100_000, "JSON|deep"),
        (b"", "no JSON"),
    ],
    ids=["html", "cut", "utf-16", "empty-list", "number", "deep", "empty"],
)
def test_files_that_are_neither(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(content)
    for load in (load_job, load_schema):
        with pytest.raises(SourceError) as caught:
            load(path)
        said = f"{caught.value.message} {caught.value.hint}"
        assert any(part in said for part in word.split("|"))
        assert "saved.json" in said


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load_job(tmp_path)
    with pytest.raises(SourceError, match=r"none\.json cannot be read"):
        load_schema(tmp_path / "none.json")


def test_a_saved_refusal_of_graph_is_named(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"error": {"code": "Authorization_RequestDenied", "message": "No\\nright"}}')
    for load in (load_job, load_schema):
        with pytest.raises(
            SourceError, match=r"error of Microsoft Graph: Authorization_Requ.*: No "
        ):
            load(path)


def test_saved_by_powershell_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text((DATA / "graph-schema-default.json").read_text("utf-8"), "utf-16")
    assert load_schema(path).object_mappings


def two_directories(source: str | None, target: str | None) -> str | None:
    """The attribute that the target's definition has, where both ends have a `User`."""
    owner = {"sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": []}
    ends = {"sourceDirectoryName": source, "targetDirectoryName": target}
    directories = [
        {"id": f"d{n}", "name": name, "objects": [{"name": "User", "attributes": [{"name": name}]}]}
        for n, name in enumerate(("Azure Active Directory", "app", "other"))
    ]
    rules = [{"objectMappings": [owner], **ends}]
    schema = parse_schema({"synchronizationRules": rules, "directories": directories})
    found = schema.target_definition(schema.object_mappings[0])
    assert schema.source_definition(schema.object_mappings[0]) is not None
    return found.attributes[0].name if found else None


@pytest.mark.parametrize(
    ("source", "target", "wanted"),
    [
        ("Azure Active Directory", "app", "app"),
        ("azure active directory", "OTHER", "other"),
        (None, "d1", "app"),
        ("Azure Active Directory", None, None),
        ("Azure Active Directory", "a name that the schema lacks", None),
    ],
)
def test_target_attributes_are_those_of_the_directory_that_the_rule_targets(
    source: str | None, target: str | None, wanted: str | None
) -> None:
    assert two_directories(source, target) == wanted
