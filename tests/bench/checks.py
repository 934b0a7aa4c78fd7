"""Prints how many requests a full run of the checks takes, and how long, over loopback.

Run it with `python -m tests.bench.checks`; give a number of milliseconds to add to each answer.
"""

from __future__ import annotations

import statistics
import sys
import time
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
    from scimdoctor.lab.http import LabRequest, LabResponse

RUNS = 5


def main(latency: float) -> None:
    """Check a conformant provider several times; `latency` in seconds is added to each answer."""
    results = [_run(latency) for _ in range(RUNS)]
    requests, problems, _ = results[0]
    wall = statistics.median(seconds for _, _, seconds in results)
    print(f"checks {len(ALL_CHECKS)}  requests {requests}  problems {problems}")  # noqa: T201
    print(f"wall, median of {RUNS}: {wall:.2f} s at {latency * 1000:.0f} ms latency")  # noqa: T201


def _run(latency: float) -> tuple[int, int, float]:
    provider = ScimServiceProvider()

    def handle(request: LabRequest) -> LabResponse:
        time.sleep(latency)
        return provider.handle(request)

    guard = WriteGuard()
    guard.allow("a benchmark")
    with LoopbackServer(handle) as server, httpx.Client() as http:
        token = BearerToken(Secret("lab-token"))
        endpoint = Endpoint(http, base_url=f"{server.url}/scim", auth=token, guard=guard)
        began = time.perf_counter()
        findings = run_checks(endpoint, checks=ALL_CHECKS, options=CheckOptions(seed=1))
        wall = time.perf_counter() - began
    return len(endpoint.exchanges), sum(f.is_problem for f in findings), wall


if __name__ == "__main__":
    main(float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0)
