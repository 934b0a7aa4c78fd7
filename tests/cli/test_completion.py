"""What the shell offers."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scimdoctor.cli import completion

if TYPE_CHECKING:
    from pathlib import Path


def test_ids_that_begin_so_are_offered_with_their_titles() -> None:
    assert ("boolean-string-rejected" in dict(completion.cause_ids("bool"))) is True
    assert dict(completion.check_ids("groups"))["groups"] == "all checks of the family groups"
    assert len(completion.check_ids("groups/")) > 5
    assert dict(completion.fault_ids("HANG"))
    assert {"noTarget", "uniqueness"} <= set(dict(completion.explained_ids("")))
    assert completion.cause_ids("zzz") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_commands_are_completed_in_every_shell(shell: str) -> None:
    environ = {
        "_SCIMDOCTOR_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "scimdoctor expl",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "scimdoctor expl",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "expl",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scimdoctor"],
        capture_output=True,
        text=True,
        env=environ,
        timeout=60,
        check=False,
    )
    assert "explain" in done.stdout, done.stderr


def test_scopes_of_a_restart_and_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "force-deletes" in dict(completion.restart_scopes("force"))
    offered = dict(completion.restart_scopes("escrows,"))
    assert "escrows,watermark" in offered
    assert "escrows,escrows" not in offered
    path = tmp_path / "config.toml"
    path.write_text("[profiles.contoso]\n[profiles.fabrikam]\n")
    monkeypatch.setenv("SCIMDOCTOR_CONFIG", str(path))
    assert list(dict(completion.profile_names("con"))) == ["contoso"]
    path.write_text("not toml")
    assert completion.profile_names("") == []
