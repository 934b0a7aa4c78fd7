"""`scimdoctor explain`: what is known of a cause, check, code, reason, type or status."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, assert_never

import typer

from scimdoctor.cli.completion import explained_ids

Id = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        help="Cause, check, error code, skip or quarantine reason, scimType, HTTP status, "
        "AADSTS code.",
        autocompletion=explained_ids,
        show_default=False,
    ),
]
ListAll = Annotated[bool, typer.Option("--list", help="List every id with its title.")]


class TextFormat(StrEnum):
    """The forms of a text; the others are of reports."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


TextForm = Annotated[
    TextFormat, typer.Option("--format", "-f", case_sensitive=False, help="Form of the result.")
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result to FILE ('-' for standard output, the default).",
    ),
]


def explain(
    ctx: typer.Context,
    *,
    id_: Id = None,
    list_all: ListAll = False,
    form: TextForm = TextFormat.TABLE,
    output: OutputFile = None,
) -> None:
    """Print what is known of an id that a report names.

    Examples:
      scimdoctor explain boolean-string-rejected
      scimdoctor explain AADSTS7000222
      scimdoctor explain --list
    """
    del ctx
    from scimdoctor.cli.explanation import as_json, as_markdown, as_text
    from scimdoctor.cli.explanations import chosen
    from scimdoctor.reports.files import save_text

    whole = id_ is not None and not list_all
    found = chosen(id_ if whole else None)
    match form:
        case TextFormat.JSON:
            text = as_json(found)
        case TextFormat.MARKDOWN:
            text = as_markdown(found, whole=whole)
        case TextFormat.TABLE:
            on_screen = output is None and sys.stdout.isatty()
            width = get_terminal_size().columns if on_screen else None
            text = as_text(found, width, whole=whole)
        case _:
            assert_never(form)
    if output is None or str(output) == "-":
        typer.echo(text)
    else:
        save_text(f"{text}\n", output)
