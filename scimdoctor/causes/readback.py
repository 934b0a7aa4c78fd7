"""What several exchanges show together: a write, and what a later read says of it.

The pairs are found by object id; only answers of 2xx are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import bare_name, leaf
from scimdoctor.causes.between import (
    before_read,
    is_whole,
    named_members,
    object_id_of,
    operations_in,
    read_after,
    reads_of,
    shown_in,
    shown_part,
    shows,
    standing,
    touched,
    writes_to,
)
from scimdoctor.causes.contradiction import Contradiction, Kind
from scimdoctor.causes.sent import Operation, operations_of
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import Exchange


_DERIVED = frozenset({"formatted", "display", "$ref"})
"""Sub-attributes that an app may make of others, or leave out."""

_MADE_OF = {
    "displayname": frozenset({"name", "username"}),
    "nickname": frozenset({"name", "username"}),
    "username": frozenset({"emails"}),
}
"""What an app may make of another attribute that it was sent (lower case)."""

_NOT_COMPARED = frozenset({"members", "roles", "manager", "password"})


def contradictions(exchanges: tuple[Exchange, ...]) -> tuple[Contradiction, ...]:
    """Every contradiction in exchanges given in their order in time."""
    found: list[Contradiction] = []
    for index, exchange in enumerate(exchanges):
        later = exchanges[index + 1 :]
        method = exchange.request.method.upper()
        if method == "PATCH" and exchange.ok:
            found += _after_patch(exchange, exchanges[:index], later)
        elif method == "POST" and exchange.ok:
            found += _after_create(exchange, later)
        elif method == "DELETE" and exchange.ok:
            found += _after_delete(exchange, later)
    found += _parallel_members(exchanges)
    return tuple(found)


def _after_delete(write: Exchange, later: tuple[Exchange, ...]) -> Iterable[Contradiction]:
    """An object that is read after its deletion, and is not even disabled."""
    for read in reads_of(object_id_of(write), later):
        kept = read.ok and isinstance(read.json, dict) and shows(read, "active")
        if kept and member(read.json, "active") is not False:
            text = "the object was deleted with success, and a later read shows it as it was"
            yield Contradiction(kind=Kind.NOT_APPLIED, exchange=read.id, summary=text)
            return


def shown_after(write: Exchange, exchanges: tuple[Exchange, ...]) -> dict[str, Any] | None:
    """The resource as a later read or else the answer to `write` shows it; `None` if neither."""
    shown = _shown_by(write, exchanges).json
    return shown if isinstance(shown, dict) and "id" in shown else None


def _shown_by(write: Exchange, exchanges: tuple[Exchange, ...]) -> Exchange:
    later = exchanges[exchanges.index(write) + 1 :]
    return read_after(write, (e for e in later if e.ok)) or write


def took_effect(write: Exchange, exchanges: tuple[Exchange, ...]) -> bool:
    """Whether an accepted write is seen to have done all that it asked for."""
    method = write.request.method.upper()
    if not write.ok or method not in {"PATCH", "DELETE"}:
        return False
    if method == "DELETE":
        return True
    shown = shown_after(write, exchanges)
    left = standing_of(write, exchanges)
    hidden = left != _standing(write, exchanges)
    return shown is not None and bool(left) and not hidden and all(_done(o, shown) for o in left)


def standing_of(write: Exchange, exchanges: tuple[Exchange, ...]) -> tuple[Operation, ...]:
    """The operations of `write` that no other write sets anew before a read that may show them."""
    return shown_part(_standing(write, exchanges), _shown_by(write, exchanges))


def _standing(write: Exchange, exchanges: tuple[Exchange, ...]) -> tuple[Operation, ...]:
    later = exchanges[exchanges.index(write) + 1 :]
    read = read_after(write, (e for e in later if e.ok))
    return standing(
        operations_of(write.request.json), before_read(object_id_of(write), later, read)
    )


def _done(operation: Operation, shown: dict[str, Any]) -> bool:
    """Whether `shown` is as `operation` asked; no for values that are not compared."""
    named = named_members(operation)
    if named:
        now = member_ids(shown) or set()
        return not named & now if operation.verb == "remove" else named <= now
    wanted = tuple(single_values((operation,)))
    return bool(wanted) and all(arrived(value, value_at(shown, path)) for path, value in wanted)


def _after_patch(
    write: Exchange, before: tuple[Exchange, ...], later: tuple[Exchange, ...]
) -> Iterable[Contradiction]:
    object_id = object_id_of(write)
    operations = operations_of(write.request.json)
    read = read_after(write, later)
    after = before_read(object_id, later, read)
    old, since = _before(object_id, before)
    others = operations_in((*since, *after))
    around = (*operations, *others)
    if is_whole((*since, *after)):
        old = None
    counted = None if "members" in touched(others) else old
    shown = write if read is None else read
    if isinstance(old, dict) and shown.ok and isinstance(shown.json, dict) and "id" in shown.json:
        yield from _elements_lost(around, old, shown)
    if read is None:
        if isinstance(write.json, dict) and "id" in write.json:
            yield from _answered_members(operations, counted, write)
            yield from _emptied(around, old or {}, write)
            yield from _changed_beside(around, old or {}, write)
        return
    left = shown_part(standing(operations, after), read)
    if _disables(left) and read.status == 404:
        text = "the user answers 404 after it was disabled"
        yield Contradiction(kind=Kind.DISABLED_GONE, exchange=read.id, summary=text)
    if not read.ok or not isinstance(read.json, dict):
        return
    yield from _values(left, old, write, read)
    yield from _answered_empty(around, write, read)
    yield from _members(left, counted, read)
    if isinstance(old, dict):
        yield from _lost(around, old, read)
        yield from _emptied(around, old, read)


def _before(
    object_id: str | None, before: tuple[Exchange, ...]
) -> tuple[dict[str, Any] | None, tuple[Exchange, ...]]:
    """The object as last read, and the writes to it since then."""
    for index in range(len(before) - 1, -1, -1):
        old = shown_in(before[index], object_id)
        if old is not None:
            return old, writes_to(object_id, before[index + 1 :])
    return None, ()


def holds_already(write: Exchange, exchanges: tuple[Exchange, ...]) -> bool:
    """Whether the group was read with all the members that `write` adds, and not written since."""
    old, since = _before(object_id_of(write), exchanges[: exchanges.index(write)])
    operations = operations_of(write.request.json)
    added = [named_members(o) for o in operations if o.verb == "add"]
    there = (member_ids(old) or set()) if not since else set()
    return bool(added) and len(added) == len(operations) and all(a and a <= there for a in added)


def _disables(operations: tuple[Operation, ...]) -> bool:
    for operation in operations:
        value = operation.value
        if operation.path is None and isinstance(value, dict):
            value = member(value, "active")
        elif bare_name(operation.path) != "active":
            continue
        if str(value).casefold() == "false":
            return True
    return False


def single_values(operations: tuple[Operation, ...]) -> Iterable[tuple[str, Any]]:
    """Paths with the plain value that each must have after the PATCH."""
    for operation in operations:
        if operation.verb not in {"add", "replace"}:
            continue
        pairs = [(operation.path, operation.value)]
        if operation.path is None and isinstance(operation.value, dict):
            pairs = list(operation.value.items())
        for path, value in pairs:
            plain = isinstance(value, str | bool | int)
            if plain and path and bare_name(path) not in _NOT_COMPARED:
                yield path, value


def agrees(sent: object, stored: object) -> bool:
    """Whether `stored` is `sent`, letter case and text booleans apart."""
    return str(sent).strip().casefold() == str(stored).strip().casefold()


def arrived(sent: object, stored: object, before: object = None) -> bool:
    """Whether `stored` is `sent`, or is it in another form: without its blanks or punctuation.

    What was there `before` is no form of what was sent since. Numbers have no other form.
    """
    if agrees(sent, stored):
        return True
    if not isinstance(sent, str) or not isinstance(stored, str) or agrees(stored, before):
        return False
    if _is_number(sent) and _is_number(stored):
        return False
    bare = _letters(sent)
    return bool(bare) and bare == _letters(stored)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _values(
    operations: tuple[Operation, ...], old: object, write: Exchange, read: Exchange
) -> Iterable[Contradiction]:
    for path, value in single_values(operations):
        before = value_at(old, path) if isinstance(old, dict) else None
        stored = value_at(read.json, path)
        answered = value_at(write.json, path) if isinstance(write.json, dict) else None
        if not arrived(value, stored, before):
            text = f"{path} was sent as {value!r} and accepted, but reads {stored!r} afterwards"
            yield Contradiction(kind=Kind.NOT_APPLIED, exchange=read.id, summary=text)
        elif answered is not None and not arrived(value, answered, before):
            text = f"the answer to the PATCH still shows {path} as {answered!r}"
            yield Contradiction(kind=Kind.STALE_ANSWER, exchange=write.id, summary=text)


def member_ids(resource: object) -> set[str] | None:
    """Ids of a group's members; `None` if it does not say."""
    listed = member(resource, "members") if isinstance(resource, dict) else None
    if not isinstance(listed, list):
        return None
    return {str(m.get("value")) for m in listed if isinstance(m, dict)}


def _members(
    operations: tuple[Operation, ...], old: object, read: Exchange
) -> Iterable[Contradiction]:
    now, was = member_ids(read.json), member_ids(old)
    for operation in operations:
        named = named_members(operation)
        if operation.verb == "remove" and named and now is not None and named & now:
            text = "a member that was to be removed is still in the group"
            yield Contradiction(kind=Kind.MEMBER_STAYED, exchange=read.id, summary=text)
        if operation.verb == "remove" and named and was and not now and was - named:
            text = f"{len(was)} members before; none are left after {len(named)} was removed"
            yield Contradiction(kind=Kind.MEMBERS_WIPED, exchange=read.id, summary=text)
        if (
            operation.verb == "replace"
            and named
            and now is not None
            and was
            and (was & now) - named
        ):
            text = "members that a Replace left out are still in the group"
            yield Contradiction(kind=Kind.NOT_APPLIED, exchange=read.id, summary=text)
        if operation.verb == "add" and named and now is not None and not named & now:
            text = "the group shows none of the members that were added"
            yield Contradiction(kind=Kind.MEMBER_NOT_ADDED, exchange=read.id, summary=text)
        if operation.verb == "add" and named and now is not None and was and was - now:
            text = "members that were not in the request are gone after an addition"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=read.id, summary=text)


def _answered_members(
    operations: tuple[Operation, ...], old: object, write: Exchange
) -> Iterable[Contradiction]:
    """Members that the answer to the write itself lacks; it may be old, but then it has more."""
    for found in _members(shown_part(operations, write), old, write):
        if found.kind in {Kind.MEMBERS_WIPED, Kind.VALUES_LOST}:
            yield found


def _answered_empty(
    operations: tuple[Operation, ...], write: Exchange, read: Exchange
) -> Iterable[Contradiction]:
    """Lists that the answer to a PATCH shows as empty, and that a read right after it does not."""
    answered = write.json if isinstance(write.json, dict) and "id" in write.json else {}
    asked = touched(operations) | {"groups", "members"}
    for key, value in answered.items():
        kept = member(read.json, key)
        if value == [] and isinstance(kept, list) and kept and key.casefold() not in asked:
            text = f"the answer to the PATCH shows {key} empty, a read after it does not"
            yield Contradiction(kind=Kind.STALE_ANSWER, exchange=write.id, summary=text)


def _emptied(
    operations: tuple[Operation, ...], old: dict[str, Any], shown: Exchange
) -> Iterable[Contradiction]:
    """Values that nothing addressed and that are empty; lists that an Add has made shorter."""
    asked = touched(operations)
    for key, value in old.items():
        untouched = key.casefold() not in asked | {"groups"} and shows(shown, key)
        now = member(shown.json, key)
        if untouched and isinstance(value, list | dict) and value and now in ([], {}):
            text = f"{key} is empty afterwards, though nothing asked for it"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=shown.id, summary=text)
    for operation in operations:
        if operation.verb != "add" or not operation.path or "[" in operation.path:
            continue
        was, now = value_at(old, operation.path), value_at(shown.json, operation.path)
        plain = isinstance(was, list) and all(isinstance(v, str | int) for v in was)
        if plain and isinstance(now, list) and [v for v in was if v not in now]:
            text = f"{operation.path} lost values when others were added"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=shown.id, summary=text)


def _changed_beside(
    operations: tuple[Operation, ...], old: dict[str, Any], shown: Exchange
) -> Iterable[Contradiction]:
    """Plain values that nothing addressed and that have changed; not those an app makes of others."""
    asked = touched(operations)
    for key, value in old.items():
        now, name = member(shown.json, key), key.casefold()
        plain = isinstance(value, str | bool | int) and name not in {"id", "externalid"}
        made = asked & _MADE_OF.get(name, frozenset())
        if plain and name not in asked and not made and shows(shown, key):
            told = isinstance(now, str | bool | int) and not agrees(value, now)
            if told or (now is None and shown.request.method.upper() == "GET"):
                text = f"{key} was {value!r} and is {now!r}, though nothing asked for it"
                yield Contradiction(kind=Kind.VALUES_LOST, exchange=shown.id, summary=text)


def _lost(
    operations: tuple[Operation, ...], old: dict[str, Any], read: Exchange
) -> Iterable[Contradiction]:
    asked = touched(operations)
    yield from _changed_beside(operations, old, read)
    if "name" in asked and isinstance(old.get("name"), dict):
        kept = read.json.get("name") if isinstance(read.json.get("name"), dict) else {}
        named = {leaf(o.path) for o in operations if o.path} | _DERIVED
        gone = sorted(
            k
            for k, v in old["name"].items()
            if v and not kept.get(k) and k.casefold() not in named and shows(read, f"name.{k}")
        )
        if gone:
            text = f"name lost {', '.join(gone)}, which the request did not mention"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=read.id, summary=text)


def _elements_lost(
    operations: tuple[Operation, ...], old: dict[str, Any], shown: Exchange
) -> Iterable[Contradiction]:
    """Elements of e-mails and the like that no operation addressed, and that are gone."""
    for key, listed in old.items():
        now = _elements(member(shown.json, key))
        if key in _NOT_COMPARED or not _elements(listed) or not now or not shows(shown, key):
            continue
        paths = [o.path or "" for o in operations if bare_name(o.path) == key.casefold()]
        whole = any("[" not in path for path in paths)
        if whole or any(o.path is None for o in operations) or not paths:
            continue
        kinds = {str(e.get("type")).casefold() for e in now}
        named = " ".join(paths).casefold()
        gone = [str(e.get("type")) for e in _elements(listed) if e.get("type")]
        gone = [t for t in gone if t.casefold() not in kinds and f'"{t.casefold()}"' not in named]
        parts = sorted(_parts_lost(_elements(listed), now, paths))
        if parts:
            text = f"{key} lost {', '.join(parts)}, which the request did not mention"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=shown.id, summary=text)
        if gone:
            text = f"{key} of type {', '.join(gone)} are gone, which the request did not address"
            yield Contradiction(kind=Kind.VALUES_LOST, exchange=shown.id, summary=text)


def _parts_lost(
    old: list[dict[str, Any]], now: list[dict[str, Any]], paths: list[str]
) -> Iterable[str]:
    """Sub-attributes of elements that are still there, gone although no path names them."""
    written = {path.rpartition(".")[2].casefold() for path in paths} | _DERIVED
    for element in old:
        kind = str(element.get("type")).casefold()
        kept = [e for e in now if str(e.get("type")).casefold() == kind]
        for part, value in element.items():
            plain = bool(value) and isinstance(value, str) and part.casefold() not in written
            if plain and kept and not any(e.get(part) for e in kept):
                yield part


def _elements(value: object) -> list[dict[str, Any]]:
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []


def _after_create(write: Exchange, later: tuple[Exchange, ...]) -> Iterable[Contradiction]:
    sent, made = write.request.json, write.json
    object_id = made.get("id") if isinstance(made, dict) else None
    read = next(iter(reads_of(str(object_id), later)), None) if object_id else None
    if read is None or not isinstance(sent, dict):
        return
    if not read.ok or not isinstance(read.json, dict):
        return
    for key, value in sent.items():
        if _is_data(key, value) and member(read.json, key) is None and shows(read, key):
            text = f"{key} was sent and accepted, but a read does not return it"
            yield Contradiction(kind=Kind.NOT_STORED, exchange=read.id, summary=text)


def _is_data(key: str, value: object) -> bool:
    """Whether a read must return what was sent under `key` (RFC 7643 section 2.2)."""
    kept = isinstance(value, bool) or (isinstance(value, str | dict | list) and bool(value))
    return kept and key.casefold() not in {"password", "schemas", "meta", "roles", "members"}


def _parallel_members(exchanges: tuple[Exchange, ...]) -> Iterable[Contradiction]:
    """Several accepted additions to one group, of which a later read shows only some."""
    added: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        object_id = object_id_of(exchange)
        if object_id is None or not exchange.ok:
            continue
        if exchange.request.method.upper() == "PATCH":
            operations = operations_of(exchange.request.json)
            named = any(named_members(o) for o in operations)
            if named and all(o.verb == "add" for o in operations):
                added.setdefault(object_id, []).append(exchange)
            elif named:
                added[object_id] = []
        elif len(added.get(object_id, ())) > 1 and exchange.request.method.upper() == "GET":
            now = member_ids(exchange.json)
            if now is not None and shows(exchange, "members.value"):
                yield from _addition_lost(added[object_id], now, exchange)


def _addition_lost(
    writes: list[Exchange], now: set[str], read: Exchange
) -> Iterable[Contradiction]:
    """Only additions that were under way at one time can have overwritten each other."""
    lost = [w for w in writes if _added_by(w) - now]
    met = [_overlap(w, other) for w in lost for other in writes if other is not w]
    text = "of several accepted additions to the group, some are missing"
    if any(met):
        yield Contradiction(kind=Kind.MEMBER_LOST, exchange=read.id, summary=text)
    elif None in met:
        text = f"{text}; whether they were sent at once is not shown"
        yield Contradiction(kind=Kind.MEMBER_LOST, exchange=read.id, summary=text, is_sure=False)
    elif any(w is not writes[-1] for w in lost) and _added_by(writes[-1]) & now:
        text = "members that were added are gone after another addition, sent later"
        yield Contradiction(kind=Kind.VALUES_LOST, exchange=read.id, summary=text)


def _added_by(write: Exchange) -> set[str]:
    return set().union(*(named_members(o) for o in operations_of(write.request.json)))


def _overlap(one: Exchange, other: Exchange) -> bool | None:
    """Whether two exchanges were under way at one time; `None` if their times are not known."""
    if one.started_at is None or other.started_at is None:
        return None
    apart = (other.started_at - one.started_at).total_seconds() * 1000
    took = (one if apart > 0 else other).elapsed_in_milliseconds
    if apart and took <= 0:
        return None
    return apart == 0 or abs(apart) < took
