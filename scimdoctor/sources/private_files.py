"""Files that only their owner may read, written whole or not at all, and a lock between processes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.errors import ArchiveBusyError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


@contextmanager
def writing(what: Path) -> Iterator[None]:
    """Turn the system's refusal to write into `SourceError`: disk full, no permission, no folder."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"cannot write {what}: {error.strerror or error}",
            hint="free some space or give another folder with SCIMDOCTOR_ARCHIVE; "
            "--no-archive keeps nothing",
        ) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents, those that are new for the owner alone."""
    with writing(folder):
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step that survives a kill and a power cut."""
    draft = path.with_name(path.name + ".part")
    with writing(path):
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: object) -> None:
    """Replace `path` by `value` as JSON, in one step."""
    write_whole(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def sync_file(path: Path) -> None:
    """Make what another writer put into `path` last."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last; a system that cannot do that is let off."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


Wait = Callable[[Callable[[], bool]], bool]
"""Tries what it is given again and again until it is done or patience is over, and says which."""


@contextmanager
def locked(path: Path, busy: str, wait: Wait | None = None) -> Iterator[None]:
    """Hold the lock at `path`; the system drops it when the process ends, however it ends.

    Raises `ArchiveBusyError` with the message `busy` if another process holds it, after a `wait`.
    """
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    take = partial(is_taken, descriptor)
    try:
        if not (take() or (wait is not None and wait(take))):
            hint = "wait until it has ended; meanwhile 'logs --offline' reads what is there"
            raise ArchiveBusyError(busy, hint=hint)
        yield
    finally:
        os.close(descriptor)


def is_taken(descriptor: int) -> bool:
    """Lock an open file, and say whether that could be done."""
    try:
        take_lock(descriptor)
    except OSError:
        return False
    return True


def take_lock(descriptor: int) -> None:
    """Lock an open file or raise `OSError` at once."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
