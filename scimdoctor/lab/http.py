"""The request and the answer that every part of the lab takes and gives: plain values.

A handler is `Callable[[LabRequest], LabResponse]`; `lab/loopback.py` puts one behind a socket.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from scimdoctor.model.exchange import Headers, header_value

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRequest:
    """A request as it came; `target` is path and query, still encoded."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, still encoded; `""` if there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The first header called `name` in any letter case."""
        return header_value(self.headers, name)


class Behaviour(StrEnum):
    """How the server misbehaves while it answers."""

    HANG = "hang"
    """Sends nothing and keeps the connection open."""

    DRIP = "drip"
    """Sends the head, then one byte of the body at a time, with pauses, without end in sight."""

    RESET = "reset"
    """Resets the connection instead of answering."""

    SHORT = "short"
    """Announces more bytes than it sends, then closes."""

    LONG = "long"
    """Announces fewer bytes than it sends."""

    ENDLESS = "endless"
    """Repeats the body for ever, chunked."""

    RAW = "raw"
    """Sends `body` as it is in place of an HTTP answer, then closes."""

    SLOW = "slow"
    """Answers rightly, but late (`LoopbackServer.slow_seconds`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabResponse:
    """An answer; `behaviour` asks the server for what no answer can say."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    behaviour: Behaviour | None = None


if TYPE_CHECKING:
    Handler = Callable[[LabRequest], LabResponse]


def json_response(
    status: int,
    value: Any,  # noqa: ANN401 - JSON leaves here
    *,
    headers: Headers = (),
    media_type: str = "application/json; charset=utf-8",
) -> LabResponse:
    """Answer with `value` as JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return LabResponse(status=status, headers=(("Content-Type", media_type), *headers), body=body)
