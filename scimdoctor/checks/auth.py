"""Whether the right token is let in, and only that one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ACCEPTED, CONNECT, READ
from scimdoctor.checks.prose import misses_api_key, missing_prerequisite
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words, is_html
from scimdoctor.endpoint.credentials import BearerToken, ExtraHeaders, NoCredentials, token_problems
from scimdoctor.endpoint.oauth import OAuthCredentials
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.redaction import DECOY, Secret
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Exchange, Headers

_SPELLED = {"bearer ": "'bearer'", "": "nothing"}
"""What may stand before the token, and how it is told; a placeholder would be redacted."""


def _credentials(context: CheckContext) -> Credentials | None:
    """What the endpoint is signed in to with; `None` if it is not known."""
    return getattr(context.endpoint, "auth", None)


def _accepted(context: CheckContext) -> Iterator[Result]:
    credentials = _credentials(context)
    problems = (
        token_problems(credentials.token, now=datetime.now(UTC))
        if isinstance(credentials, BearerToken)
        else ()
    )
    exchange = context.probe()
    if exchange.status not in {401, 403, 407}:
        return
    words = f"GET /Users with the configured token was answered {answer_words(exchange)}"
    if problems:
        reasons = "; ".join(p.message for p in problems)
        yield failed(f"{words}: {reasons}.", exchange, cause=problems[0].cause)
    elif _wants_other_scheme(exchange):
        offered = exchange.response.header("www-authenticate") if exchange.response else ""
        yield failed(
            f"{words}; the app asks for {offered!r}, and Entra can send a bearer token only.",
            exchange,
            cause="auth-scheme-unsupported",
        )
    elif exchange.status == 401 and misses_api_key(exchange):
        yield failed(
            f"{words}: it looks for a key elsewhere, and Entra can send 'Authorization: Bearer' only.",
            exchange,
            cause="auth-scheme-unsupported",
        )
    elif exchange.status == 403 and missing_prerequisite(exchange):
        yield failed(
            f"{words}: something in the app must be switched on, bought or granted first.",
            exchange,
            cause="app-prerequisite-missing",
        )
    elif exchange.status == 403 and _is_barred(context, exchange):
        yield failed(
            f"{words}, and so is a request without a token: something in front of the app (a web "
            "application firewall, a list of allowed addresses?) refuses whoever asks.",
            exchange,
            cause="endpoint-unreachable-or-blocked",
        )
    elif exchange.status == 403 and context.send(requests.get("/Users")).ok:
        yield failed(
            f"{words}, while GET /Users without a filter is let through: something in front of the app "
            "(a web application firewall?) blocks the query.",
            exchange,
            cause="endpoint-unreachable-or-blocked",
        )
    else:
        yield from _not_let_in(context, exchange, words)


def _not_let_in(context: CheckContext, exchange: Exchange, words: str) -> Iterator[Result]:
    """Say why the token itself is not taken."""
    if _has_fetched_token(_credentials(context)):
        yield failed(
            f"{words}, though the token endpoint gave the token in this run: it is made for another "
            "audience, or lacks a scope.",
            exchange,
            cause="oauth-token-endpoint-incompatible",
        )
    elif exchange.status == 403:
        yield failed(
            f"{words}: the token is known, but it may not do this.",
            exchange,
            cause="auth-scheme-unsupported",
        )
    else:
        yield from _other_spelling(context, exchange, words)


def _is_barred(context: CheckContext, refused: Exchange) -> bool:
    """Whether a page refuses the request before anybody has looked at the token."""
    if not is_html(refused) or isinstance(_credentials(context), NoCredentials):
        return is_html(refused)
    request = requests.probe("Users", "userName", context.values.guid())
    other = context.send_as(request, NoCredentials())
    return other.status == 403 and is_html(other)


def _has_fetched_token(credentials: Credentials | None) -> bool:
    inner = credentials.inner if isinstance(credentials, ExtraHeaders) else credentials
    return isinstance(inner, OAuthCredentials)


@dataclass(frozen=True, slots=True)
class _Spelled:
    """The token with another scheme in front."""

    scheme: str
    token: Secret

    def headers(self) -> Headers:
        return (("Authorization", f"{self.scheme}{self.token.reveal()}"),)

    def secrets(self) -> tuple[Secret, ...]:
        return (self.token,)


def _other_spelling(context: CheckContext, refused: Exchange, words: str) -> Iterator[Result]:
    """See whether the app wants the token in a form that Entra does not send."""
    credentials = _credentials(context)
    header = refused.response.header("www-authenticate") if refused.response else None
    known_invalid = "invalid_token" in (header or "")
    if isinstance(credentials, BearerToken) and not known_invalid:
        for scheme, spelled in _SPELLED.items():
            request = requests.probe("Users", "userName", context.values.guid())
            other = context.send_as(request, _Spelled(scheme, credentials.token))
            if other.status not in {401, 403, 407} and other.status == 200:
                yield failed(
                    f"{words}. With {spelled} before the token it is let in; Entra sends 'Bearer'.",
                    other,
                    refused,
                    cause="auth-scheme-unsupported",
                )
                return
    yield failed(f"{words}.", refused)


def _wants_other_scheme(exchange: Exchange) -> bool:
    header = exchange.response.header("www-authenticate") if exchange.response else None
    schemes = (header or "").casefold()
    return bool(schemes) and "bearer" not in schemes and "oauth" not in schemes


def _wrong_token(context: CheckContext) -> Iterator[Result]:
    wrong = BearerToken(Secret(DECOY))
    found = list(_refusal(context, wrong, "a wrong token"))
    yield from found
    if not found:
        yield from _open_groups(context, wrong)


def _open_groups(context: CheckContext, wrong: Credentials) -> Iterator[Result]:
    """See whether the route of groups lets in whom that of users refuses."""
    request = requests.probe("Groups", "displayName", context.values.guid())
    exchange = context.send_as(request, wrong)
    if exchange.ok and not is_html(exchange):
        yield failed(
            f"GET /Groups with a wrong token was answered {answer_words(exchange)}: anybody can read "
            "the app's groups.",
            exchange,
        )


def _no_token(context: CheckContext) -> Iterator[Result]:
    yield from _refusal(context, NoCredentials(), "no token")


def _refusal(context: CheckContext, other: Credentials, what: str) -> Iterator[Result]:
    if isinstance(_credentials(context), NoCredentials):
        raise Unavailable("no token is configured, so there is none to refuse")
    request = requests.probe("Users", "userName", context.values.guid())
    exchange = context.send_as(request, other)
    status = exchange.status or 0
    words = f"GET /Users with {what} was answered {answer_words(exchange)}"
    if status in {401, 403}:
        if status == 401 and exchange.response and not exchange.response.header("www-authenticate"):
            yield noted(f"{words}, without a WWW-Authenticate header.", exchange)
    elif status < 300:
        yield failed(f"{words}: anybody can read the app's users.", exchange)
    elif status >= 500:
        yield failed(
            f"{words} instead of 401: the app crashes where it should refuse.",
            exchange,
            severity=Severity.MINOR,
        )
    elif status != 429:
        yield failed(f"{words} instead of 401.", exchange, severity=Severity.MINOR)


def _other_routes(context: CheckContext) -> Iterator[Result]:
    if isinstance(_credentials(context), NoCredentials):
        raise Unavailable("no token is configured, so there is none to refuse")
    wrong, user = BearerToken(Secret(DECOY)), context.user("subject")
    path = requests.object_path("Users", user.id)
    body = {"schemas": [urns.PATCH_OP], "Operations": [context.op("replace", "active", True)]}
    for request in (requests.get(path), requests.with_body("PATCH", path, body)):
        exchange = context.send_as(request, wrong)
        if exchange.ok and not is_html(exchange):
            what = "change" if request.is_write else "read"
            yield failed(
                f"{request.method} /Users/{{id}} with a wrong token was answered "
                f"{answer_words(exchange)}: anybody who knows an id can {what} the user.",
                exchange,
            )
            return


CHECKS = (
    Check(
        rule=CheckRule(
            id=ACCEPTED,
            title="The configured token is accepted",
            severity=Severity.BLOCKER,
            requirement=Requirement.MUST,
            cause="token-expired-or-revoked",
            what="Sends Entra's Test Connection query with the token as it is configured.",
            why="Entra sends the token as 'Authorization: Bearer' with every request and has no other way.",
            admin_sees="Test Connection says that the credentials are invalid; "
            "a running job is quarantined (EncounteredQuarantineException, 401).",
            fix="Make a new token in the app and enter it in Entra without the word 'Bearer'.",
            rfc="RFC 7644 §2",
            references=(TUTORIAL, f"{RFC7644}#section-2"),
        ),
        run=_accepted,
        requires=(CONNECT,),
        writes=False,
    ),
)

REFUSAL_CHECKS = (
    Check(
        rule=CheckRule(
            id="auth/wrong-token-refused",
            title="A wrong token is refused with 401",
            severity=Severity.MAJOR,
            requirement=Requirement.MUST,
            cause="auth-scheme-unsupported",
            what="Sends the same query with a token that the app never gave out, and then one for groups.",
            why="Entra learns that its token has expired only from 401; and an endpoint that accepts "
            "any token lets anybody create accounts.",
            admin_sees="nothing, until somebody misuses it: Test Connection succeeds with any token.",
            fix="Compare the token with the one given out (in constant time); answer 401 with a SCIM "
            "error and 'WWW-Authenticate: Bearer' to any other.",
            rfc="RFC 7644 §2",
            references=(TUTORIAL, f"{RFC7644}#section-2"),
        ),
        run=_wrong_token,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=CheckRule(
            id="auth/missing-token-refused",
            title="A request without a token is refused with 401",
            severity=Severity.MAJOR,
            requirement=Requirement.MUST,
            cause="auth-scheme-unsupported",
            what="Sends the same query without an Authorization header.",
            why="Without it the app's users are open to anybody.",
            admin_sees="nothing, until somebody misuses it.",
            fix="Require the header on every SCIM route; answer 401 with a SCIM error without it.",
            rfc="RFC 7644 §2",
            references=(f"{RFC7644}#section-2",),
        ),
        run=_no_token,
        requires=(ACCEPTED,),
        writes=False,
    ),
)

ROUTE_CHECKS = (
    Check(
        rule=CheckRule(
            id="auth/every-route",
            title="A wrong token is refused on the route of one user, too",
            severity=Severity.MAJOR,
            requirement=Requirement.MUST,
            cause="auth-scheme-unsupported",
            what="Reads a test user by id with a token that the app never gave out, and sends a PATCH that "
            "would leave active as it is.",
            why="A route without the check lets anybody read and change accounts.",
            admin_sees="nothing, until somebody misuses it.",
            fix="Check the token before the route is chosen, so that none can be forgotten.",
            rfc="RFC 7644 §2",
            references=(TUTORIAL, f"{RFC7644}#section-2"),
        ),
        run=_other_routes,
        requires=("auth/wrong-token-refused", READ),
    ),
)
