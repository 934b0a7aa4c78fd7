"""A pull that is cut off anywhere leaves, after the next run, what an uninterrupted one leaves."""

from __future__ import annotations

import io
import json
import random
import re
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import pytest

from scimdoctor.errors import (
    ArchiveBusyError,
    GraphError,
    GraphNotFoundError,
    GraphPermissionError,
    GraphUnavailableError,
    SourceError,
)
from scimdoctor.sources.ahead import ahead
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.archive_manifest import LATE, Manifest, Span, write_manifest
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import new_event_set
from scimdoctor.sources.following import follow
from scimdoctor.sources.graph import Pull
from scimdoctor.sources.record import read_record
from scimdoctor.sources.rows import row_of
from scimdoctor.sources.waiting import read_so_far

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Span(START, START + timedelta(days=2))
PAGE = 4
PIECE = 8000
"""Bytes of rows: three pages."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@dataclass
class KillAfter:
    left: int

    def __call__(self, _step: str) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


def record(number: int) -> dict[str, Any]:
    time = START + timedelta(hours=number)
    return {
        "id": f"event-{number:04}",
        "activityDateTime": time.isoformat().replace("+00:00", "Z"),
        "tenantId": "t",
        "provisioningAction": "create",
        "servicePrincipal": {"id": f"app-{number % 2}", "displayName": f"App {number % 2}"},
        "provisioningStatusInfo": {"status": "success", "errorInformation": None},
    }


@dataclass
class FakeLog:
    """A log that hands out pages by offset, newest first."""

    records: list[dict[str, Any]] = field(default_factory=lambda: [record(n) for n in range(30)])
    asked: list[tuple[Span, str | None]] = field(default_factory=list)
    fails_at: int = -1
    """Page (from 0, over all calls) whose request fails as if the network were gone."""

    served: int = 0
    forgets: GraphError | None = None
    """What a place in the log is answered with, once."""

    now: datetime | None = None

    def time(self) -> datetime | None:
        return self.now

    def pages(
        self, span: Span, *, app_id: str | None, resume_at: str | None
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], str | None]]:
        self.asked.append((span, resume_at))
        wanted = [
            r
            for r in sorted(self.records, key=lambda r: r["activityDateTime"], reverse=True)
            if span.since <= datetime.fromisoformat(r["activityDateTime"]) < span.until
            and app_id in {None, r["servicePrincipal"]["id"]}
        ]
        if resume_at and (error := self.forgets):
            self.forgets = None
            raise error
        at = int(resume_at or 0)
        while True:
            if self.served == self.fails_at:
                self.fails_at = -1
                raise GraphUnavailableError("network gone")
            self.served += 1
            batch, at = wanted[at : at + PAGE], at + PAGE
            yield batch, (str(at) if at < len(wanted) else None)
            if at >= len(wanted):
                return


def contents(archive: Archive) -> list[tuple[str, str]]:
    files = [str(path) for path in archive.files()]
    if not files:
        return []
    with duckdb.connect() as connection:
        query = "SELECT id, raw FROM read_parquet($files, hive_partitioning=false) ORDER BY id"
        return connection.execute(query, {"files": files}).fetchall()


def whole(folder: Path) -> list[tuple[str, str]]:
    archive = Archive(folder, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    return contents(archive)


def steps_of_a_pull(folder: Path) -> list[str]:
    steps: list[str] = []
    Pull(log=FakeLog(), archive=Archive(folder, "t", steps.append)).run(WINDOW)
    return steps


def test_a_kill_after_any_step_loses_and_repeats_nothing(tmp_path: Path) -> None:
    expected = whole(tmp_path / "whole")
    assert len(expected) == 30
    steps = steps_of_a_pull(tmp_path / "steps")
    assert len(steps) > 20
    for number in range(len(steps)):
        folder = tmp_path / str(number)
        kill = KillAfter(number)
        with pytest.raises(Killed):
            Pull(log=FakeLog(), archive=Archive(folder, "t", kill)).run(WINDOW)
        archive = Archive(folder, "t")
        Pull(log=FakeLog(), archive=archive).run(WINDOW)
        assert contents(archive) == expected, steps[number]
        assert archive.verify() == []


def test_a_pull_in_pieces_is_the_same_pull_wherever_it_is_killed(tmp_path: Path) -> None:
    expected = whole(tmp_path / "whole")
    steps: list[str] = []
    archive = Archive(tmp_path / "steps", "t", steps.append)
    assert Pull(log=FakeLog(), archive=archive, piece=PIECE).run(WINDOW) == 30
    assert contents(archive) == expected
    assert steps.count("piece added") == 2
    last = {step: number for number, step in enumerate(steps)}
    for number in {steps.index("manifest written"), steps.index("piece added"), *last.values()}:
        folder = tmp_path / str(number)
        kill = KillAfter(number)
        with pytest.raises(Killed):
            Pull(log=FakeLog(), archive=Archive(folder, "t", kill), piece=PIECE).run(WINDOW)
        archive = Archive(folder, "t")
        Pull(log=FakeLog(), archive=archive, piece=PIECE).run(WINDOW)
        assert contents(archive) == expected, steps[number]
        assert archive.verify() == []
        assert archive.manifest.covered(None) == (WINDOW,)


def test_what_a_long_pull_has_read_is_at_hand_when_it_is_cut_off(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    with pytest.raises(GraphUnavailableError):
        Pull(log=FakeLog(fails_at=7), archive=archive, piece=PIECE).run(WINDOW)
    assert len(contents(archive)) == 6 * PAGE
    assert archive.manifest.covered(None) == ()


def test_a_big_pull_is_written_in_little_memory(tmp_path: Path) -> None:
    chance = random.Random(1)
    rows = tmp_path / "rows"
    with rows.open("w") as stream:
        for number in range(25_000):
            padded = record(number % 48) | {
                "id": f"e{number}",
                "padding": chance.randbytes(2000).hex(),
            }
            stream.write(json.dumps(row_of(read_record(padded, "graph"))) + "\n")
    archive = Archive(tmp_path, "t", memory="160MB")
    with archive.writing():
        assert archive.add(rows, pull="p", app_id=None, span=WINDOW) == 25_000
    assert archive.verify() == []
    assert sum(one.rows for one in archive.manifest.files) == 25_000
    assert {(one.app_id, one.day) for one in archive.manifest.files} == {
        (app, day) for app in ("app-0", "app-1") for day in ("2026-03-01", "2026-03-02")
    }


def test_a_torn_line_behind_the_last_page_is_cut_off(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog(fails_at=3)
    with pytest.raises(GraphUnavailableError):
        Pull(log=log, archive=archive).run(WINDOW)
    (rows,) = (tmp_path / "t" / "pulls").glob("*.rows")
    with rows.open("ab") as stream:
        stream.write(b'{"id": "event-99')
    Pull(log=log, archive=archive).run(WINDOW)
    assert contents(archive) == whole(tmp_path / "other")
    assert log.asked[1][1] == str(3 * PAGE), "it goes on where Graph stopped"


@pytest.mark.parametrize(
    "error",
    [
        GraphError("the skip token has expired", status=400),
        GraphNotFoundError("no such page", status=404),
        GraphError("gone", status=410),
    ],
    ids=["400", "404", "410"],
)
def test_a_place_that_graph_has_lost_means_to_begin_again(
    error: GraphError, tmp_path: Path
) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog(fails_at=3, forgets=error)
    with pytest.raises(GraphUnavailableError):
        Pull(log=log, archive=archive).run(WINDOW)
    assert Pull(log=log, archive=archive).run(WINDOW) == 30
    assert [place for _, place in log.asked][:3] == [None, str(3 * PAGE), None]
    assert contents(archive) == whole(tmp_path / "other")


@pytest.mark.parametrize(
    "error",
    [GraphPermissionError("not allowed", status=403), GraphError("broken", status=500)],
    ids=["403", "500"],
)
def test_other_refusals_keep_the_place(error: GraphError, tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog(fails_at=3, forgets=error)
    for kind in (GraphUnavailableError, type(error)):
        with pytest.raises(kind):
            Pull(log=log, archive=archive).run(WINDOW)
    assert Pull(log=log, archive=archive).run(WINDOW) == 30
    assert log.asked[2][1] == str(3 * PAGE)


def test_following_goes_on_after_a_failed_look() -> None:
    event = read_record(record(1), "graph")
    clock = [START + timedelta(hours=1)]
    answers: list[Any] = [[], GraphUnavailableError("network gone"), [event]]
    told: list[str] = []
    spans: list[Span] = []

    def sleep(seconds: float) -> None:
        clock[0] += timedelta(seconds=seconds)

    def read(span: Span) -> list[Any]:
        spans.append(span)
        answer = answers.pop(0)
        if isinstance(answer, GraphUnavailableError):
            raise answer
        return list(answer)

    looks = follow(
        read,
        start=START,
        now=lambda: clock[0],
        sleep=sleep,
        on_trouble=lambda error: told.append(str(error)),
    )
    assert [next(looks), next(looks)] == [(), (event,)]
    assert told == ["network gone"]
    assert spans[2].since == spans[1].since, "the failed look is made up for"


def test_a_first_look_that_fails_is_an_error() -> None:
    def read(_span: Span) -> list[Any]:
        raise GraphUnavailableError("network gone")

    looks = follow(
        read,
        start=START,
        now=lambda: START + timedelta(hours=1),
        sleep=lambda _seconds: None,
        on_trouble=lambda _error: None,
    )
    with pytest.raises(GraphUnavailableError):
        next(looks)


def test_a_second_pull_asks_only_for_what_is_new(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog()
    Pull(log=log, archive=archive).run(WINDOW)
    later = Span(WINDOW.since, WINDOW.until + timedelta(hours=6))
    log.records.append(record(50))
    assert Pull(log=log, archive=archive).run(later) == 1
    assert log.asked[-1][0] == Span(WINDOW.until - LATE, later.until)


@pytest.mark.parametrize("killed_after", [None, 1])
def test_a_clock_that_is_ahead_loses_no_event(killed_after: int | None, tmp_path: Path) -> None:
    log = FakeLog(records=[record(n) for n in range(10)], now=START + timedelta(hours=10))
    tomorrow = Span(START, START + timedelta(hours=35))
    archive = Archive(tmp_path, "t")
    if killed_after is not None:
        with pytest.raises(Killed):
            Pull(log=log, archive=Archive(tmp_path, "t", KillAfter(killed_after))).run(tomorrow)
    Pull(log=log, archive=archive).run(tomorrow)
    assert archive.manifest.covered(None) == (Span(START, START + timedelta(hours=10)),)
    log.records, log.now = [record(n) for n in range(20)], START + timedelta(hours=20)
    assert Pull(log=log, archive=archive).run(Span(START, START + timedelta(hours=20))) == 10


def test_a_time_that_has_not_come_yet_counts_as_read_by_nobody(tmp_path: Path) -> None:
    log = FakeLog(records=[], now=START - timedelta(days=1))
    archive = Archive(tmp_path, "t")
    Pull(log=log, archive=archive).run(WINDOW)
    assert archive.manifest.covered(None) == ()


def test_odd_ids_are_kept_and_found(tmp_path: Path) -> None:
    records = [
        record(1) | {"servicePrincipal": {"id": "A" * 300, "displayName": "long"}},
        record(2) | {"servicePrincipal": {"id": "é/" * 40, "displayName": "wide"}},
        record(3) | {"servicePrincipal": {"id": "nul\0", "displayName": "n\0ul"}},
        record(4) | {"id": "event\0nul"},
    ]
    archive = Archive(tmp_path, "t")
    assert Pull(log=FakeLog(records=records), archive=archive).run(WINDOW) == 4
    with new_event_set() as events:
        events.add_archive(archive.files)
        assert len(events.newest(EVERYTHING)) == 4
        assert events.summary(EVERYTHING).counts.read == 4


def test_a_late_arrival_is_caught_by_the_overlap(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog()
    until = START + timedelta(hours=10, minutes=5)
    Pull(log=log, archive=archive).run(Span(START, until))
    log.records.append(record(10) | {"id": "late"})
    Pull(log=log, archive=archive).run(Span(START, until + timedelta(hours=1)))
    assert "late" in dict(contents(archive))
    assert len(contents(archive)) == 13


def test_apps_are_covered_apart(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog()
    Pull(log=log, archive=archive, app_id="app-0").run(WINDOW)
    assert len(contents(archive)) == 15
    Pull(log=log, archive=archive, app_id="app-1").run(WINDOW)
    assert len(contents(archive)) == 30
    assert Pull(log=log, archive=archive, app_id="app-0").run(WINDOW) == 0


def test_an_archive_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match="cannot write") as caught:
        Pull(log=FakeLog(), archive=Archive(tmp_path / "file", "t")).run(WINDOW)
    assert "--no-archive" in (caught.value.hint or "")


def test_files_are_private(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a", "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "a").rglob("*")}
    assert modes == {0}


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    pull = Pull(log=FakeLog(), archive=archive, sleep=lambda _seconds: None)
    with archive.writing(), pytest.raises(ArchiveBusyError, match="another scimdoctor") as caught:
        pull.run(WINDOW)
    assert "logs --offline" in str(caught.value.hint)


@pytest.mark.parametrize("content", ['{"events": 7}', "[]", "{", '{"events": null}', ""])
def test_one_that_waits_is_told_how_far_the_other_has_come(content: str, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    assert read_so_far(folder) == 0
    (folder / "pulls").mkdir(parents=True)
    (folder / "pulls" / "all.json").write_text(content, encoding="utf-8")
    assert read_so_far(folder) == (7 if "7" in content else 0)


def test_damage_is_found(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    first, second, *_ = archive.files()
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    assert [text.split(" ", 1)[1][:10] for text in archive.verify()] == ["is missing", "is damaged"]


def test_many_small_files_of_a_day_become_one(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog(records=[])
    files = []
    for number in range(15):
        log.records.append(record(0) | {"id": f"event-{number}"})
        until = START + timedelta(minutes=number + 1)
        assert Pull(log=log, archive=archive).run(Span(START, until)) == 1
        files.append(len(archive.files()))
    assert files == [*range(1, 13), 1, 2, 3]
    assert [one for one, _ in contents(archive)] == sorted(f"event-{n}" for n in range(15))
    assert archive.verify() == []


def test_verify_and_export_beside_a_pull_that_puts_files_into_one(tmp_path: Path) -> None:
    log = FakeLog(records=[])
    archive = Archive(tmp_path, "t")
    for minute in range(13):
        old = archive.manifest
        time = START + timedelta(minutes=minute)
        log.records.append(
            record(0) | {"id": f"event-{minute:02}", "activityDateTime": time.isoformat()}
        )
        Pull(log=log, archive=archive).run(Span(START, time + timedelta(minutes=1)))
    assert len(archive.manifest.files) < len(old.files) == 12

    slow = SlowReader(tmp_path, "t")
    slow.seen.append(old)
    assert slow.verify() == []
    slow.seen.extend([old, old])
    assert slow.export(out := io.StringIO()) == 13
    assert [json.loads(line)["id"] for line in out.getvalue().splitlines()] == [
        f"event-{n:02}" for n in range(13)
    ]


def test_export_beside_pruning_leaves_out_what_is_gone(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    slow = SlowReader(tmp_path, "t")
    slow.seen.extend([archive.manifest, archive.manifest])
    archive.prune(date(2026, 3, 2))
    assert slow.export(io.StringIO()) == 6


def test_an_export_says_which_file_is_missing_for_good(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    archive.files()[0].unlink()
    with pytest.raises(SourceError, match="could not be read"):
        archive.export(io.StringIO())


class SlowReader(Archive):
    """Reads manifests that are old by then, as one does that looks just before a pull ends."""

    seen: ClassVar[list[Manifest]] = []

    @property
    def manifest(self) -> Manifest:
        return self.seen.pop(0) if self.seen else super().manifest


def test_pruning_forgets_days(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog()
    Pull(log=log, archive=archive).run(WINDOW)
    events, _ = archive.prune((START + timedelta(days=1)).date())
    assert events == 24
    assert len(contents(archive)) == 6
    assert Pull(log=log, archive=archive).run(WINDOW) == 24, "what was pruned counts as missing"


@dataclass
class TimelessLog(FakeLog):
    """A log of events without a time, new ones with every look; the old ones come again."""

    number: int = 0

    def pages(
        self, span: Span, *, app_id: str | None, resume_at: str | None
    ) -> Iterator[tuple[Sequence[Mapping[str, Any]], str | None]]:
        self.number += 1
        yield [record(n) | {"activityDateTime": "soon"} for n in range(self.number)], None


def test_events_without_a_time_are_as_old_as_their_pull(tmp_path: Path) -> None:
    log = TimelessLog()
    for day in range(1, 16):
        archive = Archive(tmp_path, "t", today=partial(date, 2026, 3, day))
        until = START + timedelta(hours=day)
        Pull(log=log, archive=archive).run(Span(START, until))
    assert len(contents(archive)) == 15, "each once"
    with new_event_set() as events:
        events.add_archive(archive.files)
        assert events.summary(EVERYTHING).counts.success == 15
        assert set(events.by_id(["event-0000", "event-0014"])) == {"event-0000", "event-0014"}
    make_outdated(archive)
    log.number = -1
    outdated = {one.path for one in archive.manifest.files}
    Pull(log=log, archive=archive).run(Span(START, START + timedelta(days=16)))
    assert not outdated & {one.path for one in archive.manifest.files}, "written anew"
    assert archive.prune(date(2026, 3, 1)) == (0, 0)
    assert archive.prune(date(2026, 3, 11))[0] == 10
    assert [one for one, _ in contents(archive)] == [f"event-{n:04}" for n in range(10, 15)]
    assert archive.verify() == []


def make_outdated(archive: Archive) -> None:
    """Name the files as an older release did, so that the next pull writes them anew."""
    files = []
    for one in archive.manifest.files:
        path = re.sub(r"-s[0-9a-f]{8}-k[0-9a-f]{8}", "", one.path)
        (archive.folder / one.path).rename(archive.folder / path)
        files.append(replace(one, path=path))
    write_manifest(archive.folder, replace(archive.manifest, files=tuple(files)))


def test_a_slow_reader_asks_again_where_a_pull_or_prune_removed_files(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    log = FakeLog(records=[])
    with new_event_set() as merged, new_event_set() as pruned:
        for number in range(14):
            log.records.append(record(0) | {"id": f"event-{number}"})
            until = START + timedelta(minutes=number + 1)
            Pull(log=log, archive=archive).run(Span(START, until))
            if number == 11:
                merged.add_archive(archive.files)
        gone = [name for part in merged.parts for name in part.files if not Path(name).exists()]
        assert len(gone) == 12, "the reader's files are one by now"
        assert merged.summary(EVERYTHING).counts.success == 14
        assert set(merged.by_id(["event-0", "event-13"])) == {"event-0", "event-13"}

        pruned.add_archive(archive.files)
        archive.prune((START + timedelta(days=1)).date())
        assert pruned.newest(EVERYTHING) == ()


def test_files_that_are_missing_for_good_are_an_error(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    with new_event_set() as events:
        events.add_archive(archive.files)
        archive.files()[0].unlink()
        with pytest.raises(SourceError, match="could not be read"):
            events.counts(EVERYTHING)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "t")
    Pull(log=FakeLog(), archive=archive).run(WINDOW)
    path = tmp_path / "t" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(SourceError, match="newer scimdoctor"):
        _ = archive.manifest


def test_following_yields_each_event_once_and_late_ones_too() -> None:
    events = [read_record(record(n), "graph") for n in range(4)]
    clock = [START + timedelta(hours=1)]
    visible = [events[0]]

    def sleep(seconds: float) -> None:
        clock[0] += timedelta(seconds=seconds)
        visible.append(events[len(visible)])

    def read(span: Span) -> list[Any]:
        return visible

    looks = follow(read, start=START, now=lambda: clock[0], sleep=sleep)
    found = [[event.id for event in next(looks)] for _ in range(3)]
    assert found == [["event-0000"], ["event-0001"], ["event-0002"]]


def test_several_pages_are_fetched_while_one_is_dealt_with() -> None:
    fetched: list[int] = []
    fifth = Event()

    def numbers() -> Iterator[int]:
        for number in range(1, 8):
            fetched.append(number)
            if number == 5:
                fifth.set()
            yield number
        raise GraphUnavailableError("network gone")

    with closing(ahead(numbers())) as pages:
        assert next(pages) == 1
        assert fifth.wait(60), "as many as Graph lets through at once, the first not yet done with"
        assert len(fetched) <= 6, "no more are kept in memory"
        assert [next(pages) for _ in range(6)] == [2, 3, 4, 5, 6, 7]
        with pytest.raises(GraphUnavailableError, match="network gone"):
            next(pages)
    assert fetched == [1, 2, 3, 4, 5, 6, 7]


def test_nothing_more_is_fetched_once_nobody_wants_it() -> None:
    fetched: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1000):
            fetched.append(number)
            yield number

    before = sys.getswitchinterval()
    with closing(ahead(numbers())) as pages:
        assert next(pages) == 0
    assert len(fetched) < 10
    assert sys.getswitchinterval() == before
