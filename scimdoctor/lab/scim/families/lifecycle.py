"""Faults of disabling, restoring and deleting users."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.families.creating import named_again
from scimdoctor.lab.scim.hooks import answered, empty, ignored, problem, text_response, without
from scimdoctor.lab.scim.operations import parts, touches_user
from scimdoctor.lab.scim.searching import found_by
from scimdoctor.lab.scim.switch import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.scim.patch import Resource

_fault = partial(Fault, family="lifecycle")

_HEX_PREFIX = re.compile(r"^[0-9a-f]{32}", re.IGNORECASE)


def _is_disabled(user: Resource | None) -> bool:
    return user is not None and user.get("active") is False


def _reads_disabled(call: Call) -> bool:
    return call.is_read and call.is_user and _is_disabled(call.provider.users.get(call.id or ""))


def _only_active(call: Call, resources: list[Resource]) -> list[Resource] | None:
    found = found_by(call.filter, resources) if call.filter else resources
    if not call.is_user or found is None:
        return None
    return [user for user in found if not _is_disabled(user)]


def _deleted_when_disabled(call: Call, before: Resource | None, after: Resource) -> Resource | None:
    return None if before is not None and call.is_user and _is_disabled(after) else after


def _emptied_when_disabled(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is None or not call.is_user or not _is_disabled(after):
        return after
    return without("emails", "phoneNumbers", "externalId")(after)


def _keep_disabled(call: Call, before: Resource | None, after: Resource) -> Resource:
    return after | {"active": False} if call.is_user and _is_disabled(before) else after


def _email_follows_name(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is None or not call.is_user or before["userName"] == after["userName"]:
        return after
    emails = [e | {"value": after["userName"]} for e in after.get("emails", ())]
    return after | {"emails": emails} if emails else after


def _only_restore(call: Call, listed: list[Any]) -> list[Any]:
    paths = {str(operation.get("path")).casefold() for operation in listed}
    if call.is_user and _is_disabled(call.resource) and paths != {"active"}:
        raise ScimProblem(409, "The user is suspended.")
    return listed


def _deletes_member(call: Call) -> bool:
    members = [m for g in call.provider.groups.values() for m in g.get("members", ())]
    is_member = any(str(m.get("value")) == call.id for m in members)
    return call.method == "DELETE" and call.is_user and is_member


def _refuse_restore(call: Call, before: Resource | None, after: Resource) -> Resource:
    if call.is_user and _is_disabled(before) and not _is_disabled(after):
        raise ScimProblem(400, "Invalid SCIM patch request.", scim_type="invalidValue")
    return after


def _refuse_disabled(call: Call, operations: list[Any]) -> list[Any]:
    values = [part for operation in operations for part in parts(operation)]
    restores = any(path.casefold() == "active" for path, _ in values)
    if call.is_user and _is_disabled(call.resource) and not restores:
        raise ScimProblem(400, "The user is not active.", scim_type="mutability")
    return operations


def _hidden_from_patch(call: Call, operations: list[Any]) -> list[Any]:
    if call.is_user and _is_disabled(call.resource):
        raise ScimProblem(404, "There is no such user.")
    return operations


def _refuse_prefix(status: int) -> Callable[[Call, Resource | None, Resource], Resource]:
    def stored(call: Call, before: Resource | None, after: Resource) -> Resource:
        if before is not None and call.is_user and _HEX_PREFIX.match(after["userName"]):
            raise ScimProblem(status, "userName must be an address.", scim_type="invalidValue")
        return after

    return stored


def _deletes_user(call: Call) -> bool:
    return call.is_user and call.method == "DELETE"


def _deletes_known(call: Call) -> bool:
    return _deletes_user(call) and call.id in call.provider.users


def _deactivated(call: Call) -> LabResponse | None:
    if not _deletes_known(call):
        return None
    call.provider.users[call.id or ""]["active"] = False
    return LabResponse(status=204)


def _deletes_unknown(call: Call) -> bool:
    return _deletes_user(call) and call.id not in call.provider.users


def _deleted(call: Call, response: LabResponse) -> bool:
    return _deletes_user(call) and response.status == 204


def _clash_with_deleted(call: Call, body: Resource) -> Resource:
    names = {str(user.get("userName")).casefold() for user in call.provider.deleted}
    if call.is_user and str(body.get("userName")).casefold() in names:
        raise ScimProblem(409, "userName is in use.", scim_type="uniqueness")
    return body


def _inactive_again(call: Call, before: Resource | None, after: Resource) -> Resource:
    names = {str(user.get("userName")).casefold() for user in call.provider.deleted}
    known = call.is_user and str(after["userName"]).casefold() in names
    return after | {"active": False} if known and before is None else after


def _renamed_when_disabled(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is None or not call.is_user or _is_disabled(before) == _is_disabled(after):
        return after
    name = str(after["userName"]).removesuffix(".disabled")
    return after | {"userName": f"{name}.disabled" if _is_disabled(after) else name}


_POLICY = "app-policy-refuses-change"
_GONE = "disabled-user-not-returned"
_APPLIED = "patch-accepted-not-applied"
_RENAME = "soft-delete-renames-user"


def _out_of_groups(call: Call, before: Resource | None, after: Resource) -> Resource:
    if call.is_user and _is_disabled(after) and not _is_disabled(before):
        _leave_groups(call, after)
    return after


def _lost_by_name(call: Call, before: Resource | None, after: Resource) -> Resource:
    if call.is_user and before and before.get("userName") != after.get("userName"):
        _leave_groups(call, after)
    return after


def _leave_groups(call: Call, user: Resource) -> None:
    for key, group in call.provider.groups.items():
        stay = [m for m in group.get("members", ()) if m.get("value") != user["id"]]
        call.provider.groups[key] = group | {"members": stay}


def _clashing_with_itself(call: Call, before: Resource | None, after: Resource) -> Resource:
    old, new = (before or after).get("userName", ""), after.get("userName", "")
    if old != new and old.casefold() == new.casefold():
        raise ScimProblem(409, "userName is taken.", scim_type="uniqueness")
    return after


def _taken_let_in(call: Call, listed: list[Any]) -> list[Any]:
    """Give the user a name of its own at first, which `named_again` makes the wanted one."""
    taken = {u["userName"] for u in call.provider.users.values() if u["id"] != call.id}
    for number, operation in enumerate(listed):
        if call.is_user and operation.get("path") == "userName" and operation["value"] in taken:
            call.notes["name"] = operation["value"]
            listed[number] = operation | {"value": f"{operation['value']}\u200b"}
    return listed


FAULTS = (
    _fault(
        id="active-ignored",
        title="Passes over active",
        cause=_APPLIED,
        apply=ignored(touches_user("active")),
    ),
    _fault(
        id="disabled-hidden-from-get",
        title="Answers 404 to GET of a disabled user",
        cause=_GONE,
        instead=problem(_reads_disabled, 404, "Not found."),
    ),
    _fault(
        id="disabled-hidden-from-filter",
        title="Does not find disabled users by filter",
        cause=_GONE,
        search=_only_active,
    ),
    _fault(
        id="disabled-hidden",
        title="Hides disabled users from GET and filter",
        cause=_GONE,
        instead=problem(_reads_disabled, 404, "Not found."),
        search=_only_active,
    ),
    _fault(
        id="disable-deletes",
        title="Deletes a user who is disabled",
        cause=_GONE,
        stored=_deleted_when_disabled,
    ),
    _fault(
        id="disable-clears-values",
        title="Clears addresses, numbers and externalId of a user who is disabled",
        cause="replace-clears-unsent-values",
        stored=_emptied_when_disabled,
    ),
    _fault(
        id="restore-refused",
        title="Refuses to make a disabled user active",
        cause=_POLICY,
        stored=_refuse_restore,
    ),
    _fault(
        id="restore-ignored",
        title="Leaves a disabled user disabled for ever",
        cause=_APPLIED,
        stored=_keep_disabled,
    ),
    _fault(
        id="disabled-update-refused",
        title="Refuses updates of a disabled user",
        cause=_POLICY,
        operations=_refuse_disabled,
    ),
    _fault(
        id="hex-prefix-rename-refused",
        title="Refuses the userName that Entra gives a deleted user",
        cause=_RENAME,
        stored=_refuse_prefix(400),
    ),
    _fault(
        id="hex-prefix-rename-403",
        title="Answers 403 to the userName that Entra gives a deleted user",
        cause=_RENAME,
        stored=_refuse_prefix(403),
    ),
    _fault(
        id="delete-405",
        title="Answers 405 to DELETE of a user",
        cause=_POLICY,
        instead=problem(_deletes_user, 405, "DELETE is not allowed."),
    ),
    _fault(
        id="delete-404",
        title="Answers 404 to DELETE of a user who exists, and keeps the user",
        cause="write-response-wrong",
        instead=problem(_deletes_known, 404, "Not found."),
    ),
    _fault(
        id="delete-200-with-body",
        title="Answers DELETE with 200 and a message",
        cause="write-response-wrong",
        answer=answered(_deleted, lambda _: text_response(200, "Deleted")),
    ),
    _fault(
        id="delete-ignored",
        title="Answers 204 to DELETE and keeps the user",
        cause=_APPLIED,
        instead=lambda call: LabResponse(status=204) if _deletes_known(call) else None,
    ),
    _fault(
        id="delete-deactivates",
        title="Answers 204 to DELETE and makes the user inactive",
        cause=_APPLIED,
        instead=_deactivated,
    ),
    _fault(
        id="delete-202",
        title="Answers DELETE with 202",
        cause="write-response-wrong",
        answer=answered(_deleted, empty(202)),
    ),
    _fault(
        id="delete-twice-500",
        title="Fails with 500 on DELETE of a user who is gone",
        cause="non-idempotent-write",
        instead=problem(_deletes_unknown, 500, "An unexpected error occurred."),
    ),
    _fault(
        id="recreate-after-delete-409",
        title="Answers 409 to a new user whose userName a deleted one had",
        cause="existing-account-not-matchable",
        body=_clash_with_deleted,
    ),
    _fault(
        id="user-name-copied-to-email",
        title="Writes a new userName over the work e-mail address as well",
        cause="replace-clears-unsent-values",
        stored=_email_follows_name,
    ),
    _fault(
        id="disabled-locked",
        title="Refuses every change of a disabled user but the restore by path",
        cause="app-policy-refuses-change",
        operations=_only_restore,
    ),
    _fault(
        id="delete-member-500",
        title="Fails with 500 on DELETE of a user who is a member of a group",
        cause="unhandled-exception-500",
        instead=problem(_deletes_member, 500, "A foreign key constraint fails."),
    ),
    _fault(
        id="disabled-hidden-from-patch",
        title="Answers 404 to PATCH of a disabled user",
        cause=_GONE,
        operations=_hidden_from_patch,
    ),
    _fault(
        id="recreated-inactive",
        title="Makes a user inactive whose userName a deleted one had",
        cause="attribute-not-stored-or-returned",
        stored=_inactive_again,
    ),
    _fault(
        id="disable-renames",
        title="Gives a user who is disabled another userName",
        cause="replace-clears-unsent-values",
        stored=_renamed_when_disabled,
    ),
    _fault(
        id="rename-leaves-groups",
        title="Takes a user whose userName changes out of all groups",
        cause="replace-clears-unsent-values",
        stored=_lost_by_name,
    ),
    _fault(
        id="disable-leaves-groups",
        title="Takes a user who is disabled out of all groups",
        cause="replace-clears-unsent-values",
        stored=_out_of_groups,
    ),
    _fault(
        id="rename-case-clashes",
        title="Answers 409 to a userName that differs from the user's own in letter case only",
        cause="duplicate-create-not-409",
        stored=_clashing_with_itself,
    ),
    _fault(
        id="rename-to-taken-accepted",
        title="Lets PATCH give a user the userName of another one",
        cause="duplicate-create-not-409",
        operations=_taken_let_in,
        stored=named_again,
    ),
    _fault(
        id="delete-404-though-done",
        title="Answers 404 to DELETE of a user whom it has just deleted",
        cause="write-response-wrong",
        answer=answered(_deleted, lambda _: ScimProblem(404, "Not found.").response()),
    ),
)
