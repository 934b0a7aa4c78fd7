"""Waiting while another process writes to the archive, for a time, with a word to the user."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scimdoctor.progress import Progress

PATIENCE_SECONDS = 600.0
"""As long as a pull of 300,000 events takes at Graph's limit; then the archive is read as it is."""

LOOK_SECONDS = 0.5
SILENT_LOOKS = 4
"""Two that follow the log meet for a moment now and then, which is not worth a line."""

WORD = (
    "Another scimdoctor writes to this archive: waiting for it, at most "
    f"{PATIENCE_SECONDS / 60:.0f} minutes. Ctrl-C ends; --offline reads what is there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Waits for the one that writes to a tenant's archive."""

    folder: Path
    """The tenant's."""

    progress: Progress = SILENT
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, take: Callable[[], bool]) -> bool:
        """Try `take` again and again; say whether that helped before patience was over."""
        if any(self._slept(take) for _ in range(SILENT_LOOKS)):
            return True
        self.progress.message(WORD)
        with self.progress.task("Waiting for another scimdoctor", uneven=True) as task:
            read = 0
            for _ in range(SILENT_LOOKS, int(PATIENCE_SECONDS / LOOK_SECONDS)):
                so_far = max(read, read_so_far(self.folder))
                task.advance(so_far - read, note="events read by it")
                read = so_far
                if self._slept(take):
                    return True
        return False

    def _slept(self, take: Callable[[], bool]) -> bool:
        self.sleep(LOOK_SECONDS)
        return take()


def read_so_far(folder: Path) -> int:
    """Return how many events the pull has read that wrote its state last."""
    with suppress(OSError, ValueError, TypeError):
        states = list((folder / "pulls").glob("*.json"))
        newest = max(states, key=lambda path: path.stat().st_mtime)
        state = json.loads(newest.read_text(encoding="utf-8"))
        return int(state.get("events") or 0) if isinstance(state, dict) else 0
    return 0
