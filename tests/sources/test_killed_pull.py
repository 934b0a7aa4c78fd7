"""A real process that pulls is killed for good, or runs out of disk: nothing is lost or doubled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from scimdoctor.sources.archive import Archive
from scimdoctor.sources.archive_manifest import write_manifest
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import new_event_set
from scimdoctor.sources.private_files import checksum
from tests.fakes.log_server import LogServer, log_server
from tests.fakes.provisioning import random_records

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabRequest
    from scimdoctor.sources.summary import Summary

ROOT = Path(__file__).parents[2]
SINCE, UNTIL = "2026-03-01T00:00:00+00:00", "2026-03-04T00:00:00+00:00"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


def pull(server: LogServer, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(server, folder), *more],
        cwd=ROOT,
        env=environ(server),
        capture_output=True,
        text=True,
        check=False,
    )


def command(server: LogServer, folder: Path) -> list[str]:
    where = (server.url, server.token, str(folder), SINCE, UNTIL)
    return [sys.executable, "-m", "tests.fakes.pulling", *where]


def environ(server: LogServer) -> dict[str, str]:
    return {**os.environ, "LAB_CA": server.ca}


def contents(folder: Path) -> list[tuple[str, str]]:
    archive = Archive(folder, "t")
    assert archive.verify() == []
    assert archive.leftovers() == 0
    files = [str(path) for path in archive.files()]
    with duckdb.connect() as connection:
        query = "SELECT id, raw FROM read_parquet($files, hive_partitioning=false) ORDER BY id"
        return connection.execute(query, {"files": files}).fetchall()


def big(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record | {"padding": record["id"] * 100} for record in records]


def test_a_process_that_is_killed_again_and_again(tmp_path: Path) -> None:
    records = random_records(60)
    asked: list[str] = []
    with log_server(records, page_size=10, before=lambda r: asked.append(r.target)) as server:
        assert pull(server, tmp_path / "whole").stdout == "60\n"
        in_one_go = len(asked)
        asked.clear()
        folder = tmp_path / "killed"
        for step, number in (
            ("rows written", "2"),
            ("state written", "2"),
            ("rows written", "3"),
            ("file written", "1"),
            ("files written", "1"),
            ("manifest written", "1"),
        ):
            done = pull(server, folder, step, number)
            assert done.returncode == -signal.SIGKILL, (step, done.stderr)
        assert pull(server, folder).returncode == 0
    expected = contents(tmp_path / "whole")
    assert len(expected) == 60
    assert contents(folder) == expected
    assert len(asked) < 2 * in_one_go + 6, "it went on, page by page, and did not begin again"


def test_readers_see_the_archive_before_or_after_a_pull_never_between(tmp_path: Path) -> None:
    seen: list[int] = []
    with log_server(random_records(60), page_size=10) as server:
        with subprocess.Popen(command(server, tmp_path), cwd=ROOT, env=environ(server)) as process:
            while process.poll() is None:
                seen.append(events_in(tmp_path))
        assert process.returncode == 0
    assert set(seen) <= {0, 60}
    assert seen.count(0) > 0
    assert events_in(tmp_path) == 60


def events_in(folder: Path) -> int:
    with new_event_set() as events:
        events.add_parquet(Archive(folder, "t").files())
        return events.counts(EVERYTHING).read


def test_files_of_an_older_release_are_read_beside_new_ones(tmp_path: Path) -> None:
    with log_server(random_records(60), page_size=60) as server:
        assert pull(server, tmp_path).stdout == "60\n"
    new = summary_of(tmp_path)
    make_old(Archive(tmp_path, "t"))
    assert Archive(tmp_path, "t").verify() == []
    assert summary_of(tmp_path) == new
    assert new.signatures


OLD_ARCHIVE = ROOT / "tests" / "data" / "archive-before-keys"
"""One tenant's archive as an older release wrote it."""


def test_a_pull_writes_files_of_an_older_release_anew(tmp_path: Path) -> None:
    shutil.copytree(OLD_ARCHIVE, tmp_path, dirs_exist_ok=True)
    old, before, kept = summary_of(tmp_path), contents(tmp_path), files_of(tmp_path)
    assert old.signatures
    with log_server(random_records(60), page_size=60) as server:
        assert pull(server, tmp_path).returncode == 0
    assert not kept & files_of(tmp_path)
    assert all("-k" in name for name in files_of(tmp_path))
    assert dict(contents(tmp_path)).items() >= dict(before).items()
    archive = Archive(tmp_path, "t")
    since, until = "2025-01-01", "2025-12-31"
    with new_event_set() as events:
        events.add_parquet([path for path in archive.files() if since < path.parent.name < until])
        assert events.summary(EVERYTHING) == old


def files_of(folder: Path) -> set[str]:
    return {path.name for path in Archive(folder, "t").files()}


def summary_of(folder: Path) -> Summary:
    with new_event_set() as events:
        events.add_parquet(Archive(folder, "t").files())
        return events.summary(EVERYTHING)


def make_old(archive: Archive) -> None:
    """Rewrite every other file as a release before the signatures' column did."""
    files = list(archive.manifest.files)
    for number, one in list(enumerate(files))[::2]:
        old, new = archive.folder / one.path, f"{one.path.rpartition('-s')[0]}.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * EXCLUDE (signature_text, event_key, object_key, fault_key) "
                f"FROM '{old}') TO '{archive.folder / new}'"
            )
        old.unlink()
        path = archive.folder / new
        files[number] = replace(one, path=new, bytes=path.stat().st_size, sha256=checksum(path))
    write_manifest(archive.folder, replace(archive.manifest, files=tuple(files)))


def test_a_process_that_is_killed_while_graph_answers(tmp_path: Path) -> None:
    running: list[subprocess.Popen[bytes]] = []
    asked = 0

    def kill_at_third(_request: LabRequest) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            running[0].kill()

    records = random_records(50)
    with log_server(records, page_size=10, before=kill_at_third) as server:
        with subprocess.Popen(command(server, tmp_path), cwd=ROOT, env=environ(server)) as process:
            running.append(process)
            assert process.wait() == -signal.SIGKILL
        assert pull(server, tmp_path).stdout == "50\n"
    assert [one for one, _ in contents(tmp_path)] == sorted(record["id"] for record in records)


@pytest.mark.parametrize("most_bytes", [30_000, 120_000])
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, most_bytes: int) -> None:
    with log_server(big(random_records(60)), page_size=10) as server:
        done = pull(server, tmp_path, "", "0", str(most_bytes))
        assert done.returncode == 3, done.stdout
        assert "cannot write" in done.stderr
        assert "free some space" in done.stderr
        assert pull(server, tmp_path).stdout == "60\n"
    assert len(contents(tmp_path)) == 60


@pytest.mark.parametrize("most_bytes", [1_500, 3_000, 8_000])
def test_a_disk_that_fills_up_while_the_archive_is_written(tmp_path: Path, most_bytes: int) -> None:
    with log_server(random_records(60), page_size=60) as server:
        assert pull(server, tmp_path, "state written", "1").returncode == -signal.SIGKILL
        done = pull(server, tmp_path, "", "0", str(most_bytes))
        assert done.returncode == 3, done.stdout
        assert "cannot write" in done.stderr
        assert "free some space" in done.stderr
        assert pull(server, tmp_path).stdout == "60\n"
    assert len(contents(tmp_path)) == 60
