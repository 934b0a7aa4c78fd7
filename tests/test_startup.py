"""What is imported before a command does anything: modules, not milliseconds, are looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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
url = "https://{}:{}".format(*server.getsockname())
def told():
    server.accept()[0].recv(1)
    print(*sys.modules)
    sys.stdout.flush()
    os._exit(0)
threading.Thread(target=told, daemon=True).start()
os.environ["SCIMDOCTOR_AUTHORITY_HOST"] = os.environ["SCIMDOCTOR_GRAPH_HOST"] = url
sys.argv = ["scimdoctor", *(a.replace("URL", url) for a in sys.argv[1:])]
main()
"""


@pytest.mark.parametrize(
    ("line", "unneeded"),
    [
        ("check-endpoint URL/scim --yes --timeout 60 -f json", {"rich.console", "duckdb", "msal"}),
        ("status App", {"duckdb"}),
        ("diagnose App --endpoint URL/scim --shadow --yes", {"duckdb"}),
        ("logs App --summary --since 7d --status failure", {"duckdb"}),
    ],
)
def test_the_first_request_waits_for_nothing_that_it_does_not_need(
    line: str, unneeded: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _UNTIL_THE_FIRST_REQUEST, *line.split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={
            **os.environ,
            "XDG_CACHE_HOME": str(tmp_path),
            "SCIMDOCTOR_AUTH": "secret",
            "SCIMDOCTOR_TENANT": "00000000-0000-4000-8000-000000000001",
            "SCIMDOCTOR_CLIENT_ID": "00000000-0000-4000-8000-000000000002",
            "SCIMDOCTOR_CLIENT_SECRET": "s",
            "SCIMDOCTOR_ENDPOINT_TOKEN": "t",
        },
    )
    names = {name for name in done.stdout.split() if not name.endswith("_main")}
    ours = {"scimdoctor.causes", "scimdoctor.diagnose.run", "scimdoctor.entra.evaluator"}
    assert "httpx" in names, done.stderr
    assert not names & ({"pydantic", "click", "pygments", "jinja2"} | unneeded | ours)
