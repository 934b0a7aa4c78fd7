"""Media types: what the app answers with, and what it can be asked with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ACCEPTED
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext

_ACCEPTS = ("application/scim+json", "application/json", "*/*", None)
"""What Entra sends as Accept is not documented, so no value of it may be needed."""


def _answer_type(context: CheckContext) -> Iterator[Result]:
    exchange = context.probe()
    if exchange.response is None or not exchange.response.body.strip():
        return
    if not exchange.ok:
        raise Unavailable(f"the query was answered {exchange.status} (see errors/shape)")
    media_type = exchange.response.media_type
    header = exchange.response.header("content-type")
    words = f"GET /Users was answered with Content-Type {header!r}"
    if media_type == "application/json":
        yield noted(f"{words}; Entra reads it, although SCIM has its own type.", exchange)
    elif media_type != "application/scim+json":
        yield failed(f"{words} instead of application/scim+json.", exchange)


def _accept(context: CheckContext) -> Iterator[Result]:
    usual = context.probe()
    request = requests.probe("Users", "userName", context.nobody)
    if usual.status == 406:
        yield failed(f"GET /Users with Entra's Accept was answered {answer_words(usual)}.", usual)
    kept = tuple(h for h in request.headers if h[0].casefold() != "accept")
    asked = [
        replace(request, headers=(*kept, ("Accept", value)) if value else kept)
        for value in _ACCEPTS
    ]
    for value, other in zip(_ACCEPTS, context.each(asked), strict=True):
        if other.status == usual.status:
            continue
        if usual.status == 406 and other.ok:
            context.spelling.accept = value
            return
        if usual.ok:
            named = f"Accept: {value}" if value else "no Accept header"
            yield failed(f"GET /Users with {named} was answered {answer_words(other)}.", other)
            return


def _charset(context: CheckContext) -> Iterator[Result]:
    usual = context.patch_of_nobody()
    request = context.patching_nobody()
    bare = tuple((k, _bare(k, v)) for k, v in request.headers)
    if usual.status in _REFUSALS or bare == request.headers:
        return
    other = context.send(replace(request, headers=bare))
    if other.status in _REFUSALS:
        yield failed(
            f"PATCH of a user that does not exist was answered {answer_words(other)} with Content-Type "
            f"application/scim+json, and {answer_words(usual)} with a charset beside it.",
            usual,
            other,
        )


_REFUSALS = {406, 415}


def _bare(name: str, value: str) -> str:
    return value.partition(";")[0] if name.casefold() == "content-type" else value


CHECKS = (
    Check(
        rule=CheckRule(
            id="media/accept",
            title="Queries are answered whatever Accept says",
            severity=Severity.MAJOR,
            requirement=Requirement.SHOULD,
            cause="request-content-type-refused",
            what="Sends the query with several Accept headers, and with none.",
            why="Which Accept header Entra sends is not documented; an app that insists on one fails.",
            admin_sees="Test Connection fails with 406 or an unreadable answer.",
            fix="Ignore Accept, or treat application/scim+json, application/json, */* and its absence alike.",
            rfc="RFC 7644 §3.1",
            references=(TUTORIAL, f"{RFC7644}#section-3.1"),
        ),
        run=_accept,
        teaches=True,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=CheckRule(
            id="media/answer-type",
            title="Answers are typed application/scim+json",
            severity=Severity.MINOR,
            requirement=Requirement.MUST,
            cause="response-content-type-wrong",
            what="Looks at the Content-Type of a query's answer.",
            why="Entra expects application/scim+json; application/json is read too, "
            "anything else may be refused.",
            admin_sees="'Invalid or unsupported media type', 415, or an error while deserializing, "
            "although the body looks right.",
            fix="Answer every SCIM request with Content-Type: application/scim+json; charset=utf-8.",
            rfc="RFC 7644 §8.1",
            references=(TUTORIAL, f"{RFC7644}#section-8.1"),
        ),
        run=_answer_type,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=CheckRule(
            id="media/charset",
            title="A body's media type needs no charset",
            severity=Severity.MINOR,
            requirement=Requirement.SHOULD,
            cause="request-content-type-refused",
            what="Sends a PATCH of a user that does not exist with and without charset in Content-Type.",
            why="Entra's documentation has application/scim+json alone; captures also show "
            "charset=utf-8 beside it.",
            admin_sees="create and update events that fail with 415.",
            fix="Compare the media type without its parameters; JSON is UTF-8 by itself (RFC 8259 §8.1).",
            rfc="RFC 7644 §3.1",
            references=(TUTORIAL, f"{RFC7644}#section-3.1"),
        ),
        run=_charset,
        requires=(ACCEPTED,),
    ),
)
