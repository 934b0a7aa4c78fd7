"""Whether the app's token endpoint does what Entra's client-credentials set-up needs.

RFC 6749 sections 4.4, 5.1 and 5.2; Entra lets the admin choose where the client's credentials go:
header, body or both.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.checks.budget import silence
from scimdoctor.checks.check import Check, Unavailable, failed, noted, passed
from scimdoctor.checks.ids import ACCEPTED, OAUTH
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.shapes import answer_words
from scimdoctor.endpoint.credentials import ExtraHeaders, expiry
from scimdoctor.endpoint.oauth import OAuthClient, OAuthCredentials, TokenAnswer, fetch_token
from scimdoctor.endpoint.sign_in import CredentialsIn
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.redaction import DECOY, REDACTED, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import ScimRequest

RFC6749 = "https://www.rfc-editor.org/rfc/rfc6749"
_SHORTEST, _LONGEST = 60, 360
"""Minutes that a token must and may live by Microsoft's validation of gallery apps."""


def oauth_of(context: CheckContext) -> OAuthCredentials | None:
    """The client credentials that the endpoint is signed in to with, if it is so."""
    auth = getattr(context.endpoint, "auth", None)
    inner = auth.inner if isinstance(auth, ExtraHeaders) else auth
    return inner if isinstance(inner, OAuthCredentials) else None


def _credentials(context: CheckContext) -> OAuthCredentials:
    found = oauth_of(context)
    if found is None:
        raise Unavailable("the endpoint is not signed in to with OAuth (--endpoint-auth oauth)")
    return found


def _token(context: CheckContext) -> Iterator[Result]:
    if oauth_of(context) is None:
        context.works_anyway.add(OAUTH)
    credentials = _credentials(context)
    answer = credentials.answer()
    if answer.token is not None:
        place = credentials.client.credentials_in
        yield passed(f"A token was given to credentials in the {_where(place)}.", answer.exchange)
        return
    yield failed(
        f"{_sentence(answer)}{_what_works(credentials, answer)}",
        answer.exchange,
        cause=silence(answer.exchange),
    )


def _sentence(answer: TokenAnswer) -> str:
    text = str(answer.problem)
    return f"{text[:1].upper()}{text[1:]}."


def _where(place: CredentialsIn) -> str:
    return "header and the body" if place is CredentialsIn.BOTH else place.value


def _what_works(credentials: OAuthCredentials, refused: TokenAnswer) -> str:
    """What would have to be different, in words; empty if nothing that was tried works."""
    if refused.exchange.response is None:
        return ""
    client = credentials.client
    for place in CredentialsIn:
        if place is client.credentials_in:
            continue
        other = replace(client, credentials_in=place)
        if fetch_token(other, credentials.wire, credentials.recorder).token is not None:
            return (
                f" With the credentials in the {_where(place)} it gives one: choose that in Entra."
            )
    in_json = fetch_token(client, credentials.wire, credentials.recorder, request=_as_json(client))
    if in_json.token is not None:
        return " It takes JSON, and Entra sends a form (RFC 6749 §4.4.2)."
    return ""


def _as_json(client: OAuthClient) -> ScimRequest:
    request = replace(client, credentials_in=CredentialsIn.BODY).request()
    members = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
    }
    if client.scope:
        members["scope"] = client.scope
    headers = (("Accept", "application/json"), ("Content-Type", "application/json"))
    return replace(request, headers=headers, body=json.dumps(members).encode())


def _answer(context: CheckContext) -> Iterator[Result]:
    exchange = _credentials(context).answer().exchange
    members = exchange.json if isinstance(exchange.json, dict) else {}
    kind = exchange.response.media_type if exchange.response else None
    if kind != "application/json" and not str(kind).endswith("+json"):
        yield failed(
            f"The answer is typed {kind or 'not at all'} in place of application/json.",
            exchange,
            severity=Severity.MINOR,
        )
    token_type = members.get("token_type")
    if not token_type:
        yield failed("The answer has no token_type.", exchange, severity=Severity.MINOR)
    elif str(token_type).casefold() != "bearer":
        yield failed(f"token_type is {token_type!r}; Entra sends bearer tokens only.", exchange)
    lifetime = members.get("expires_in")
    if lifetime is None:
        yield failed("The answer has no expires_in.", exchange, severity=Severity.MINOR)
    elif lifetime == REDACTED:
        yield failed("expires_in is no number.", exchange, severity=Severity.MINOR)
    elif isinstance(lifetime, int | float) and lifetime <= 0:
        words = f"expires_in is {lifetime}: the token has ended when it is given."
        yield failed(words, exchange)
    elif isinstance(lifetime, str):
        yield noted(f"expires_in is the text {lifetime!r} in place of a number.", exchange)


def _lifetime(context: CheckContext) -> Iterator[Result]:
    credentials = _credentials(context)
    answer = credentials.answer()
    lifetime = answer.lifetime or _of_jwt(credentials, answer)
    if lifetime is None:
        raise Unavailable("neither expires_in nor the token says how long it lives")
    seconds = lifetime.total_seconds()
    minutes = seconds / 60
    lived = f"{minutes:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    words = f"The token lives for {lived}"
    asked = f"Microsoft asks gallery apps for {_SHORTEST} to {_LONGEST}"
    if minutes < _SHORTEST:
        yield failed(f"{words}; {asked}.", answer.exchange)
    elif minutes > _LONGEST:
        yield noted(f"{words}; {asked}.", answer.exchange)
    else:
        yield passed(f"{words}.", answer.exchange)


def _of_jwt(credentials: OAuthCredentials, answer: TokenAnswer) -> timedelta | None:
    """How long the token lives by its own claim, if it is a JWT."""
    ends = expiry(answer.token) if answer.token else None
    begun = answer.exchange.started_at or credentials.recorder.now()
    return ends - begun if ends else None


def _places(context: CheckContext) -> Iterator[Result]:
    credentials = _credentials(context)
    refused = {}
    for place in CredentialsIn:
        if place is credentials.client.credentials_in:
            continue
        other = replace(credentials.client, credentials_in=place)
        answer = fetch_token(other, credentials.wire, credentials.recorder)
        if answer.token is None:
            refused[place] = answer.exchange
    if not refused:
        yield passed("Header, body and both are taken.")
        return
    words = "; ".join(f"in the {_where(p)}: {answer_words(x)}" for p, x in refused.items())
    chosen = _where(credentials.client.credentials_in)
    yield noted(
        f"No token is given to credentials {words}. Choose {chosen} in Entra.", *refused.values()
    )


def _wrong_secret(context: CheckContext) -> Iterator[Result]:
    credentials = _credentials(context)
    other = replace(credentials.client, client_secret=Secret(DECOY))
    answer = fetch_token(other, credentials.wire, credentials.recorder)
    exchange = answer.exchange
    words = f"A wrong client secret was answered {answer_words(exchange)}"
    if answer.token is not None:
        yield failed(f"{words} with a token: anybody who knows the client id gets in.", exchange)
    elif (exchange.status or 0) >= 500:
        yield failed(f"{words} instead of 401.", exchange, severity=Severity.MINOR)
    elif exchange.status not in {400, 401, 403, 429}:
        yield noted(f"{words} instead of 401.", exchange)


def _rule(name: str, title: str, **words: str) -> CheckRule:
    return CheckRule(
        id=f"auth/{name}",
        title=title,
        severity=Severity(words["severity"]),
        requirement=Requirement.ENTRA,
        cause="oauth-token-endpoint-incompatible",
        what=f"{words['what']} Only with --endpoint-auth oauth.",
        why=words["why"],
        admin_sees=words["admin_sees"],
        fix=words["fix"],
        rfc=words["rfc"],
        references=(TUTORIAL, f"{RFC6749}#section-4.4"),
    )


CHECKS = (
    Check(
        rule=_rule(
            OAUTH.partition("/")[2],
            "The token endpoint gives a token as Entra asks for it",
            severity="blocker",
            what="Asks for a token with the client-credentials grant, a form as the body, and the "
            "client's credentials where they were set to go. If it is refused, tries the other places, "
            "and JSON.",
            why="Entra has no token but the one that it fetches so.",
            admin_sees="Test Connection says that the credentials are invalid; a running job is "
            "quarantined.",
            fix="Take a form with grant_type=client_credentials and the client's credentials in the "
            "Authorization header (Basic), the body, or both; answer 200 with a JSON object that has "
            "access_token, token_type and expires_in.",
            rfc="RFC 6749 §4.4",
        ),
        run=_token,
        writes=False,
    ),
)

ANSWER_CHECKS = (
    Check(
        rule=_rule(
            "oauth-answer",
            "The token endpoint's answer is what OAuth says",
            severity="major",
            what="Looks at the media type, token_type and expires_in of the answer with the token.",
            why="Entra expects JSON with access_token, token_type and expires_in, and sends the token "
            "as a bearer token.",
            admin_sees="Test Connection fails, or a job that stops when the first token has ended.",
            fix='Answer application/json with "token_type": "Bearer" and expires_in in seconds.',
            rfc="RFC 6749 §5.1",
        ),
        run=_answer,
        requires=(OAUTH, ACCEPTED),
        writes=False,
    ),
    Check(
        rule=_rule(
            "oauth-lifetime",
            "A token lives between one hour and six",
            severity="minor",
            what="Reads expires_in, or the exp claim of a JWT.",
            why="A cycle may last longer than a short token; Microsoft's validation of gallery apps asks "
            "for 60 to 360 minutes.",
            admin_sees="events that fail with 401 in the middle of a long cycle.",
            fix="Give tokens for one to six hours.",
            rfc="RFC 6749 §5.1",
        ),
        run=_lifetime,
        requires=(OAUTH, ACCEPTED),
        writes=False,
    ),
    Check(
        rule=_rule(
            "oauth-places",
            "The client's credentials are taken in the header, the body and both",
            severity="info",
            what="Asks for a token with the credentials in the two places that were not set.",
            why="Entra offers all three; an app that takes one only must tell its customers which.",
            admin_sees="Test Connection says that the credentials are invalid, if another was chosen.",
            fix="Accept both ways, or document which one to choose in Entra.",
            rfc="RFC 6749 §2.3.1",
        ),
        run=_places,
        requires=(OAUTH, ACCEPTED),
        writes=False,
    ),
    Check(
        rule=_rule(
            "oauth-wrong-secret-refused",
            "A wrong client secret gets no token",
            severity="major",
            what="Asks for a token with a client secret that the app never gave out.",
            why="Otherwise anybody who knows the client id can read and change the app's users.",
            admin_sees="nothing, until somebody misuses it.",
            fix='Compare the secret, and answer 401 with {"error": "invalid_client"} to a wrong one.',
            rfc="RFC 6749 §5.2",
        ),
        run=_wrong_secret,
        requires=(OAUTH, ACCEPTED),
        writes=False,
    ),
)
