"""Creates that clash with a user who is there, or must not: what makes two users the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, failed, noted
from scimdoctor.checks.ids import READ
from scimdoctor.checks.objects import created_id, holds
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, difference, flat, shown
from scimdoctor.entra import requests
from scimdoctor.model.rule import Severity
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange


def clashing(context: CheckContext, resource: str, attributes: dict[str, Any]) -> Exchange:
    """Create what is there already; a crash before a 409 is counted as a hiccup."""
    exchange = context.send(context.create_request(resource, attributes))
    if exchange.crashed:
        again = context.send(context.create_request(resource, attributes))
        if again.status == 409:
            context.intermittent.append(exchange)
            return again
    return exchange


def _duplicate(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    person = {**context.values.person("double"), "userName": user.name}
    exchange = clashing(context, "Users", person)
    words = f"POST of a userName that exists was answered {answer_words(exchange)}"
    context.spelling.clash_status = exchange.status
    if exchange.ok and created_id(exchange) == user.id:
        yield from _answered_again(context, exchange, person)
        del context.objects["subject"]  # it may have been overwritten
    elif exchange.ok:
        yield failed(f"{words} with a second user instead of 409.", exchange)
        _undo(context, exchange, user)
    elif exchange.status != 409:
        yield failed(f"{words} instead of 409.", exchange)
    else:
        body = exchange.json
        scim_type = body.get("scimType") if isinstance(body, dict) else None
        if scim_type != "uniqueness":
            yield noted(f"{words}, but scimType is {shown(scim_type)}, not uniqueness.", exchange)
        yield from _duplicate_in_capitals(context, user)


def _answered_again(
    context: CheckContext, create: Exchange, sent: dict[str, Any]
) -> Iterator[Result]:
    """Tell a create that gave the existing user back from one that wrote over it."""
    user = context.user("subject")
    before = flat(context.state(user))
    read = context.read(user)
    now = flat(user.state or {})
    new = {path: value_at(user.state or {}, path) for path in sent}
    lost = [p for p in before if p not in now or now[p] != before[p]]
    taken = [p for p in sent if p != "userName" and difference(sent[p], new[p]) is None]
    over = [p for p in taken if difference(user.sent.get(p), new[p]) is not None]
    words = f"POST of a userName that exists was answered {answer_words(create)}"
    if over:
        yield failed(
            f"{words} instead of 409, and overwrote the existing user: {over[0]} was "
            f"{shown(user.sent.get(over[0]))} and is {shown(new[over[0]])}.",
            create,
            read,
            severity=Severity.BLOCKER,
        )
    elif not read.ok or any(not p.startswith("meta.") for p in lost):
        seen = (
            f"{lost[0]} is not what it was" if read.ok else f"it is answered {answer_words(read)}"
        )
        yield failed(
            f"{words} instead of 409, and changed the existing user: {seen}.",
            create,
            read,
            severity=Severity.BLOCKER,
        )
    else:
        yield failed(f"{words} with the existing user, as it was, instead of 409.", create)


def _undo(context: CheckContext, exchange: Exchange, user: TestObject) -> None:
    """Delete what a create made that should have been refused: it would spoil later checks."""
    identifier = created_id(exchange)
    if identifier is not None and identifier != user.id:
        context.send(requests.delete("Users", identifier))


def _duplicate_in_capitals(context: CheckContext, user: TestObject) -> Iterator[Result]:
    local, _, domain = user.name.partition("@")
    person = {**context.values.person("double"), "userName": f"{local.upper()}@{domain}"}
    exchange = context.send(context.create_request("Users", person))
    if exchange.ok and created_id(exchange) != user.id:
        _undo(context, exchange, user)
        asked = context.find("Users", "userName", user.name.upper())
        missed = asked.ok and not holds(asked, user)
        missed = missed and holds(context.find("Users", "userName", user.name), user)
        yield failed(
            "POST of a userName that exists in other letter case was answered "
            f"{answer_words(exchange)}: userName is not case-exact."
            + (" Nor does the query find the user in other letter case." if missed else ""),
            exchange,
            cause="filter-case-sensitive" if missed else None,
            severity=Severity.MINOR,
        )


def _namesake(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    name = context.values.user_name("namesake")
    shared = {k: v for k, v in user.sent.items() if k not in {"userName", "externalId"}}
    own = {"userName": name, "externalId": context.values.guid()}
    emails = {path: name for path in shared if path.startswith("emails[")}
    number = {p: v + "7" for p, v in shared.items() if p.endswith(":employeeNumber")}
    exchange = context.send(context.create_request("Users", {**shared, **emails, **number, **own}))
    if not exchange.ok:
        yield failed(
            "POST of a user with another's name, but its own userName, e-mail address and "
            f"externalId was answered {answer_words(exchange)}.",
            exchange,
        )
        return
    yield from _shared_key(context, shared, number)


def _shared_key(
    context: CheckContext, shared: dict[str, Any], number: dict[str, Any]
) -> Iterator[Result]:
    external = {
        **context.values.person("namesake"),
        "externalId": context.user("subject").sent.get("externalId", "x"),
    }
    exchange = context.send(context.create_request("Users", external))
    if exchange.status == 409:
        yield noted(
            "POST of a new userName with an externalId that another user has was answered "
            f"{answer_words(exchange)}. That is legal; map externalId from objectId, since "
            "mailNickname, its default source, need not be unique.",
            exchange,
        )
    elif exchange.ok and created_id(exchange) == context.user("subject").id:
        yield from _overwritten(context, exchange, "externalId")
        return
    same_mail = {**shared, **number, "userName": context.values.user_name("namesake")}
    same_mail["externalId"] = context.values.guid()
    exchange = context.send(context.create_request("Users", same_mail))
    if exchange.status == 409:
        yield failed(
            "POST of a new userName with an e-mail address that another user has was answered "
            f"{answer_words(exchange)}: the app takes the e-mail address for the key, and Entra's "
            "query by userName will not find the user it clashes with.",
            exchange,
            severity=Severity.MINOR,
        )
    elif exchange.ok:
        yield from _overwritten(context, exchange, "e-mail address")


def _overwritten(context: CheckContext, create: Exchange, key: str) -> Iterator[Result]:
    """See whether a create took over the user with whom the new one shares a key."""
    user = context.user("subject")
    first = user.created.json
    before = (value_at(first, "userName") if isinstance(first, dict) else None) or user.name
    read = context.read(user)
    now = value_at(user.state or {}, "userName")
    if read.ok and str(now).casefold() in {user.name.casefold(), str(before).casefold()}:
        return
    what = (
        f"its userName is {shown(now)}" if read.ok else f"its id is answered {answer_words(read)}"
    )
    yield failed(
        f"POST of a new userName with an {key} that another user has was answered "
        f"{answer_words(create)} and overwrote that user: {what}.",
        create,
        read,
        severity=Severity.BLOCKER,
    )
    if not read.ok:
        context.vanished.add(user.id)
    del context.objects["subject"]


_rule = family("create", TUTORIAL, rfc="RFC 7644 §3.3")


CHECKS = (
    Check(
        rule=_rule(
            "duplicate",
            "A second create of the same userName is answered 409",
            cause="duplicate-create-not-409",
            what="Sends POST /Users with a userName that exists.",
            why="From 409 Entra knows that it must match, not create; any other error is retried for "
            "weeks, and a success makes two accounts of one person.",
            admin_sees="duplicate accounts, or create events that fail without a useful code.",
            fix="Check userName for uniqueness, without regard to letter case; answer 409 with "
            "scimType uniqueness.",
        ),
        run=_duplicate,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "namesake",
            "Only userName makes a create clash",
            cause="duplicate-create-not-409",
            what="Creates a user with the display name of another, then one with its e-mail address.",
            why="Entra has looked for the userName and found nothing, so it creates; a clash on "
            "something else cannot be resolved by it.",
            admin_sees="409 for a user that the matching query does not find, in every cycle.",
            fix="Use userName as the unique key; let other attributes repeat.",
        ),
        run=_namesake,
        requires=(READ,),
    ),
)
