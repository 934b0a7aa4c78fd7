"""Reads and decompresses a response body within bounds, whatever the server does."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_GZIP = frozenset({"gzip", "x-gzip"})


class BodyError(Exception):
    """The body cannot be read as its headers say."""


class DeadlineExceeded(Exception):
    """The total time of one request is used up."""


def read_bounded(
    chunks: Iterable[bytes], encoding: str | None, *, limit: int, deadline: Deadline
) -> tuple[bytes, bool]:
    """Return at most `limit` bytes, decompressed, and whether there was more.

    Raises:
        BodyError: the body is not compressed as `encoding` says.
        DeadlineExceeded: `deadline` passed between two chunks.

    """
    decoder = _decoder(encoding)
    kept = bytearray()
    for chunk in chunks:
        deadline.check()
        kept += decoder.feed(chunk, limit + 1 - len(kept))
        if len(kept) > limit:
            return bytes(kept[:limit]), True
    decoder.finish()
    return bytes(kept), False


class Deadline:
    """A moment on a monotonic clock, in seconds."""

    def __init__(self, at: float, *, timer: Callable[[], float]) -> None:
        self.at = at
        self._timer = timer

    def left(self) -> float:
        """Seconds until then; negative once it has passed."""
        return self.at - self._timer()

    def check(self) -> None:
        """Raise `DeadlineExceeded` once the moment has passed."""
        if self.left() <= 0:
            raise DeadlineExceeded


class _Plain:
    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk[:room]

    def finish(self) -> None:
        return None


class _Zlib:
    """gzip (several members too) or deflate, never giving more than asked for."""

    def __init__(self, encoding: str) -> None:
        self._bits = 31 if encoding in _GZIP else 15
        self._encoding = encoding
        self._zlib = zlib.decompressobj(self._bits)
        self._begun = False

    def feed(self, chunk: bytes, room: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < room:
            self._restart_after_member()
            out += self._inflate(chunk, room - len(out))
            chunk = self._zlib.unused_data if self._zlib.eof else b""
        return bytes(out)

    def finish(self) -> None:
        if self._begun and not self._zlib.eof:
            raise BodyError(f"the {self._encoding} body ends too early")

    def _restart_after_member(self) -> None:
        if self._zlib.eof:
            self._zlib = zlib.decompressobj(self._bits)

    def _inflate(self, chunk: bytes, room: int) -> bytes:
        try:
            data = self._zlib.decompress(chunk, room)
        except zlib.error as error:
            if self._begun or self._bits != 15:
                raise BodyError(f"the body is not {self._encoding} as its header says") from error
            self._zlib = zlib.decompressobj(-15)
            self._bits = -15
            return self._inflate(chunk, room)
        self._begun = True
        return data


def _decoder(encoding: str | None) -> _Plain | _Zlib:
    """The decoder for `Content-Encoding`; encodings that we cannot undo are kept as they are."""
    name = (encoding or "").strip().casefold()
    return _Zlib(name) if name in _GZIP or name == "deflate" else _Plain()
