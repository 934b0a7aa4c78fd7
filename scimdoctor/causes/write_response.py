"""Tells that the answer to a write is wrong: its status, its body, or the id that it gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.answers import looks_like_list, resources_of
from scimdoctor.causes.around import found_later, never_found
from scimdoctor.causes.attributes import in_rfc
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import WRITES, Stage
from scimdoctor.causes.match import Match, first, likely, possible
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts
    from scimdoctor.model.exchange import Exchange

_BROKEN = frozenset({500, 502, 503, 504})
"""Statuses that leave open whether the app has done what it was asked for."""

_SEVERAL = 3
"""So many objects are hardly taken away, each before it was ever seen."""

_WRAPPED = re.compile(r"(?:^|[\s.:])\{\s*\"(\w+)\"\s*:\s*\{")
"""JSON whose first member is an object, as no resource begins (a quote may be cut short)."""


def write_response(facts: Facts) -> Match | None:
    """Match a write that is answered with a wrong status, a wrong body, or an id that leads nowhere."""
    seen = next((c for c in facts.contradictions if c.kind == "stale-answer"), None)
    if seen is not None:
        return likely(92, seen.summary)
    redirected = _redirected(facts) if facts.case.event is not None else None
    if redirected is not None:
        return redirected
    return _logged_response(facts) if facts.exchange is None else _seen_response(facts)


def _seen_response(facts: Facts) -> Match | None:
    """What the exchange tells of the answer to a write."""
    broken = facts.stage is Stage.CREATE and facts.status in _BROKEN
    if broken and facts.exchange is not None:
        return _created_all_the_same(facts, facts.exchange)
    if not facts.succeeded or facts.stage not in {Stage.CREATE, Stage.UPDATE, Stage.DELETE}:
        return None
    if facts.stage is Stage.CREATE:
        return _create_response(facts)
    if facts.stage is Stage.UPDATE and facts.status not in {200, 204}:
        return likely(84, f"PATCH is answered {facts.status}; 200 with the resource or 204 is due")
    if facts.stage is Stage.UPDATE and facts.status == 200 and facts.answer is None:
        return possible(44, "PATCH is answered 200 without the resource")
    return None


def lacking_in_answer(facts: Facts) -> Complaint | None:
    """What Entra or a validator misses in an answer to a write that it does not quote."""
    told = facts.status is None and facts.exchange is None and facts.stage in WRITES
    return facts.says(Breach.ANSWER_LACKS) if told else None


def _redirected(facts: Facts) -> Match | None:
    """A write that is redirected, after Entra's queries for the same object were answered."""
    redirected = facts.status in {301, 302, 303, 307, 308} and facts.reading.page is None
    if facts.stage not in WRITES or not redirected:
        return None
    text = f"the write is redirected ({facts.status}), though queries are answered"
    return likely(89, text) if facts.status == 303 else possible(84, text)


def _logged_response(facts: Facts) -> Match | None:
    """What the log alone tells of the answer to a write."""
    if facts.stage is Stage.CREATE and facts.says(Breach.UNREADABLE_ANSWER) is not None:
        return _unread_create(facts)
    lacking = lacking_in_answer(facts)
    if lacking is not None:
        return possible(72, "something is not in the app's answer", lacking.text)
    other = facts.says(Breach.ANSWER_STATUS)
    if other is not None and facts.stage in WRITES:
        return possible(78, "another status was expected of the app", other.text)
    if facts.stage is Stage.CREATE and facts.status in {405, 501}:
        return possible(60, f"POST is answered {facts.status}, though queries are answered")
    return first(_unknown_since_create(facts), _never_found(facts))


def _never_found(facts: Facts) -> Match | None:
    """Requests by id get 404 for objects that the app said to have created, and none was ever found."""
    by_id = facts.stage in {Stage.READ, Stage.UPDATE, Stage.DELETE} and facts.status in {404, 410}
    if not (by_id or facts.code("InvalidAnchor")) or facts.reference_named is not None:
        return None
    lost = never_found(facts.case)
    text = f"{lost} of those that failed were created, says the log, and none was found since"
    if lost >= _SEVERAL:
        return likely(95, text)
    return possible(58, text) if lost else None


def _unread_create(facts: Facts) -> Match | None:
    """An answer to a create that Entra could not read, and quotes more or less of."""
    quoted = facts.answer
    wrapper = _wrapper(facts)
    if wrapper is not None:
        return likely(91, f"the answer to the create wraps the resource in {wrapper!r}")
    if isinstance(quoted, dict) and member(quoted, "id") is None:
        return likely(93, "the answer to the create, as Entra quotes it, has no id")
    if quoted is None and (facts.case.recovered or found_later(facts.case)):
        text = "what was created could be read later, so it is the answer to the create"
        return possible(80, text)
    if quoted is not None:
        return None
    return possible(62, "Entra could not read the answer to the create")


def _wrapper(facts: Facts) -> str | None:
    """The key, no attribute's, under which a quoted answer holds the resource."""
    found = _WRAPPED.search(facts.reason.text)
    key = found[1] if found is not None else ""
    quoted = facts.answer if isinstance(facts.answer, dict) else {}
    beside = key in quoted and "id" in quoted
    return None if not key or beside or in_rfc(key) else key


def _unknown_since_create(facts: Facts) -> Match | None:
    """A create that was accepted, and in the same event a write by the id that it gave gets 404."""
    if not facts.just_created or facts.status not in {404, 410}:
        return None
    if facts.reference_named is not None or facts.says(Breach.NO_ROUTE, Breach.METHOD):
        return None
    text = "the create was accepted, and the id that it gave is unknown at once"
    if facts.own_id is not None and facts.own_id in facts.reading.words:
        return likely(95, text)
    return possible(84 if facts.reading.is_scim else 70, text)


def _created_all_the_same(facts: Facts, created: Exchange) -> Match | None:
    """A create that failed inside: what a query did not find before, a later one finds."""
    name = member(facts.body, "userName") if isinstance(facts.body, dict) else None
    place = facts.case.exchanges.index(created)
    before, after = facts.case.exchanges[:place], facts.case.exchanges[place + 1 :]
    again = any(e.ok and e.request.method.upper() == "POST" for e in after)
    asked = any(e.ok and looks_like_list(e.json) and not resources_of(e.json) for e in before)
    if not isinstance(name, str) or again or not asked or any(_shows(e, name) for e in before):
        return None
    if any(_shows(e, name) for e in after):
        return possible(
            84, f"the create is answered {facts.status}, yet the user is there after it"
        )
    return None


def _shows(exchange: Exchange, name: str) -> bool:
    """Whether a query shows the user of that name."""
    listed = resources_of(exchange.json) if exchange.ok else []
    return any(str(member(one, "userName")).casefold() == name.casefold() for one in listed)


def _create_response(facts: Facts) -> Match | None:
    if facts.status not in {200, 201}:
        return likely(86, f"POST is answered {facts.status}; 201 is due")
    answer = facts.answer
    if answer is None:
        return possible(62, "no answer to the create was recorded, or it was empty")
    if not isinstance(answer, dict) or not member(answer, "id"):
        return likely(87, "the answer to the create has no id")
    sent = member(facts.body, "active") if isinstance(facts.body, dict) else None
    if isinstance(sent, bool) and member(answer, "active") not in {sent, None}:
        return likely(85, "the answer to the create has another active value than was sent")
    if facts.status == 200:
        return possible(50, "POST is answered 200; 201 is due")
    return None
