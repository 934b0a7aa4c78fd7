"""The app's SCIM service provider, as Entra would talk to it: one request, one answer, recorded.

Whatever the app does wrong comes back as an `Exchange`, never as an exception. Nothing is sent
twice and no redirect is followed: the first answer is the evidence, and the token goes nowhere
else. Time and size of every answer are bounded.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from scimdoctor.endpoint.body import BodyError, Deadline, DeadlineExceeded, read_bounded
from scimdoctor.endpoint.credentials import CredentialsUnavailable, NoCredentials
from scimdoctor.endpoint.failures import failure_of
from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.exchange import Exchange, ScimResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Headers, ScimRequest, TransportFailure
    from scimdoctor.redaction import Secret

_APP_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    CredentialsUnavailable,
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


class Endpoint:
    """Sends requests to one SCIM root and records what came of them. Safe to share by threads.

    `http` is a ready client whose transport does TLS and proxies (`endpoint/build.py`); its own
    default headers are not used. `secrets` are kept out of the record beside those of `auth`.
    """

    def __init__(  # noqa: PLR0913 - everything from outside comes in by argument
        self,
        http: httpx.Client,
        *,
        base_url: str,
        auth: Credentials | None = None,
        guard: WriteGuard | None = None,
        secrets: Iterable[Secret] = (),
        limits: Limits = DEFAULT_LIMITS,
        recorder: Recorder | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.username or parts.password or parts.query or not parts.hostname:
            raise ConfigurationError("the endpoint's URL must be a plain URL without credentials")
        self.base_url = base_url.rstrip("/")
        self.host = parts.netloc
        self.auth: Credentials = auth or NoCredentials()
        self.guard = guard or WriteGuard()
        self.limits = limits
        self.recorder = recorder or Recorder()
        self.recorder.hide((*secrets, *self.auth.secrets()))
        self._http = http

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges so far, in order of sending."""
        return self.recorder.exchanges

    def send(self, request: ScimRequest, *, credentials: Credentials | None = None) -> Exchange:
        """Send `request` once and return the recorded exchange.

        `credentials` replace the endpoint's own for this request (to try a wrong token). A header
        in `request` replaces the one of the same name that the credentials give.

        Raises:
            WriteRefused: the request would change the app, and the guard does not allow it.

        """
        self.guard.check(request, self.host)
        exchange = Exchange(
            id=self.recorder.next_id(),
            request=request,
            url=self.base_url + request.target,
            started_at=self.recorder.now(),
        )
        began = self.limits.timer()
        done = self._answer(exchange, credentials or self.auth)
        elapsed = round((self.limits.timer() - began) * 1000, 1)
        return self.recorder.record(replace(done, elapsed_in_milliseconds=elapsed))

    def _answer(self, exchange: Exchange, credentials: Credentials) -> Exchange:
        try:
            headers = merge_headers(credentials.headers(), exchange.request.headers)
            self.recorder.hide(credentials.secrets())
            exchange = replace(exchange, request=replace(exchange.request, headers=headers))
            return replace(exchange, response=self._response(exchange))
        except _APP_ERRORS as error:
            return replace(exchange, failure=self._failure(error))

    def _failure(self, error: Exception) -> TransportFailure:
        return failure_of(error, host=self.host, seconds=self.limits.seconds)

    def _response(self, exchange: Exchange) -> ScimResponse:
        deadline = Deadline(self.limits.timer() + self.limits.seconds, timer=self.limits.timer)
        response = self._http.send(
            self._http_request(exchange, deadline),
            stream=True,
            auth=_no_auth,
            follow_redirects=False,
        )
        try:
            return self._scim_response(response, deadline)
        finally:
            response.close()

    def _scim_response(self, response: httpx.Response, deadline: Deadline) -> ScimResponse:
        encoding = response.headers.get("content-encoding")
        ready = response.is_stream_consumed  # a mock transport's answer, decompressed already
        body, truncated = read_bounded(
            [response.content] if ready else response.iter_raw(),
            None if ready else encoding,
            limit=self.limits.body_bytes,
            deadline=deadline,
        )
        headers = tuple((_text(name), _text(value)) for name, value in response.headers.raw)
        return ScimResponse(
            status=response.status_code, headers=headers, body=body, truncated=truncated
        )

    def _http_request(self, exchange: Exchange, deadline: Deadline) -> httpx.Request:
        request, seconds = exchange.request, self.limits.seconds
        if any(segment in {".", ".."} for segment in request.path.split("/")):
            raise httpx.InvalidURL("the path has a dot segment, which would name another resource")
        connect = min(seconds, self.limits.connect_seconds)
        timeout = httpx.Timeout(seconds, connect=connect).as_dict()
        return httpx.Request(
            request.method,
            exchange.url,
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
            content=request.body or None,
            extensions={"timeout": timeout, "deadline": deadline.at},
        )


def merge_headers(weaker: Headers, stronger: Headers) -> Headers:
    """Return both, without those of `weaker` whose name `stronger` has too."""
    names = {name.casefold() for name, _ in stronger}
    return (*((k, v) for k, v in weaker if k.casefold() not in names), *stronger)


def _no_auth(request: httpx.Request) -> httpx.Request:
    """Keep the client's own authentication, if it has any, out of the request."""
    return request


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
