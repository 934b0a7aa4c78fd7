"""Faults of error answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.hooks import (
    answered,
    empty,
    html_page,
    rejsoned,
    retyped,
    text_response,
    without,
)
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.model.exchange import json_of

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabResponse
    from scimdoctor.scim.patch import Resource

_fault = partial(Fault, family="errors")


def _is_error(_: Call, response: LabResponse) -> bool:
    return response.status >= 400


def _is_unknown_id(call: Call, response: LabResponse) -> bool:
    return response.status == 404 and call.id is not None


def _detail(response: LabResponse) -> str:
    body = json_of(response.body)
    return str(body["detail"]) if isinstance(body, dict) and "detail" in body else "Error"


def _as_problem(response: LabResponse) -> LabResponse:
    """The shape of RFC 9457, which web frameworks know."""
    body = rejsoned(
        lambda b: {"type": "about:blank", "title": b.get("detail"), "status": response.status}
    )(response)
    return retyped("application/problem+json")(body)


def _numbered(body: Resource) -> Any:  # noqa: ANN401
    return body | {"status": int(body.get("status", 0))}


def _wrapped(body: Resource) -> Any:  # noqa: ANN401
    return {"errors": [{"message": body.get("detail")}]}


_TYPE = "response-content-type-wrong"
_SHAPE = "response-attribute-malformed"
_CRASH = "unhandled-exception-500"
_WRITE = "write-response-wrong"

FAULTS = (
    _fault(
        id="error-html",
        title="Answers errors with a web page",
        cause=_TYPE,
        answer=answered(_is_error, lambda r: html_page(r.status, _detail(r))),
    ),
    _fault(
        id="error-text",
        title="Answers errors with plain text",
        cause=_TYPE,
        answer=answered(_is_error, lambda r: text_response(r.status, _detail(r))),
    ),
    _fault(
        id="error-problem-json",
        title="Answers errors with problem details instead of a SCIM error",
        cause=_TYPE,
        answer=answered(_is_error, _as_problem),
    ),
    _fault(
        id="error-status-number",
        title="Has a number as status in errors",
        cause=_SHAPE,
        answer=answered(_is_error, rejsoned(_numbered)),
    ),
    _fault(
        id="error-schemas-missing",
        title="Leaves schemas out of errors",
        cause=_SHAPE,
        answer=answered(_is_error, rejsoned(without("schemas"))),
    ),
    _fault(
        id="error-own-shape",
        title="Answers errors in a JSON of its own",
        cause=_SHAPE,
        answer=answered(_is_error, rejsoned(_wrapped)),
    ),
    _fault(
        id="error-empty",
        title="Answers errors without a body",
        cause=_SHAPE,
        answer=lambda _, r: empty(r.status)(r) if r.status >= 400 else r,
    ),
    _fault(
        id="error-200",
        title="Answers errors with status 200",
        cause=_WRITE,
        answer=answered(_is_error, lambda r: replace(r, status=200)),
    ),
    _fault(
        id="unknown-id-500",
        title="Fails with 500 on an unknown id",
        cause=_CRASH,
        answer=answered(
            _is_unknown_id, lambda _: ScimProblem(500, "An unexpected error occurred.").response()
        ),
    ),
    _fault(
        id="unknown-id-400",
        title="Answers 400 to an unknown id",
        cause=_WRITE,
        answer=answered(_is_unknown_id, lambda _: ScimProblem(400, "Invalid id.").response()),
    ),
    _fault(
        id="unknown-id-200",
        title="Answers 200 with an empty object to an unknown id",
        cause=_WRITE,
        answer=answered(_is_unknown_id, lambda r: replace(r, status=200, body=b"{}")),
    ),
    _fault(
        id="error-detail-object",
        title="Has an object as detail in errors",
        cause=_SHAPE,
        answer=answered(
            _is_error, rejsoned(lambda b: b | {"detail": {"message": b.get("detail")}})
        ),
    ),
)
