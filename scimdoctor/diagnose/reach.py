"""Whether the endpoint can be asked at all with the address and token that were given.

An answer to a wrong address or token says nothing about what Entra meets with its own, so it must
not be taken for a cause of what the log shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from scimdoctor.entra import requests
from scimdoctor.model.rule import Layer

if TYPE_CHECKING:
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange

_REFUSED = frozenset({401, 403})
_NO_ROOT = frozenset({404, 410})
_OTHERS = (
    requests.get("/ServiceProviderConfig"),
    requests.get("/Users", [("startIndex", "1"), ("count", "1")]),
)
"""What a SCIM root answers besides the matching query."""


def obstacle(endpoint: Endpoint) -> str | None:
    """Send what Entra's connection test sends; say what stands in the way, `None` if nothing does.

    A 404 alone may be the app's way to say "nobody found"; the address is only doubted if neither
    `/ServiceProviderConfig` (RFC 7644 section 4) nor a list of users is there either.
    """
    first = endpoint.send(requests.probe("Users", "userName", str(uuid4())))
    if first.failure is not None:
        return f"it could not be reached: {first.failure.message}"
    if first.status in _REFUSED:
        return f"it refused the token given to scimdoctor ({first.status})"
    if _is_no_root(first) and not any(_is_object(endpoint.send(other)) for other in _OTHERS):
        return f"it answered {first.status}, and nothing of SCIM is there: is this the tenant URL?"
    return None


def _is_no_root(exchange: Exchange) -> bool:
    status = exchange.status or 0
    # Broken JSON, or a bare array, is a fault of a SCIM endpoint; a page is none.
    media = exchange.response.media_type if exchange.response is not None else ""
    is_page = exchange.ok and not isinstance(exchange.json, dict) and "json" not in media
    return status in _NO_ROOT or 300 <= status < 400 or is_page


def _is_object(exchange: Exchange) -> bool:
    return exchange.ok and isinstance(exchange.json, dict)


def is_about_reaching(diagnosis: Diagnosis) -> bool:
    """Whether Entra itself had trouble of that kind, so that ours may be the same."""
    return diagnosis.layer in {Layer.CREDENTIALS, Layer.NETWORK}
