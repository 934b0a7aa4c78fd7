"""Errors: the right status, in SCIM's shape, and never a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ACCEPTED, CREATE, NO_MATCH
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, shown
from scimdoctor.entra import requests
from scimdoctor.model.exchange import ScimRequest
from scimdoctor.scim import urns
from scimdoctor.scim.error import ScimError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext


def _unknown(context: CheckContext) -> Iterator[Result]:
    exchange = context.unknown()
    words = f"GET of a user that does not exist was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 404.", exchange)
    elif exchange.ok:
        yield failed(f"{words} instead of 404.", exchange, cause="write-response-wrong")
    elif exchange.status not in {404, 410}:
        yield noted(f"{words} instead of 404.", exchange, cause="write-response-wrong")


def _shape(context: CheckContext) -> Iterator[Result]:
    exchange = context.unknown()
    if exchange.ok or exchange.response is None or exchange.status is None:
        return
    if exchange.status in {405, 501}:
        raise Unavailable(f"a read by id is answered {exchange.status}")
    words = f"GET of a user that does not exist was answered {answer_words(exchange)}"
    answer = exchange.json
    if not isinstance(answer, dict) and exchange.response.body.strip():
        yield failed(f"{words}, which is no JSON.", exchange, cause="response-content-type-wrong")
    elif not exchange.response.body.strip():
        yield failed(f"{words} without a body.", exchange)
    elif exchange.response.media_type not in {"application/scim+json", "application/json"}:
        given = exchange.response.header("content-type")
        yield failed(f"{words}, typed {given!r}.", exchange, cause="response-content-type-wrong")
    else:
        error = ScimError.parse(answer)
        if error is None or not error.well_formed or not _detail_is_text(answer):
            yield failed(f"{words}, {_error_problem(answer)}: {shown(answer)}.", exchange)


def _error_problem(answer: dict[str, Any]) -> str:
    """What keeps a body from being a SCIM error."""
    schemas = answer.get("schemas")
    if not isinstance(schemas, list) or urns.ERROR not in schemas:
        return "which is no SCIM error"
    if not _detail_is_text(answer):
        return "whose detail is no text"
    return "a SCIM error without status" if "status" not in answer else "whose status is no text"


def _detail_is_text(answer: dict[str, Any]) -> bool:
    return isinstance(answer.get("detail"), str | None)


def _bad_json(context: CheckContext) -> Iterator[Result]:
    made = requests.with_body("POST", "/Users", {})
    request = ScimRequest(method="POST", path="/Users", headers=made.headers, body=b'{"schemas": [')
    exchange = context.send(request)
    words = f"POST of a body that is no JSON was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 400.", exchange)
    elif exchange.ok:
        yield noted(f"{words} instead of 400.", exchange, cause="")


def _no_user_name(context: CheckContext) -> Iterator[Result]:
    person = context.values.person("nameless")
    del person["userName"]
    body = dict(context.create_request("Users", person).json)
    body.pop("userName", None)
    exchange = context.send(requests.with_body("POST", "/Users", body))
    words = f"POST of a user without userName was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 400.", exchange)
    elif exchange.ok:
        yield noted(f"{words} instead of 400.", exchange, cause="")


def _bad_filter(context: CheckContext) -> Iterator[Result]:
    exchange = context.query("Users", 'userName xx "a"')
    words = f"A filter with an operator that does not exist was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 400.", exchange)
    elif exchange.ok:
        yield noted(f"{words} instead of 400.", exchange, cause="")


def _delete_unknown(context: CheckContext) -> Iterator[Result]:
    exchange = context.send(requests.delete("Users", context.values.guid()))
    words = f"DELETE of a user that does not exist was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 404.", exchange)


_rule = family(
    "errors",
    TUTORIAL,
    rfc="RFC 7644 §3.12",
    severity="minor",
    cause="unhandled-exception-500",
    admin_sees="an event that fails with 500 and says nothing of the reason.",
)


CHECKS = (
    Check(
        rule=_rule(
            "unknown-id",
            "A read of an unknown id is answered 404 with a SCIM error",
            severity="major",
            what="Reads a user by a random id.",
            why="From 404 Entra knows that its user is gone; any other answer keeps it trying.",
            fix="Answer 404 with schemas [urn:…:messages:2.0:Error], status as a string, and a detail.",
        ),
        run=_unknown,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=_rule(
            "shape",
            "Errors are SCIM errors",
            cause="response-attribute-malformed",
            what="Looks at the body of a 404: JSON, typed application/scim+json, with schemas, status as "
            "a string, and a detail.",
            why="Entra writes the body into its log, where it is all that the admin ever sees.",
            admin_sees="failures without a reason, or with a web page for one.",
            fix="Answer every error with schemas [urn:…:messages:2.0:Error], status as a string, detail.",
        ),
        run=_shape,
        requires=("errors/unknown-id",),
        writes=False,
    ),
    Check(
        rule=_rule(
            "bad-filter",
            "A filter that cannot be read is refused",
            severity="info",
            what="Sends a filter with an operator that does not exist.",
            why="An app that ignores what it does not understand gives wrong matches.",
            fix="Answer 400 with scimType invalidFilter.",
        ),
        run=_bad_filter,
        requires=(NO_MATCH,),
        writes=False,
    ),
)

WRITE_CHECKS = (
    Check(
        rule=_rule(
            "bad-json",
            "A body that is no JSON is refused",
            severity="info",
            what="Sends POST /Users with half an object.",
            why="Entra never sends one, but a server that crashes on it may crash on other input, too.",
            fix="Answer 400 with scimType invalidSyntax.",
        ),
        run=_bad_json,
        requires=(CREATE,),
    ),
    Check(
        rule=_rule(
            "no-user-name",
            "A user without userName is refused",
            severity="info",
            what="Sends POST /Users without userName.",
            why="A clear 400 tells the admin which attribute is missing.",
            fix="Answer 400 with scimType invalidValue and name the attribute.",
        ),
        run=_no_user_name,
        requires=(CREATE,),
    ),
    Check(
        rule=_rule(
            "delete-unknown",
            "DELETE of an unknown id is answered 404",
            what="Deletes a random id.",
            why="Entra deletes users that somebody deleted in the app before.",
            fix="Answer 404 with a SCIM error.",
        ),
        run=_delete_unknown,
        requires=(CREATE, "lifecycle/delete-again"),
    ),
)
