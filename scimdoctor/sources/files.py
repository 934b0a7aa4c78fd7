"""Saved events of every form, read record by record; the form is told by the content."""

from __future__ import annotations

import io
import re
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from scimdoctor.errors import SourceError
from scimdoctor.model.frozen import EMPTY
from scimdoctor.sources.csv_content import told_titles
from scimdoctor.sources.csv_dates import DateOrder, time_cells, with_time
from scimdoctor.sources.csv_rows import HEAD, Kind, Parts, csv_rows, find_header, merged
from scimdoctor.sources.forms import OtherCategory, UnreadableRecord, is_partial, records_in
from scimdoctor.sources.inputs import (
    EXPECTED,
    READ_ERRORS,
    ZIP,
    ForgivingReader,
    Input,
    as_text,
    open_bytes,
    readable,
    told,
)
from scimdoctor.sources.json_stream import Broken, Found, json_values
from scimdoctor.sources.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary

NAMED = 5
"""Broken records that are named one by one; the rest is a number."""

LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class Trouble:
    """What could not be read, collected while reading."""

    unreadable: int = 0
    named: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    other_categories: Counter[str] = field(default_factory=Counter)
    not_utf_8: Counter[str] = field(default_factory=Counter)
    """Bytes by input."""

    timeless: int = 0
    """Events without a time that can be read."""

    first_timeless: str | None = None
    """Where the first of them stood."""

    def broken(self, name: str, line: int | None, reason: str) -> None:
        """Count a record that could not be read."""
        self.unreadable += 1
        if len(self.named) < NAMED:
            place = f"{name}:{line}" if line else name
            self.named.append(f"{place}: record skipped, {reason}")

    def without_time(self, place: str) -> None:
        """Count an event that has no time that can be read."""
        self.timeless += 1
        self.first_timeless = self.first_timeless or place

    def limits(self) -> tuple[str, ...]:
        """Return it as lines for a report's `limits`."""
        lines = list(self.named)
        if self.timeless:
            lines.append(
                f"events without a time that can be read: {self.timeless}, the first at "
                f"{self.first_timeless}; --since and --until leave them out"
            )
        if self.unreadable > len(self.named):
            rest = self.unreadable - len(self.named)
            lines.append(
                f"further records that could not be read: {rest}; {self.unreadable} in all"
            )
        for reason, count in self.other_categories.items():
            lines.append(f"records of another log, left out: {count}: {reason}")
        for name, count in self.not_utf_8.items():
            lines.append(
                f"{name}: bytes that are not UTF-8, read as Windows-1252: {count}; where names look"
                " wrong, save the file as UTF-8"
            )
        return (*lines, *self.notes)


@dataclass(slots=True)
class FileReader:
    """Reads events from inputs; `trouble` tells afterwards what could not be read."""

    standard_input: IO[bytes] | None = None
    trouble: Trouble = field(default_factory=Trouble)
    recognised: int = 0
    """Inputs that held events, or could have."""

    def events(self, sources: Iterable[Input]) -> Iterator[ProvisioningObjectSummary]:
        """Yield the events of all `sources`.

        Raises `SourceError` if one that the user named holds none of the known forms, or cannot
        be opened at all.
        """
        rest, parts = self._sorted(sources)
        with closing(parts):
            for source in rest:
                for found in self._found_or_told(source):
                    value = found.value
                    if isinstance(value, dict) and not parts.empty:
                        value = parts.joined_to(value)
                    event = self.event(value, source.name, found.line)
                    if event is not None:
                        yield event
            self._tell_orphans(parts)

    def event(self, value: object, name: str, line: int) -> ProvisioningObjectSummary | None:
        """Read one record; what cannot be read is counted and gives `None`. Line 0 is not told."""
        if not isinstance(value, dict):
            self.trouble.broken(name, line, "it is not an object")
            return None
        place = f"{name}:{line}" if line else name
        try:
            event = read_record(value, place)
        except OtherCategory as error:
            self.trouble.other_categories[str(error)] += 1
            return None
        except UnreadableRecord as error:
            self.trouble.broken(name, line, str(error))
            return None
        if event.activity_date_time is None:
            self.trouble.without_time(place)
        return event

    def _sorted(self, sources: Iterable[Input]) -> tuple[list[Input], Parts]:
        """Put CSV files of steps and properties into `Parts`; return the other inputs."""
        parts = Parts()
        rest = []
        for source in sources:
            kind = self._csv_kind(source)
            if kind in {Kind.STEPS, Kind.PROPERTIES}:
                self._keep_parts(source, kind, parts)
            else:
                rest.append(source)
        parts.ready()
        return rest, parts

    def _csv_kind(self, source: Input) -> Kind | None:
        """Return what a CSV input holds; `None` for any other input, and standard input."""
        if source.path is None or source.fault:
            return None
        try:
            with open_bytes(source, None) as stream:
                head = as_text(ForgivingReader(stream)).read(HEAD)
        except READ_ERRORS:
            return None
        return None if is_json(head) else find_header(head)[0].kind

    def _keep_parts(self, source: Input, kind: Kind, parts: Parts) -> None:
        self.recognised += 1
        with self._text(source) as stream:
            self._tell_unknown_titles(source, stream)
            for found in csv_rows(stream, stream.peeked):
                if isinstance(found, Broken):
                    self.trouble.broken(source.name, found.line, found.reason)
                elif isinstance(found.value, dict) and not parts.add(found.value, kind):
                    self.trouble.broken(source.name, found.line, "it has no change id")

    def _tell_orphans(self, parts: Parts) -> None:
        if count := parts.orphans():
            self.trouble.notes.append(
                f"steps or modified properties of {count} changes have no record of their own: "
                "give the portal's main CSV file (ProvisioningLogs) too"
            )

    def _found_or_told(self, source: Input) -> Iterator[Found]:
        """Yield the records of one input; one that nobody named and nothing opens is told."""
        try:
            if source.fault:
                self._refuse(source, source.fault)
            else:
                yield from self._found(source)
        except SourceError as error:
            if source.named:
                raise
            self.trouble.notes.append(error.message)

    def _found(self, source: Input) -> Iterator[Found]:
        """Yield the records of one input with their lines."""
        with self._text(source) as stream:
            head = stream.peeked
            if not head.strip():
                self._refuse(source, "is empty")
            elif head.startswith(ZIP.decode()):
                stream.not_utf_8 = 0  # They are no letters of anything.
                self._refuse(source, "is a zip inside of something else: unpack it first")
            elif is_json(head):
                self.recognised += 1
                yield from self._json(source, stream)
            elif find_header(head)[0].kind is Kind.RECORDS:
                self.recognised += 1
                self._tell_unknown_titles(source, stream)
                yield from self._csv(source, stream)
            elif has_json_lines(head):
                self.recognised += 1
                yield from self._json(source, stream)
            elif told := told_titles(head):
                self.recognised += 1
                self._tell_told_titles(source, stream, told)
                yield from self._csv(source, stream, told)
            else:
                stream.not_utf_8 = 0  # Nothing of it is read.
                self._refuse(source, what_instead(head))

    def _json(self, source: Input, stream: io.TextIOBase) -> Iterator[Found]:
        for found in json_values(stream):
            if isinstance(found, Broken):
                self.trouble.broken(source.name, found.line, found.reason)
                continue
            if is_partial(found.value):
                self.trouble.notes.append(f"{source.name}: Log Analytics says it is incomplete")
            for record in records_in(found.value):
                yield Found(record, found.line)

    def _csv(
        self, source: Input, stream: PeekedText, told: Mapping[str, str] = EMPTY
    ) -> Iterator[Found]:
        order = self._date_order(source, stream.peeked, told)
        for found in merged(renamed(row, told) for row in csv_rows(stream, stream.peeked)):
            if isinstance(found, Broken):
                self.trouble.broken(source.name, found.line, found.reason)
            elif isinstance(found.value, dict):
                yield Found(with_time(found.value, order), found.line)
        self.trouble.notes.extend(f"{source.name}: {note}" for note in order.notes())

    def _date_order(self, source: Input, head: str, told: Mapping[str, str]) -> DateOrder:
        """Tell from a file's dates whether the day comes first: of its beginning, else of all."""
        order = DateOrder()
        looked = any(map(order.look_at, dates_in(io.StringIO(head, newline=""), head, told)))
        if not looked and order.doubtful and source.path is not None and len(head) == HEAD:
            with suppress(*READ_ERRORS), open_bytes(source, None) as stream:
                text = as_text(ForgivingReader(stream))
                any(map(order.look_at, dates_in(text, head, told)))
        return order

    def _tell_unknown_titles(self, source: Input, stream: PeekedText) -> None:
        if unknown := find_header(stream.peeked)[0].unknown:
            listed = ", ".join(repr(title[:40]) for title in unknown[:8])
            self.trouble.notes.append(f"{source.name}: columns not understood: {listed}")

    def _tell_told_titles(self, source: Input, stream: PeekedText, told: Mapping[str, str]) -> None:
        named = ", ".join(f"{title[:40]!r} as {name}" for title, name in told.items())
        titles = find_header(stream.peeked)[0].titles
        rest = ", ".join(repr(title[:40]) for title in titles if title not in told) or "none"
        self.trouble.notes.append(
            f"{source.name}: its titles are not known, so columns were told by their cells: "
            f"{named}; not told and not read: {rest}. The portal in English, or its JSON, says more"
        )

    def _refuse(self, source: Input, reason: str) -> None:
        if source.named:
            raise SourceError(f"{source.name} {reason}", hint=EXPECTED)
        self.trouble.notes.append(f"{source.name} {reason}")

    def _text(self, source: Input) -> OpenText:
        return OpenText(source, self.standard_input, self.trouble)


def is_json(head: str) -> bool:
    """Say whether text that begins with `head` is JSON."""
    return head.lstrip("\ufeff\x1e \t\r\n")[:1] in {"{", "["}


def has_json_lines(head: str) -> bool:
    """Say whether a line near the beginning is an object: JSON Lines with a bad first line."""
    return any(line.lstrip().startswith('{"') for line in head.splitlines()[:20])


def dates_in(stream: io.TextIOBase, head: str, told: Mapping[str, str]) -> Iterator[str]:
    """Yield the cells with a time in a file of CSV that begins with `head`."""
    for row in csv_rows(stream, head):
        found = renamed(row, told)
        if isinstance(found, Found):
            yield from time_cells(found.value)


def renamed(found: Found | Broken, told: Mapping[str, str]) -> Found | Broken:
    """Return a row of CSV with the names that its titles were told to mean."""
    if isinstance(found, Broken) or not isinstance(found.value, dict):
        return found
    return Found({told.get(title, title): cell for title, cell in found.value.items()}, found.line)


def what_instead(head: str) -> str:
    """Say what text that begins with `head` is, if it holds no events in a known form."""
    if head.lstrip()[:200].lower().startswith(("<!doctype html", "<html")):
        return "looks like a web page"
    if JSON_WITHIN.search(head[:LOOKED_AT]):
        return "has JSON inside of other text: take out what stands around its objects"
    titles = find_header(head)[0].titles
    if len(titles) < FEWEST_TITLES:
        return "is not understood"
    seen = ", ".join(repr(title[:40]) for title in titles[:8])
    return (
        f"is a table of something else, or its titles are in another language: it has {seen}; "
        "expected are titles such as 'Date', 'Change ID', 'Action', 'Status' and 'Identity'"
    )


JSON_WITHIN = re.compile(r"""\{\s*(?:\\?"|')\w{1,40}(?:\\?"|')\s*:""")
LOOKED_AT = 4096

FEWEST_TITLES = 4
"""Cells of a first line from which on it is taken for titles."""


class PeekedText(io.TextIOBase):
    """A text stream whose beginning, `peeked`, can be looked at before it is read."""

    def __init__(self, stream: io.TextIOBase) -> None:
        super().__init__()
        self._stream = stream
        self.not_utf_8 = 0
        """How many bytes of what was read so far were not UTF-8."""

        self.peeked = self._readable(stream.read(HEAD))
        self._held = self.peeked

    def _readable(self, text: str) -> str:
        text, count = readable(text)
        self.not_utf_8 += count
        return text

    def read(self, size: int | None = -1) -> str:
        """Read up to `size` characters; fewer do not mean the end, none does."""
        if not self._held:
            return self._readable(self._stream.read(size))
        wanted = len(self._held) if size is None or size < 0 else size
        text, self._held = self._held[:wanted], self._held[wanted:]
        return (
            text if size is not None and size >= 0 else text + self._readable(self._stream.read())
        )

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        """Read up to and with the next line end: as ever, or a carriage return of an old Mac's."""
        found = LINE_END.search(self._held)
        if found and found.end() < len(self._held):
            text, self._held = self._held[: found.end()], self._held[found.end() :]
            return text
        text, self._held = self._held, ""
        if not text.endswith(("\r", "\n")):
            return text + self._readable(self._stream.readline(size))
        if text.endswith("\r"):
            self._held = self._readable(self._stream.read(1))
            if self._held == "\n":
                text, self._held = text + self._held, ""
        return text


class OpenText:
    """An input opened as text for a `with`; a failure in its middle is told, not raised."""

    def __init__(self, source: Input, standard_input: IO[bytes] | None, trouble: Trouble) -> None:
        self._source = source
        self._bytes = open_bytes(source, standard_input)
        self._trouble = trouble
        self._reader: ForgivingReader | None = None
        self._text: PeekedText | None = None

    def __enter__(self) -> PeekedText:
        try:
            self._reader = ForgivingReader(self._bytes.__enter__())
        except READ_ERRORS as error:
            raise SourceError(f"cannot read {self._source.name}: {told(error)}") from error
        self._text = PeekedText(as_text(self._reader))
        return self._text

    def __exit__(self, *exc: object) -> None:
        failure = self._reader.failure if self._reader else None
        if failure:
            self._trouble.broken(self._source.name, None, f"the file ends early ({failure})")
        if self._text is not None and self._text.not_utf_8:
            self._trouble.not_utf_8[self._source.name] += self._text.not_utf_8
        self._bytes.__exit__(None, None, None)
