"""Finding groups: the matching query by name and externalId, and what it must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, failed
from scimdoctor.checks.ids import (
    GROUP_CREATE,
    GROUP_MATCH,
    GROUP_STORED,
)
from scimdoctor.checks.objects import holds
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    list_problem,
    resources_of,
)
from scimdoctor.entra import requests
from scimdoctor.model.rule import Severity
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange


def _match(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    context.group("other")
    name = str(value_at(context.state(group), "displayName") or group.name)
    exchange = context.find_own(group, "displayName", name)
    words = f"The query for the displayName of a group was answered {answer_words(exchange)}"
    if not holds(exchange, group):
        yield from _missed(context, exchange, group, words)
        return
    more = len(resources_of(exchange)) - 1
    if more:
        yield failed(
            f"{words} with {more} results besides.",
            exchange,
            cause="filter-not-selective",
        )
        return
    problem = list_problem(exchange)
    if problem is not None:
        yield failed(f"{words} with {problem}.", exchange, cause="list-response-malformed")
    wrong = {
        "all but the last letter of": name[:-1],
        "all but the first letter of": name[1:],
        "the first word of": name.partition(" ")[0],
        "a wildcard of SQL for the last letter of": f"{name[:-1]}_",
    }
    queries = [requests.match_query("Groups", "displayName", value) for value in wrong.values()]
    for what, miss in zip(wrong, context.each(queries), strict=True):
        if miss.ok and resources_of(miss):
            yield failed(
                f"The query for {what} a group's displayName finds "
                f"{len(resources_of(miss))} groups instead of none.",
                miss,
                cause="filter-not-selective",
            )
            return


def _named(exchange: Exchange, group: TestObject) -> bool:
    """Whether a list has a group of this name, under whatever id."""
    name = group.name.casefold()
    return any(str(value_at(r, "displayName")).casefold() == name for r in resources_of(exchange))


def _missed(
    context: CheckContext, exchange: Exchange, group: TestObject, words: str
) -> Iterator[Result]:
    """Find out whether it is the blanks in the name that the query stumbles over."""
    plain = {**context.values.group("plain"), "displayName": group.name.replace(" ", "-")}
    made = context.create("Groups", plain)
    found = context.find_own(made, "displayName", made.name)
    if holds(found, made):
        yield failed(
            f"{words} without it. A name without blanks is found.",
            found,
            exchange,
            cause="filter-value-parse-failure",
        )
    elif exchange.ok and list_problem(exchange):
        problem = list_problem(exchange)
        yield failed(f"{words} with {problem}.", exchange, cause="list-response-malformed")
    elif exchange.ok and any(r.get("id") is None for r in resources_of(exchange)):
        yield failed(
            f"{words} with a group that has no id.",
            exchange,
            cause="response-attribute-malformed",
        )
    elif exchange.ok and _named(exchange, group):
        yield failed(
            f"{words} with a group of that name, but another id than the {group.id!r} of its create.",
            exchange,
            cause="write-response-wrong",
        )
    elif exchange.ok or exchange.status in {404, 410}:
        yield failed(f"{words} without it.", exchange)
    else:
        crashed = exchange.crashed
        cause = "unhandled-exception-500" if crashed else "filter-attribute-unsupported"
        yield failed(f"{words}.", exchange, cause=cause)


def _case(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    name = str(value_at(context.state(group), "displayName") or group.name)
    exchange = context.find("Groups", "displayName", name.upper())
    if not holds(exchange, group):
        yield failed(
            f"The query for the displayName in capitals was answered {answer_words(exchange)} "
            "without the group.",
            exchange,
        )
        return
    mixed = context.create("Groups", context.values.group("MixedCase"))
    stored = str(context.told(mixed, "displayName") or mixed.name)
    if stored != mixed.name and stored.casefold() == mixed.name.casefold():
        yield failed(
            f"The displayName of a group created as {mixed.name!r} is {stored!r}; Entra sends the name "
            "again whenever it compares.",
            mixed.created,
            cause="attribute-not-stored-or-returned",
        )
    exchange = context.find_own(mixed, "displayName", stored)
    if stored == stored.lower() or holds(exchange, mixed):
        return
    plain = context.create("Groups", context.values.group("plain"))
    if holds(context.find_own(plain, "displayName", plain.name), plain):
        yield failed(
            f"The query for the group {stored!r} was answered {answer_words(exchange)} without it; "
            "the name seems to be compared with its lower-case form.",
            exchange,
        )


_EVERYDAY = (
    "o'neil's r&d #1 + co",
    "50% zürich 東京; a=b/c",
    "sales and marketing (emea) [eq]",
)
_RARE = ('the "a" team\\s',)
"""Parts of names whose quotes and backslashes come escaped."""


def _symbols(context: CheckContext) -> Iterator[Result]:
    kept: list[TestObject] = []
    for text in (*_EVERYDAY, *_RARE):
        attributes = context.values.group("symbols")
        attributes["displayName"] = f"{attributes['displayName']} {text}"
        exchange = context.send(context.create_request("Groups", attributes))
        made = context.adopt(exchange, attributes)
        if made is not None and context.told(made, "displayName") == made.name:
            kept.append(made)
    for made, found in context.find_each("displayName", [(group, group.name) for group in kept]):
        if not holds(found, made) and value_at(context.state(made), "displayName") == made.name:
            plain = context.create("Groups", context.values.group("plain"))
            again = context.find_own(plain, "displayName", plain.name)
            known = holds(again, plain)
            yield failed(
                f"The query for the group {made.name!r} was answered {answer_words(found)} without it"
                + ("." if known else ", and so was one for a new group with a plain name."),
                found,
                cause=None if known else "filter-misses-existing",
                severity=Severity.MINOR if made.name.endswith(_RARE) else None,
            )
            return


def _external_id(context: CheckContext) -> Iterator[Result]:
    context.need("group:externalId")
    group = context.group("team")
    exchange = context.find("Groups", "externalId", str(group.sent["externalId"]))
    if not holds(exchange, group):
        yield failed(
            f"The query for a group's externalId was answered {answer_words(exchange)} without it.",
            exchange,
        )


_rule = family("groups", TUTORIAL, rfc="RFC 7644 §3.4.2.2", of_groups=True)


_DUPLICATES = "groups that are created again, or DuplicateTargetEntries."

CHECKS = (
    Check(
        rule=_rule(
            GROUP_MATCH.partition("/")[2],
            "The query for a displayName gives exactly that group",
            severity="blocker",
            cause="filter-misses-existing",
            what="Asks for the group, and for names that only resemble it.",
            why="Entra links its group to the one found; several results stop the group.",
            admin_sees=_DUPLICATES,
            fix="Look displayName up exactly.",
        ),
        run=_match,
        requires=(GROUP_CREATE, GROUP_STORED),
    ),
    Check(
        rule=_rule(
            "value-case",
            "A group is found in any letter case",
            severity="minor",
            cause="filter-case-sensitive",
            what="Asks for the displayName in capitals.",
            why="displayName is not case-exact; names differ in case between systems.",
            admin_sees=_DUPLICATES,
            fix="Compare displayName without regard to letter case.",
        ),
        run=_case,
        requires=(GROUP_MATCH,),
    ),
    Check(
        rule=_rule(
            "symbols",
            "Group names with symbols are found",
            cause="filter-value-parse-failure",
            what="Creates groups whose names hold & # + quotes, a backslash and other scripts, and asks "
            "for each.",
            why="Group names often hold such characters.",
            admin_sees=_DUPLICATES,
            fix="Decode the query string once, and parse the value as a JSON string.",
        ),
        run=_symbols,
        requires=(GROUP_MATCH,),
    ),
    Check(
        rule=_rule(
            "external-id",
            "Groups are found by externalId",
            severity="minor",
            cause="filter-attribute-unsupported",
            what='Asks for externalId eq "…".',
            why="Groups are often matched on externalId, which outlives a rename.",
            admin_sees="matching of groups that fails once externalId is chosen for it.",
            fix="Support equality on externalId for groups too.",
        ),
        run=_external_id,
        requires=(GROUP_MATCH,),
    ),
)
