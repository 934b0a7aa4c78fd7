"""The values in a tidy file that DuckDB must leave to the tolerant reader, found again by Python."""

from __future__ import annotations

import io
import json
import re
import shutil
from typing import TYPE_CHECKING

from scimdoctor.sources.forms import records_in
from scimdoctor.sources.inputs import (
    NOT_UTF_8,
    READ_ERRORS,
    ForgivingReader,
    Input,
    open_bytes,
    readable,
)
from scimdoctor.sources.json_stream import WRAPPER, Broken, values_in
from scimdoctor.sources.shapes import tidy_file

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator
    from pathlib import Path

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.sources.files import FileReader
    from scimdoctor.sources.shapes import TidyFile

HEAD = 1 << 20
"""Characters that must hold the first record."""

END_OF_PAGE = re.compile(rb'\](?:\s*,\s*"[^"]{1,80}"\s*:\s*(?:"[^"]*"|[0-9]+|null))*\s*\}\s*\Z')
"""What ends a page: its array, and members like `@odata.nextLink`."""


PAGE = re.compile(WRAPPER.pattern.encode() + rb'\s*(\{"[A-Za-z]{1,40}":)', re.IGNORECASE)
"""The start of a page up to its first record's first member."""

LONGEST_PAGE = 1 << 26
SPARE_BYTES = 1 << 30


def as_tidy(source: Input, big: int) -> TidyFile | None:
    """Say how DuckDB can read `source`; `None` if it is small, or not tidy."""
    if source.path is None or source.members or source.fault or source.size < big:
        return None
    try:
        if is_gzip(source.path) != (source.path.suffix == ".gz"):
            return None
        with open_bytes(source, None) as stream:
            # A byte order mark of UTF-16 makes text of what DuckDB could not read: not tidy.
            head = stream.read(HEAD)
    except READ_ERRORS:
        return None
    return tidy_file(str(source.path), head.decode("utf-8", "replace"))


def is_gzip(path: Path) -> bool:
    """Say whether the file begins like a gzip: DuckDB goes by the name, we by the content."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def odd_events(
    texts: Iterable[str | None], path: Path, reader: FileReader
) -> Iterator[ProvisioningObjectSummary]:
    """Yield the events of odd values of an array or of pages; ``None`` is none of JSON's objects."""
    for text in texts:
        if text is None:
            reader.trouble.broken(str(path), None, "it is not an object")
            continue
        for record in records_in(json.loads(text)):
            event = reader.event(record, str(path), 0)
            if event is not None:
                yield event


def odd_line_events(
    texts: Iterable[str | None], path: Path, reader: FileReader
) -> Iterator[ProvisioningObjectSummary]:
    """Yield the events of odd lines, given their texts, ``None`` for each that is not JSON.

    The file is gone through once more, for only its lines have numbers. Those that merely look
    broken are tried first, for that is quick and mostly enough.
    """
    odd: set[int] = set()
    broken = 0
    for text in texts:
        broken += text is None
        odd |= {hash(text.strip().encode())} if text else set()
    suspects = list(lines_of(path, lambda line: looks_broken(line) or hash(line.strip()) in odd))
    if sum(is_broken(line) for _, line in suspects) < broken:
        suspects = list(lines_of(path, lambda line: hash(line.strip()) in odd or is_broken(line)))
    for number, line in suspects:
        yield from events_in(line, number, path, reader, odd)


def events_in(
    line: bytes, number: int, path: Path, reader: FileReader, odd: Container[int]
) -> Iterator[ProvisioningObjectSummary]:
    """Yield the events of one line, if it is odd."""
    if hash(line.strip()) not in odd and not is_broken(line):
        return
    text, count = readable(line.decode("utf-8", NOT_UTF_8))
    if count:
        reader.trouble.not_utf_8[str(path)] += count
    for found in values_in(text, number):
        if isinstance(found, Broken):
            reader.trouble.broken(str(path), number, found.reason)
            continue
        for record in records_in(found.value):
            event = reader.event(record, str(path), number)
            if event is not None:
                yield event


def looks_broken(line: bytes) -> bool:
    """Say whether a line does not even begin and end like a record, at the price of a glance."""
    return not (line.startswith(b'{"') and line.rstrip().endswith(b"}"))


def is_broken(line: bytes) -> bool:
    """Say whether a line that is not blank is something else than one JSON value."""
    if not line.strip():
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def lines_of(path: Path, is_wanted: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of the lines that `is_wanted`, up to where the file breaks off."""
    with open_bytes(Input(name=str(path), path=path), None) as stream:
        raw: io.RawIOBase = ForgivingReader(stream)
        for number, line in enumerate(io.BufferedReader(raw, 1 << 20), start=1):
            if is_wanted(line):
                yield number, line


def split_pages(path: Path, folder: Path) -> Path | None:
    """Write the records of pages that are a line each aside, a record a line; `None` if unfit.

    DuckDB reads records five times as quickly as pages. Records are parted where one ends and the
    next begins with the same first member. Should a part of a record look so, its halves are no
    JSON, which is noticed later. A line that is no page is kept as it is.
    """
    if is_gzip(path) or shutil.disk_usage(folder).free < 2 * path.stat().st_size + SPARE_BYTES:
        return None
    copy = folder / f"pages-{path.stat().st_ino}.jsonl"
    with path.open("rb", buffering=1 << 20) as stream, copy.open("wb") as out:
        while line := stream.readline(LONGEST_PAGE):
            if len(line) == LONGEST_PAGE:
                return None
            if line.strip():
                out.write(records_of_page(line) + b"\n")
    return copy


def records_of_page(line: bytes) -> bytes:
    """Return the records of a page a line each; anything else as it is."""
    start = PAGE.match(line)
    end = END_OF_PAGE.search(line, max(0, len(line) - 65536))
    if start is None or end is None or end.start() < start.end():
        return line.strip()
    first = start[1]
    return line[start.end(1) - len(first) : end.start()].replace(b"}," + first, b"}\n" + first)


def unwrapped(path: Path, folder: Path) -> Path | None:
    """Write the array of a file that is one page aside, so that it can be read piece by piece.

    Returns `None` if it is not one page alone.
    """
    if is_gzip(path):
        return None
    with path.open("rb") as stream:
        match = WRAPPER.match(stream.read(65536).decode("utf-8", "replace"))
        stream.seek(max(0, path.stat().st_size - 65536))
        end = END_OF_PAGE.search(tail := stream.read())
        if match is None or end is None:
            return None
        copy = folder / f"array-{path.stat().st_ino}.json"
        with copy.open("wb") as out:
            stream.seek(len(match[0].encode()) - 1)
            shutil.copyfileobj(stream, out, 1 << 20)
            out.truncate(out.tell() - (len(tail) - end.start() - 1))
    return copy
