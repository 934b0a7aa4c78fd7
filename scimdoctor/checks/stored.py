"""Whether what was sent is stored, and comes back as it was sent, in a shape that Entra can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.checks.check import Check, failed, noted
from scimdoctor.checks.ids import CREATE, MATCH, READ
from scimdoctor.checks.references import RFC7643, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    difference,
    encoding_problem,
    flat,
    primary_problems,
    resource_problems,
    resources_of,
    shown,
)
from scimdoctor.checks.values import EMPLOYEE_NUMBER, LONG_TITLE, NASTY_TEXT, WORK_EMAIL
from scimdoctor.model.rule import Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_IMPORTANT = {"userName", "externalId", "active", "displayName", WORK_EMAIL}
_RULE_OF_APP = "value-not-allowed-by-app"
_NAMES = {"displayName", "name.familyName", "name.givenName", "externalId"}
"""By which people are known, and accounts are matched."""

_CASE_FREE = {"userName", WORK_EMAIL}
"""Identifiers that an app may fold to one letter case (RFC 7643 section 7, caseExact)."""


def _by_id(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    exchange = context.read(user)
    if not exchange.ok:
        for _ in context.settle(user.created, kind="created"):
            exchange = context.read(user)
            if exchange.ok:
                context.came_late(user.created)
                break
    words = f"GET of the id that the create answered was answered {answer_words(exchange)}"
    odd = quote(user.id, safe="") != user.id
    body = exchange.json
    if not exchange.ok:
        crashed = exchange.crashed
        cause = "unhandled-exception-500" if crashed else None
        if odd:
            words = f"{words}; the id {user.id!r} has characters that must be encoded in a path"
            cause = "response-attribute-malformed"
        yield failed(f"{words}.", exchange, cause=cause)
    elif not isinstance(body, dict) or body.get("id") is None:
        yield failed(
            f"{words} with {shown(body)}, which is no resource with an id.",
            exchange,
            cause="response-attribute-malformed",
        )
    elif str(body["id"]) != user.id:
        yield failed(f"{words} with another id: {shown(body['id'])}.", exchange)


def _shape(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    answers = [(user.created, user.created.json), (context.last_read(user), user.state)]
    listed = context.find("Users", "userName", user.name)
    answers += [(listed, r) for r in resources_of(listed)[:1]]
    for exchange, resource in answers:
        readable = isinstance(resource, dict) and "id" in resource
        problems = list(resource_problems(resource)) if readable else []
        problems += _misplaced(resource) if readable else []
        context.malformed |= {_subject(problem) for problem in problems}
        if problems:
            method = exchange.request.method
            yield failed(
                f"{method} /Users answers a user in which {'; '.join(problems)}.", exchange
            )
            return
    soft = list(primary_problems(context.state(user)))
    if soft:
        words = f"GET /Users answers a user in which {'; '.join(soft)}."
        yield failed(words, context.last_read(user), severity=Severity.MINOR)


def _subject(problem: str) -> str:
    """The attribute or extension of which a problem speaks."""
    whole = problem.startswith("the enterprise extension")
    return urns.ENTERPRISE_USER if whole else problem.partition(" ")[0]


def _misplaced(resource: Mapping[str, Any]) -> list[str]:
    """Extension attributes that are shown outside their extension."""
    if urns.ENTERPRISE_USER in resource:
        return []
    return [
        f"{name} is shown outside the enterprise extension"
        for name in ("department", "employeeNumber", "costCenter")
        if name in resource
    ]


def _stored(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    read = context.last_read(user)
    state = context.state(user)
    lost: dict[str, str] = {}
    for path, sent in user.sent.items():
        if context.spelling.bare_elements and "[" in path:
            continue  # it had to be sent without its type
        found = difference(sent, value_at(state, path))
        if found in {None, "case", "type"}:
            context.kept.add(path)
        if found is not None and found != "type" and not _is_malformed(context, path):
            lost[path] = found
    yield from _lost(context, lost, user.sent, read)


def _is_malformed(context: CheckContext, text: str) -> bool:
    """Whether this attribute came back in a wrong shape, which is reported already."""
    path = AttributePath.parse(text)
    return path is not None and bool({path.attribute, path.urn} & context.malformed)


def _lost(
    context: CheckContext, lost: Mapping[str, str], sent: Mapping[str, Any], read: Exchange
) -> Iterator[Result]:
    undeclared = {p for p in lost if lost[p] == "missing" and not _is_declared(context, p)}
    unmapped = {p for p in lost if not context.is_mapped(p)} - undeclared
    folded = {p for p in lost if lost[p] == "case" and p in _CASE_FREE}
    rest = {p: kind for p, kind in lost.items() if p not in undeclared | folded | unmapped}
    context.reported_lost |= set(lost)
    if rest:
        state = read.json if isinstance(read.json, dict) else {}
        words = "; ".join(_loss_words(p, k, sent[p], value_at(state, p)) for p, k in rest.items())
        important = bool(_IMPORTANT & set(rest))
        yield failed(
            f"After the create, a read by id differs from what was sent: {words}.",
            read,
            severity=Severity.MAJOR if important else Severity.MINOR,
        )
    if undeclared:
        names = ", ".join(sorted(undeclared))
        yield noted(f"Not kept, and not declared in /Schemas either: {names}.", read)
    if unmapped:
        yield noted(f"Not kept as sent, but not mapped: {', '.join(sorted(unmapped))}.", read)
    if folded:
        yield noted(f"The letter case of {', '.join(sorted(folded))} is not kept.", read)


def _loss_words(path: str, kind: str, sent: Any, got: Any) -> str:  # noqa: ANN401
    if kind == "missing":
        return f"{path} is gone"
    return f"{path} was sent as {shown(sent)} and is {shown(got)}"


def _is_declared(context: CheckContext, text: str) -> bool:
    """Whether the app says that it has this attribute; `True` when it says nothing."""
    path = AttributePath.parse(text)
    if context.declared is None or path is None or text in {"externalId", "userName"}:
        return True
    names = context.declared.get((path.urn or urns.USER).casefold(), set())
    name = path.attribute.casefold()
    if path.sub_attribute is None or not any(n.startswith(f"{name}.") for n in names):
        return name in names
    return f"{name}.{path.sub_attribute.casefold()}" in names


def _echo(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    answered, read = user.created.json, context.state(user)
    if not isinstance(answered, dict):
        return
    wrong = _differing(flat(answered), flat(read))
    if wrong:
        yield failed(f"The answer to the create differs from a read by id: {wrong}.", user.created)


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Attributes that both have, with different values."""
    paths = [p for p in one if p in other and one[p] != other[p]]
    return "; ".join(f"{p} is {one[p][:80]} here and {other[p][:80]} there" for p in paths)


def _listed(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    exchange = context.find("Users", "userName", user.name)
    item = next((r for r in resources_of(exchange) if str(r.get("id")) == user.id), None)
    if item is None:
        return
    listed, read = flat(item), flat(context.state(user))
    wrong = _differing(listed, read)
    if wrong:
        yield failed(f"The user found by a filter differs from a read by id: {wrong}.", exchange)
    missing = [path for path in read if path not in listed]
    if missing:
        words = f"The user found by a filter lacks what a read by id has: {', '.join(missing)}"
        yield failed(
            f"{words}. Entra takes it for empty and sends it again.",
            exchange,
            cause="attribute-not-stored-or-returned",
        )


def _faithful(context: CheckContext) -> Iterator[Result]:
    kept = context.kept | {"userName"}  # without which there is no user
    person = {p: v for p, v in context.values.person("nasty").items() if p in kept}
    changes: dict[str, Any] = {
        "displayName": NASTY_TEXT,
        "name.familyName": "O'Neil-Łuczak",
        "name.givenName": "Zoë Änne",
        "externalId": f"MiXed/{context.values.run}#1&2+3",
        f"{urns.ENTERPRISE_USER}:department": 'R&D "Core" <1>, 東京',
        EMPLOYEE_NUMBER: f"00{context.values.employee_number()}",
        "title": LONG_TITLE,
    }
    sent = {**person, **{p: v for p, v in changes.items() if p in context.kept}}
    exchange = context.send(context.create_request("Users", sent))
    made = context.adopt(exchange, sent)
    if made is None and not exchange.ok and "title" in sent:
        sent["title"] = person["title"]
        long, exchange = exchange, context.send(context.create_request("Users", sent))
        made = context.adopt(exchange, sent)
        if made is not None:
            said = f"A title of {len(LONG_TITLE)} characters, as long as a jobTitle in Entra may be"
            yield noted(f"{said}, was answered {answer_words(long)}.", long, cause=_RULE_OF_APP)
    broken = encoding_problem(exchange)
    if made is None and exchange.ok:
        yield failed(
            f"POST of a user whose names have accents was answered with {broken or 'no resource'}.",
            exchange,
            cause="response-attribute-malformed",
            severity=Severity.MAJOR,
        )
        return
    if made is None:
        yield failed(
            "POST of a user whose names have accents, quotes and symbols was answered "
            f"{answer_words(exchange)}.",
            exchange,
            cause="unhandled-exception-500" if exchange.crashed else _RULE_OF_APP,
        )
        return
    context.objects["nasty"] = made
    read = context.read(made)
    state = context.state(made)
    for path in changes:
        if (
            path in sent
            and not _is_malformed(context, path)
            and difference(sent[path], value_at(state, path)) is not None
        ):
            got = value_at(state, path)
            destroyed = path in _NAMES
            yield failed(
                f"{path} was sent as {shown(sent[path])} and is {shown(got)}.",
                exchange,
                read,
                severity=Severity.MAJOR if destroyed else None,
            )
            return


_rule = family("read", TUTORIAL, f"{RFC7643}#section-2.4", rfc="RFC 7644 §3.4.1")


CHECKS_FIRST = (
    Check(
        rule=_rule(
            READ.partition("/")[2],
            "A user is read by the id that the create answered",
            severity="blocker",
            cause="write-response-wrong",
            what="Reads the new user by its id.",
            why="Entra addresses the user by this id for good, and reads it before each update.",
            admin_sees="updates that fail with 404, or users created again and again.",
            fix="Answer the create with the id under which the user can be read.",
        ),
        run=_by_id,
        requires=(CREATE,),
    ),
    Check(
        rule=_rule(
            "shape",
            "Users come back in a shape that Entra can read",
            severity="blocker",
            cause="response-attribute-malformed",
            what="Looks at the JSON types of the create's answer, of a read by id and of a query's "
            "result: id and texts are strings, active is a boolean, name, manager and extensions are "
            "objects, emails, phoneNumbers and addresses are arrays of objects.",
            why="One value of the wrong type makes the whole user unreadable.",
            admin_sees="an error while deserializing the response, for every user that has the value.",
            fix="Serialize each attribute with the type of RFC 7643.",
            rfc="RFC 7643 §2.3",
        ),
        run=_shape,
        teaches=True,
        requires=(READ,),
    ),
)

CHECKS = (
    Check(
        rule=_rule(
            "stored",
            "Every attribute of the default mapping is kept as sent",
            severity="minor",
            cause="attribute-not-stored-or-returned",
            what="Compares the user as read by id with what was sent, attribute by attribute: missing, "
            "changed in letter case, reformatted.",
            why="Entra compares what it reads with what it wants; what differs is sent again for ever, "
            "and what is missing cannot be matched on.",
            admin_sees="success events that update the same attributes again, and data missing in the app.",
            fix="Store and return each value unchanged, or leave the attribute out of /Schemas and of "
            "the mapping.",
            rfc="RFC 7644 §3.3",
        ),
        run=_stored,
        teaches=True,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "echo",
            "The answer to a create agrees with a read",
            severity="minor",
            cause="write-response-wrong",
            what="Compares the create's answer with a read by id; what it leaves out is not held "
            "against it.",
            why="Entra takes the answer for the state of the user.",
            admin_sees="updates that are sent for no reason, or wrong values in the log.",
            fix="Build the answer from what was stored.",
            rfc="RFC 7644 §3.3",
        ),
        run=_echo,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "faithful",
            "Accents, quotes, symbols and long texts survive",
            severity="minor",
            cause="attribute-not-stored-or-returned",
            what="Creates a user whose names hold accents, quotes, symbols and other scripts, whose title "
            "is as long as Entra lets it be, and whose employeeNumber begins with zeros, and reads it.",
            why="People have such names; a value that comes back changed is sent again for ever.",
            admin_sees="garbled names in the app, or updates in every cycle.",
            fix="Handle text as UTF-8 from the request to the database and back; escape on output only.",
            rfc="RFC 7643 §2.3.1",
        ),
        run=_faithful,
        requires=("read/stored",),
    ),
)

LISTED_CHECKS = (
    Check(
        rule=_rule(
            "listed",
            "A query's result has the same values as a read by id",
            severity="minor",
            cause="write-response-wrong",
            what="Compares the user found by a filter with the user read by id.",
            why="On first matching Entra compares its user with the query's result.",
            admin_sees="updates of attributes that are right in the app.",
            fix="Serialize users in lists as in a read by id.",
            rfc="RFC 7644 §3.4.2",
        ),
        run=_listed,
        requires=(READ, MATCH),
    ),
)
