"""HTTP statuses as they stand in failures of provisioning: what each means there and who acts.

Sources: RFC 7644 sections 3 and 3.12, Entra's SCIM tutorial, and how often each cause stood
behind a status in public reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from scimdoctor.entra.steps import CREDENTIALS, LOGS, PROVISIONING, admin, developer

if TYPE_CHECKING:
    from scimdoctor.model.rule import Remediation


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status: `causes` are what it mostly comes from, the most frequent first."""

    number: int
    meaning: str
    steps: tuple[Remediation, ...]
    causes: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """Its name by the HTTP standards; empty where there is none."""
        return HTTPStatus(self.number).phrase if self.number in set(HTTPStatus) else ""


_DIAGNOSE = "scimdoctor diagnose APP"
_CHECK = "scimdoctor check-endpoint URL"
_READ = f"{_CHECK} --read-only"
_QUERY = 'GET <root>/Users?filter=userName eq "x"'
_RETRY = "scimdoctor job restart APP --scope escrows"
_READ_ANSWER = admin(
    f"Portal: {LOGS} > the event > Troubleshooting & Recommendations: read what the app answers.",
    _DIAGNOSE,
)
_ASK_VENDOR = admin(
    "Nothing in Entra mends it: send the app's vendor a report of what it answers. After the "
    f"repair: Portal: {PROVISIONING} > Restart provisioning.",
    _CHECK,
)
_IN_ORDER = admin("Nothing to do: that is how it should be.")
_REDIRECT = (
    admin(
        f"Portal: {CREDENTIALS}: enter the address that the redirect leads to, if that is the "
        "SCIM root, as the tenant URL; it must not be a sign-in page. Test the connection.",
        _READ,
    ),
    developer(f"Answer under the tenant URL itself: {_QUERY} must give 200, not a redirect."),
)
_GATEWAY = (
    admin(
        "See whether the app answers at all, then have Entra try again. Portal: "
        f"{PROVISIONING} > Restart provisioning.",
        _READ,
    ),
    developer(
        "Look into the gateway's log for the moment of the failure; let it pass requests of "
        f"Entra's (service tag AzureActiveDirectory) and wait for the app: {_QUERY} must give 200.",
        _CHECK,
    ),
)
_BUSY = (
    admin(
        "Wait: Entra tries again by itself. If it stays, ask the app's vendor for a higher "
        f"limit. Portal: {PROVISIONING} > Restart provisioning retries at once.",
        _RETRY,
    ),
    developer(
        f"Bear 25 requests a second for each tenant: {_QUERY} and PATCH <root>/Users/<id> must "
        "then be answered 200 or 204 within seconds.",
        f"{_CHECK} --load",
    ),
)
_REDIRECTED = "A redirect. Entra does not follow it."
_URL = ("tenant-url-wrong",)
_SLOW = ("endpoint-too-slow-or-throttled",)
_SIZE = developer(
    "Take larger requests: PATCH <root>/Groups/<id> with 100 members must give 200 or 204.", _CHECK
)

STATUSES: tuple[Status, ...] = (
    Status(
        number=200,
        meaning="The request succeeded. Entra wants a body: the resource, or a ListResponse.",
        steps=(
            _IN_ORDER,
            developer(f"{_QUERY} without a match must give 200 with totalResults 0.", _READ),
        ),
    ),
    Status(
        number=201,
        meaning="The object was created; the answer must hold it with its id.",
        steps=(
            _IN_ORDER,
            developer("POST <root>/Users must give 201 and the user with its id.", _CHECK),
        ),
    ),
    Status(
        number=204,
        meaning="The request succeeded without a body: right for PATCH and DELETE.",
        steps=(
            _IN_ORDER,
            developer("PATCH <root>/Users/<id> may give 204; GET and POST need a body.", _CHECK),
        ),
    ),
    Status(number=301, meaning=_REDIRECTED, causes=_URL, steps=_REDIRECT),
    Status(
        number=302,
        meaning=f"{_REDIRECTED} Mostly it leads to a sign-in page.",
        causes=_URL,
        steps=_REDIRECT,
    ),
    Status(number=307, meaning=_REDIRECTED, causes=_URL, steps=_REDIRECT),
    Status(number=308, meaning=_REDIRECTED, causes=_URL, steps=_REDIRECT),
    Status(
        number=400,
        meaning="The app refuses the request as it is written; scimType and detail say why.",
        causes=(
            "patch-op-case-sensitive",
            "boolean-string-rejected",
            "value-path-unsupported",
            "required-attribute-empty-in-source",
            "value-not-allowed-by-app",
            "mapping-targets-unsupported-attribute",
            "over-strict-validation",
        ),
        steps=(
            _READ_ANSWER,
            developer(
                "Take what Entra sends, for example PATCH <root>/Users/<id> with "
                '{"op":"Replace","path":"active","value":"False"}; refuse the rest with a '
                "scimType and a detail that names the attribute.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=401,
        meaning="The app refuses the credentials: the token, or what OAuth client credentials "
        "gave.",
        causes=(
            "token-expired-or-revoked",
            "secret-token-unusable",
            "auth-scheme-unsupported",
            "oauth-token-endpoint-incompatible",
        ),
        steps=(
            admin(
                f"Portal: {CREDENTIALS}: enter a new token or client secret, test the connection, "
                "save. First see that it works:",
                f"{_READ} --only auth",
            ),
            admin(
                f"Portal: {PROVISIONING} > Restart provisioning.",
                "scimdoctor job restart APP --scope quarantine",
            ),
            developer(
                f"{_QUERY} with the bearer token must give 200 while the token "
                'lives, afterwards 401 with WWW-Authenticate: Bearer error="invalid_token".'
            ),
        ),
    ),
    Status(
        number=402,
        meaning="The app wants a subscription or more seats.",
        causes=("app-prerequisite-missing",),
        steps=(
            admin(
                "In the app: buy or free licences. Then have Entra try again. Portal: "
                f"{PROVISIONING} > Restart provisioning.",
                _RETRY,
            ),
            developer("Say in detail what is missing; GET queries must still give 200."),
        ),
    ),
    Status(
        number=403,
        meaning="The credentials are known but not allowed, a rule of the app forbids it, or a "
        "firewall does.",
        causes=(
            "app-policy-refuses-change",
            "app-prerequisite-missing",
            "endpoint-unreachable-or-blocked",
        ),
        steps=(
            _READ_ANSWER,
            admin(
                "In the app: give the token's owner the right to manage users and groups; let "
                "the firewall pass the service tag AzureActiveDirectory. See what it answers:",
                _READ,
            ),
            developer(
                "Say in detail which right or rule it is; POST and PATCH <root>/Users/<id> must "
                "work with the token that the app gives out for provisioning."
            ),
        ),
    ),
    Status(
        number=404,
        meaning="By id: the object is gone. To a filter: wrong, it must be 200 with an empty list.",
        causes=(
            "tenant-url-wrong",
            "filter-no-match-404",
            "groups-endpoint-missing",
            "target-changed-outside-entra",
            "reference-unresolvable",
        ),
        steps=(
            admin(
                f"If nothing works: Portal: {CREDENTIALS}: correct the tenant URL (the SCIM root, "
                "without /Users), test the connection.",
                _READ,
            ),
            admin(
                "If it is single objects, they are gone from the app: have Entra match anew. "
                f"Portal: {PROVISIONING} > Restart provisioning.",
                "scimdoctor job restart APP --scope full",
            ),
            developer(
                f"{_QUERY} without a match must give 200 with totalResults 0; keep 404 for "
                "GET, PATCH and DELETE by an id that does not exist.",
                _READ,
            ),
        ),
    ),
    Status(
        number=405,
        meaning="The app does not implement the method there; Entra needs PATCH.",
        causes=("patch-method-missing", "app-policy-refuses-change"),
        steps=(
            admin(
                f"Until the app can do it: Portal: {PROVISIONING} > Mappings > Target Object "
                "Actions: untick Update or Delete, whichever is refused.",
                _DIAGNOSE,
            ),
            developer(
                "PATCH <root>/Users/<id> and <root>/Groups/<id> must give 200 or 204; for "
                "deletions DELETE must give 204.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=406,
        meaning="The app cannot answer in the media type that the Accept header names.",
        causes=("request-content-type-refused",),
        steps=(
            _ASK_VENDOR,
            developer(
                f"{_QUERY} must give 200 with application/scim+json, whatever Accept says.", _READ
            ),
        ),
    ),
    Status(
        number=408,
        meaning="The app waited too long for the request.",
        causes=_SLOW,
        steps=_BUSY,
    ),
    Status(
        number=409,
        meaning="The object collides with one that exists, or is so already.",
        causes=(
            "existing-account-not-matchable",
            "non-idempotent-write",
            "app-policy-refuses-change",
        ),
        steps=(
            admin(
                "Let the account that exists be found: in the app give it the value that Entra "
                f"matches on, or remove it. Portal: {PROVISIONING} > Mappings: match on an "
                "attribute that it has. Who it is:",
                "scimdoctor compare USER --app APP --endpoint URL",
            ),
            developer(
                f"{_QUERY} must find every account that makes POST <root>/Users answer 409, "
                "deleted and disabled ones, too.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=410,
        meaning="The object is gone for good.",
        causes=("target-changed-outside-entra",),
        steps=(
            admin(
                f"Have Entra match anew. Portal: {PROVISIONING} > Restart provisioning.",
                "scimdoctor job restart APP --scope full",
            ),
            developer(f"{_QUERY} must not find what is gone; POST must then create it anew."),
        ),
    ),
    Status(
        number=412,
        meaning="A precondition of the app is not met; some apps say so of existing accounts.",
        causes=("existing-account-not-matchable",),
        steps=(
            _READ_ANSWER,
            developer(
                "Entra sends no If-Match: PATCH <root>/Users/<id> must work without it; answer "
                "an account that exists with 409 uniqueness.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=413,
        meaning="The request is larger than the app takes.",
        causes=_SLOW,
        steps=(
            admin(
                "Assign smaller groups, or ask the app's vendor. Portal: Enterprise applications > "
                "the app > Users and groups.",
                _DIAGNOSE,
            ),
            _SIZE,
        ),
    ),
    Status(
        number=414,
        meaning="The URL is longer than the app or a proxy takes.",
        causes=("filter-value-parse-failure",),
        steps=(
            _READ_ANSWER,
            developer(f"Take URLs of 2 KB and more: {_QUERY} must give 200.", _READ),
        ),
    ),
    Status(
        number=415,
        meaning="The app refuses the media type application/scim+json.",
        causes=("request-content-type-refused",),
        steps=(
            _ASK_VENDOR,
            developer(
                "POST <root>/Users with Content-Type: application/scim+json; charset=utf-8 must "
                "give 201.",
                f"{_CHECK} --only media",
            ),
        ),
    ),
    Status(
        number=422,
        meaning="The app understood the request and refuses its content.",
        causes=("required-attribute-empty-in-source", "value-not-allowed-by-app"),
        steps=(
            _READ_ANSWER,
            admin(
                f"Fill or correct the attribute it names, or Portal: {PROVISIONING} > Mappings: "
                "give it a default value. Then retry that one user:",
                "scimdoctor provision USER --app APP",
            ),
            developer(
                "Answer 400 with scimType invalidValue and a detail that names the attribute; "
                "POST <root>/Users with userName and active alone must give 201.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=429,
        meaning="The app throttles; it should bear 25 requests a second.",
        causes=_SLOW,
        steps=_BUSY,
    ),
    Status(
        number=500,
        meaning="The app failed inside; its own log knows why.",
        causes=(
            "unhandled-exception-500",
            "duplicate-create-not-409",
            "filter-value-parse-failure",
        ),
        steps=(
            admin(
                "Send the app's vendor the time and the request that failed. Portal: "
                f"{LOGS} > the event.",
                _DIAGNOSE,
            ),
            developer(
                "Read the app's own log for that moment; the same request must give 2xx, or 4xx "
                "with a SCIM error. See which requests fail:",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=501,
        meaning="The app does not implement this.",
        causes=("patch-method-missing", "groups-endpoint-missing"),
        steps=(
            admin(
                f"Until the app can do it: Portal: {PROVISIONING} > Mappings: switch off groups, "
                "or the action that is refused.",
                "scimdoctor mappings APP",
            ),
            developer(
                "PATCH <root>/Users/<id> must give 200 or 204, GET <root>/Groups?filter=… 200.",
                _CHECK,
            ),
        ),
    ),
    Status(
        number=502,
        meaning="A gateway in front of the app got no usable answer.",
        causes=("endpoint-unreachable-or-blocked",),
        steps=_GATEWAY,
    ),
    Status(number=503, meaning="The app is overloaded or down.", causes=_SLOW, steps=_BUSY),
    Status(
        number=504,
        meaning="A gateway in front of the app waited too long.",
        causes=_SLOW,
        steps=_GATEWAY,
    ),
)


def status_of(number: int) -> Status | None:
    """What is known of `number`; one without a row of its own is as its class."""
    row = next((row for row in STATUSES if row.number == number), None)
    if row is not None or not 100 <= number <= 599:
        return row
    if number >= 500:
        return Status(number=number, meaning="The app or a gateway failed.", steps=_GATEWAY)
    if number >= 400:
        refused = "The app refuses the request, for a reason of its own."
        return Status(number=number, meaning=refused, steps=_steps_of(400))
    if number >= 300:
        return Status(number=number, meaning=_REDIRECTED, causes=_URL, steps=_REDIRECT)
    return Status(number=number, meaning="Not a refusal.", steps=_steps_of(200))


def _steps_of(number: int) -> tuple[Remediation, ...]:
    return next(row.steps for row in STATUSES if row.number == number)
