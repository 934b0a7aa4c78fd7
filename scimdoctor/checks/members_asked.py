"""Groups asked with and about their members: excludedAttributes, and the membership query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ADD_MEMBERS, GROUP_MATCH
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    member_ids,
    resources_of,
)
from scimdoctor.entra import requests
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange


def _excluded(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    by_id = context.send(requests.read("Groups", group.id))
    if by_id.ok and isinstance(by_id.json, dict) and member_ids(by_id.json):
        yield failed(
            "GET /Groups/{id}?excludedAttributes=members answers the members all the same.", by_id
        )
        return
    if not by_id.ok:
        yield failed(
            f"GET /Groups/{{id}}?excludedAttributes=members was answered {answer_words(by_id)}.",
            by_id,
        )
        return
    if by_id.ok and value_at(context.state(group), "displayName") is not None:
        yield from _nameless(by_id, by_id.json)
    if GROUP_MATCH not in context.passed:
        return
    listed = context.find(
        "Groups", "displayName", str(value_at(context.state(group), "displayName"))
    )
    if any(member_ids(r) for r in resources_of(listed)):
        yield failed(
            "GET /Groups?excludedAttributes=members&filter=… answers the members all the same.",
            listed,
        )


def _nameless(exchange: Exchange, shown: Any) -> Iterator[Result]:  # noqa: ANN401 - JSON value
    """See whether more than the members was left out."""
    if isinstance(shown, dict) and value_at(shown, "displayName") is None:
        yield failed(
            "GET /Groups/{id}?excludedAttributes=members leaves displayName out as well.",
            exchange,
            cause="attribute-not-stored-or-returned",
        )


def _membership_query(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    one = next(iter(member_ids(context.state(group))), None)
    if one is None:
        raise Unavailable("the group shows no members")
    members = (one, context.values.guid())
    hit, miss = context.each([requests.membership_query(group.id, m) for m in members])
    if not hit.ok and "manager/query" not in context.passed:
        pairs = [(n, v) for n, v in parse_qsl(hit.request.query) if n != "attributes"]
        if context.send(requests.get("/Groups", pairs)).ok:
            raise Unavailable("attributes=id is refused (see manager/query)")
    if not any(str(r.get("id")) == group.id for r in resources_of(hit)):
        said = noted if hit.ok else failed
        yield said(
            f"The query by id and members was answered {answer_words(hit)} without the group.", hit
        )
        return
    if miss.ok and resources_of(miss):
        yield failed(
            "The query by id and a member that the group does not have finds the group.",
            miss,
            cause="filter-not-selective",
        )


_rule = family("groups", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", of_groups=True)


CHECKS = (
    Check(
        rule=_rule(
            "excluded-attributes",
            "excludedAttributes=members leaves the members out",
            cause="excluded-attributes-ignored",
            what="Reads and queries the group as Entra does.",
            why="With members in the answer Entra computes changes from a list it did not ask for.",
            admin_sees="memberships that vanish, or slow and failing group reads.",
            fix="Leave out what excludedAttributes names, and do not load it either.",
        ),
        run=_excluded,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "membership-query",
            "A query by id and member is answered",
            severity="minor",
            cause="filter-attribute-unsupported",
            what='Asks for id eq "<group>" and members eq "<user>", right and wrong.',
            why="Microsoft documents this query before a change of a reference.",
            admin_sees="memberships that are sent again and again, or an error at this query.",
            fix="Support `and` between equalities, and members as a filter attribute.",
        ),
        run=_membership_query,
        requires=(ADD_MEMBERS, GROUP_MATCH, "read/shape"),
        heeds=("manager/query",),
    ),
)
