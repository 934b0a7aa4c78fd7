"""Writes what a mapping sends, all at once as Entra does; looks for the attribute only on failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Unavailable, failed, noted
from scimdoctor.checks.effects import apply, collateral
from scimdoctor.checks.ids import GROUP_PATCH, SEVERAL
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.shapes import answer_words, difference, same_moment, shown
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import Change
from scimdoctor.model.rule import Severity
from scimdoctor.scim.error import ScimError
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Effect
    from scimdoctor.checks.mapped_values import Mapped, Plan
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

_AT_MOST = 3
"""Attributes that are looked for one after the other; each may cost six requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Users or groups."""

    is_group: bool

    @property
    def resource(self) -> str:
        """The endpoint."""
        return "Groups" if self.is_group else "Users"

    @property
    def noun(self) -> str:
        """One of them, in words."""
        return "group" if self.is_group else "user"

    @property
    def key(self) -> str:
        """The attribute without which none can be created."""
        return "displayName" if self.is_group else "userName"

    def planned(self, context: CheckContext, role: str) -> Plan:
        """What the mapping sends, without what is reported already as not working.

        Raises:
            Unavailable: no mapping of this kind was given, or Entra does not use it.
        """
        from scimdoctor.checks.mapped_values import plan

        schema = context.options.schema
        if schema is None:
            raise Unavailable("no attribute mapping was given (--app or --schema)")
        mapping = schema.mapping_for(group=self.is_group)
        if mapping is None:
            raise Unavailable(f"no attribute mapping of {self.noun}s was given")
        if not mapping.enabled:
            raise Unavailable(f"the mapping of {self.noun}s is switched off")
        names = {m.target_attribute_name.casefold() for m in mapping.attribute_mappings}
        if self.key.casefold() not in names:
            raise Unavailable(
                f"the mapping of {self.noun}s does not fill {self.key}, without which no SCIM app "
                f"has one (see `scimdoctor mappings`)"
            )
        return plan(schema, mapping, context.values, role)


USERS = Side(is_group=False)
GROUPS = Side(is_group=True)


def create(
    context: CheckContext, side: Side, make: Callable[[], dict[str, Any]], needed: Sequence[str]
) -> tuple[TestObject | None, list[tuple[str, Exchange]], Exchange]:
    """POST what `make` gives, anew each time; on refusal leave out what it is refused for.

    Gives the object, the attributes left out with the answer that refused each, and the last answer.
    """
    refused: list[tuple[str, Exchange]] = []
    left: list[str] = []

    def tried(names: Sequence[str] | None = None) -> tuple[TestObject | None, Exchange]:
        sent = make()
        keep = {*needed, *(sent if names is None else names)} - set(left)
        chosen = {path: value for path, value in sent.items() if path in keep}
        exchange = context.send(context.create_request(side.resource, chosen))
        return context.adopt(exchange, chosen), exchange

    made, exchange = tried()
    for _ in range(2 * _AT_MOST):
        if made is not None or exchange.ok or len(refused) == _AT_MOST:
            break
        optional = [p for p in make() if p not in needed and p not in left]
        found = _first_refused(optional, tried)
        if found is None:
            break
        alike = kin(found[0], optional)
        if any(found[0] in kin(path, [path, found[0]]) for path, _ in refused):
            left += alike  # a second one of its kind: it is the kind that is refused
        else:
            refused.append(found)
            left.append(found[0])
        made, exchange = tried()
    return made, refused, exchange


def _first_refused(
    names: Sequence[str], tried: Callable[[Sequence[str]], tuple[TestObject | None, Exchange]]
) -> tuple[str, Exchange] | None:
    """The first attribute with which a create is refused; `None` if it is refused without any."""
    made, exchange = tried([])
    if made is None:
        return None
    low, high = 0, len(names)  # accepted with `low` of them, refused with `high`
    while high - low > 1:
        middle = (low + high) // 2
        made, answer = tried(names[:middle])
        if made is not None:
            low = middle
        else:
            high, exchange = middle, answer
    if high == len(names) and exchange.ok:
        _, exchange = tried(names)
    return (names[low], exchange) if names else None


def kin(path: str, names: Sequence[str]) -> list[str]:
    """`path` and those that an app would refuse for the same reason: its extension, its list."""

    def family(text: str) -> str:
        head, _, tail = text.partition("[")
        return head if tail else text.rpartition(":")[0] or text

    return [name for name in names if family(name) == family(path)]


def differences(
    context: CheckContext, sent: dict[str, Any], state: dict[str, Any], mapped: Sequence[Mapped]
) -> dict[str, str]:
    """How each attribute came back if not as it was sent, save what is reported already."""
    kinds = {m.path: m.kind for m in mapped}
    found: dict[str, str] = {}
    for path, value in sent.items():
        got = value_at(state, path)
        kind = difference(value, got)
        moment = kinds.get(path) == "datetime" and same_moment(value, got)
        if kind is not None and not moment and not is_reported(context, path):
            found[path] = kind
    return found


def is_reported(context: CheckContext, path: str) -> bool:
    """Whether the loss or the shape of this attribute is a finding already."""
    parsed = AttributePath.parse(path)
    parts = {path} if parsed is None else {parsed.attribute, parsed.urn}
    return path in context.reported_lost or not context.malformed.isdisjoint(parts)


def lost_words(found: dict[str, str], sent: dict[str, Any], state: dict[str, Any]) -> str:
    """What came back for each, in words."""
    return "; ".join(
        f"{path} is gone"
        if kind == "missing"
        else f"{path} was sent as {shown(sent[path])} and is {shown(value_at(state, path))}"
        for path, kind in found.items()
    )


def told_apart(
    found: dict[str, str], mapped: Sequence[Mapped]
) -> tuple[dict[str, str], dict[str, str]]:
    """What harms, and what does not: identifiers in another letter case, other JSON types."""
    identifiers = {m.path for m in mapped if m.is_identifier}
    harmless = {
        path: kind
        for path, kind in found.items()
        if kind == "type" or (kind == "case" and path in identifiers)
    }
    return {p: k for p, k in found.items() if p not in harmless}, harmless


def judged(
    found: dict[str, str],
    mapped: Sequence[Mapped],
    sent: dict[str, Any],
    reads: tuple[dict[str, Any], Exchange],
) -> Iterator[Result]:
    """Say what was not kept: one finding for all of it."""
    state, exchange = reads
    harmful, harmless = told_apart(found, mapped)
    if harmful:
        matched = any(m.matching_priority for m in mapped if m.path in harmful)
        gone = "missing" in harmful.values()
        yield failed(
            f"Attributes of the mapping are not kept as sent: {lost_words(harmful, sent, state)}.",
            exchange,
            severity=Severity.BLOCKER if matched else Severity.MAJOR if gone else Severity.MINOR,
        )
    if harmless:
        words = lost_words(harmless, sent, state)
        yield noted(
            f"Attributes come back in another form, which harms nothing: {words}.", exchange
        )


def patch(
    context: CheckContext, thing: TestObject, op: str, changes: Sequence[tuple[Mapped, Any]]
) -> Iterator[Result]:
    """PATCH all `changes` in one request, as Entra does, and see that each took effect."""
    left, before = list(changes), set[str]()
    for _ in range(_AT_MOST):
        if not left:
            return
        operations = spelled(context, op, left)
        effect = apply(context, thing, operations, expect=shows_all(left))
        if effect.accepted:
            yield from _applied(context, thing, left, effect)
            return
        found, answer, fine = _first_refused_change(context, thing, op, left)
        if found is None and context.fails(SEVERAL):
            raise Unavailable(f"several operations at once fail (see {SEVERAL})")
        if found is None:
            crashed = effect.exchange.crashed
            yield failed(
                f"{effect.words}, while each operation alone works.",
                *effect.exchanges,
                cause="unhandled-exception-500" if crashed else "over-strict-validation",
            )
            return
        before |= {m.path for m, _ in left[:fine]}
        plain_works = before or thing.resource == "Users" or GROUP_PATCH in context.passed
        yield _refused(context, thing, op, found, answer, before if plain_works else None)
        gone = kin(found[0].path, [m.path for m, _ in left])
        left = [change for change in left if change[0].path not in gone]


def _applied(
    context: CheckContext,
    thing: TestObject,
    changes: Sequence[tuple[Mapped, Any]],
    effect: Effect,
) -> Iterator[Result]:
    absent = _absent(changes, effect.after)
    if not absent:
        yield from collateral(effect)
        return
    words = "; ".join(
        f"{m.path} was set to {shown(value)} and is {shown(value_at(effect.after, m.path))}"
        for m, value in absent
    )
    paths = [m for m, _ in absent]
    worked = [m for m, _ in changes if m not in paths]
    words = (
        f"An update of the mapping's attributes was answered {answer_words(effect.exchange)}, but "
        f"does not show in a read by id: {words}."
    )
    alone = _alone(context, thing, absent[:1]) if worked and not context.fails(SEVERAL) else None
    if alone is not None:
        yield failed(
            f"{words} Sent by itself it shows: another operation of the same PATCH clears it.",
            *alone.exchanges,
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )
        return
    yield failed(
        words,
        *effect.exchanges,
        cause="attribute-not-stored-or-returned"
        if all(_is_cut(value, value_at(effect.after, m.path)) for m, value in absent)
        else _cause_by_path(paths, worked, otherwise="patch-accepted-not-applied"),
    )


def _alone(
    context: CheckContext, thing: TestObject, changes: Sequence[tuple[Mapped, Any]]
) -> Effect | None:
    """The change without those beside it, if so it works."""
    operations = spelled(context, "replace", changes)
    effect = apply(context, thing, operations, expect=shows_all(changes), doubtful=True)
    return effect if effect.worked else None


def _is_cut(sent: object, kept: object) -> bool:
    """Whether the change was taken, and kept in part."""
    return isinstance(sent, str) and isinstance(kept, str) and sent.startswith(kept) and kept != ""


def shows_all(changes: Sequence[tuple[Mapped, Any]]) -> Callable[[dict[str, Any]], bool]:
    """Expect every change."""
    return lambda state: not _absent(changes, state)


def _absent(
    changes: Sequence[tuple[Mapped, Any]], state: dict[str, Any]
) -> list[tuple[Mapped, Any]]:
    """The changes that `state` does not show."""
    return [
        (m, value)
        for m, value in changes
        if difference(value, value_at(state, m.path)) not in (None, "case", "type")
        and not same_moment(value, value_at(state, m.path))
    ]


def _cause_by_path(failing: Sequence[Mapped], working: Sequence[Mapped], *, otherwise: str) -> str:
    """Blame the form of the path where every path of that form fails, and only those."""
    if all(m.is_custom for m in failing) and not any(m.is_custom for m in working):
        return "extension-urn-path-unsupported"
    lists = {m.parsed.attribute for m in failing if m.parsed.filter is not None}
    if lists and all(m.parsed.filter is not None for m in failing):
        same = any(m.parsed.attribute in lists and m.parsed.filter for m in working)
        return otherwise if same else "value-path-unsupported"
    return otherwise


def spelled(
    context: CheckContext, op: str, changes: Sequence[tuple[Mapped, Any]]
) -> list[dict[str, Any]]:
    """The operations, as the dialect under test writes them."""
    if context.dialect is Dialect.COMPLIANT and not context.fails("patch/pathless"):
        wanted = [Change(op=op, path=m.path, value=value) for m, value in changes]
        return requests.operations(wanted, Dialect.COMPLIANT)
    return [context.op(op, m.path, typed(context, value)) for m, value in changes]


def typed(context: CheckContext, value: Any) -> Any:  # noqa: ANN401 - JSON value
    """A value as Entra writes it: in the default dialect numbers and booleans are text."""
    if isinstance(value, bool):
        return context.boolean(value)
    as_text = isinstance(value, int) and context.dialect is Dialect.DEFAULT
    return str(value) if as_text else value


def _first_refused_change(
    context: CheckContext, thing: TestObject, op: str, changes: Sequence[tuple[Mapped, Any]]
) -> tuple[tuple[Mapped, Any] | None, Exchange, int]:
    """The first change with which the PATCH is refused, the answer, and how many work before it."""

    def answer_to(some: Sequence[tuple[Mapped, Any]]) -> Exchange:
        return context.send(patch_request(thing, spelled(context, op, some)))

    low, high = 0, len(changes)
    while high - low > 1:
        middle = (low + high) // 2
        if answer_to(changes[:middle]).ok:
            low = middle
        else:
            high = middle
    exchange = answer_to([changes[low]])
    thing.state = None
    return (None if exchange.ok else changes[low]), exchange, low


def _refused(
    context: CheckContext,
    thing: TestObject,
    op: str,
    change: tuple[Mapped, Any],
    exchange: Exchange,
    worked: set[str] | None,
) -> Result:
    mapped, value = change
    words = (
        f"{op.capitalize()} of {mapped.path} by {shown(typed(context, value))} was answered "
        f"{answer_words(exchange)}"
    )
    if mapped.kind in {"boolean", "integer"} and typed(context, value) != value:
        operation = context.op(op, mapped.path, value)
        other = context.send(patch_request(thing, [operation]))
        if other.ok:
            boolean = mapped.kind == "boolean"
            cause = "boolean-string-rejected" if boolean else "patch-value-shape-rejected"
            return failed(
                f"{words}. As {shown(value)} without quotes it works.",
                other,
                exchange,
                cause=cause,
            )
    return failed(f"{words}.", exchange, cause=_cause_of_refusal(mapped, exchange, worked))


def _cause_of_refusal(mapped: Mapped, exchange: Exchange, worked: set[str] | None) -> str:
    """What to blame; `worked` are paths that work, `None` if not even a plain one is known to."""
    error = ScimError.parse(exchange.json)
    alike = kin(mapped.path, sorted(worked or ()))
    if exchange.crashed:
        # Paths without a URN work: it is the form that the app cannot read, however it says so.
        by_form = mapped.is_custom and worked and not alike
        return "extension-urn-path-unsupported" if by_form else "unhandled-exception-500"
    if error is not None and error.scim_type == "mutability":
        return "immutable-attribute-refused"
    if error is not None and error.scim_type == "invalidPath":
        return _OF_PATH[bool(mapped.parsed.urn), mapped.parsed.filter is not None]
    if mapped.is_custom and not alike and worked is not None:
        return "extension-urn-path-unsupported"
    if mapped.parsed.filter is not None and not alike:
        return "value-path-unsupported"
    return "immutable-attribute-refused"


_OF_PATH = {
    (True, True): "extension-urn-path-unsupported",
    (True, False): "extension-urn-path-unsupported",
    (False, True): "value-path-unsupported",
    (False, False): "mapping-targets-unsupported-attribute",
}
"""What a path that the app calls invalid speaks for, by whether it has a URN and a filter."""
