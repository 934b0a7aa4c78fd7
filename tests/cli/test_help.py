"""Help reads well at every width: nothing cut, nothing joined, an example for every command."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from scimdoctor.cli.app import build_app, run
from scimdoctor.cli.commands import NAMES, registry
from scimdoctor.cli.session import Session

if TYPE_CHECKING:
    from typing import Any

APP = build_app()
GROUPS = {entry.name: tuple(entry.commands) for entry in registry() if entry.commands}
LEAVES = [
    *((name,) for name, _ in NAMES if name not in GROUPS),
    *((group, name) for group, names in GROUPS.items() for name in names),
]
PAGES = [(), *((group,) for group in GROUPS), *LEAVES]


def page(*command: str, width: int = 80) -> str:
    result = CliRunner().invoke(APP, [*command, "--help"], env={"COLUMNS": str(width)})
    assert result.exit_code == 0, result.output
    return result.stdout


def examples(text: str) -> list[str]:
    return re.findall(r"^  scimdoctor (.*)$", text, re.MULTILINE)


def parsed(arguments: list[str]) -> None:
    """Parse as the command line would, without running anything."""
    command: Any = get_command(APP)
    context = command.make_context("scimdoctor", list(arguments), resilient_parsing=False)
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        _, command, rest = command.resolve_command(context, rest)
        context = command.make_context(command.name, rest, parent=context)


@pytest.mark.parametrize("arguments", [["--help"], ["-q", "-h"]], ids=" ".join)
def test_the_short_way_to_the_list_of_commands_shows_the_same(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(arguments) == 0
    assert capsys.readouterr().out == page()


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("command", PAGES, ids=" ".join)
def test_help_fits_and_is_clean(command: tuple[str, ...], width: int) -> None:
    text = page(*command, width=width)
    if width >= 80:
        assert max(map(len, text.splitlines())) <= min(width, 100)
    assert "…" not in text
    assert "<" not in text
    assert "[[" not in text
    assert "\x1b" not in text
    assert "\0" not in text
    assert re.match(r"Usage: scimdoctor\b", text)


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_every_command_has_examples_that_parse(command: tuple[str, ...]) -> None:
    text = page(*command)
    assert text.count("Examples:\n  scimdoctor") == 1
    found = examples(text)
    assert found
    assert found == examples(page(*command, width=100))
    for line in found:
        arguments = shlex.split(line)
        assert tuple(arguments[: len(command)]) == command
        parsed(arguments)


def test_names_of_variables_are_whole_and_choices_are_named() -> None:
    text = page("check-endpoint")
    assert "[env: SCIMDOCTOR_OAUTH_CREDENTIALS_IN]" in text
    assert "--oauth-credentials-in PLACE\n" in text
    assert "-f, --format FORMAT" in text
    assert re.search(r"--yes\s+Do not ask", text)
    assert "One of bearer, oauth or none." in " ".join(text.split())
    assert "Default: 24h" in page("replay")


@pytest.mark.parametrize("arguments", [["-q", "explain", "409"], ["explain", "409", "-q"]])
def test_quiet_goes_before_and_behind_the_command(arguments: list[str]) -> None:
    session = Session(environ={})
    result = CliRunner().invoke(APP, arguments, obj=session)
    assert result.exit_code == 0, result.output
    if arguments[0] != "-q":
        assert session.quiet


def test_a_terminal_without_colour_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    result = CliRunner().invoke(APP, ["explain", "-h"], color=True)
    assert "\x1b" not in result.stdout
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("TERM", raising=False)
    assert "\x1b[1m" in CliRunner().invoke(APP, ["explain", "-h"], color=True).stdout
