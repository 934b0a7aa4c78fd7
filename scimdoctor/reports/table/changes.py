"""What differs from an older report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scimdoctor.model.report import ChangeState
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.words import spaced

if TYPE_CHECKING:
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_SIGNS = {
    ChangeState.NEW: ("✗", "bold red"),
    ChangeState.STILL_THERE: ("●", "bold yellow"),
    ChangeState.CANNOT_TELL: ("?", "bold yellow"),
    ChangeState.FIXED: ("✓", "bold green"),
}


def draw(page: Page, report: Report) -> None:
    """Write the changes: new ones first, fixed ones last."""
    for state, (sign, style) in _SIGNS.items():
        changes = [change for change in report.changes if change.state is state]
        if not changes:
            continue
        page.heading(f"{spaced(state).capitalize()} ({len(changes)})")
        for change in changes:
            text = Text(one_line(change.title))
            text.append(f"  {one_line(change.name)} ({change.kind})", "dim")
            if change.detail:
                text.append(f" {one_line(change.detail)}", "dim")
            page.bullet(text, sign=sign, style=style)
