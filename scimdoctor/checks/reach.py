"""Whether a SCIM service provider answers at this URL at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, failed
from scimdoctor.checks.ids import CONNECT, OAUTH
from scimdoctor.checks.prose import is_sign_in, missing_prerequisite
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words, is_html
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim.error import ScimError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange


def _connect(context: CheckContext) -> Iterator[Result]:
    exchange = context.probe()
    words = f"GET /Users with a filter was answered {answer_words(exchange)}"
    status = exchange.status or 0
    if status >= 500 and _all_fail(context):
        yield failed(
            f"{words}, as is every other request.", exchange, cause=_cause_of_outage(exchange)
        )
    elif 400 <= status < 500 and _wants_more(context, exchange):
        yield failed(
            f"{words}, and so is GET /Users without a filter: something in the app must be switched on, "
            "bought or granted first.",
            exchange,
            cause="app-prerequisite-missing",
        )
    elif 300 <= status < 400 and is_sign_in(exchange):
        yield failed(
            f"{words}: a redirect to a sign-in page. Entra cannot sign in there; the SCIM routes "
            "must take the bearer token.",
            exchange,
            cause="auth-scheme-unsupported",
        )
    elif 300 <= status < 400:
        target = exchange.response.header("location") if exchange.response else None
        yield failed(
            f"{words}: a redirect to {target or 'nowhere'}. The token is not sent along, "
            "so enter the final URL as the tenant URL.",
            exchange,
        )
    elif status in {502, 504} and is_html(exchange):
        yield failed(
            f"{words}: something in front of the app answers, which does not reach it.",
            exchange,
            cause="endpoint-unreachable-or-blocked",
        )
    elif is_html(exchange) and status < 500 and status not in {401, 403, 404, 410}:
        yield failed(f"{words}: this is no SCIM service provider, or not its root.", exchange)
    elif status in {404, 410} and not _speaks_scim(context, exchange):
        yield failed(
            f"{words}, and neither /Users nor /ServiceProviderConfig answers: "
            "the SCIM root is somewhere else.",
            exchange,
        )


def _cause_of_outage(exchange: Exchange) -> str:
    """Why nothing works; what is in front of an app says so in its own words, not in JSON."""
    if missing_prerequisite(exchange):
        return "app-prerequisite-missing"
    if exchange.status in {502, 503, 504} and exchange.json is None:
        return "endpoint-unreachable-or-blocked"
    return "unhandled-exception-500"


def _all_fail(context: CheckContext) -> bool:
    paths = ("/Users", "/ServiceProviderConfig")
    return all((context.send(requests.get(p)).status or 0) >= 500 for p in paths)


_TOLD_BY_OTHERS = {401, 403, 404, 407, 410}
"""Refusals that other checks, or other branches, look into."""


def _wants_more(context: CheckContext, refused: Exchange) -> bool:
    """Whether all is refused alike, for want of something in the app (402, or its own words)."""
    if refused.status in _TOLD_BY_OTHERS:
        return False
    if refused.status != 402 and not missing_prerequisite(refused):
        return False
    return context.send(requests.get("/Users")).status == refused.status


def _speaks_scim(context: CheckContext, exchange: Exchange) -> bool:
    """Whether the place is a SCIM root in spite of a 404 to the query."""
    error = ScimError.parse(exchange.json)
    if error is not None and error.well_formed:
        return True
    for path in ("/Users", "/ServiceProviderConfig"):
        other = context.send(requests.get(path))
        if other.ok and isinstance(other.json, dict | list):
            return True
    return False


CHECKS = (
    Check(
        rule=CheckRule(
            id=CONNECT,
            title="The tenant URL leads to a SCIM service provider",
            severity=Severity.BLOCKER,
            requirement=Requirement.MUST,
            cause="tenant-url-wrong",
            what="Sends the request of Entra's Test Connection: a query for a userName that nobody has.",
            why="Entra appends /Users to the tenant URL and follows no redirect; if the root is wrong, "
            "every request goes astray.",
            admin_sees="Test Connection fails, and a running job is quarantined.",
            fix="Enter the SCIM root as the app documents it (often ending in /scim or /scim/v2), "
            "with https, without /Users and without a redirect in between.",
            rfc="RFC 7644 §3.2",
            references=(TUTORIAL, f"{RFC7644}#section-3.2"),
        ),
        run=_connect,
        requires=(OAUTH,),
        writes=False,
    ),
)
