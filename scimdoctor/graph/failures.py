"""Turns an answer of Graph that is no success into an error with a next step.

Sources: Microsoft Graph "Error responses"; the codes met on synchronization and log calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import (
    GraphError,
    GraphNotFoundError,
    GraphPermissionError,
    GraphThrottledError,
    GraphUnavailableError,
)
from scimdoctor.graph.permissions import how_to_grant, need_of, role_advice
from scimdoctor.model.exchange import Headers, header_value, json_of
from scimdoctor.redaction import redact_text

if TYPE_CHECKING:
    from scimdoctor.graph.access_token import AccessTokenClaims
    from scimdoctor.graph.permissions import Need

_NO_PREMIUM = "authentication_requestfromnonpremiumtenantorb2ctenant"
_LONGEST_MESSAGE = 500
_CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """An answer of 400 or above, and what is known around it."""

    method: str
    path: str
    """After the version, without query."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    client_request_id: str | None = None
    claims: AccessTokenClaims | None = None
    portal: str = "https://entra.microsoft.com"
    now: datetime | None = None
    """Our clock, to notice that it is wrong."""

    @property
    def error(self) -> dict[str, Any]:
        """Graph's error object; empty if the answer holds none."""
        document = json_of(self.body)
        error = _find(document, "error")
        return error if isinstance(error, dict) else {}

    @property
    def code(self) -> str | None:
        """Graph's error code."""
        code = _find(self.error, "code")
        return code if isinstance(code, str) and code else None

    @property
    def message(self) -> str:
        """Graph's words, on one line and without secrets; or what stood there instead."""
        text = _find(self.error, "message")
        if isinstance(text, str) and text.strip():
            return " ".join(redact_text(text).split())[:_LONGEST_MESSAGE]
        kind = (header_value(self.headers, "content-type") or "").partition(";")[0]
        if not self.error and self.body.strip():
            return f"the answer is {kind or 'of no stated type'}, not Graph's JSON"
        return ""

    @property
    def request_id(self) -> str | None:
        """Graph's own id for the call, from header or body."""
        inner = _find(self.error, "innererror")
        in_body = _find(inner, "request-id")
        found = header_value(self.headers, "request-id") or in_body
        return found if isinstance(found, str) else None


def graph_error(call: FailedCall) -> GraphError:
    """Return the error that `call` amounts to."""
    if call.status in {401, 403}:
        return _denied(call)
    if call.status == 404:
        return _error(
            GraphNotFoundError,
            call,
            "The object does not exist in this tenant. Where an app is meant, use the enterprise "
            "application's object id, not the app registration's.",
        )
    if call.status == 429:
        return _error(
            GraphThrottledError,
            call,
            "Graph limits how often this may be asked. Wait a few minutes, or ask for a shorter "
            "time window.",
        )
    if call.status >= 500:
        return _error(
            GraphUnavailableError,
            call,
            "Microsoft's side failed. Try again in a few minutes; if it lasts, give Microsoft's "
            "support the request id.",
        )
    return _error(GraphError, call, _advice_for_bad_request(call))


def _error(kind: type[GraphError], call: FailedCall, hint: str | None) -> GraphError:
    words = f" {call.code}" if call.code else ""
    message = f"Microsoft Graph answered {call.status}{words} to {call.method} {call.path}"
    text = f": {call.message}" if call.message else ""
    trace = f" (request-id {call.request_id or call.client_request_id or 'unknown'})"
    return kind(
        f"{message}{text}{trace}",
        hint=hint,
        status=call.status,
        code=call.code,
        request_id=call.request_id,
        client_request_id=call.client_request_id,
    )


def _advice_for_bad_request(call: FailedCall) -> str | None:
    code = (call.code or "").casefold()
    if code == "credentialvalidationunavailable":
        return "Entra reached the endpoint and did not like its answer; the message quotes it."
    if code == "request_unsupportedquery":
        return "The query needs options that this call does not send; please report it."
    return None


def _denied(call: FailedCall) -> GraphError:
    return _error(GraphPermissionError, call, _denial_hint(call))


def _denial_hint(call: FailedCall) -> str:
    if (call.code or "").casefold() == _NO_PREMIUM:
        return "Reading these logs through Graph needs Microsoft Entra ID P1 or P2 in the tenant."
    if (call.code or "").casefold() == "invalidauthenticationtoken":
        return _clock_hint(call) or "Sign in again: scimdoctor login."
    if not call.error and call.body.strip():
        return "A proxy or gateway seems to have answered instead of Graph; check the network."
    need = need_of(call.method, call.path)
    if need is None:
        return "See scimdoctor whoami for what this sign-in allows."
    return _permission_hint(call, need)


def _permission_hint(call: FailedCall, need: Need) -> str:
    claims = call.claims
    delegated = claims is None or claims.is_delegated
    steps = how_to_grant(need.permissions[0], delegated=delegated, portal=call.portal)
    roles = f" {role_advice(need)}" if need.roles and delegated else ""
    if claims is None:
        return f"{steps}{roles}"
    if need.missing(claims):
        return f"This sign-in may not {need.what}. {steps}{roles}"
    if delegated and need.roles:
        return f"The permission is there, so the role is missing. {role_advice(need)}"
    return (
        "The permission is in the token, and Graph still refuses: make the app an owner of the "
        "enterprise application and its app registration, or wait for a fresh token."
    )


def time_of_answer(date: str) -> datetime | None:
    """Return what an answer's `Date` says; `None` if it says nothing that can be read."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def clock_trouble(ours: datetime, theirs: datetime | None) -> str | None:
    """Say by how much our clock is wrong, if Graph's tells so."""
    apart = (ours - theirs).total_seconds() if theirs else 0.0
    if abs(apart) < _CLOCK_TOLERANCE_SECONDS:
        return None
    direction = "ahead" if apart > 0 else "behind"
    return f"This computer's clock is {abs(apart) / 60:.0f} minutes {direction}; set it right."


def _clock_hint(call: FailedCall) -> str | None:
    theirs = time_of_answer(header_value(call.headers, "date") or "")
    return clock_trouble(call.now, theirs) if call.now else None


def _find(value: object, name: str) -> object:
    """The member `name` of an object in any letter case (`innerError` and `innererror` occur)."""
    if not isinstance(value, dict):
        return None
    return next((v for k, v in value.items() if str(k).casefold() == name), None)
