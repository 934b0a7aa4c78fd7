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


@pytest.mark.parametrize("flags", [(), ("--quiet",), ("-v", "-q")])
def test_a_command_does_not_import_the_others(flags: tuple[str, ...]) -> None:
    code = "import sys; from scimdoctor.cli.app import run; run(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *flags, "logs", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    start = "scimdoctor.cli.commands."
    names = done.stdout.splitlines()[-1].split()
    assert [name for name in names if name.startswith(start)] == [f"{start}logs"]
