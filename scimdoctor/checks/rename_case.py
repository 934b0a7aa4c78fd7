"""Renaming a user to a name that is taken: by itself in other letter case, or by another user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.effects import apply, has
from scimdoctor.checks.references import HOW_IT_WORKS, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext


def _case_only(context: CheckContext) -> Iterator[Result]:
    user = context.user("sleeper")
    old = str(value_at(context.state(user), "userName"))
    new = old[:1].swapcase() + old[1:]
    if new == old:
        raise Unavailable("the userName does not begin with a letter")
    operation = context.op("replace", "userName", new)
    effect = apply(context, user, [operation], expect=lambda _state: True)
    if not effect.accepted:
        yield failed(
            f"{effect.words}. The name differs from the user's own in letter case only.",
            *effect.exchanges,
            cause="unhandled-exception-500" if effect.exchange.crashed else None,
        )


def _rename_to_taken(context: CheckContext) -> Iterator[Result]:
    user, other = context.user("sleeper"), context.user("bystander")
    own, taken = (str(context.told(u, "userName") or u.name) for u in (user, other))
    operation = context.op("replace", "userName", taken)
    effect = apply(context, user, [operation], expect=has("userName", taken), doubtful=True)
    if effect.exchange.crashed:
        yield failed(f"{effect.words}, for the userName of another user.", *effect.exchanges)
    elif effect.worked:
        yield failed(
            f"{effect.words}: two users have the userName {taken!r} now.", *effect.exchanges
        )
        back = [context.op("replace", "userName", own)]
        apply(context, user, back, expect=has("userName", own), doubtful=True)


_rule = family("lifecycle", TUTORIAL, HOW_IT_WORKS, rfc="RFC 7643 §4.1.1")


CHECKS = (
    Check(
        rule=_rule(
            "rename-case",
            "A userName can be changed in letter case",
            severity="minor",
            cause="duplicate-create-not-409",
            what="Replaces userName with the same name in other letter case.",
            why="UPNs are corrected in letter case; the user then must not clash with itself.",
            admin_sees="update events that fail with 409 in every cycle.",
            fix="Leave the user itself out when you look for another one of that name.",
        ),
        run=_case_only,
        requires=("lifecycle/rename",),
    ),
    Check(
        rule=_rule(
            "rename-taken",
            "userName cannot be changed to that of another user",
            severity="minor",
            requirement="MUST",
            cause="duplicate-create-not-409",
            what="Replaces userName by the userName of another test user, which must be refused.",
            why="Entra matches on userName: of two users with the same name it takes neither.",
            admin_sees="DuplicateTargetEntries for both users from then on.",
            fix="Check uniqueness in PATCH as in POST; answer 409 with scimType uniqueness.",
            section="3.5.2",
        ),
        run=_rename_to_taken,
        requires=("lifecycle/rename",),
        heeds=("create/duplicate",),
    ),
)
