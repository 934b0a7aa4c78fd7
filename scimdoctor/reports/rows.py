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
    """Return the first section that has anything, as JSON objects.

    A verdict such as `status` and `whoami` give is one row; exchanges come last of all.
    """
    for name in _SECTIONS:
        if getattr(report, name):
            rows: list[Json] = report_json(report)[name]
            return rows
    if report.status is not None:
        verdict: Json = report_json(report)["status"]
        return [verdict]
    return [exchange_json(exchange) for exchange in report.exchanges]
