"""Removes journalled test resources from an app, and nothing else.

A resource is deleted only when the app shows that it is ours: it carries the journalled marker,
or the word that every test resource carries. A filter that the app ignores must not cost anybody
an account.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.model.exchange import json_of
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.journal import Journal, JournalledResource
    from scimdoctor.model.exchange import Exchange, ScimRequest

TEST_WORD = "scimdoctor"
"""Stands in the marker of every resource that we create."""


NOT_THERE = "not in the app (any more)"
NEVER_ANSWERED = "its create was never answered, so it may still come into being"
_PAGE = 100
_MOST_PAGES = 20
_GONE = frozenset({404, 410})


def cleanup_command(base_url: str) -> str:
    """The command that removes what is left in the app at `base_url`."""
    return f"scimdoctor cleanup --endpoint {shlex.quote(base_url)}"


def may_be_left(count: int, base_url: str) -> str:
    """How many test objects may still be in the app, and the command that removes them."""
    if not count:
        return "every test object was removed"
    objects, them = ("1 test object", "it") if count == 1 else (f"{count} test objects", "them")
    return f"{objects} may still be in the app. To remove {them}: {cleanup_command(base_url)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of one journalled resource."""

    resource: JournalledResource
    removed: bool
    """Whether it is known to be gone; the journal has forgotten it then."""

    message: str
    deleted: bool = False
    """Whether there was something to delete: what is gone may have been gone before."""

    exchanges: tuple[str, ...] = ()
    """Ids of the exchanges that show it."""


def remove_all(
    endpoint: Endpoint, journal: Journal, resources: Iterable[JournalledResource]
) -> Iterator[Removal]:
    """Remove `resources`, newest first (groups before the users in them); never raises for the app.

    Raises:
        WriteRefused: the guard allows no writes.
    """
    for resource in sorted(resources, key=_order, reverse=True):
        yield remove(endpoint, journal, resource)


def _order(resource: JournalledResource) -> tuple[bool, float]:
    created = resource.created_at
    return resource.resource == "Groups", created.timestamp() if created else 0.0


def remove(
    endpoint: Endpoint, journal: Journal, resource: JournalledResource, *, may_come: bool = False
) -> Removal:
    """Find `resource` in the app, make sure that it is ours, delete it and forget it.

    `may_come`: its create was sent a moment ago and not answered, so what is not there now is
    not known to be gone.
    """
    found = search(endpoint.send, resource)
    message = found.problem or NOT_THERE
    gone, deleted = found.problem is None, False
    if gone and may_come and not found.ids:
        gone, message = False, NEVER_ANSWERED
    shown = list(found.exchanges)
    for object_id in found.ids:
        exchange = endpoint.send(requests.delete(resource.resource, object_id))
        shown.append(exchange.id)
        deleted = deleted or exchange.ok
        gone = exchange.ok or exchange.status in _GONE
        message = "removed" if deleted else NOT_THERE
        if not gone:
            message = f"could not be removed: {_answer(exchange)}"
            break
    if gone:
        journal.forget(resource.key)
    return Removal(
        resource=resource,
        removed=gone,
        message=message,
        deleted=deleted,
        exchanges=tuple(shown),
    )


@dataclass(slots=True)
class Found:
    """What the app shows of one journalled resource."""

    ids: tuple[str, ...]
    exchanges: tuple[str, ...]
    problem: str | None = None
    """Why nothing can be said."""


def search(send: Callable[[ScimRequest], Exchange], resource: JournalledResource) -> Found:
    """Look for `resource` by id, by filter, and at last in the list."""
    return _Search(send, resource).run()


def is_list(exchange: Exchange) -> bool:
    """Whether the app answered a query properly, so that what is not listed is not there."""
    return exchange.status == 200 and _resources(exchange) is not None


class _Search:
    """Looks for one resource by id, by filter, and at last in the list."""

    def __init__(
        self, send: Callable[[ScimRequest], Exchange], resource: JournalledResource
    ) -> None:
        self._to_app = send
        self._resource = resource
        self._exchanges: list[str] = []

    def run(self) -> Found:
        wanted = self._resource
        if wanted.id is not None:
            return self._by_id(wanted.id)
        exchange = self._send(requests.match_query(wanted.resource, wanted.attribute, wanted.value))
        mine = self._mine(exchange)
        if mine:
            return self._found(mine)
        return self._listed(certain=is_list(exchange))

    def _by_id(self, object_id: str) -> Found:
        exchange = self._send(requests.read(self._resource.resource, object_id))
        if exchange.status in _GONE:
            # Some apps hide disabled users: a deletion by our own id harms nobody.
            return self._found((object_id,))
        if not exchange.ok or not isinstance(exchange.json, dict):
            return self._found((), f"could not be looked up: {_answer(exchange)}")
        if not self._is_ours(exchange.json):
            return self._found((), "the app now holds something else under its id; left alone")
        return self._found((object_id,))

    def _listed(self, *, certain: bool) -> Found:
        """Page through the list; `certain` says that the filter answered properly before."""
        seen = 0
        for _ in range(_MOST_PAGES):
            parameters = [("startIndex", str(seen + 1)), ("count", str(_PAGE))]
            exchange = self._send(requests.get(f"/{self._resource.resource}", parameters))
            mine, listed = self._mine(exchange), _resources(exchange)
            if mine:
                return self._found(mine)
            if listed is None:
                problem = None if certain else f"could not be looked up: {_answer(exchange)}"
                return self._found((), problem)
            seen += len(listed)
            if not listed or seen >= _total(exchange, seen):
                return self._found(())
        return self._found((), None if certain else "not among the objects that were listed")

    def _send(self, request: ScimRequest) -> Exchange:
        exchange = self._to_app(request)
        self._exchanges.append(exchange.id)
        return exchange

    def _mine(self, exchange: Exchange) -> tuple[str, ...]:
        wanted = self._resource
        return tuple(
            str(item["id"])
            for item in _resources(exchange) or []
            if isinstance(item.get("id"), str | int)
            and _same(value_at(item, wanted.attribute), wanted.value)
        )

    def _is_ours(self, resource: dict[str, Any]) -> bool:
        names = [value_at(resource, n) for n in ("userName", "displayName", "externalId")]
        if _same(value_at(resource, self._resource.attribute), self._resource.value):
            return True
        return any(isinstance(name, str) and TEST_WORD in name.casefold() for name in names)

    def _found(self, ids: tuple[str, ...], problem: str | None = None) -> Found:
        return Found(ids=ids, exchanges=tuple(self._exchanges), problem=problem)


def _resources(exchange: Exchange) -> list[dict[str, Any]] | None:
    body = exchange.json if exchange.ok else None
    if body is None and exchange.ok and exchange.response is not None:
        body = json_of(exchange.response.text.encode())  # JSON that is not in UTF-8
    found = body.get("Resources", []) if isinstance(body, dict) else body
    if not isinstance(found, list):
        return None
    return [item for item in found if isinstance(item, dict)]


def _total(exchange: Exchange, seen: int) -> int:
    """How many objects the app says it has; `seen` if it does not say."""
    total = exchange.json.get("totalResults") if isinstance(exchange.json, dict) else None
    return total if isinstance(total, int) else seen


def _same(actual: object, wanted: str) -> bool:
    return isinstance(actual, str) and actual.casefold() == wanted.casefold()


def _answer(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return exchange.failure.message
    return f"the app answers {exchange.status}"
