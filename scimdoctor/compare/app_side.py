"""Finds and lists objects in the app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.entra.http_statuses import status_of
from scimdoctor.model.exchange import LONGEST_ANSWER, LONGEST_EVIDENCE
from scimdoctor.scim.error import ScimError
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.exchange import Exchange

PAGE = 200
_LONGEST_DETAIL = 200
_WRONG_TOKEN = (
    "Give scimdoctor the token that is saved in Entra (SCIMDOCTOR_ENDPOINT_TOKEN or --token-file);"
    " if it is that one, it has expired or was revoked"
)
_GROUPS_LOOKED_AT = 10
_MOST_PAGES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look-up gave."""

    resources: tuple[dict[str, Any], ...] = ()
    trouble: str | None = None
    """Why the answer is of no use; then `resources` says nothing."""


def look_up(endpoint: Endpoint, resource: str, attribute: str, value: str) -> Found:
    """Ask as Entra does: `attribute eq "value"`."""
    return _resources(endpoint.send(requests.match_query(resource, attribute, value)))


def read(endpoint: Endpoint, resource: str, object_id: str) -> Found:
    """Read one object, a group's members included, by the app's id; none if it has none such."""
    exchange = endpoint.send(
        requests.get(requests.object_path(resource, object_id)), body_bytes=LONGEST_ANSWER
    )
    if exchange.response is not None and len(exchange.response.body) > LONGEST_EVIDENCE:
        endpoint.recorder.forget(exchange.id)
    if exchange.status == 404:
        return Found()
    body = exchange.json
    if not exchange.ok or not isinstance(body, dict):
        return Found(trouble=_trouble(exchange))
    return Found(resources=(body,))


def listing_trouble(endpoint: Endpoint, resource: str) -> str | None:
    """Why the app does not list its users or groups; asks for one of them."""
    exchange = endpoint.send(requests.get(f"/{resource}", [("startIndex", "1"), ("count", "1")]))
    return _trouble(exchange) if _rows(exchange) is None else None


def shows_members(endpoint: Endpoint) -> bool:
    """Whether the app shows the members of any of its first groups, so that none means empty."""
    window = [("startIndex", "1"), ("count", str(_GROUPS_LOOKED_AT))]
    exchange = endpoint.send(requests.get("/Groups", window), body_bytes=LONGEST_ANSWER)
    groups = (_rows(exchange) or [])[:_GROUPS_LOOKED_AT]
    if any(member(group, "members") for group in groups):
        return True
    ids = [str(member(group, "id")) for group in groups]
    found = (read(endpoint, "Groups", object_id) for object_id in ids)
    return any(member(group, "members") for answer in found for group in answer.resources)


def _resources(exchange: Exchange) -> Found:
    rows = _rows(exchange)
    return Found(trouble=_trouble(exchange)) if rows is None else Found(resources=tuple(rows))


def _rows(exchange: Exchange) -> list[dict[str, Any]] | None:
    body = exchange.json
    if not exchange.ok or not isinstance(body, dict):
        return None
    rows = member(body, "Resources")
    if rows is None and member(body, "totalResults") == 0:
        return []
    return [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else None


def _trouble(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return f"no answer to {exchange.request.target}: {exchange.failure.message}"
    what = "no SCIM answer" if exchange.ok else _status_words(exchange)
    if exchange.response is not None and exchange.response.truncated:
        what = f"the answer is longer than {LONGEST_ANSWER // 2**20} MiB"
    return f"{exchange.request.method} {exchange.request.target}: {what}"


def _status_words(exchange: Exchange) -> str:
    """The status, what the app says to it, what it mostly means, and what to do about a token."""
    error = ScimError.parse(exchange.json)
    said = " ".join((error.detail or "").split())[:_LONGEST_DETAIL] if error else ""
    number = exchange.status or 0
    known = status_of(number)
    words = [f"status {number}" + (f" {said!r}" if said else "")]
    words += [known.meaning] if known else []
    words += [_WRONG_TOKEN] if number == 401 else []
    return ". ".join(word.rstrip(".") for word in words)


@dataclass(slots=True)
class Listing:
    """Walks all users or groups, page by page; keeps one page in memory. Members are left out.

    Servers that lie about paging end the walk with a note in `limits`, never a loop.
    """

    endpoint: Endpoint
    resource: str
    page: int = PAGE
    seen: int = 0
    """How many objects the pages that are done with held; a later walk can begin there."""

    total: int | None = None
    limits: list[str] = field(default_factory=list)
    complete: bool = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        last_first = None
        for _ in range(_MOST_PAGES):
            rows = self._page(self.seen + 1)
            if not rows:
                self._end()
                return
            first = str(member(rows[0], "id"))
            if first == last_first:
                self.limits.append(f"/{self.resource} ignores startIndex: one page was seen")
                return
            # RFC 7643 section 3.1 has every resource carry an id; what has none is not told apart.
            named = [row for row in rows if member(row, "id") is not None]
            if len(named) < len(rows) and not self.limits:
                self.limits.append(f"/{self.resource} lists objects without an id: left out")
            yield from named
            self.seen, last_first = self.seen + len(rows), first
            if self.total is not None and self.seen >= self.total:
                self._end()
                return

    def _end(self) -> None:
        """The list is complete if it held as many objects as it said, or said nothing."""
        self.complete = not self.limits and self.total in {None, self.seen}
        if not self.complete and not self.limits:
            self.limits.append(
                f"/{self.resource} says totalResults {self.total} and lists {self.seen}:"
                " it may be incomplete"
            )

    def _page(self, start: int) -> list[dict[str, Any]]:
        wanted = [("startIndex", str(start)), ("count", str(self.page))]
        if self.resource == "Groups":
            wanted.insert(0, ("excludedAttributes", "members"))
        exchange = self.endpoint.send(
            requests.get(f"/{self.resource}", wanted), body_bytes=LONGEST_ANSWER
        )
        rows = _rows(exchange)
        if rows is None:
            self.limits.append(f"/{self.resource} could not be listed: {_trouble(exchange)}")
            return []
        # A page can be megabytes: what is read is not kept as evidence.
        self.endpoint.recorder.forget(exchange.id)
        total = member(exchange.json, "totalResults")
        if isinstance(total, int) and not isinstance(total, bool):
            self.total = total
        return rows
