"""What a Graph access token says of itself, read for display only.

Microsoft calls these tokens opaque to clients: nothing here decides access, it only words
messages. A token that cannot be read gives `None`. Source: Entra "Access token claims reference".
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scimdoctor.redaction import Secret

DIRECTORY_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": "Hybrid Identity Administrator",
    "4a5d8f65-41da-4de4-8968-e035b65339cf": "Reports Reader",
    "5d6b6bb7-de71-4623-b4af-96380a352509": "Security Reader",
    "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f": "Security Operator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
}
"""Template ids of the roles that matter here (Entra "Built-in roles"); `wids` carries them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenClaims:
    """The claims that messages need."""

    scopes: frozenset[str] = frozenset()
    """Delegated permissions (`scp`)."""

    roles: frozenset[str] = frozenset()
    """Application permissions (`roles`)."""

    directory_roles: tuple[str, ...] = ()
    """Names of the user's directory roles, as far as we know them (`wids`)."""

    tenant: str | None = None
    app_id: str | None = None
    app_name: str | None = None
    user: str | None = None
    expires: datetime | None = None

    @property
    def is_delegated(self) -> bool:
        """Whether a person signed in; otherwise the app acts for itself."""
        return bool(self.scopes) or self.user is not None

    @property
    def permissions(self) -> frozenset[str]:
        """The permissions that count for this kind of token."""
        return self.scopes if self.is_delegated else self.roles


def read_claims(token: Secret) -> AccessTokenClaims | None:
    """Read the claims of `token`; the signature is not checked, that is Graph's to do."""
    parts = token.reveal().split(".")
    payload = _payload(parts[1]) if len(parts) >= 2 else None
    if payload is None:
        return None
    return AccessTokenClaims(
        scopes=frozenset(str(payload.get("scp") or "").split()),
        roles=frozenset(_texts(payload.get("roles"))),
        directory_roles=_role_names(payload.get("wids")),
        tenant=_text(payload.get("tid")),
        app_id=_text(payload.get("appid") or payload.get("azp")),
        app_name=_text(payload.get("app_displayname")),
        user=_text(payload.get("upn") or payload.get("preferred_username")),
        expires=_time(payload.get("exp")),
    )


def _payload(part: str) -> dict[str, Any] | None:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _role_names(value: object) -> tuple[str, ...]:
    names = (DIRECTORY_ROLES.get(wid.casefold()) for wid in _texts(value))
    return tuple(sorted(name for name in names if name))


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
