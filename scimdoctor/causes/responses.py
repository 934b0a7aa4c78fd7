"""Causes in media types and in what answers hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.causes.answers import (
    JSON_TYPES,
    list_faults,
    looks_like_list,
    resource_faults,
    resources_of,
)
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import QUERIES, WRITES, Stage
from scimdoctor.causes.match import (
    APP,
    CHECK,
    COMPATIBILITY,
    CREDENTIALS,
    ENDPOINT,
    MAPPINGS,
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
from scimdoctor.causes.patching import refused_alike
from scimdoctor.causes.sent import asks_without_members
from scimdoctor.causes.unread import lacks_body, missed_all_the_same
from scimdoctor.model.rule import CauseRule

if TYPE_CHECKING:
    from scimdoctor.causes.facts import Facts

_URL_MARKS = re.compile(r"[/?#%\\\s]")
"""What ends or splits a path (RFC 3986 section 3.3), or is decoded on the way."""

_XML = "<?xml"

_OF_BODY = re.compile(r"(?i)\b(?:body|payload|content|json|pars(?:e|ed|ing)|malformed)\b")

_SEVERAL = 2
"""So many attributes are not called missing by accident, though they were sent."""

_ALWAYS_READ = frozenset({"username", "operations"})
"""What every server reads that reads the body at all, lower case."""

_NOT_OF_THE_BODY = frozenset({401, 403, 404, 405, 409, 429})


def _list_malformed(facts: Facts) -> Match | None:
    received = facts.reason.received_resource
    if received is not None and looks_like_list(received) and list_faults(received):
        return likely(93, *list_faults(received))
    quoted = facts.exchange is None and facts.reason.operation == "GET" and facts.status == 200
    if quoted and facts.filter is not None and facts.answer is not None:
        faults = list_faults(facts.answer)
        return likely(91, *faults) if faults else None
    if facts.succeeded and facts.exchange is not None:
        asks = facts.exchange.request.method.upper() == "GET" and facts.stage in QUERIES
        discovers = facts.stage is Stage.DISCOVERY and _lists(facts)
        if (asks or discovers) and (facts.answer is not None or not _is_empty(facts)):
            faults = list_faults(facts.answer) or _totals_differ(facts)
            return likely(91, *faults) if faults and not _is_html(facts) else None
        if asks and _is_empty(facts) and facts.status == 204:
            return likely(85, "a query is answered 204 without a ListResponse")
    return _list_told(facts)


def _list_told(facts: Facts) -> Match | None:
    """What the log or the job tells of a list answer."""
    if facts.exchange is None and facts.status == 204 and facts.stage in QUERIES:
        return likely(90, "a query is answered 204; 200 with a ListResponse is due")
    told = _quoted_list(facts)
    if told:
        return likely(93, *told)
    said = facts.says(Breach.MALFORMED_LIST)
    if said is not None and facts.refused:
        return possible(72, "the list answer is said to lack parts", said.text)
    return None


def _quoted_list(facts: Facts) -> tuple[str, ...]:
    """What is wrong with a list answer that Entra could not read and quotes in its log."""
    unread = facts.says(Breach.UNREADABLE_ANSWER) is not None and facts.exchange is None
    listed = unread and facts.stage not in WRITES and looks_like_list(facts.answer)
    return list_faults(facts.answer) if listed else ()


def _totals_differ(facts: Facts) -> tuple[str, ...]:
    """Whether pages of one collection tell different totals, the smaller one that of the page."""
    seen: dict[str, set[int]] = {}
    for exchange in facts.case.exchanges:
        body, request = exchange.json, exchange.request
        if not exchange.ok or not isinstance(body, dict) or request.method.upper() != "GET":
            continue
        total, listed = body.get("totalResults"), body.get("Resources")
        if "filter=" not in request.query and isinstance(total, int) and isinstance(listed, list):
            seen.setdefault(request.path, set()).add(total)
            limited = "count=" in request.query and total == len(listed)
            if limited and total < max(seen[request.path]):
                return (f"totalResults is {total} for a page of {max(seen[request.path])} objects",)
    return ()


def _lists(facts: Facts) -> bool:
    path = facts.exchange.request.path.casefold().rstrip("/") if facts.exchange else ""
    return path.endswith(("/schemas", "/resourcetypes"))


def _is_empty(facts: Facts) -> bool:
    answer = facts.exchange.response if facts.exchange is not None else None
    return answer is None or not answer.body.strip()


def _is_html(facts: Facts) -> bool:
    answer = facts.exchange.response if facts.exchange is not None else None
    return answer is not None and answer.text.lstrip()[:1] == "<"


def _members_returned(facts: Facts) -> Match | None:
    for exchange in facts.case.exchanges:
        asked = exchange.ok and asks_without_members(exchange.request)
        if asked and any(resource.get("members") for resource in resources_of(exchange.json)):
            return likely(95, "members came back though excludedAttributes=members was sent")
    return None


def _attribute_malformed(facts: Facts) -> Match | None:
    if facts.stage is Stage.DISCOVERY:
        return None
    if _id_breaks_url(facts):
        return likely(97, f"the id {facts.own_id!r} cannot stand in a URL's path as it is")
    received = facts.reason.received_resource
    for body in (received, facts.answer if facts.succeeded else None):
        faults = [fault for resource in resources_of(body) for fault in resource_faults(resource)]
        if faults:
            return likely(92, *faults[:5])
    read = facts.exchange is not None and facts.exchange.request.method.upper() == "GET"
    read = read and facts.succeeded and facts.stage in QUERIES | {Stage.READ}
    read = read and (facts.stage is Stage.READ or looks_like_list(facts.answer))
    if read and any("id" not in resource for resource in resources_of(facts.answer)):
        return likely(90, "a resource comes back without id")
    if facts.says(Breach.UNREADABLE_ANSWER) is not None and facts.refused:
        return possible(74, "Entra could not read the resource that the app returned")
    return None


def _id_breaks_url(facts: Facts) -> bool:
    """Whether a request by an id that the app gave is not found, and the id has a URL's own marks."""
    by_id = facts.stage in {Stage.READ, Stage.UPDATE, Stage.DELETE} or facts.code("InvalidAnchor")
    lost = facts.status in {400, 404, 405} and facts.reference_named is None
    return bool(by_id and lost and _URL_MARKS.search(facts.own_id or ""))


def _request_type(facts: Facts) -> Match | None:
    if facts.status == 415:
        bare = facts.exchange is None and facts.reason.body is None
        sure = possible if bare or facts.stage in QUERIES else likely
        return sure(84, "415: the app refuses the media type of the request")
    if facts.status == 406:
        return likely(84, "406: the app cannot answer with what the Accept header asks for")
    said = facts.says(Breach.MEDIA_TYPE)
    answered = facts.says(Breach.NOT_JSON_ANSWER)
    if said is not None and answered is None and facts.refused:
        return backed(facts, 80, "the app speaks of the media type", text=said.text)
    if refused_alike(facts):
        text = "changes of every kind are refused in the same words, and none passes"
        return possible(77 if _OF_BODY.search(facts.reading.words) else 64, text)
    return _unread(facts)


def _unread(facts: Facts) -> Match | None:
    """A body of which what was sent is called missing was not read."""
    if facts.stage not in WRITES or not facts.refused or facts.status in _NOT_OF_THE_BODY:
        return None
    bare = lacks_body(facts)
    if bare is not None:
        text = "the body is called missing: application/scim+json may go unread"
        return possible(88, text, bare.text)
    missed = missed_all_the_same(facts)
    names = {bare_name(name) for name in missed}
    if len(names) >= _SEVERAL or (facts.body is not None and names & _ALWAYS_READ):
        text = (
            f"{', '.join(missed[:4])} sent, and called missing: application/scim+json may go unread"
        )
        return possible(92, text)
    unparsed = facts.says(Breach.BODY_UNPARSED)
    if unparsed is not None:
        text = "Entra's body is called no JSON: application/scim+json may be read as something else"
        return possible(60, text, unparsed.text)
    return None


def _response_type(facts: Facts) -> Match | None:
    answer = facts.exchange.response if facts.exchange is not None else None
    if answer is not None and facts.succeeded and not _is_html(facts):
        return _typed(answer.media_type, has_body=bool(answer.body.strip()))
    unread = facts.says(Breach.UNREADABLE_ANSWER) is not None and facts.exchange is None
    if unread and _XML in facts.reason.text and facts.reading.page is None:
        return possible(78, "what Entra could not read, and quotes, is XML and not JSON")
    said = facts.says(Breach.NOT_JSON_ANSWER)
    by_app = facts.status is not None and facts.stage in WRITES
    if said is not None and facts.refused and facts.status != 415 and not by_app:
        return possible(75, "the answer is said not to be typed or written as JSON", said.text)
    if facts.status == 415 and facts.exchange is None and not facts.reading.is_scim:
        return possible(50, "a validator says 415 of an answer, too")
    return None


def _typed(kind: str, *, has_body: bool) -> Match | None:
    if kind == "application/json":
        return possible(30, "the answer is typed application/json")
    if kind in JSON_TYPES or not (has_body or kind not in {"", "text/html"}):
        return None
    return likely(89, f"the answer is typed {kind or 'not at all'}")


def _disabled_gone(facts: Facts) -> Match | None:
    seen = next((c for c in facts.contradictions if c.kind == "disabled-gone"), None)
    if seen is not None:
        return likely(94, seen.summary)
    if facts.status == 404 and facts.stage is Stage.READ and facts.is_users:
        return possible(52, "the user may be hidden because of being disabled")
    if facts.status == 404 and facts.has_reactivation and facts.stage is Stage.UPDATE:
        return possible(80, "setting a user active again is answered 404: disabling removed it")
    return None


CAUSES: tuple[Cause, ...] = (
    Cause(
        rule=CauseRule(
            id="request-content-type-refused",
            title="The endpoint refuses Entra's media type",
            definition="Endpoint refuses application/scim+json (with charset), or needs an "
            "Accept header Entra does not send.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra sends 'Content-Type: application/scim+json; charset=utf-8'. A "
            "server that compares the header as a whole, or knows application/json only, "
            "answers 415 or finds no body.",
            remediation=(
                developer(
                    "Parse the media type, ignore its parameters, and accept "
                    "application/scim+json as well as application/json: POST /Users with "
                    "Content-Type: application/scim+json; charset=utf-8 must give 201.",
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.1", TUTORIAL),
        ),
        match=_request_type,
    ),
    Cause(
        rule=CauseRule(
            id="response-content-type-wrong",
            title="Answers are not typed application/scim+json",
            definition="Response is not typed application/scim+json.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra and Microsoft's validator read the media type before the body. "
            "Answers typed otherwise are refused even if the JSON is right.",
            remediation=(
                developer(
                    "Send 'Content-Type: application/scim+json; charset=utf-8' with every "
                    "answer that has a body, errors included, for example to GET <root>/Users; "
                    "check the gateway in front.",
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.1",),
        ),
        match=_response_type,
    ),
    Cause(
        rule=CauseRule(
            id="list-response-malformed",
            title="A list answer is no proper ListResponse",
            definition="List or discovery answer is not a proper ListResponse (bare array, "
            "Resources null, counts wrong).",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra reads schemas, totalResults and Resources. A bare array, a null "
            "or a wrong count cannot be read as 'found' or 'not found'.",
            remediation=(
                developer(
                    'Answer every query, GET <root>/Users?filter=userName eq "x" and GET '
                    "<root>/Schemas, with schemas, totalResults (a number), "
                    "itemsPerPage, startIndex and Resources (an array, empty if need be).",
                    CHECK,
                ),
            ),
            references=(f"{RFC_7644}#section-3.4.2",),
        ),
        match=_list_malformed,
    ),
    Cause(
        rule=CauseRule(
            id="excluded-attributes-ignored",
            title="members come back although they were excluded",
            definition="members are returned although excludedAttributes=members was asked for.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra reads groups without members. If they come back all the same, "
            "Entra compares and replaces them, which can empty a group.",
            remediation=(
                developer(
                    "Leave members out of GET /Groups/{id}?excludedAttributes=members.", CHECK
                ),
                admin(
                    f"If the app follows the RFC in PATCH: {CREDENTIALS}: append "
                    "?aadOptscim062020 to the tenant URL. Members that were lost come back with "
                    "a full restart.",
                    "scimdoctor job restart APP --scope full",
                ),
            ),
            references=(f"{RFC_7644}#section-3.9", COMPATIBILITY),
        ),
        match=_members_returned,
    ),
    Cause(
        rule=CauseRule(
            id="disabled-user-not-returned",
            title="Disabled users can no longer be read",
            definition="Disabled users disappear from GET by id or filter.",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra disables first and may enable again later. A user that vanishes "
            "on active=false cannot be read, matched or restored.",
            remediation=(
                developer(
                    "Keep disabled users readable: after PATCH active=false, GET /Users/{id} "
                    "and the userName filter must return the user with active false.",
                    CHECK,
                ),
            ),
            references=(TUTORIAL,),
        ),
        match=_disabled_gone,
    ),
    Cause(
        rule=CauseRule(
            id="response-attribute-malformed",
            title="An attribute comes back in a shape Entra cannot read",
            definition="A resource attribute comes back in a shape Entra cannot deserialize "
            "(manager string, emails as strings).",
            layer=ENDPOINT,
            fixed_by=APP,
            explanation="Entra reads every resource into typed values. One attribute of another "
            "type (manager as text, emails as plain strings, active as text, a numeric id) "
            "makes the whole answer unreadable.",
            remediation=(
                developer(
                    "GET <root>/Users/<id> must give the types of RFC 7643: id text, active "
                    "boolean, emails an array of "
                    'objects, manager {"value":"<id>"}; leave out what is empty.',
                    CHECK,
                ),
                admin(
                    "Until then, remove the mapping of the attribute (manager is the usual one). "
                    f"Portal: {MAPPINGS}.",
                    "scimdoctor mappings APP",
                ),
            ),
            references=(f"{RFC_7643}#section-4", TUTORIAL),
        ),
        match=_attribute_malformed,
    ),
)
"""Media types and answers."""
