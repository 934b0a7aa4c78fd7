"""The demo, as a person runs it: a process of its own, real sockets, real MSAL."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from scimdoctor.cli.demo import Score, seeded

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo_names_exactly_what_was_seeded_and_leaves_nothing(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "100",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scimdoctor", "demo"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environ,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for cause in seeded():
        assert cause in done.stdout
    assert "missed" not in done.stdout
    assert "0 invented" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    assert list(tmp_path.iterdir()) == []


def test_the_score_knows_misses_and_inventions() -> None:
    seen = frozenset({"a", "z"})
    score = Score(seeded={"a": "…", "b": "…"}, named=seen)
    assert score.missed == {"b"}
    assert score.invented == {"z"}
    assert not score.right
    assert Score(seeded={"a": "…"}, named=frozenset({"a"})).right
