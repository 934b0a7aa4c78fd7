"""How the library says what is going on, without knowing that a terminal exists."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class Task(Protocol):
    """One piece of work under way."""

    def advance(self, amount: int = 1, *, note: str | None = None) -> None:
        """Count `amount` more units as done; `note` replaces the text beside the count."""

    def set_total(self, total: int | None) -> None:
        """Say how many units there are in all; `None` while unknown."""


class Progress(Protocol):
    """What a long operation reports to. `cli/console.py` draws it; tests record it."""

    def task(
        self, description: str, *, total: int | None = None, uneven: bool = False
    ) -> AbstractContextManager[Task]:
        """Begin a piece of work; leaving the context ends it.

        Of `uneven` units no remaining time can be told.
        """

    def message(self, text: str) -> None:
        """Say one line, once."""


class _SilentTask:
    def advance(self, amount: int = 1, *, note: str | None = None) -> None:
        """Do nothing."""

    def set_total(self, total: int | None) -> None:
        """Do nothing."""


class SilentProgress:
    """The default: says nothing."""

    @contextmanager
    def task(
        self, description: str, *, total: int | None = None, uneven: bool = False
    ) -> Iterator[Task]:
        """Begin a piece of work that nobody watches."""
        yield _SilentTask()

    def message(self, text: str) -> None:
        """Do nothing."""


SILENT: Progress = SilentProgress()
