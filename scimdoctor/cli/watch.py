"""A report that is made again every few seconds until the user stops it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.cli.session import as_text
from scimdoctor.errors import GraphUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.cli.options import Output
    from scimdoctor.cli.session import Session
    from scimdoctor.model.report import Report

HOME = "\x1b[H"
"""To the top left corner."""

REST_OF_LINE = "\x1b[K"
REST_OF_SCREEN = "\x1b[J"


def watch(session: Session, make: Callable[[], Report], output: Output, *, seconds: float) -> None:
    """Show what `make` returns, again every `seconds`, until Ctrl-C.

    A terminal is written over in place, so that nothing flickers; elsewhere a report is written
    when it says something new. Where Graph cannot be reached for a while, the last report stays.
    """
    screen = Screen(terminal=sys.stdout.isatty() and output.output is None)
    report = make()
    while True:
        if output.output is not None:
            session.write(report, output)
        else:
            looked = f"Looked at {session.now():%H:%M:%S} UTC, every {seconds:g} s; Ctrl-C ends."
            text, same = shown(session, report, output), told(session, report, output)
            screen.show(text, same=same, foot=looked)
        session.sleep(seconds)
        try:
            report = make()
        except GraphUnavailableError as error:
            session.progress.message(f"not refreshed at {session.now():%H:%M:%S}: {error}")


def shown(session: Session, report: Report, output: Output) -> str:
    """Return the report as text, with the names replaced if that is wanted."""
    if output.redact:
        from scimdoctor.reports.pseudonyms import redact_report

        report = redact_report(report, session.redact_key)
    return as_text(report, output, session.environ)


def told(session: Session, report: Report, output: Output) -> str:
    """Return what the report says, without the time that it was made at."""
    from datetime import UTC, datetime

    timeless = replace(report, generated_at=datetime(1970, 1, 1, tzinfo=UTC))
    return shown(session, timeless, output)


class Screen:
    """Where reports are shown one after the other."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal
        self._last: str | None = None

    def show(self, text: str, *, same: str, foot: str) -> None:
        """Show `text`; `same` tells whether it says anything new, `foot` is for a terminal only."""
        if self._terminal:
            text = f"{text.rstrip()}\n\n{foot}\n"
            text = HOME + text.replace("\n", f"{REST_OF_LINE}\n") + REST_OF_SCREEN
            if self._last is None:
                text = HOME + REST_OF_SCREEN + text
        elif same == self._last:
            return
        self._last = same
        sys.stdout.write(text)
        sys.stdout.flush()
