"""Temporary folders for what names people: gone when the run ends, or with the next run at last.

A process that is killed for good removes nothing. So each folder holds a lock that lives as long
as its process, and whoever makes a folder removes those of which nobody holds the lock any more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scimdoctor.errors import SourceError
from scimdoctor.sources.private_files import PRIVATE_FILE, is_taken

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "scimdoctor-"
LOCK = "lock"
WINDOWS = os.name == "nt"


class TemporaryFolder:
    """A folder of this process, for its user alone; as a context it is its path.

    Raises `SourceError` if none can be made.
    """

    def __init__(self, purpose: str = "") -> None:
        remove_abandoned()
        self._open = ExitStack()
        try:
            made = tempfile.TemporaryDirectory(prefix=PREFIX + purpose, ignore_cleanup_errors=True)
            self.path = Path(self._open.enter_context(made))
            self._open.callback(os.close, locked_in(self.path))
        except OSError as error:
            self._open.close()
            raise SourceError(
                f"cannot make a temporary folder: {error.strerror or error}",
                hint="free some space, or set TMPDIR to a folder that can be written",
            ) from error

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        self._open.close()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()


def locked_in(folder: Path) -> int:
    """Make the lock of a new folder and hold it; return its descriptor.

    Under its name it is never seen unlocked: another process would take the folder for abandoned.
    Windows cannot rename what is open, nor remove it, so that there it does no harm.
    """
    lock = folder / LOCK
    draft = lock if WINDOWS else folder / f"{LOCK}.part"
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    is_taken(descriptor)
    draft.replace(lock)
    return descriptor


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed before they could do it themselves."""
    for folder in own_folders(Path(tempfile.gettempdir())):
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
        with suppress(OSError):
            descriptor = os.open(folder / LOCK, flags)
            try:
                abandoned = is_taken(descriptor)
                if abandoned:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
            if abandoned and WINDOWS:  # The lock itself was open until now.
                shutil.rmtree(folder, ignore_errors=True)


def own_folders(parent: Path) -> Iterator[Path]:
    """Yield temporary folders of this user; links, and what others made, are left alone."""
    user = os.geteuid() if hasattr(os, "geteuid") else None
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            if user is None or entry.stat(follow_symlinks=False).st_uid == user:
                yield Path(entry.path)
