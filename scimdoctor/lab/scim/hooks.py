"""Builders of hooks, so that a fault is a condition and what is done under it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim.call import MEDIA_TYPE, Call, ScimProblem
from scimdoctor.model.exchange import json_of
from scimdoctor.scim.patch import Resource, apply_operation

if TYPE_CHECKING:
    from scimdoctor.lab.scim import switch

Asked = Callable[[Call], bool]
"""Whether a request is meant."""

Met = Callable[[Resource, Any], bool]
"""Whether an operation, on the resource as it is by then, is meant."""


def replied(when: Asked, response: LabResponse) -> switch.Before:
    """Give one answer to the requests that are meant."""
    return lambda call: response if when(call) else None


def problem(
    when: Asked, status: int, detail: str, *, scim_type: str | None = None
) -> switch.Before:
    """Refuse the requests that are meant."""
    return replied(when, ScimProblem(status, detail, scim_type=scim_type).response())


def refused(
    when: Met, detail: str, *, status: int = 400, scim_type: str | None = "invalidValue"
) -> switch.Apply:
    """Refuse the operations that are meant."""

    def apply(_: Call, resource: Resource, operation: Any) -> None:  # noqa: ANN401
        if when(resource, operation):
            raise ScimProblem(status, detail, scim_type=scim_type)

    return apply


def crashed(when: Met) -> switch.Apply:
    """Fail on the operations that are meant."""
    return refused(when, "An unexpected error occurred.", status=500, scim_type=None)


def ignored(when: Met) -> switch.Apply:
    """Pass over the operations that are meant, with success."""
    return lambda _, resource, operation: resource if when(resource, operation) else None


def rewritten(when: Met, change: Callable[[Any], Any]) -> switch.Apply:
    """Apply something else in place of the operations that are meant."""
    return lambda _, resource, operation: (
        apply_operation(resource, change(operation)) if when(resource, operation) else None
    )


def applied(when: Met, change: Callable[[Resource, Any], Resource]) -> switch.Apply:
    """Do something else in place of the operations that are meant."""
    return lambda _, resource, operation: (
        change(resource, operation) if when(resource, operation) else None
    )


def refused_body(
    when: Callable[[Resource], bool],
    detail: str,
    *,
    status: int = 400,
    scim_type: str | None = "invalidValue",
) -> switch.Body:
    """Refuse to create what is meant."""

    def body(_: Call, resource: Resource) -> Resource:
        if when(resource):
            raise ScimProblem(status, detail, scim_type=scim_type)
        return resource

    return body


def kept(change: Callable[[Resource], Resource]) -> switch.Stored:
    """Store something else than what was sent."""
    return lambda _call, _before, after: change(after)


def shown(change: Callable[[Resource], Resource]) -> switch.Shown:
    """Show something else than what is stored."""
    return lambda _, resource: change(resource)


def without(*names: str) -> Callable[[Resource], Resource]:
    """Leave out attributes."""
    return lambda resource: {k: v for k, v in resource.items() if k not in names}


def answered(
    when: Callable[[Call, LabResponse], bool], change: Callable[[LabResponse], LabResponse]
) -> switch.Answer:
    """Change the answers that are meant."""
    return lambda call, response: change(response) if when(call, response) else response


def always(_call: Call, _response: LabResponse) -> bool:
    """Every answer is meant."""
    return True


def every_request(_call: Call) -> bool:
    """Every request is meant."""
    return True


def retyped(media_type: str | None) -> Callable[[LabResponse], LabResponse]:
    """Give an answer another `Content-Type`, or none."""

    def change(response: LabResponse) -> LabResponse:
        headers = tuple(pair for pair in response.headers if pair[0] != "Content-Type")
        typed = (("Content-Type", media_type),) if media_type and response.body else ()
        return replace(response, headers=typed + headers)

    return change


def rejsoned(change: Callable[[Any], Any]) -> Callable[[LabResponse], LabResponse]:
    """Change the JSON of an answer."""

    def changed(response: LabResponse) -> LabResponse:
        known = json_of(response.body)
        if not isinstance(known, dict):
            return response
        value = change(known)
        return replace(response, body=json.dumps(value, ensure_ascii=False).encode())

    return changed


def text_response(status: int, text: str, media_type: str = "text/plain") -> LabResponse:
    """Answer with plain text."""
    headers = (("Content-Type", f"{media_type}; charset=utf-8"),)
    return LabResponse(status=status, headers=headers, body=text.encode())


def html_page(status: int, title: str) -> LabResponse:
    """Answer with a web page."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return text_response(status, page, "text/html")


def empty(status: int) -> Callable[[LabResponse], LabResponse]:
    """Answer with a status and nothing else."""
    return lambda _: LabResponse(status=status, headers=(("Content-Type", MEDIA_TYPE),))
