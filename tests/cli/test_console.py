"""What a person at a terminal is asked and told."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from scimdoctor.cli import console
from scimdoctor.cli.app import guarded
from scimdoctor.cli.explanations import explanations_of
from scimdoctor.cli.options import Output
from scimdoctor.cli.session import Session
from scimdoctor.errors import ConfigurationError, WriteRefused
from scimdoctor.outbound import tls_context
from scimdoctor.reports import Format
from tests.fakes import reports as fakes

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(
    ("format", "to_file", "said"),
    [(Format.TABLE, False, False), (Format.JSON, False, True), (Format.TABLE, True, True)],
)
def test_the_summary_is_said_where_the_report_was_not_seen(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    format: Format,
    to_file: bool,
    said: bool,
) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    path = tmp_path / "report" if to_file else None
    Session(environ={}).write(fakes.conformant(), Output(format=format, output=path))
    assert ("5 of 5 checks passed" in capsys.readouterr().err) is said


def test_a_lab_that_is_gone_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tls_context(ca_file=tmp_path / "lab-ca.pem")
    assert "does 'scimdoctor lab' still run?" in str(caught.value.hint)


def test_explanations_say_who_in_words() -> None:
    (entry,) = explanations_of("boolean-string-rejected")
    text = entry.text()
    assert "Who fixes it\n  app developer" in text
    assert "app-developer" not in text
