"""What is imported before a command does anything: modules, not milliseconds, are looked at."""

from __future__ import annotations

import os
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


_UNTIL_THE_FIRST_REQUEST = """
import os, socket, sys, threading
from scimdoctor.__main__ import main
server = socket.create_server(("127.0.0.1", 0))
def told():
    server.accept()[0].recv(1)
    print(*sys.modules)
    sys.stdout.flush()
    os._exit(0)
threading.Thread(target=told, daemon=True).start()
sys.argv = ["scimdoctor", *(a.format(*server.getsockname()) for a in sys.argv[1:])]
main()
"""


def test_the_first_request_waits_for_nothing_that_it_does_not_need() -> None:
    arguments = ("check-endpoint", "http://{}:{}/scim", "--yes", "--timeout", "60", "-f", "json")
    done = subprocess.run(
        [sys.executable, "-c", _UNTIL_THE_FIRST_REQUEST, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "SCIMDOCTOR_ENDPOINT_TOKEN": "t"},
    )
    names = {name for name in done.stdout.split() if not name.endswith("_main")}
    unneeded = {"pydantic", "click", "pygments", "rich.console", "duckdb", "msal", "jinja2"}
    ours = {"scimdoctor.causes", "scimdoctor.diagnose", "scimdoctor.entra.evaluator"}
    assert "httpx" in names
    assert not names & (unneeded | ours)
