"""`scimdoctor explain`: what is known of a cause, check, code, reason, type or status."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import Annotated

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


def explain(ctx: typer.Context, *, id_: Id = None, list_all: ListAll = False) -> None:
    """Print what is known of an id that a report names.

    Examples:
      scimdoctor explain boolean-string-rejected
      scimdoctor explain AADSTS7000222
      scimdoctor explain --list
    """
    del ctx
    from scimdoctor.cli.explanations import every_explanation, explanations_of, suggestions_for
    from scimdoctor.errors import ConfigurationError

    if list_all or not id_:
        for entry in every_explanation():
            typer.echo(f"{entry.kind:18} {entry.id:42} {entry.title}")
        return
    found = explanations_of(id_)
    if not found:
        close = ", ".join(suggestions_for(id_))
        hint = f"did you mean: {close}" if close else "scimdoctor explain --list names them all"
        raise ConfigurationError(f"nothing is known of {id_!r}", hint=hint)
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    typer.echo("\n\n".join(entry.text(width) for entry in found))
