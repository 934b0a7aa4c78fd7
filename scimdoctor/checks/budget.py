"""The time of a run, of which every request gets what is left at most, and how many it may send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import OutOfTime, RunEnds
from scimdoctor.checks.patience import LATE
from scimdoctor.checks.shapes import request_words
from scimdoctor.model.exchange import FailureKind

if TYPE_CHECKING:
    from scimdoctor.checks.context import Sender
    from scimdoctor.checks.options import CheckOptions
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Exchange, ScimRequest

_BARELY = 0.25
"""Seconds before the end of the run's time at which a request counts as cut off by it."""


MOST_REQUESTS = 400
"""That a run sends, the clean-up included, unless its load is wanted."""

_SPARE = 6
"""Requests that may be under way when it is noticed that few are left."""


class Budget:
    """What is left of a run's time, from now on."""

    def __init__(self, endpoint: Sender, options: CheckOptions) -> None:
        self._endpoint, self._options = endpoint, options
        self._deadline = options.clock.now() + options.timeout
        self.sent = 0
        """Requests so far."""

    @property
    def left(self) -> float:
        """Seconds."""
        return self._deadline - self._options.clock.now()

    def check(self) -> None:
        """Go on only while there is time.

        Raises:
            OutOfTime: there is none left.
        """
        if self.left <= 0:
            raise OutOfTime(self._used_up())

    def keep(self, reserved: int) -> None:
        """Go on only while more requests are left than are `reserved` for the clean-up.

        Raises:
            RunEnds: there are not.
        """
        if self.sent + reserved + _SPARE > MOST_REQUESTS:
            raise RunEnds(f"the {MOST_REQUESTS} requests of a run were used up")

    def ask(self, request: ScimRequest, credentials: Credentials | None = None) -> Exchange:
        """Send once and record.

        Raises:
            OutOfTime: what is left is too little to tell an answer that comes late from none.
        """
        self.check()
        self.sent += 1
        left = self.left
        exchange = self._endpoint.send(request, credentials=credentials, seconds=round(left, 2))
        waited = exchange.elapsed_in_milliseconds / 1000
        cut = is_timeout(exchange) and waited >= left - _BARELY
        if cut and waited < self._options.slow_after * LATE:
            words = f"{request_words(exchange)} had waited {waited:.1f} s for its answer"
            raise OutOfTime(f"{self._used_up()} while {words}")
        return exchange

    def _used_up(self) -> str:
        return f"the run's {self._options.timeout:g} seconds were used up"


def is_timeout(exchange: Exchange) -> bool:
    """Whether the answer did not come in time."""
    return exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT


def silence(exchange: Exchange) -> str | None:
    """The cause of no answer; `None` if there is one."""
    if exchange.response is not None:
        return None
    late = is_timeout(exchange)
    return "endpoint-too-slow-or-throttled" if late else "endpoint-unreachable-or-blocked"
