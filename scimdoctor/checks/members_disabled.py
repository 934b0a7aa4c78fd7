"""What happens to a membership when the member is renamed, disabled or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, has
from scimdoctor.checks.ids import ADD_MEMBERS, DISABLE
from scimdoctor.checks.members_parallel import values
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, member_ids
from scimdoctor.entra import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

_MEMBER = "sleeper"


def _join(context: CheckContext, group: TestObject, user: TestObject) -> tuple[Exchange, ...]:
    """Make the user a member; what was sent, unless it is one already.

    Raises:
        Unavailable: it could not be made one.
    """
    if user.id in member_ids(context.state(group)):
        return ()
    joined = apply(
        context,
        group,
        [context.op("add", "members", [{"$ref": None, "value": user.id}])],
        expect=lambda s: user.id in member_ids(s),
    )
    if not joined.worked:
        raise Unavailable("no user could be made a member")
    return (joined.exchange,)


def _renamed(context: CheckContext) -> Iterator[Result]:
    """Rename a member, and see that the group keeps it."""
    group, user = context.group("team"), context.user(_MEMBER)
    joined = _join(context, group, user)
    new = context.values.user_name("named-again")
    operations = [context.op("replace", "userName", new)]
    named = apply(context, user, operations, expect=has("userName", new))
    if not named.worked:
        raise Unavailable("no member could be renamed")
    user.sent["userName"] = new
    read = context.read(group)
    if read.ok and user.id not in member_ids(context.state(group)):
        yield failed(
            "When the userName of a member was changed the group lost it; Entra sends the membership "
            "no second time.",
            *joined,
            named.exchange,
            read,
        )


def _stays(context: CheckContext) -> Iterator[Result]:
    """Disable a member, and see that the group keeps it."""
    group, leaver = context.group("team"), context.user(_MEMBER)
    joined = _join(context, group, leaver)
    asleep = [context.op("replace", "active", context.boolean(value=False))]
    left = apply(context, leaver, asleep, expect=has("active", False))
    if not left.worked:
        raise Unavailable("no member could be disabled")
    if not context.read(group).ok or leaver.id in member_ids(context.state(group)):
        return
    awake = [context.op("replace", "active", context.boolean(value=True))]
    back = apply(context, leaver, awake, expect=has("active", True))
    steps = (*joined, left.exchange, back.exchange)
    read = context.read(group)
    if leaver.id in member_ids(context.state(group)):
        yield noted(
            "A disabled member shows in the group only once the user is active again.",
            *steps,
            read,
            cause="attribute-not-stored-or-returned",
        )
        return
    yield failed(
        "When a member was disabled the group lost it, and did not get it back when the user was "
        "restored; Entra sends the membership no second time.",
        *steps,
        read,
    )


def delete_member(context: CheckContext) -> Iterator[Result]:
    """Delete a member, and see that the group is without it."""
    user = context.create("Users", context.values.bare_person("member"))
    group = context.group("team")
    _join(context, group, user)
    exchange = context.send(requests.delete("Users", user.id))
    group.state = None
    if not exchange.ok:
        context.send(patch_request(group, [context.op("remove", "members", values([user.id]))]))
        yield failed(
            f"DELETE of a user who is a member of a group was answered {answer_words(exchange)}.",
            exchange,
            cause="unhandled-exception-500" if exchange.crashed else None,
        )
        return
    context.vanished.add(user.id)
    read = context.read(group)
    if not read.ok:
        yield failed(
            f"After a member was deleted, its group is answered {answer_words(read)}.",
            exchange,
            read,
            cause="unhandled-exception-500" if read.crashed else "write-response-wrong",
        )


_rule = family("groups", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", of_groups=True)


CHECKS = (
    Check(
        rule=_rule(
            "renamed-stays",
            "A member who is renamed stays a member",
            cause="replace-clears-unsent-values",
            what="Changes the userName of a user who is in a group, and reads the group.",
            why="Entra changes userName only, and a group has its members by id.",
            admin_sees="nothing: a person with a new name has lost the groups.",
            fix="Keep memberships by the id of the user.",
        ),
        run=_renamed,
        requires=(ADD_MEMBERS, "lifecycle/rename"),
    ),
    Check(
        rule=_rule(
            "disabled-stays",
            "A member who is disabled stays a member",
            cause="replace-clears-unsent-values",
            what="Disables a user who is in a group, and reads the group.",
            why="Entra changes active only; the membership is as before, so it is not sent again.",
            admin_sees="nothing: a person who comes back has lost the groups.",
            fix="Leave memberships alone when active changes.",
        ),
        run=_stays,
        requires=(ADD_MEMBERS, DISABLE),
    ),
)
