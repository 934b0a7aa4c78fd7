"""One `Report`, many renderings; every renderer takes every report.

To add a format: a module with `render(report, out)`, a member of `Format`, a line in `render`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TextIO, assert_never

if TYPE_CHECKING:
    from scimdoctor.model.report import Report


class Format(StrEnum):
    """The output formats, as `-f/--format` names them."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    JUNIT = "junit"
    SARIF = "sarif"


def render(  # noqa: C901 - one branch a format
    report: Report,
    out: TextIO,
    format: Format,
    *,
    width: int | None = None,
    color: bool = False,
    hyperlinks: bool = False,
) -> None:
    """Write `report` to `out`.

    `width` (columns; `None`: as wide as the terminal), `color` and `hyperlinks` concern the
    table. Credentials are taken out once more before anything is written.
    """
    from scimdoctor.reports.rewrite import neutralised, scrubbed

    report = scrubbed(report)
    if format not in {Format.JSON, Format.JSONL}:  # they keep everything, escaped
        report = neutralised(report)
    out = _encodable(out, format)
    match format:
        case Format.TABLE:
            from scimdoctor.reports import table

            style = table.Style(width=width, color=color, hyperlinks=hyperlinks)
            table.render(report, out, style)
        case Format.JSON:
            from scimdoctor.reports import json

            json.render(report, out)
        case Format.JSONL:
            from scimdoctor.reports import jsonl

            jsonl.render(report, out)
        case Format.CSV:
            from scimdoctor.reports import csv

            csv.render(report, out)
        case Format.MARKDOWN:
            from scimdoctor.reports import markdown

            markdown.render(report, out)
        case Format.HTML:
            from scimdoctor.reports import html

            html.render(report, out)
        case Format.JUNIT:
            from scimdoctor.reports import junit

            junit.render(report, out)
        case Format.SARIF:
            from scimdoctor.reports import sarif

            sarif.render(report, out)
        case _:
            assert_never(format)


def _encodable(out: TextIO, format: Format) -> TextIO:
    """Return a stream that takes every character, in the way of the format."""
    from typing import cast

    from scimdoctor.reports import encodable

    if format is Format.TABLE:
        return out  # knows ASCII stand-ins for its own signs
    escapes = {
        Format.JSON: encodable.as_json_escape,
        Format.JSONL: encodable.as_json_escape,
        Format.SARIF: encodable.as_json_escape,
        Format.HTML: encodable.as_character_reference,
        Format.JUNIT: encodable.as_character_reference,
    }
    stream = encodable.Encodable(out, escapes.get(format, encodable.as_question_mark))
    return cast("TextIO", stream)


def summary_line(report: Report) -> str:
    """Return the one line that says what `report` comes down to, for stderr."""
    from scimdoctor.reports.neutral import one_line
    from scimdoctor.reports.rewrite import scrubbed_text
    from scimdoctor.reports.verdict import summary_line as summarise

    return one_line(scrubbed_text(summarise(report)))
