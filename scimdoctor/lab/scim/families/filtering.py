"""Faults of filters."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.families.creating import differs_in_case, freed_if, named_again
from scimdoctor.lab.scim.hooks import answered, html_page
from scimdoctor.lab.scim.searching import (
    compared,
    found_by,
    nothing_found,
    on,
    parsed,
    refused_filter,
    terms,
    text_with,
)
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim.filters import And, Comparison
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.scim.patch import Resource

SCANNED = 2
"""How many accounts the fault `filter-first-page-only` looks at."""

_fault = partial(Fault, family="filter")
_EXACT = {"userName", "externalId", "displayName", "id", "emails", "value", "type", "manager"}
_EXACT |= {"members", "active", "employeeNumber", "department"}
_KNOWN = {name.casefold() for name in _EXACT}


def _finds_nothing(call: Call, response: LabResponse) -> bool:
    return bool(call.is_list and call.filter) and b'"totalResults":0' in response.body


def _answer(status: int, detail: str) -> Callable[[LabResponse], LabResponse]:
    return lambda _: ScimProblem(status, detail).response()


def _empty_again(call: Call, resources: list[Resource]) -> list[Resource] | None:
    """Give an empty answer once more to whoever asks the same again."""
    known = call.provider.memory.setdefault("found nothing", set())
    asked = f"{call.endpoint} {call.filter}"
    found = found_by(call.filter, resources) if call.filter else None
    if found is not None and (asked in known or not found):
        known.add(asked)
        return []
    return found


def _forget(call: Call) -> None:
    call.parameters.pop("filter", None)


def _forget_for_groups(call: Call) -> None:
    if call.is_group:
        _forget(call)


def _keep_plus(call: Call) -> None:
    found = re.search(r"(?:^|&)filter=([^&]*)", call.request.query)
    if found:
        call.parameters["filter"] = unquote(found[1])


def _cut_at_special(call: Call) -> None:
    """Decodes before it takes the query apart, so that `&`, `#` and `+` in values do harm."""
    text = re.split("[&#]", call.filter)[0]
    if call.filter:
        call.parameters["filter"] = text.replace("+", " ")


def _split_at_blanks(call: Call, _: list[Resource]) -> None:
    if any(isinstance(t.value, str) and " " in t.value for t in terms(parsed(call))):
        raise ScimProblem(400, "A filter has three words.", scim_type="invalidFilter")


def _is_urn(_: Call, term: Comparison) -> bool:
    return term.path.urn is not None


def _is_email_path(_: Call, term: Comparison) -> bool:
    return term.path.where is not None


def _is_non_ascii(_: Call, term: Comparison) -> bool:
    return isinstance(term.value, str) and not term.value.isascii()


def _is_oddly_spelled(_: Call, term: Comparison) -> bool:
    return term.path.attribute not in _EXACT and term.path.attribute.casefold() in _KNOWN


def _exact_operator(call: Call, _: list[Resource]) -> None:
    if parsed(call) is not None and not re.search(r"\s(?:eq|pr|ne|co|sw|ew)\b", call.filter):
        raise ScimProblem(400, "Unknown operator.", scim_type="invalidFilter")


def _no_and(call: Call, _: list[Resource]) -> None:
    if isinstance(parsed(call), And):
        raise ScimProblem(400, "and is not supported.", scim_type="invalidFilter")


def _first_term(call: Call, resources: list[Resource]) -> list[Resource] | None:
    wanted = parsed(call)
    return found_by(str(wanted.left), resources) if isinstance(wanted, And) else None


def _first_accounts(call: Call, resources: list[Resource]) -> list[Resource] | None:
    return found_by(call.filter, resources[:SCANNED]) if call.is_user and call.filter else None


def _first_groups(call: Call, resources: list[Resource]) -> list[Resource] | None:
    return found_by(call.filter, resources[:SCANNED]) if call.is_group and call.filter else None


def _split_at_and(call: Call, _: list[Resource]) -> None:
    if any(part.count('"') % 2 for part in call.filter.split(" and ")):
        raise ScimProblem(400, "A text has no end.", scim_type="invalidFilter")


def _never_found(call: Call, _: list[Resource]) -> list[Resource] | None:
    return [] if call.is_user and call.filter else None


def _exact_addresses(call: Call, resources: list[Resource]) -> list[Resource] | None:
    wanted = parsed(call)
    if not isinstance(wanted, Comparison) or not _is_email_path(call, wanted):
        return None
    return [r for r in resources if value_at(r, str(wanted.path)) == wanted.value]


def _exact_user_name(call: Call, resources: list[Resource]) -> list[Resource] | None:
    wanted = parsed(call)
    if not isinstance(wanted, Comparison) or wanted.path.attribute.casefold() != "username":
        return None
    return [r for r in resources if r.get("userName") == wanted.value]


def _any_type(call: Call, resources: list[Resource]) -> list[Resource] | None:
    wanted = parsed(call)
    if not isinstance(wanted, Comparison) or not _is_email_path(call, wanted):
        return None
    asked = str(wanted.value).casefold()
    return [
        r
        for r in resources
        if any(str(e.get("value")).casefold() == asked for e in r.get("emails", ()))
    ]


_CASE = "filter-case-sensitive"
_MANY = "filter-not-selective"
_NO_MATCH = "filter-no-match-404"
_PARSE = "filter-value-parse-failure"
_UNSUPPORTED = "filter-attribute-unsupported"


def _like_external_id(call: Call, resources: list[Resource]) -> list[Resource] | None:
    if not call.filter.casefold().startswith("externalid "):
        return None
    return compared(
        lambda stored, asked: bool(re.fullmatch(re.escape(asked).replace("_", "."), stored))
    )(call, resources)


def _active_by_external_id(call: Call, resources: list[Resource]) -> list[Resource] | None:
    if not call.is_user or not call.filter.casefold().startswith("externalid "):
        return None
    found = found_by(call.filter, resources)
    return None if found is None else [user for user in found if user.get("active") is not False]


def _primary_only(call: Call, resources: list[Resource]) -> list[Resource] | None:
    found = found_by(call.filter, resources) if "emails[" in call.filter else None
    if found is None:
        return None
    return [r for r in found if any(e.get("primary") for e in r.get("emails", ()))]


def _same_again(call: Call, resources: list[Resource]) -> list[Resource] | None:
    known = call.provider.memory.setdefault("answers", {})
    found = found_by(call.filter, resources) if call.filter else None
    if found is None:
        return None
    ids = known.setdefault(f"{call.endpoint} {call.filter}", [r["id"] for r in found])
    return [r for r in resources if r["id"] in ids]


FAULTS = (
    _fault(
        id="filter-no-match-404",
        title="Answers 404 when a filter finds nothing",
        cause=_NO_MATCH,
        answer=answered(_finds_nothing, _answer(404, "Nothing found.")),
    ),
    _fault(
        id="filter-no-match-400",
        title="Answers 400 when a filter finds nothing",
        cause=_NO_MATCH,
        answer=answered(_finds_nothing, _answer(400, "No such object.")),
    ),
    _fault(
        id="filter-no-match-500",
        title="Fails with 500 when a filter finds nothing",
        cause="unhandled-exception-500",
        answer=answered(_finds_nothing, _answer(500, "An unexpected error occurred.")),
    ),
    _fault(id="filter-ignored", title="Ignores filters and lists all", cause=_MANY, before=_forget),
    _fault(
        id="group-filter-ignored",
        title="Ignores filters on groups and lists all",
        cause=_MANY,
        before=_forget_for_groups,
    ),
    _fault(
        id="filter-prefix-match",
        title="Takes eq for begins with",
        cause=_MANY,
        search=compared(lambda stored, asked: stored.casefold().startswith(asked.casefold())),
    ),
    _fault(
        id="filter-contains-match",
        title="Takes eq for contains",
        cause=_MANY,
        search=compared(lambda stored, asked: asked.casefold() in stored.casefold()),
    ),
    _fault(
        id="group-filter-contains-match",
        title="Runs displayName eq as a wildcard search on groups",
        cause=_MANY,
        search=compared(lambda stored, asked: asked.casefold() in stored.casefold(), only="Groups"),
    ),
    _fault(
        id="filter-and-first-term-only",
        title="Reads only the first term of and",
        cause=_MANY,
        search=_first_term,
    ),
    _fault(
        id="filter-value-case-sensitive",
        title="Compares values with their case",
        cause=_CASE,
        search=compared(lambda stored, asked: stored == asked),
    ),
    _fault(
        id="group-filter-value-case-sensitive",
        title="Compares group names with their case",
        cause=_CASE,
        search=compared(lambda stored, asked: stored == asked, only="Groups"),
    ),
    _fault(
        id="filter-attribute-case-sensitive",
        title="Knows attribute names only in one case",
        cause=_CASE,
        search=refused_filter(_is_oddly_spelled, "Unknown attribute."),
    ),
    _fault(
        id="filter-operator-case-sensitive",
        title="Knows operators only in lower case",
        cause=_CASE,
        search=_exact_operator,
    ),
    _fault(
        id="filter-external-id-refused",
        title="Answers 400 to a filter on externalId",
        cause=_UNSUPPORTED,
        search=refused_filter(on("externalId"), "A filter on externalId is not supported."),
    ),
    _fault(
        id="filter-external-id-finds-nothing",
        title="Finds nothing by externalId",
        cause=_UNSUPPORTED,
        search=nothing_found(on("externalId")),
    ),
    _fault(
        id="filter-email-path-refused",
        title='Answers 400 to a filter on emails[type eq "work"].value',
        cause=_UNSUPPORTED,
        search=refused_filter(_is_email_path, "The filter cannot be parsed."),
    ),
    _fault(
        id="filter-email-path-500",
        title='Fails with 500 on a filter on emails[type eq "work"].value',
        cause=_UNSUPPORTED,
        search=refused_filter(
            _is_email_path, "An unexpected error occurred.", status=500, scim_type=None
        ),
    ),
    _fault(
        id="filter-email-path-finds-nothing",
        title='Finds nothing by emails[type eq "work"].value',
        cause=_UNSUPPORTED,
        search=nothing_found(_is_email_path),
    ),
    _fault(
        id="filter-urn-refused",
        title="Answers 404 to a filter on an extension attribute",
        cause=_UNSUPPORTED,
        search=refused_filter(_is_urn, "Unknown path.", status=404),
    ),
    _fault(
        id="filter-urn-finds-nothing",
        title="Finds nothing by extension attributes",
        cause=_UNSUPPORTED,
        search=nothing_found(_is_urn),
    ),
    _fault(
        id="filter-and-refused",
        title="Answers 400 to and",
        cause=_UNSUPPORTED,
        search=_no_and,
    ),
    _fault(
        id="filter-manager-refused",
        title="Answers 400 to a filter on manager",
        cause=_UNSUPPORTED,
        search=refused_filter(on("manager"), "A filter on manager is not supported."),
    ),
    _fault(
        id="filter-members-refused",
        title="Answers 400 to a filter on members",
        cause=_UNSUPPORTED,
        search=refused_filter(on("members"), "A filter on members is not supported."),
    ),
    _fault(
        id="filter-plus-literal",
        title="Does not read + in the query as a blank",
        cause=_PARSE,
        before=_keep_plus,
    ),
    _fault(
        id="filter-escapes-refused",
        title="Answers 400 to escaped quotes and backslashes in values",
        cause=_PARSE,
        search=refused_filter(text_with('"\\'), "The filter cannot be parsed."),
    ),
    _fault(
        id="filter-escapes-not-undone",
        title="Does not undo escapes in values, so such objects are not found",
        cause=_PARSE,
        search=nothing_found(text_with('"\\')),
    ),
    _fault(
        id="filter-special-characters-cut",
        title="Cuts values at & and #, and reads + in them as a blank",
        cause=_PARSE,
        before=_cut_at_special,
    ),
    _fault(
        id="filter-apostrophe-500",
        title="Fails with 500 on an apostrophe in a value",
        cause=_PARSE,
        search=refused_filter(
            text_with("'"), "An unexpected error occurred.", status=500, scim_type=None
        ),
    ),
    _fault(
        id="filter-non-ascii-refused",
        title="Answers 400 to non-ASCII characters in values",
        cause=_PARSE,
        search=refused_filter(_is_non_ascii, "The filter cannot be parsed."),
    ),
    _fault(
        id="filter-blank-refused",
        title="Answers 400 to blanks in values",
        cause=_PARSE,
        search=_split_at_blanks,
    ),
    _fault(
        id="filter-first-page-only",
        title="Looks at the oldest accounts only",
        cause="filter-misses-existing",
        search=_first_accounts,
    ),
    _fault(
        id="filter-finds-no-user",
        title="Finds no user by any filter",
        cause="filter-misses-existing",
        search=_never_found,
    ),
    _fault(
        id="filter-no-match-html-404",
        title="Answers 404 with a web page when a filter finds nothing",
        cause=_NO_MATCH,
        answer=answered(_finds_nothing, lambda _: html_page(404, "User not found")),
    ),
    _fault(
        id="filter-value-lower-cased",
        title="Compares what is stored with the lower-case form of the value",
        cause=_CASE,
        search=compared(lambda stored, asked: stored == asked.casefold(), only="Users"),
    ),
    _fault(
        id="filter-brackets-refused",
        title="Answers 400 to brackets in values",
        cause=_PARSE,
        search=refused_filter(text_with("()"), "The brackets do not match."),
    ),
    _fault(
        id="filter-split-at-and",
        title="Splits a filter at and, also inside a value",
        cause=_PARSE,
        search=_split_at_and,
    ),
    _fault(
        id="filter-wildcards",
        title="Reads _ in a value as any character",
        cause=_MANY,
        search=compared(
            lambda stored, asked: bool(
                re.fullmatch(re.escape(asked).replace("_", "."), stored, re.IGNORECASE)
            )
        ),
    ),
    _fault(
        id="group-filter-first-only",
        title="Looks at the oldest groups only",
        cause="filter-misses-existing",
        search=_first_groups,
    ),
    _fault(
        id="filter-email-case-sensitive",
        title="Compares e-mail addresses with their case",
        cause=_CASE,
        search=_exact_addresses,
    ),
    _fault(
        id="filter-element-type-ignored",
        title="Finds an e-mail address whatever type the filter names",
        cause=_MANY,
        search=_any_type,
    ),
    _fault(
        id="user-name-case-exact",
        title="Compares userName with its case, in filters and for uniqueness",
        cause=_CASE,
        search=_exact_user_name,
        body=freed_if(differs_in_case),
        stored=named_again,
    ),
    _fault(
        id="empty-answer-cached",
        title="Keeps the answer to a query that found nothing, and gives it again",
        cause="filter-misses-existing",
        search=_empty_again,
    ),
    _fault(
        id="filter-external-id-wildcards",
        title="Reads _ in an externalId as any character",
        cause=_MANY,
        search=_like_external_id,
    ),
    _fault(
        id="filter-external-id-active-only",
        title="Finds by externalId only users who are active",
        cause="disabled-user-not-returned",
        search=_active_by_external_id,
    ),
    _fault(
        id="filter-email-primary-only",
        title="Finds users by a work e-mail address only if it is marked as primary",
        cause="filter-misses-existing",
        search=_primary_only,
    ),
    _fault(
        id="filter-answers-cached",
        title="Gives the answer to a filter that was asked before once more, whatever changed since",
        cause="filter-misses-existing",
        search=_same_again,
    ),
)
