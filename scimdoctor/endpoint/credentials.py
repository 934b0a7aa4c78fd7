"""How the endpoint is told who asks, and what is wrong with a token before it is ever sent."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Headers
    from scimdoctor.redaction import Secret

STORABLE_CHARACTERS = 1024
"""Entra keeps about 1 KB of credentials for a job; a longer token fails to save."""

UNUSABLE = "secret-token-unusable"
EXPIRED = "token-expired-or-revoked"


class CredentialsUnavailable(Exception):
    """The app's token endpoint gave no token; the message says why. Becomes a failed exchange."""


class Credentials(Protocol):
    """Gives the headers that authenticate a request."""

    def headers(self) -> Headers:
        """The headers to send now.

        Raises:
            CredentialsUnavailable: a token was to be fetched and could not be had.

        """

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be recorded."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The secret token, sent exactly as configured: a mistake in it must show as it does in Entra."""

    token: Secret

    def headers(self) -> Headers:
        """`Authorization: Bearer …`."""
        return (("Authorization", f"Bearer {self.token.reveal()}"),)

    def secrets(self) -> tuple[Secret, ...]:
        """The token."""
        return (self.token,)


@dataclass(frozen=True, slots=True)
class NoCredentials:
    """Sends nothing; for endpoints that know the caller otherwise, and to see a refusal."""

    def headers(self) -> Headers:
        """None."""
        return ()

    def secrets(self) -> tuple[Secret, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class ExtraHeaders:
    """Further headers on top of other credentials; their values are treated as secret."""

    inner: Credentials
    extra: tuple[tuple[str, Secret], ...]

    def headers(self) -> Headers:
        """Those of the inner credentials, then the extra ones."""
        return (*self.inner.headers(), *((name, value.reveal()) for name, value in self.extra))

    def secrets(self) -> tuple[Secret, ...]:
        """The inner ones, and every extra value long enough to be one."""
        longer = tuple(value for _, value in self.extra if len(value.reveal()) >= 8)
        return (*self.inner.secrets(), *longer)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProblem:
    """Why a token cannot work as it is typed."""

    cause: str
    message: str


def token_problems(token: Secret, *, now: datetime) -> tuple[TokenProblem, ...]:
    """Return what is wrong with `token` on sight; nothing is repaired."""
    text = token.reveal()
    if not text.strip():
        return (TokenProblem(cause=UNUSABLE, message="the token is empty"),)
    found: list[str] = []
    if text.strip().casefold().startswith("bearer "):
        found.append('the token begins with "Bearer", so the app is sent "Bearer Bearer …"')
    if text != text.strip():
        found.append("the token begins or ends with white space")
    elif any(character.isspace() for character in text.removeprefix("Bearer ")):
        found.append("the token has white space within it")
    if not text.isascii() or any(ord(character) < 32 for character in text):
        found.append("the token has characters that cannot stand in a header")
    if len(text) > STORABLE_CHARACTERS:
        found.append(f"the token has {len(text)} characters; Entra stores about 1 KB")
    problems = tuple(TokenProblem(cause=UNUSABLE, message=message) for message in found)
    ended = expiry(token)
    if ended is None or ended > now:
        return problems
    message = f"the token is a JWT that expired on {ended:%Y-%m-%d %H:%M} UTC"
    return (*problems, TokenProblem(cause=EXPIRED, message=message))


def expiry(token: Secret) -> datetime | None:
    """When a JWT says that it ends; `None` if `token` is no JWT or does not say."""
    parts = token.reveal().strip().split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None
