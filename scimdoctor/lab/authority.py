"""The lab's sign-in authority: OpenID configuration, tokens, browser and device-code sign-in.

Answers and errors have the form of Microsoft's, as MSAL reads them. Sources: Entra "OAuth 2.0
client credentials flow", "OAuth 2.0 device authorization grant", "OAuth 2.0 authorization code flow", "authentication error codes".
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.lab.tokens import encode, issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.tenant import LabRegistration, LabTenant

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_PATH = re.compile(r"/(?P<tenant>[^/]+)/(?P<rest>.+)")
_DEVICE_CODE_SECONDS = 900
_LOCALHOST = re.compile(r"http://localhost(:\d+)?/?")
_FORM = """<!doctype html><title>scimdoctor lab</title>
<body onload="document.forms[0].submit()"><form method="post" action="{address}">
<input type="hidden" name="code" value="{code}"><input type="hidden" name="state" value="{state}">
<button>Go on</button></form></body>
"""


class _Refusal(Exception):
    def __init__(self, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.error = error
        self.code = code


class LabAuthority:
    """Signs in the registrations of one tenant; `handle` is a lab handler.

    `pending_polls` is how often a device code is answered "not yet" before the person of the
    tenant is taken to have entered it.
    """

    def __init__(
        self,
        tenant: LabTenant,
        *,
        clock: Callable[[], float] = time.time,
        pending_polls: int = 0,
    ) -> None:
        self.tenant = tenant
        self._clock = clock
        self._pending_polls = pending_polls
        self._device_codes: dict[str, int] = {}
        self._refresh_tokens: dict[str, str] = {}
        self._codes: dict[str, dict[str, str]] = {}

    def handle(self, request: LabRequest) -> LabResponse:
        """Answer one request; unknown paths get 404."""
        if request.path == "/common/discovery/instance":
            return json_response(200, self._instances(request))
        match = _PATH.fullmatch(request.path)
        if not match:
            return json_response(404, {"error": "not_found"})
        try:
            self._check_tenant(match["tenant"])
            return self._route(request, match["rest"])
        except _Refusal as refusal:
            status = 401 if refusal.error == "invalid_client" else 400
            return json_response(status, self._error_body(refusal))

    def _route(self, request: LabRequest, rest: str) -> LabResponse:
        match request.method, rest:
            case "GET", "v2.0/.well-known/openid-configuration":
                return json_response(200, self._configuration(request))
            case "GET", "oauth2/v2.0/authorize":
                return self._authorize(dict(parse_qsl(request.query)))
            case "POST", "oauth2/v2.0/token":
                return json_response(200, self._token(request))
            case "POST", "oauth2/v2.0/devicecode":
                return json_response(200, self._device_code(request))
        return json_response(404, {"error": "not_found"})

    def _check_tenant(self, name: str) -> None:
        known = {self.tenant.id, self.tenant.domain.casefold(), "organizations", "common"}
        if name.casefold() not in known:
            text = f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
            raise _Refusal("invalid_tenant", 90002, text)

    def _configuration(self, request: LabRequest) -> dict[str, Any]:
        base = f"https://{request.header('host') or 'localhost'}/{self.tenant.id}"
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _instances(self, request: LabRequest) -> dict[str, Any]:
        host = request.header("host") or "localhost"
        return {
            "tenant_discovery_endpoint": f"https://{host}/{self.tenant.id}/v2.0/.well-known/"
            "openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
            ],
        }

    def _token(self, request: LabRequest) -> dict[str, Any]:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        registration = self._registration(form)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            self._check_credential(registration, form)
            return self._app_token(registration, form)
        if not registration.public_client:
            raise _Refusal(
                "invalid_client",
                7000218,
                "The request body must contain the following parameter: 'client_assertion' or "
                "'client_secret'.",
            )
        if grant == _DEVICE_GRANT:
            self._check_device_code(form.get("device_code", ""))
            return self._user_token(request, registration, form)
        if grant == "authorization_code":
            asked = self._check_code(form)
            return self._user_token(request, registration, form | {"nonce": asked["nonce"]})
        if grant == "refresh_token":
            self._check_refresh_token(form.get("refresh_token", ""), registration)
            return self._user_token(request, registration, form)
        raise _Refusal("unsupported_grant_type", 70003, "The app requested an unsupported grant.")

    def _registration(self, form: dict[str, str]) -> LabRegistration:
        client_id = form.get("client_id", "")
        registration = self.tenant.registrations.get(client_id)
        if registration is None:
            text = (
                f"Application with identifier '{client_id}' was not found in the directory "
                f"'{self.tenant.display_name}'."
            )
            raise _Refusal("unauthorized_client", 700016, text)
        if registration.disabled:
            raise _Refusal(
                "unauthorized_client", 7000112, f"Application '{client_id}' is disabled."
            )
        return registration

    def _check_credential(self, registration: LabRegistration, form: dict[str, str]) -> None:
        """A client assertion is taken if it is there: the lab does not check signatures."""
        if form.get("client_assertion"):
            return
        if registration.secret_expired:
            text = (
                f"The provided client secret keys for app '{registration.client_id}' are expired."
            )
            raise _Refusal("invalid_client", 7000222, text)
        given = form.get("client_secret", "")
        if not registration.secret or not secrets.compare_digest(given, registration.secret):
            raise _Refusal("invalid_client", 7000215, "Invalid client secret provided.")

    def _app_token(self, registration: LabRegistration, form: dict[str, str]) -> dict[str, Any]:
        # No "scope" in the answer: with one, MSAL would not find the token in its cache again.
        roles = sorted(registration.permissions)
        return self._answer(self._claims(registration, form, idtyp="app", roles=roles))

    def _user_token(
        self, request: LabRequest, registration: LabRegistration, form: dict[str, str]
    ) -> dict[str, Any]:
        user = self.tenant.user
        scopes = " ".join(sorted(registration.permissions))
        wids = list(self.tenant.directory_role_ids)
        claims = self._claims(registration, form, idtyp="user", scp=scopes, upn=user, wids=wids)
        now = int(self._clock())
        oid = str(uuid.uuid5(uuid.NAMESPACE_DNS, user))
        identity = {
            "aud": registration.client_id,
            "iss": self._configuration(request)["issuer"],
            "iat": now,
            "nbf": now,
            "exp": now + self.tenant.token_lifetime_seconds,
            "oid": oid,
            "sub": oid,
            "tid": self.tenant.id,
            "preferred_username": user,
            "nonce": form.get("nonce", ""),
        }
        refresh = secrets.token_urlsafe(32)
        self._refresh_tokens[refresh] = registration.client_id
        return self._answer(claims) | {
            "scope": form.get("scope", ""),
            "refresh_token": refresh,
            "id_token": issue(self.tenant, identity),
            "client_info": encode({"uid": oid, "utid": self.tenant.id}),
        }

    def _claims(
        self, registration: LabRegistration, form: dict[str, str], **more: object
    ) -> dict[str, Any]:
        now = int(self._clock())
        return {
            "aud": "https://graph.microsoft.com",
            "appid": registration.client_id,
            "app_displayname": registration.name,
            "tid": self.tenant.id,
            "iat": now,
            "nbf": now,
            "exp": now + self.tenant.token_lifetime_seconds,
            "acrs": _requested_contexts(form.get("claims", "")),
            **more,
        }

    def _answer(self, claims: dict[str, Any]) -> dict[str, Any]:
        return {
            "token_type": "Bearer",
            "expires_in": self.tenant.token_lifetime_seconds,
            "ext_expires_in": self.tenant.token_lifetime_seconds,
            "access_token": issue(self.tenant, claims),
        }

    def _authorize(self, asked: dict[str, str]) -> LabResponse:
        """Sign the person of the tenant in at once, and send the code on as a posted form."""
        self._registration(asked)
        address = asked.get("redirect_uri", "")
        if not _LOCALHOST.fullmatch(address):
            text = f"The redirect URI '{address}' does not match those of the application."
            raise _Refusal("invalid_request", 50011, text)
        code = secrets.token_urlsafe(32)
        self._codes[code] = {"nonce": "", "code_challenge": ""} | asked
        page = _FORM.format(
            address=html.escape(address), code=code, state=html.escape(asked.get("state", ""))
        )
        headers = (("Content-Type", "text/html; charset=utf-8"),)
        return LabResponse(status=200, headers=headers, body=page.encode())

    def _check_code(self, form: dict[str, str]) -> dict[str, str]:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            raise _Refusal("invalid_grant", 70008, "The authorization code is invalid or expired.")
        return asked

    def _device_code(self, request: LabRequest) -> dict[str, Any]:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        self._registration(form)
        code = secrets.token_urlsafe(32)
        self._device_codes[code] = self._pending_polls
        address = f"https://{request.header('host') or 'localhost'}/device"
        return {
            "user_code": "LABLABLAB",
            "device_code": code,
            "verification_uri": address,
            "expires_in": _DEVICE_CODE_SECONDS,
            "interval": 1,
            "message": f"To sign in, open {address} and enter the code LABLABLAB. "
            "(In the lab this is done for you.)",
        }

    def _check_device_code(self, code: str) -> None:
        if code not in self._device_codes:
            raise _Refusal("expired_token", 70020, "The device code has expired.")
        if self._device_codes[code] > 0:
            self._device_codes[code] -= 1
            raise _Refusal("authorization_pending", 70016, "Authorization is pending.")
        del self._device_codes[code]

    def _check_refresh_token(self, token: str, registration: LabRegistration) -> None:
        if self._refresh_tokens.get(token) != registration.client_id:
            raise _Refusal("invalid_grant", 50173, "The provided grant has expired or is revoked.")

    def revoke_sign_ins(self) -> None:
        """Forget all refresh tokens, as a password change does."""
        self._refresh_tokens.clear()

    def _error_body(self, refusal: _Refusal) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        return {
            "error": refusal.error,
            "error_description": f"AADSTS{refusal.code}: {refusal} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {moment}",
            "error_codes": [refusal.code],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
        }


def _requested_contexts(claims: str) -> list[str]:
    """The authentication contexts that a claims challenge asks for (`acrs`)."""
    try:
        asked = json.loads(claims)["access_token"]["acrs"]["value"]
    except (ValueError, KeyError, TypeError):
        return []
    return [str(asked)]
