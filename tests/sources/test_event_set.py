"""The engine's answers: the same by every path, and the same as plain Python's."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.errors import SourceError
from scimdoctor.sources.event_filter import EVERYTHING, EventFilter
from scimdoctor.sources.event_set import MEMORY, MOST_THREADS, new_event_set, open_events
from scimdoctor.sources.record import read_record
from tests.fakes.provisioning import RECORDS, START, Group, days_of, groups_of, record

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.report import SignatureSummary
    from scimdoctor.sources.summary import Summary

NEVER = 1 << 60


def some_fields() -> list[str]:
    """Return the names of a record's fields."""
    choice = dict.fromkeys(("code", "reason", "skip", "action"))
    return list(record(1, person=1, status="success", app=1, second=1, **choice))


def as_groups(signatures: tuple[SignatureSummary, ...]) -> dict[str, Group]:
    return {
        one.id: Group(
            id=one.id,
            count=one.count,
            objects=one.objects,
            failing_now=one.failing_now or 0,
            first_seen=one.first_seen or START,
            last_seen=one.last_seen or START,
        )
        for one in signatures
    }


def as_days(summary: Summary) -> Counter[tuple[str, str]]:
    return +Counter(
        {
            (day.day, status): getattr(day, status)
            for day in summary.days
            for status in ("failure", "skipped", "warning", "success")
        }
    )


def summary_of(path: Path, wanted: EventFilter = EVERYTHING, *, big: int = NEVER) -> Summary:
    with open_events([str(path)], big=big) as events:
        return events.summary(wanted)


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


@settings(max_examples=15, deadline=None)
@given(records=RECORDS.filter(bool))
def test_sql_equals_plain_python_by_both_paths(
    records: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("events") / "events.jsonl", records)
    events = [read_record(one) for one in records]
    slow, quick = summary_of(path), summary_of(path, big=0)
    assert slow == quick
    assert as_groups(slow.signatures) == groups_of(events)
    assert as_days(slow) == days_of(events)
    assert slow.counts.read == len(events)


ANY_JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "text", "2", "null", "{", "[1]", '{"id":"x"}', "2026-03-01", "\x00", "é"]),
    st.sampled_from([[], {}, [None], [[]], [{}], ["text"], {"": None}, {"id": {}}, [{"name": 1}]]),
)


def with_one_replaced(one: dict[str, Any], path: tuple[str | int, ...], value: object) -> Any:
    """Return a record in which what stands at `path`, or as deep as it goes, is `value`."""
    copied = json.loads(json.dumps(one))
    place = copied
    for step in path[:-1]:
        inner = place[step] if isinstance(place, dict) and step in place else None
        if isinstance(inner, list) and inner:
            inner = inner[-1]
        if not isinstance(inner, dict):
            place[step] = value
            return copied
        place = inner
    place[path[-1]] = value
    return copied


FIELDS = [
    *((name,) for name in some_fields()),
    *(("servicePrincipal", name) for name in ("id", "displayName")),
    *(("sourceIdentity", name) for name in ("id", "displayName", "identityType", "details")),
    ("sourceIdentity", "details", "UserPrincipalName"),
    *(("provisioningStatusInfo", name) for name in ("status", "errorInformation")),
    *(("provisioningStatusInfo", "errorInformation", name) for name in ("errorCode", "reason")),
    *(("provisioningSteps", name) for name in ("name", "status", "description", "details")),
    *(("provisioningSteps", "details", name) for name in ("SkipReason", "PropertyName")),
]


ODD_TIMES = (
    "infinity", "epoch", "2026-3-1", "2026-03-01T24:00:00Z", "2026-03-01 10:00 AM", "0000-01-01",
    "2026-03-01T00:00:00.1234567+02:00", "2026-03-01T00:00:00-02:00", "12026-03-01T00:00:00Z",
    "44-03-15 (BC)", "2026/03/01 00:00:00", " 2026-03-01T00:00:00Z", "2026-03-01T7:00:00Z",
)  # fmt: skip


def test_times_in_another_form_are_read_alike_by_both_paths(tmp_path: Path) -> None:
    good = {"person": 1, "status": "success", "app": 1, "reason": "", "skip": None}
    lines = [record(n, second=n, code="", action="create", **good) for n in range(400)]
    for number, time in enumerate((*ODD_TIMES, "2026-03-01T00:00:00.1234567+00:00")):
        one = record(
            number,
            second=0,
            code=f"E{number}",
            action="create",
            **good | {"status": "failure", "reason": "x"},
        )
        lines[number] = one | {"activityDateTime": time}
    path = write(tmp_path / "log.jsonl", lines)
    with open_events([str(path)], big=0) as events:
        quick = events.summary(EVERYTHING)
        assert events.parts[0].rows.endswith("WHERE NOT odd"), "DuckDB read the rest"
    assert quick == summary_of(path)


@settings(max_examples=25, deadline=None)
@given(records=RECORDS.filter(bool), path=st.sampled_from(FIELDS), value=ANY_JSON)
def test_any_value_in_any_field_is_read_alike_by_both_paths(
    records: list[dict[str, Any]],
    path: tuple[str, ...],
    value: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    changed = [with_one_replaced(one, path, value) for one in records[:2]] + records[2:]
    file = write(tmp_path_factory.mktemp("events") / "events.jsonl", changed)
    slow, quick = summary_of(file), summary_of(file, big=0)
    assert slow == quick
    assert slow.counts.read + slow.counts.unreadable <= len(records)


@pytest.mark.parametrize("value", [True, {"": None}, [{"name": 1}]])
@pytest.mark.parametrize(
    ("status", "path"),
    [
        ("failure", ("provisioningStatusInfo", "errorInformation", "errorCode")),
        ("failure", ("provisioningStatusInfo", "errorInformation", "reason")),
        ("skipped", ("provisioningSteps", "description")),
        ("skipped", ("provisioningSteps", "details", "SkipReason")),
        ("skipped", ("provisioningSteps", "details", "PropertyName")),
    ],
)
def test_what_should_be_text_and_is_not_is_read_alike_by_both_paths(
    status: str, path: tuple[str, ...], value: object, tmp_path: Path
) -> None:
    failed = status == "failure"
    one = record(
        1,
        person=1,
        status=status,
        app=1,
        second=0,
        code="SystemForCrossDomainIdentityManagementBadResponse" if failed else None,
        reason="StatusCode: Conflict" if failed else None,
        skip=None if failed else ("RedundantExport", None, "No change"),
        action="create",
    )
    file = write(tmp_path / "events.jsonl", [with_one_replaced(one, path, value)])
    assert summary_of(file) == summary_of(file, big=0)


FILTERS = st.builds(
    EventFilter,
    app=st.sampled_from([None, "app-1", "APP 2"]),
    user=st.sampled_from([None, "PERSON 3", "person1@", "00002", "%", "'"]),
    status=st.sampled_from([(), ("failure",), ("skipped", "warning")]),
    error_code=st.sampled_from([None, "entries", "' OR true --"]),
    action=st.sampled_from([None, "Create"]),
    cycle=st.sampled_from([None, "cycle-1"]),
    since=st.sampled_from([None, START + timedelta(hours=20)]),
    until=st.sampled_from([None, START + timedelta(hours=40)]),
)


def shown(one: dict[str, Any], wanted: EventFilter) -> bool:
    event = read_record(one)
    person = event.source_identity
    names = (person.id, person.display_name, person.details.get("UserPrincipalName"))
    time = event.activity_date_time or START
    return (
        (not wanted.app or wanted.app.lower() in {f"app-{one['jobId'][-1]}", f"app {one['jobId'][-1]}"})
        and (not wanted.user or any(wanted.user.lower() in (n or "").lower() for n in names))
        and (not wanted.status or event.status in wanted.status)
        and (not wanted.error_code or (event.error.error_code or "").lower().endswith(wanted.error_code.lower()))
        and (not wanted.action or event.provisioning_action == "create")
        and (not wanted.cycle or event.cycle_id == wanted.cycle)
        and (not wanted.since or time >= wanted.since)
        and (not wanted.until or time < wanted.until)
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(records=RECORDS.filter(bool), wanted=FILTERS)
def test_filters_show_what_they_should(
    records: list[dict[str, Any]], wanted: EventFilter, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("events") / "events.jsonl", records)
    expected = sorted(
        (one for one in records if shown(one, wanted)),
        key=lambda one: one["activityDateTime"],
        reverse=True,
    )
    for big in (0, NEVER):
        with open_events([str(path)], big=big) as events:
            assert [event.id for event in events.newest(wanted)] == [one["id"] for one in expected]
            assert events.counts(wanted).read == len(expected)
            assert events.summary(wanted).counts == events.counts(wanted)


def some(count: int, **fixed: Any) -> list[dict[str, Any]]:
    choice = {
        "person": 1, "status": "failure", "app": 1, "code": "Dup", "reason": "User 'a' exists",
        "skip": None, "action": "create",
    }  # fmt: skip
    return [record(n, second=60 * n, **(choice | fixed)) for n in range(count)]


def test_repeats_count_once_by_both_paths(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", some(5) + some(5))
    for big in (0, NEVER):
        assert summary_of(path, big=big).counts.failure == 5


def test_an_event_without_an_id_is_the_one_with_its_change(tmp_path: Path) -> None:
    records = some(4)
    for one in records[:2]:
        records.append({key: value for key, value in one.items() if key != "id"})
    records.append(records[-1])
    path = write(tmp_path / "events.jsonl", records)
    with open_events([str(path)]) as events:
        assert events.summary(EVERYTHING).counts.read == 4
        assert len(events.newest(EVERYTHING)) == 4


def test_failing_now_looks_at_all_statuses_whatever_is_shown(tmp_path: Path) -> None:
    records = [
        *some(2),
        record(9, second=10000, person=1, status="success", app=1, action="create"),
    ]
    records += [record(10, **{**choice(), "person": 2, "second": 20})]
    path = write(tmp_path / "events.jsonl", records)
    wanted = EventFilter(status=("failure",))
    (signature,) = summary_of(path, wanted).signatures
    assert (signature.count, signature.objects, signature.failing_now) == (3, 2, 1)


def choice() -> dict[str, Any]:
    return {
        "status": "failure", "app": 1, "code": "Dup", "reason": "User 'b' exists",
        "action": "create",
    }  # fmt: skip


def test_odd_lines_of_a_big_file_are_read_by_python(tmp_path: Path) -> None:
    records = some(60)
    envelope = {"category": "ProvisioningLogs", "properties": some(61)[60]}
    lines = [json.dumps(one) for one in records]
    lines[20] = json.dumps(envelope)
    lines[30] = lines[30][:100]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with open_events([str(path)], big=0) as events:
        summary = events.summary(EVERYTHING)
        assert summary.counts.failure == 59
        assert events.unreadable == 1
        assert events.limits[0].startswith(f"{path}:31: record skipped")
        assert "event-60" in {event.id for event in events.newest(EVERYTHING)}
    with open_events([str(path)], big=0) as events:
        assert len(events.newest(EVERYTHING)) == 59
        assert events.unreadable == 1


def test_a_big_file_of_mostly_odd_lines_is_read_by_python(tmp_path: Path) -> None:
    lines = [json.dumps(one) for one in some(5)]
    lines += [json.dumps({"properties": one}) for one in some(30)[5:]]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert summary_of(path, big=0).counts.failure == 30


def test_newest_limits_and_origin(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", some(5))
    with open_events([str(path)]) as events:
        found = events.newest(EVERYTHING, limit=2)
    assert [event.id for event in found] == ["event-4", "event-3"]
    assert found[0].origin == f"{path}:5"
    assert found[0].raw["id"] == "event-4"


def test_temporary_files_are_private_and_removed(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", some(2))
    with open_events([str(path)]) as events:
        assert events.folder.stat().st_mode & 0o077 == 0
        folder = events.folder
    assert not folder.exists()


def test_nothing_read_is_no_error_when_the_source_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text('{"value": []}', encoding="utf-8")
    summary = summary_of(path)
    assert summary.counts.read == 0
    assert summary.signatures == ()


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing to read"), open_events([str(tmp_path)]):
        pass


def test_a_set_without_parts_answers(tmp_path: Path) -> None:
    with new_event_set() as events:
        assert events.summary(replace(EVERYTHING, user="x")).counts.read == 0
        assert events.newest(EVERYTHING) == ()


def test_many_processors_do_not_take_more_memory_than_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    with new_event_set() as events:
        found = events.connection.execute("SELECT current_setting('threads')").fetchone()
    assert found == (MOST_THREADS,)
    assert int(MEMORY.removesuffix("MB")) // 2 >= MOST_THREADS * 32, "a reader of JSON holds 32 MB"


@pytest.mark.parametrize("lines", [False, True])
def test_names_in_windows_1252_in_a_big_file(tmp_path: Path, *, lines: bool) -> None:
    records = some(60)
    person = records[30]["sourceIdentity"] | {"displayName": "Zoë Müller"}
    records[30] = records[30] | {"sourceIdentity": person}
    texts = [json.dumps(one, ensure_ascii=False) for one in records]
    path = tmp_path / "events.json"
    path.write_bytes(("\n".join(texts) if lines else f"[{','.join(texts)}]").encode("cp1252"))
    with open_events([str(path)], big=0) as events:
        names = {e.id: e.source_identity.display_name for e in events.newest(EVERYTHING)}
        assert names["event-30"] == "Zoë Müller"
        assert len(names) == 60
        assert any("not UTF-8" in limit for limit in events.limits)
