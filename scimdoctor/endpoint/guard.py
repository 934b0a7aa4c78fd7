"""Keeps an endpoint from being written to unless somebody said so.

The guard sits in the endpoint client itself, so that no check, replay or clean-up goes round it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scimdoctor.errors import WriteRefused, WritesUsedUp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.exchange import ScimRequest

_State = tuple[str | None, int | None, int]
_HINT = "Choose a mode that writes, and agree to it when asked (or pass --yes)."


class WriteGuard:
    """Lets reads pass, and writes only while an allowance holds. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._left: int | None = None
        self._for_removals = 0
        self._writes = 0

    @property
    def _state(self) -> _State:
        return self._reason, self._left, self._for_removals

    @_state.setter
    def _state(self, state: _State) -> None:
        self._reason, self._left, self._for_removals = state

    @property
    def reason(self) -> str | None:
        """Why writes are allowed, in words; `None` while they are not."""
        return self._reason

    @property
    def writes(self) -> int:
        """How many writes have passed so far."""
        return self._writes

    def allow(self, reason: str, *, max_writes: int | None = None, removals: int = 0) -> None:
        """Let writes pass from now on, for `reason`; at most `max_writes` of them if given.

        So many `removals` (DELETE) may pass beyond that: what was made must go again.
        """
        with self._lock:
            self._state = (reason, max_writes, removals)

    def revoke(self) -> None:
        """Let only reads pass again."""
        with self._lock:
            self._state = (None, None, 0)

    @contextmanager
    def allowing(self, reason: str, *, max_writes: int | None = None) -> Iterator[WriteGuard]:
        """Let writes pass inside the block; what held before holds again afterwards."""
        before = self._state
        self.allow(reason, max_writes=max_writes)
        try:
            yield self
        finally:
            with self._lock:
                self._state = before

    def require(self, host: str) -> None:
        """Stop now, before any preparation, if a write to `host` would be refused.

        Raises:
            WriteRefused: nothing allows writes.
        """
        with self._lock:
            if self._reason is None or (self._left is not None and self._left <= 0):
                raise WriteRefused(f"nothing allows writes to {host}", hint=_HINT)

    @contextmanager
    def reads_only(self) -> Iterator[WriteGuard]:
        """Let nothing but reads pass inside the block, whatever was allowed before."""
        before = self._state
        self.revoke()
        try:
            yield self
        finally:
            with self._lock:
                self._state = before

    def check(self, request: ScimRequest, host: str) -> None:
        """Count `request` if it may be sent.

        Raises:
            WriteRefused: it would change the app and nothing allows it.
            WritesUsedUp: as many as were agreed to have been sent.
        """
        if not request.is_write:
            return
        with self._lock:
            if self._reason is None:
                raise WriteRefused(_refusal(request, host, "only reads are allowed"), hint=_HINT)
            spare = self._for_removals if request.method.upper() == "DELETE" else 0
            if self._left is not None and self._left + spare <= 0:
                why = "the agreed number of writes is used up"
                raise WritesUsedUp(_refusal(request, host, why), hint=_HINT)
            self._left = None if self._left is None else self._left - 1
            self._writes += 1


def _refusal(request: ScimRequest, host: str, why: str) -> str:
    return f"{request.method} to {host} was not sent: {why}"
