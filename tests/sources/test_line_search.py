"""Lines are found where their time belongs, and any other way the events are the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import open_events
from scimdoctor.sources.line_search import BLOCK, ENOUGH, lines_near
from tests.bench.log_generator import events

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 400


def written(path: Path, records: list[dict[str, Any]], ending: str = "\n") -> Path:
    path.write_text("\n".join(map(json.dumps, records)) + ending, encoding="utf-8", newline="")
    assert path.stat().st_size > 20 * BLOCK
    return path


def moment(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["activityDateTime"])


def found(path: Path, records: list[dict[str, Any]]) -> set[str]:
    wanted = {one["id"]: moment(one) for one in records}
    return {json.loads(line)["id"] for line in lines_near(path, wanted)}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("ending", ["", "\n", "\n\n"])
def test_every_line_is_found_in_a_sorted_file(
    tmp_path: Path, ending: str, *, newest_first: bool
) -> None:
    records = list(events(COUNT))
    if newest_first:
        records.reverse()
    path = written(tmp_path / "log.jsonl", records, ending)
    assert found(path, records) == {one["id"] for one in records}


@pytest.mark.parametrize("newest_first", [False, True])
def test_many_events_of_one_moment(tmp_path: Path, *, newest_first: bool) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    records = [
        one | {"activityDateTime": f"{start + timedelta(hours=number // 100):%Y-%m-%dT%H:%M:%SZ}"}
        for number, one in enumerate(events(COUNT))
    ]
    if newest_first:
        records.reverse()
    path = written(tmp_path / "log.jsonl", records)
    assert found(path, records) == {one["id"] for one in records}


def test_a_file_in_no_order_is_soon_given_up(tmp_path: Path) -> None:
    records = list(events(COUNT))
    path = written(tmp_path / "log.jsonl", records)
    strangers = {f"stranger-{n}": moment(records[n]) for n in range(ENOUGH + 1)}
    last = {records[-1]["id"]: moment(records[-1])}
    assert not list(lines_near(path, strangers | last))
    assert list(lines_near(path, last | strangers))


def test_lines_without_a_time_and_long_ones(tmp_path: Path) -> None:
    records = list(events(COUNT))
    records[200] |= {"activityDateTime": "noon"}
    records[201] |= {"more": "x" * 3 * BLOCK}
    del records[202]["activityDateTime"]
    path = written(tmp_path / "log.jsonl", records)
    ids = found(path, [one for one in records if one not in records[200:203]])
    assert ids >= {one["id"] for one in records[:190] + records[210:]}


@pytest.mark.parametrize("order", ["oldest first", "newest first", "none"])
def test_events_are_the_same_wherever_they_lie(tmp_path: Path, order: str) -> None:
    records = list(events(COUNT))
    if order == "newest first":
        records.reverse()
    elif order == "none":
        records.sort(key=lambda one: str(one["changeId"])[::-1])
    path = written(tmp_path / "log.jsonl", records)
    with open_events([str(path)], big=0) as opened:
        summary = opened.summary(EVERYTHING)
        newest = {one.sample[0]: one.last_seen for one in summary.signatures}
        assert opened.by_id(newest, newest) == opened.by_id(newest)
        wrong = dict.fromkeys(newest, datetime(2020, 1, 1, tzinfo=UTC))
        assert opened.by_id(newest, wrong) == opened.by_id(newest)
        assert set(opened.by_id(newest)) == set(newest)
        listed = opened.newest(EVERYTHING, limit=50)
    by_time = sorted(records, key=lambda one: (one["activityDateTime"], one["id"]), reverse=True)
    assert [one.id for one in listed] == [one["id"] for one in by_time[:50]]
