"""Fetching pages ahead of those that are dealt with, so that no turn at Graph's limit is missed."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Item = TypeVar("Item")

ITEMS_AHEAD = 4
"""In memory beside the one that is dealt with: with it, as many as Graph lets through at once."""

PATIENCE_SECONDS = 1.0
TURN_SECONDS = 0.0005


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield `items`, up to `ITEMS_AHEAD` of which are fetched while one is dealt with.

    Graph's limit is on requests, several of which it lets through at once: what is done with a
    page between two of them must not cost a turn.
    """
    fetching = _Fetching(items)
    thread = Thread(target=fetching.run, daemon=True)
    thread.start()
    try:
        with short_turns():
            while not isinstance(item := fetching.waiting.get(), _End):
                yield item
        if item.error is not None:
            raise item.error
    finally:
        fetching.stopped.set()
        # Not for long: it may be waiting for its turn, and Ctrl-C must not.
        thread.join(PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class _End:
    """There is no further item, for the reason of `error` if it is given."""

    error: BaseException | None = None


@dataclass(slots=True)
class _Fetching(Generic[Item]):
    """What goes on in the other thread."""

    items: Iterator[Item]
    waiting: Queue[Item | _End] = field(default_factory=lambda: Queue(ITEMS_AHEAD))
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Fetch until the end, an error, or until nobody wants more."""
        end = _End()
        try:
            for item in self.items:
                self._put(item)
                if self.stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised where the item is waited for
            end = _End(error)
        self._put(end)

    def _put(self, item: Item | _End) -> None:
        while not self.stopped.is_set():
            with suppress(Full):
                self.waiting.put(item, timeout=PATIENCE_SECONDS)
                return


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take turns often: one that reads from the network asks hundreds of times a page.

    With the interpreter's own 5 ms, a page takes seconds to read while another is dealt with.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
