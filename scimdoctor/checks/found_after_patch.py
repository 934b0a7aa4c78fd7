"""Whether the query finds a user by what a PATCH gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.objects import holds
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.values import WORK_EMAIL
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext


def _found_by_it(context: CheckContext) -> Iterator[Result]:
    """An address that a PATCH made has no primary beside it."""
    user = context.user("bare")
    address = value_at(context.state(user), WORK_EMAIL)
    if not isinstance(address, str):
        raise Unavailable("no PATCH gave a user an e-mail address")
    exchange = context.find("Users", WORK_EMAIL, address)
    if holds(exchange, user):
        return
    for _ in context.settle(user.seen or exchange):
        exchange = context.find("Users", WORK_EMAIL, address)
        if holds(exchange, user):
            context.came_late(exchange)
            return
    yield failed(
        f"The query by {WORK_EMAIL} does not find a user to whom PATCH gave the address, while it finds "
        "users who were created with theirs.",
        exchange,
    )


_rule = family("patch", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2")


CHECKS = (
    Check(
        rule=_rule(
            "value-path-found",
            "A user is found by an e-mail address that PATCH added",
            severity="minor",
            requirement="ENTRA",
            cause="filter-misses-existing",
            what='Asks by emails[type eq "work"].value for the user to whom a PATCH gave the address.',
            why="Entra adds an address by PATCH without primary, and may match on it.",
            admin_sees="matching that finds nobody, once the work e-mail is chosen for it.",
            fix="Compare the value of every element that the filter in the path chooses.",
            section="3.4.2.2",
        ),
        run=_found_by_it,
        requires=("patch/value-path-no-match", "query/work-email"),
    ),
)
