"""The lab's access tokens: shaped like Microsoft's, worth nothing outside the lab."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scimdoctor.lab.tenant import LabTenant

_HEADER = {"typ": "JWT", "alg": "none", "kid": "scimdoctor-lab"}


def issue(tenant: LabTenant, claims: dict[str, Any]) -> str:
    """Return a token that holds `claims`."""
    body = f"{encode(_HEADER)}.{encode(claims)}"
    return f"{body}.{tenant.sign(body)}"


def read(tenant: LabTenant, token: str) -> dict[str, Any] | None:
    """Return the claims of a token that this tenant issued; `None` for any other text."""
    body, _, signature = token.rpartition(".")
    if not body or not hmac.compare_digest(signature.encode(), tenant.sign(body).encode()):
        return None
    return decode(body.partition(".")[2])


def encode(value: dict[str, Any]) -> str:
    """Return `value` as base64url JSON without padding."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def decode(text: str) -> dict[str, Any] | None:
    """Return the object that `encode` made `text` from; `None` if it is not such a text."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    return value if isinstance(value, dict) else None
