"""A whole update in one PATCH, and what it shows of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Unavailable, failed, noted
from scimdoctor.checks.effects import (
    Effect,
    apply,
    both,
    collateral,
    has,
)
from scimdoctor.checks.shapes import difference, request_words, shown
from scimdoctor.checks.values import EMPLOYEE_NUMBER, WORK_COUNTRY, WORK_EMAIL, WORK_PHONE
from scimdoctor.model.rule import Severity
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject

WORK_REGION = 'addresses[type eq "work"].region'
WORK_POSTAL_CODE = 'addresses[type eq "work"].postalCode'


def whole_update(context: CheckContext) -> Iterator[Result]:
    """A whole update as Entra sends it, with every kind of path at once."""
    user = context.user("subject")
    values = {p: _another(context, user, p) for p in _updated(context, user)}
    if len(values) < 2:
        raise Unavailable("too few attributes are known to work for a whole update")
    operations = [context.op("replace", p, v) for p, v in values.items()]
    effect = apply(context, user, operations, expect=both(*(has(p, v) for p, v in values.items())))
    if effect.worked:
        yield from collateral(effect)
        return
    yield from _one_by_one(context, user, values, effect)


_NEVER_UPDATED = {"userName", "active", "name.formatted"}
"""What has checks of its own, and what an app may make from other values."""


def _updated(context: CheckContext, user: TestObject) -> list[str]:
    """The attributes of the default mapping that the app keeps, and of which nothing is told yet."""
    told = context.malformed | context.spelling.unfiltered
    if context.fails("patch/value-path-add"):
        told = told | {"addresses"}
    if "patch/extension-second" not in context.passed:
        told = told | {EMPLOYEE_NUMBER}
    return [
        path
        for path in user.sent
        if path in context.kept - _NEVER_UPDATED - told
        and path.partition("[")[0] not in told
        and context.is_mapped(path)
    ]


_CHOICES = {
    "preferredLanguage": ("en-US", "fr-FR"),
    WORK_COUNTRY: ("US", "NL"),
    WORK_REGION: ("NH", "CA"),
    WORK_POSTAL_CODE: ("03101", "10115"),
}
"""By attribute that an app may hold to a list or a format: what it took before, then another."""


def _another(context: CheckContext, user: TestObject, path: str) -> str:
    """A value that the user does not have at `path`, of the kind that the app took there."""
    if path in _CHOICES:
        now = value_at(context.state(user), path)
        return next(value for value in _CHOICES[path] if value != now)
    if path in {WORK_EMAIL, WORK_PHONE, EMPLOYEE_NUMBER}:
        return str(context.values.person("all")[path])
    return context.values.text("All")


def _one_by_one(
    context: CheckContext, user: TestObject, values: dict[str, str], effect: Effect
) -> Iterator[Result]:
    """Say of a whole update that fails which part of it fails alone, or that none does."""
    wrong = [p for p, v in values.items() if not has(p, v)(effect.after)]
    broken = list(_broken(context, user, {path: values[path] for path in wrong}))
    for path, alone in broken:
        if not alone.accepted and _same_is_taken(context, user, path):
            say, cause = _of_value(path)
            yield say(
                f"{alone.words}. The value that is there is taken.", *alone.exchanges, cause=cause
            )
        else:
            yield failed(f"{alone.words}.", *alone.exchanges, cause=single_cause(path, alone))
    if not broken and effect.accepted:
        rest = [context.op("replace", p, v) for p, v in values.items() if p not in wrong]
        cleared = list(collateral(apply(context, user, rest, expect=lambda _state: True)))
        if cleared:
            yield from cleared
            return
    if not broken:
        refused = "unhandled-exception-500" if effect.exchange.crashed else "over-strict-validation"
        yield failed(
            f"{effect.words}. Unchanged: {', '.join(wrong)}. In smaller requests the {len(values)} "
            "operations work.",
            *effect.exchanges,
            cause=None if effect.accepted else refused,
        )


def _broken(
    context: CheckContext, user: TestObject, values: dict[str, str]
) -> Iterator[tuple[str, Effect]]:
    """The attributes that cannot be changed alone, found by halving: most of them can."""
    paths = list(values)
    middle = len(paths) // 2
    for half in filter(None, (paths[:middle], paths[middle:])):
        wanted = {path: values[path] for path in half}
        operations = [context.op("replace", path, value) for path, value in wanted.items()]
        expected = both(*(has(path, value) for path, value in wanted.items()))
        effect = apply(context, user, operations, expect=expected)
        if effect.worked:
            continue
        if len(half) == 1:
            yield half[0], effect
        else:
            yield from _broken(context, user, wanted)


def _same_is_taken(context: CheckContext, user: TestObject, path: str) -> bool:
    """Whether it is the change that is refused: the value that is there is taken."""
    old = value_at(context.state(user), path)
    return apply(context, user, [context.op("replace", path, old)], expect=has(path, old)).worked


def _of_value(path: str) -> tuple[Callable[..., Result], str]:
    """How to tell of a change that is refused: a value that we chose may be none of the app's."""
    if path in _CHOICES:
        return noted, "value-not-allowed-by-app"
    return failed, "immutable-attribute-refused"


def single_cause(path: str, effect: Effect) -> str:
    """Why one attribute cannot be changed by a PATCH of its own."""
    if effect.accepted:
        return "patch-accepted-not-applied"
    if effect.exchange.crashed:
        return "unhandled-exception-500"
    return (
        "immutable-attribute-refused"
        if path == "externalId"
        else "mapping-targets-unsupported-attribute"
    )


def login_follows(context: CheckContext, effect: Effect, email: str) -> Iterator[Result]:
    """See whether a new e-mail address became the userName, in an app that keeps the two apart.

    In one that has a single value for both, a change of the userName changes the address as well.
    """
    old, new = (value_at(state, "userName") for state in (effect.before, effect.after))
    if old == new or difference(email, new) not in {None, "case"}:
        return
    back = [context.op("replace", "userName", old)]
    undone = apply(context, context.user("subject"), back, expect=has("userName", old))
    if undone.worked and has(WORK_EMAIL, email)(undone.after):
        yield failed(
            f"{request_words(effect.exchange)} also changed userName, which was {shown(old)} and became "
            f"{shown(new)}. The app keeps the two apart, and Entra maps them from different attributes.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
            severity=Severity.MINOR,
        )


def lost_part(
    context: CheckContext, user: TestObject, wanted: dict[str, str], effect: Effect
) -> str | None:
    """The cause if a part stays out although the element is there: then no filter is to blame."""
    lost = [p for p, v in wanted.items() if not has(p, v)(effect.after)]
    if not effect.accepted or not 0 < len(lost) < len(wanted):
        return None
    operations = [context.op("replace", lost[0], wanted[lost[0]])]
    alone = apply(context, user, operations, expect=has(lost[0], wanted[lost[0]]))
    return "patch-accepted-not-applied" if alone.accepted and not alone.worked else None
