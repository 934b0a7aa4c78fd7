"""Faults of the app's token endpoint, which show when the endpoint is signed in to with OAuth."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scimdoctor.lab.http import LabResponse, json_response
from scimdoctor.lab.scim.hooks import answered, html_page, retyped
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.lab.scim.token_endpoint import FORM, granted, is_token_request, token_answer
from scimdoctor.model.exchange import json_of

if TYPE_CHECKING:
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.lab.scim.switch import Answer

_CAUSE = "oauth-token-endpoint-incompatible"
_fault = partial(Fault, family="oauth", cause=_CAUSE)


def _grants(call: Call, response: LabResponse) -> bool:
    return is_token_request(call) and response.status == 200


def _header_refused(call: Call) -> LabResponse | None:
    basic = (call.request.header("authorization") or "").startswith("Basic ")
    if not is_token_request(call) or not basic:
        return None
    return json_response(400, {"error": "invalid_request"})


def _json_only(call: Call) -> LabResponse | None:
    if not is_token_request(call):
        return None
    form = json_of(call.request.body)
    if not isinstance(form, dict):
        return json_response(400, {"error": "invalid_request", "error_description": "no JSON"})
    return granted(call, form)


def _form_encoded(response: LabResponse) -> LabResponse:
    members = json_of(response.body)
    body = urlencode(members if isinstance(members, dict) else {}).encode()
    return LabResponse(status=200, headers=(("Content-Type", FORM),), body=body)


def _any_secret(call: Call) -> LabResponse | None:
    return token_answer(call, expires_in=3600) if is_token_request(call) else None


def _page(call: Call) -> LabResponse | None:
    return html_page(200, "Sign in") if is_token_request(call) else None


def _granting(members: dict[str, object]) -> Answer:
    """Grant tokens with other members than usual."""

    def answer(call: Call, response: LabResponse) -> LabResponse:
        return token_answer(call, **members) if _grants(call, response) else response

    return answer


FAULTS = (
    _fault(
        id="oauth-header-refused",
        title="The token endpoint takes the client's credentials in the body only",
        before=_header_refused,
    ),
    _fault(
        id="oauth-json-only",
        title="The token endpoint reads JSON and no form",
        before=_json_only,
    ),
    _fault(
        id="oauth-answers-form",
        title="The token endpoint answers a form in place of JSON",
        answer=answered(_grants, _form_encoded),
    ),
    _fault(
        id="oauth-sign-in-page",
        title="The token endpoint answers with a web page to sign in",
        before=_page,
    ),
    _fault(
        id="oauth-answer-text",
        title="The token endpoint types its JSON as text/plain",
        answer=answered(_grants, retyped("text/plain")),
    ),
    _fault(
        id="oauth-type-missing",
        title="The token endpoint does not say the token's type",
        answer=_granting({"expires_in": 3600, "token_type": None}),
    ),
    _fault(
        id="oauth-type-mac",
        title="The token endpoint gives tokens of the type mac",
        answer=_granting({"expires_in": 3600, "token_type": "mac"}),
    ),
    _fault(
        id="oauth-lifetime-missing",
        title="The token endpoint does not say how long a token lives",
        answer=_granting({}),
    ),
    _fault(
        id="oauth-lifetime-short",
        title="The token endpoint gives tokens for five minutes",
        answer=_granting({"expires_in": 300}),
    ),
    _fault(
        id="oauth-lifetime-zero",
        title="The token endpoint says that a token has ended when it is given",
        answer=_granting({"expires_in": 0}),
    ),
    _fault(
        id="oauth-lifetime-brief",
        title="The token endpoint gives tokens for half a minute",
        answer=_granting({"expires_in": 30}),
    ),
    _fault(
        id="oauth-token-unsendable",
        title="The token endpoint gives tokens with a line end",
        answer=_granting({"expires_in": 3600, "access_token": "lab-token\n"}),
    ),
    _fault(
        id="oauth-lifetime-long",
        title="The token endpoint gives tokens for a day",
        answer=_granting({"expires_in": 86_400}),
    ),
    _fault(
        id="oauth-any-secret",
        title="The token endpoint gives a token to any client secret",
        before=_any_secret,
    ),
    _fault(
        id="oauth-token-refused",
        title="The token endpoint gives tokens that the SCIM endpoint refuses",
        answer=_granting({"expires_in": 3600, "access_token": "made-for-another-audience"}),
    ),
)
