"""What to do about Entra's error codes that stand for no cause by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra.steps import CREDENTIALS, LOGS, MAPPINGS, PROVISIONING, admin, developer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.rule import Remediation

_READ_ANSWER = admin(
    f"Portal: {LOGS} > the event > Troubleshooting & Recommendations: read what the app answers.",
    "scimdoctor diagnose APP",
)
_QUERY = 'GET <root>/Users?filter=userName eq "x"'
_CHECK = "scimdoctor check-endpoint URL"
_USABLE = (
    _READ_ANSWER,
    developer(
        f"{_QUERY} must give 200 with a ListResponse (totalResults 0 without a match), POST "
        "<root>/Users 201 with the user and its id, PATCH 200 or 204; errors as SCIM errors, "
        "never HTML.",
        _CHECK,
    ),
)
_RESTART = admin(
    f"Then: Portal: {PROVISIONING} > Restart provisioning.",
    "scimdoctor job restart APP --scope quarantine",
)
_STEPS: Mapping[str, tuple[Remediation, ...]] = {
    "ServiceIncompatible": _USABLE,
    "ServiceIncompatibleFiltering": _USABLE,
    "ManagementBadResponse": _USABLE,
    "CredentialValidationUnavailable": (
        admin(
            f"Portal: {CREDENTIALS} > Test connection: the message quotes what the app answers. "
            "The same from here, with the same URL and token:",
            f"{_CHECK} --read-only",
        ),
        _RESTART,
        developer(
            f"{_QUERY} with the token must give 200 from Entra's addresses (service tag "
            "AzureActiveDirectory), over TLS 1.2 with a complete certificate chain.",
            f"{_CHECK} --read-only",
        ),
    ),
    "CredentialValidationFailure": (
        admin(
            f"Portal: {CREDENTIALS}: complete or renew the secret token, or token endpoint, client "
            "id and client secret; test the connection, save.",
            f"{_CHECK} --read-only --only auth",
        ),
        _RESTART,
        developer(
            f"{_QUERY} with the token must give 200; POST to the token endpoint with "
            "grant_type=client_credentials must give 200 with access_token and expires_in."
        ),
    ),
    "InvalidCredentials": (
        admin(
            f"Portal: {CREDENTIALS}: a secret token, or for OAuth client credentials token "
            "endpoint, client id and client secret; renew what has ended, test the connection.",
            f"{_CHECK} --read-only --only auth",
        ),
        developer(
            "With OAuth, POST to the token endpoint with grant_type=client_credentials must give 200 "
            "with access_token, and the SCIM endpoint must take that token."
        ),
    ),
    "InternalError": (
        admin(
            f"Portal: {PROVISIONING} > Provision on demand shows whether it is over; if it stays, "
            "New support request.",
            "scimdoctor provision USER --app APP",
        ),
    ),
    "UnprocessableEntity": (
        _READ_ANSWER,
        admin(
            f"Fill or correct the attribute it names, or Portal: {MAPPINGS}: give it a default "
            "value.",
            "scimdoctor mappings APP",
        ),
        developer(
            "Name the attribute and the rule in detail; POST <root>/Users with userName and "
            "active alone must give 201.",
            _CHECK,
        ),
    ),
    "NotImplemented": (
        admin(
            f"Portal: {MAPPINGS}: switch off groups, or the action that is refused.",
            "scimdoctor mappings APP",
        ),
        developer(
            "PATCH <root>/Users/<id> must give 200 or 204, GET <root>/Groups?filter=… 200.",
            _CHECK,
        ),
    ),
    "EntrySynchronizationSkipped": (
        admin(
            f"Portal: {LOGS} > the event > Steps: the skip reason and the scoping step.",
            "scimdoctor logs APP --summary",
        ),
    ),
}


def steps_of(suffix: str) -> tuple[Remediation, ...]:
    """The steps for the code that ends in `suffix`; none where its cause has them."""
    return _STEPS.get(suffix, ())
