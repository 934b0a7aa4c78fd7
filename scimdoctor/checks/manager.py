"""The manager: every shape in which Entra sends one, changes it and takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, collateral
from scimdoctor.checks.ids import EXTENSION, MATCH, OPERATIONS, REPLACE
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    request_words,
    resource_problems,
    resources_of,
    shown,
)
from scimdoctor.entra import requests
from scimdoctor.model.rule import Severity
from scimdoctor.scim import urns
from scimdoctor.scim.error import ScimError
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Effect, Expectation, State
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

SET = "manager/set"
_PATH = requests.MANAGER


def _id_in(state: State) -> Any:  # noqa: ANN401 - whatever the app answers
    """The manager's id, however the app shows it."""
    manager = value_at(state, _PATH) or value_at(state, "manager")
    if isinstance(manager, list) and manager:
        manager = manager[0]
    return manager.get("value") if isinstance(manager, dict) else manager


def _is(identifier: str) -> Expectation:
    return lambda state: str(_id_in(state)) == identifier


def _none(state: State) -> bool:
    return _id_in(state) in (None, "")


def _spelled(context: CheckContext, boss: TestObject) -> Any:  # noqa: ANN401 - JSON value
    """The manager's id in a shape that the app takes."""
    return boss.id if context.spelling.manager_text else {"value": boss.id}


def _write(
    context: CheckContext,
    name: str,
    value: Any,  # noqa: ANN401 - JSON value
    expect: Expectation,
    path: str = _PATH,
) -> Effect:
    values = () if name == "remove" else (value,)
    return apply(context, context.user("subject"), [context.op(name, path, *values)], expect=expect)


def _set(context: CheckContext) -> Iterator[Result]:
    boss = context.user("manager")
    effect = _write(context, "add", boss.id, _is(boss.id))
    if effect.worked:
        yield from _shape(context, effect, boss)
        yield from collateral(effect)
        return
    other = _write(context, "add", {"value": boss.id}, _is(boss.id))
    if other.worked:
        context.spelling.manager_text = False
        context.works_anyway.add(SET)
        yield failed(
            f'{effect.words}. As an object {{"value": "…"}} it works.',
            *other.exchanges,
            *effect.exchanges,
        )
    elif not effect.accepted:
        yield failed(
            f"{effect.words}. As an object it fails too.",
            *effect.exchanges,
            cause=_refused_cause(effect.exchange),
        )
    elif context.declared is not None and "manager" not in context.declared.get(
        urns.ENTERPRISE_USER.casefold(), set()
    ):
        yield noted(f"{effect.words}; /Schemas does not declare it.", *effect.exchanges)
        raise Unavailable("the app does not keep a manager")
    else:
        yield from _not_shown(effect)


def _refused_cause(exchange: Exchange) -> str | None:
    """Why a manager is refused in each shape; `None`: for its value, of which scimType speaks."""
    if exchange.crashed:
        return "unhandled-exception-500"
    error = ScimError.parse(exchange.json)
    of_value = error is not None and error.scim_type == "invalidValue"
    return None if of_value else "mapping-targets-unsupported-attribute"


def _not_shown(effect: Effect) -> Iterator[Result]:
    """A manager that was accepted, and that a read does not show."""
    problems = [p for p in resource_problems(effect.after) if p.startswith("manager")]
    if problems:
        yield failed(
            f"After a manager was set, a read answers a user in which {'; '.join(problems)}.",
            *effect.exchanges,
            cause="response-attribute-malformed",
        )
        return
    yield failed(
        f"{effect.words}, in no shape.",
        *effect.exchanges,
        cause="attribute-not-stored-or-returned",
        severity=Severity.MINOR,
    )


def _shape(context: CheckContext, effect: Effect, boss: TestObject) -> Iterator[Result]:
    manager = value_at(effect.after, _PATH)
    if isinstance(manager, dict):
        return
    _write(context, "remove", None, _none)
    other = _write(context, "add", {"value": boss.id}, _is(boss.id))
    if isinstance(value_at(other.after, _PATH), dict):
        context.spelling.manager_text = False
        context.works_anyway.add(SET)
        yield failed(
            f"{request_words(effect.exchange)} stored the text as it came: a read answers "
            f'{shown(manager)} instead of an object {{"value": "…"}}.',
            *effect.exchanges,
        )
    else:
        yield failed(
            f"After a manager was set, a read answers manager as {shown(manager)} instead of an "
            'object {"value": "…"}.',
            *effect.exchanges,
            cause="response-attribute-malformed",
        )


def _change(context: CheckContext) -> Iterator[Result]:
    boss = context.user("bystander")
    effect = _write(context, "replace", _spelled(context, boss), _is(boss.id))
    if not effect.worked:
        yield failed(f"{effect.words}.", *effect.exchanges)


def _documented(context: CheckContext) -> Iterator[Result]:
    boss = context.user("manager")
    value = [{"$ref": f"{context.endpoint.base_url}/Users/{boss.id}", "value": boss.id}]
    effect = _write(context, "add", value, _is(boss.id), "manager")
    if not effect.worked:
        bare = _write(context, "add", [{"value": boss.id}], _is(boss.id), "manager")
        cause = "patch-value-shape-rejected" if bare.worked else None
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def _clear(context: CheckContext) -> Iterator[Result]:
    yield from _take_away(context, "replace", "")


def _remove(context: CheckContext) -> Iterator[Result]:
    yield from _take_away(context, "remove", None)


def _have(context: CheckContext, boss: TestObject) -> None:
    """Give the subject this manager, by whichever operation fits its state."""
    state = context.state(context.user("subject"))
    if not _is(boss.id)(state):
        name = "add" if _none(state) else "replace"
        _write(context, name, _spelled(context, boss), _is(boss.id))


def _take_away(context: CheckContext, name: str, value: Any) -> Iterator[Result]:  # noqa: ANN401
    if "manager" in context.malformed:
        raise Unavailable("manager comes back in a shape that cannot be read (see read/shape)")
    if name == "remove" and not context.spelling.removes:
        raise Unavailable("remove does not work on other attributes either (see patch/remove)")
    boss = context.user("manager")
    _have(context, boss)
    effect = _write(context, name, value, _none)
    if not effect.worked:
        yield failed(f"{effect.words}.", *effect.exchanges)
        return
    yield from collateral(effect)


def _query(context: CheckContext) -> Iterator[Result]:
    user, boss, other = (context.user(r) for r in ("subject", "manager", "bystander"))
    _have(context, boss)
    hit, miss = context.each([requests.manager_query(user.id, m.id) for m in (boss, other)])
    if not hit.ok:
        pairs = [(n, v) for n, v in parse_qsl(hit.request.query) if n != "attributes"]
        plain = context.send(requests.get("/Users", pairs))
        yield failed(
            f"The query by id and manager was answered {answer_words(hit)}."
            + (" Without attributes=id it works." if plain.ok else ""),
            hit,
            cause="over-strict-validation" if plain.ok else None,
        )
        return
    if not any(str(r.get("id")) == user.id for r in resources_of(hit)):
        yield noted(
            "The query by id and manager does not find the user; Entra sends the manager again.",
            hit,
        )
    if miss.ok and resources_of(miss):
        yield failed(
            "The query by id and another manager finds the user all the same.",
            miss,
            cause="filter-not-selective",
        )


def _inactive(context: CheckContext) -> Iterator[Result]:
    boss = context.objects.get("inactive")
    if boss is None:
        raise Unavailable("there is no inactive test user")
    effect = _write(context, "replace", _spelled(context, boss), _is(boss.id))
    if not effect.worked and not effect.accepted:
        yield failed(f"{effect.words}, for a manager who is disabled.", *effect.exchanges)


def _created(context: CheckContext) -> Iterator[Result]:
    boss = context.user("manager")
    person = {**context.values.person("managed"), _PATH: boss.id}
    exchange = context.send(context.create_request("Users", person))
    if exchange.status == 409:
        raise Unavailable("the app takes a new user for another one (see create/namesake)")
    if not exchange.ok:
        words = f"POST of a user whose manager is a bare id was answered {answer_words(exchange)}"
        yield failed(f"{words}.", exchange)


_rule = family(
    "manager",
    TUTORIAL,
    COMPATIBILITY,
    rfc="RFC 7643 §4.3",
    requirement="ENTRA",
    cause="manager-value-shape",
    admin_sees="update events of the reference 'manager' that fail, or never take effect.",
)


CHECKS = (
    Check(
        rule=_rule(
            SET.partition("/")[2],
            "The manager may be sent as a bare id",
            what="Adds urn:…:User:manager with the id as a plain string; when it fails, as an object.",
            why="Entra sends the manager's id as a plain string, not as an object with value.",
            fix='Take a string for {"value": string} on this path, and return an object.',
        ),
        run=_set,
        requires=(REPLACE, EXTENSION),
        heeds=OPERATIONS,
    ),
    Check(
        rule=_rule(
            "change",
            "The manager may be replaced by another bare id",
            what="Replaces urn:…:User:manager by another user's id.",
            why="Entra sends Replace when the manager changes.",
            fix="Treat replace as add on this path.",
        ),
        run=_change,
        requires=(SET,),
    ),
    Check(
        rule=_rule(
            "documented",
            "The manager may be sent as the tutorial shows it",
            severity="minor",
            what='Adds manager, without a URN, as an array of one object with "$ref" and "value".',
            why="Microsoft's tutorial documents this form.",
            fix="Resolve the short name manager to the enterprise extension; take the first element.",
        ),
        run=_documented,
        requires=(SET,),
    ),
    Check(
        rule=_rule(
            "query",
            "A query by id and manager is answered",
            severity="minor",
            cause="filter-attribute-unsupported",
            what='Asks for id eq "…" and manager eq "…", with the right manager and with a wrong one.',
            why="Microsoft documents this query before a change of a reference.",
            admin_sees="a reference that is sent again and again, or an error at this query.",
            fix="Support `and` between equalities, and manager as a filter attribute.",
        ),
        run=_query,
        requires=(SET, MATCH, "read/shape"),
    ),
    Check(
        rule=_rule(
            "clear",
            "An empty text takes the manager away",
            what='Replaces urn:…:User:manager by "".',
            why="Microsoft's validation of gallery apps clears the manager so.",
            fix="Take an empty text for no manager.",
        ),
        run=_clear,
        requires=(SET, "patch/empty"),
    ),
    Check(
        rule=_rule(
            "remove",
            "Remove takes the manager away",
            what="Removes urn:…:User:manager by its path.",
            why="Entra sends Remove when a person has no manager any more.",
            fix="Resolve the path of the complex attribute on remove as on replace.",
        ),
        run=_remove,
        requires=(SET,),
    ),
    Check(
        rule=_rule(
            "inactive",
            "A disabled user can be a manager",
            severity="minor",
            cause="reference-unresolvable",
            what="Sets a manager who was created inactive.",
            why="Managers leave, too; their people keep the reference for a while.",
            fix="Accept every user as a manager, active or not.",
        ),
        run=_inactive,
        requires=(SET, "manager/change", "create/inactive"),
    ),
    Check(
        rule=_rule(
            "created",
            "A user may be created with a bare id for a manager",
            severity="minor",
            what="Creates a user whose enterprise extension holds manager as a plain string.",
            why="Entra was seen to send it so.",
            admin_sees="create events that fail for users who have a manager.",
            fix='Take a string for {"value": string} in a create, too.',
        ),
        run=_created,
        requires=(SET,),
    ),
)
