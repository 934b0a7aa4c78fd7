"""Reading the HAR captures that a command was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scimdoctor.endpoint.har import HarCapture


def read_captures(paths: Iterable[Path]) -> HarCapture:
    """Return the exchanges of all files, numbered through, and what could not be read of them.

    Raises:
        SourceError: a file cannot be read, or is no HAR.
    """
    from scimdoctor.endpoint.har import HarCapture, load_har

    whole = HarCapture()
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        part = load_har(data, path.name, first=len(whole.exchanges) + 1)
        whole = HarCapture(
            exchanges=(*whole.exchanges, *part.exchanges),
            problems=(*whole.problems, *part.problems),
        )
    return whole
