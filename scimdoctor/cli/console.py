"""The terminal: one console for each stream, progress and questions on stderr.

rich obeys `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb` and pipes by itself.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from scimdoctor.progress import Task


_OPENERS = frozenset({"A", "An", "No", "Nothing", "Skip", "The"})
_NAMES = frozenset({"Azure", "Entra", "Graph", "Microsoft", "Python"})


def error_console() -> Console:
    """Make the console for everything that is not the result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_error(message: str, hint: str | None = None) -> None:
    """Say on stderr what went wrong, and what to do next; no credential with it."""
    from rich.text import Text

    from scimdoctor.redaction import redact_text
    from scimdoctor.reports.neutral import neutral

    console = error_console()
    line = Text("error: ", style="bold red")
    line.append(neutral(redact_text(_running_on(message, of=_OPENERS))), style="not bold default")
    console.print(line)
    if hint:
        text = neutral(redact_text(_running_on(hint, but=_NAMES)))
        console.print(Text("  next: ", style="bold").append(text, style="not bold"))


def _running_on(
    text: str, *, of: frozenset[str] | None = None, but: frozenset[str] = frozenset()
) -> str:
    """`text` as it stands behind a colon: a capital only where the first word is a name."""
    first = text.partition(" ")[0]
    ordinary = first.isalpha() and first.istitle() and first not in but
    if not ordinary or (of is not None and first not in of):
        return text
    return text[0].lower() + text[1:]


class _RichTask:
    """One line of a progress display."""

    def __init__(self, progress: RichProgress, task_id: TaskID) -> None:
        self._progress = progress
        self._task_id = task_id

    def advance(self, amount: int = 1, *, note: str | None = None) -> None:
        """Count `amount` more as done."""
        from scimdoctor.reports.neutral import neutral

        text = None if note is None else neutral(note)[:60]
        extra = {} if text is None else {"note": text}
        self._progress.update(self._task_id, advance=amount, **extra)  # type: ignore[arg-type]

    def set_total(self, total: int | None) -> None:
        """Say how many there are."""
        self._progress.update(self._task_id, total=total)


class _CountingTask:
    """Counts for a stream that is no terminal: one line at the end, if it was worth it."""

    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int = 1, *, note: str | None = None) -> None:
        """Count `amount` more as done."""
        del note
        self.done += amount

    def set_total(self, total: int | None) -> None:
        """Do nothing: nobody watches."""


class ConsoleProgress:
    """Draws progress on stderr; on a pipe it says only the messages."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    @contextmanager
    def task(
        self, description: str, *, total: int | None = None, uneven: bool = False
    ) -> Iterator[Task]:
        """Draw one piece of work while the context lasts."""
        if self._quiet or not sys.stderr.isatty():
            yield _CountingTask()
            return
        with _rich_progress(uneven=uneven) as progress:
            task_id = progress.add_task(description, total=total, note="")
            yield _RichTask(progress, task_id)

    def message(self, text: str) -> None:
        """Say one line on stderr."""
        if self._quiet:
            return
        from rich.text import Text

        from scimdoctor.reports.neutral import neutral

        # Not wrapped: an address that is cut in two cannot be copied.
        error_console().print(Text(neutral(text), style="dim"), soft_wrap=True)


def _rich_progress(*, uneven: bool) -> RichProgress:
    """A display with the remaining time, or where none can be told with the time that has passed."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn() if uneven else TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=error_console(),
        transient=True,
    )


def confirm(question: str) -> bool | None:
    """Ask on stderr; anything but yes is no. `None`: no terminal, so nobody can be asked."""
    if not sys.stdin.isatty():
        return None
    sys.stderr.write(filled(f"{question} [y/N]") + " ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def filled(text: str, *, width: int | None = None) -> str:
    """`text` on lines of at most `width` columns (the terminal's), ending between words."""
    import shutil
    import textwrap

    from scimdoctor.reports.neutral import neutral

    columns = width or shutil.get_terminal_size((80, 24)).columns
    lines = textwrap.wrap(
        neutral(text), max(20, columns - 1), break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def ask_secret(prompt: str) -> str | None:
    """Ask for a secret without showing it; `None` without a terminal."""
    if not sys.stdin.isatty():
        return None
    import getpass

    try:
        return getpass.getpass(f"{prompt}: ", stream=sys.stderr)
    except EOFError:
        return None
