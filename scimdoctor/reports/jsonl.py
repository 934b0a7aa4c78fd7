"""JSON Lines: one event a line, in Graph's form; `--from` reads them again.

A report without events gives the rows of its main section instead.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from scimdoctor.reports.neutral import json_safe
from scimdoctor.reports.rows import main_section
from scimdoctor.reports.shape import event_json

if TYPE_CHECKING:
    from scimdoctor.model.report import Report


def render(report: Report, out: TextIO) -> None:
    """Write one JSON object a line."""
    rows = map(event_json, report.event_list) if report.event_list else iter(main_section(report))
    for row in rows:
        out.write(json_safe(json.dumps(row, ensure_ascii=False, allow_nan=False)))
        out.write("\n")
