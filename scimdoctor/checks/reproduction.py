"""The shell line that shows a finding again, on test objects made for it and removed after.

The run has removed its own by the time somebody reads the finding, so a request that names one
would only be answered 404.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from scimdoctor.checks.shapes import resources_of
from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra import requests
from scimdoctor.model.exchange import FailureKind, ScimRequest, header_value, json_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from scimdoctor.model.exchange import Exchange

_FIRST_ID = (
    """LC_ALL=C grep -o '"id" *: *"\\{0,1\\}[^",}]*' | head -n 1 """
    """| LC_ALL=C sed 's/^"id" *: *"\\{0,1\\}//'"""
)
"""Byte by byte: an answer may not be in the encoding that the shell expects."""

_GIVEN_TOKEN = """sed -n 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p'"""

_MOST_MADE = 5
"""Objects that a line makes; the rest keep the ids of the run."""

_MOST_STEPS = 2
"""Earlier changes of an attribute that a line repeats."""

_LARGEST = 8_000
"""Bytes of a body that is worth a place on the line."""

_CHANGES = frozenset({"PATCH", "PUT"})
_ON_OBJECTS = _CHANGES | {"DELETE"}
_COLLECTIONS = frozenset({"/Users", "/Groups"})
_NEW = "id-of-what-was-made-last"
"""Stands in a path for an id that only the line itself will know."""

_NAMES = ("userName", "externalId", "displayName")


def reproduced(exchanges: Sequence[Exchange], sent: Sequence[Exchange]) -> str:
    """Return a shell line that repeats the last of a finding's `exchanges`.

    It makes first what that request is about, as the run did among all that was `sent`, repeats
    the finding's other writes, reads what a change with success came to, and removes what it made.
    """
    last = exchanges[-1]
    # What was sent after the decisive request, such as another way that works, would hide the fault.
    before = sent[: sent.index(last)] if last in sent else exchanges[:-1]
    told = [x for x in exchanges[:-1] if x in before]
    steps = [x for x in told if x.request.method in _ON_OBJECTS or _repeats(x, sent)]
    if not steps and last.request.method in _CHANGES:
        steps = _what_it_builds_on(last, sent)
    shown = {_id(x) for x in exchanges[:-1] if x.request.method == "POST" and x.ok} - {""}
    shown |= _given_what_is_asked(last, sent)
    made = _some_of(list(_made_for([*steps, last], sent, shown)), last)
    if last.failure is not None:
        return _line(last)
    if not steps and made and last.request.method == "GET":
        steps = list(_last_change(made[-1], last, sent))
    steps = [*_memberships([*steps, last], before), *steps]
    made = _some_of(list(_made_for([*steps, last], sent, shown)), last)
    names = {_id(one): f"ID{number or ''}" for number, one in enumerate(made)} | {_NEW: "NEW"}
    # The same question asked before there was anything to find.
    parts = [*_token(last, sent), *_gone_before(exchanges, sent)]
    parts += [_line(x) for x in exchanges[:-1] if x.request == last.request]
    parts += [f"{names[_id(one)]}=$({_line(one)} | {_FIRST_ID})" for one in made]
    again = next((x for x in steps if x.request.method == "POST"), None)
    for step in steps:
        parts += _made_under(step) if step is again else [_line(step)]
    parts += _shown(last, exchanges, names)
    if again is not None:  # of an app that does not overwrite, it makes something new
        parts.append(_removed(again))
    # Groups first: an app may refuse to delete who is a member.
    groups_first = sorted(made, key=lambda one: one.request.path)
    # Again, without its members, what is refused as long as it has some.
    refused = last.request.method == "DELETE" and not last.ok
    kept = [x for x in made if refused and _removal(x).path == last.request.path]
    parts += [_line(one, _removal(one)) for one in (*groups_first, *kept)]
    for one in made:
        if last.status == 404 and last.request.path == _removal(one).path and not steps:
            parts += _removed_by_name(one)  # it has another id than the create answered
    return "; ".join(_with_variables(part, names) for part in parts)


def _some_of(made: list[Exchange], last: Exchange) -> list[Exchange]:
    """As many as a line makes, in their order; the one that the last request addresses is among them."""
    addressed = [x for x in made if _id(x) in unquote_plus(last.request.path)]
    others = [x for x in made if x not in addressed]
    chosen = [*addressed, *others][:_MOST_MADE]
    return [x for x in made if x in chosen]


def _shown(last: Exchange, exchanges: Sequence[Exchange], names: dict[str, str]) -> Iterator[str]:
    """The request of the finding; of a change also what it came to, of a create the removal."""
    if last.request.method == "POST" and last.request.path in _COLLECTIONS:
        if _id(last) in names:  # it gave an object that the line has made before
            yield _line(last)
            return
        yield from _made_under(last)
        yield _removed(last)
        return
    yield _line(last)
    # Of several operations that are refused some may have been done.
    if last.request.method in _CHANGES and (last.ok or len(_bodies(last)) > 1):
        told = [_removal(x).path for x in exchanges[:-1] if x.request.method == "POST"]
        reads = [x for x in exchanges[:-1] if x.request.method == "GET"]
        for path in dict.fromkeys([last.request.path, *told]):
            yield from (_line(x) for x in [x for x in reads if x.request.path == path][-1:])


def _made_under(create: Exchange) -> Iterator[str]:
    """A create, and what finds out the id of what it made: from its answer, else by its name.

    One that was refused makes something, too, once the app is mended.
    """
    yield f"MADE=$({_line(create)})"
    yield """printf '%s\\n' "$MADE\""""
    yield f"""NEW=$(printf '%s' "$MADE" | {_FIRST_ID})"""
    query = _by_name(create) if create.ok or create.crashed else None
    if not _id(create) and query is not None:
        yield f"""NEW=${{NEW:-$({_line(create, query)} | {_FIRST_ID})}}"""


def _removed(create: Exchange) -> str:
    path = f"{create.request.path.rstrip('/')}/{_NEW}"
    return f"""test -z "$NEW" || {_line(create, ScimRequest(method="DELETE", path=path))}"""


def _removed_by_name(create: Exchange) -> Iterator[str]:
    query = _by_name(create)
    if query is not None:
        yield f"NEW=$({_line(create, query)} | {_FIRST_ID})"
        yield _removed(create)


def _gone_before(exchanges: Sequence[Exchange], sent: Sequence[Exchange]) -> Iterator[str]:
    """Makes and deletes first what one of the finding's creates makes again by its name."""
    again = [x for x in exchanges if x.request.method == "POST" and x in sent]
    for create in again:
        query, before = _by_name(create), sent[: sent.index(create)]
        name = _name(create)
        deleted = {x.request.path for x in before if x.request.method == "DELETE" and x.ok}
        named = {
            _removal(x).path if x.request.method == "POST" else x.request.path
            for x in before
            if x.ok and name in (_texts(x) if x.request.method == "POST" else _values_of(x))
        }
        if query is not None and deleted & named:
            yield f"NEW=$({_line(create)} | {_FIRST_ID})"
            yield _removed(create)
            return


def _token(last: Exchange, sent: Sequence[Exchange]) -> Iterator[str]:
    """Fetches the token that the requests are signed with, where the run had to."""
    root = last.url.removesuffix(last.request.target)
    given = (x for x in sent if x.ok and b"grant_type=" in x.request.body)
    for one in given:
        if not one.url.startswith(f"{root}/") and _is_signed(last) and one is not last:
            yield f"SCIMDOCTOR_ENDPOINT_TOKEN=$({_line(one)} | {_GIVEN_TOKEN})"
            return


def _by_name(create: Exchange) -> ScimRequest | None:
    """The query for what a create made, by the name it was sent with."""
    body, resource = create.request.json, create.request.path.strip("/")
    attribute = _matched_by(create)
    name = body.get(attribute) if isinstance(body, dict) else None
    return requests.match_query(resource, attribute, name) if isinstance(name, str) else None


def _matched_by(create: Exchange) -> str:
    return "userName" if create.request.path.strip("/") == "Users" else "displayName"


def _name(create: Exchange) -> str:
    body = create.request.json
    return str(body.get(_matched_by(create))).casefold() if isinstance(body, dict) else ""


def _what_it_builds_on(last: Exchange, sent: Sequence[Exchange]) -> list[Exchange]:
    """Earlier changes of the object without which the last would not show the same.

    Those that gave a group its members, what set the very value that is set again or the one that is
    removed, and what disabled the user; not what was undone by then.
    """
    before = sent[: sent.index(last)] if last in sent else ()
    own, path = _operations(last), last.request.path
    changes = [
        x for x in before if x.ok and x.request.method in _CHANGES and x.request.path == path
    ]
    changes = [x for n, x in enumerate(changes) if not _is_undone(x, changes[n + 1 :])]
    switched = [x for x in changes if any(o[0].casefold() == "active" for o in _operations(x))][-1:]
    alike = [
        x
        for x in changes
        if any(
            o in own or (_is_of_members(o) and any(map(_is_of_members, own)))
            for o in _operations(x)
        )
    ]
    disabled = [x for x in switched if x not in alike and "alse" in _operations(x)[0][1]]
    emptied = {path.casefold() for path, value in own if value in _EMPTY} - {"members"}
    given = [
        x for x in changes if emptied & {p.casefold() for p, v in _pairs(x) if v not in _EMPTY}
    ]
    return [*disabled, *(x for x in given[-1:] if x not in alike), *alike[-_MOST_STEPS:]]


_EMPTY = frozenset({"null", '""', "[]"})


def _is_undone(change: Exchange, later: Sequence[Exchange]) -> bool:
    """Whether all that a change set was set otherwise later, as when a user is restored."""
    now = {path: value for x in later for path, value in _pairs(x)}
    own = _pairs(change)
    return bool(own) and all(
        not path.startswith("members") and now.get(path, value) != value for path, value in own
    )


def _pairs(exchange: Exchange) -> list[tuple[str, str]]:
    """What a change sets, whether by paths or without; booleans as text are booleans."""
    pairs = []
    for operation in _bodies(exchange):
        value, path = operation.get("value"), operation.get("path")
        for name, one in (
            value.items() if path is None and isinstance(value, dict) else [(path, value)]
        ):
            text = json.dumps(one, sort_keys=True)
            folded = text.strip('"').casefold()
            pairs.append((str(name).casefold(), folded if folded in {"true", "false"} else text))
    return pairs


def _memberships(wanted: Sequence[Exchange], before: Sequence[Exchange]) -> list[Exchange]:
    """What gave a group that is read, renamed or deleted its members, and a user who is deleted a group."""
    groups = {x.request.path for x in wanted if x.request.path.startswith("/Groups/")}
    users = {
        x.request.path.rpartition("/")[2]
        for x in wanted
        if x.request.method == "DELETE" and x.request.path.startswith("/Users/")
    }
    if any(map(_is_of_members, (o for x in wanted for o in _operations(x)))) and not users:
        groups -= {x.request.path for x in wanted if x.request.method in _CHANGES}
    start = min((before.index(x) for x in wanted if x in before), default=len(before))
    found: dict[str, Exchange] = {}
    for one in before[:start]:
        if not one.ok or not any(map(_adds_members, _bodies(one))):
            continue
        if one.request.path in groups or any(user in str(_bodies(one)) for user in users):
            found[one.request.path] = one
    return [x for x in found.values() if len(x.request.body) <= _LARGEST]


def _operations(exchange: Exchange) -> list[tuple[str, str]]:
    """Path and value of each operation."""
    return [
        (str(o.get("path")), json.dumps(o.get("value"), sort_keys=True)) for o in _bodies(exchange)
    ]


def _bodies(exchange: Exchange) -> list[dict[str, Any]]:
    body = exchange.request.json
    operations = body.get("Operations") if isinstance(body, dict) else None
    return [o for o in operations or () if isinstance(o, dict)]


def _given_what_is_asked(asked: Exchange, sent: Sequence[Exchange]) -> set[str]:
    """The ids of objects to which a change gave a value that a query asks for."""
    wanted = set(_compared(asked.request))
    changes = (x for x in sent if x.ok and x.request.method in _CHANGES)
    return {x.request.path.rpartition("/")[2] for x in changes if wanted & _values_of(x)}


def _values_of(exchange: Exchange) -> set[str]:
    return {str(o.get("value")).casefold() for o in _bodies(exchange)}


def _adds_members(operation: dict[str, Any]) -> bool:
    path = str(operation.get("path")).casefold()
    return path == "members" and str(operation.get("op")).casefold() != "remove"


def _is_of_members(operation: tuple[str, str]) -> bool:
    return operation[0].casefold().startswith("members")


def _made_for(
    exchanges: Sequence[Exchange], sent: Sequence[Exchange], besides: Collection[str]
) -> Iterator[Exchange]:
    """The creates of the objects that these requests name, and of those `besides`, oldest first."""
    known: set[str] = set()
    text = " ".join(
        f"{unquote_plus(x.request.target)} {x.request.body.decode('utf-8', 'replace')}"
        for x in exchanges
    ).casefold()
    asked = {value for x in exchanges for value in _compared(x.request)}
    found = {str(r.get("id")) for r in resources_of(exchanges[-1])} | set(besides)
    for one in sent:
        if one.request.method != "POST" or not one.ok or one in exchanges or not _id(one):
            continue
        if len(one.request.body) > _LARGEST:
            continue
        named = any(name.casefold() in text for name in _known_by(one)) or not asked.isdisjoint(
            _texts(one)
        )
        if (named or _id(one) in found) and _id(one) not in known:
            known.add(_id(one))
            yield one


def _repeats(create: Exchange, sent: Sequence[Exchange]) -> bool:
    """Whether this is a create that gave the id of an earlier one, which it may have overwritten."""
    if create.request.method != "POST" or not create.ok or create not in sent:
        return False
    earlier = sent[: sent.index(create)]
    return any(x.request.method == "POST" and x.ok and _id(x) == _id(create) for x in earlier)


_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_COMPARED = re.compile(r'"((?:[^"\\]|\\.)+)"')


def _compared(request: ScimRequest) -> Iterator[str]:
    """The values that a filter asks for, without those that choose an element of a list."""
    if request.method == "GET" and "filter=" in request.query:
        for value in _COMPARED.findall(_IN_BRACKETS.sub("", unquote_plus(request.query))):
            yield str(json_of(f'"{value}"'.encode()) or value).casefold()


def _texts(created: Exchange) -> Iterator[str]:
    """Every text that an object was created with."""
    left = [created.request.json]
    while left:
        value = left.pop()
        if isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
        elif isinstance(value, str) and value:
            yield value.casefold()


def _last_change(made: Exchange, asked: Exchange, sent: Sequence[Exchange]) -> Iterator[Exchange]:
    """The last change of the object before it was asked for: what the read is to show.

    Also what gave it a value that is asked for.
    """
    path = _removal(made).path
    before = sent[: sent.index(asked)] if asked in sent else sent
    changes = [
        x for x in before if x.ok and x.request.path == path and x.request.method in _ON_OBJECTS
    ]
    wanted = set(_compared(asked.request))
    named = [n for n, x in enumerate(changes) if wanted & _values_of(x)]
    chosen = {*named[-1:], len(changes) - 1}
    yield from (changes[n] for n in sorted(chosen) if n >= 0)


def _known_by(created: Exchange) -> Iterator[str]:
    """Texts that a request about this object has in it: its id, or a value in a filter."""
    yield _id(created)
    answer = created.json
    for name in _NAMES:
        value = answer.get(name) if isinstance(answer, dict) else None
        if isinstance(value, str) and value:
            yield f'"{value}"'


def _id(created: Exchange) -> str:
    answer = created.json
    value = answer.get("id") if isinstance(answer, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _removal(created: Exchange) -> ScimRequest:
    return ScimRequest(method="DELETE", path=f"{created.request.path.rstrip('/')}/{_id(created)}")


def _line(exchange: Exchange, request: ScimRequest | None = None) -> str:
    """A `curl` line; the token endpoint is somewhere else than the SCIM root."""
    root = exchange.url.removesuffix(exchange.request.target)
    return curl_line(request or exchange.request, root, signed=_is_signed(exchange))


def _is_signed(exchange: Exchange) -> bool:
    """Whether a credential went with it; one that was never sent for want of a token would have had it."""
    recorded = header_value(exchange.request.headers, "authorization") is not None
    missing = exchange.failure is not None and exchange.failure.kind is FailureKind.CREDENTIALS
    return recorded or missing


def _with_variables(line: str, names: dict[str, str]) -> str:
    """Put shell variables in the place of ids, whether these stand in quotes or not."""
    if not names:
        return line
    parts: list[str] = []
    quote, position = "", 0
    for found in re.finditer("|".join(map(re.escape, names)), line):
        between = line[position : found.start()]
        quote = _quote_after(between, quote)
        variable = names[found.group()]
        parts += [
            between,
            {"'": f"'\"${variable}\"'", '"': f"${{{variable}}}"}.get(quote, f'"${variable}"'),
        ]
        position = found.end()
    return "".join((*parts, line[position:]))


def _quote_after(text: str, quote: str) -> str:
    """Which quotation mark is open at the end of `text`; `curl_line` writes no backslashes outside."""
    for character in text:
        if quote == character:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
    return quote
