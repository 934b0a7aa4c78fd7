"""Causes that lie in token and sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import QUERIES, Stage
from scimdoctor.causes.match import (
    ADMIN,
    APP,
    CHECK,
    CREDENTIALS,
    KNOWN_ISSUES,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.wording import CHALLENGE, finds_no_credentials, names_token
from scimdoctor.model.rule import CauseRule, Layer

if TYPE_CHECKING:
    from scimdoctor.causes.facts import Facts

_NOT_ABOUT_TOKENS = frozenset({400, 404, 405, 409, 412, 415, 422, 429})


def _about_credentials(facts: Facts) -> bool:
    return facts.refused and facts.status not in _NOT_ABOUT_TOKENS


def _expired(facts: Facts) -> Match | None:
    said = facts.says(Breach.EXPIRED)
    if said is not None and _about_credentials(facts):
        return backed(facts, 90, "the app says that the token has ended", text=said.text)
    if facts.status == 401:
        return _refused_token(facts)
    if facts.code("InvalidCredentials", "Unauthorized"):
        return possible(70, f"error code {facts.error_code}: the credentials were refused")
    refused = facts.says(Breach.TOKEN_REFUSED)
    if refused is not None and _about_credentials(facts):
        # 403 says that the credentials are known (RFC 9110 section 15.5.4).
        weight = 50 if facts.status == 403 and not names_token(refused) else 66
        return possible(weight, "the app refuses the credentials", refused.text)
    return None


def _refused_token(facts: Facts) -> Match:
    """A 401 and no reason: after months of work the token has ended; else it may be anything."""
    if facts.case.event is None and facts.ever_worked:
        return likely(66, "the app refuses the credentials (401); the job worked before")
    if facts.others_pass:
        text = "the app refuses the credentials (401), though others pass: they ended meanwhile"
        return possible(64, text)
    return possible(66, "the app refuses the credentials (401)")


def _unusable(facts: Facts) -> Match | None:
    rights = facts.says(Breach.TOKEN_RIGHTS)
    if rights is not None and facts.status in {None, 400, 401, 403}:
        # The scope may be one of the token or, by its owner's role, one to be given in the app.
        return possible(84, "the token is known and lacks a right", rights.text)
    said = facts.says(Breach.TOKEN_UNUSABLE)
    about_no_object = facts.status == 400 and facts.stage is Stage.UNKNOWN
    if said is not None and (about_no_object or facts.status in {None, 401, 403}):
        return backed(facts, 91, "the token cannot work as it was typed", text=said.text)
    if facts.exchange is not None and facts.status in {400, 401, 403}:
        sent = [v for k, v in facts.exchange.request.headers if k.casefold() == "authorization"]
        if any(value.casefold().startswith("bearer bearer") for value in sent):
            return likely(95, "the Authorization header says Bearer twice")
    if facts.status == 401 and not facts.ever_worked:
        return possible(50, "401 from the first attempt on: the token may be typed wrongly")
    if facts.status == 401 and facts.case.event is not None:
        return possible(46, "the token may not be allowed to do this, or have been typed anew")
    return None


def _scheme(facts: Facts) -> Match | None:
    answer = facts.exchange.response if facts.exchange is not None else None
    wanted = (answer.header("www-authenticate") or "").casefold() if answer else ""
    told = CHALLENGE.search(facts.reason.text)
    wanted = wanted or (told[1].casefold() if told is not None else "")
    if facts.status == 401 and wanted.startswith(("basic", "negotiate", "ntlm", "digest")):
        return likely(90, f"the app asks for {wanted.split()[0]}, which Entra cannot do")
    said = facts.says(Breach.AUTH_SCHEME)
    if said is not None and _about_credentials(facts):
        return backed(facts, 84, "the app wants other credentials", text=said.text)
    if facts.status in {302, 303, 307} and facts.reading.page is None:
        weight = 75 if facts.exchange is None and facts.stage in QUERIES else 58
        return possible(weight, f"a redirect ({facts.status}) may lead to a sign-in page")
    return _other_scheme(facts)


def _other_scheme(facts: Facts) -> Match | None:
    """What only may be a matter of where, or how, the app looks for credentials."""
    named = facts.says(Breach.TOKEN_RIGHTS, Breach.LICENCE, Breach.BLOCKED)
    if facts.status == 403 and facts.stage in QUERIES and not facts.others_pass and named is None:
        return possible(44, "the app may know the token, and not read it as Entra sends it")
    if facts.status != 401 or facts.others_pass:
        return None
    said = facts.says(Breach.TOKEN_REFUSED)
    if said is not None and finds_no_credentials(said):
        # Entra always sends its token, in the header Authorization.
        text = "the app finds no credentials, though they are sent: it may look elsewhere"
        return possible(58 if facts.ever_worked else 67, text, said.text)
    if facts.mute or not facts.ever_worked:
        return possible(42, "the app may want credentials of another kind")
    return None


def _oauth(facts: Facts) -> Match | None:
    if facts.stage is Stage.TOKEN and facts.refused:
        return likely(94, f"the token endpoint refuses client credentials (HTTP {facts.status})")
    said = facts.says(Breach.OAUTH)
    if said is not None and (facts.stage is Stage.TEST or _about_credentials(facts)):
        if facts.says(Breach.EXPIRED) is not None:
            return possible(70, "the app speaks of OAuth", said.text)
        return backed(facts, 86, "the OAuth client-credentials set-up fails", text=said.text)
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="token-expired-or-revoked",
            title="The secret token no longer works",
            definition="Secret token was valid once but has expired, or its owner was disabled "
            "or it was revoked.",
            layer=Layer.CREDENTIALS,
            fixed_by=ADMIN,
            explanation="The app answers 401 to the token stored in Entra. Tokens end by date, "
            "with their owner's account, or when somebody makes a new one; Entra cannot renew "
            "a secret token by itself.",
            remediation=(
                admin(
                    "Create a new token in the app, with the longest life it offers, and see that "
                    "it works (set SCIMDOCTOR_ENDPOINT_TOKEN to it).",
                    "scimdoctor check-endpoint URL --read-only --only auth",
                ),
                admin(
                    f"Portal: {CREDENTIALS}: paste it, test the connection, save; with OAuth "
                    "client credentials renew the client secret instead. Then restart "
                    "provisioning.",
                    "scimdoctor job restart APP --scope quarantine",
                ),
                developer(
                    "Let tokens live long, and say when they end: GET <root>/Users?filter=userName "
                    'eq "x" must give 200 until then, afterwards 401 with WWW-Authenticate: '
                    'Bearer error="invalid_token".'
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_expired,
    ),
    Cause(
        rule=CauseRule(
            id="secret-token-unusable",
            title="The token, as it was typed, cannot work",
            definition="Token as typed cannot work: doubled Bearer prefix, too long to be stored.",
            layer=Layer.CREDENTIALS,
            fixed_by=ADMIN,
            explanation="Entra writes 'Authorization: Bearer ' itself and stores about 1 KB. "
            "A pasted 'Bearer ' prefix, a blank, a line end or a very long token breaks it.",
            remediation=(
                admin(
                    f"Portal: {CREDENTIALS}: paste the bare token, without 'Bearer' and blanks; "
                    "use a shorter token if saving fails, test the connection.",
                    CHECK + " --only auth",
                ),
                developer(
                    "Issue opaque tokens well below 1 KB, and show them without 'Bearer': "
                    "GET <root>/Users with the bare token as bearer token must give 200."
                ),
            ),
            references=(KNOWN_ISSUES,),
        ),
        match=_unusable,
    ),
    Cause(
        rule=CauseRule(
            id="auth-scheme-unsupported",
            title="The app wants a sign-in that Entra cannot do",
            definition="App wants an authentication method that Entra cannot use, or validates "
            "the Entra token wrongly.",
            layer=Layer.CREDENTIALS,
            fixed_by=APP,
            explanation="Entra signs in with a bearer token or OAuth 2.0 client credentials. "
            "Basic, certificate-only or authorization-code sign-in do not work, and an app that "
            "takes Entra's own token must expect its audience and issuer.",
            remediation=(
                developer(
                    "Accept a bearer token in the header Authorization: GET <root>/Users with it "
                    "must give 200. With Entra's own token: audience "
                    "8adf8e6e-67b2-4cf2-a259-e3dc5476c621, issuer "
                    "https://sts.windows.net/<tenant>/.",
                    CHECK + " --only auth",
                ),
                admin(
                    f"Portal: {CREDENTIALS}: use a secret token or OAuth client credentials. "
                    "Whether the app takes them:",
                    CHECK + " --read-only --only auth",
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_scheme,
    ),
    Cause(
        rule=CauseRule(
            id="oauth-token-endpoint-incompatible",
            title="OAuth client credentials do not fit the token endpoint",
            definition="OAuth client-credentials set-up fails: credential location, media type "
            "or missing seeded token.",
            layer=Layer.CREDENTIALS,
            fixed_by=APP,
            explanation="Entra posts grant_type=client_credentials as a form and sends client id "
            "and secret in the header, the body or both, as configured. The token endpoint "
            "refuses that, or its token is not the one SCIM accepts.",
            remediation=(
                admin(
                    f"Portal: {CREDENTIALS}: check token endpoint, client id, secret, scopes and "
                    "where the credentials go; when the secrets are written through Graph, write "
                    "a fresh access token with them. From here:",
                    CHECK + " --read-only --only auth --endpoint-auth oauth",
                ),
                developer(
                    "Answer POST to the token endpoint, application/x-www-form-urlencoded, "
                    "grant_type=client_credentials with JSON access_token, token_type, "
                    "expires_in (one to six hours).",
                    CHECK + " --only auth",
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_oauth,
    ),
)
"""Credentials."""
