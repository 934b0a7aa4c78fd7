"""Options that typer need not convert hold what typer would have made of them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import typer
from typer.core import TyperCommand
from typer.testing import CliRunner

from scimdoctor.cli.help import HelpfulCommand

if TYPE_CHECKING:
    from collections.abc import Sequence


class Colour(StrEnum):
    """Two colours."""

    RED = "red"
    DEEP_BLUE = "deep-blue"


def run(command: type[TyperCommand], words: Sequence[str]) -> tuple[int, list[str]]:
    """The exit status, and the values or the error."""
    seen: list[dict[str, Any]] = []

    def paint(
        where: Annotated[str, typer.Argument(envvar="PAINT_WHERE")] = "wall",
        *,
        colour: Annotated[Colour, typer.Option()] = Colour.RED,
        other: Annotated[Colour | None, typer.Option(case_sensitive=False)] = None,
        layers: Annotated[int, typer.Option(min=1, max=9)] = 2,
        litres: Annotated[float, typer.Option(min=0.5)] = 1.0,
        seed: Annotated[int | None, typer.Option()] = None,
        into: Annotated[Path | None, typer.Option()] = None,
        also: Annotated[list[str] | None, typer.Option()] = None,
        mixed: Annotated[list[Colour] | None, typer.Option()] = None,
        sheets: Annotated[list[Path] | None, typer.Option()] = None,
        dry: Annotated[bool, typer.Option("--dry")] = False,
    ) -> None:
        seen.append(dict(locals()))

    app = typer.Typer()
    app.command(cls=command)(paint)
    result = CliRunner().invoke(app, list(words))
    values = [str({k: v for k, v in one.items() if k != "seen"}) for one in seen]
    return result.exit_code, values or [w for w in result.stderr.splitlines() if "Invalid" in w]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "floor",
        "--colour deep-blue --other DEEP-BLUE",
        "--colour DEEP-BLUE",
        "--colour green",
        "--other green",
        "--layers 9 --litres 3 --seed 0",
        "--layers 10",
        "--layers 0",
        "--layers two",
        "--layers 2.5",
        "--layers ٣",
        "--layers +3",
        "--layers 007",
        "--litres 0",
        "--litres 0.25",
        "--litres 2.5",
        "--litres nan",
        "--seed -5",
        "--seed 1_000",
        "--seed 123456789012345678901234567890",
        "--into /nowhere/at/all",
        "--into .",
        "--into ''",
        "--also a --also b",
        "--sheets a --sheets .",
        "--mixed red --mixed deep-blue",
        "--mixed red --mixed green",
        "--dry",
        "--dry floor --also=",
    ],
)
def test_what_is_spared_is_what_typer_makes(line: str) -> None:
    words = [word.strip("'") for word in line.split()]
    assert run(HelpfulCommand, words) == run(TyperCommand, words)


def test_a_file_that_may_not_be_read_is_left_to_typer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    assert run(HelpfulCommand, ["--into", str(closed)])[0] == 2


def test_pydantic_is_not_needed_for_what_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer._adapters", None)
    status, values = run(
        HelpfulCommand, ["x", "--colour=red", "--layers=3", "--into=a", "--also=b"]
    )
    assert (status, len(values)) == (0, 1)
    assert run(HelpfulCommand, ["--layers", "none"])[0] == 1
