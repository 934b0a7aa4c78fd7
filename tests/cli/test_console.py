"""What a person at a terminal is asked and told."""

from __future__ import annotations

import io

import pytest
import typer
from typer.testing import CliRunner

from scimdoctor.cli import console
from scimdoctor.cli.app import guarded
from scimdoctor.cli.session import Session
from scimdoctor.errors import WriteRefused


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_question_ends_its_lines_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    question = "Create test users and groups on scim.example.com, about 90 writes?"
    assert console.confirm(question) is True
    asked = capsys.readouterr().err
    assert max(map(len, asked.split("\n"))) <= 41
    assert asked.endswith("[y/N] ")
    assert " ".join(asked.split()) == f"{question} [y/N]"


@pytest.mark.parametrize(("typed", "answer"), [("", False), ("n\n", False), ("YES\n", True)])
def test_answers(monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert console.confirm("Go on?") is answer


def test_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert console.confirm("Go on?") is None
    with pytest.raises(WriteRefused, match="nobody could be asked: Go on"):
        Session(environ={}).confirm_or_stop("Go on?")


def test_a_no_is_an_answer_and_no_error() -> None:
    app = typer.Typer()

    def ask() -> None:
        Session(environ={}, confirm_with=lambda _question: False).confirm_or_stop("Go on?")

    app.command()(guarded(ask))
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert result.stderr == "Nothing was changed.\n"


def test_errors_run_on_behind_the_colon(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error("The file is no JSON", "Give its name")
    console.print_error("Travel is unknown", "Entra's portal has its name")
    assert capsys.readouterr().err.splitlines() == [
        "error: the file is no JSON",
        "  next: give its name",
        "error: Travel is unknown",
        "  next: Entra's portal has its name",
    ]
