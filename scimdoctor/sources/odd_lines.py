"""Which files DuckDB may read by itself, and the lines in them that it may not."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from scimdoctor.sources.forms import records_in
from scimdoctor.sources.inputs import READ_ERRORS, ForgivingReader, Input, open_bytes
from scimdoctor.sources.json_stream import Broken, values_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.sources.files import FileReader

HEAD_LINES = 3
LONGEST_LINE = 1 << 20
RESULTS = ("success", "failure", "skipped", "warning")
ACTIONS = ("other", "create", "delete", "disable", "update", "stagedDelete")


def takes_plain_lines(source: Input, big: int) -> bool:
    """Say whether `source` is a big file whose first lines are Graph's own records, one a line."""
    if source.path is None or source.member is not None or source.size < big:
        return False
    try:
        if is_gzip(source.path) != (source.path.suffix == ".gz"):
            return False
        with open_bytes(source, None) as stream:
            lines = [stream.readline(LONGEST_LINE) for _ in range(HEAD_LINES)]
    except READ_ERRORS:
        return False
    told = [line for line in lines if line.strip()]
    return bool(told) and all(line[:1] == b"{" and is_graph_record(line) for line in told)


def is_gzip(path: Path) -> bool:
    """Say whether the file begins like a gzip: DuckDB goes by the name, we by the content."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def is_graph_record(line: bytes) -> bool:
    """Say whether a line is a record in Graph's own spelling, tidy enough for SQL."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and not is_untidy(value)


def is_untidy(record: dict[str, object]) -> bool:
    """Say whether a record needs Python's tolerance; at least where `sql.plain_view` says so."""
    info, app = record.get("provisioningStatusInfo"), record.get("servicePrincipal")
    if not isinstance(info, dict) or not isinstance(app, dict):
        return True
    texts = (
        record.get("id"),
        record.get("activityDateTime"),
        app.get("id"),
        app.get("displayName"),
    )
    if not all(isinstance(text, str) and text for text in texts):
        return True
    if info.get("status") not in RESULTS or record.get("provisioningAction") not in ACTIONS:
        return True
    if not isinstance(record.get("durationInMilliseconds"), int | None):
        return True
    return is_untidy_error(info) or any(map(is_untidy_part, nested_parts(record)))


def is_untidy_error(info: dict[str, object]) -> bool:
    """Say whether the error needs tolerance: a failure must tell both code and reason."""
    error = info.get("errorInformation")
    if error is None:
        return info.get("status") == "failure"
    if not isinstance(error, dict):
        return True
    texts = (error.get("errorCode"), error.get("reason"))
    whole = all(isinstance(text, str) and text for text in texts)
    return not whole or str(texts[0]).lower() == "none"


def nested_parts(record: dict[str, object]) -> Iterator[object]:
    """Yield the parts of a record that SQL reads as structures."""
    yield record.get("sourceIdentity")
    yield record.get("targetIdentity")
    steps = record.get("provisioningSteps")
    yield from steps if isinstance(steps, list) else (steps,)


def is_untidy_part(part: object) -> bool:
    """Say whether a part, or its details, is no object."""
    if part is None:
        return False
    return not isinstance(part, dict) or not isinstance(part.get("details"), dict | None)


def looks_odd(line: bytes) -> bool:
    """Say whether a line does not even begin and end like a record, at the price of a glance."""
    return not (line.startswith(b'{"') and line.rstrip().endswith(b"}"))


def is_odd(line: bytes) -> bool:
    """Say whether a line is broken or untidy."""
    return bool(line.strip()) and not is_graph_record(line)


def lines_of(path: Path, is_wanted: Callable[[bytes], bool]) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that `is_wanted`, up to where the file breaks off."""
    with open_bytes(Input(name=str(path), path=path), None) as stream:
        raw: io.RawIOBase = ForgivingReader(stream)
        for number, line in enumerate(io.BufferedReader(raw, 1 << 20), start=1):
            if is_wanted(line):
                yield number, line.decode("utf-8", "replace")


def odd_events(path: Path, count: int, reader: FileReader) -> Iterator[ProvisioningObjectSummary]:
    """Yield the events of the odd lines of `path`; `count` says how many lines there are.

    The lines that merely look odd are tried first, for that is quick and mostly enough.
    """
    suspects = list(lines_of(path, lambda line: looks_odd(line) and is_odd(line)))
    if len(suspects) != count:
        suspects = list(lines_of(path, is_odd))
    for number, line in suspects:
        for found in values_in(line, number):
            if isinstance(found, Broken):
                reader.trouble.broken(str(path), number, found.reason)
                continue
            for record in records_in(found.value):
                event = reader.event(record, str(path), number)
                if event is not None:
                    yield event
