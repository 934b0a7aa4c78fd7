"""The section of a report that its rows are, for formats that know only rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.reports.shape import Json, exchange_json, report_json

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

_SECTIONS = (
    "changes",
    "replays",
    "comparisons",
    "findings",
    "mappings",
    "apps",
    "diagnoses",
    "signatures",
    "days",
)


def main_section(report: Report) -> list[Json]:
    """Return the first section that has anything, as JSON objects; exchanges come last of all."""
    for name in _SECTIONS:
        if getattr(report, name):
            rows: list[Json] = report_json(report)[name]
            return rows
    return [exchange_json(exchange) for exchange in report.exchanges]
