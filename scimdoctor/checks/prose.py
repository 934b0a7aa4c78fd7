"""The few places where a server's own words are read, because its status does not tell enough.

Every pattern names where it was seen. What is found here is said as the server's words, and a
check falls back to what the status says when nothing matches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange

_THING = r"(?:role|licen[cs]es?|seats?|subscription|plan|feature|realm|quota)"
_LACK = (
    r"(?:not found|does not exist|missing|not enabled|disabled|exhausted|exceeded|required"
    r"|no longer|are left|is left|not available|reached)"
)
_PREREQUISITE = re.compile(rf"\b{_THING}\b[^.]{{0,80}}\b{_LACK}|\bno (?:free )?{_THING}\b", re.I)
"""A Keycloak SCIM server: "SCIM managed role not found"; licence and seat limits of several apps."""

_USED_UP = re.compile(
    r"\b(?:seats?|licen[cs]es?)\b[^.]{0,40}\b(?:taken|used|in use|assigned)\b", re.I
)
"""The usual words of apps that are sold by the seat; not from a public report."""

_NO_API_KEY = re.compile(
    r"\b(?:no|missing|requires?|provide)\b[^.]{0,30}\bapi[-_ ]?key\b"
    r"|\bapi[-_ ]?key\b[^.]{0,30}\b(?:missing|required|not (?:found|provided|present))\b",
    re.I,
)
"""Kong's key-auth: "No API key found in request"; AWS and Azure gateways have words like it."""

_SWITCHED_OFF = re.compile(
    r"\b(?:scim|(?:user )?provisioning)\b[^.]{0,60}"
    r"\b(?:not (?:yet )?(?:enabled|activated|available)|disabled|(?:switched|turned) off)\b",
    re.I,
)
"""The usual words of apps in which SCIM is a switch; not from a public report."""

_SIGN_IN = re.compile(r"(?:log-?in|sign-?in|sso|saml|oauth2?/authorize|/authorize)\b", re.I)
"""Locations of the usual sign-in pages."""

_DOMAIN = re.compile(r"\bdomain\b", re.I)
"""Airbyte and GitLab: addresses outside a verified domain are refused."""


def missing_prerequisite(exchange: Exchange) -> bool:
    """Whether the answer says that something in the app must exist or be bought first."""
    text = exchange.response.text if exchange.response else ""
    return any(p.search(text) for p in (_PREREQUISITE, _USED_UP, _SWITCHED_OFF))


def misses_api_key(exchange: Exchange) -> bool:
    """Whether an app to which a bearer token was sent says that it got no key at all."""
    text = exchange.response.text if exchange.response else ""
    return bool(_NO_API_KEY.search(text))


def is_sign_in(exchange: Exchange) -> bool:
    """Whether a redirect leads to a sign-in page."""
    location = exchange.response.header("location") if exchange.response else None
    return bool(location and _SIGN_IN.search(location))


def names_domain(exchange: Exchange) -> bool:
    """Whether a refusal speaks of the address's domain."""
    return exchange.response is not None and bool(_DOMAIN.search(exchange.response.text))
