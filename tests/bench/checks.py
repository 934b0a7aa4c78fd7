"""Prints requests, time and problems of a full run of the checks, beside other checkers.

Run it with `python -m tests.bench.checks [MILLISECONDS] [FAULT]`: latency to add to each answer,
and a fault of the lab to switch on. `scim2` (scim2-cli) and `scim-sanity` take part when they are
on the PATH; all meet the same conforming provider in the same run, each a fresh one.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.lab.http import LabRequest, LabResponse

RUNS = 5
TOKEN = "lab-token"
OTHERS = (
    ("scim2-cli", ("scim2", "--url", "{url}", "test")),
    ("scim-sanity", ("scim-sanity", "probe", "{url}", "--token", TOKEN, "--i-accept-side-effects")),
)


class Counted:
    """A provider behind some latency that counts what it is asked."""

    def __init__(self, latency: float, fault: str | None) -> None:
        self.provider = ScimServiceProvider(token=TOKEN, faults=[fault] if fault else [])
        self.latency = latency
        self.requests = 0

    def handle(self, request: LabRequest) -> LabResponse:
        """Answer, late."""
        self.requests += 1
        time.sleep(self.latency)
        return self.provider.handle(request)

    @property
    def left(self) -> int:
        """Test resources that are still there."""
        return len(self.provider.users) + len(self.provider.groups)


@contextmanager
def served(latency: float, fault: str | None) -> Iterator[tuple[Counted, str]]:
    """A fresh provider and the URL of its SCIM root."""
    counted = Counted(latency, fault)
    with LoopbackServer(counted.handle) as server:
        yield counted, f"{server.url}/scim"


def ours(latency: float, fault: str | None) -> tuple[int, float, str]:
    """Requests, seconds and what was said, by scimdoctor."""
    guard = WriteGuard()
    guard.allow("a benchmark")
    with served(latency, fault) as (counted, url), httpx.Client() as http:
        endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret(TOKEN)), guard=guard)
        began = time.perf_counter()
        findings = run_checks(endpoint, checks=ALL_CHECKS, options=CheckOptions(seed=1))
        wall = time.perf_counter() - began
        problems = [f.check for f in findings if f.is_problem]
        said = f"{len(problems)} problems {problems or ''}, {counted.left} left behind"
    return counted.requests, wall, said


def other(command: tuple[str, ...], latency: float, fault: str | None) -> tuple[int, float, str]:
    """Requests, seconds and the last line said, by another checker."""
    environ = {**os.environ, "SCIM_CLI_HEADERS": f"Authorization: Bearer {TOKEN}"}
    with served(latency, fault) as (counted, url):
        filled = [part.format(url=url) for part in command]
        began = time.perf_counter()
        done = subprocess.run(filled, capture_output=True, text=True, env=environ, check=False)
        wall = time.perf_counter() - began
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        said = f"exit {done.returncode}, {counted.left} left behind: {lines[-1] if lines else ''}"
    return counted.requests, wall, said


def main(latency: float, fault: str | None) -> None:
    """Print a row for each checker."""
    print(f"latency {latency * 1000:.0f} ms, fault {fault or 'none'}")  # noqa: T201
    runs = [ours(latency, fault) for _ in range(RUNS)]
    wall = statistics.median(seconds for _, seconds, _ in runs)
    _row(f"scimdoctor ({len(ALL_CHECKS)} checks)", runs[0][0], wall, runs[0][2])
    for name, command in OTHERS:
        if shutil.which(command[0]) is None:
            print(f"{name:28} not installed")  # noqa: T201
            continue
        _row(name, *other(command, latency, fault))


def _row(name: str, requests: int, wall: float, said: str) -> None:
    print(f"{name:28} {requests:5} requests {wall:6.2f} s  {said}")  # noqa: T201


if __name__ == "__main__":
    main(
        float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0,
        sys.argv[2] if len(sys.argv) > 2 else None,
    )
