"""JSON values out of a stream of any length: JSON Lines, arrays, pages, documents in a row.

Never more than one record and one buffer are held. What is broken is told with its line, and
reading goes on behind it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from scimdoctor.sources.forms import may_hold_events

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_RECORD = 16 * 1024 * 1024
"""Characters of one record; a longer one is reported as broken."""

CHUNK = 1 << 20
BETWEEN = " \t\r\n,\x1e\ufeff"
"""What may stand between two values: blanks, an array's commas, RFC 7464's separator, a BOM."""

GAP = re.compile(f"[{BETWEEN}]*")

WRAPPER = re.compile(
    r'\{(?:\s*"@odata\.[^"]{0,80}"\s*:\s*"[^"]{0,4096}"\s*,)*\s*"(?:value|records)"\s*:\s*\[',
    re.IGNORECASE,
)
"""The start of a page whose array comes first, so that its elements can be read one by one."""

OPENING = re.compile(r"[\[{][ \t\r]*\n|\[")
"""A first line that only opens something."""

NEXT_OBJECT = re.compile(r'\{\s*"')
DECODER = json.JSONDecoder()


class Readable(Protocol):
    """A stream of text, as far as it is needed."""

    def read(self, size: int, /) -> str:
        """Read up to `size` characters; none at the end."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value and the line (from 1) that it begins on."""

    value: object
    line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that could not be read; `reason` is part of a sentence."""

    reason: str
    line: int


class Window:
    """The part of a text stream that is being looked at."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.text = ""
        self.at = 0
        self.line = 1
        self.ended = False

    def more(self) -> bool:
        """Drop what has been read and take in as much again as is left; false at the end."""
        chunk = "" if self.ended else self._stream.read(max(CHUNK, len(self.text) - self.at))
        if not chunk:
            self.ended = True
            return False
        self.text = self.text[self.at :] + chunk
        self.at = 0
        return True

    def advance(self, to: int) -> None:
        """Leave everything before `to` behind."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def skip_gap(self) -> bool:
        """Go to the next character that is not between values; false if there is none."""
        while True:
            match = GAP.match(self.text, self.at)
            self.advance(match.end() if match else self.at)
            if self.at < len(self.text):
                return True
            if not self.more():
                return False

    def take_line(self) -> str | None:
        """Return the next line without its end, or `None` at the end of the stream."""
        end = self.text.find("\n", self.at)
        while end < 0 and len(self.text) - self.at < LONGEST_RECORD and self.more():
            end = self.text.find("\n", self.at)
        if self.at >= len(self.text):
            return None
        if end < 0:
            end = min(len(self.text), self.at + LONGEST_RECORD)
        line = self.text[self.at : end]
        self.advance(min(end + 1, len(self.text)))
        return line


def json_values(stream: Readable) -> Iterator[Found | Broken]:
    """Yield every value of `stream`, outer arrays and pages opened; never raises for its content.

    May raise what reading `stream` raises (`OSError`, `EOFError`, `zlib.error`).
    """
    window = Window(stream)
    window.more()
    if is_line_delimited(window.text):
        yield from from_lines(window)
    else:
        yield from from_document(window)


def is_line_delimited(head: str) -> bool:
    """Say whether one of the first lines is a whole record by itself, and not one of an array."""
    text = head.lstrip(BETWEEN + "\n")
    if OPENING.match(text) or WRAPPER.match(text):
        text = text.split("\n", 1)[0].strip(BETWEEN)
        if not any(True for found in values_in(text, 1) if isinstance(found, Found)):
            return False
    for line in head.splitlines()[:20]:
        text = line.strip(BETWEEN)
        if not text.startswith(("{", "[")) or line.rstrip().endswith(","):
            continue
        try:
            value, end = DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            continue
        if may_hold_events(value) and (end < len(text) or "\n" in head):
            return True
    return False


def from_lines(window: Window) -> Iterator[Found | Broken]:
    """Yield the values of each line; a line may hold several."""
    while True:
        number = window.line
        line = window.take_line()
        if line is None:
            return
        yield from values_in(line, number)


def values_in(line: str, number: int) -> Iterator[Found | Broken]:
    """Yield the values of one line, up to the first thing that is not JSON."""
    text = line.strip(BETWEEN)
    at = 0
    while at < len(text):
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Broken(f"it is not JSON ({first_words(error)})", number)
            return
        yield Found(value, number)
        match = GAP.match(text, at)
        at = match.end() if match else at


def first_words(error: Exception) -> str:
    """Return what a decoder said, without positions and in one short piece."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:60].lower()} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:60]


def from_document(window: Window) -> Iterator[Found | Broken]:
    """Yield the values of arrays, pages and documents that run over lines."""
    pages = 0
    damaged = False
    while window.skip_gap():
        character = window.text[window.at]
        if character == "[":
            window.advance(window.at + 1)
        elif character in "]}":
            pages = close(window, pages)
        elif page := start_of_page(window):
            window.advance(page.end())
            pages += 1
        else:
            found = decode(window)
            if isinstance(found, Broken):
                if not damaged:
                    yield found
                damaged = True
                continue
            whole = may_hold_events(found.value)
            if whole or not damaged:
                yield found
            damaged = damaged and not whole


def start_of_page(window: Window) -> re.Match[str] | None:
    """Return the match of a page's beginning, if the text here is one."""
    if len(window.text) - window.at < 8192:
        window.more()
    return WRAPPER.match(window.text, window.at)


def close(window: Window, pages: int) -> int:
    """Go past the end of an array; behind a page's array, also past the rest of its object."""
    ended_array = window.text[window.at] == "]"
    window.advance(window.at + 1)
    if not ended_array or not pages:
        return pages
    while True:
        rest = '{"":0' + window.text[window.at :]
        try:
            _, end = DECODER.raw_decode(rest)
        except (ValueError, RecursionError):
            if len(rest) < LONGEST_RECORD and window.more():
                continue
            return pages - 1
        window.advance(window.at + end - 5)
        return pages - 1


def decode(window: Window) -> Found | Broken:
    """Read one value; where that fails, go to where the next object may begin."""
    line = window.line
    while True:
        try:
            value, end = DECODER.raw_decode(window.text, window.at)
        except json.JSONDecodeError as error:
            if is_for_want_of_text(error, window) and window.more():
                continue
            return resume(window, error.pos, Broken(reason_of(error, window), line))
        except (ValueError, RecursionError) as error:
            reason = f"it is not JSON ({first_words(error)})"
            return resume(window, window.at + 65536, Broken(reason, line))
        if end == len(window.text) and not isinstance(value, dict) and window.more():
            continue
        window.advance(end)
        return Found(value, line)


def is_for_want_of_text(error: json.JSONDecodeError, window: Window) -> bool:
    """Say whether more text could make a value of it."""
    size = len(window.text) - window.at
    near_end = error.pos > len(window.text) - 16 or error.msg.startswith("Unterminated string")
    return near_end and size < LONGEST_RECORD and not window.ended


def reason_of(error: json.JSONDecodeError, window: Window) -> str:
    """Say what is wrong: cut off, too long, or not JSON."""
    near_end = error.pos > len(window.text) - 16 or error.msg.startswith("Unterminated string")
    if near_end and window.ended:
        return "the text ends in the middle of it"
    return f"it is not JSON ({error.msg[:60].lower()})"


def resume(window: Window, position: int, broken: Broken) -> Broken:
    """Go to the next object behind `position`; return `broken`."""
    start = min(max(window.at + 1, position), len(window.text))
    match = NEXT_OBJECT.search(window.text, start)
    window.advance(match.start() if match else len(window.text))
    return broken
