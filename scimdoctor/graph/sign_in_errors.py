"""Sign-in that failed, in plain words: from MSAL's error dictionaries and exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.errors import AuthenticationError, ScimDoctorError
from scimdoctor.graph.aadsts import AADSTS, numbers_in
from scimdoctor.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.graph.sign_in import SignIn

_LONGEST = 400
_BY_ERROR: Mapping[str, tuple[str, str]] = {
    "authorization_declined": ("The sign-in was declined.", "Run scimdoctor login again."),
    "access_denied": ("The sign-in was declined.", "Run scimdoctor login again."),
    "expired_token": (
        "The device code has expired.",
        "Run scimdoctor login again and enter the code sooner.",
    ),
    "temporarily_unavailable": ("Microsoft's sign-in is busy.", "Try again in a few minutes."),
    "managed_identity_unavailable": (
        "There is no managed identity here.",
        "Run on an Azure resource that has one, or choose another --auth.",
    ),
}
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
_UNCONFIGURED = "what answers there is no sign-in service, or knows no such tenant."
_REDO = frozenset({"interaction_required", "login_required", "consent_required", "invalid_grant"})


def refused(result: Mapping[str, Any], sign_in: SignIn) -> AuthenticationError:
    """Return the error for a dictionary in which MSAL reports a refusal."""
    description = str(result.get("error_description") or "")
    name = str(result.get("error") or "unknown error")
    listed = result.get("error_codes")
    codes = tuple(c for c in listed if isinstance(c, int)) if isinstance(listed, list) else ()
    codes = codes or numbers_in(description)
    known = next((AADSTS[code] for code in codes if code in AADSTS), None) or _BY_ERROR.get(name)
    meaning, hint = known or (None, None)
    if hint is None and name in _REDO:
        hint = "Sign in again: scimdoctor login."
    correlation = result.get("correlation_id")
    said = _first_line(description) or name
    number = f" (AADSTS{codes[0]})" if codes else ""
    trace = f" Correlation id {correlation}." if correlation else ""
    message = f"{meaning}{number}" if meaning else f"{said}"
    where = f"Signing in to {sign_in.tenant or 'Microsoft'} failed: "
    return AuthenticationError(
        f"{where}{message}{trace}",
        hint=hint,
        codes=codes,
        correlation_id=str(correlation) if correlation else None,
    )


def broken(error: Exception, sign_in: SignIn) -> ScimDoctorError:
    """Return the error for an exception out of MSAL or of the HTTP client under it.

    MSAL raises `ValueError` for a tenant whose configuration it cannot read, `MsalServiceError`
    for 5xx, and lets the HTTP client's own exceptions through. The authority's words are in the
    exception that the `ValueError` replaced.
    """
    if isinstance(error, ScimDoctorError):
        return error
    text = _first_line(str(error)) or type(error).__name__
    codes = numbers_in(f"{error} {error.__context__}")
    known = next((AADSTS[code] for code in codes if code in AADSTS), None)
    if known:
        meaning, hint = known
        message = f"{meaning} (AADSTS{codes[0]})"
        return AuthenticationError(
            f"Signing in to {sign_in.tenant or 'Microsoft'} failed: {message}",
            hint=hint,
            codes=codes,
        )
    if isinstance(error, OSError) and error.filename:
        return AuthenticationError(
            f"The saved sign-in {error.filename} cannot be used: {error.strerror or text}",
            hint="Set SCIMDOCTOR_CACHE to a folder that can be written to.",
        )
    if isinstance(error, _UNREADABLE):
        text = _UNCONFIGURED if isinstance(error.__context__, ValueError) else text
        return AuthenticationError(
            f"Microsoft's sign-in at {sign_in.authority} cannot be used: {text}",
            hint="Check --tenant and --cloud; behind a proxy, check that its answers are not "
            "sign-in pages of its own.",
        )
    return AuthenticationError(
        f"Microsoft's sign-in at {sign_in.authority} could not be reached: {text}",
        hint="Check the network, the proxy (HTTPS_PROXY) and, behind a TLS-inspecting proxy, its "
        "certificate authority (SCIMDOCTOR_CA_FILE).",
    )


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return redact_text(line.split(" Trace ID:")[0])[:_LONGEST]
