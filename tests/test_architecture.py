"""The import rules and the lists that must name everything."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import scimdoctor
from scimdoctor.cli.commands import NAMES

ROOT = Path(__file__).parent.parent


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    contracts = pytest.importorskip("importlinter.cli", reason="import-linter is a dev extra")
    monkeypatch.chdir(ROOT)
    assert contracts.lint_imports(no_cache=True) == 0


def test_every_command_module_is_registered() -> None:
    found = {path.stem for path in (ROOT / "scimdoctor" / "cli" / "commands").glob("[a-z]*.py")}
    assert found == {name.replace("-", "_") for name, _ in NAMES}


def test_every_module_can_be_imported_alone() -> None:
    for module in pkgutil.walk_packages(scimdoctor.__path__, "scimdoctor."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_only_the_agreed_entries_stand_at_the_top() -> None:
    agreed = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    agreed |= {"scimdoctor", "tests", "examples"}
    made_by_tools = {"build", "dist", "htmlcov"}
    entries = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert entries - made_by_tools - agreed == set()
