"""The matching query: how Entra asks whether the app has a user, and what it must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ACCEPTED, MATCH, NO_MATCH, READ
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    encoding_problem,
    list_problem,
    names_other_format,
    resources_of,
    shown,
)
from scimdoctor.entra import requests
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange, ScimRequest


def _no_match(context: CheckContext) -> Iterator[Result]:
    exchange = context.probe()
    words = f"The query for a userName that nobody has was answered {answer_words(exchange)}"
    if exchange.ok:
        yield from _empty_list(context, exchange, words)
    elif exchange.status in {404, 410}:
        yield failed(f"{words} instead of 200 with an empty ListResponse.", exchange)
    else:
        yield from _refused(context, exchange, words)


def _empty_list(context: CheckContext, exchange: Exchange, words: str) -> Iterator[Result]:
    """Judge the list that came back for something that does not exist."""
    problem = list_problem(exchange) or encoding_problem(exchange)
    if exchange.status == 204:
        problem = "no body"
    elif exchange.json is None:
        context.unreadable = "the app's answers are no JSON"
    if problem is not None:
        other = exchange.status != 204 and exchange.json is None and names_other_format(exchange)
        cause = "response-content-type-wrong" if other else "list-response-malformed"
        yield failed(f"{words} with {problem}.", exchange, cause=cause)
    elif resources_of(exchange):
        count = len(resources_of(exchange))
        yield failed(f"{words} with {count} users.", exchange, cause="filter-not-selective")
    elif "Resources" not in exchange.json:
        yield noted(
            f"{words} without Resources, which is legal for an empty list.",
            exchange,
            cause="list-response-malformed",
        )


def _refused(context: CheckContext, exchange: Exchange, words: str) -> Iterator[Result]:
    """Find out what the query is refused for."""
    context.spelling.blank = "%20"
    other = context.send(requests.probe("Users", "userName", context.values.guid()))
    if other.ok or other.status == 404:
        context.works_anyway.add(NO_MATCH)
        yield failed(
            f"{words}; with blanks sent as %20 instead of + it works.",
            other,
            exchange,
            cause="filter-value-parse-failure",
        )
        return
    context.spelling.blank = "+"
    cause = _cause_of_refusal(exchange)
    if _hit_works(context):
        words = f"{words}, while a userName that exists is found"
        cause = cause if exchange.crashed else "filter-no-match-404"
    yield failed(f"{words}.", exchange, cause=cause)


def _hit_works(context: CheckContext) -> bool:
    """Whether the query works for a user that exists."""
    if context.options.read_only:
        return _listed_one_is_found(context)
    try:
        user = context.user("bystander")
    except Unavailable:
        return False
    return _found(context.find("Users", "userName", user.name), user.id)


def _listed_one_is_found(context: CheckContext) -> bool:
    """The same for the first user that the app lists: nothing has to be written for it."""
    listed = context.send(requests.get("/Users", [("startIndex", "1"), ("count", "1")]))
    for user in resources_of(listed)[:1]:
        name, id_ = value_at(user, "userName"), user.get("id")
        if isinstance(name, str) and isinstance(id_, str):
            return _found(context.find("Users", "userName", name), id_)
    return False


def _cause_of_refusal(exchange: Exchange) -> str:
    if exchange.status in {406, 415}:
        return "request-content-type-refused"
    if exchange.crashed:
        return "unhandled-exception-500"
    return "filter-attribute-unsupported"


def _match(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    exchange = context.find_own(user, "userName", user.name)
    words = (
        f"The query for the userName of a user just created was answered {answer_words(exchange)}"
    )
    if not _found(exchange, user.id):
        yield from _missed(context, exchange, words)
        return
    more = _other_than(resources_of(exchange), user)
    if more:
        yield failed(
            f"{words} with {more} results besides.",
            exchange,
            cause="filter-not-selective",
        )
    problem = list_problem(exchange) or _miscounted(context, exchange, user)
    if problem is not None:
        context.works_anyway.add(MATCH)
        yield failed(f"{words} with {problem}.", exchange, cause="list-response-malformed")


def _miscounted(context: CheckContext, exchange: Exchange, user: TestObject) -> str | None:
    """Whether totalResults counts more than the query finds, all pages together."""
    shown_here, total = len(resources_of(exchange)), exchange.json["totalResults"]
    if total <= shown_here:
        return None
    wanted = f"userName eq {requests.filter_value(user.name)}"
    more = context.query("Users", wanted, startIndex=str(shown_here + 1))
    if not more.ok or resources_of(more):
        return None
    return f"totalResults {total}, while it finds {shown_here}"


def _other_than(found: list[dict[str, Any]], user: TestObject) -> int:
    """How many results are too many: one user shown twice, or users of another userName.

    A second user whose userName differs in letter case only is no fault of the query: that such a
    user could be created at all is.
    """
    same = [r for r in found if str(r.get("id")) == user.id]
    name = user.name.casefold()
    other = [r for r in found if r not in same and str(value_at(r, "userName")).casefold() != name]
    return len(same) - 1 + len(other)


def _missed(context: CheckContext, exchange: Exchange, words: str) -> Iterator[Result]:
    if context.spelling.blank == "+":
        context.spelling.blank = "%20"
        other = context.find("Users", "userName", context.user("subject").name)
        if _found(other, context.user("subject").id):
            context.works_anyway.add(MATCH)
            yield failed(
                f"{words} without the user; with blanks sent as %20 instead of + it is found.",
                other,
                exchange,
                cause="filter-value-parse-failure",
            )
            return
        context.spelling.blank = "+"
    problem = list_problem(exchange) if exchange.ok else None
    name = context.user("subject").name.casefold()
    same = [r for r in resources_of(exchange) if str(value_at(r, "userName")).casefold() == name]
    if problem is not None:
        yield failed(f"{words} with {problem}.", exchange, cause="list-response-malformed")
    elif exchange.ok and not any(r.get("id") for r in resources_of(exchange) or [{"id": "none"}]):
        count = len(resources_of(exchange))
        yield failed(
            f"{words} with {count} results, none of which has an id.",
            exchange,
            cause="response-attribute-malformed",
        )
    elif exchange.ok and same and same[0].get("id") is None:
        yield failed(
            f"{words} with a user of that name that has no id.",
            exchange,
            cause="response-attribute-malformed",
        )
    elif exchange.ok and same:
        yield failed(
            f"{words} with a user of that name whose id is {shown(same[0].get('id'))}, while the "
            f"create answered {context.user('subject').id!r}.",
            exchange,
            cause="write-response-wrong",
        )
    elif exchange.ok or exchange.status in {404, 410}:
        yield failed(f"{words} without the user.", exchange)
    else:
        yield failed(f"{words}.", exchange, cause=_cause_of_refusal(exchange))


def _found(exchange: Exchange, user_id: str) -> bool:
    return exchange.ok and any(str(r.get("id")) == user_id for r in resources_of(exchange))


def _blanks(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    before, context.spelling.blank = context.spelling.blank, "%20"
    exchange = context.find("Users", "userName", user.name)
    context.spelling.blank = before
    if not _found(exchange, user.id):
        yield noted(
            f"With blanks sent as %20 the query was answered {answer_words(exchange)} "
            "without the user. Entra sends +, other clients send %20.",
            exchange,
        )


def _case(context: CheckContext, text: str, what: str) -> Iterator[Result]:
    user = context.user("subject")
    exchange = context.query("Users", text.format(name=user.name, upper=user.name.upper()))
    if not _found(exchange, user.id):
        yield failed(
            f"With {what} the query was answered {answer_words(exchange)} without the user.",
            exchange,
        )


def _attribute_case(context: CheckContext) -> Iterator[Result]:
    yield from _case(context, 'USERNAME eq "{name}"', "the attribute written USERNAME")


def _operator_case(context: CheckContext) -> Iterator[Result]:
    yield from _case(context, 'userName EQ "{name}"', "the operator written EQ")


def _value_case(context: CheckContext) -> Iterator[Result]:
    yield from _case(context, 'userName eq "{upper}"', "the userName in capitals")
    mixed = context.create("Users", context.values.bare_person("MixedCase"))
    stored = str(context.told(mixed, "userName") or mixed.name)
    renamed = stored.casefold() != mixed.name.casefold()  # which read/stored tells
    if renamed or stored == stored.lower() or context.doubtful_filter:
        return
    exchange = context.find_own(mixed, "userName", stored)
    if _found(exchange, mixed.id):
        return
    plain = context.create("Users", context.values.bare_person("plain"))
    if _found(context.find_own(plain, "userName", plain.name), plain.id):
        yield failed(
            f"The query for the userName {stored!r} was answered {answer_words(exchange)} without "
            "the user; it seems to be compared with its lower-case form.",
            exchange,
        )


def _selective(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    context.user("bystander")
    local = user.name.partition("@")[0]
    wrong = {
        "a GUID that nobody has": context.values.guid(),
        "all but the last letter of a userName": user.name[:-1],
        "all but the first letter of a userName": user.name[1:],
        "the part of a userName before the @": local,
        "a userName with a letter replaced by _, a wildcard of SQL": f"{local[:-1]}_{user.name[len(local) :]}",
        "a userName cut off by %, a wildcard of SQL": f"{local[:-1]}%",
        "a userName cut off by *, a wildcard of LDAP": f"{local[:-1]}*",
    }
    queries = [requests.match_query("Users", "userName", value) for value in wrong.values()]
    for what, exchange in zip(wrong, context.each(queries), strict=True):
        found = resources_of(exchange)
        if exchange.ok and found:
            if "GUID" in what and context.fails(NO_MATCH):
                raise Unavailable(f"something is found where nobody is (see {NO_MATCH})")
            yield failed(
                f"The query for {what} was answered with {len(found)} users instead of none.",
                exchange,
            )
            return


def _paging(context: CheckContext) -> Iterator[Result]:
    context.user("subject")
    context.user("bystander")
    first, second = context.each([_page(1, 2), _page(2, 2)])
    if not first.ok:
        yield noted(
            f"GET /Users without a filter was answered {answer_words(first)}; Entra does not ask so.",
            first,
        )
        return
    problem = list_problem(first) or _too_few(first)
    if problem is not None:
        say = noted if context.fails(NO_MATCH, MATCH) else failed  # of those lists it is told
        yield say(f"GET /Users?startIndex=1&count=2 was answered with {problem}.", first)
        return
    if second.crashed:
        yield failed(
            f"GET /Users?startIndex=2&count=2 was answered {answer_words(second)}.",
            second,
            cause="unhandled-exception-500",
        )
        return
    problem = _paging_problem(first, second)
    if problem is not None:
        yield failed(problem, first, second)
        return
    total = first.json["totalResults"]
    last = context.send(_page(total))
    if last.ok and not resources_of(last):
        again = context.send(_page(1))
        if again.ok and again.json.get("totalResults") == total:
            yield failed(
                f"GET /Users?startIndex={total}&count=1 was answered without a user although "
                f"totalResults is {total}: startIndex counts from 1.",
                last,
            )


def _page(start: int, count: int = 1) -> ScimRequest:
    return requests.get("/Users", [("startIndex", str(start)), ("count", str(count))])


def _too_few(first: Exchange) -> str | None:
    """Whether totalResults counts fewer than the users who are there."""
    total = first.json.get("totalResults", 0)
    return f"totalResults {total} although there are two users" if total < 2 else None


def _paging_problem(first: Exchange, second: Exchange) -> str | None:
    """What is wrong with two pages that begin one user apart, when there are at least two users."""
    one = [str(r.get("id")) for r in resources_of(first)]
    two = [str(r.get("id")) for r in resources_of(second)]
    if len(one) > 2:
        return f"GET /Users?startIndex=1&count=2 was answered with {len(one)} users."
    if second.ok and one and two and one[0] == two[0]:
        return "GET /Users?startIndex=2&count=2 begins with the user with whom startIndex=1 begins."
    if second.ok and one[1:] and two and one[1] not in two:
        return (
            "GET /Users?startIndex=2&count=2 lacks the second user of startIndex=1&count=2: "
            "startIndex is not read as the number of a user."
        )
    start = second.json.get("startIndex") if isinstance(second.json, dict) else None
    if second.ok and start not in (None, 2):
        return f"The answer to startIndex=2 says that startIndex is {shown(start)}."
    if second.ok and not two:
        return "GET /Users?startIndex=2&count=2 was answered without a user although there are two."
    return None


_rule = family("query", TUTORIAL, rfc="RFC 7644 §3.4.2.2")


CHECKS_BEFORE_CREATE = (
    Check(
        rule=_rule(
            NO_MATCH.partition("/")[2],
            "A query without a match is answered 200 with an empty ListResponse",
            severity="blocker",
            cause="filter-no-match-404",
            what='Asks for userName eq "<random GUID>", as Test Connection does.',
            why="Entra asks this before every create; only 200 with totalResults 0 means "
            "that the user may be created.",
            admin_sees="Test Connection fails (…ServiceIncompatible, CredentialValidationUnavailable), "
            "and no user is ever created.",
            fix="Answer 200 with schemas, totalResults 0 and Resources [] when nothing matches; "
            "decode + in the query as a blank.",
            section="3.4.2",
        ),
        run=_no_match,
        teaches=True,
        requires=(ACCEPTED,),
        writes=False,
    ),
)

CHECKS = (
    Check(
        rule=_rule(
            MATCH.partition("/")[2],
            "The query for an existing userName gives exactly that user",
            severity="blocker",
            cause="filter-misses-existing",
            what="Asks for a user that was just created.",
            why="Entra links its user to the one found. If none is found it creates another; "
            "if several are found it stops.",
            admin_sees="duplicates, 409 conflicts for users that exist, or DuplicateTargetEntries.",
            fix="Look userName up exactly, without regard to letter case, over all users.",
        ),
        run=_match,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "blanks",
            "Blanks in a query may be sent as %20",
            severity="info",
            cause="filter-value-parse-failure",
            what="Sends the matching query with %20 instead of +.",
            why="Entra sends +, and other tools send %20; both are one blank.",
            admin_sees="nothing: Entra does not send it so.",
            fix="Decode the query string with the usual form decoder.",
        ),
        run=_blanks,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "attribute-case",
            "Attribute names in a filter may be in any letter case",
            cause="filter-case-sensitive",
            severity="minor",
            what='Asks for USERNAME eq "…".',
            why="Attribute names are case-insensitive, and mappings are typed by people.",
            admin_sees="users that exist are created again, or a 400.",
            fix="Compare attribute names without regard to letter case.",
        ),
        run=_attribute_case,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "operator-case",
            "Operators in a filter may be in any letter case",
            cause="filter-case-sensitive",
            severity="minor",
            what='Asks for userName EQ "…".',
            why="Operators are case-insensitive.",
            admin_sees="a 400 to the matching query of a client that writes it so.",
            fix="Compare operators without regard to letter case.",
        ),
        run=_operator_case,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "value-case",
            "A userName is found in any letter case",
            cause="filter-case-sensitive",
            what="Asks for an existing userName in capitals.",
            why="User principal names differ in case between directories; userName is not case-exact.",
            admin_sees="a second account, or 409 for a user that the query did not find.",
            fix="Compare userName without regard to letter case, in filters and for uniqueness.",
        ),
        run=_value_case,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "selective",
            "A filter gives nothing but exact matches",
            severity="blocker",
            cause="filter-not-selective",
            what="Asks for values that only resemble an existing userName, and for a random GUID.",
            why="More than one result, or a wrong one, links the wrong account or stops the object.",
            admin_sees="DuplicateTargetEntries, or changes that arrive at another person's account.",
            fix="Apply the filter as an exact comparison; refuse (400 invalidFilter) what is not understood.",
        ),
        run=_selective,
        requires=(MATCH,),
    ),
    Check(
        rule=_rule(
            "paging",
            "startIndex and count page through the users",
            severity="minor",
            cause="list-response-malformed",
            what="Asks for the first and the second user, one at a time.",
            why="Microsoft's validation of gallery apps pages through the users.",
            admin_sees="nothing in daily work; validation of a gallery app fails.",
            fix="Honour startIndex (from 1) and count; totalResults counts all, not the page.",
            section="3.4.2.4",
        ),
        run=_paging,
        requires=(MATCH,),
    ),
)
