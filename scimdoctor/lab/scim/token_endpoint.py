"""The lab app's own token endpoint: OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from scimdoctor.lab.http import LabResponse, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.lab.scim.call import Call

PATH = "/oauth/token"
CLIENT_ID = "lab-client"
CLIENT_SECRET = "lab-client-secret"
FORM = "application/x-www-form-urlencoded"


def is_token_request(call: Call) -> bool:
    """Whether `call` asks for a token."""
    return call.endpoint == "oauth" and call.id == "token"


def token_response(call: Call) -> LabResponse:
    """Answer a request for a token."""
    if call.method != "POST":
        return json_response(405, {"error": "invalid_request"}, headers=(("Allow", "POST"),))
    if not (call.request.header("content-type") or "").startswith(FORM):
        return json_response(415, {"error": "invalid_request"})
    return granted(call, dict(parse_qsl(call.request.body.decode("utf-8", "replace"))))


def granted(call: Call, form: Mapping[str, Any]) -> LabResponse:
    """A token for the right client, whose credentials may be in the header, the form or both."""
    given = [pair for pair in (_basic(call), _posted(form)) if pair is not None]
    right = f"{CLIENT_ID}\n{CLIENT_SECRET}".encode()
    if not given or not all(hmac.compare_digest("\n".join(p).encode(), right) for p in given):
        challenge = (("WWW-Authenticate", 'Basic realm="lab"'),)
        return json_response(401, {"error": "invalid_client"}, headers=challenge)
    if form.get("grant_type") != "client_credentials":
        return json_response(400, {"error": "unsupported_grant_type"})
    return token_answer(call, expires_in=3600)


def token_answer(call: Call, **members: Any) -> LabResponse:  # noqa: ANN401 - JSON members
    """The app's token; a member that is `None` is left out."""
    body = {"access_token": call.provider.token, "token_type": "Bearer"} | members
    kept = {name: value for name, value in body.items() if value is not None}
    return json_response(200, kept, headers=(("Cache-Control", "no-store"),))


def _basic(call: Call) -> tuple[str, str] | None:
    scheme, _, text = (call.request.header("authorization") or "").partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(text).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _posted(form: Mapping[str, Any]) -> tuple[str, str] | None:
    if "client_secret" not in form:
        return None
    return str(form.get("client_id", "")), str(form["client_secret"])
