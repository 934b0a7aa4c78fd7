"""What is imported before a command does anything: modules, not milliseconds, are looked at."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "httpx",
    "requests",
    "msal",
    "msal_extensions",
    "cryptography",
    "jinja2",
    "duckdb",
    "scim2_models",
    "scim2_tester",
    "truststore",
}


def imported(*arguments: str) -> set[str]:
    """The top-level modules that `scimdoctor ARGUMENTS` imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "scimdoctor", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 2}, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("logs", "--help"), ("check-endpoint", "--help"), ("logs", "--no-such-option")],
    ids=" ".join,
)
def test_help_and_wrong_usage_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not imported(*arguments) & HEAVY


def test_version_imports_not_even_typer() -> None:
    assert not imported("--version") & (HEAVY | {"typer", "rich", "pydantic"})
