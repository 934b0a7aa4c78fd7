"""Runs one command as the command line would, without the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from typer.testing import CliRunner

from scimdoctor.cli.app import guarded
from scimdoctor.cli.option_groups import flatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.cli.session import Session


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The result as JSON."""
        return json.loads(self.stdout)


def run_command(command: Callable[..., None], session: Session, *arguments: str) -> Ran:
    """Run `command` with `arguments`."""
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("it")(guarded(flatten(command)))
    result = CliRunner().invoke(app, ["it", *arguments], obj=session)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(status=result.exit_code, stdout=result.stdout, stderr=result.stderr)
