"""Finding lines of a big file by their time, where lines are in order of time, as logs mostly are.

The newest event of each fault is wanted once a file has been read through, and reading it through
again only for them would take half as long once more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BLOCK = 32 * 1024
"""Bytes that are read at once; most hold a few lines."""

LONGEST_LINE = 1 << 20
MOST_ALIKE = 64 * BLOCK
"""Bytes that are looked through for one id: many events may be of one moment."""

ENOUGH = 20
"""Ids that may be missed before the search is given up: lines are in no order then."""

_TIME = re.compile(rb'"activityDateTime" ?: ?"([^"]{1,40})"')


def lines_near(path: Path, wanted: Mapping[str, datetime | None]) -> Iterator[bytes]:
    """Yield lines that hold one of the `wanted` ids, looked for where its time belongs.

    Nothing is promised: where lines are not in order, some or all are not found.
    """
    with path.open("rb", buffering=0) as stream:
        lines = Lines(stream=stream, size=path.stat().st_size)
        missed = 0
        for one, time in wanted.items():
            lines_found = list(lines.holding(b'"' + one.encode() + b'"', time)) if time else []
            missed += not lines_found
            yield from lines_found
            if missed > ENOUGH:
                return


@dataclass(slots=True)
class Lines:
    """A file whose lines are in order of time, one way or the other."""

    stream: IO[bytes]
    size: int
    times: dict[int, datetime | None] = field(default_factory=dict)
    """What `time_after` told before: searches begin alike."""

    def holding(self, text: bytes, time: datetime) -> Iterator[bytes]:
        """Yield the lines around `time` that hold `text`."""
        first, last = self.time_after(0), self.time_after(max(0, self.size - 2 * BLOCK))
        if first is None or last is None:
            return
        rising = first <= last
        low, high = 0, self.size
        while high - low > BLOCK:
            middle = (low + high) // 2
            found = self.time_after(middle)
            if found is None or (found >= time if rising else found <= time):
                high = middle
            else:
                low = middle
        yield from self._in_run(text, time, max(0, low - BLOCK), rising=rising)

    def _in_run(self, text: bytes, time: datetime, at: int, *, rising: bool) -> Iterator[bytes]:
        """Yield lines with `text` from `at` on, until the times are past `time`."""
        rest, end = b"", at + MOST_ALIKE
        while at < end and (block := self._read(at, 4 * BLOCK)):
            at += len(block)
            whole, _, tail = (rest + block).rpartition(b"\n")
            if at >= self.size:
                whole, tail = rest + block, b""
            if text in whole:
                yield from (line for line in whole.split(b"\n") if text in line)
                return
            rest = tail if len(tail) < LONGEST_LINE else b""
            past = self.time_after(at)
            if past is not None and (past > time if rising else past < time):
                end = min(end, at + 1)

    def time_after(self, at: int) -> datetime | None:
        """Return the time of the first line that begins after `at`, or at 0; `None` if unknown."""
        if at not in self.times:
            self.times[at] = self._time_after(at)
        return self.times[at]

    def _time_after(self, at: int) -> datetime | None:
        for size in (BLOCK, LONGEST_LINE):
            block = self._read(at, size)
            start = block.find(b"\n") if at else 0
            if start >= 0 and (found := _TIME.search(block, start)):
                return _moment(found[1])
        return None

    def _read(self, at: int, size: int) -> bytes:
        self.stream.seek(at)
        return self.stream.read(size)


def _moment(text: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.decode())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
