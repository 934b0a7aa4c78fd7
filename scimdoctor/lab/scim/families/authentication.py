"""Faults of authentication and media types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.hooks import always, answered, every_request, problem, replied, retyped
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.scim import switch

_fault = partial(Fault, family="authentication")
_media = partial(Fault, family="media-type")

_AUTH = "auth-scheme-unsupported"
_REQUEST = "request-content-type-refused"
_RESPONSE = "response-content-type-wrong"


def _has_token(call: Call) -> bool:
    return bool(call.request.header("authorization"))


def _is_right(call: Call) -> bool:
    return call.request.header("authorization") == f"Bearer {call.provider.token}"


def _wrong_token(answer: LabResponse) -> switch.Before:
    return lambda call: None if _is_right(call) else answer


def _right_token(answer: LabResponse) -> switch.Before:
    return lambda call: answer if _is_right(call) else None


def _challenge(status: int, detail: str, challenge: str) -> LabResponse:
    return ScimProblem(status, detail, headers=(("WWW-Authenticate", challenge),)).response()


_LOGIN = LabResponse(status=302, headers=(("Location", "/login"),))
_NONE_FOUND = {
    "schemas": [urns.LIST_RESPONSE],
    "totalResults": 0,
    "startIndex": 1,
    "itemsPerPage": 0,
    "Resources": [],
}


def _refused_type(when: Callable[[str], bool]) -> switch.Before:
    """415 to a body whose media type is meant."""

    def before(call: Call) -> LabResponse | None:
        given = call.request.header("content-type") or ""
        if not call.request.body or not when(given):
            return None
        return ScimProblem(415, f"Unsupported media type {given}.").response()

    return before


def _refused_patch_type(call: Call) -> LabResponse | None:
    given = call.request.header("content-type") or ""
    if call.method != "PATCH" or "charset" not in given:
        return None
    return ScimProblem(400, "The body cannot be read.").response()


def _unread_body(call: Call) -> LabResponse | None:
    given = call.request.header("content-type") or ""
    if not call.request.body or given.startswith("application/json"):
        return None
    return ScimProblem(400, "The body is empty.", scim_type="invalidSyntax").response()


def _needs_exact_accept(call: Call) -> LabResponse | None:
    if call.request.header("accept") == urns.MEDIA_TYPE:
        return None
    return ScimProblem(406, f"Accept must be {urns.MEDIA_TYPE}.").response()


def _refused_group_patch(call: Call) -> LabResponse | None:
    plain = (call.request.header("content-type") or "").startswith("application/json")
    if call.is_group and call.method == "PATCH" and not plain:
        return ScimProblem(415, "Unsupported Media Type").response()
    return None


def _lacks_charset(call: Call) -> bool:
    return call.method != "GET" and "charset" not in (
        call.request.header("content-type") or "charset"
    )


FAULTS = (
    _fault(
        id="any-token-accepted",
        title="Accepts any bearer token",
        cause=_AUTH,
        authorized=lambda call, allowed: allowed or _has_token(call),
    ),
    _fault(
        id="no-token-accepted",
        title="Accepts requests without a token",
        cause=_AUTH,
        authorized=lambda call, allowed: allowed or not _has_token(call),
    ),
    _fault(
        id="token-expired",
        title="The right token has expired: 401 invalid_token",
        cause="token-expired-or-revoked",
        before=_right_token(
            _challenge(401, "The token has expired.", 'Bearer error="invalid_token"')
        ),
    ),
    _fault(
        id="right-token-forbidden",
        title="Answers 403 to the right token",
        cause=_AUTH,
        before=_right_token(ScimProblem(403, "Insufficient rights.").response()),
    ),
    _fault(
        id="wrong-token-500",
        title="Answers 500 to a wrong token",
        cause=_AUTH,
        before=_wrong_token(ScimProblem(500, "An unexpected error occurred.").response()),
    ),
    _fault(
        id="wrong-token-finds-nothing",
        title="Answers an empty list to a wrong token",
        cause=_AUTH,
        before=_wrong_token(scim_response(200, _NONE_FOUND)),
    ),
    _fault(
        id="basic-only",
        title="Wants user name and password (Basic)",
        cause=_AUTH,
        before=_right_token(_challenge(401, "Use Basic.", 'Basic realm="scim"')),
    ),
    _fault(
        id="bearer-scheme-case-sensitive",
        title="Knows the scheme only as bearer in lower case",
        cause=_AUTH,
        authorized=lambda call, allowed: (
            allowed and (call.request.header("authorization") or "").startswith("bearer ")
        ),
    ),
    _fault(
        id="login-redirect",
        title="Redirects to a sign-in page whatever the token",
        cause=_AUTH,
        before=lambda _: _LOGIN,
    ),
    _media(
        id="scim-json-refused",
        title="Answers 415 to application/scim+json",
        cause=_REQUEST,
        before=_refused_type(lambda given: given.startswith(urns.MEDIA_TYPE)),
    ),
    _media(
        id="charset-refused",
        title="Compares the media type as a whole and refuses its charset parameter",
        cause=_REQUEST,
        before=_refused_type(lambda given: given != urns.MEDIA_TYPE),
    ),
    _media(
        id="scim-json-body-unread",
        title="Reads bodies only as application/json, so that others are empty",
        cause=_REQUEST,
        before=_unread_body,
    ),
    _media(
        id="accept-exact",
        title="Answers 406 unless Accept is application/scim+json alone",
        cause=_REQUEST,
        before=_needs_exact_accept,
    ),
    _media(
        id="response-text-html",
        title="Types JSON as text/html",
        cause=_RESPONSE,
        answer=answered(always, retyped("text/html; charset=utf-8")),
    ),
    _media(
        id="response-text-plain",
        title="Types JSON as text/plain",
        cause=_RESPONSE,
        answer=answered(always, retyped("text/plain")),
    ),
    _media(
        id="response-json-scim",
        title="Types JSON as application/json+scim",
        cause=_RESPONSE,
        answer=answered(always, retyped("application/json+scim; charset=utf-8")),
    ),
    _media(
        id="response-untyped",
        title="Sends no Content-Type",
        cause=_RESPONSE,
        answer=answered(always, retyped(None)),
    ),
    _media(
        id="charset-refused-in-patch",
        title="Answers 400 to a PATCH whose media type has a charset parameter",
        cause=_REQUEST,
        before=_refused_patch_type,
    ),
    _media(
        id="response-groups-untyped",
        title="Types groups as application/octet-stream",
        cause=_RESPONSE,
        answer=answered(lambda call, _: call.is_group, retyped("application/octet-stream")),
    ),
    _fault(
        id="any-token-accepted-for-groups",
        title="Accepts any bearer token where groups are asked for",
        cause=_AUTH,
        authorized=lambda call, allowed: allowed or (call.is_group and _has_token(call)),
    ),
    _fault(
        id="api-key-wanted",
        title="Looks for the token in a header X-Api-Key",
        cause=_AUTH,
        before=replied(every_request, ScimProblem(401, "No API key found in request.").response()),
    ),
    _media(
        id="scim-json-refused-in-group-patch",
        title="Answers 415 to application/scim+json in a PATCH of a group",
        cause=_REQUEST,
        before=_refused_group_patch,
    ),
    _fault(
        id="any-token-reads-by-id",
        title="Accepts any bearer token in a read by id",
        cause=_AUTH,
        authorized=lambda call, right: right or (call.is_read and _has_token(call)),
    ),
    _fault(
        id="any-token-patches",
        title="Accepts any bearer token in a PATCH",
        cause=_AUTH,
        authorized=lambda call, right: right or (call.method == "PATCH" and _has_token(call)),
    ),
    _fault(
        id="token-may-not-write",
        title="Answers 403 to every write, although the token may read",
        cause="app-prerequisite-missing",
        instead=problem(lambda c: c.method != "GET", 403, "insufficient_scope"),
    ),
    _media(
        id="media-charset-required",
        title="Refuses bodies whose Content-Type has no charset",
        cause="request-content-type-refused",
        instead=problem(_lacks_charset, 415, "charset=utf-8 is required."),
    ),
)
