"""What happens to a membership when the member is disabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, has
from scimdoctor.checks.ids import ADD_MEMBERS, DISABLE
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import member_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext


def _stays(context: CheckContext) -> Iterator[Result]:
    """Disable a member, and see that the group keeps it."""
    group, leaver = context.group("team"), context.user("sleeper")
    joined = apply(
        context,
        group,
        [context.op("add", "members", [{"$ref": None, "value": leaver.id}])],
        expect=lambda s: leaver.id in member_ids(s),
    )
    asleep = [context.op("replace", "active", context.boolean(value=False))]
    left = apply(context, leaver, asleep, expect=has("active", False)) if joined.worked else joined
    if not left.worked:
        raise Unavailable("no member could be disabled")
    if not context.read(group).ok or leaver.id in member_ids(context.state(group)):
        return
    awake = [context.op("replace", "active", context.boolean(value=True))]
    back = apply(context, leaver, awake, expect=has("active", True))
    steps = (joined.exchange, left.exchange, back.exchange)
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


_rule = family("groups", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", of_groups=True)


CHECKS = (
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
