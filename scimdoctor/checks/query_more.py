"""Queries by other attributes, by two at once, and for values with symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ASKED_BEFORE, MATCH, NO_MATCH
from scimdoctor.checks.objects import holds
from scimdoctor.checks.references import KNOWN_ISSUES, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, resources_of
from scimdoctor.checks.values import EMPLOYEE_NUMBER, OTHER_EMAIL, WORK_EMAIL
from scimdoctor.entra import requests
from scimdoctor.entra.requests import filter_value
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange


def _by(context: CheckContext, path: str) -> Iterator[Result]:
    context.need(path)
    context.user("bystander")
    user = context.user("subject")
    value = str(value_at(context.state(user), path))
    nobodys = f"{value[:2]}_{value[3:]}"  # _ stands for any character where LIKE is what eq becomes
    wanted = [requests.match_query("Users", path, v) for v in (value, nobodys)]
    exchange, miss = context.each(wanted)
    words = f"The query by {path} was answered {answer_words(exchange)}"
    found = resources_of(exchange)
    if not holds(exchange, user):
        yield failed(f"{words} without the user.", exchange)
        return
    others = [
        r for r in found if str(r.get("id")) != user.id and value_at(r, path) not in (None, value)
    ]
    if others:
        yield failed(
            f"{words} with {len(others)} other users as well.",
            exchange,
            cause="filter-not-selective",
        )
        return
    if NO_MATCH not in context.passed:
        return
    if not miss.ok and miss.status != 404:
        yield failed(
            f"The query by {path} for a value that nobody has was answered {answer_words(miss)}.",
            miss,
        )
    elif miss.status == 404:
        yield failed(
            f"The query by {path} for a value that nobody has was answered {answer_words(miss)}.",
            miss,
            cause="filter-no-match-404",
        )
    elif resources_of(miss):
        yield failed(
            f"The query by {path} for a value that nobody has finds {len(resources_of(miss))} users.",
            miss,
            cause="filter-not-selective",
        )


def _external_id(context: CheckContext) -> Iterator[Result]:
    yield from _by(context, "externalId")


def _work_email(context: CheckContext) -> Iterator[Result]:
    found = list(_by(context, WORK_EMAIL))
    yield from found
    if found:
        return
    user = context.user("subject")
    address = str(value_at(context.state(user), WORK_EMAIL))
    exchange = context.find("Users", WORK_EMAIL, address.upper())
    if exchange.ok and not holds(exchange, user):
        yield failed(
            f"The query for the work e-mail address in capitals was answered {answer_words(exchange)} "
            "without the user.",
            exchange,
            cause="filter-case-sensitive",
        )
    yield from _of_other_type(context)


def _of_other_type(context: CheckContext) -> Iterator[Result]:
    """See whether the query for work addresses finds an address of another type."""
    address = context.values.user_name("other-address")
    person = {**context.values.bare_person("other-address"), OTHER_EMAIL: address}
    made = context.adopt(context.send(context.create_request("Users", person)), person)
    if made is None or context.told(made, OTHER_EMAIL) != address:
        return
    exchange = context.find("Users", WORK_EMAIL, address)
    if holds(exchange, made):
        yield failed(
            f"The query by {WORK_EMAIL} finds a user who has the address with the type other.",
            made.created,
            exchange,
            cause="filter-not-selective",
        )


def _asked_before(context: CheckContext) -> Iterator[Result]:
    """Ask, create, ask again, in Entra's order: the first answer must not be given once more."""
    if context.doubtful_filter:
        raise Unavailable("the query misses users who exist")
    person = context.values.bare_person("asked")
    before = context.find("Users", "userName", person["userName"])
    made = context.create("Users", person)
    found = context.find_own(made, "userName", made.name)
    if not found.ok or holds(found, made):
        return
    stored = str(context.told(made, "userName") or made.name)
    if stored.casefold() != made.name.casefold():  # which read/stored tells
        return
    plain = context.create("Users", context.values.bare_person("plain"))
    if holds(context.find_own(plain, "userName", plain.name), plain):
        yield failed(
            f"The query for the userName {made.name!r} was sent, then the user created; the same query "
            f"was answered {answer_words(found)} without the user. A user for whom nobody asked before "
            "the create is found, so the empty answer is kept and given again.",
            before,
            found,
            cause="filter-misses-existing",
        )


def _extension(context: CheckContext) -> Iterator[Result]:
    yield from _by(context, EMPLOYEE_NUMBER)


def _and(context: CheckContext) -> Iterator[Result]:
    user, other = context.user("subject"), context.user("bystander")
    name = f"userName eq {filter_value(user.name)}"
    texts = (
        f"id eq {filter_value(user.id)} and {name}",
        f"id eq {filter_value(other.id)} and {name}",
        f"{name} and id eq {filter_value(other.id)}",
    )
    hit, *misses = context.each([requests.get("/Users", [("filter", text)]) for text in texts])
    words = f"The query by id and userName was answered {answer_words(hit)}"
    if not holds(hit, user):
        alone = context.query("Users", f"id eq {filter_value(user.id)}")
        yield failed(f"{words} without the user. By id alone {_by_id(alone, user)}.", alone, hit)
        return
    for miss in misses:
        if miss.ok and resources_of(miss):
            yield failed(
                "The query by the id of one user and the userName of another finds "
                f"{len(resources_of(miss))} users.",
                miss,
                cause="filter-not-selective",
            )
            return


def _by_id(alone: Exchange, user: TestObject) -> str:
    """How the query by the first of two terms goes."""
    if not holds(alone, user):
        return "it fails too"
    others = len(resources_of(alone)) - 1
    return f"{others} other users are found as well" if others else "it works"


def _symbols(context: CheckContext) -> Iterator[Result]:
    if "userName" in context.malformed:
        raise Unavailable("userName comes back in a shape that cannot be read (see read/shape)")
    refused: list[Exchange] = []
    made: list[TestObject] = []
    for local in ("o'neil", "plus+tag", "amp&per%cent", "hash#tag", "zoë.łuczak"):
        person = context.values.bare_person("symbols")
        person["userName"] = f"{local}.{person['userName']}"
        exchange = context.send(context.create_request("Users", person))
        user = context.adopt(exchange, person)
        if user is not None:
            made.append(user)
        elif not exchange.ok:  # a success that cannot be read is no refusal (see read/faithful)
            refused.append(exchange)
    problems = list(_symbols_missed(context, made))
    yield from problems
    if problems or context.doubtful_filter:
        return
    if refused:
        context.create("Users", context.values.bare_person("plain"))
    yield from _names_refused(refused)


def _symbols_missed(context: CheckContext, made: list[TestObject]) -> Iterator[Result]:
    """The first user whom the query does not find by the userName, or shows with another one."""
    wanted = [(user, str(context.told(user, "userName") or user.name)) for user in made]
    for user, found in context.find_each("userName", wanted):
        shown_as = [
            value_at(r, "userName") for r in resources_of(found) if str(r.get("id")) == user.id
        ]
        stored = str((shown_as and shown_as[0]) or value_at(context.state(user), "userName"))
        if stored.casefold() != user.name.casefold():
            yield failed(
                f"The userName of a user created as {user.name!r} is {stored!r}.",
                user.created,
                context.last_read(user),
                cause="attribute-not-stored-or-returned",
            )
            return
        if not shown_as:
            yield from _plain_is_missed(context)
            if not context.doubtful_filter:
                yield failed(
                    f"The query for the userName {user.name!r} was answered "
                    f"{answer_words(found)} without the user, who exists.",
                    found,
                )
            return


def _names_refused(refused: list[Exchange]) -> Iterator[Result]:
    """Names with an apostrophe or a plus are everyday names; other symbols may be refused."""
    names = [str(x.request.json.get("userName")) for x in refused]
    everyday = any(name.startswith(("o'neil", "plus+")) for name in names)
    if refused:
        said = failed if everyday else noted
        yield said(
            f"POST of the userNames {', '.join(n.partition('@')[0] for n in names)} was answered "
            f"{answer_words(refused[-1])}.",
            *refused,
            cause="value-not-allowed-by-app",
        )


def _plain_is_missed(context: CheckContext) -> Iterator[Result]:
    """See whether a new user without symbols is missed, too: then symbols are not the reason."""
    made = context.create("Users", context.values.bare_person("plain"))
    if str(value_at(context.state(made), "userName")).casefold() != made.name.casefold():
        return  # what the app made of the userName is another matter
    found = context.find_own(made, "userName", made.name)
    if not holds(found, made):
        context.doubtful_filter = True
        yield failed(
            "The query finds the first users that were created, but not one created later, "
            f"whose userName is {made.name!r}.",
            found,
            cause="filter-misses-existing",
        )


def _quotes(context: CheckContext) -> Iterator[Result]:
    context.need("externalId")
    kept: list[tuple[TestObject, str]] = []
    for text in (
        'quote "x" back\\slash',
        "東京  zürich; a=b,c/d?e",
        "sales and marketing (emea) [eq]",
    ):
        value = f"{text} {context.values.guid()[:8]}"
        person = {**context.values.bare_person("quotes"), "externalId": value}
        made = context.adopt(context.send(context.create_request("Users", person)), person)
        if made is not None and context.told(made, "externalId") == value:
            kept.append((made, value))
    for made, found in context.find_each("externalId", kept):
        stored = made.sent["externalId"]
        if not holds(found, made) and value_at(context.state(made), "externalId") == stored:
            yield from _plain_is_missed(context)
            if context.doubtful_filter:
                return
            yield failed(
                f"The query for the externalId {stored!r} was answered {answer_words(found)} "
                "without the user, who exists.",
                found,
            )
            return


_rule = family("query", TUTORIAL, KNOWN_ISSUES, rfc="RFC 7644 §3.4.2.2", severity="minor")


_REFUSED = "matching that fails with the app's status once this attribute is chosen for matching."

CHECKS = (
    Check(
        rule=_rule(
            ASKED_BEFORE.partition("/")[2],
            "A user is found by the query that was sent before the create",
            severity="major",
            requirement="ENTRA",
            cause="filter-misses-existing",
            what="Asks for a userName that nobody has, creates that user, and asks again.",
            why="Entra asks before each create; an empty answer that is kept in a cache hides the new "
            "user from the next cycle and from a restart of the job.",
            admin_sees="409 conflicts for users that exist, or duplicates.",
            fix="Keep no empty answers in caches, or drop them when a user is created.",
        ),
        run=_asked_before,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "external-id",
            "Users are found by externalId",
            severity="major",
            cause="filter-attribute-unsupported",
            what='Asks for externalId eq "…", with a value that one user has and one that nobody has.',
            why="Many mappings match on externalId, first or second.",
            admin_sees=_REFUSED,
            fix="Support equality on externalId; it is a common attribute of every resource.",
        ),
        run=_external_id,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "work-email",
            "Users are found by their work e-mail address",
            cause="filter-attribute-unsupported",
            what='Asks for emails[type eq "work"].value eq "…", as it is stored and in capitals; then '
            "with an address that a user has with the type other.",
            why="Mappings that match on mail send this path.",
            admin_sees=_REFUSED,
            fix="Support value filters inside a path, or match on userName.",
        ),
        run=_work_email,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "extension",
            "Users are found by an extension attribute",
            cause="filter-attribute-unsupported",
            what='Asks for urn:…:enterprise:2.0:User:employeeNumber eq "…".',
            why="Mappings that match on the employee number send the full URN.",
            admin_sees=_REFUSED,
            fix="Resolve URN-qualified attribute names in filters, or match on userName.",
        ),
        run=_extension,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "and",
            "Two equalities may be joined by `and`",
            cause="filter-attribute-unsupported",
            what='Asks for id eq "…" and userName eq "…", both right, then each wrong in turn.',
            why="Entra asks so before it changes a manager or a membership.",
            admin_sees="reference updates that fail at their query, or that change the wrong object.",
            fix="Support `and`, and id as a filter attribute; every term must hold.",
        ),
        run=_and,
        requires=(MATCH, "read/shape"),
    ),
    Check(
        rule=_rule(
            "symbols",
            "userNames with symbols and accents are found",
            severity="major",
            cause="filter-value-parse-failure",
            what="Creates users with ' + & # % and accents in userName and asks for each.",
            why="Guests and people with such names are otherwise created again in every cycle.",
            admin_sees="409, or a 400 to the query, for exactly those users.",
            fix="Decode the query string once, as UTF-8, with + for blanks and %2B for plus; "
            "never build a database query by joining text.",
        ),
        run=_symbols,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "quotes",
            "Values with quotes, backslashes and blanks are found",
            cause="filter-value-parse-failure",
            what="Creates users whose externalId holds quotes, a backslash, blanks and other scripts, "
            "and asks for each.",
            why="Filter values are JSON strings: quotes and backslashes come escaped.",
            admin_sees="a 400 to the query, or a duplicate, for exactly those objects.",
            fix="Parse the quoted value as a JSON string.",
        ),
        run=_quotes,
        requires=(MATCH, "query/external-id"),
    ),
)
