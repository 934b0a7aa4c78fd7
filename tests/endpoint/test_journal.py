"""The journal of test resources, whatever happens to its file."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.journal import Journal, default_journal_path
from scimdoctor.errors import SourceError

URL = "https://scim.example.com"


def add(journal: Journal, value: str = "scimdoctor-1") -> str:
    return journal.about_to_create(URL, "Users", attribute="userName", value=value)


def test_life_of_a_resource(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "journal.jsonl")
    key = add(journal)
    (found,) = journal.resources()
    assert (found.key, found.id, found.value) == (key, None, "scimdoctor-1")
    assert found.created_at is not None
    journal.created(key, "42")
    assert Journal(journal.path).resources(f"{URL}/")[0].id == "42"
    assert journal.resources("https://other.example") == ()
    journal.forget(key)
    assert journal.resources() == ()
    assert not journal.path.exists()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "private" / "journal.jsonl")
    add(journal)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_unwritable_place_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SourceError, match="journal"):
        add(Journal(blocked / "journal.jsonl"))
    with pytest.raises(SourceError, match="read"):
        Journal(tmp_path).resources()


def test_default_place_is_the_platforms_data_folder() -> None:
    assert default_journal_path().name == "journal.jsonl"
    assert "scimdoctor" in default_journal_path().parts


@settings(max_examples=50, deadline=None)
@given(garbage=st.lists(st.binary(max_size=60), max_size=5), cut=st.integers(0, 40))
def test_garbage_and_half_lines_do_no_harm(garbage: list[bytes], cut: int) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        first = add(journal, "scimdoctor-a")
        whole = journal.path.read_bytes()
        journal.path.write_bytes(whole + b"\n".join(garbage) + b"\n" + whole[:cut].strip(b"\n"))
        second = add(journal, "scimdoctor-b")
        keys = {r.key for r in journal.resources()}
    assert {first, second} <= keys


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"do":"create"}',
        '{"do":"created","key":5,"id":"x"}',
        '{"do":"explode","key":"k"}',
    ],
)
def test_senseless_lines_are_counted(tmp_path: Path, line: str) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    key = add(journal)
    with journal.path.open("a") as stream:
        stream.write(line + "\n")
    assert journal.unreadable_lines() == 1
    assert [r.key for r in journal.resources()] == [key]


def test_bad_time_is_no_time(tmp_path: Path) -> None:
    entry = {"do": "create", "at": "yesterday", "key": "k", "base_url": URL}
    entry |= {"resource": "Users", "attribute": "userName", "value": "v"}
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(entry))
    assert Journal(path).resources()[0].created_at is None


def test_threads_and_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    script = (
        "import sys; from pathlib import Path; from scimdoctor.endpoint.journal import Journal\n"
        "j = Journal(Path(sys.argv[1]))\n"
        "for n in range(10):\n"
        "    k = j.about_to_create('https://x.example', 'Users', attribute='userName', value=str(n))\n"
        "    j.created(k, str(n))\n"
        "    n % 2 and j.forget(k)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(3)]
    journal = Journal(path)
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda n: add(journal, f"t{n}"), range(20)))
    assert [p.wait(30) for p in processes] == [0, 0, 0]
    found = journal.resources()
    assert set(keys) <= {r.key for r in found}
    assert len(found) == 20 + 3 * 5
    assert journal.unreadable_lines() == 0
