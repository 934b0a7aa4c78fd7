"""Asks by the matching attributes of a mapping, in the order in which Entra does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Unavailable, failed
from scimdoctor.checks.ids import GROUPS, NO_MATCH
from scimdoctor.checks.objects import holds
from scimdoctor.checks.shapes import answer_words, resources_of, shown
from scimdoctor.checks.values import EMPLOYEE_NUMBER, WORK_EMAIL
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject


_ASKED_BY = {
    ("Users", "userName"): NO_MATCH,
    ("Users", "externalId"): "query/external-id",
    ("Users", WORK_EMAIL): "query/work-email",
    ("Users", EMPLOYEE_NUMBER): "query/extension",
    ("Groups", "displayName"): GROUPS,
    ("Groups", "externalId"): "groups/external-id",
}
"""Checks that ask by an attribute for a value that nobody has."""


def ask_in_order(context: CheckContext, thing: TestObject) -> Iterator[Result]:
    """The query for `thing` by each matching attribute of its mapping, and one that finds nobody.

    Raises:
        Unavailable: the mapping has none.
    """
    of_groups = thing.resource == "Groups"
    mapping = context.options.schema and context.options.schema.mapping_for(group=of_groups)
    rows = mapping.matching_mappings if mapping else ()
    if not rows:
        kind = "groups" if of_groups else "users"
        raise Unavailable(f"the mapping of {kind} has no matching attribute")
    state = context.state(thing)
    for row in rows:
        path = row.target_attribute_name
        kept, lost = value_at(state, path), path in context.reported_lost
        value = thing.sent.get(path, kept) if lost else kept  # Entra asks with what it holds
        place = f"{path}, which has matching precedence {row.matching_priority},"
        if value in (None, "", []) or isinstance(value, dict | list):
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        exchange = context.find_own(thing, path, text)
        words = f"The query by {place} was answered {answer_words(exchange)}"
        if not holds(exchange, thing) and lost:
            yield failed(
                f"{place} is answered as {shown(kept)}, and the query for what was sent does not find it.",
                thing.created,
                exchange,
                cause="attribute-not-stored-or-returned",
            )
        elif not holds(exchange, thing):
            yield failed(f"{words} without it.", exchange)
        elif len(resources_of(exchange)) > 1:
            yield failed(
                f"{words} with {len(resources_of(exchange))} results.",
                exchange,
                cause="filter-not-selective",
            )
        elif _ASKED_BY.get((thing.resource, path), "") not in context.judged:
            yield from _miss(context, thing.resource, path)


def _miss(context: CheckContext, resource: str, path: str) -> Iterator[Result]:
    """Entra's probe for a value that nobody has, by the tenant's attribute."""
    if context.fails(NO_MATCH):
        return
    exchange = context.find(resource, path, context.values.guid())
    words = f"The query by {path} for a value that nobody has was answered {answer_words(exchange)}"
    if not exchange.ok:
        cause = "filter-no-match-404" if exchange.status == 404 else None
        yield failed(f"{words} instead of 200 with an empty ListResponse.", exchange, cause=cause)
    elif resources_of(exchange):
        count = len(resources_of(exchange))
        yield failed(f"{words} with {count} results.", exchange, cause="filter-not-selective")
