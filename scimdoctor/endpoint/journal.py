"""Remembers on disk every test resource before it is created, so that `cleanup` works after a kill.

A file of JSON lines, appended to and flushed to the disk one line at a time; several processes may
share it. Lines that cannot be read are passed over and counted. It holds no secrets: only where
something was created, under which name, and its id once known.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledResource:
    """Something that we created, or were about to create, in an app."""

    key: str
    """Ours; unique in the journal."""

    base_url: str
    resource: str
    """`Users` or `Groups`."""

    attribute: str
    """The attribute that holds the marker: `userName` or `displayName`."""

    value: str
    """The marker: a value that nobody else has."""

    id: str | None = None
    """The app's id; `None` if the answer never came."""

    created_at: datetime | None = None


def default_journal_path() -> Path:
    """The journal's place in the platform's data directory."""
    import platformdirs

    return Path(platformdirs.user_data_dir("scimdoctor", appauthor=False)) / "journal.jsonl"


def new_key() -> str:
    """Make a key for one entry."""
    return secrets.token_hex(8)


class Journal:
    """The record at `path`. Every method reads or writes the file: nothing is kept in memory."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] | None = None) -> None:
        self.path = path
        self._clock = clock or (lambda: datetime.now(UTC))

    def about_to_create(
        self,
        base_url: str,
        resource: str,
        *,
        attribute: str,
        value: str,
        key: str | None = None,
    ) -> str:
        """Write down that a resource with `attribute` = `value` is about to be created.

        Returns the key for `created` and `forget`. Who must not lose it to an interrupt gives one
        of `new_key`.

        Raises:
            SourceError: the journal cannot be written; nothing must be created then.

        """
        key = key or new_key()
        entry = {"key": key, "base_url": base_url.rstrip("/"), "resource": resource}
        entry |= {"attribute": attribute, "value": value}
        self._append({"do": "create", "at": self._clock().isoformat(), **entry})
        return key

    def created(self, key: str, resource_id: str) -> None:
        """Write down the id that the app gave."""
        self._append({"do": "created", "key": key, "id": resource_id})

    def forget(self, key: str) -> None:
        """Write down that the resource is gone, or never came to be."""
        self._append({"do": "forget", "key": key})

    def resources(self, base_url: str | None = None) -> tuple[JournalledResource, ...]:
        """What is still there, oldest first; of one endpoint if `base_url` is given."""
        known: dict[str, JournalledResource] = {}
        for entry in self._entries():
            _apply(known, entry)
        wanted = None if base_url is None else base_url.rstrip("/")
        return tuple(r for r in known.values() if wanted is None or r.base_url == wanted)

    def unreadable_lines(self) -> int:
        """How many lines make no sense: a crash while writing, or a stranger's hand."""
        return sum(1 for line in self._lines() if _parse(line) is None)

    def _entries(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            entry = _parse(line)
            if entry is not None:
                yield entry

    def _lines(self) -> list[bytes]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SourceError(f"cannot read the journal {self.path}: {error.strerror}") from error
        return [line for line in data.split(b"\n") if line.strip()]

    def _append(self, entry: dict[str, object]) -> None:
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.with_suffix(".lock")) as alone:
                # What follows a creation can be found out again by its marker: only the line that
                # promises one must have reached the disk before the request is sent.
                self._write(line, durable=entry["do"] == "create")
                if alone and entry["do"] == "forget" and self._may_be_done():
                    self.path.unlink(missing_ok=True)
        except OSError as error:
            raise SourceError(
                f"cannot write the journal {self.path}: {error.strerror or error}",
                hint="Test resources are only created when they can be journalled first.",
            ) from error

    def _may_be_done(self) -> bool:
        """Whether nothing is left; where more was begun than ended, no line need be read for that."""
        data = self.path.read_bytes()
        return data.count(_BEGUN) <= data.count(_ENDED) and not self.resources()

    def _write(self, line: bytes, *, durable: bool) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.path, flags, 0o600)
        try:
            # A crash may have left half a line: the newline before keeps ours whole.
            os.write(descriptor, b"\n" + line)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


_BEGUN, _ENDED = b'{"do": "create", ', b'{"do": "forget", '
"""How our own lines begin."""


def _apply(known: dict[str, JournalledResource], entry: dict[str, Any]) -> None:
    key = entry["key"]
    if entry["do"] == "create":
        known[key] = JournalledResource(
            key=key,
            base_url=entry["base_url"],
            resource=entry["resource"],
            attribute=entry["attribute"],
            value=entry["value"],
            created_at=_time(entry.get("at")),
        )
    elif entry["do"] == "created" and key in known:
        known[key] = replace(known[key], id=entry["id"])
    elif entry["do"] == "forget":
        known.pop(key, None)


_FIELDS = {
    "create": ("key", "base_url", "resource", "attribute", "value"),
    "created": ("key", "id"),
    "forget": ("key",),
}


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("do"), str):
        return None
    needed = _FIELDS.get(entry["do"])
    if needed is None or not all(isinstance(entry.get(name), str) for name in needed):
        return None
    return entry


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold an exclusive lock on `path`; gives whether the platform has such locks."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: appends are still whole, but the file is never tidied away
        return False
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return True
