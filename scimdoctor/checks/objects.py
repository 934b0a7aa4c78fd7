"""The users and groups that a run makes, and how requests and answers speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.shapes import resources_of
from scimdoctor.entra import requests
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scimdoctor.model.exchange import Exchange, ScimRequest


@dataclass(kw_only=True)
class TestObject:
    """A user or group that we made."""

    __test__ = False

    resource: str
    id: str
    sent: dict[str, Any]
    """What it was created with, by attribute path."""

    created: Exchange
    state: dict[str, Any] | None = None
    """As last read by id; `None` when something may have changed since."""

    seen: Exchange | None = None
    """The last read by id."""

    @property
    def name(self) -> str:
        """The userName or displayName it was created with."""
        return str(self.sent.get("userName" if self.resource == "Users" else "displayName"))


def holds(exchange: Exchange, thing: TestObject) -> bool:
    """Whether a list answer has `thing` in it."""
    return exchange.ok and any(str(r.get("id")) == thing.id for r in resources_of(exchange))


def patch_request(thing: TestObject, operations: Sequence[dict[str, Any]]) -> ScimRequest:
    """A PATCH with exactly these operations."""
    body = {"schemas": [urns.PATCH_OP], "Operations": list(operations)}
    return requests.with_body("PATCH", requests.object_path(thing.resource, thing.id), body)


def created_id(exchange: Exchange) -> str | None:
    """The id in the answer to a create, as text; `None` if there is none."""
    body = exchange.json
    identifier = body.get("id") if isinstance(body, dict) else None
    if isinstance(identifier, bool) or not isinstance(identifier, str | int):
        return None
    return str(identifier) or None
