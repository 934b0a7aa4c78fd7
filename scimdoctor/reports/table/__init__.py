"""The report for a person at a terminal: verdict first, limits last.

rich lays it out. Every text goes in as `Text` after `neutral`, so rich never reads markup in it.
Columns: from 40 up to 200; prose stays narrow enough to read.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from scimdoctor.reports.neutral import valid_unicode

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

NARROWEST, WIDEST = 40, 200

_ASCII = str.maketrans(
    {
        "✓": "+", "✗": "x", "●": "*", "•": "*", "·": "-", "–": "-", "—": "-", "…": "...",
        "→": "->", "─": "-", "━": "-", "│": "|", "▁": "_", "▂": "_", "▃": "-", "▄": "-",
        "▅": "=", "▆": "=", "▇": "#", "█": "#", "≠": "!=", "’": "'", "“": '"', "”": '"',
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How to draw: `width` in columns (`None`: the terminal's), colours, clickable links."""

    width: int | None = None
    color: bool = False
    hyperlinks: bool = False


def render(report: Report, out: TextIO, style: Style | None = None) -> None:
    """Write `report` as text for a terminal."""
    from scimdoctor.reports.table import causes, changes, checks, events, job, objects, replays
    from scimdoctor.reports.table.page import Page

    style = style or Style()
    buffer = io.StringIO()
    page = Page(buffer, width=_columns(style.width), color=style.color, links=style.hyperlinks)
    page.opening(report)
    for section in (changes, causes, job, replays, checks, objects, events):
        section.draw(page, report)
    page.closing(report)
    lines = (line.rstrip(" ") for line in buffer.getvalue().split("\n"))
    out.write(_encodable("\n".join(lines), out))


def _columns(width: int | None) -> int:
    if width is None:
        import shutil

        width = shutil.get_terminal_size((100, 24)).columns
    return max(NARROWEST, min(WIDEST, width))


def _encodable(text: str, out: TextIO) -> str:
    """Return `text` as `out` can write it: our own signs in ASCII where it must be."""
    text = valid_unicode(text)
    encoding = getattr(out, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text
