"""Files, folders, zips, gzips and standard input as streams of text, whatever they hold."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from scimdoctor.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STANDARD_INPUT = "-"
EXPECTED = (
    "expected provisioning events: Graph or portal JSON, JSON Lines, CSV, an Azure Monitor export, "
    "or Log Analytics rows"
)
READ_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
"""What reading a damaged, encrypted or vanished file raises."""

ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
OFFICE = "[Content_Types].xml"
"""What every file of Microsoft Office has in it, which are zips."""

MOST_WRAPPINGS = 3
"""How often something may be packed again."""

NOT_UTF_8 = "surrogateescape"
"""How bytes that are not UTF-8 are decoded, for `readable` to see them."""

_ESCAPED = re.compile("[\udc80-\udcff]")

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

UNMARKED: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
"""Encodings without a byte order mark, by which of the first bytes are zero in plain letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Something to read; `name` is how messages call it."""

    name: str
    path: Path | None = None
    """The file; `None` for standard input."""

    members: tuple[str, ...] = ()
    """The file inside the zip at `path`; if that is a zip, the file in it, and so on."""

    fault: str | None = None
    """Why it cannot be read, where that is known already."""

    named: bool = True
    """Whether the user named it; what merely lies in a folder or zip may be something else."""

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where that is unknown."""
        return self.path.stat().st_size if self.path and not self.members else 0


def inputs(paths: Sequence[str]) -> Iterator[Input]:
    """Yield what `paths` name, folders and zips opened, in a stable order.

    Raises `SourceError` if a path does not exist or cannot be looked into.
    """
    for text in paths:
        if text == STANDARD_INPUT:
            yield Input(name="standard input")
            continue
        path = Path(text)
        if path.is_dir():
            for one in files_below(path):
                yield from opened(one, named=False)
        elif path.exists():
            yield from opened(path, named=True)
        else:
            raise SourceError(f"{text} does not exist", hint="check the path given with --from")


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in `folder` and below, hidden ones left out, by name."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():
                yield path


def opened(path: Path, *, named: bool) -> Iterator[Input]:
    """Yield the file, or the files in it if it is a zip."""
    whole = Input(name=str(path), path=path, named=named)
    try:
        with path.open("rb") as stream:
            found = list(unzipped(stream, whole)) if stream.read(4) == ZIP else [whole]
    except READ_ERRORS as error:
        if named:
            raise SourceError(f"cannot read {path}: {told(error)}") from error
        found = [replace(whole, fault=f"cannot be read ({told(error)})")]
    yield from found


def unzipped(stream: IO[bytes], zipped: Input) -> Iterator[Input]:
    """Yield the files in a zip, which may be zips again; may raise any of `READ_ERRORS`."""
    with zipfile.ZipFile(stream) as archive:
        members = sorted(m.filename for m in archive.infolist() if not m.is_dir())
        if OFFICE in members:
            yield replace(zipped, fault="is an Office file: save its table as CSV (UTF-8)")
            return
        for member in members:
            if not member.startswith("__MACOSX/"):
                yield from unzipped_member(archive, member, zipped)


def unzipped_member(archive: zipfile.ZipFile, member: str, zipped: Input) -> Iterator[Input]:
    """Yield a file of a zip, or the files in it; one that cannot be read is one with a fault."""
    names = (*zipped.members, member)
    one = replace(zipped, name=f"{zipped.name}!{member}", members=names, named=False)
    try:
        with archive.open(member) as stream:
            if stream.read(4) != ZIP or len(names) > MOST_WRAPPINGS:
                yield one
                return
        with archive.open(member) as stream, copied(stream) as copy:
            yield from list(unzipped(copy, one))
    except READ_ERRORS as error:
        yield replace(one, fault=f"cannot be read ({told(error)})")


@contextmanager
def copied(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """A copy of a stream in a temporary file without a name: a zip is read from its end."""
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.seek(0)
        yield copy


def told(error: BaseException) -> str:
    """Return what an error of the system says, in one short line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).splitlines()[0][:200]


@contextmanager
def open_bytes(source: Input, standard_input: IO[bytes] | None) -> Iterator[IO[bytes]]:
    """Open `source`, gzip undone; may raise any of `READ_ERRORS`."""
    if source.path is None:
        if standard_input is None:
            raise SourceError("standard input cannot be read here", hint="save it to a file first")
        yield ungzipped(io.BufferedReader(cast("io.RawIOBase", standard_input)))
    elif source.members:
        with source.path.open("rb") as stream, member_of(stream, source.members) as member:
            yield ungzipped(io.BufferedReader(cast("io.RawIOBase", member)))
    else:
        with source.path.open("rb") as stream:
            yield ungzipped(stream)


@contextmanager
def member_of(stream: IO[bytes], names: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """Open a file of a zip, by the names that lead to it."""
    first, *rest = names
    with zipfile.ZipFile(stream) as archive, archive.open(first) as member:
        if not rest:
            yield member
            return
        with copied(member) as copy, member_of(copy, tuple(rest)) as found:
            yield found


def ungzipped(stream: io.BufferedReader) -> IO[bytes]:
    """Return `stream`, or its decompressed content if it begins like a gzip, also of a gzip."""
    found: IO[bytes] = stream
    head = stream.peek(2)[:2]
    for _ in range(MOST_WRAPPINGS):
        if head != GZIP:
            break
        inner = gzip.GzipFile(fileobj=found, mode="rb")
        found, head = cast("IO[bytes]", inner), b""
        with suppress(*READ_ERRORS):
            head = inner.peek(2)[:2]
    return found


class ForgivingReader(io.RawIOBase):
    """A byte stream that ends where the stream below it breaks; `failure` says how."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.failure: str | None = None

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read some bytes into `buffer`; 0 at the end, and after a failure."""
        try:
            data = self._stream.read(len(buffer))
        except READ_ERRORS as error:
            self.failure = told(error)
            return 0
        buffer[: len(data)] = data
        return len(data)


def as_text(stream: io.RawIOBase) -> io.TextIOWrapper:
    """Return `stream` as text in the encoding its byte order mark names, UTF-8 without one.

    A byte that is not UTF-8 comes as a lone surrogate, which `readable` makes a letter of.
    """
    buffered = io.BufferedReader(stream, 1 << 20)
    head = buffered.peek(4)
    encoding = next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    encoding = encoding or UNMARKED.get(tuple(byte == 0 for byte in head[:4]), "utf-8")
    errors = NOT_UTF_8 if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline="")


def readable(text: str) -> tuple[str, int]:
    """Read bytes of `text` that were not UTF-8 as Windows-1252; say how many there were.

    Spreadsheets of Western Europe save CSV so. Latin-1 is the same but for rare signs.
    """
    if text.isascii():
        return text, 0
    return _ESCAPED.subn(_in_windows_1252, text)


def _in_windows_1252(match: re.Match[str]) -> str:
    return bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace")
