"""Knows everything that a run created in the app, journals it before, and removes it after."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from scimdoctor.endpoint.journal import JournalledResource, new_key
from scimdoctor.endpoint.leftovers import NEVER_ANSWERED, is_list, search
from scimdoctor.entra import requests
from scimdoctor.errors import WriteRefused, WritesUsedUp
from scimdoctor.model.exchange import FailureKind, json_of
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scimdoctor.model.exchange import Exchange, ScimRequest

_SILENT = frozenset({None, 429, 502, 503, 504})
"""What an app that has gone away answers; `None`: nothing."""

_NOT_TRIED = "not tried, as the app has stopped answering"
_IF_DENIED = 2
"""Requests for an object that DELETE may say is not there: it is looked for."""

_IF_RETRIED = 2
_ENOUGH_LOOKS = 3
"""So many in a row that are gone, by id and by name, speak for the rest."""

_SECOND_LOOK = 0.5
"""Seconds after which a deleted object that can still be read counts as kept."""


_NEVER_SENT = frozenset(
    {FailureKind.DNS, FailureKind.REFUSED, FailureKind.TLS, FailureKind.CREDENTIALS}
)


class ResourceJournal(Protocol):
    """What the checks need of `endpoint.journal.Journal`."""

    def about_to_create(
        self, base_url: str, resource: str, *, attribute: str, value: str, key: str
    ) -> str:
        """Write down what is about to be created under `key`, which is returned."""

    def created(self, key: str, resource_id: str) -> None:
        """Write down the app's id."""

    def forget(self, key: str) -> None:
        """Write down that it is gone."""


class NoJournal:
    """Keeps nothing, for endpoints that live only as long as the process."""

    def about_to_create(
        self, base_url: str, resource: str, *, attribute: str, value: str, key: str
    ) -> str:
        """Keep nothing."""
        return key

    def created(self, key: str, resource_id: str) -> None:
        """Keep nothing."""

    def forget(self, key: str) -> None:
        """Keep nothing."""


@dataclass(kw_only=True)
class Ticket:
    """One object that was, or may have been, created."""

    key: str
    resource: str
    attribute: str
    value: str
    id: str | None = None
    answered: bool = False
    """Whether the app answered the create: one without answer may take effect later."""


class Tracker:
    """Sees every create and delete pass by; `remove_all` undoes what is left. Thread-safe."""

    def __init__(self, journal: ResourceJournal, base_url: str) -> None:
        self._journal = journal
        self._base_url = base_url
        self._tickets: list[Ticket] = []
        self._deleted_before: list[Ticket] = []
        self._lock = threading.Lock()
        self._denied = False
        """Whether a DELETE of what is there was ever answered that it is not."""

        self._absent: dict[str, Exchange] = {}
        """Answers to a DELETE beside others that there is nothing to delete."""

        self._in_vain = 0
        """How many that were not there any more were looked for by name, one after the other."""

    def send(self, request: ScimRequest, send: Callable[[ScimRequest], Exchange]) -> Exchange:
        """Send `request` and take note of what it creates or deletes.

        Raises:
            WriteRefused: the guard refused it, so nothing was sent.
        """
        ticket = self._before(request)
        try:
            exchange = send(request)
        except WriteRefused:
            if ticket is not None:
                self._forget(ticket)
            raise
        self._after(ticket, exchange)
        return exchange

    def _before(self, request: ScimRequest) -> Ticket | None:
        """Journal a create before it is sent; `None` for any other request."""
        resource = request.path.strip("/")
        body = request.json
        if request.method != "POST" or resource not in {"Users", "Groups"}:
            return None
        attribute = "userName" if resource == "Users" else "displayName"
        value = str(member(body, attribute) or "") if isinstance(body, dict) else ""
        key = new_key()
        ticket = Ticket(key=key, resource=resource, attribute=attribute, value=value)
        with self._lock:
            # Known before it is journalled: nothing that interrupts may come between.
            self._tickets.append(ticket)
        self._journal.about_to_create(
            self._base_url, resource, attribute=attribute, value=value, key=key
        )
        return ticket

    def _after(self, ticket: Ticket | None, exchange: Exchange) -> None:
        """Take note of what a request brought about."""
        if ticket is not None:
            self._after_create(ticket, exchange)
        elif exchange.request.method == "DELETE" and exchange.ok:
            self._deleted(exchange.request.path)
        elif exchange.request.method == "DELETE" and exchange.status in {404, 410}:
            self._denied = self._denied or bool(self._at(exchange.request.path))

    def _after_create(self, ticket: Ticket, exchange: Exchange) -> None:
        answer = exchange.json
        identifier = answer.get("id") if isinstance(answer, dict) else None
        ticket.answered = exchange.status is not None
        if exchange.failure is not None and exchange.failure.kind in _NEVER_SENT:
            self._forget(ticket)
        elif exchange.ok and isinstance(identifier, str | int) and not isinstance(identifier, bool):
            ticket.id = str(identifier)
            self._journal.created(ticket.key, ticket.id)
        elif exchange.status is not None and 400 <= exchange.status < 500:
            self._forget(ticket)

    def _at(self, path: str) -> list[Ticket]:
        """What is there as far as is known, and addressed by `path`."""
        with self._lock:
            return [
                t for t in self._tickets if t.id and requests.object_path(t.resource, t.id) == path
            ]

    def _deleted(self, path: str) -> None:
        for ticket in self._at(path):
            self._deleted_before.append(ticket)
            self._forget(ticket)

    def _forget(self, ticket: Ticket) -> None:
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
        self._journal.forget(ticket.key)

    def identify(self, resource: str, value: str, identifier: str) -> None:
        """Take note of the id of something whose create gave none back."""
        with self._lock:
            found = [t for t in self._tickets if (t.resource, t.value) == (resource, value)]
        for ticket in found:
            ticket.id = ticket.id or identifier
            self._journal.created(ticket.key, ticket.id)

    @property
    def left(self) -> int:
        """How many objects were, or may have been, created and are not known to be gone."""
        with self._lock:
            return len(self._tickets)

    def deletions(self, *, retried: bool) -> int:
        """How many requests it may take to remove what is left, of an app whose answers may need a retry."""
        usual = _IF_DENIED if self._denied else _IF_RETRIED if retried else 1
        with self._lock:
            unknown = sum(ticket.id is None for ticket in self._tickets)
        return self.left * usual + unknown  # whose id must be asked for first

    def ids(self, resource: str) -> list[str]:
        """The ids of all objects of this kind that are there now."""
        with self._lock:
            found = [t.id for t in self._tickets if t.resource == resource and t.id]
        return list(dict.fromkeys(found))

    def remove_all(
        self,
        send: Callable[[ScimRequest], Exchange],
        *,
        send_all: Callable[[Sequence[ScimRequest]], Sequence[Exchange]] = lambda _: (),
        sleep: Callable[[float], None],
        patience: int = 2,
    ) -> tuple[str, ...]:
        """Delete what is left, newest first; returns what could not be removed, in words.

        An app may answer DELETE with success and keep the object: the first of each kind is looked
        for again, and where it is still there, so are the others of its kind. An app that has gone
        away is waited for `patience` times for each kind, not once for each object. `send_all` may
        send several at once; what it leaves over, or was not answered with success, goes alone.
        """
        left: list[str] = []
        removed = self._at_once(send_all)
        for _ in range(2):  # what held an object back may have gone in the first round
            left, known, hope = [], len(removed), False
            silent = dict.fromkeys(("Users", "Groups"), 0)
            for ticket in self._newest_first():
                kind = ticket.resource
                gone = silent[kind] >= patience
                problem = _Kept(_NOT_TRIED, silent=True) if gone else self._remove(ticket, send)
                silent[kind] += 1 if problem and problem.silent else -silent[kind]
                if problem is None:
                    removed.append(ticket)
                else:
                    left.append(f"{_words(ticket)}: {problem.words}")
                    hope = hope or not problem.lasting
            if not hope or len(removed) == known or any(n >= patience for n in silent.values()):
                break
        removed += self._deleted_before
        for resource in ("Users", "Groups"):
            alike = [t for t in removed if t.resource == resource and t.id is not None]
            if alike and _is_there(alike[0], send, sleep):
                left.append(f"{_words(alike[0])}: DELETE succeeds, and a read still finds it")
                left += [f"{_words(t)}: deleted in the same way" for t in alike[1:]]
        return tuple(left)

    def _at_once(
        self, send_all: Callable[[Sequence[ScimRequest]], Sequence[Exchange]]
    ) -> list[Ticket]:
        """Those that went when they were deleted side by side; groups first."""
        removed: list[Ticket] = []
        for resource in ("Groups", "Users"):
            alike = {t.id: t for t in self._newest_first() if t.id and t.resource == resource}
            wanted = [requests.delete(resource, identifier) for identifier in alike if identifier]
            for ticket, exchange in zip(alike.values(), send_all(wanted), strict=False):
                if exchange.ok:
                    removed.append(ticket)
                    self._forget(ticket)
                elif exchange.status in {404, 410}:
                    self._absent[ticket.key] = exchange
        return removed

    def _newest_first(self) -> list[Ticket]:
        """What is left; groups before users, who may not go while they are members."""
        newest = self._tickets[::-1]
        groups = [ticket for ticket in newest if ticket.resource == "Groups"]
        return groups + [ticket for ticket in newest if ticket not in groups]

    def _remove(self, ticket: Ticket, send: Callable[[ScimRequest], Exchange]) -> _Kept | None:
        """Delete one object; why it may still be there, or `None` once it is gone."""
        try:
            exchange = self._deletion(ticket, send)
        except _Unknown as event:
            return _Kept(str(event))
        except _Denied as event:
            return _Kept(str(event), lasting=True)
        except WritesUsedUp as event:
            return _Kept(event.message)
        if exchange is None or exchange.ok or exchange.status in {404, 410}:
            self._forget(ticket)
            return None
        words = f"answered {exchange.status}" if exchange.status else "gave no answer"
        return _Kept(words, silent=exchange.status in _SILENT)

    def _deletion(self, ticket: Ticket, send: Callable[[ScimRequest], Exchange]) -> Exchange | None:
        """The exchange that decides whether the object is gone; `None` if it never was there."""
        if ticket.id is None:
            answer = self._ask_for(ticket, send)
            ticket.id = self._found(ticket, answer) if answer else None
            if ticket.id is None and answer is not None:
                # Without an answer nobody knows whether the create took effect.
                if answer.status in _SILENT:
                    return answer
                ticket.id = self._listed(ticket, answer, send)
            if ticket.id is None:
                return None
        known = self._absent.pop(ticket.key, None)
        exchange = known or send(requests.delete(ticket.resource, ticket.id))
        if exchange.status in {404, 410} and self._in_vain < _ENOUGH_LOOKS:
            # The create may have answered another id than the one that counts.
            answer = self._ask_for(ticket, send)
            other = self._found(ticket, answer) if answer else None
            self._in_vain = 0 if other else self._in_vain + 1
            if other == ticket.id:
                raise _Denied(f"answered {exchange.status}, and the query still finds it")
            if other is not None:
                exchange = send(requests.delete(ticket.resource, other))
        return exchange

    def _listed(
        self, ticket: Ticket, answer: Exchange, send: Callable[[ScimRequest], Exchange]
    ) -> str | None:
        """The id of what the query gave no `answer` for; `None` if it is known not to be there.

        Raises:
            _Unknown: the app does not tell, or may create it yet.
        """
        if not is_list(answer):
            wanted = JournalledResource(
                key=ticket.key,
                base_url=self._base_url,
                resource=ticket.resource,
                attribute=ticket.attribute,
                value=ticket.value,
            )
            found = search(send, wanted)
            if found.problem is not None:
                raise _Unknown(found.problem)
            if found.ids:
                return found.ids[0]
        if not ticket.answered:
            raise _Unknown(NEVER_ANSWERED)
        return None

    def _ask_for(self, ticket: Ticket, send: Callable[[ScimRequest], Exchange]) -> Exchange | None:
        """The query for something by the name it was created with, if it had one."""
        if not ticket.value:
            return None
        return send(requests.match_query(ticket.resource, ticket.attribute, ticket.value))

    def _found(self, ticket: Ticket, answer: Exchange) -> str | None:
        """The id that the query for `ticket` found."""
        found = answer.json
        if found is None and answer.response is not None:
            found = json_of(answer.response.text.encode())
        resources: Any = member(found, "Resources") if isinstance(found, dict) else None
        for resource in resources if isinstance(resources, list) else []:
            if isinstance(resource, dict) and member(resource, ticket.attribute) == ticket.value:
                return str(resource.get("id")) if resource.get("id") is not None else None
        return None


class _Unknown(Exception):
    """Nobody knows whether an object is in the app; the message says why."""


class _Denied(Exception):
    """DELETE says that there is nothing, and a query finds it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Why an object may still be in the app."""

    words: str
    silent: bool = False
    """Whether the app may have gone away."""

    lasting: bool = False
    """Whether to try again would be in vain."""


def _words(ticket: Ticket) -> str:
    known = f" (id {ticket.id})" if ticket.id is not None else ""
    return f"{ticket.resource} {ticket.value!r}{known}"


def _is_there(
    ticket: Ticket, send: Callable[[ScimRequest], Exchange], sleep: Callable[[float], None]
) -> bool:
    """Whether a deleted object can still be read, also a moment later."""
    assert ticket.id is not None  # noqa: S101 - only such tickets are asked about
    request = requests.get(requests.object_path(ticket.resource, ticket.id))
    if not _shows(send(request), ticket):
        return False
    sleep(_SECOND_LOOK)
    return _shows(send(request), ticket)


def _shows(exchange: Exchange, ticket: Ticket) -> bool:
    body = exchange.json
    return exchange.ok and isinstance(body, dict) and str(body.get("id")) == ticket.id
