"""Measure a pull from the lab's Graph, throttled as the real one, at real pace.

    python -m tests.bench.pull [SECONDS]

Graph allows the reporting API 5 requests in any 10 seconds. What counts is how many of the
requests that the limit allows in the time were made, and that none was refused (429).
"""

from __future__ import annotations

import argparse
import ssl
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

PAGE = 100
"""Few, so that the time of the lab itself does not count; the limit is on requests."""


@dataclass
class Turns:
    """When requests came."""

    times: list[float] = field(default_factory=list)

    def __call__(self, _request: object) -> None:
        self.times.append(time.monotonic())


def pull(server: LogServer, folder: Path) -> int:
    """Pull everything into an archive; return how many events that were."""
    context = ssl.create_default_context(cadata=server.ca)
    with graph_http(httpx.HTTPTransport(verify=context)) as http:
        log = GraphLog(GraphClient(http, Token(server.token), base_url=server.url))
        span = Span(START - timedelta(days=1), START + WINDOW + timedelta(days=1))
        return Pull(log=log, archive=Archive(folder, "t")).run(span)


def main() -> None:
    """Pull as much as takes the wanted time, and print what was reached."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("seconds", type=int, nargs="?", default=60)
    chosen = options.parse_args()
    throttle, turns = Throttle(), Turns()
    pages = throttle.limit * (chosen.seconds // int(throttle.window_seconds) + 1)
    records = list(events(pages * PAGE))
    serving: AbstractContextManager[LogServer] = log_server(
        records, page_size=PAGE, throttle=throttle, before=turns
    )
    with tempfile.TemporaryDirectory(prefix="scimdoctor-bench-") as name, serving as server:
        started = time.monotonic()
        count = pull(server, Path(name))
        whole = time.monotonic() - started
    elapsed = turns.times[-1] - turns.times[0]
    possible = throttle.window_seconds * ((len(turns.times) - 1) // throttle.limit)
    for line in told(throttle, turns, elapsed, possible):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{count} events in {whole:.1f} s, the archive's writing included\n")


def told(throttle: Throttle, turns: Turns, elapsed: float, possible: float) -> Iterator[str]:
    """Yield the findings, a line each."""
    yield f"{len(turns.times)} requests in {elapsed:.2f} s; the limit allows them in {possible:.0f} s"
    yield f"share of the allowed rate: {possible / elapsed:.1%}; refused (429): {throttle.refused}"


if __name__ == "__main__":
    main()
