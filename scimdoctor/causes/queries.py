"""Causes around queries: whether they are answered, and with what they find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.answers import (
    list_faults,
    looks_like_list,
    misfits,
    resources_of,
)
from scimdoctor.causes.around import only_groups_fail
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.breach import COMPOSED, Breach, Hint
from scimdoctor.causes.facts import QUERIES, Stage
from scimdoctor.causes.match import (
    APP,
    CHECK,
    EITHER,
    ENDPOINT,
    MAPPINGS,
    PROVISIONING,
    RESTART,
    RFC_7643,
    RFC_7644,
    TUTORIAL,
    Cause,
    Match,
    admin,
    backed,
    developer,
    likely,
    possible,
)
from scimdoctor.causes.phrases import hinted
from scimdoctor.causes.wording import names_somebody
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts


_NO_RESULTS = re.compile(
    r"(?i)\bno (?:\w+ )?(?:users?|groups?|results?|resources?|records?|entr(?:y|ies)) "
    r"(?:were |was )?(?:found|match|exist)|match(?:ing|es)? (?:the |your )?(?:filter|criteria|query)"
)


_SPECIAL = re.compile(r"[^\w.@-]|[^\x00-\x7f]")
"""What a name that every parser of filters reads does not have."""

_OTHER_REFUSALS = frozenset({400, 410, 422, 500})

_EXAMPLE = re.compile(r"""["'](?:…|\\u2026|\.{3}|<[^"']*>|\{[^"']*\})""")
"""A value that shows how filters are written, and was not sent."""

_COUNT_AS_FILTER = (
    Breach.FILTER_REFUSED,
    Breach.FILTER_SYNTAX,
    Breach.UNKNOWN_ATTRIBUTE,
    Breach.PATH_REFUSED,
)


def _groups_missing(facts: Facts) -> Match | None:
    said = facts.says(Breach.GROUPS_UNSUPPORTED)
    whole = said is not None and said.source != COMPOSED and facts.status in {404, 405, 501}
    if said is not None and (facts.stage is not Stage.UPDATE or (whole and facts.is_group)):
        weight = 88 if facts.status == 501 else 84
        return backed(facts, weight, "the app says that it has no groups", text=said.text)
    asks = facts.stage in QUERIES | {Stage.READ, Stage.CREATE}
    alone = _groups_alone(facts)
    if alone is not None:
        return alone
    filtered = facts.says(Breach.FILTER_REFUSED, Breach.FILTER_SYNTAX)
    if facts.is_group and asks and facts.exchange is not None and filtered is None:
        if facts.status in {404, 405, 501}:
            return likely(86, f"/Groups is answered {facts.status}")
        if facts.status in {500, 403} and facts.stage in QUERIES:
            return possible(64, f"the query of /Groups is answered {facts.status}")
    if facts.status == 501 and facts.stage in QUERIES and facts.exchange is None:
        return possible(76, "part of the test query is not implemented (501): mostly groups")
    if facts.is_group and facts.status in {404, 405, 501} and asks:
        return _groups_told(facts)
    return _groups_hinted(facts)


def _groups_alone(facts: Facts) -> Match | None:
    """No query for a group is answered, while those for users are."""
    if facts.stage is not Stage.MATCH or not facts.refused or not only_groups_fail(facts.case):
        return None
    if facts.says(Breach.FILTER_REFUSED, Breach.FILTER_SYNTAX, Breach.MALFORMED_LIST):
        return None
    text = "no query for a group is answered as it should, while those for users are"
    route = facts.says(Breach.NO_ROUTE, Breach.METHOD)
    if route is not None:
        return likely(88, text, route.text)
    named = facts.says(Breach.NOT_FOUND) is not None
    return possible(66 if named else 78, text)


def _groups_hinted(facts: Facts) -> Match | None:
    """Where neither path nor status of a query of groups is known."""
    unfound = facts.says(Breach.QUERY_404) is not None and facts.status in {None, 404, 501}
    if facts.stage is Stage.TEST and unfound:
        # Users and groups are both asked for; a wrong URL mostly answers with a page of its own.
        return possible(59, "a query of the connection test gets 404: mostly that of /Groups")
    unmatched = facts.says(Breach.MATCHING)
    if facts.is_group and unmatched is not None and facts.status is None and facts.exchange is None:
        return possible(77, "no group could be looked up", unmatched.text)
    incompatible = facts.code("ServiceIncompatible", "ServiceIncompatibleFiltering")
    if facts.stage is Stage.TEST and facts.status == 404 and incompatible:
        return possible(58, "the credentials were accepted once, yet a query gets 404")
    return None


def _groups_told(facts: Facts) -> Match:
    route = facts.says(Breach.NO_ROUTE, Breach.METHOD)
    if route is not None and "/groups" in route.text.casefold():
        return likely(88, "the web framework knows no /Groups", route.text)
    return possible(66, f"a query or create of a group is answered {facts.status}")


def _no_match_404(facts: Facts) -> Match | None:
    unfound = facts.says(Breach.NOT_FOUND)
    if facts.status in _OTHER_REFUSALS and unfound is not None and facts.reading.is_scim:
        if facts.stage in QUERIES and facts.filter is not None and _is_usual(facts):
            text = f"a filter without a match is answered {facts.status}"
            return backed(facts, 74, text, text=unfound.text)
        if facts.stage is Stage.MATCH and facts.exchange is None:
            text = f"the matching query is answered {facts.status}: nobody was found"
            return possible(72, text, unfound.text)
        return None
    if facts.status != 404:
        return None
    if facts.reading.page is not None:
        return _no_match_page(facts, unfound)
    if facts.says(*_COUNT_AS_FILTER, Breach.NO_ROUTE, Breach.GROUPS_UNSUPPORTED):
        return None
    return _no_match_told(facts) if facts.exchange is None else _no_match_seen(facts)


def _no_match_page(facts: Facts, unfound: Complaint | None) -> Match | None:
    """A web page that answers a query with 404, and says who was not found."""
    if facts.stage is not Stage.MATCH or unfound is None or not names_somebody(unfound):
        return None
    return possible(72, "a page answers the query with 404: nobody was found", unfound.text)


def _no_match_seen(facts: Facts) -> Match | None:
    if facts.stage not in QUERIES or facts.filter is None:
        return None
    usual = bare_name(facts.filter.attribute) in {"username", "displayname"}
    if not usual and not facts.reading.is_scim:
        return possible(87, "a filter is answered 404: no match, or an attribute it does not know")
    if _is_scim_speaking(facts) and (facts.is_users or facts.reading.is_scim):
        return likely(87, "a filter without a match is answered 404 instead of an empty list")
    return possible(60, "a filter without a match, or a wrong address, is answered 404")


def _is_scim_speaking(facts: Facts) -> bool:
    """Whether a 404 comes from SCIM code, and not from a place where none is."""
    named = facts.says(Breach.NOT_FOUND)
    somebody = named is not None and names_somebody(named)
    words = _NO_RESULTS.search(facts.reading.words) is not None
    # A framework's own words for a path it does not know may look like a SCIM error's detail.
    said = facts.reading.is_scim and facts.reading.words.casefold().strip(" .") != "not found"
    return said or facts.scim_answers or somebody or words


def _no_match_told(facts: Facts) -> Match | None:
    unfound = facts.says(Breach.NOT_FOUND)
    if _NO_RESULTS.search(facts.reading.words):
        return likely(85, "the app says that a query has no results, with 404")
    if facts.stage is Stage.MATCH:
        weight = 68 if facts.is_users or _is_scim_speaking(facts) else 60
        return possible(weight, "the matching query is answered 404")
    if facts.stage not in {Stage.CREATE, Stage.TEST}:
        return None
    if unfound is not None and facts.reading.is_scim:
        text = "before anything was created, the app said 'not found' in a SCIM error"
        return possible(70, text, unfound.text)
    return possible(52, "a query before the create may have got 404")


def _filter_attribute(facts: Facts) -> Match | None:
    if facts.stage not in QUERIES or not facts.refused:
        return None
    if "excludedattributes" in facts.reading.words.casefold():
        return None
    name = facts.filter.attribute if facts.filter is not None else ""
    said = facts.says(*_COUNT_AS_FILTER)
    if said is not None and facts.says(Breach.FILTER_SYNTAX) is not None and _is_usual(facts):
        return possible(74, f"every app can be asked for {name}; its filter is refused", said.text)
    if said is not None and facts.status not in {401, 403}:
        weight = 86 if name else 78
        return backed(facts, weight, f"the filter on {name or 'it'} is refused", text=said.text)
    queried = facts.filter is not None and facts.status in {400, 404, 500, 501}
    if queried and name and not _is_usual(facts):
        return possible(66, f"the query by {name} is answered {facts.status}")
    if facts.filter is not None and facts.status in {400, 501}:
        return possible(48, f"the query by {name or 'a filter'} is answered {facts.status}")
    return None


def _is_usual(facts: Facts) -> bool:
    """Whether the filter is on what every app can be asked for: userName, a group's displayName."""
    usual = "displayname" if facts.is_group else "username"
    return facts.filter is not None and bare_name(facts.filter.attribute) == usual


def _filter_case(facts: Facts) -> Match | None:
    seen = next((c for c in facts.contradictions if c.kind == "case-matters"), None)
    if seen is not None:
        return likely(96, seen.summary)
    if facts.filter is None or facts.stage not in QUERIES:
        return None
    said = facts.says(Breach.LETTER_CASE)
    if said is not None and facts.refused:
        return backed(facts, 89, "the app speaks of letter case", text=said.text)
    if facts.filter.is_odd_case and (facts.refused or not resources_of(facts.answer)):
        weight = 88 if _is_usual(facts) else 64
        text = f"the filter {facts.filter.raw!r} is written in other letter case"
        return possible(weight, text)
    shouts = facts.filter.value.isupper() and len(facts.filter.value) > 3
    if (
        facts.succeeded
        and shouts
        and not resources_of(facts.answer)
        and looks_like_list(facts.answer)
    ):
        return possible(54, "a value in capitals is not found")
    return None


def _filter_value(facts: Facts) -> Match | None:
    if facts.stage not in QUERIES:
        return None
    cut = _value_cut(facts)
    if cut is not None:
        return likely(95, f"an object came back whose value is {cut!r}: the rest went unread")
    return _value_refused(facts) if facts.refused else _value_unfound(facts)


def _value_refused(facts: Facts) -> Match | None:
    """A query that is refused for its value, or because nobody decodes it."""
    # Entra quotes the URL it asked as well; what counts is how the app quotes it.
    by_app = facts.exchange is not None or facts.reason.body is not None
    undecoded = hinted(Hint.UNDECODED, facts.reading.words) if by_app else None
    if undecoded is not None:
        return backed(facts, 92, f"the app reads the query without decoding it: {undecoded}")
    if facts.status in {400, 500} and facts.filter is None and _has_special_name(facts):
        return possible(70, "the object's name has a special character, and others pass")
    example = facts.filter is not None and _EXAMPLE.search(facts.filter.raw) is not None
    hard = facts.filter is not None and facts.filter.has_hard_value and not example
    special = facts.filter is not None and facts.filter.has_special_value
    said = facts.says(Breach.FILTER_SYNTAX)
    refused = facts.status in {None, 400, 500, 404, 403, 422}
    if refused and hard and not facts.filter_on_extension:
        return backed(facts, 90, "the filter's value has characters that need escaping")
    if refused and said is not None:
        weight = 88 if special else 80
        return backed(facts, weight, "the filter could not be parsed", text=said.text)
    if refused and special and facts.says(Breach.FILTER_REFUSED) is None:
        return possible(67, "the filter's value has a blank or another special character")
    return None


def _value_unfound(facts: Facts) -> Match | None:
    nothing = facts.succeeded and looks_like_list(facts.answer) and not resources_of(facts.answer)
    if nothing and facts.filter is not None and facts.filter.has_coded_value:
        return possible(59, "a value with special characters is not found")
    return None


def _has_special_name(facts: Facts) -> bool:
    """Whether the object of a failed query, of which the log quotes no filter, is named oddly."""
    event = facts.case.event
    name = (event.user_principal_name or "") if event is not None else ""
    unsaid = facts.says(*_COUNT_AS_FILTER) is None
    return unsaid and facts.others_pass and _SPECIAL.search(name) is not None


def _value_cut(facts: Facts) -> str | None:
    """The value of an object that came back, which is the filter's up to a special character."""
    wanted = facts.filter
    if wanted is None or not facts.succeeded:
        return None
    for resource in misfits(resources_of(facts.answer), wanted):
        held = str(value_at(resource, wanted.attribute) or "")
        rest = wanted.value[len(held) :]
        if held and wanted.value.startswith(held) and not rest[0].isalnum():
            return held
    return None


def _misses(facts: Facts) -> Match | None:
    seen = next((c for c in facts.contradictions if c.kind == "exists-but-not-found"), None)
    if seen is not None:
        sure = possible if facts.stage is Stage.CREATE else likely
        return sure(93, seen.summary)
    if not facts.succeeded or facts.stage not in QUERIES or facts.filter is None:
        return None
    if list_faults(facts.answer) or resources_of(facts.answer) or facts.filter.is_probe:
        return None
    return possible(56, f"the query for {facts.filter.value!r} finds nothing")


def _not_selective(facts: Facts) -> Match | None:
    if facts.succeeded and facts.filter is not None and facts.stage in QUERIES:
        resources = resources_of(facts.answer)
        strangers = misfits(resources, facts.filter) if looks_like_list(facts.answer) else []
        if strangers:
            return likely(94, f"{len(strangers)} resources came back that the filter leaves out")
        if len(resources) > 1 and not facts.filter.is_compound:
            return likely(86, f"{len(resources)} resources came back for an eq filter")
    if facts.code("MultipleEntriesInResponse", "DuplicateTargetEntries"):
        text = f"error code {facts.error_code}: more than one resource came back"
        return possible(92, f"{text}; whether the filter or the data is at fault is not shown")
    said = facts.says(Breach.SEVERAL_MATCHES)
    if said is not None and facts.refused and facts.stage is not Stage.UPDATE:
        return backed(facts, 85, "more than one object was found", text=said.text)
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="groups-endpoint-missing",
            title="/Groups is missing although Entra asks it",
            definition="/Groups is absent or fails although Entra queries it (test connection, "
            "group mapping on).",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="While the group mapping is on, Entra queries /Groups in the connection "
            "test and in each cycle. A failure there quarantines the whole job, users included.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS} > Provision Microsoft Entra ID Groups: Enabled = No, "
                    "if the app has no groups.",
                    "scimdoctor job restart APP --scope quarantine",
                ),
                developer(
                    'Answer GET /Groups?excludedAttributes=members&filter=displayName eq "x" '
                    "with 200 and an empty ListResponse."
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_groups_missing,
    ),
    Cause(
        rule=CauseRule(
            id="filter-no-match-404",
            title="A filter without a match is answered 404",
            definition="Filter without a match answers 404 instead of 200 with an empty "
            "ListResponse.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Before it creates anything, Entra asks whether the object exists. 'No' "
            "must be an empty list; 404 reads as a broken endpoint.",
            remediation=(
                developer(
                    'Answer GET /Users?filter=userName eq "nobody" with 200 and '
                    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
                    '"totalResults":0,"Resources":[]}.',
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2",),
        ),
        match=_no_match_404,
    ),
    Cause(
        rule=CauseRule(
            id="filter-attribute-unsupported",
            title="The matching attribute cannot be filtered on",
            definition="Matching attribute (externalId, work e-mail, extension URN) cannot be "
            "filtered on.",
            layer=ENDPOINT,
            fixed_by=EITHER,
            explanation="Entra finds existing objects by a filter on the matching attribute of "
            "the mapping. The app does not know that attribute in filters.",
            remediation=(
                admin(
                    f"Portal: {MAPPINGS}: match on an attribute that the app can filter, mostly "
                    "userName; groups on displayName.",
                    "scimdoctor mappings APP",
                ),
                developer(
                    "Support eq on every attribute that may be matched: userName, externalId, "
                    'displayName, emails[type eq "work"].value, extension URNs: '
                    'GET /Users?filter=externalId eq "x" must give 200 and a ListResponse.',
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2.2", TUTORIAL),
        ),
        match=_filter_attribute,
    ),
    Cause(
        rule=CauseRule(
            id="filter-case-sensitive",
            title="Filters compare letter case",
            definition="Attribute name, operator or value is compared case-sensitively in a "
            "filter.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Attribute names, operators and most values (userName, displayName) are "
            "equal in any letter case. If not, Entra does not find what exists.",
            remediation=(
                developer(
                    "Compare names, operators and values of caseExact=false attributes without "
                    'regard to case: GET /Users?filter=USERNAME Eq "ADA@example.com" must '
                    "find ada@example.com.",
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2.2", f"{RFC_7643}#section-2.1"),
        ),
        match=_filter_case,
    ),
    Cause(
        rule=CauseRule(
            id="filter-value-parse-failure",
            title="Filter values with special characters are not parsed",
            definition="Filter values with blanks, quotes, reserved or non-ASCII characters are "
            "not parsed.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="The value in a filter is a JSON string inside a URL: blanks arrive as "
            "+ or %20, quotes and backslashes escaped, other letters as UTF-8.",
            remediation=(
                developer(
                    "Decode the query as a form, then read the value as a JSON string: "
                    "GET <root>/Groups?filter=displayName+eq+%22R%26D+%5C%22Nord%5C%22%22 must "
                    'find R&D "Nord".',
                    CHECK,
                ),
                admin(
                    "Until then avoid such characters in the matching attribute. "
                    f"Portal: {MAPPINGS} shows which it is.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2.2",),
        ),
        match=_filter_value,
    ),
    Cause(
        rule=CauseRule(
            id="filter-misses-existing",
            title="The filter finds nothing although the object exists",
            definition="Filter returns nothing although the object exists.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra believes the empty list and creates the object again, which ends "
            "in a conflict or a duplicate.",
            remediation=(
                developer(
                    'GET /Users?filter=userName eq "x" must find x wherever it is stored, '
                    "beyond the first page and whoever created it.",
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2",),
        ),
        match=_misses,
    ),
    Cause(
        rule=CauseRule(
            id="filter-not-selective",
            title="The filter returns several objects",
            definition="Filter is ignored or run as a wildcard, so several objects come back.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="An eq filter on the matching attribute must give one object or none. "
            "Entra stops when it gets more, because it cannot know which one is meant.",
            remediation=(
                developer(
                    "Run eq as an exact comparison: GET /Groups?filter=displayName eq "
                    '"app" must not return "app-admins".',
                    CHECK,
                ),
                admin(
                    "If the app holds true duplicates, remove them there. Then have Entra try "
                    f"again. Portal: {PROVISIONING} > Restart provisioning.",
                    RESTART,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2.2",),
        ),
        match=_not_selective,
    ),
)
"""Queries."""
