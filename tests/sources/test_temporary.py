"""What a killed run leaves in the temporary folder goes with the next run; what lives stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scimdoctor.errors import SourceError
from scimdoctor.sources.event_set import open_events
from scimdoctor.sources.temporary import LOCK, TemporaryFolder
from tests.fakes.provisioning import random_records

ROOT = Path(__file__).parents[2]

READ_AND_DIE = """
import os, signal, sys
from scimdoctor.sources.event_set import open_events
with open_events([sys.argv[1]]) as events:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_a_killed_run_leaves_goes_with_the_next(tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, random_records(3))), encoding="utf-8")
    killed = subprocess.run(
        [sys.executable, "-c", READ_AND_DIE, str(path)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    assert (left / "rows-0.jsonl").stat().st_size > 0, "names of people"
    with open_events([str(path)]) as events:
        assert list(temporary.iterdir()) == [events.folder]
    assert list(temporary.iterdir()) == []


def test_a_folder_in_use_and_what_is_not_ours_stay(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (temporary / "scimdoctor-link").symlink_to(elsewhere, target_is_directory=True)
    (temporary / "scimdoctor-unlocked").mkdir()
    (temporary / "other").mkdir()
    (temporary / "other" / LOCK).touch()
    with TemporaryFolder() as first, TemporaryFolder("demo-") as second:
        assert first.is_dir()
        assert second.is_dir()
        assert first.stat().st_mode & 0o077 == 0
    assert not first.exists()
    assert not second.exists()
    assert len(list(temporary.iterdir())) == 3
    assert (elsewhere / LOCK).exists()


def test_a_temporary_folder_that_cannot_be_made_is_told(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "nowhere"))
    with pytest.raises(SourceError, match="cannot make a temporary folder") as caught:
        TemporaryFolder()
    assert "TMPDIR" in str(caught.value.hint)
