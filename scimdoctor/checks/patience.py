"""How long a run bears with an endpoint that is slow, throttles, or fails now and then.

Each of these is one finding, however often it is seen: once it is certain, what is left is skipped
with that reason, so that the run ends long before its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange

LATE = 0.1
"""The part of the time that counts as too late from which on an answer is slow."""

_SHARE = 0.25
"""The part of a run's time that slow answers may take together."""

LONGEST_SLEEP = 0.3
"""The part of a run's time that may be spent waiting for writes to show."""

_AT_LEAST = 3
_TWICE = 40
"""So many requests may have to be sent twice."""


@dataclass(kw_only=True)
class Patience:
    """What the run has borne with so far."""

    slow_after: float
    """Seconds after which an answer is too late."""

    seconds: float
    """For the whole run."""

    late: list[Exchange] = field(default_factory=list)
    """Slow answers, and those that never came."""

    def saw(self, exchange: Exchange) -> None:
        """Take note of the time that an answer took."""
        if exchange.elapsed_in_milliseconds >= self.slow_after * LATE * 1000:
            self.late.append(exchange)

    @property
    def is_slow(self) -> bool:
        """Whether slow answers have taken so much of the run that it ends."""
        spent = sum(exchange.elapsed_in_milliseconds for exchange in self.late) / 1000
        return len(self.late) >= _AT_LEAST and spent >= self.seconds * _SHARE

    def over(self, sent_twice: int) -> str | None:
        """Why the run goes on no more; `None` while it does."""
        if self.is_slow:
            return f"{len(self.late)} answers took a quarter of the run's time (see run/latency)"
        if sent_twice >= _TWICE:
            return f"{sent_twice} requests had to be sent twice (see run/hiccups)"
        return None
