"""The app's SCIM service provider, as Entra would talk to it: one request, one answer, recorded.

Whatever the app does wrong comes back as an `Exchange`, never as an exception. Nothing is sent
twice and no redirect is followed: the first answer is the evidence, and the token goes nowhere
else. Time and size of every answer are bounded.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scimdoctor.endpoint.credentials import CredentialsUnavailable, ExtraHeaders, NoCredentials
from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.endpoint.wire import DEFAULT_LIMITS, Limits, Wire
from scimdoctor.errors import ConfigurationError, WritesUsedUp
from scimdoctor.model.exchange import Exchange, FailureKind, ScimResponse, TransportFailure
from scimdoctor.outbound import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import httpx

    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Headers, ScimRequest
    from scimdoctor.redaction import Secret

__all__ = ["Endpoint", "Limits", "merge_headers"]


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
        self.recorder.hide_headers(self._extra_headers())
        self._http = http
        self._wire = Wire(http, limits)

    def _extra_headers(self) -> tuple[str, ...]:
        extra = self.auth.extra if isinstance(self.auth, ExtraHeaders) else ()
        return tuple(name for name, _ in extra)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; exchanges stay readable."""
        self._http.close()

    @property
    def is_loopback(self) -> bool:
        """Whether the app runs on this machine, where nobody is asked before writing."""
        return is_loopback(urlsplit(self.base_url).hostname)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges so far, in order of sending."""
        return self.recorder.exchanges

    def send(
        self,
        request: ScimRequest,
        *,
        credentials: Credentials | None = None,
        body_bytes: int | None = None,
        seconds: float | None = None,
    ) -> Exchange:
        """Send `request` once and return the recorded exchange.

        `credentials` replace the endpoint's own for this request (to try a wrong token). A header
        in `request` replaces the one of the same name that the credentials give. `body_bytes`
        replaces the limit for what is read of the answer, for a list that may be long. `seconds`
        bounds the answer where that is less than the endpoint's own limit.

        Raises:
            WriteRefused: the request would change the app, and the guard does not allow it.
        """
        self.guard.check(request, self.host)
        wire, id_ = self._within(seconds), self.recorder.next_id()
        return self._exchange(
            request, wire, id_=id_, credentials=credentials, body_bytes=body_bytes
        )

    def send_all(
        self, requests: Sequence[ScimRequest], *, at_once: int, seconds: float
    ) -> tuple[Exchange, ...]:
        """Send `requests` side by side, and return their exchanges in the same order.

        They are numbered in their order, whichever is answered first. `seconds` bounds each
        answer where that is less than the endpoint's own limit. Only the first are sent if the
        agreed number of writes does not allow all.

        Raises:
            WriteRefused: one of them would change the app, and the guard does not allow it.
        """
        allowed = 0
        with contextlib.suppress(WritesUsedUp):
            for request in requests:
                self.guard.check(request, self.host)
                allowed += 1
        wire = self._within(seconds)
        ids = [self.recorder.next_id() for _ in range(allowed)]
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return tuple(pool.map(lambda r, i: self._exchange(r, wire, id_=i), requests, ids))

    def _within(self, seconds: float | None) -> Wire:
        if seconds is None or seconds >= self.limits.seconds:
            return self._wire
        return replace(self._wire, limits=replace(self.limits, seconds=seconds))

    def _exchange(
        self,
        request: ScimRequest,
        wire: Wire,
        *,
        id_: str,
        credentials: Credentials | None = None,
        body_bytes: int | None = None,
    ) -> Exchange:
        url, started_at = self.base_url + request.target, self.recorder.now()
        try:
            request = self._authenticated(request, credentials or self.auth)
        except CredentialsUnavailable as error:
            failure = TransportFailure(kind=FailureKind.CREDENTIALS, message=str(error))
            return self.recorder.record(
                Exchange(id=id_, request=request, url=url, failure=failure, started_at=started_at)
            )
        began = self.limits.timer()
        asked = Exchange(id=id_, request=request, url=url, started_at=started_at)
        try:
            answer = wire.ask(request, url, body_bytes=body_bytes)
        except KeyboardInterrupt:
            self._record(asked, _STOPPED, began)  # it was sent, and may have taken effect
            raise
        return self._record(asked, answer, began)

    def _record(
        self, asked: Exchange, answer: ScimResponse | TransportFailure, began: float
    ) -> Exchange:
        return self.recorder.record(
            replace(
                asked,
                response=answer if isinstance(answer, ScimResponse) else None,
                failure=answer if isinstance(answer, TransportFailure) else None,
                elapsed_in_milliseconds=round((self.limits.timer() - began) * 1000, 1),
            )
        )

    def _authenticated(self, request: ScimRequest, credentials: Credentials) -> ScimRequest:
        headers = merge_headers(credentials.headers(), request.headers)
        self.recorder.hide(credentials.secrets())
        return replace(request, headers=headers)


_STOPPED = TransportFailure(kind=FailureKind.STOPPED, message="stopped while it was waited for")


def merge_headers(weaker: Headers, stronger: Headers) -> Headers:
    """Return both, without those of `weaker` whose name `stronger` has too."""
    names = {name.casefold() for name, _ in stronger}
    return (*((k, v) for k, v in weaker if k.casefold() not in names), *stronger)
