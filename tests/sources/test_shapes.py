"""What DuckDB reads by itself is what the tolerant reader reads, in every wrapping and spelling."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.errors import SourceError
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import open_events
from scimdoctor.sources.inputs import Input
from scimdoctor.sources.odd_lines import as_tidy, records_of_page, unwrapped
from scimdoctor.sources.shapes import Container
from tests.fakes.provisioning import RECORDS, random_records

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent.parent / "data" / "sources"
NEVER = 1 << 60


def respelt(value: Any) -> Any:
    """Spell a record as exports of 2021 did."""
    record = dict(value)
    for part in ("servicePrincipal", "sourceIdentity", "targetIdentity"):
        if isinstance(record.get(part), dict):
            names = {"id": "Id", "displayName": "Name"}
            record[part] = {names.get(key, key): v for key, v in record[part].items()}
    info = record.get("provisioningStatusInfo")
    if isinstance(info, dict):
        record["provisioningStatusInfo"] = {
            "Status" if key == "status" else key: v for key, v in info.items()
        }
    if isinstance(record.get("provisioningSteps"), list):
        states = ["success", "failure", "skipped", "warning"]
        record["provisioningSteps"] = [
            {**step, "status": states.index(step["status"])} for step in record["provisioningSteps"]
        ]
    return record


def enveloped(record: dict[str, Any]) -> dict[str, Any]:
    info = record.get("provisioningStatusInfo")
    info = info if isinstance(info, dict) else {}
    error = info.get("errorInformation") or {}
    return {
        "time": "2026-03-25T00:00:00Z",
        "category": "ProvisioningLogs",
        "tenantId": "tenant",
        "resultType": str(info.get("status") or info.get("Status") or "").title(),
        "resultSignature": error.get("errorCode") or "None",
        "resultDescription": error.get("reason"),
        "durationMs": "12",
        "correlationId": record.get("changeId"),
        "identity": record.get("id"),
        "properties": {k: v for k, v in record.items() if k not in {"changeId", "tenantId"}},
    }


SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "graph": lambda record: record,
    "portal, export's spelling": respelt,
    "blob": enveloped,
    "hub": lambda record: enveloped(respelt(record)),
}


def as_lines(values: list[Any]) -> str:
    return "".join(json.dumps(value) + "\r\n" for value in values)


def as_pages(values: list[Any]) -> str:
    pages = [values[:2], values[2:]] if len(values) > 2 else [values]
    tight = (",", ":")
    return "".join(
        json.dumps({"@odata.context": "x", "value": page}, separators=tight) + "\n"
        for page in pages
    )


CONTAINERS: dict[Container, Callable[[list[Any]], str]] = {
    Container.LINES: as_lines,
    Container.ARRAY: lambda values: json.dumps(values, indent=1),
    Container.PAGES: as_pages,
    Container.SPREAD_PAGES: lambda values: json.dumps({"records": values}, indent=1),
}

QUIRKS: list[dict[str, Any]] = [
    {},
    {"id": None},
    {"activityDateTime": "yesterday"},
    {"activityDateTime": "3/24/2026 7:23:44 AM"},
    {"provisioningAction": "Create"},
    {"provisioningStatusInfo": "Failure"},
    {"provisioningStatusInfo": None, "statusInfo": {"status": "Skipped", "errorCode": "E"}},
    {"servicePrincipal": [{"id": "app-9", "displayName": "App 9"}]},
    {"sourceIdentity": json.dumps({"id": "00009", "displayName": "Nine"})},
    {"provisioningSteps": "[]"},
    {"durationInMilliseconds": "12"},
    {"statusInfo": {"errorCode": "Beta", "reason": "so it says"}},
]


def answers(path: Path, big: int) -> tuple[object, ...]:
    with open_events([str(path)], big=big) as events:
        summary = events.summary(EVERYTHING)
        newest = [event.id for event in events.newest(EVERYTHING)]
        read = events.by_id(newest)
        return (
            summary,
            events.unreadable,
            newest,
            {one: (e.status, e.error, e.source_identity, e.change_id) for one, e in read.items()},
        )


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=3, deadline=None)
@given(records=RECORDS.filter(bool), quirks=st.lists(st.sampled_from(QUIRKS), max_size=3))
def test_quick_equals_tolerant(
    container: Container,
    spelling: str,
    records: list[dict[str, Any]],
    quirks: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    first = random_records(1)[0] | {"id": "tidy", "changeId": "tidy"}
    odd = [record | quirk for record, quirk in zip(records, quirks, strict=False)]
    values = [SPELLINGS[spelling](one) for one in (first, *odd, *records[len(odd) :])]
    path = tmp_path_factory.mktemp("events") / "events.json"
    path.write_text(CONTAINERS[container](values), encoding="utf-8")
    tidy = as_tidy(Input(name=str(path), path=path), 0)
    assert tidy is not None
    assert tidy.container is container
    assert answers(path, 0) == answers(path, NEVER)


@pytest.mark.parametrize("name", ["eventhub-message.json", "storage-PT1H.json"])
def test_samples_of_azure_monitor_are_tidy(name: str) -> None:
    path = DATA / name
    assert as_tidy(Input(name=str(path), path=path), 0) is not None
    assert answers(path, 0) == answers(path, NEVER)


def test_other_categories_are_left_out_and_counted(tmp_path: Path) -> None:
    values = [enveloped(one) for one in random_records(50)]
    values[7] = {"category": "SignInLogs", "properties": {"id": "x"}}
    path = tmp_path / "hub.json"
    path.write_text(json.dumps({"records": values}), encoding="utf-8")
    with open_events([str(path)], big=0) as events:
        assert events.summary(EVERYTHING).counts.read == 49
        assert "records of another log, left out: 1" in events.limits[0]


def test_values_that_are_no_objects_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text(json.dumps([*random_records(3), 5, [1], None]), encoding="utf-8")
    with open_events([str(path)], big=0) as events:
        assert events.summary(EVERYTHING).counts.read == 3
        assert events.unreadable == 3


def test_an_array_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    text = json.dumps(random_records(6))
    path = tmp_path / "events.json"
    path.write_text(text[:-200], encoding="utf-8")
    with open_events([str(path)], big=0) as events:
        assert events.summary(EVERYTHING).counts.read == 5
        assert events.unreadable == 1
    assert answers(path, 0) == answers(path, NEVER)


def test_one_long_page_is_read_as_an_array(tmp_path: Path) -> None:
    document = {"@odata.context": "x", "value": random_records(20), "@odata.nextLink": "https://x"}
    path = tmp_path / "events.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    copy = unwrapped(path, tmp_path)
    assert copy is not None
    assert json.loads(copy.read_text(encoding="utf-8")) == document["value"]
    expected = answers(path, 0)
    assert answers(copy, 0) == expected
    path.write_text(json.dumps({"records": document["value"]}) + "{", encoding="utf-8")
    assert unwrapped(path, tmp_path) is None


def test_a_record_that_holds_what_looks_like_two_is_not_parted(tmp_path: Path) -> None:
    records = random_records(3)
    records[1]["nested"] = [{"id": "a"}, {"id": "b"}]
    records[2]["said"] = '},{"id":"'
    path = tmp_path / "events.json"
    text = json.dumps({"value": records}, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
    assert records_of_page(text.encode()).count(b"\n") == 3, "one too many"
    assert answers(path, 0) == answers(path, NEVER)


def test_gzipped_lines(tmp_path: Path) -> None:
    path = tmp_path / "PT1H.json.gz"
    path.write_bytes(gzip.compress(as_lines([enveloped(o) for o in random_records(9)]).encode()))
    with open_events([str(path)], big=0) as events:
        assert events.summary(EVERYTHING).counts.read == 9
        assert len(events.newest(EVERYTHING)) == 9


@pytest.mark.parametrize(
    "text", ["", "[]", '{"value": []}', "no JSON", '{"value": [', '[{"a": 1}]']
)
def test_what_is_not_tidy(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert as_tidy(Input(name=str(path), path=path), 0) is None


def test_garbage_after_a_tidy_head(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(as_lines(random_records(2)).encode() + b"\x00\xff" * 50)
    with open_events([str(path)], big=0) as events:
        assert events.summary(EVERYTHING).counts.read == 2
        assert events.unreadable == 1
    with pytest.raises(SourceError), open_events([str(tmp_path / "missing")]):
        pass
