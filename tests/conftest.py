"""Options and fixtures that tests of several packages share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"


# The gate must say the same twice; `pytest --hypothesis-profile=explore` looks for new examples.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("repeatable")


# The settings of the shell that the tests run in, such as those of a lab, are none of theirs.
for _name in [name for name in os.environ if name.startswith("SCIMDOCTOR_")]:
    del os.environ[_name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write the golden files anew instead of comparing with them; read the diff.",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or write it anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        expected = path.read_text(encoding="utf-8") if path.exists() else None
        assert text == expected, f"differs from {path}; --update-golden accepts it"

    return compare


SUMMARY = "summary"
"""A test that records a property of this name has it printed at the end of the run."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for found in terminalreporter.stats.values() for r in found]
    properties = [p for r in reports for p in getattr(r, "user_properties", ())]
    for line in dict.fromkeys(str(value) for name, value in properties if name == SUMMARY):
        terminalreporter.write_line(line)
