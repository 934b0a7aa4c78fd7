"""How long a write may take to show before it counts as without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEPS = (0.1, 0.3, 0.6, 1.2)
"""Seconds between looks."""

_LEFT = 3.0
"""Seconds that a run waits in vain, all writes together."""


class Grace:
    """What a run has learned of how late its writes show.

    Bounded for the whole run: an app that ignores many writes must not make it slow. Once it was
    waited for in vain, and nothing ever came late, a short wait is enough. Where something came
    late, the wait that was enough then is never left out.
    """

    def __init__(self) -> None:
        self._left, self._in_vain = _LEFT, False
        self._waited, self._lag = 0.0, 0.0
        self._ahead = True

    def as_known(self, sleep: Callable[[float], None]) -> float:
        """Sleep as long as something once took to show: a look before that would be in vain.

        No more where that did not help once: some caches are late by a look, not by a time.
        """
        if not self._lag or not self._ahead:
            return 0.0
        sleep(self._lag)
        return self._lag

    def moments(
        self, sleep: Callable[[float], None], waited: float = 0.0, *, brief: bool = False
    ) -> Iterator[float]:
        """Moments at which to look again, sleeping in between, after `waited` seconds.

        Waiting is `brief` where a write shows already, though not as it should.
        """
        steps = _STEPS[:1] if self._in_vain or brief else _STEPS
        if self._lag:
            steps = (self._lag, *(_STEPS[2:3] if self._in_vain else _STEPS[1:]))
        self._waited, self._ahead = waited, self._ahead and not waited
        for seconds in steps:
            if self._left < seconds and (self._waited or not self._lag):
                return
            self._left -= seconds
            self._waited += seconds
            sleep(seconds)
            yield seconds
        self._in_vain = self._in_vain or not brief

    def came_late(self) -> None:
        """Be patient from now on: what was looked for showed at this moment."""
        self._lag = max(self._lag, self._waited)
        self._left = max(self._left, self._lag + _LEFT)
