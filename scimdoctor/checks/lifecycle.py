"""Leaving and coming back: disable, restore, rename, delete, create again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, collateral, has, must_differ
from scimdoctor.checks.ids import ASKED_BEFORE, DISABLE, MATCH, NO_MATCH, READ, REPLACE, VALUE_PATH
from scimdoctor.checks.objects import holds
from scimdoctor.checks.references import COMPATIBILITY, HOW_IT_WORKS, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, difference, request_words, resources_of, shown
from scimdoctor.checks.values import WORK_EMAIL
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Effect
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

_LEAVER = "leaver"
_CRASH = "unhandled-exception-500"


def _set_active(context: CheckContext, value: Any) -> Effect:  # noqa: ANN401 - boolean or text
    wanted = str(value).casefold() == "true"
    return apply(
        context,
        context.user(_LEAVER),
        [context.op("replace", "active", value)],
        expect=has("active", wanted),
    )


def _boolean_of(value: Any) -> bool | None:  # noqa: ANN401 - JSON value
    """A boolean, also one that is written as text; `None` for anything else."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).casefold())


def _disable(context: CheckContext) -> Iterator[Result]:
    user = context.user(_LEAVER)
    if value_at(context.state(user), "active") is None:
        raise Unavailable("the app does not show whether a user is active")
    if _boolean_of(value_at(context.state(user), "active")) is None:
        raise Unavailable("active comes back in a shape that cannot be read (see read/shape)")
    text = context.dialect is Dialect.DEFAULT
    effect = _set_active(context, "False" if text else False)
    if effect.worked:
        context.works_anyway.add(DISABLE)
        yield from _shown_active(context, effect)
        yield from collateral(effect)
        return
    must_differ(context, effect.exchange)
    if effect.accepted and effect.last_read and effect.last_read.status in {404, 410}:
        yield failed(
            f"After a user was disabled, a read by id is answered {answer_words(effect.last_read)}.",
            effect.exchange,
            effect.last_read,
            cause="disabled-user-not-returned",
        )
        context.gone(_LEAVER)
        return
    if not text:
        yield failed(f"{effect.words}.", *effect.exchanges)
        return
    other = _set_active(context, value=False)
    if other.worked:
        context.spelling.boolean_text = False
        context.works_anyway.add(DISABLE)
        yield failed(
            f"{effect.words}. With the JSON boolean false it works.",
            *other.exchanges,
            *effect.exchanges,
            cause="boolean-string-rejected",
        )
        return
    yield failed(f"{effect.words}.", *effect.exchanges, cause=_refusal(effect))


def _shown_active(context: CheckContext, effect: Effect) -> Iterator[Result]:
    active = value_at(effect.after, "active")
    if not isinstance(active, bool):
        as_sent = isinstance(value_at(effect.before, "active"), bool)
        context.spelling.boolean_text = not as_sent
        yield failed(
            f"After {effect.words} a read says active is {shown(active)}, not a boolean"
            + (": the text was stored as it came." if as_sent else "."),
            *effect.exchanges,
            cause="boolean-string-rejected" if as_sent else "response-attribute-malformed",
        )
    body = effect.exchange.json
    told = value_at(body, "active") if isinstance(body, dict) else None
    if told is True:
        yield failed(
            "The answer to the PATCH that disabled a user says that it is active.",
            effect.exchange,
            cause="write-response-wrong",
        )


def _refusal(effect: Effect) -> str:
    if effect.accepted:
        return "patch-accepted-not-applied"
    if effect.exchange.crashed:
        return "unhandled-exception-500"
    if effect.exchange.status in {404, 410} and value_at(effect.before, "active") is False:
        return "disabled-user-not-returned"
    return "app-policy-refuses-change"


def _disabled_found(context: CheckContext) -> Iterator[Result]:
    if context.doubtful_filter:
        raise Unavailable("the query misses active users as well")
    user = context.user(_LEAVER)
    if value_at(context.state(user), "active") is not False:
        _set_active(context, context.boolean(value=False))
    now = value_at(context.state(user), "userName")
    renamed = isinstance(now, str) and now != context.told(user, "userName")  # told already
    exchange = context.find_own(user, "userName", str(now) if renamed else user.name)
    found = [r for r in resources_of(exchange) if str(r.get("id")) == user.id]
    if not found:
        yield failed(
            f"The query for a disabled user was answered {answer_words(exchange)} without it.",
            exchange,
        )
    elif found[0].get("active") is True:
        yield failed(
            "The query for a disabled user shows it as active.",
            exchange,
            cause="write-response-wrong",
        )
    elif "query/external-id" in context.passed and value_at(user.state, "externalId"):
        exchange = context.find_own(user, "externalId", str(value_at(user.state, "externalId")))
        if not holds(exchange, user):
            yield failed(
                f"The query by externalId for a disabled user was answered {answer_words(exchange)} "
                "without it, while userName finds it.",
                exchange,
            )


def _disable_again(context: CheckContext) -> Iterator[Result]:
    effect = _set_active(context, context.boolean(value=False))
    if not effect.worked:
        hidden = _refusal(effect) == "disabled-user-not-returned"
        hidden = hidden and "patch/no-change" in context.passed  # 404 is not said of no change
        yield failed(
            f"{effect.words}, for a user that is disabled already.",
            *effect.exchanges,
            cause="disabled-user-not-returned" if hidden else None,
        )


def _update_disabled(context: CheckContext) -> Iterator[Result]:
    context.need("displayName")
    value = context.values.text("Disabled")
    user = context.user(_LEAVER)
    operation = context.op("replace", "displayName", value)
    effect = apply(context, user, [operation], expect=has("displayName", value))
    if not effect.worked:
        yield failed(
            f"{effect.words}, for a disabled user.", *effect.exchanges, cause=_refusal(effect)
        )
    elif value_at(effect.after, "active") is True:
        yield failed(
            "A change of displayName made a disabled user active.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )


def _restore(context: CheckContext) -> Iterator[Result]:
    effect = _set_active(context, context.boolean(value=True))
    if effect.worked:
        yield from collateral(effect)
        return
    if context.spelling.boolean_text and context.dialect is Dialect.DEFAULT:
        other = _set_active(context, value=True)
        if other.worked:
            yield failed(
                f"{effect.words}. With the JSON boolean true it works.",
                *effect.exchanges,
                cause="boolean-string-rejected",
            )
            return
    yield failed(f"{effect.words}.", *effect.exchanges, cause=_refusal(effect))


def _boolean(context: CheckContext) -> Iterator[Result]:
    if Dialect.COMPLIANT not in context.options.dialects:
        raise Unavailable("the dialect that sends it was not asked for")
    for value in (False, True):
        effect = _set_active(context, value)
        if not effect.worked:
            cause = "patch-accepted-not-applied" if effect.accepted else None
            yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
            return


def _pathless(context: CheckContext) -> Iterator[Result]:
    if Dialect.COMPLIANT not in context.options.dialects:
        raise Unavailable("the dialect that sends it was not asked for")
    user = context.user(_LEAVER)
    for value in (False, True):
        operation = {"op": "replace", "value": {"active": value}}
        effect = apply(context, user, [operation], expect=has("active", value))
        if not effect.worked:
            say, cause = _blame(context, frozen=value)
            yield say(f"{effect.words}.", *effect.exchanges, cause=cause)
            return


def _rename(context: CheckContext) -> Iterator[Result]:
    if "userName" in (context.reported_lost | context.malformed) - context.kept:
        context.need("userName")
    user = context.user(_LEAVER)
    if value_at(context.state(user), "active") is False:
        restored = _set_active(context, context.boolean(value=True))
        if not restored.worked:  # that disabled users stay so is told already
            del context.objects[_LEAVER]
            user = context.user(_LEAVER)
    old, new = user.name, context.values.user_name("renamed")
    operation = context.op("replace", "userName", new)
    effect = apply(context, user, [operation], expect=has("userName", new))
    if effect.accepted and effect.last_read and effect.last_read.status in {404, 410}:
        yield failed(
            f"After a rename the user is answered {answer_words(effect.last_read)}.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )
        context.gone(_LEAVER)
        return
    if not effect.worked:
        cause = _CRASH if effect.exchange.crashed else "immutable-attribute-refused"
        yield failed(
            f"{effect.words}.",
            *effect.exchanges,
            cause="patch-accepted-not-applied" if effect.accepted else cause,
        )
        return
    user.sent["userName"] = new
    yield from collateral(effect)
    yield from _found_under(context, old, new)


def _found_under(context: CheckContext, old: str, new: str) -> Iterator[Result]:
    if MATCH not in context.passed or context.doubtful_filter:
        return
    user = context.user(_LEAVER)
    exchange = context.find("Users", "userName", new)
    if not any(str(r.get("id")) == user.id for r in resources_of(exchange)):
        for _ in context.settle(exchange):
            exchange = context.find("Users", "userName", new)
            if resources_of(exchange):
                context.came_late(exchange)
                break
    if not any(str(r.get("id")) == user.id for r in resources_of(exchange)):
        yield failed(
            f"After a rename the query for the new userName was answered {answer_words(exchange)} "
            "without the user.",
            exchange,
            cause="filter-misses-existing",
        )
        return
    if context.fails(NO_MATCH, ASKED_BEFORE):
        return
    exchange = context.find("Users", "userName", old)
    if exchange.ok and resources_of(exchange):
        yield failed(
            "After a rename the query for the old userName still finds a user.",
            exchange,
            cause="filter-not-selective",
        )


def _blame(context: CheckContext, *, frozen: bool) -> tuple[Callable[..., Result], str | None]:
    """How to tell of a write that failed: that disabled users cannot be changed is known already."""
    if frozen and "lifecycle/update-disabled" not in context.passed:
        return noted, "app-policy-refuses-change"
    return failed, None


def _soft_delete(context: CheckContext) -> Iterator[Result]:
    user = context.user(_LEAVER)
    prefix = context.values.guid().replace("-", "")
    old = str(value_at(context.state(user), "userName") or user.name)
    email = _own_email(context)
    steps = (
        (prefix + old, context.boolean(value=False), False),
        (old, context.boolean(value=True), True),
    )
    for name, active, wanted in steps:
        operations = [
            context.op("replace", "userName", name),
            context.op("replace", "active", active),
        ]
        effect = apply(context, user, operations, expect=has("active", wanted))
        if not effect.worked:
            say, cause = _blame(context, frozen=wanted)
            cause = cause or _ignored_beside_others(context, effect, active, wanted=wanted)
            yield say(f"{effect.words}.", *effect.exchanges, cause=cause)
            return
        told = value_at(effect.after, WORK_EMAIL)
        if email is not None and difference(name, told) in {None, "case"}:
            yield failed(
                f"{request_words(effect.exchange)} also changed the work e-mail address, which was "
                f"{shown(email)} and is {shown(told)}: the address of a deleted user.",
                *effect.exchanges,
                cause="replace-clears-unsent-values",
            )
            return


def _ignored_beside_others(
    context: CheckContext,
    effect: Effect,
    active: Any,  # noqa: ANN401 - boolean or text
    *,
    wanted: bool,
) -> str | None:
    """Whether active has no effect beside any other operation, whatever that is; a cause if so."""
    if not effect.accepted or "displayName" not in context.kept:
        return None
    operations = [
        context.op("replace", "displayName", context.values.text("Beside")),
        context.op("replace", "active", active),
    ]
    other = apply(context, context.user(_LEAVER), operations, expect=has("active", wanted))
    return "patch-accepted-not-applied" if other.accepted and not other.worked else None


def _own_email(context: CheckContext) -> str | None:
    """Give the user an address of its own; `None` if the app has only the userName for it."""
    if VALUE_PATH not in context.passed or WORK_EMAIL not in context.kept:
        return None
    email = context.values.user_name("own-address")
    operation = context.op("replace", WORK_EMAIL, email)
    worked = apply(
        context, context.user(_LEAVER), [operation], expect=has(WORK_EMAIL, email)
    ).worked
    return email if worked else None


def _delete(context: CheckContext) -> Iterator[Result]:
    user = context.user(_LEAVER)
    active = value_at(context.state(user), "active")
    exchange = context.send(requests.delete("Users", user.id))
    words = f"DELETE of a user was answered {answer_words(exchange)}"
    if exchange.status in {404, 410}:
        yield failed(f"{words}, though it existed.", exchange, cause="write-response-wrong")
        return
    if not exchange.ok:
        yield failed(f"{words}.", exchange, cause=_CRASH if exchange.crashed else None)
        return
    if exchange.status not in {200, 204} or (exchange.response and exchange.response.body):
        yield noted(f"{words}, not a plain 204.", exchange, cause="write-response-wrong")
    user.state = None
    if "errors/unknown-id" in context.passed:
        yield from _really_gone(context, user, exchange, active=active)
    context.gone(_LEAVER)


def _really_gone(
    context: CheckContext,
    user: TestObject,
    deletion: Exchange,
    *,
    active: Any,  # noqa: ANN401
) -> Iterator[Result]:
    read = context.read(user)
    if read.ok:
        for _ in context.settle(deletion):
            read = context.read(user)
            if not read.ok:
                context.came_late(deletion)
                break
    status = read.status or 0
    found = context.find("Users", "userName", user.name)
    disabled = active is True and value_at(user.state or {}, "active") is False
    if disabled and holds(found, user):
        yield noted(
            "DELETE of a user was answered with success and disabled it: a read by id still finds "
            "it, and so does the query, by which Entra comes back to it.",
            read,
            deletion,
            cause="patch-accepted-not-applied",
        )
    elif read.ok:
        yield failed(
            "DELETE of a user was answered with success, but a read by id still finds it.",
            read,
            deletion,
            cause="patch-accepted-not-applied",
        )
    elif status not in {404, 410}:
        yield failed(
            f"A read of a deleted user was answered {answer_words(read)} instead of 404.",
            read,
            cause="unhandled-exception-500" if status >= 500 else "write-response-wrong",
        )
    if not read.ok and holds(found, user) and not context.fails(ASKED_BEFORE):
        yield failed(
            "DELETE of a user was answered with success, but the query for its userName finds it.",
            deletion,
            found,
            cause="patch-accepted-not-applied",
        )


def _deleted(context: CheckContext) -> TestObject:
    if "deleted" not in context.objects:
        raise Unavailable("no test user was deleted")
    return context.objects["deleted"]


def _delete_again(context: CheckContext) -> Iterator[Result]:
    exchange = context.send(requests.delete("Users", _deleted(context).id))
    words = f"A second DELETE was answered {answer_words(exchange)}"
    if exchange.crashed:
        yield failed(f"{words} instead of 404.", exchange)
    elif exchange.status not in {404, 410} and not exchange.ok:
        yield noted(f"{words} instead of 404.", exchange)


def _again(context: CheckContext) -> Iterator[Result]:
    user = _deleted(context)
    if user.state is not None:
        raise Unavailable("the app keeps deleted users, where the query finds them")
    person = {**user.sent, "active": True}
    exchange = context.send(context.create_request("Users", person))
    if not exchange.ok:
        crashed = exchange.crashed
        yield failed(
            f"POST of a userName whose user was deleted was answered {answer_words(exchange)}.",
            exchange,
            cause="unhandled-exception-500" if crashed else None,
        )
        return
    made = context.adopt(exchange, person)
    if made is None or "active" not in context.kept:
        return
    read = context.read(made)
    if value_at(made.state or {}, "active") is False:
        yield failed(
            "A user created again with active true, after its deletion, is read back inactive, while "
            "other new users are active.",
            exchange,
            read,
            cause="attribute-not-stored-or-returned",
        )


_rule = family("lifecycle", TUTORIAL, HOW_IT_WORKS, COMPATIBILITY, rfc="RFC 7644 §3.5.2")


_STAYS = (
    "a disable event that fails or succeeds without effect: the person keeps access to the app."
)

CHECKS = (
    Check(
        rule=_rule(
            DISABLE.partition("/")[2],
            "A user is disabled by PATCH of active",
            severity="blocker",
            requirement="ENTRA",
            cause="patch-accepted-not-applied",
            what='Replaces active by "False" (a string, as Entra sends it by default) and reads the user '
            "back; when it fails, by the JSON boolean.",
            why="This is how Entra takes access away.",
            admin_sees=_STAYS,
            fix='Read "True" and "False" as booleans in any letter case wherever a boolean is expected; '
            "or set aadOptscim062020 in the tenant URL, so that Entra sends booleans.",
        ),
        run=_disable,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "disabled-found",
            "A disabled user is still found, with active false",
            cause="disabled-user-not-returned",
            what="Asks for the disabled user by userName.",
            why="Entra must find it again to restore it.",
            admin_sees="a restore that fails, or a second account of the same person.",
            fix="Return users by id and by filter whether they are active or not.",
            section="3.4.2",
        ),
        run=_disabled_found,
        requires=(DISABLE, MATCH),
    ),
    Check(
        rule=_rule(
            "disable-again",
            "Disabling a disabled user succeeds",
            cause="non-idempotent-write",
            what="Replaces active by false once more.",
            why="Entra repeats writes whose answer it lost.",
            admin_sees="disable events that fail in every cycle.",
            fix="Answer 200 or 204 when the user is disabled already.",
        ),
        run=_disable_again,
        requires=(DISABLE,),
        heeds=("patch/no-change",),
    ),
    Check(
        rule=_rule(
            "update-disabled",
            "A disabled user can be updated",
            severity="minor",
            cause="app-policy-refuses-change",
            what="Replaces displayName of the disabled user.",
            why="Entra keeps updating users that are disabled, and must not wake them up by it.",
            admin_sees="update events that fail for disabled users.",
            fix="Allow changes of disabled users without changing active.",
        ),
        run=_update_disabled,
        requires=(DISABLE, REPLACE),
    ),
    Check(
        rule=_rule(
            "restore",
            "A disabled user is restored by PATCH of active",
            severity="blocker",
            requirement="ENTRA",
            cause="app-policy-refuses-change",
            what='Replaces active by "True" and reads the user back.',
            why="This is how Entra gives access back.",
            admin_sees="a restore event that fails: the person is locked out.",
            fix="Allow active to become true again by SCIM.",
        ),
        run=_restore,
        requires=(DISABLE,),
    ),
    Check(
        rule=_rule(
            "boolean",
            "active may be sent as a JSON boolean",
            cause="patch-value-shape-rejected",
            what="Replaces active by the JSON booleans false and true.",
            why="With aadOptscim062020, and in the tutorial, Entra sends a boolean.",
            admin_sees=_STAYS,
            fix="Take booleans as well as their text.",
        ),
        run=_boolean,
        requires=(DISABLE, "lifecycle/restore"),
    ),
    Check(
        rule=_rule(
            "pathless",
            "active may be sent without a path",
            cause="pathless-dotted-keys-unsupported",
            what='Sends {"op": "replace", "value": {"active": false}}.',
            why="With aadOptscim062020 Entra puts active beside other attributes into one value.",
            admin_sees=_STAYS,
            fix="Take each key of the value as a path, active too.",
        ),
        run=_pathless,
        requires=("lifecycle/boolean", "patch/pathless", "patch/op-case"),
    ),
    Check(
        rule=_rule(
            "rename",
            "userName can be changed",
            cause="immutable-attribute-refused",
            what="Replaces userName; the new one must be found by the query, the old one not.",
            why="People change names, and companies change domains.",
            admin_sees="update events that fail for everybody whose UPN changes.",
            fix="Let userName change; keep id as the key.",
        ),
        run=_rename,
        requires=(REPLACE,),
        heeds=(MATCH, ASKED_BEFORE, VALUE_PATH),
    ),
    Check(
        rule=_rule(
            "soft-delete",
            "The userName of a deleted user, with its prefix, is accepted",
            requirement="ENTRA",
            cause="soft-delete-renames-user",
            what="Sends what Entra sends for a user in the recycle bin: active false and a userName with "
            "32 hexadecimal digits in front; then what it sends when the user is restored.",
            why="The directory renames users that are deleted, and Entra passes the new name on.",
            admin_sees="disable events that fail for deleted users: they keep access.",
            fix="Apply active false whatever userName says; ignore a userName that is the old one with "
            "32 hexadecimal digits in front.",
        ),
        run=_soft_delete,
        requires=(DISABLE, "lifecycle/restore", "lifecycle/rename", "patch/several"),
    ),
    Check(
        rule=_rule(
            "delete",
            "A user is deleted",
            severity="minor",
            cause="app-policy-refuses-change",
            what="Sends DELETE, then looks for the user by id and by userName.",
            why="Entra deletes a user 30 days after its deletion in the directory.",
            admin_sees="delete events that fail in every cycle.",
            fix="Answer 204 and forget the user; or clear the Delete action in the mapping.",
            section="3.6",
        ),
        run=_delete,
        requires=("read/by-id",),
        heeds=("errors/unknown-id", ASKED_BEFORE),
    ),
    Check(
        rule=_rule(
            "delete-again",
            "A second DELETE is answered 404",
            severity="minor",
            cause="non-idempotent-write",
            what="Deletes the deleted user once more.",
            why="Entra repeats a DELETE whose answer it lost.",
            admin_sees="a delete event that fails with 500.",
            fix="Answer 404 with a SCIM error.",
            section="3.6",
        ),
        run=_delete_again,
        requires=("lifecycle/delete", "errors/unknown-id"),
    ),
    Check(
        rule=_rule(
            "create-again",
            "A deleted user can be created again",
            cause="existing-account-not-matchable",
            what="Creates a user with the userName and externalId of the deleted one, who must be active.",
            why="People come back; the query does not find the old account, so Entra creates.",
            admin_sees="409 or 412 for a user that nobody can see in the app.",
            fix="Free the unique values on DELETE, or return the old account to the query.",
            section="3.3",
        ),
        run=_again,
        requires=("lifecycle/delete",),
    ),
)
