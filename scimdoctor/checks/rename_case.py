"""Renaming a user to the same name in other letter case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.effects import apply
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
)
