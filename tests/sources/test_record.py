"""Every form of a record is read into the same event; nothing in one makes reading fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.sources.forms import OtherCategory, UnreadableRecord
from scimdoctor.sources.record import read_record

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

DATA = Path(__file__).parent.parent / "data" / "sources"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


CONFLICT: dict[str, Any] = load("graph-list-scim-user-conflict.json")["value"][0]


def changed(**fields: object) -> dict[str, object]:
    return CONFLICT | fields


def pascal(value: Any) -> Any:
    """Write keys as PowerShell's Graph module does, open sets in `AdditionalProperties`."""
    if isinstance(value, list):
        return [pascal(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key[:1].upper() + key[1:]: {"AdditionalProperties": item}
        if key == "details"
        else pascal(item)
        for key, item in value.items()
    }


def facts(event: ProvisioningObjectSummary) -> tuple[object, ...]:
    return (
        event.status,
        event.provisioning_action,
        event.error.error_code,
        event.service_principal.display_name,
        event.target_system.display_name,
        event.source_identity.display_name,
        event.target_identity.identity_type,
        [
            (step.name, step.provisioning_step_type, step.status)
            for step in event.provisioning_steps
        ],
    )


def test_graph_v1_record_is_read_whole() -> None:
    event = read_record(CONFLICT, "graph")
    assert event.id == "0000002a-0000-4000-8000-00000000002a"
    assert event.activity_date_time == datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)
    assert event.status == "failure"
    assert event.error.error_code is not None
    assert event.error.error_code.endswith("IncompatibleFiltering")
    assert event.error.additional_details is None
    assert event.target_identity.id is None, "an empty text is no id"
    assert event.provisioning_steps[-1].details['emails[type eq "work"]value'] == "ada@example.com"
    assert len(event.modified_properties) == 8
    assert event.origin == "graph"
    assert event.raw == CONFLICT


def test_portal_download_equals_graph() -> None:
    assert read_record(load("portal-download.json")[0]) == read_record(CONFLICT)


def test_powershell_dump_equals_graph() -> None:
    assert read_record(pascal(CONFLICT)) == read_record(CONFLICT)


def test_nested_json_text_equals_graph() -> None:
    flat = {
        key: json.dumps(value) if isinstance(value, dict | list) else value
        for key, value in CONFLICT.items()
    }
    assert read_record(flat) == read_record(CONFLICT)


def test_envelope_columns_and_rows_are_one_event() -> None:
    envelope = load("eventhub-message.json")["records"][1]
    current = load("log-analytics-rows-current.json")[1]
    older = load("log-analytics-rows-older-columns.json")[0]
    events = [read_record(raw) for raw in (envelope, current, older)]
    assert facts(events[0]) == facts(events[1]) == facts(events[2])
    assert {event.id for event in events} == {"0000005e-0000-4000-8000-00000000005e"}
    assert {event.tenant_id for event in events} == {"11111111-1111-4111-8111-111111111111"}
    assert {event.duration_in_milliseconds for event in events} == {812}


def test_envelope_stands_in_for_what_the_record_lacks() -> None:
    envelope = load("eventhub-message.json")["records"][1]
    thin = envelope | {"properties": {"jobId": "j", "action": "Create"}}
    thin |= {"resultSignature": "Code", "resultDescription": "Words"}
    event = read_record(thin)
    assert event.id == envelope["identity"]
    assert event.change_id == envelope["correlationId"]
    assert event.status == "failure"
    assert (event.error.error_code, event.error.reason) == ("Code", "Words")
    assert event.duration_in_milliseconds == 812


def test_another_category_is_told_apart() -> None:
    envelope = load("eventhub-message.json")["records"][1]
    with pytest.raises(OtherCategory, match="SignInLogs"):
        read_record(envelope | {"category": "SignInLogs"})


@pytest.mark.parametrize("name", ["response", "decoded"])
def test_provision_on_demand_is_decoded_twice(name: str) -> None:
    event = read_record(load(f"provision-on-demand-user-skipped-{name}.json"))
    assert event.status == "skipped"
    assert event.error.error_code == "RedundantExport"
    assert event.activity_date_time == datetime(2020, 6, 26, 13, 58, 24, 768208, tzinfo=UTC)
    assert event.provisioning_steps[1].provisioning_step_type == "matching"
    assert event.source_identity.display_name == "ada@example.com"
    assert event.id.startswith("local-")


def test_provision_on_demand_of_a_group_has_an_outcome_only() -> None:
    assert read_record(load("provision-on-demand-group-docs-response.json")).status == "success"


def test_service_principal_as_a_collection() -> None:
    event = read_record(changed(servicePrincipal=[{"id": "sp", "displayName": "App"}]))
    assert event.service_principal.display_name == "App"


def test_service_principal_from_the_target_system() -> None:
    event = read_record(changed(servicePrincipal=None))
    assert event.service_principal == read_record(CONFLICT).service_principal


def test_unknown_enumeration_values_are_kept() -> None:
    event = read_record(
        changed(provisioningAction="Teleport", provisioningStatusInfo={"status": "Pondering"})
    )
    assert (event.provisioning_action, event.status) == ("teleport", "pondering")
    assert read_record(changed(provisioningStatusInfo={"status": 9})).status == "9"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-24T07:23:44Z", datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        ("2026-03-24T07:23:44.1234567Z", datetime(2026, 3, 24, 7, 23, 44, 123456, tzinfo=UTC)),
        ("2026-03-24T09:23:44+02:00", datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        ("2026-03-24 07:23:44", datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        ("3/24/2026, 7:23:44.500 PM", datetime(2026, 3, 24, 19, 23, 44, 500000, tzinfo=UTC)),
        ("3/24/2026 12:00:01 AM", datetime(2026, 3, 24, 0, 0, 1, tzinfo=UTC)),
        ("/Date(1774337024000)/", datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        ({"value": "/Date(1774337024000)/"}, datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        (1774337024000, datetime(2026, 3, 24, 7, 23, 44, tzinfo=UTC)),
        ("13/32/2026 1:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times(value: object, expected: datetime | None) -> None:
    assert read_record(changed(activityDateTime=value)).activity_date_time == expected


def test_an_empty_new_value_is_not_a_missing_one() -> None:
    event = read_record(
        changed(modifiedProperties=[{"displayName": "title", "oldValue": None, "newValue": ""}])
    )
    assert event.modified_properties[0].old_value is None
    assert event.modified_properties[0].new_value == ""


def test_powershell_without_depth_is_named() -> None:
    cut = {"Id": "1", "ChangeId": "2", "ProvisioningStatusInfo": "@{Status=failure}"}
    with pytest.raises(UnreadableRecord, match="-Depth 20"):
        read_record(cut)


def test_something_else_is_refused() -> None:
    with pytest.raises(
        UnreadableRecord, match="an error of Microsoft Graph, not its answer: X: no"
    ):
        read_record({"error": {"code": "X", "message": "no"}})
    with pytest.raises(UnreadableRecord, match="none of the fields"):
        read_record({"id": "1", "displayName": "Ada"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(fields=st.dictionaries(st.sampled_from([*CONFLICT, "properties", "key", "value"]), JSON))
def test_no_value_makes_reading_fail(fields: dict[str, object]) -> None:
    try:
        event = read_record(changed(**fields))
    except UnreadableRecord:
        return
    assert event.id
    repr(event).encode("utf-8")


@pytest.mark.parametrize("empty", [{}, [], "{}", "[]", " {}"])
def test_an_empty_part_is_no_name(empty: object) -> None:
    names = ("servicePrincipal", "sourceIdentity", "targetIdentity", "initiatedBy", "sourceSystem")
    event = read_record({"id": "1", "changeId": "c"} | dict.fromkeys(names, empty))
    assert event.service_principal.display_name is None
    assert event.source_identity.display_name is None
    assert event.target_identity.display_name is None
    assert event.initiated_by.display_name is None
    assert event.source_system.display_name is None
