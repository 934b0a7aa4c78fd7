"""Measure a pull from the lab's Graph, throttled as the real one, at real pace.

    python -m tests.bench.pull [SECONDS] [--page EVENTS]

Graph allows the reporting API 5 requests in any 10 seconds, so that the sixth may come after 10
seconds at the earliest, the eleventh after 20. What counts is how close to that the first of the
last five came, and that none was refused (429). How long the last five took, each page naming the
next, is Graph's speed, not the limit's; it is told beside it. The pull is a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from scimdoctor.graph.client import GraphClient
from scimdoctor.graph.connect import graph_http
from scimdoctor.lab.graph import Throttle
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.archive_manifest import Span
from scimdoctor.sources.graph import GraphLog, Pull
from tests.bench.log_generator import START, WINDOW, events
from tests.fakes.log_server import LogServer, log_server
from tests.fakes.pulling import Token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@dataclass
class Turns:
    """When requests came, as the lab saw them."""

    times: list[float] = field(default_factory=list)

    def __call__(self, _request: object) -> None:
        self.times.append(time.monotonic())


def pull(url: str, token: str, folder: Path) -> int:
    """Pull everything into an archive; return how many events that were."""
    context = ssl.create_default_context(cadata=os.environ["LAB_CA"])
    with graph_http(httpx.HTTPTransport(verify=context)) as http:
        log = GraphLog(GraphClient(http, Token(token), base_url=url))
        span = Span(START - timedelta(days=1), START + WINDOW + timedelta(days=1))
        return Pull(log=log, archive=Archive(folder, "t")).run(span)


def main() -> None:
    """Pull as much as takes the wanted time, and print what was reached."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("seconds", type=int, nargs="?", default=60)
    options.add_argument("--page", type=int, default=1000, help="events of a page")
    options.add_argument("--from", nargs=3, dest="source", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.source:
        url, token, folder = chosen.source
        sys.stdout.write(f"{pull(url, token, Path(folder))}\n")
        return
    throttle, turns = Throttle(), Turns()
    pages = throttle.limit * (chosen.seconds // int(throttle.window_seconds) + 1)
    records = list(events(pages * chosen.page))
    serving: AbstractContextManager[LogServer] = log_server(
        records, page_size=chosen.page, throttle=throttle, before=turns
    )
    with tempfile.TemporaryDirectory(prefix="scimdoctor-bench-") as name, serving as server:
        started = time.monotonic()
        command = [sys.executable, "-m", "tests.bench.pull", "--from", server.url, server.token]
        done = subprocess.run(
            [*command, name], env={**os.environ, "LAB_CA": server.ca}, check=True, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        whole = time.monotonic() - started
    for line in told(throttle, turns.times):
        sys.stdout.write(f"{line}\n")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (usage.ru_utime + usage.ru_stime) / len(turns.times)
    sys.stdout.write(f"CPU of the pull: {seconds:.2f} s a page; the limit leaves 2 s for each\n")
    sys.stdout.write(
        f"{int(done.stdout)} events in {whole:.1f} s, the archive's writing included\n"
    )


def told(throttle: Throttle, times: list[float]) -> Iterator[str]:
    """Yield the findings, a line each."""
    windows = (len(times) - 1) // throttle.limit
    possible = throttle.window_seconds * windows
    last = times[throttle.limit * windows] - times[0]
    whole = times[-1] - times[0]
    yield f"{len(times)} requests; the last {throttle.limit} began after {last:.2f} s of {possible:.0f} s"
    yield f"share of the allowed rate: {possible / last:.1%}; refused (429): {throttle.refused}"
    yield f"all of them took {whole:.2f} s ({possible / whole:.1%})"


if __name__ == "__main__":
    main()
