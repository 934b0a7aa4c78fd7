"""Faults of groups and their members."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.hooks import (
    answered,
    applied,
    crashed,
    html_page,
    ignored,
    kept,
    problem,
    refused,
    replied,
    rewritten,
    shown,
    without,
)
from scimdoctor.lab.scim.operations import (
    has_capital_op,
    is_group,
    is_pathless,
    member_ids,
    member_values,
    op_of,
    removes_members_by_filter,
    removes_members_by_list,
    touches_group,
)
from scimdoctor.lab.scim.searching import found_by, parsed, terms
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim.patch import apply_operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.scim.patch import Resource

MEMBERS_CAP = 10
RACE_WINDOW_IN_SECONDS = 0.05

_fault = partial(Fault, family="groups")
_adds = touches_group("members", op="add")
_removes = touches_group("members", op="remove")


def _with_addressed(call: Call, _: Resource | None, after: Resource) -> Resource:
    if not call.is_group:
        return after
    bare = {key for key, user in call.provider.users.items() if not user.get("emails")}
    return after | {"members": [m for m in after.get("members", ()) if m["value"] not in bare]}


def _replaces_without_path(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return is_group(resource) and is_pathless(resource, operation) and op_of(operation) == "replace"


def _empties_the_group(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    removes = _removes(resource, operation) and bool(member_ids(resource))
    return removes and not member_ids(apply_operation(resource, operation))


def _emptied(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    return apply_operation(resource | {"members": []}, operation)


def _asks_groups(call: Call) -> bool:
    return call.is_group


def _posts_group(call: Call, response: LabResponse) -> bool:
    return call.is_group and call.method == "POST" and response.status == 409


def _refused_as(status: int) -> Callable[[LabResponse], LabResponse]:
    return lambda _: ScimProblem(status, "The group could not be created.").response()


def _adds_present(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    added = {str(m.get("value")) for m in member_values(operation)}
    return _adds(resource, operation) and not added.isdisjoint(member_ids(resource))


def _removes_absent(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    gone = {str(m.get("value")) for m in member_values(operation)}
    return _removes(resource, operation) and not gone <= set(member_ids(resource))


def _lacks(name: str) -> Callable[[Resource, Any], bool]:
    """A member that is added without `display` or `type`."""

    def met(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
        return _adds(resource, operation) and any(not m.get(name) for m in member_values(operation))

    return met


def _adds_several(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return _adds(resource, operation) and len(member_values(operation)) > 1


def _appended(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    added = [{"value": m.get("value")} for m in member_values(operation)]
    return resource | {"members": [*resource.get("members", ()), *added]}


def _wiped(resource: Resource, _: Any) -> Resource:  # noqa: ANN401
    return without("members")(resource)


def _as_replace(operation: Any) -> Any:  # noqa: ANN401
    return operation | {"op": "replace"}


def _first_value(operation: Any) -> Any:  # noqa: ANN401
    return operation | {"value": member_values(operation)[:1]}


def _capped(resource: Resource) -> Resource:
    if "members" not in resource:
        return resource
    return resource | {"members": resource["members"][:MEMBERS_CAP]}


def _added_unknown(resource: Resource, operation: Any, call: Call) -> bool:  # noqa: ANN401
    known = {*call.provider.users, *call.provider.groups}
    added = {str(m.get("value")) for m in member_values(operation)}
    return _adds(resource, operation) and not added <= known


def _crash_on_unknown(call: Call, resource: Resource, operation: Any) -> None:  # noqa: ANN401
    if _added_unknown(resource, operation, call):
        raise ScimProblem(500, "An unexpected error occurred.")


def _refuse_inactive(call: Call, resource: Resource, operation: Any) -> None:  # noqa: ANN401
    users = [call.provider.users.get(str(m.get("value")), {}) for m in member_values(operation)]
    if _adds(resource, operation) and any(user.get("active") is False for user in users):
        raise ScimProblem(400, "A member is not active.", scim_type="invalidValue")


def _written_late(call: Call, before: Resource | None, after: Resource) -> Resource:
    """Leave a gap between reading and writing, in which another request may write."""
    if before is not None and call.is_group:
        time.sleep(RACE_WINDOW_IN_SECONDS)
    return after


def _with_members(call: Call, response: LabResponse) -> LabResponse:
    patched = call.is_group and call.method == "PATCH" and response.status == 204
    group = call.provider.groups.get(call.id or "")
    return scim_response(200, call.provider.show(call, group)) if patched and group else response


def _remember_name(call: Call, operations: list[Any]) -> list[Any]:
    if call.is_group and call.resource:
        call.notes["name"] = call.resource.get("displayName")
    return operations


def _with_former_name(call: Call, response: LabResponse) -> LabResponse:
    patched = call.is_group and call.method == "PATCH" and response.status == 204
    group = call.provider.groups.get(call.id or "")
    if not patched or group is None:
        return response
    return scim_response(200, without("members")(group) | {"displayName": call.notes["name"]})


def _drop_inactive(call: Call, operations: list[Any]) -> list[Any]:
    def is_active(member: Any) -> bool:  # noqa: ANN401
        return call.provider.users.get(str(member.get("value")), {}).get("active") is not False

    if not call.is_group:
        return operations
    return [
        o | {"value": [m for m in member_values(o) if is_active(m)]}
        if op_of(o) == "add" and member_values(o)
        else o
        for o in operations
    ]


def _moved(call: Call, before: Resource | None, after: Resource) -> Resource:
    """Take those who join this group out of all others."""
    if before is not None and call.is_group:
        joined = set(member_ids(after)) - set(member_ids(before))
        for group in call.provider.groups.values():
            if group["id"] != after["id"] and joined & set(member_ids(group)):
                left = [m for m in group["members"] if m.get("value") not in joined]
                call.provider.groups[group["id"]] = group | {"members": left}
    return after


def _found_though_deleted(call: Call, resources: list[Resource]) -> list[Resource] | None:
    if not call.is_group or not call.filter:
        return None
    return found_by(call.filter, [*resources, *call.provider.deleted])


def _refuse_meanwhile(call: Call) -> LabResponse | None:
    if not call.is_group or call.method != "PATCH":
        return None
    time.sleep(RACE_WINDOW_IN_SECONDS / 2)
    if call.provider.under_way == 1:
        return None
    return ScimProblem(409, "The group is locked by another request.").response()


def _without_members(call: Call, resource: Resource) -> Resource:
    return without("members")(resource) if call.is_read else resource


def _memberless(call: Call, resource: Resource) -> Resource:
    return resource | {"members": []} if call.is_group else without("groups")(resource)


def _found_by_no_member(call: Call, _: list[Resource]) -> list[Resource] | None:
    names = {term.path.attribute.casefold() for term in terms(parsed(call))}
    return [] if "members" in names else None


def _deletes_group(call: Call) -> bool:
    return call.is_group and call.method == "DELETE"


def _group_of(call: Call) -> Resource:
    return call.provider.groups.get(call.id or "", {})


def _deletes_full_group(call: Call) -> bool:
    return _deletes_group(call) and bool(_group_of(call).get("members"))


def _reads_empty_group(call: Call) -> bool:
    return call.is_group and call.is_read and not _group_of(call).get("members")


def _delete_with_members(call: Call) -> None:
    if _deletes_group(call):
        for identifier in member_ids(_group_of(call)):
            call.provider.users.pop(identifier, None)


def _renames(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return touches_group("displayName")(resource, operation)


def _replaces(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return is_group(resource) and op_of(operation) == "replace"


_APPLIED = "patch-accepted-not-applied"
_DUPLICATE = "duplicate-create-not-409"
_IDEMPOTENT = "non-idempotent-write"
_MISSING = "groups-endpoint-missing"
_REMOVE = "members-remove-value-not-understood"
_VALUE_PATH = "value-path-unsupported"


def _crash_with_many(call: Call, operations: list[Any]) -> list[Any]:
    if call.is_group and any(len(member_values(o)) > 10 for o in operations):
        raise ScimProblem(500, "Out of memory.")
    return operations


def _with_urls(resource: Resource) -> Resource:
    members = resource.get("members")
    if not members:
        return resource
    urls = [{"value": f"https://app.example/scim/Users/{m['value']}"} for m in members]
    return resource | {"members": urls}


def _overwritten(call: Call) -> LabResponse | None:
    if not call.is_group or call.method != "POST":
        return None
    body, groups = call.json(), call.provider.groups.values()
    found = next((g for g in groups if g["displayName"] == body.get("displayName")), None)
    if found is None:
        return None
    after = call.provider.write(found, found | {"externalId": body.get("externalId")})
    return scim_response(201, call.provider.show(call, after))


FAULTS = (
    _fault(
        id="groups-404",
        title="Has no /Groups",
        cause=_MISSING,
        instead=problem(_asks_groups, 404, "There is no endpoint /Groups."),
    ),
    _fault(
        id="groups-501",
        title="Answers 501 to /Groups",
        cause=_MISSING,
        instead=problem(_asks_groups, 501, "Groups are not implemented."),
    ),
    _fault(
        id="groups-web-page",
        title="Answers /Groups with a web page and 200",
        cause=_MISSING,
        instead=replied(_asks_groups, html_page(200, "Welcome")),
    ),
    _fault(
        id="groups-403",
        title="Answers 403 to /Groups",
        cause=_MISSING,
        instead=problem(_asks_groups, 403, "Groups are not in your plan."),
    ),
    _fault(
        id="groups-500",
        title="Fails with 500 on /Groups",
        cause=_MISSING,
        instead=problem(_asks_groups, 500, "An unexpected error occurred."),
    ),
    _fault(
        id="group-duplicate-400",
        title="Answers 400 to a second group of one name",
        cause=_DUPLICATE,
        answer=answered(_posts_group, _refused_as(400)),
    ),
    _fault(
        id="group-duplicate-500",
        title="Fails with 500 on a second group of one name",
        cause=_DUPLICATE,
        answer=answered(_posts_group, _refused_as(500)),
    ),
    _fault(
        id="group-rename-ignored",
        title="Passes over a new name of a group",
        cause=_APPLIED,
        apply=ignored(_renames),
    ),
    _fault(
        id="group-rename-refused",
        title="Refuses a new name of a group",
        cause="immutable-attribute-refused",
        apply=refused(_renames, "displayName is immutable.", scim_type="mutability"),
    ),
    _fault(
        id="group-pathless-replace-empties",
        title="Takes a replace without a path for one of the members, of which it names none",
        cause="replace-clears-unsent-values",
        apply=applied(_replaces_without_path, _emptied),
    ),
    _fault(
        id="group-replace-refused",
        title="Knows only add and remove on groups",
        cause="immutable-attribute-refused",
        apply=refused(_replaces, "replace is not supported on groups."),
    ),
    _fault(
        id="group-delete-refused",
        title="Answers 400 to DELETE of a group",
        cause="app-policy-refuses-change",
        instead=problem(_deletes_group, 400, "DELETE of groups is not supported."),
    ),
    _fault(
        id="group-patch-200-with-members",
        title="Answers PATCH of a group with 200 and all its members",
        cause="write-response-wrong",
        answer=_with_members,
    ),
    _fault(
        id="group-members-not-returned",
        title="Never shows the members of a group that is read by id",
        cause="attribute-not-stored-or-returned",
        shown=_without_members,
    ),
    _fault(
        id="group-members-never-shown",
        title="Shows every group without members, and finds none by them",
        cause="attribute-not-stored-or-returned",
        shown=_memberless,
        search=_found_by_no_member,
    ),
    _fault(
        id="members-without-address-dropped",
        title="Passes over members who have no e-mail address",
        cause=_APPLIED,
        stored=_with_addressed,
    ),
    _fault(
        id="members-add-ignored",
        title="Passes over added members",
        cause=_APPLIED,
        apply=ignored(_adds),
    ),
    _fault(
        id="members-add-replaces",
        title="Replaces the members by those that are added",
        cause="replace-clears-unsent-values",
        apply=rewritten(_adds, _as_replace),
    ),
    _fault(
        id="members-add-first-only",
        title="Adds only the first of several members",
        cause=_APPLIED,
        apply=rewritten(_adds_several, _first_value),
    ),
    _fault(
        id="members-add-several-refused",
        title="Refuses to add several members at once",
        cause="patch-value-shape-rejected",
        apply=refused(_adds_several, "One member at a time."),
    ),
    _fault(
        id="members-add-again-409",
        title="Answers 409 to a member that is in the group already",
        cause=_IDEMPOTENT,
        apply=refused(_adds_present, "Is a member already.", status=409, scim_type="uniqueness"),
    ),
    _fault(
        id="members-add-again-duplicates",
        title="Lists a member twice that is added twice",
        cause=_IDEMPOTENT,
        apply=applied(_adds_present, _appended),
    ),
    _fault(
        id="members-need-display",
        title="Refuses members without display",
        cause="over-strict-validation",
        apply=refused(_lacks("display"), "display is required."),
    ),
    _fault(
        id="members-need-type",
        title="Passes over members without type",
        cause=_APPLIED,
        apply=ignored(_lacks("type")),
    ),
    _fault(
        id="members-capped",
        title=f"Keeps only the first {MEMBERS_CAP} members",
        cause=_APPLIED,
        stored=kept(_capped),
    ),
    _fault(
        id="members-shown-capped",
        title=f"Shows only the first {MEMBERS_CAP} members",
        cause="attribute-not-stored-or-returned",
        shown=shown(_capped),
    ),
    _fault(
        id="members-unknown-500",
        title="Fails with 500 on a member who does not exist",
        cause="unhandled-exception-500",
        apply=_crash_on_unknown,
    ),
    _fault(
        id="members-inactive-refused",
        title="Refuses members who are not active",
        cause="reference-unresolvable",
        apply=_refuse_inactive,
    ),
    _fault(
        id="members-parallel-lost",
        title="Loses members when groups are changed in parallel",
        cause="concurrent-member-update-lost",
        stored=_written_late,
        unlocked=True,
    ),
    _fault(
        id="members-remove-list-wipes",
        title="Removes all members when some are listed",
        cause=_REMOVE,
        apply=applied(removes_members_by_list, _wiped),
    ),
    _fault(
        id="members-remove-list-ignored",
        title="Passes over a removal of listed members",
        cause=_REMOVE,
        apply=ignored(removes_members_by_list),
    ),
    _fault(
        id="members-remove-list-refused",
        title="Refuses a removal of listed members",
        cause=_REMOVE,
        apply=refused(removes_members_by_list, "remove has no value."),
    ),
    _fault(
        id="last-member-500",
        title="Fails with 500 when a group loses its last members",
        cause="unhandled-exception-500",
        apply=crashed(_empties_the_group),
    ),
    _fault(
        id="members-remove-list-500",
        title="Fails with 500 on a removal of listed members",
        cause=_REMOVE,
        apply=crashed(removes_members_by_list),
    ),
    _fault(
        id="members-remove-filter-wipes",
        title='Removes all members on members[value eq "…"]',
        cause=_VALUE_PATH,
        apply=applied(removes_members_by_filter, _wiped),
    ),
    _fault(
        id="members-remove-filter-ignored",
        title='Passes over a removal of members[value eq "…"]',
        cause=_VALUE_PATH,
        apply=ignored(removes_members_by_filter),
    ),
    _fault(
        id="members-remove-filter-refused",
        title='Refuses a removal of members[value eq "…"]',
        cause=_VALUE_PATH,
        apply=refused(removes_members_by_filter, "Unknown path.", scim_type="invalidPath"),
    ),
    _fault(
        id="members-remove-absent-404",
        title="Answers 404 to the removal of a member who is not there",
        cause=_IDEMPOTENT,
        apply=refused(_removes_absent, "Is no member.", status=404, scim_type=None),
    ),
    _fault(
        id="members-remove-absent-400",
        title="Answers 400 to the removal of a member who is not there",
        cause=_IDEMPOTENT,
        apply=refused(_removes_absent, "Is no member.", scim_type="noTarget"),
    ),
    _fault(
        id="groups-list-405",
        title="Has no list of groups: 405 to GET /Groups",
        cause=_MISSING,
        instead=problem(lambda c: c.is_group and c.is_list, 405, "GET is not allowed."),
    ),
    _fault(
        id="group-rename-clears-members",
        title="Loses the members of a group that is renamed",
        cause="replace-clears-unsent-values",
        apply=applied(_renames, lambda r, o: _wiped(apply_operation(r, o), o)),
    ),
    _fault(
        id="group-delete-deletes-members",
        title="Deletes the members together with their group",
        cause="replace-clears-unsent-values",
        instead=_delete_with_members,
    ),
    _fault(
        id="group-delete-with-members-refused",
        title="Refuses to delete a group that has members",
        cause="app-policy-refuses-change",
        instead=problem(_deletes_full_group, 400, "The group has members."),
    ),
    _fault(
        id="group-read-without-members-500",
        title="Fails with 500 on a read of a group without members",
        cause="unhandled-exception-500",
        instead=problem(_reads_empty_group, 500, "An unexpected error occurred."),
    ),
    _fault(
        id="members-add-by-path-ignored",
        title="Passes over members that are added by path, not over those without",
        cause=_APPLIED,
        apply=ignored(lambda r, o: _adds(r, o) and bool(o.get("path"))),
    ),
    _fault(
        id="group-patch-stale",
        title="Answers PATCH of a group with 200 and the group as it was before",
        cause="write-response-wrong",
        answer=_with_former_name,
        operations=_remember_name,
    ),
    _fault(
        id="group-op-case-sensitive",
        title="Knows the operations on groups only in lower case",
        cause="patch-op-case-sensitive",
        apply=refused(
            lambda resource, operation: is_group(resource) and has_capital_op(resource, operation),
            "Unknown operation.",
            scim_type="invalidSyntax",
        ),
    ),
    _fault(
        id="members-inactive-dropped",
        title="Passes over members who are not active",
        cause=_APPLIED,
        operations=_drop_inactive,
    ),
    _fault(
        id="one-group-per-user",
        title="Takes a user who joins a group out of all others",
        cause="replace-clears-unsent-values",
        stored=_moved,
    ),
    _fault(
        id="group-deleted-still-found",
        title="Finds a deleted group by its name",
        cause=_APPLIED,
        search=_found_though_deleted,
    ),
    _fault(
        id="group-locked-409",
        title="Answers 409 to a change of a group while others are under way",
        cause="concurrent-member-update-lost",
        before=_refuse_meanwhile,
    ),
    _fault(
        id="members-many-500",
        title="Fails with 500 when more than 10 members are added at once",
        cause="unhandled-exception-500",
        operations=_crash_with_many,
    ),
    _fault(
        id="members-shown-as-urls",
        title="Shows the URL of each member instead of its id",
        cause="response-attribute-malformed",
        shown=shown(_with_urls),
    ),
    _fault(
        id="group-duplicate-overwrites",
        title="Overwrites the group of that name when a second one is created",
        cause=_DUPLICATE,
        instead=_overwritten,
    ),
    _fault(
        id="group-first-operation-only",
        title="Applies only the first operation of a PATCH of a group",
        cause=_APPLIED,
        operations=lambda call, listed: listed[:1] if call.is_group else listed,
    ),
)
