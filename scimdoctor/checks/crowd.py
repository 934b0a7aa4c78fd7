"""Asks several things at the same time, where none depends on another and the app can bear it.

Most of a run's time is spent waiting for answers. Only reads and the clean-up's deletions go side by
side: objects that are made at the same moment could show a fault of concurrency as one of their
own. An app that leaves one of them unanswered is asked one thing at a time from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scimdoctor.checks.context import Sender
    from scimdoctor.model.exchange import Exchange, ScimRequest

_READ_SECONDS = 3.0
"""For a read in a crowd, which is sent again alone: some servers hold the second connection until
the first is closed."""

_SLOW_MILLISECONDS = 1000.0
"""An app that takes so long for one request is spared two at once."""


class Crowd:
    """Who may go side by side, and how many."""

    def __init__(self, endpoint: Sender, at_once: int) -> None:
        self._endpoint = endpoint
        self._at_once = at_once
        self.broken_up_by: Exchange | None = None
        """The answer, or lack of one, to a request that was answered when it was sent alone; one
        is sent at a time since."""

        self.took: list[float] = []
        """Milliseconds of the last few answers to requests sent alone."""

    def ask(
        self, requests: Sequence[ScimRequest], *, within: float = _READ_SECONDS
    ) -> tuple[Exchange, ...]:
        """The answers to the first of `requests`, in their order; none where they must go alone.

        Each comes `within` so many seconds, if not in less.
        """
        send_all = getattr(self._endpoint, "send_all", None)
        slow = any(taken >= _SLOW_MILLISECONDS for taken in self.took[-3:])
        together = self._at_once >= 2 and len(requests) >= 2 and self.broken_up_by is None
        if send_all is None or slow or not together:
            return ()
        got: list[Exchange] = []
        for start in range(0, len(requests), self._at_once):
            some = requests[start : start + self._at_once]
            got += send_all(some, at_once=self._at_once, seconds=min(within, _READ_SECONDS))
            if any(exchange.response is None for exchange in got):
                self._at_once = 1  # whoever is to blame: waiting for several costs too much
            if len(got) < start + len(some) or not all(is_answer(exchange) for exchange in got):
                break
        return tuple(got)

    def alone(self, beside_others: Exchange, alone: Exchange) -> None:
        """Compare what one request got `beside_others` and `alone`."""
        if is_answer(alone) and self.broken_up_by is None:
            self.broken_up_by = beside_others


def is_answer(exchange: Exchange) -> bool:
    """Whether this is what the app says of the request itself, however it was sent."""
    response = exchange.response
    if response is None or response.truncated:
        return False
    return response.status not in {408, 429} and response.status < 500
