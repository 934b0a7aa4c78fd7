"""Groups of options become options of the command."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from scimdoctor.cli.option_groups import flatten


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Two colours."""

    front: Annotated[str, typer.Option(help="Front.")] = "red"
    back: Annotated[list[str] | None, typer.Option()] = None


def test_a_group_is_flattened_and_handed_over_filled() -> None:
    seen: list[tuple[str, Colours]] = []

    def paint(name: Annotated[str, typer.Argument()], colours: Colours) -> None:
        """Paint something."""
        seen.append((name, colours))

    app = typer.Typer()
    app.command()(flatten(paint))
    result = CliRunner().invoke(app, ["wall", "--back", "a", "--back", "b"])
    assert result.exit_code == 0, result.output
    assert seen == [("wall", Colours(front="red", back=["a", "b"]))]


def test_names_that_meet_are_refused() -> None:
    def twice(front: str, colours: Colours) -> None:
        del front, colours

    with pytest.raises(ValueError, match="front"):
        flatten(twice)


def test_the_flattened_command_keeps_name_and_words() -> None:
    def paint(colours: Colours) -> None:
        """Paint something."""
        del colours

    flat = flatten(paint)
    assert flat.__name__ == "paint"
    assert flat.__doc__ == "Paint something."
    assert list(inspect.signature(flat).parameters) == ["front", "back"]
