"""One HTTP request to a SCIM service provider and what came of it (RFC 7644 section 3).

No exchange holds a secret: whoever records one has removed credentials from it before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

Headers = tuple[tuple[str, str], ...]

LONGEST_ANSWER = 64 * 1024 * 1024
"""Of a page or of a group with all its members: a hundred thousand take some ten million bytes."""

LONGEST_EVIDENCE = 2 * 1024 * 1024
"""Longer answers are judged, and not kept whole with the run's exchanges."""


def header_value(headers: Headers, name: str) -> str | None:
    """Return the first header called `name` in any letter case."""
    wanted = name.casefold()
    return next((value for key, value in headers if key.casefold() == wanted), None)


def json_of(body: bytes) -> Any:  # noqa: ANN401 - JSON enters here
    """Return `body` as JSON, or `None` if it is none (a UTF-8 byte order mark is passed over)."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimRequest:
    """What is sent. `path` is relative to the SCIM root and begins with `/`."""

    method: str
    path: str
    query: str = ""
    """Encoded as it goes on the wire, without `?`."""

    headers: Headers = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as one."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_write(self) -> bool:
        """Whether the request may change the app."""
        return self.method.upper() not in {"GET", "HEAD", "OPTIONS"}

    @property
    def json(self) -> Any:  # noqa: ANN401
        """The body as JSON, or `None`."""
        return json_of(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimResponse:
    """What came back."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    truncated: bool = False
    """The body was longer than we keep."""

    def header(self, name: str) -> str | None:
        """The first header called `name` in any letter case."""
        return header_value(self.headers, name)

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty if none was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().casefold()

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.body.decode("utf-8-sig", "replace")

    @property
    def json(self) -> Any:  # noqa: ANN401
        """The body as JSON, or `None`."""
        return json_of(self.body)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class FailureKind(StrEnum):
    """Why a request got no answer."""

    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    CREDENTIALS = "credentials"
    """The app's own token endpoint gave no token, so nothing was sent."""

    STOPPED = "stopped"
    """Whoever asked was stopped before an answer came."""

    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFailure:
    """No usable HTTP answer."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request with its response *or* its failure; one that was only planned has neither."""

    id: str
    """Unique in one report, for example `x12`; evidence refers to it."""

    request: ScimRequest
    url: str
    """The complete URL that was asked, without credentials."""

    response: ScimResponse | None = None
    failure: TransportFailure | None = None
    elapsed_in_milliseconds: float = 0.0
    started_at: datetime | None = None
    own: bool = False
    """Whether it serves the tool itself, as a read-back does: Entra sends no such request."""

    @property
    def status(self) -> int | None:
        """The response's status; `None` when there was none."""
        return self.response.status if self.response else None

    @property
    def json(self) -> Any:  # noqa: ANN401
        """The response's body as JSON, or `None`."""
        return self.response.json if self.response else None

    @property
    def is_planned(self) -> bool:
        """Whether it was never sent: it tells what Entra would ask, and nothing of the app."""
        return self.response is None and self.failure is None

    @property
    def ok(self) -> bool:
        """Whether a 2xx came back."""
        return self.response is not None and self.response.is_success

    @property
    def crashed(self) -> bool:
        """Whether the app failed: 5xx but 501, which refuses what is not implemented (RFC 9110 15.6.2)."""
        return (self.status or 0) >= 500 and self.status != 501
