"""How long a write may take to show before it counts as without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEPS = (0.1, 0.2, 0.3, 0.6, 1.0)
"""Seconds between looks."""

_MORE_STEPS = (0.3, 0.6, 1.2)
"""Seconds between further looks, where something came late before."""

_LEFT = 3.0
"""Seconds that a run waits in vain, all writes together."""

_LONG_STEPS = (2.0, 2.0, 2.0)
"""Seconds between more looks, where nothing of the kind was ever seen to show."""

_BEARABLE = sum(_STEPS)
"""Seconds of lag up to which it harms nothing that Entra does."""

_BY_LOOKS = 2
"""Waits ahead that were not enough, after which an app counts as late by looks."""


class Grace:
    """What a run has learned of how late its writes show.

    Bounded for the whole run: an app that ignores many writes must not make it slow. Once it was
    waited for in vain, and nothing ever came late, a short wait is enough. An app that is late by
    seconds, as a replica or a search index may be, is so with the first write already: that one is
    waited for long. Once something came late, no read is sent sooner after a write than that took.
    """

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._now, self._sleep = now, sleep
        self._left, self._in_vain = _LEFT, False
        self._wrote_at = 0.0
        self._waited, self._waited_ahead = 0.0, 0.0
        self._not_enough = 0
        self.lag = 0.0
        """Seconds after which something showed that came late."""

        self._prompt: set[str] = set()
        self.slept = 0.0
        """Seconds that the run has waited in all."""

    @property
    def long_lag(self) -> float:
        """Seconds that writes take to show, where that is more than a moment."""
        return self.lag if self.lag > _BEARABLE else 0.0

    def prompt(self, kind: str) -> None:
        """Take note that a write showed at the first look of this kind."""
        self._prompt.add(kind)

    def wrote(self) -> None:
        """Take note that something was written just now."""
        self._wrote_at, self._waited_ahead = self._now(), 0.0

    def before_a_look(self) -> None:
        """Sleep until the last write can show: a look before that would be in vain.

        No more where that did not help: some caches are late by a look, not by a time.
        """
        early = self._wrote_at + self.lag - self._now()
        if self.lag and early > 0 and self._not_enough < _BY_LOOKS:
            self._wait(early)
            self._waited_ahead += early

    def moments(self, *, brief: bool = False, kind: str = "") -> Iterator[float]:
        """Moments at which to look again, sleeping in between.

        Waiting is `brief` where a write shows already, though not as it should.
        """
        steps: tuple[float, ...] = _STEPS[:1] if self._in_vain or brief else _STEPS
        if kind and kind not in self._prompt and steps is _STEPS and not self.lag:
            steps = (*_STEPS, *_LONG_STEPS)
            self._left = max(self._left, sum(steps))
        if self.lag:
            steps = (self.lag, *(_MORE_STEPS[1:2] if self._in_vain else _MORE_STEPS))
        self._waited = self._waited_ahead
        for seconds in steps:
            if self._left < seconds and (self._waited or not self.lag):
                return
            self._left -= seconds
            self._waited += seconds
            self._wait(seconds)
            yield seconds
        self._in_vain = self._in_vain or not brief

    def came_late(self) -> None:
        """Be patient from now on: what was looked for showed at this moment."""
        self._not_enough += bool(self._waited_ahead)
        self.lag = max(self.lag, self._waited)
        self._left = max(self._left, self.lag + _LEFT)

    def _wait(self, seconds: float) -> None:
        self.slept += seconds
        self._sleep(seconds)
