"""A failed finding is headed by what is wrong; JUnit and SARIF say what a finding knows."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.report import Report
from scimdoctor.model.rule import Requirement, Severity
from scimdoctor.reports import junit, sarif
from scimdoctor.reports.words import in_order, told
from tests.fakes.reports import NOW

WRONG = Finding(
    check="create/answer",
    outcome=Outcome.FAILED,
    severity=Severity.MAJOR,
    requirement=Requirement.MUST,
    title="A create is answered 201",
    message="POST /Users was answered 200 (Done. All well). In Entra: the user is created again.",
    why="Entra keeps the id.",
    rfc="RFC 7644 §3.3",
    elapsed_in_milliseconds=1500.0,
)


@pytest.mark.parametrize(
    ("message", "head", "rest"),
    [
        (
            WRONG.message,
            "POST /Users was answered 200 (Done. All well)",
            "In Entra: the user is created again.",
        ),
        ("It is 5.5 s late.", "It is 5.5 s late", ""),
        ("x" * 300 + ". More.", "Not so: A create is answered 201", "x" * 300 + ". More."),
        ("no full stop", "no full stop", ""),
        ("x" * 300, "Not so: A create is answered 201", "x" * 300),
    ],
)
def test_what_is_wrong_comes_first(message: str, head: str, rest: str) -> None:
    assert told(replace(WRONG, message=message)) == (head, rest)


def test_what_was_not_judged_keeps_its_title() -> None:
    assert told(replace(WRONG, outcome=Outcome.ERRORED))[0] == WRONG.title


def test_exchanges_are_listed_as_they_were_sent() -> None:
    assert in_order(("x12", "x9", "x101")) == ["x9", "x12", "x101"]


def test_junit_says_how_long_it_took_and_sarif_why_it_matters() -> None:
    report = Report(command="check-endpoint", generated_at=NOW, tool_version="1", findings=(WRONG,))
    out = io.StringIO()
    junit.render(report, out)
    root = ET.fromstring(out.getvalue().partition("?>")[2])
    assert (root.get("time"), root[0].get("time")) == ("1.500", "1.500")

    out = io.StringIO()
    sarif.render(report, out)
    (rule,) = json.loads(out.getvalue())["runs"][0]["tool"]["driver"]["rules"]
    assert "Why it matters: Entra keeps the id." in rule["help"]["text"]
    assert "MUST, RFC 7644 §3.3" in rule["help"]["text"]
