"""Transports for Graph: one that waits its turn, one that tries again when Graph asks for it.

Sources: Microsoft Graph "Throttling guidance" and "Throttling limits": 5 requests in 10 seconds
for the reporting API and for provisionOnDemand; the reporting API often sends no `Retry-After`.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPORTING_LIMIT = 5
REPORTING_WINDOW_SECONDS = 10.0
MARGIN_SECONDS = 0.25
"""Added to a window, so that requests that overtake each other on the way stay within the limit."""

SYNCHRONIZATION_LIMIT = 20
"""Undocumented; two a second is what Microsoft's own samples stay under."""

_RETRY_ALWAYS = frozenset({429, 503, 504})
_RETRY_READS = frozenset({500, 502})
_READS = frozenset({"GET", "HEAD"})
_BROKEN = (httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout, httpx.WriteError)


class Pacer:
    """Lets at most `limit` callers through in any `window_seconds`; safe between threads."""

    def __init__(
        self,
        limit: int,
        window_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._window = window_seconds + MARGIN_SECONDS
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._turns: deque[float] = deque(maxlen=limit)

    def wait(self) -> float:
        """Sleep until it is the caller's turn; return the seconds slept."""
        with self._lock:
            now = self._clock()
            full = len(self._turns) == self._turns.maxlen
            turn = max(now, self._turns[0] + self._window) if full else now
            self._turns.append(turn)
        delay = turn - now
        if delay > 0:
            self._sleep(delay)
        return delay


def graph_pacers(waiting: Waiting) -> tuple[tuple[str, Pacer], ...]:
    """Return the limits of Graph that we keep to, by a part of the path."""

    def pacer(limit: int) -> Pacer:
        return Pacer(limit, REPORTING_WINDOW_SECONDS, clock=waiting.clock, sleep=waiting.sleep)

    return (
        ("/auditLogs/", pacer(REPORTING_LIMIT)),
        ("/provisionOnDemand", pacer(REPORTING_LIMIT)),
        ("/synchronization/", pacer(SYNCHRONIZATION_LIMIT)),
    )


class PacedTransport(httpx.BaseTransport):
    """Makes each request wait for the first pacer whose marker is in its path."""

    def __init__(self, inner: httpx.BaseTransport, pacers: Iterable[tuple[str, Pacer]]) -> None:
        self._inner = inner
        self._pacers = tuple(pacers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Wait, then send."""
        path = request.url.path
        pacer = next((pacer for marker, pacer in self._pacers if marker in path), None)
        if pacer:
            pacer.wait()
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How time passes for retries and pacing; tests replace it."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    chance: Callable[[], float] = random.random
    """A number from 0 to 1 that spreads the attempts of many clients."""

    on_wait: Callable[[float, str], None] = field(default=lambda _seconds, _why: None)
    """Told the seconds and the reason before each wait."""


class RetryTransport(httpx.BaseTransport):
    """Sends again what Graph was too busy for, bounded in attempts and in waiting.

    Reads are tried again after 429, 500, 502, 503, 504 and broken connections; writes only after
    429 and 503 that say when (`Retry-After`), because anything else may have taken effect.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        attempts: int = 6,
        longest_wait_seconds: float = 180.0,
        waiting: Waiting | None = None,
    ) -> None:
        self._inner = inner
        self._attempts = attempts
        self._longest = longest_wait_seconds
        self._waiting = waiting or Waiting()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send until there is an answer to keep; the last one is kept whatever it is."""
        for attempt in range(1, self._attempts):
            response, why = self._attempt(request)
            delay = self._delay(request, response, attempt)
            if delay is None:
                if response is None:
                    break
                return response
            self._waiting.on_wait(delay, why)
            self._waiting.sleep(delay)
        return self._inner.handle_request(request)

    def _attempt(self, request: httpx.Request) -> tuple[httpx.Response | None, str]:
        try:
            response = self._inner.handle_request(request)
            # The body too: a connection that is cut in the middle of a page is tried again.
            response.read()
        except _BROKEN as error:
            if request.method not in _READS:
                raise
            return None, type(error).__name__
        return response, str(response.status_code)

    def _delay(
        self, request: httpx.Request, response: httpx.Response | None, attempt: int
    ) -> float | None:
        """Seconds to wait before the next attempt; `None` to keep what there is."""
        backoff = min(2.0**attempt, 60.0) * (0.75 + self._waiting.chance() / 2)
        if response is None:
            return backoff
        status = response.status_code
        asked = self._retry_after(response)
        if request.method not in _READS:
            wanted = asked if status in {429, 503} else None
        elif status in _RETRY_ALWAYS | _RETRY_READS:
            wanted = backoff if asked is None else asked
        else:
            wanted = None
        return wanted if wanted is not None and wanted <= self._longest else None

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds from `Retry-After`, which holds seconds or a date (RFC 9110 section 10.2.3)."""
        text = response.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - self._waiting.now()).total_seconds())

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()
