"""Writes to streams that cannot take every character, in the way of each format."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def as_json_escape(text: str) -> str:
    """Return `text` with characters beyond ASCII as JSON's own escapes."""
    return _BEYOND_ASCII.sub(lambda match: json.dumps(match.group())[1:-1], text)


def as_character_reference(text: str) -> str:
    """Return `text` with characters beyond ASCII as XML and HTML references."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def as_question_mark(text: str) -> str:
    """Return `text` with a question mark for each character beyond ASCII."""
    return text.encode("ascii", "replace").decode("ascii")


class Encodable(io.TextIOBase):
    """Passes text on; what the stream's encoding cannot take goes through `fallback` first."""

    def __init__(self, out: TextIO, fallback: Callable[[str], str]) -> None:
        self._out = out
        self._fallback = fallback
        self._encoding = getattr(out, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write `text`; a character that does not fit is never a reason to fail."""
        try:
            text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            text = self._fallback(text)
        return self._out.write(text)
