"""What the documents say is what the program does."""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.checks import ALL_CHECKS
from scimdoctor.cli.app import build_app
from scimdoctor.cli.commands import NAMES
from scimdoctor.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
EXAMPLE_COMMANDS = re.findall(r"`scimdoctor ([^`]+)`", EXAMPLES)


def test_readme_has_the_two_commands() -> None:
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/scimdoctor demo" in README
    assert (
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest" in README
    )


@pytest.mark.parametrize("name", [name for name, _ in NAMES])
def test_every_command_is_in_the_readme_and_helps(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}[ `]", README), f"README does not name {name}"
    result = CliRunner().invoke(build_app(), [name, "--help"], env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.output.splitlines()) <= 100


def variables_of_options() -> dict[str, str]:
    """Every environment variable of an option, with the option's help."""
    import typer.main

    found: dict[str, str] = {}

    def walk(command: Any) -> None:
        for option in command.params:
            named = getattr(option, "envvar", None)
            names = [named] if isinstance(named, str) else named or []
            found.update({name: " ".join(option.help.split()) for name in names if option.help})
        for inner in getattr(command, "commands", {}).values():
            walk(inner)

    walk(typer.main.get_command(build_app()))
    return found


def table_of_variables() -> str:
    rows = [f"| `{name}` | {text} |" for name, text in sorted(variables_of_options().items())]
    return "\n".join(("| variable | what |", "| --- | --- |", *rows))


def test_every_variable_is_in_the_readme_and_every_one_there_exists() -> None:
    from scimdoctor.config.file import KEYS, SECRETS

    sources = "\n".join(p.read_text("utf-8") for p in (ROOT / "scimdoctor").rglob("*.py"))
    known = {f"SCIMDOCTOR_{key.upper()}" for key in (*KEYS, *SECRETS)} - {"SCIMDOCTOR_HEADERS"}
    known |= set(re.findall(r"SCIMDOCTOR_[A-Z_]*[A-Z]", sources))
    assert set(re.findall(r"SCIMDOCTOR_[A-Z_]*[A-Z]", README)) == known


def between(marker: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {marker} -->\n).*?(<!-- end of {marker} -->)", re.DOTALL)


def table_of_checks() -> str:
    rows = [f"| `{c.id}` | {c.rule.severity} | {c.rule.title} |" for c in ALL_CHECKS]
    return "\n".join(("| check | severity | the good state |", "| --- | --- | --- |", *rows))


def table_of_causes() -> str:
    rows = [f"| `{c.rule.id}` | {c.rule.fixed_by} | {c.rule.title} |" for c in ALL_CAUSES]
    return "\n".join(("| cause | who ends it | what it is |", "| --- | --- | --- |", *rows))


def session() -> str:
    """A real run, as a terminal of 92 columns shows it."""
    command = ["diagnose", "--from", "examples/user-conflict.json"]
    environ = {"COLUMNS": "92", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
    # The file is named from the repository's root: lines must not wrap by where that is.
    with contextlib.chdir(ROOT):
        run = CliRunner().invoke(build_app(), command, obj=Session(environ=environ, quiet=True))
    return f"```\n$ scimdoctor {' '.join(command)}\n{run.stdout.rstrip()}\n```"


@pytest.mark.parametrize(
    ("marker", "make"),
    [
        ("checks", table_of_checks),
        ("causes", table_of_causes),
        ("variables", table_of_variables),
        ("session", session),
    ],
)
def test_the_readme_tables_are_up_to_date(
    request: pytest.FixtureRequest, marker: str, make: Callable[[], str]
) -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    made = make()
    expected = between(marker).sub(lambda m: f"{m[1]}{made}\n{m[2]}", text)
    if request.config.getoption("--update-golden"):
        path.write_text(expected, encoding="utf-8", newline="\n")
        text = expected
    assert between(marker).search(text), f"README.md has no place for {marker}"
    assert text == expected, "pytest --update-golden writes the table anew"


def test_every_cause_and_check_can_be_explained() -> None:
    app = build_app()
    for identifier in (*(c.rule.id for c in ALL_CAUSES), *(c.id for c in ALL_CHECKS)):
        result = CliRunner().invoke(app, ["explain", identifier])
        assert result.exit_code == 0, identifier
        assert identifier in result.output


def test_there_are_examples() -> None:
    assert len(EXAMPLE_COMMANDS) >= 7


@pytest.mark.parametrize("command", EXAMPLE_COMMANDS)
def test_every_example_runs(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT / "examples")
    session = Session(environ={"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}, quiet=True)
    result = CliRunner().invoke(build_app(), shlex.split(command), obj=session)
    assert result.exit_code in {0, 1}, result.output + result.stderr
    assert result.stdout.strip()
