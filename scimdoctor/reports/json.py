"""JSON, stable and versioned; `report.schema.json` beside this module describes it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TextIO

from scimdoctor.reports.neutral import json_safe
from scimdoctor.reports.shape import report_json

if TYPE_CHECKING:
    from scimdoctor.model.report import Report


def render(report: Report, out: TextIO) -> None:
    """Write `report` as one JSON document."""
    document = json.dumps(report_json(report), ensure_ascii=False, indent=2, allow_nan=False)
    out.write(json_safe(document))
    out.write("\n")


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    text = files("scimdoctor.reports").joinpath("report.schema.json").read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
