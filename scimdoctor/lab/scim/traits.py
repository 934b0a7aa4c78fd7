"""Choices that are legal, or that Entra copes with: no check may call one of them a fault."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.hooks import (
    always,
    answered,
    problem,
    refused,
    refused_body,
    rejsoned,
    retyped,
    without,
)
from scimdoctor.lab.scim.operations import is_group, is_pathless, parts
from scimdoctor.lab.scim.searching import found_by, refused_filter
from scimdoctor.lab.scim.switch import Trait
from scimdoctor.model.exchange import json_of
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from scimdoctor.scim.filters import Comparison
    from scimdoctor.scim.patch import Resource

_SENT_BY_ENTRA = frozenset(
    {
        "schemas", "id", "meta", "externalid", "username", "active", "displayname", "nickname",
        "title", "emails", "preferredlanguage", "name", "addresses", "phonenumbers", "roles",
        "members", "usertype", "locale", "timezone", "profileurl", "manager", "groups",
        "employeenumber", "department", "costcenter", "organization", "division",
    }
)  # fmt: skip


def _is_unknown(text: str) -> bool:
    path = AttributePath.parse(text)
    if path is None or path.urn or text.startswith("urn:"):
        return False
    return path.attribute.casefold() not in _SENT_BY_ENTRA


def _refuse_unknown(_: Call, resource: Resource, operation: Any) -> None:  # noqa: ANN401
    if any(_is_unknown(path) for path, _ in parts(operation) if path):
        raise ScimProblem(400, "Unknown attribute.", scim_type="invalidPath")


def _has_unknown(body: Resource) -> bool:
    return any(_is_unknown(key) for key in body)


def _filters_unknown(_: Call, term: Comparison) -> bool:
    return term.path.urn is None and term.path.attribute.casefold() not in _SENT_BY_ENTRA


def _patched_user(call: Call, response: LabResponse) -> bool:
    return call.is_user and call.method == "PATCH" and response.status == 200


def _created(call: Call, response: LabResponse) -> bool:
    return call.method == "POST" and response.status == 201


def _minimal(body: Resource) -> Resource:
    kept = {"schemas", "id", "userName", "displayName", "externalId", "active", "meta"}
    return {key: value for key, value in body.items() if key in kept}


def _group_patch_200(call: Call, response: LabResponse) -> LabResponse:
    group = call.provider.groups.get(call.id or "")
    if call.method != "PATCH" or response.status != 204 or group is None:
        return response
    return scim_response(200, without("members")(call.provider.show(call, group)))


def _relative(_: Call, resource: Resource) -> Resource:
    kind = resource["meta"]["resourceType"]
    location = {"location": f"/{kind}s/{resource['id']}"}
    return resource | {"meta": resource["meta"] | location}


def _without_headers(*names: str) -> Any:  # noqa: ANN401
    return lambda response: replace(
        response, headers=tuple(pair for pair in response.headers if pair[0] not in names)
    )


def _unversioned(_: Call, resource: Resource) -> Resource:
    return resource | {"meta": without("version")(resource["meta"])}


def _with_empty_values(_: Call, resource: Resource) -> Resource:
    is_group = urns.GROUP in resource["schemas"]
    unset: Resource = {} if is_group else {"nickName": None, "title": None, "roles": []}
    return unset | resource


def _with_own_attributes(_: Call, resource: Resource) -> Resource:
    own = "urn:example:scim:schemas:extension:lab:2.0:Resource"
    extended = [*resource.get("schemas", ()), own]
    return resource | {"schemas": extended, own: {"tier": "basic"}}


def _with_member_names(call: Call, resource: Resource) -> Resource:
    if "members" not in resource:
        return resource
    return resource | {"members": [m | _labels(call, m) for m in resource["members"]]}


def _labels(call: Call, member: Resource) -> Resource:
    user = call.provider.users.get(str(member.get("value")), {})
    return {"type": "User", "display": user.get("displayName") or user.get("userName", "")}


def _number(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is not None:
        return after
    numbers = call.provider.memory.setdefault("numbers", itertools.count(101))
    return after | {"id": str(next(numbers))}


def _upper_id(_: Call, before: Resource | None, after: Resource) -> Resource:
    return after if before is not None else after | {"id": after["id"].upper()}


def _active_by_default(call: Call, before: Resource | None, after: Resource) -> Resource:
    return {"active": True} | after if call.is_user and before is None else after


def _names_from_display(_: Call, before: Resource | None, after: Resource) -> Resource:
    """Keep one name, of which the first word is the given name."""
    display = str(after.get("displayName") or "")
    named = before is None or "name" not in after or after["name"] != before.get("name")
    if before is None or named or display == before.get("displayName"):
        return after
    given, _blank, family = display.partition(" ")
    return after | {"name": after["name"] | {"givenName": given, "familyName": family or given}}


def _small_pages(call: Call) -> None:
    call.provider.page_limit = 10


def _note_fresh(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is None:
        call.provider.memory.setdefault("fresh", set()).add(after["id"])
    return after


def _without_fresh(call: Call, resources: list[Resource]) -> list[Resource] | None:
    """Leave out, once, what is newer than the index."""
    fresh = call.provider.memory.pop("fresh", set())
    found = found_by(call.filter, resources) if call.filter else resources
    return None if found is None else [r for r in found if r["id"] not in fresh]


def _note_stale(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is not None:
        call.provider.memory.setdefault("stale", {}).setdefault(after["id"], before)
    return after


def _show_stale(call: Call) -> LabResponse | None:
    """Show, once, the state before the last write."""
    stale = call.provider.memory.get("stale", {}).pop(call.id, None) if call.is_read else None
    known = call.id in call.provider.store(call)
    return scim_response(200, call.provider.show(call, stale)) if stale and known else None


def _any_members(call: Call) -> None:
    call.provider.accepts_unknown_members = True


def _users_only(call: Call) -> LabResponse | None:
    if call.is_group:
        raise ScimProblem(404, "There is no endpoint /Groups.")
    return None


def _without_group_type(call: Call, body: Resource) -> Resource:
    if call.endpoint not in {"ResourceTypes", "Schemas"}:
        return body
    kept = [item for item in body["Resources"] if item["name"] != "Group"]
    return body | {"Resources": kept, "totalResults": len(kept), "itemsPerPage": len(kept)}


def _without_scim_type(_: Call, response: LabResponse) -> LabResponse:
    body = json_of(response.body)
    if not isinstance(body, dict) or body.get("scimType") in (None, "uniqueness"):
        return response
    return rejsoned(without("scimType"))(response)


def _spaced(response: LabResponse) -> LabResponse:
    body = json_of(response.body)
    if body is None:
        return response
    return replace(response, body=json.dumps(body, indent=2, ensure_ascii=True).encode())


def _pascal(name: str) -> str:
    return name if name in {"schemas", "id", "meta"} or ":" in name else name[:1].upper() + name[1:]


TRAITS = (
    Trait(
        id="user-patch-204",
        title="Answers PATCH of a user with 204",
        answer=answered(_patched_user, lambda _: LabResponse(status=204)),
    ),
    Trait(
        id="group-patch-200",
        title="Answers PATCH of a group with 200 and the group without members",
        answer=_group_patch_200,
    ),
    Trait(
        id="plain-json",
        title="Types answers as application/json",
        answer=answered(always, retyped("application/json; charset=utf-8")),
    ),
    Trait(
        id="scim-json-without-charset",
        title="Types answers as application/scim+json without charset",
        answer=answered(always, retyped("application/scim+json")),
    ),
    Trait(
        id="no-schemas",
        title="Has no /Schemas",
        instead=problem(lambda c: c.endpoint == "Schemas", 404, "Not found."),
    ),
    Trait(
        id="no-discovery",
        title="Has neither /Schemas nor /ResourceTypes nor /ServiceProviderConfig",
        instead=problem(lambda c: c.endpoint not in {"Users", "Groups"}, 404, "Not found."),
    ),
    Trait(
        id="open-discovery",
        title="Answers discovery without a token",
        authorized=lambda call, allowed: allowed or call.endpoint not in {"Users", "Groups"},
    ),
    Trait(
        id="users-only",
        title="Offers users only and says so in /ResourceTypes",
        instead=_users_only,
        listed=_without_group_type,
    ),
    Trait(
        id="strict-attributes",
        title="Refuses attributes that Entra never sends",
        body=refused_body(_has_unknown, "Unknown attribute."),
        apply=_refuse_unknown,
        search=refused_filter(_filters_unknown, "Unknown attribute."),
    ),
    Trait(
        id="create-200",
        title="Answers POST with 200",
        answer=answered(_created, lambda r: replace(r, status=200)),
    ),
    Trait(
        id="create-minimal-answer",
        title="Answers POST with the main attributes only",
        answer=answered(_created, rejsoned(_minimal)),
    ),
    Trait(id="relative-location", title="Shows relative locations", shown=_relative),
    Trait(
        id="no-etag",
        title="Has no versions",
        shown=_unversioned,
        answer=answered(always, _without_headers("ETag")),
    ),
    Trait(
        id="no-location-header",
        title="Sends no Location",
        answer=answered(always, _without_headers("Location")),
    ),
    Trait(id="number-ids", title="Has short numbers, as text, for ids", stored=_number),
    Trait(id="upper-case-ids", title="Has ids in capitals", stored=_upper_id),
    Trait(
        id="no-items-per-page",
        title="Leaves itemsPerPage and startIndex out of lists",
        listed=lambda _, body: without("itemsPerPage", "startIndex")(body),
    ),
    Trait(id="pages-of-10", title="Gives at most 10 resources a page", before=_small_pages),
    Trait(
        id="empty-values-shown",
        title="Shows attributes without value as null or empty list",
        shown=_with_empty_values,
    ),
    Trait(
        id="own-attributes",
        title="Shows an extension of its own",
        shown=_with_own_attributes,
    ),
    Trait(
        id="unknown-members-accepted",
        title="Takes members that do not exist",
        before=_any_members,
    ),
    Trait(
        id="member-names",
        title="Shows type and display of members",
        shown=_with_member_names,
    ),
    Trait(
        id="active-by-default",
        title="Makes a user active unless told otherwise",
        stored=_active_by_default,
    ),
    Trait(
        id="one-name",
        title="Makes the given name and family name anew when displayName alone is changed",
        stored=_names_from_display,
    ),
    Trait(
        id="filter-lags",
        title="Does not find a new resource by the first query after it was made",
        stored=_note_fresh,
        search=_without_fresh,
    ),
    Trait(
        id="read-lags",
        title="Shows the former state to the first read by id after a write",
        stored=_note_stale,
        instead=_show_stale,
    ),
    Trait(
        id="group-needs-path",
        title="Refuses a change of a group without a path",
        apply=refused(
            lambda resource, operation: is_group(resource) and is_pathless(resource, operation),
            "A path is needed.",
        ),
    ),
    Trait(
        id="no-put",
        title="Answers 405 to PUT",
        instead=problem(lambda c: c.method == "PUT", 405, "PUT is not allowed."),
    ),
    Trait(
        id="scim-type-left-out",
        title="Gives a scimType for uniqueness only",
        answer=_without_scim_type,
    ),
    Trait(
        id="pretty-json",
        title="Indents JSON and escapes what is not ASCII",
        answer=answered(always, _spaced),
    ),
    Trait(
        id="titles-up-to-64",
        title="Refuses titles of more than 64 characters",
        body=refused_body(lambda user: len(str(user.get("title"))) > 64, "title is too long."),
    ),
    Trait(
        id="pascal-names",
        title="Begins the names of attributes with a capital",
        shown=lambda _, resource: {_pascal(k): v for k, v in resource.items()},
    ),
)
