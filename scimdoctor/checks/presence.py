"""Whether the endpoint is still there: tells one request that fails from an app that has gone away.

An app that is restarted, throttles for good or loses its database in the middle of a run would fail
every check from then on, each with a reason that is not its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.checks.prose import is_sign_in
from scimdoctor.checks.shapes import answer_words, is_html, request_words
from scimdoctor.model.exchange import FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.model.exchange import Exchange, ScimRequest

_PAUSE = 1.0
"""Seconds before an app that is perhaps being restarted is asked once more."""

_REFUSALS = frozenset({401, 403, 407, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How the endpoint went away."""

    last: Exchange
    """The request in which it showed."""

    asked: Exchange
    """A query that was answered before, sent again."""

    @property
    def words(self) -> str:
        """What was seen."""
        return (
            f"{request_words(self.last)} got {answer_words(self.last)}; {request_words(self.asked)}, "
            f"which the endpoint had answered before, got {answer_words(self.asked)}"
        )

    @property
    def cause(self) -> str:
        """The root cause that it speaks for."""
        failure, status = self.asked.failure, self.asked.status
        if failure is not None and failure.kind is FailureKind.CREDENTIALS:
            return "oauth-token-endpoint-incompatible"
        if failure is not None:
            late = failure.kind is FailureKind.TIMEOUT
            return "endpoint-too-slow-or-throttled" if late else "endpoint-unreachable-or-blocked"
        if status == 401 or is_sign_in(self.asked):
            return "token-expired-or-revoked"
        if status in {429, 503, 504}:
            return "endpoint-too-slow-or-throttled"
        crashed = status is not None and status >= 500 and status != 502
        if crashed and not is_html(self.asked):
            return "unhandled-exception-500"
        return "endpoint-unreachable-or-blocked"


class Presence:
    """Remembers a query that was answered, and asks it again when something fails."""

    def __init__(self) -> None:
        self._known: ScimRequest | None = None
        self.departure: Departure | None = None
        """How the endpoint went away; `None` while it is there."""

    def saw(self, request: ScimRequest, exchange: Exchange) -> None:
        """Take note of the answer to `request`, which as it was recorded lacks its token."""
        listed = request.path in {"/Users", "/Groups"}
        if self._known is None and listed and request.method == "GET" and exchange.ok:
            self._known = request

    def lost(
        self,
        exchange: Exchange,
        ask: Callable[[ScimRequest], Exchange],
        *,
        sleep: Callable[[float], None],
    ) -> bool:
        """Whether the endpoint has gone away, of which `exchange` may be a sign.

        Asks the known query, and unless that takes its whole time, once more after a pause.
        """
        if self._known is None or not _is_sign(exchange):
            return False
        asked = ask(self._known)
        if _is_sign(asked) and not _is_late(asked):
            sleep(_PAUSE)
            asked = ask(self._known)
        if _is_sign(asked):
            self.departure = Departure(last=exchange, asked=asked)
        return self.departure is not None


def _is_late(exchange: Exchange) -> bool:
    return exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT


def _is_sign(exchange: Exchange) -> bool:
    """Whether a whole endpoint that has gone away answers so."""
    if exchange.response is None:
        return True
    status = exchange.response.status
    return status in _REFUSALS or exchange.crashed or 300 <= status < 304
