"""Events per day as a stacked bar chart, drawn as SVG by hand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scimdoctor.reports.neutral import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scimdoctor.model.report import DayCount

STATUSES = ("failure", "skipped", "warning", "success")
HEIGHT = 160
STEP = 10
"""Units of width for a day; the picture is stretched to the page."""


def day_chart(days: Sequence[DayCount]) -> str:
    """Return an SVG element with one bar a day, failures at the bottom, and a title on each."""
    top = max((_total(day) for day in days), default=0)
    bars = "".join(_bar(day, index, max(top, 1)) for index, day in enumerate(days))
    width = max(1, len(days)) * STEP
    lines = "".join(
        f'<line class="grid" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
        for y in (0, HEIGHT // 2, HEIGHT)
    )
    label = f"Events per day by status, {len(days)} days, at most {top} in a day"
    return (
        f'<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {width} {HEIGHT}" '
        f'preserveAspectRatio="none">{lines}{bars}</svg>'
    )


def _total(day: DayCount) -> int:
    return sum(max(0, getattr(day, status)) for status in STATUSES)


def _bar(day: DayCount, index: int, top: int) -> str:
    y = float(HEIGHT)
    parts = []
    for status in STATUSES:
        number = max(0, getattr(day, status))
        height = number / top * HEIGHT
        y -= height
        if number:
            parts.append(
                f'<rect class="{status}" x="{index * STEP + 1}" width="{STEP - 2}" '
                f'y="{y:.2f}" height="{height:.2f}"/>'
            )
    counts = ", ".join(f"{getattr(day, s)} {s}" for s in STATUSES)
    title = escape(f"{one_line(day.day, limit=20)}: {counts}")
    hit = f'<rect class="hit" x="{index * STEP}" width="{STEP}" y="0" height="{HEIGHT}"/>'
    return f"<g><title>{title}</title>{''.join(parts)}{hit}</g>"
