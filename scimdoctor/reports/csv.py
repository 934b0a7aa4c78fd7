"""CSV for a spreadsheet: the events, else the rows of the report's main section.

A cell that a spreadsheet would take for a formula gets a leading apostrophe.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, TextIO

from scimdoctor.reports.neutral import formula_safe, one_line
from scimdoctor.reports.rows import main_section
from scimdoctor.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import Report

LONGEST_CELL = 32_000
"""A spreadsheet cell takes 32 767 characters."""

_EVENT_COLUMNS = (
    "time_utc", "status", "action", "object", "object_type", "source_id", "target_id", "app",
    "error_code", "reason", "recommended_action", "job_id", "cycle_id", "change_id",
    "duration_in_milliseconds", "id",
)  # fmt: skip


def render(report: Report, out: TextIO) -> None:
    """Write a header and one row for each event or entry."""
    if report.event_list:
        _write(out, _EVENT_COLUMNS, (_event_row(event) for event in report.event_list))
        return
    rows = [_flat(row) for row in main_section(report)]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        columns = _EVENT_COLUMNS
    _write(out, columns, ([row.get(name) for name in columns] for row in rows))


def _write(out: TextIO, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return formula_safe(one_line(str(value), limit=LONGEST_CELL))


def _event_row(event: ProvisioningObjectSummary) -> tuple[object, ...]:
    error = event.error
    source, target = event.source_identity, event.target_identity
    return (
        when(event.activity_date_time),
        event.status,
        event.provisioning_action,
        event.object_label,
        source.identity_type or target.identity_type,
        source.id,
        target.id,
        event.service_principal.display_name,
        error.error_code,
        error.reason,
        error.recommended_action,
        event.job_id,
        event.cycle_id,
        event.change_id,
        event.duration_in_milliseconds,
        event.id,
    )


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Return `row` with one level of nesting as `outer.inner`; what is deeper as JSON text."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": _text(item) for inner, item in value.items()}
        else:
            flat[name] = _text(value)
    return flat


def _text(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return "; ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
