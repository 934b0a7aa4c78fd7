"""OAuth 2.0 client credentials at the app's own token endpoint, as Entra's provisioning does it.

RFC 6749 section 4.4; the credentials go in the header, the body, or both, as chosen in Entra.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from scimdoctor.endpoint.credentials import CredentialsUnavailable
from scimdoctor.endpoint.sign_in import CredentialsIn
from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse, TransportFailure
from scimdoctor.redaction import REDACTED, Secret, redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scimdoctor.endpoint.recorder import Recorder
    from scimdoctor.endpoint.wire import Wire
    from scimdoctor.model.exchange import Headers

DEFAULT_LIFETIME = timedelta(hours=1)
"""Assumed where the token endpoint does not say."""

_ERRORS = {
    "invalid_client": "the client id or secret is wrong, or goes where the app does not look "
    "(header or body)",
    "invalid_grant": "the app does not accept this grant",
    "invalid_request": "the app misses a parameter, often the credentials in the body",
    "invalid_scope": "the scope is unknown, missing, or not allowed for this client",
    "unauthorized_client": "this client may not use the client-credentials grant",
    "unsupported_grant_type": "the token endpoint does not offer the client-credentials grant",
}
"""Every `error` of RFC 6749 section 5.2, in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """What is typed into Entra's provisioning settings."""

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str | None = None
    credentials_in: CredentialsIn = CredentialsIn.HEADER

    def request(self) -> ScimRequest:
        """The request for a token; its path is the token URL's."""
        parts = urlsplit(self.token_url)
        form = [("grant_type", "client_credentials")]
        if self.scope:
            form.append(("scope", self.scope))
        headers = [("Accept", "application/json")]
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        if self.credentials_in is not CredentialsIn.BODY:
            headers.append(("Authorization", f"Basic {self._basic()}"))
        if self.credentials_in is not CredentialsIn.HEADER:
            form += [("client_id", self.client_id), ("client_secret", self.client_secret.reveal())]
        return ScimRequest(
            method="POST",
            path=parts.path or "/",
            query=parts.query,
            headers=tuple(headers),
            body=urlencode(form).encode(),
        )

    def _basic(self) -> str:
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret.reveal())}"
        return base64.b64encode(pair.encode()).decode()

    def secrets(self) -> tuple[Secret, ...]:
        """The secret, plain and as it goes into the header."""
        return (self.client_secret, Secret(self._basic()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """What the token endpoint gave."""

    exchange: Exchange
    token: Secret | None = None
    lifetime: timedelta | None = None
    """As it said; `None` if it did not."""

    problem: str | None = None
    """Why there is no token, and what to look at."""


@dataclass(slots=True)
class OAuthCredentials:
    """Bearer headers from a token that is fetched once and kept until shortly before its end.

    A refusal is kept too: the first answer is the evidence, and is not asked for again.
    """

    client: OAuthClient
    wire: Wire
    recorder: Recorder
    _answer: TokenAnswer | None = None
    _renew_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def headers(self) -> Headers:
        """`Authorization: Bearer …` with the current token.

        Raises:
            CredentialsUnavailable: the token endpoint gave none.
        """
        answer = self.answer()
        if answer.token is None:
            raise CredentialsUnavailable(f"no access token: {answer.problem}")
        return (("Authorization", f"Bearer {answer.token.reveal()}"),)

    def answer(self) -> TokenAnswer:
        """The token endpoint's answer, asked for anew when its token is about to end."""
        with self._lock:
            answer = self._answer
            if answer is None or (self._renew_at and self.recorder.now() >= self._renew_at):
                answer = self._renew()
            return answer

    def secrets(self) -> tuple[Secret, ...]:
        """The client's secret and the token at hand."""
        token = self._answer.token if self._answer else None
        return (*self.client.secrets(), *((token,) if token else ()))

    def _renew(self) -> TokenAnswer:
        self._answer = answer = fetch_token(self.client, self.wire, self.recorder)
        if answer.token is None:
            self._renew_at = None
        else:
            lifetime = answer.lifetime or DEFAULT_LIFETIME
            self._renew_at = self.recorder.now() + max(lifetime * 0.9, timedelta(seconds=1))
        return answer


def fetch_token(
    client: OAuthClient, wire: Wire, recorder: Recorder, *, request: ScimRequest | None = None
) -> TokenAnswer:
    """Ask for a token once; the exchange is recorded without it. `request` is Entra's by default."""
    request = request or client.request()
    id_, started_at = recorder.next_id(), recorder.now()
    recorder.hide(client.secrets())
    began = wire.limits.timer()
    answer = wire.ask(request, client.token_url)
    token = _token(answer)
    recorder.hide((token,) if token else ())
    exchange = recorder.record(
        Exchange(
            id=id_,
            request=request,
            url=client.token_url,
            response=_recordable(answer) if isinstance(answer, ScimResponse) else None,
            failure=answer if isinstance(answer, TransportFailure) else None,
            elapsed_in_milliseconds=round((wire.limits.timer() - began) * 1000, 1),
            started_at=started_at,
        )
    )
    if token is None:
        problem = redact_text(_problem(answer), client.secrets())
        return TokenAnswer(exchange=exchange, problem=problem)
    return TokenAnswer(exchange=exchange, token=token, lifetime=_lifetime(answer))


def _recordable(answer: ScimResponse) -> ScimResponse:
    """`answer` as it may be kept: a token may stand in a successful one under any name and form."""
    if not answer.is_success or not answer.body:
        return answer
    document = answer.json
    if not isinstance(document, dict | list):
        return replace(answer, body=REDACTED.encode())
    return replace(answer, body=json.dumps(_hidden(document, "")).encode())


def _hidden(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _hidden(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(item, "") for item in value]
    told = _TOLD.get(name)
    return value if value is None or (told and told.fullmatch(str(value))) else REDACTED


_TOLD = {
    "error": re.compile(r"(?s).*"),
    "error_description": re.compile(r"(?s).*"),
    "token_type": re.compile(r"[\w-]{1,16}"),
    "expires_in": re.compile(r"-?[\d.]{1,12}"),
}
"""What RFC 6749 sections 5.1 and 5.2 have an app say, in its form; the rest may be the token."""


_SENDABLE = re.compile(r"[\x21-\x7e]+").fullmatch
"""What can follow `Bearer` in a header; RFC 6750 section 2.1 allows even less."""


def _members(answer: ScimResponse | TransportFailure) -> dict[str, Any]:
    body = answer.json if isinstance(answer, ScimResponse) else None
    return body if isinstance(body, dict) else {}


def _token(answer: ScimResponse | TransportFailure) -> Secret | None:
    token = _members(answer).get("access_token")
    usable = isinstance(answer, ScimResponse) and answer.is_success
    return Secret(token) if usable and isinstance(token, str) and _SENDABLE(token) else None


def _lifetime(answer: ScimResponse | TransportFailure) -> timedelta | None:
    told = _members(answer).get("expires_in")
    if isinstance(told, bool):
        return None
    try:
        seconds = float(told or 0)
        return timedelta(seconds=seconds) if seconds > 0 else None
    except (TypeError, ValueError, OverflowError):
        return None


def _problem(answer: ScimResponse | TransportFailure) -> str:
    if isinstance(answer, TransportFailure):
        return f"the token endpoint was not reached: {answer.message}"
    members = _members(answer)
    error, description = members.get("error"), members.get("error_description")
    if isinstance(error, str):
        said = f" ({description})" if isinstance(description, str) else ""
        meaning = f": {_ERRORS[error]}" if error in _ERRORS else ""
        return f"the token endpoint answers {error}{meaning}{said}"
    if 300 <= answer.status < 400:
        return (
            f"the token endpoint redirects ({answer.status}), and credentials are not sent after "
            "a redirect: give the address that it leads to"
        )
    if not answer.is_success:
        return f"the token endpoint answers {answer.status} without an OAuth error"
    return _unusable(answer, members)


def _unusable(answer: ScimResponse, members: Mapping[str, Any]) -> str:
    """Why a successful answer gives no token."""
    if answer.truncated:
        return f"the token endpoint's answer is cut off after {len(answer.body)} bytes"
    if not members:
        kind = answer.media_type or "an answer without media type"
        return f"the token endpoint answers {kind}, not a JSON object"
    token = members.get("access_token")
    if isinstance(token, str) and token:
        return "its access_token has blanks, line ends or letters that no bearer token may have"
    if token:
        return "its access_token is no text"
    names = [name for name in members if re.fullmatch(r"[A-Za-z_]{1,20}", name)]
    seen = f": it has {', '.join(names[:5])}" if names else ""
    return f"the token endpoint's answer has no access_token{seen}"
