"""Causes that keep a request from reaching SCIM code, or from being answered in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.aimed import names_role
from scimdoctor.causes.breach import Breach, Hint
from scimdoctor.causes.facts import QUERIES, WRITES, Stage
from scimdoctor.causes.match import (
    ADMIN,
    APP,
    CHECK,
    CREDENTIALS,
    EITHER,
    ENDPOINT,
    PROVISIONING,
    QUARANTINE,
    RESTART,
    RFC_7644,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    first,
    likely,
    possible,
)
from scimdoctor.causes.phrases import hinted
from scimdoctor.causes.sent import Shape
from scimdoctor.causes.wording import names_somebody, names_token, only_denies
from scimdoctor.model.exchange import FailureKind
from scimdoctor.model.rule import CauseRule, Layer

if TYPE_CHECKING:
    from scimdoctor.causes.facts import Facts

_SLOW_IN_MILLISECONDS = 30_000


def _tenant_url_wrong(facts: Facts) -> Match | None:
    return first(_wrong_page(facts), _wrong_status(facts), _wrong_url(facts))


def _is_page(facts: Facts) -> bool:
    """Whether a success was answered with a web page."""
    answer = facts.exchange.response if facts.exchange is not None else None
    if answer is None or not facts.succeeded:
        return False
    begins = answer.text[:200].lstrip().casefold()
    typed = answer.media_type == "text/html" and answer.json is None and bool(answer.body)
    return typed or begins.startswith(("<!doctype html", "<html"))


def _wrong_page(facts: Facts) -> Match | None:
    page = facts.reading.page
    if _is_page(facts):
        return likely(90, "a web page came back with success where SCIM was asked for")
    if page is None or page.blocked_by is not None:
        return None
    shown = f" ({page.title})" if page.title else ""
    later = facts.stage in {Stage.UPDATE, Stage.DELETE} or facts.is_group
    if later and facts.status == 404:
        return possible(60, f"a web page{shown} answers one of the requests")
    unfound = facts.says(Breach.NOT_FOUND) if facts.status == 404 else None
    if unfound is not None and names_somebody(unfound):
        return possible(60, f"a web page{shown} answers, though it names whom it did not find")
    if facts.others_pass and not page.is_sign_in:
        return possible(50, f"a web page{shown} answers, though SCIM answers for other objects")
    if facts.ever_worked and facts.stage is Stage.TEST:
        return possible(78, f"a web page{shown} answers now, though the job worked before")
    if facts.status in {None, 200, 404} or page.is_sign_in:
        return likely(88, f"a web page{shown} answers where SCIM was asked for")
    return None


def _wrong_status(facts: Facts) -> Match | None:
    if facts.status in {301, 302, 303, 307, 308}:
        return _redirected(facts)
    route = facts.says(Breach.NO_ROUTE)
    if route is not None and facts.is_users and facts.stage is not Stage.UPDATE:
        return backed(facts, 80, "the web framework knows no such path", text=route.text)
    container = facts.says(Breach.CONTAINER)
    if container is not None and facts.stage in QUERIES | {Stage.DISCOVERY}:
        return backed(facts, 90, "the URL names what the app does not know", text=container.text)
    if facts.status == 404 and facts.stage is Stage.CREATE and not facts.reading.is_scim:
        return possible(46, "the collection that is posted to answers 404")
    return _lost(facts)


def _redirected(facts: Facts) -> Match:
    """A redirect, which Entra does not follow; a write is sent where queries were answered."""
    text = f"the app redirects (HTTP {facts.status}); Entra does not follow"
    if facts.stage in WRITES and (facts.exchange is None or facts.case.event is not None):
        return possible(60, text)
    # To a sign-in page or another address: where to, the log does not tell.
    return possible(76, text) if facts.status in {302, 303} else likely(86, text)


def _lost(facts: Facts) -> Match | None:
    """Where the first queries get what a SCIM base URL would not answer."""
    markup = facts.says(Breach.NOT_JSON_ANSWER)
    if markup is not None and "<" in markup.text and facts.stage is Stage.TEST:
        return possible(78, "what came back begins with '<': a web page", markup.text)
    credentials = facts.code("CredentialValidationUnavailable", "CredentialValidationFailure")
    if facts.status == 404 and facts.stage is Stage.TEST and (credentials or facts.exchange):
        first_one = "the very first query, that of the connection test, got 404"
        later = "a query got 404, though the job worked before: the address may have moved"
        return possible(57, later if facts.ever_worked else first_one)
    plain = facts.stage is Stage.MATCH and not facts.reading.is_scim and not facts.scim_answers
    if facts.status == 404 and plain and facts.exchange is not None and facts.is_users:
        return possible(58, "a query gets 404, and nothing that was seen answers like SCIM")
    if facts.status == 405 and facts.stage in QUERIES:
        return possible(55, "a plain query is answered 405, so the path leads somewhere else")
    return None


def _wrong_url(facts: Facts) -> Match | None:
    url = facts.exchange.url if facts.exchange is not None and not facts.succeeded else ""
    path = url.partition("://")[2].partition("?")[0]
    if "//" in path:
        return likely(90, "the URL has a doubled slash: the tenant URL ends with one too many")
    if "/users/users" in path.casefold() or "/groups/users" in path.casefold():
        return likely(88, "the tenant URL already ends with the resource that Entra appends")
    return None


def _unreachable(facts: Facts) -> Match | None:
    failure = facts.exchange.failure if facts.exchange is not None else None
    if failure is not None and failure.kind not in {FailureKind.TIMEOUT, FailureKind.OTHER}:
        return likely(95, f"no HTTP answer came ({failure.kind}): {failure.message[:200]}")
    page = facts.reading.page
    late = {404, 408, 502, 503, 504, 522, 524}
    if page is not None and page.blocked_by is not None and facts.status not in late:
        return likely(92, f"{page.blocked_by} answered in the app's place")
    said = facts.says(Breach.UNREACHABLE)
    if said is not None and facts.status == 500 and facts.speaker == "the app":
        return possible(52, "the app answered, and speaks of a connection of its own", said.text)
    if said is not None and facts.status not in {400, 409, 422}:
        return likely(86, "Entra could not complete the connection", said.text)
    blocked = facts.says(Breach.BLOCKED)
    if blocked is not None and facts.status in {None, 401, 403, 406, 429, 503}:
        return backed(facts, 85, "a firewall or an address list refused it", text=blocked.text)
    if facts.code("WebExceptionProtocolError", "EndpointUnavailable"):
        return likely(82, f"Entra's error code {facts.error_code} stands for a broken connection")
    return _gateway(facts)


def _gateway(facts: Facts) -> Match | None:
    if facts.reading.page is not None and facts.others_pass and facts.status in {400, 404, 414}:
        text = "the web server's own page answers this request, while others reach SCIM"
        return possible(58, text)
    if facts.code("Timeout") or facts.status in {504, 522}:
        return possible(58, "no answer came in time: the app, or something before it, is in doubt")
    if facts.status in {502, 520, 521, 523, 525, 526}:
        return possible(56, f"a gateway in front of the app answers {facts.status}")
    page = facts.reading.page
    if facts.status == 503 and page is not None:
        return possible(
            50, "a web page, not SCIM, answers 503: a gateway, or a time of maintenance"
        )
    if facts.status == 403 and page is not None:
        return possible(60, "a web page, not SCIM, answers 403")
    if facts.status == 403 and facts.stage is Stage.TEST:
        return possible(40, "403 without a SCIM error often comes from a firewall")
    return None


def _slow(facts: Facts) -> Match | None:
    failure = facts.exchange.failure if facts.exchange is not None else None
    if failure is not None and failure.kind is FailureKind.TIMEOUT:
        return likely(93, "the app gave no answer in time")
    if facts.status == 429 or facts.code("TooManyRequests"):
        return likely(92, "the app throttles: HTTP 429")
    if facts.status in {408, 524}:
        return likely(88, "the answer came too late")
    if facts.code("Timeout") or facts.status in {504, 522}:
        return possible(88, "no answer came in time")
    told = _slow_told(facts)
    if told is not None:
        return told
    if facts.status == 503:
        return possible(62, "503: the app was overloaded or down at that moment")
    took = facts.exchange.elapsed_in_milliseconds if facts.exchange is not None else 0.0
    if took > _SLOW_IN_MILLISECONDS:
        return possible(64, f"the answer took {took / 1000:.0f} seconds")
    return None


def _slow_told(facts: Facts) -> Match | None:
    """The app's words about time, load or too many attempts."""
    said = facts.says(Breach.THROTTLED, Breach.SLOW)
    if facts.status in {401, 403} and said is not None and _throttles(facts):
        return possible(
            70, "the app counts the attempts, and answers no more for a while", said.text
        )
    others = {401, 404, 409, 422} | (set() if _throttles(facts) else {400})
    if said is not None and facts.status not in others:
        return backed(facts, 84, "the app or a gateway speaks of time or load", text=said.text)
    return None


def _throttles(facts: Facts) -> bool:
    return facts.says(Breach.THROTTLED) is not None and facts.says(Breach.LICENCE) is None


def _prerequisite(facts: Facts) -> Match | None:
    licence = facts.says(Breach.LICENCE)
    if facts.code("LicenseLimitExceeded", "QuotaLimitExceeded") or facts.status == 402:
        return likely(91, "the app has no free licence or quota")
    # Nobody needs a licence to leave.
    leaves = facts.stage is Stage.DELETE or (facts.only_switches and facts.has(Shape.DEACTIVATION))
    of_value = (facts.reading.scim_type or "").casefold() == "invalidvalue"
    if licence is not None and of_value and hinted(Hint.LENGTH, licence.text):
        return possible(50, "a licence is named, but the value's length is refused", licence.text)
    if licence is not None and facts.status != 429 and not leaves:
        return backed(facts, 84, "the app speaks of licences or a plan", text=licence.text)
    return _right_missing(facts) or _something_missing(facts)


def _right_missing(facts: Facts) -> Match | None:
    """The credentials are known; a role in the app, or a scope of the token, may lack."""
    rights = facts.says(Breach.TOKEN_RIGHTS)
    if rights is not None and facts.status in {None, 400, 401, 403}:
        return possible(74, "the role of the token's owner may lack the right", rights.text)
    missing = facts.says(Breach.PREREQUISITE)
    if missing is not None and facts.status == 403 and only_denies(missing):
        return possible(70, "a right is missing: whose, and to what, is not said", missing.text)
    denied = facts.says(Breach.TOKEN_REFUSED)
    if missing is None and denied is not None and facts.status == 403 and not names_token(denied):
        return possible(64, "the token's owner may not do this in the app (403)", denied.text)
    return None


def _something_missing(facts: Facts) -> Match | None:
    missing = facts.says(Breach.PREREQUISITE)
    if missing is not None and names_role(facts.operations, missing.text):
        return possible(78, "the role that was sent may be missing in the app", missing.text)
    if missing is not None and not facts.says(Breach.UNKNOWN_SCHEMA, Breach.REFERENCE):
        return backed(facts, 81, "something must exist in the app first", text=missing.text)
    if facts.code("InsufficientRights", "B2BManagementPolicyCheckFailure"):
        return likely(80, f"error code {facts.error_code}: a right or a policy is missing")
    if facts.status == 403 and facts.stage in QUERIES | {Stage.READ, Stage.DISCOVERY}:
        return possible(45, "the credentials are known but may not use SCIM (403)")
    if facts.status == 403 and facts.is_group and facts.mute and facts.reading.page is None:
        return possible(61, "the credentials may not have the right to change groups (403)")
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="tenant-url-wrong",
            title="The tenant URL does not lead to the SCIM root",
            definition="Tenant URL has the wrong host, path, suffix or slash, so Entra calls a "
            "place that is not the SCIM root.",
            layer=Layer.NETWORK,
            fixed_by=ADMIN,
            explanation="Entra appends /Users and /Groups to the tenant URL and nothing else. "
            "If the URL points at the web site, at an older path, or already ends with a "
            "resource, a page, a redirect or 404 comes back instead of SCIM.",
            remediation=(
                admin(
                    f"Portal: {CREDENTIALS}. Enter the SCIM root exactly as the app's guide "
                    "gives it (with /scim or /v2 where it says so, without /Users), test the "
                    "connection, save.",
                    CHECK + " --only reach",
                ),
                developer(
                    'Answer GET <root>/Users?filter=userName eq "x" with 200 and a '
                    "ListResponse; do not redirect."
                ),
            ),
            references=(TUTORIAL, QUARANTINE),
        ),
        match=_tenant_url_wrong,
    ),
    Cause(
        rule=CauseRule(
            id="endpoint-unreachable-or-blocked",
            title="Something stops the request before SCIM code runs",
            definition="DNS, TLS, firewall, private link or WAF stops the request before SCIM "
            "code runs.",
            layer=Layer.NETWORK,
            fixed_by=EITHER,
            explanation="Entra calls from Microsoft's addresses, over TLS 1.2, and needs a public "
            "name, a public certificate with its whole chain, and no challenge page. No SCIM "
            "code has seen the request.",
            remediation=(
                developer(
                    "Let the service tag AzureActiveDirectory through firewall and WAF, offer "
                    "TLS 1.2, send the complete certificate chain. This must work from outside: "
                    'GET <root>/Users?filter=userName eq "x".',
                    CHECK + " --only tls --only reach",
                ),
                admin(
                    "Use the public name of the app, not a private-link one; for an app inside your "
                    "network use the on-premises provisioning agent. "
                    f"Portal: {CREDENTIALS} > Test connection. From here:",
                    CHECK + " --read-only --only tls --only reach",
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_unreachable,
    ),
    Cause(
        rule=CauseRule(
            id="endpoint-too-slow-or-throttled",
            title="The endpoint answers too late, or throttles",
            definition="Endpoint answers too late or with 429 under the load of a cycle.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="A cycle sends many requests in a row, at first for every object in "
            "scope. An app that scans tables for a filter, loads all members of a group, or "
            "limits the rate too low fails under that load. Entra retries in later cycles.",
            remediation=(
                developer(
                    "Allow 25 requests a second per tenant, look users up by index, and do not "
                    "load members for excludedAttributes=members. This must answer in a second: "
                    'GET /Groups?excludedAttributes=members&filter=displayName eq "x".',
                    CHECK + " --load",
                ),
                admin(
                    "Wait for the next cycles, or start with a smaller scope. Portal: "
                    f"{PROVISIONING} > Restart provisioning retries at once.",
                    RESTART,
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_slow,
    ),
    Cause(
        rule=CauseRule(
            id="app-prerequisite-missing",
            title="Something inside the app must exist or be switched on first",
            definition="Something inside the app (role, licence seat, switch) must exist first, "
            "and SCIM calls fail without it.",
            layer=ENDPOINT,
            fixed_by=ADMIN,
            explanation="The request is right and the credentials are known, but the app lacks "
            "a precondition of its own: a free licence, a plan that includes SCIM, a role, "
            "a switch, or a right of the token's owner.",
            remediation=(
                admin(
                    "In the app: check licences, the plan, that SCIM is switched on, and the "
                    "role of the account that made the token. Then retry the failed objects. "
                    f"Portal: {PROVISIONING} > Restart provisioning.",
                    RESTART,
                ),
                developer(
                    "Answer 403 with a SCIM error whose detail names what is missing; GET "
                    "<root>/Users must still give 200 with the token for provisioning."
                ),
            ),
            references=(f"{RFC_7644}#section-3.12",),
        ),
        match=_prerequisite,
    ),
)
"""Reachability and prerequisites."""
