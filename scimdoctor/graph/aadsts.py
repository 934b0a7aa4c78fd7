"""Microsoft's sign-in errors (AADSTS numbers) in plain words, each with the next step.

Source: Entra "Microsoft Entra authentication and authorization error codes". Those marked
`unlisted` are not on that page as we know it; their wording comes from sign-in logs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.entra.steps import CREDENTIALS, admin, developer

if TYPE_CHECKING:
    from scimdoctor.model.rule import Remediation

_NUMBER = re.compile(r"AADSTS(\d{5,7})")

_INTERACTIVE = "Sign in again with a browser: scimdoctor login."
_MFA = (
    "Multifactor authentication is required.",
    "Sign in with a browser (scimdoctor login), where it can be done.",
)
_CLOCK = "Set this computer's clock right (network time) and try again."
_CONSENT = (
    "Ask an administrator to open App registrations > your app > API permissions > "
    "Grant admin consent."
)
_DEVICE_POLICY = (
    "Use a device that the policy accepts, or sign in as an app (certificate or secret)."
)

AADSTS: dict[int, tuple[str, str]] = {
    50011: (
        "The redirect address is not registered for the app.",
        "In the app registration add http://localhost under Authentication > Mobile and desktop.",
    ),
    50020: (
        "The account belongs to another tenant.",
        "Sign in with an account of this tenant, or check --tenant.",
    ),
    50034: ("The user does not exist in this tenant.", "Check the user name and --tenant."),
    50053: (
        "The account is locked, or the network address is blocked.",
        "Wait, or ask an administrator to unblock it.",
    ),
    50055: ("The password has expired.", "Change it at https://aka.ms/sspr, then sign in again."),
    50057: ("The account is disabled.", "Use another account, or have this one enabled."),
    50058: ("There is no session to sign in from silently.", _INTERACTIVE),
    50059: ("The request names no tenant.", "Give the tenant id or domain with --tenant."),
    50072: _MFA,
    50074: _MFA,
    50076: _MFA,
    50078: ("Multifactor authentication has expired.", _INTERACTIVE),
    50079: _MFA,
    50105: (
        "The app requires assignment, and the user is not assigned.",
        "Have an administrator assign the user under Enterprise applications > Users and groups.",
    ),
    50126: ("User name or password is wrong.", _INTERACTIVE),
    50132: ("The session was ended, for example by a password change.", _INTERACTIVE),
    50133: ("The session was ended, for example by a password change.", _INTERACTIVE),
    50158: ("A further step such as terms of use must be done first.", _INTERACTIVE),
    50173: ("The saved sign-in was revoked.", _INTERACTIVE),
    53000: ("Conditional Access asks for a compliant device.", _DEVICE_POLICY),
    53001: ("Conditional Access asks for a joined device.", _DEVICE_POLICY),
    53002: ("Conditional Access asks for an approved app.", _DEVICE_POLICY),
    53003: (
        "Conditional Access blocks this sign-in.",
        "Policies often block device codes: use a browser (--auth browser), or sign in as an app.",
    ),
    65001: ("Nobody has consented to the permissions of the app.", _CONSENT),
    65004: ("Consent was declined.", "Sign in again and accept, or ask an administrator."),
    70008: ("The saved sign-in has expired.", _INTERACTIVE),
    70011: (
        "The requested scope is not valid.",
        "Check that --cloud fits the tenant.",
    ),
    70016: ("The device code has not been entered yet.", "Enter it and wait."),
    70020: ("The device code has expired.", "Run scimdoctor login again and enter it sooner."),
    90002: (
        "The tenant does not exist in this cloud.",
        "Check --tenant (id or verified domain) and --cloud.",
    ),
    90014: ("A field of the request is missing.", "Please report this with the correlation id."),
    90072: (
        "The account is not known in this tenant.",
        "Have it invited as a guest, or use an account of the tenant.",
    ),
    90094: ("An administrator must consent.", _CONSENT),
    90099: ("An administrator must consent in this tenant (unlisted).", _CONSENT),
    500011: (
        "The tenant does not know the service that the token is for.",
        "Check that --cloud fits the tenant.",
    ),
    500014: ("The service is disabled in the tenant.", "Ask an administrator to enable it."),
    500021: (
        "The network only allows sign-in to certain tenants.",
        "Use another network, or have the tenant allowed.",
    ),
    500133: ("The assertion is outside its time of validity.", _CLOCK),
    530003: ("A policy asks for a registered device (unlisted).", _DEVICE_POLICY),
    530036: ("A policy blocks this way of signing in (unlisted).", _DEVICE_POLICY),
    700016: (
        "The app is not known in this tenant.",
        "Check --client-id and --tenant; the app must be registered or consented to there.",
    ),
    700024: ("The client assertion is outside its time of validity.", _CLOCK),
    700027: (
        "The certificate does not belong to the app.",
        "Upload its public part under App registrations > Certificates & secrets.",
    ),
    700082: ("The saved sign-in has expired through disuse (unlisted).", _INTERACTIVE),
    700213: (
        "No federated credential of the app matches the token.",
        "Compare issuer, subject and audience under Certificates & secrets > Federated credentials.",
    ),
    900144: ("A field of the request is missing.", "Please report this with the correlation id."),
    1000502: (
        "The certificate is outside its time of validity (unlisted).",
        "Renew it and upload its public part.",
    ),
    7000112: ("The app is disabled in the tenant.", "Have an administrator enable it."),
    7000215: (
        "The client secret is wrong.",
        "Use the secret's value, not its id, in SCIMDOCTOR_CLIENT_SECRET.",
    ),
    7000218: (
        "The app may not sign in people without a secret.",
        "In the app registration set Authentication > Allow public client flows to Yes.",
    ),
    7000222: (
        "The client secret has expired.",
        "Make a new one under App registrations > Certificates & secrets and set "
        "SCIMDOCTOR_CLIENT_SECRET.",
    ),
}
"""For each number: what it means, and what to do."""


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the AADSTS numbers that `text` mentions, in order, each once."""
    return tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(text)))


_OF_APPS = frozenset(
    {90002, 500011, 700016, 700024, 700027, 1000502, 7000112, 7000215, 7000218, 7000222}
)
"""Errors of an app's own sign-in, which an app's token endpoint at Microsoft may answer, too."""

_ACTIVITY = "Entra admin center > Monitoring & health > Sign-in logs"


def steps_of(number: int, step: str) -> tuple[Remediation, ...]:
    """Where to look it up, how to see that it is over, and what it means in a provisioning log."""
    command = "scimdoctor login" if "login" in step or "browser" in step else "scimdoctor whoami"
    own = admin(f"Portal: {_ACTIVITY}: find the failed sign-in. See that it is over:", command)
    if number not in _OF_APPS:
        return (own,)
    return (
        own,
        admin(
            "Where a quarantine or Test connection says it, the app's token endpoint did: Portal: "
            f"{CREDENTIALS}: correct token endpoint, client id and client secret, test, save.",
            "scimdoctor job restart APP --scope quarantine",
        ),
        developer(
            "POST to the token endpoint with grant_type=client_credentials, client_id and client_secret "
            "must give 200 with access_token and expires_in; say when the secret ends."
        ),
    )
