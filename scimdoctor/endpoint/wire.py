"""Sends one request over HTTP and reads one answer, within bounds of time and size."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from scimdoctor.endpoint.body import BodyError, Deadline, DeadlineExceeded, read_bounded
from scimdoctor.endpoint.failures import failure_of
from scimdoctor.model.exchange import ScimResponse, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.model.exchange import ScimRequest

_APP_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    BodyError,
    DeadlineExceeded,
    OSError,
    ValueError,
)
"""What the app, the network or an unsendable request brings about; anything else is our bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost."""

    seconds: float = 30.0
    """From the first byte out to the last byte in."""

    connect_seconds: float = 10.0
    body_bytes: int = 2 * 1024 * 1024
    """Kept of a decompressed body; the rest is not read."""

    timer: Callable[[], float] = field(default=time.monotonic, repr=False)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Wire:
    """A ready HTTP client and the bounds it is used in. Nothing is retried or followed."""

    http: httpx.Client
    limits: Limits = DEFAULT_LIMITS

    def ask(
        self, request: ScimRequest, url: str, *, body_bytes: int | None = None
    ) -> ScimResponse | TransportFailure:
        """Send `request` to `url`, with its own headers only; nothing is redacted yet."""
        try:
            return self._response(request, url, body_bytes or self.limits.body_bytes)
        except _APP_ERRORS as error:
            host = urlsplit(url).netloc.rpartition("@")[2]
            return failure_of(error, host=host, seconds=self.limits.seconds)

    def _response(self, request: ScimRequest, url: str, body_bytes: int) -> ScimResponse:
        deadline = Deadline(self.limits.timer() + self.limits.seconds, timer=self.limits.timer)
        sent = self._http_request(request, url, deadline)
        response = self.http.send(sent, stream=True, auth=_as_it_is, follow_redirects=False)
        try:
            return self._read(response, deadline, body_bytes)
        finally:
            response.close()

    def _read(self, response: httpx.Response, deadline: Deadline, body_bytes: int) -> ScimResponse:
        ready = response.is_stream_consumed  # a mock transport's answer, decompressed already
        body, truncated = read_bounded(
            [response.content] if ready else response.iter_raw(),
            None if ready else response.headers.get("content-encoding"),
            limit=body_bytes,
            deadline=deadline,
        )
        headers = tuple((_text(name), _text(value)) for name, value in response.headers.raw)
        return ScimResponse(
            status=response.status_code, headers=headers, body=body, truncated=truncated
        )

    def _http_request(self, request: ScimRequest, url: str, deadline: Deadline) -> httpx.Request:
        if any(segment in {".", ".."} for segment in request.path.split("/")):
            raise httpx.InvalidURL("the path has a dot segment, which would name another resource")
        seconds = self.limits.seconds
        timeout = httpx.Timeout(seconds, connect=min(seconds, self.limits.connect_seconds))
        return httpx.Request(
            request.method,
            url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.body or None,
            extensions={"timeout": timeout.as_dict(), "deadline": deadline},
        )


def _as_it_is(request: httpx.Request) -> httpx.Request:
    """Keep the HTTP client's own authentication, if it has any, out of the request."""
    return request


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
