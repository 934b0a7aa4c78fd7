"""Sends a PATCH and sees what it did: to what it named, and to what it did not name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Unavailable, failed
from scimdoctor.checks.ids import REPLACE
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.shapes import answer_words, difference, flat, request_words, shown
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

    Operations = Sequence[dict[str, Any]]
    State = dict[str, Any]
    Expectation = Callable[[State], bool]

_DERIVED = {
    "name": {"displayname", "name.formatted"},
    "displayname": {"name.formatted", "name.givenname", "name.familyname"},
    "username": {"emails", "displayname"},
    "emails": {"username"},
    "active": set[str](),
}
"""What an app may rightly change along with an attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one PATCH did."""

    exchange: Exchange
    before: State
    after: State
    worked: bool
    """It was answered with success and what was expected is there."""

    last_read: Exchange | None = None

    @property
    def accepted(self) -> bool:
        """Whether it was answered with success."""
        return self.exchange.ok

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What shows it: the read after the write, then the write."""
        return (self.last_read, self.exchange) if self.last_read else (self.exchange,)

    @property
    def words(self) -> str:
        """What was sent and answered."""
        said = f"{request_words(self.exchange)} was answered {answer_words(self.exchange)}"
        return (
            f"{said}, but a read by id {self._seen}" if self.accepted and not self.worked else said
        )

    @property
    def _seen(self) -> str:
        """What the read after it shows of the attributes that it names."""
        if self.last_read is not None and not self.last_read.ok:
            return f"is answered {answer_words(self.last_read)}"
        names = dict.fromkeys(name for op in _operations(self) for name in _shown_names(op))
        pairs = [(name, value_at(self.before, name), value_at(self.after, name)) for name in names]
        changed = [_change(*pair) for pair in pairs if pair[1] != pair[2]]
        return f"shows {'; '.join(changed)}" if changed else "does not show the change"


def apply(
    context: CheckContext,
    thing: TestObject,
    operations: Operations,
    *,
    expect: Expectation,
    doubtful: bool = False,
) -> Effect:
    """PATCH `thing` and read it back by id, waiting a little if the change does not show at once.

    What is `doubtful` few apps do: it is waited for only where another change came late.
    """
    before = context.state(thing)
    exchange = context.send(patch_request(thing, operations))
    thing.state = None
    last_read = context.read(thing)
    waits = bool(context.delays) or not doubtful
    if exchange.ok and _holds(expect, thing.state):
        context.grace.prompt("patched")
    elif exchange.ok and waits:
        brief = _differ(before, thing.state)
        for _ in context.settle(exchange, brief=brief, kind="patched"):
            last_read = context.read(thing)
            if _holds(expect, thing.state):
                context.came_late(exchange)
                break
    worked = exchange.ok and _holds(expect, thing.state)
    _remember(context, thing, operations, worked=worked)
    return Effect(
        exchange=exchange,
        before=before,
        after=thing.state or {},
        worked=worked,
        last_read=last_read,
    )


def _remember(
    context: CheckContext, thing: TestObject, operations: Operations, *, worked: bool
) -> None:
    """Take note of whether one attribute can be set by its path alone."""
    path, value = operations[0].get("path"), operations[0].get("value")
    if len(operations) != 1 or not isinstance(path, str) or not isinstance(value, str | int):
        return
    path = f"group:{path}" if thing.resource == "Groups" else path
    if worked:
        context.unset_paths.discard(path)
    else:
        context.unset_paths.add(path)


def _differ(before: State, after: State | None) -> bool:
    """Whether a write did something: an app that is late shows what was there before."""
    return after is not None and {**before, "meta": None} != {**after, "meta": None}


def _holds(expect: Expectation, state: State | None) -> bool:
    return state is not None and expect(state)


def has(path: str, value: Any) -> Expectation:  # noqa: ANN401 - JSON value
    """Expect `value` at `path`; in another letter case or JSON type, or cut off, it counts as there.

    Each of these is a fault of its own, which is told where values are compared.
    """

    def met(state: State) -> bool:
        got = value_at(state, path)
        return difference(value, got) in (None, "case", "type") or _is_cut(value, got)

    return met


def _is_cut(sent: Any, got: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether a text lost its end; most of it must be there, so that no old value passes for it."""
    texts = isinstance(sent, str) and isinstance(got, str)
    return texts and sent.startswith(got) and len(got) * 2 > len(sent)


def lacks(path: str) -> Expectation:
    """Expect nothing, or something empty, at `path`."""
    return lambda state: value_at(state, path) in (None, "", [], {})


def both(*expectations: Expectation) -> Expectation:
    """Expect all of them."""
    return lambda state: all(expect(state) for expect in expectations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Another spelling of the same change; that it works puts the blame on what it avoids."""

    operations: Operations
    words: str
    """What differs, to go after "it works"."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A change in Entra's spelling, and what to blame when it fails."""

    thing: TestObject
    operations: Operations
    expect: Expectation
    ways: tuple[Way, ...] = ()
    """Tried in order when Entra's spelling fails."""

    otherwise: str | None = None
    """The cause when it is accepted without effect in every way; `None`: the rule's."""

    refused: str | None = None
    """The cause when it is refused in every way; `None`: as `otherwise`."""


def attempt(context: CheckContext, trial: Trial) -> Iterator[Result]:
    """Try Entra's spelling; when it fails, find out what it fails by."""
    effect = apply(context, trial.thing, trial.operations, expect=trial.expect)
    if effect.worked:
        yield from collateral(effect)
        return
    for way in trial.ways:
        other = apply(context, trial.thing, way.operations, expect=trial.expect)
        if other.worked:
            evidence = (*other.exchanges, *effect.exchanges)
            if way.cause == "patch-op-case-sensitive":
                context.spelling.lower_ops |= {str(o["op"]) for o in way.operations}
            yield failed(f"{effect.words}. It works {way.words}.", *evidence, cause=way.cause)
            return
    cause = trial.otherwise if effect.accepted else trial.refused or trial.otherwise
    yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def must_differ(context: CheckContext, patch: Exchange) -> None:
    """Tell a PATCH that failed by itself from one that fails as every PATCH does.

    Raises:
        Unavailable: the simplest PATCH was answered with the same status, which is reported.
    """
    if context.unpatched is not None and context.unpatched.status == patch.status:
        raise Unavailable(f"cannot be told while {REPLACE} fails")


def collateral(effect: Effect) -> Iterator[Result]:
    """Report what a PATCH changed without having been asked to."""
    changes = list(unasked_changes(effect))
    if changes:
        yield failed(
            f"{request_words(effect.exchange)} also changed what it does not name: "
            f"{'; '.join(changes)}.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )


def unasked_changes(effect: Effect) -> Iterator[str]:
    """What was lost or altered outside the attributes that the operations name."""
    named = {name for op in _operations(effect) for name in _named(op)}
    before, after = flat(effect.before), flat(effect.after)
    derived = {d for name in named for d in _DERIVED.get(name.partition(".")[0], set())}
    for path, old in before.items():
        key = path.casefold()
        if any(key == n or key.startswith((n + ".", n + ":")) for n in named):
            continue
        new = after.get(path)
        if new is None:
            yield f"{path} is gone (was {old[:80]})"
        elif new != old and key not in derived:
            yield f"{path} became {new[:80]} (was {old[:80]})"


def _operations(effect: Effect) -> list[dict[str, Any]]:
    body = effect.exchange.request.json
    return body["Operations"] if isinstance(body, dict) else []


def _shown_names(operation: dict[str, Any]) -> Iterator[str]:
    """The attributes that an operation names, whole: a value path may hit another element."""
    path, value = operation.get("path"), operation.get("value")
    names = [path] if isinstance(path, str) else list(value) if isinstance(value, dict) else []
    for name in names:
        parsed = AttributePath.parse(name)
        if parsed is not None:
            yield f"{parsed.urn}:{parsed.attribute}" if parsed.urn else parsed.attribute


def _change(name: str, before: Any, after: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(before, list | None) and isinstance(after, list | None) and name == "members":
        return f"{len(after or ())} members (before: {len(before or ())})"
    now = f"{name} {shown(after)}" if after not in (None, "", [], {}) else f"no {name}"
    return f"{now} (before: {shown(before)})"


def _named(operation: dict[str, Any]) -> Iterator[str]:
    """The attributes that an operation names, in lower case."""
    path, value = operation.get("path"), operation.get("value")
    if path is not None:
        yield _root(path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield _root(key)
            if isinstance(inner, dict):
                yield key.casefold()


def _root(text: str) -> str:
    path = AttributePath.parse(text)
    if path is None:
        return text.casefold()
    if path.urn:
        return f"{path.urn}:{path.attribute}".casefold()
    if path.filter is None and path.sub_attribute:
        return f"{path.attribute}.{path.sub_attribute}".casefold()
    return path.attribute.casefold()
