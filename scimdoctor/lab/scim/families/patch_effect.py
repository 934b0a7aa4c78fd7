"""Faults of what a PATCH does, answers and leaves alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.hooks import answered, applied, crashed, empty, ignored, refused, without
from scimdoctor.lab.scim.operations import (
    has_value_path,
    op_of,
    parsed,
    parts,
    touches,
    touches_user,
)
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim import urns
from scimdoctor.scim.patch import Resource, apply_operation, apply_patch, copied
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.http import LabResponse

_effect = partial(Fault, family="patch-effect")
_manager = partial(Fault, family="manager", cause="manager-value-shape")


def _patched(call: Call, response: LabResponse) -> bool:
    return call.method == "PATCH" and response.status in {200, 204}


def _patched_user(call: Call, response: LabResponse) -> bool:
    return call.is_user and _patched(call, response)


def _stale(call: Call, response: LabResponse) -> LabResponse:
    if not _patched_user(call, response) or call.resource is None:
        return response
    return scim_response(200, call.provider.show(call, call.resource))


def _half_done(call: Call, response: LabResponse) -> LabResponse:
    """Keep what the operations before the one that failed had done."""
    if call.method == "PATCH" and response.status >= 400 and call.partial is not None:
        call.provider.write(call.resource, call.partial)
    return response


MOST_OPERATIONS = 5


def _refuse_many(_: Call, listed: list[Any]) -> list[Any]:
    if len(listed) > MOST_OPERATIONS:
        raise ScimProblem(400, f"At most {MOST_OPERATIONS} operations.", scim_type="tooMany")
    return listed


def _without_active(call: Call, listed: list[Any]) -> list[Any]:
    """Pass over active where it is not alone."""
    if not call.is_user or len(listed) < 2:
        return listed
    return [operation for operation in listed if parsed(operation).attribute != "active"]


def _name_follows_email(call: Call, before: Resource | None, after: Resource) -> Resource:
    if before is None or not call.is_user:
        return after
    old, new = (value_at(user, 'emails[type eq "work"].value') for user in (before, after))
    return after | {"userName": new} if new and old != new else after


def _sets_street(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return parsed(operation).sub_attribute == "streetAddress"


def _replaces_manager(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return op_of(operation) == "replace" and touches("manager")(resource, operation)


def _refuse_no_op(status: int) -> Callable[[Call, list[Any]], list[Any]]:
    def operations(call: Call, listed: list[Any]) -> list[Any]:
        if call.resource is not None and apply_patch(call.resource, listed) == call.resource:
            raise ScimProblem(status, "No valid fields to update.")
        return listed

    return operations


def _nothing(_: Call, before: Resource | None, after: Resource) -> Resource:
    return before or after


def _touches_sub_name(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    paths = [AttributePath.parse(text) for text, _ in parts(operation)]
    return any(path is not None and path.attribute == "name" for path in paths)


def _clear_siblings(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    fresh = {key: value for key, value in resource.items() if key != "name"}
    return apply_operation(fresh, operation)


def _only_sent(call: Call, before: Resource | None, after: Resource) -> Resource:
    """Take what a PATCH brings as the whole user; who is who stays."""
    if before is None or not call.is_user:
        return after
    always = {"schemas", "id", "meta", "userName", "active"}
    return {k: v for k, v in after.items() if k in always or v != before.get(k)}


def _replaces_list(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return has_value_path(resource, operation) and op_of(operation) != "remove"


def _replace_list(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Keep of the list only the element that the operation made."""
    path = parsed(operation)
    changed = apply_operation(resource, operation)
    chosen = value_at(changed, AttributePath(attribute=path.attribute, filter=path.filter))
    return changed | {path.attribute: [chosen]} if chosen else changed


def _has_elements(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return _replaces_list(resource, operation) and bool(resource.get(parsed(operation).attribute))


def _fits_element(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    path = parsed(operation)
    listed = AttributePath(attribute=path.attribute, filter=path.filter)
    return _replaces_list(resource, operation) and value_at(resource, listed) is not None


def _change_first(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    path, value = parsed(operation), operation.get("value")
    first, *rest = resource[path.attribute]
    return resource | {path.attribute: [first | {path.sub_attribute: value}, *rest]}


def _change_all(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    path, value = parsed(operation), operation.get("value")
    changed = [element | {path.sub_attribute: value} for element in resource[path.attribute]]
    return resource | {path.attribute: changed}


def _replaces_sub_of_element(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return op_of(operation) == "replace" and _fits_element(resource, operation)


def _strip_element(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Put an element with nothing but the new part in the place of the one that is meant."""
    path = parsed(operation)
    after: Resource = copied(resource)
    chosen = value_at(after, AttributePath(attribute=path.attribute, filter=path.filter))
    elements = after[path.attribute]
    elements[elements.index(chosen)] = {path.sub_attribute or "value": operation.get("value")}
    return after


def _removes_from_list(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return op_of(operation) == "remove" and has_value_path(resource, operation)


def _refuse_other_email(_: Call, before: Resource | None, after: Resource) -> Resource:
    path = AttributePath.parse('emails[type eq "work"].value')
    old = value_at(before, path) if before and path else None
    if old is not None and path is not None and value_at(after, path) != old:
        raise ScimProblem(400, "The e-mail address cannot be changed.")
    return after


def _deleted_on_rename(call: Call, before: Resource | None, after: Resource) -> Resource | None:
    renamed = before is not None and call.is_user and before["userName"] != after["userName"]
    return None if renamed else after


def _touch_others(call: Call, before: Resource | None, after: Resource) -> Resource:
    """An update without its condition: the display name of everyone."""
    name = after.get("displayName")
    if before is not None and call.is_user and before.get("displayName") != name:
        for other in list(call.provider.users.values()):
            if other["id"] != after["id"]:
                call.provider.write(other, other | {"displayName": name})
    return after


def _revalidated(call: Call, before: Resource | None, after: Resource) -> Resource:
    numbers = (before or {}).get("phoneNumbers", ())
    if call.is_user and any(" " in str(number.get("value")) for number in numbers):
        raise ScimProblem(400, "phoneNumbers has an invalid value.", scim_type="invalidValue")
    return after


def _sets_manager(kind: type) -> Callable[[Resource, Any], bool]:
    touched = touches("manager")

    def met(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
        values = [value for path, value in parts(operation) if "manager" in path]
        return touched(resource, operation) and any(v and isinstance(v, kind) for v in values)

    return met


def _clears_manager(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    values = [value for path, value in parts(operation) if "manager" in path]
    emptied = op_of(operation) == "remove" or any(v in ("", None) for v in values)
    return touches("manager")(resource, operation) and emptied


def _manager_is_unknown(call: Call, _: Resource | None, after: Resource) -> Resource:
    manager = after.get(urns.ENTERPRISE_USER, {}).get("manager", {}).get("value")
    if manager is not None and not call.provider.users.get(manager, {}).get("active", False):
        raise ScimProblem(400, "The manager is not an active user.", scim_type="invalidValue")
    return after


def _unlinked(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Keep the text as manager's displayName, where it links to nobody."""
    text = next(str(value) for path, value in parts(operation) if "manager" in path)
    changed: Resource = copied(resource)
    changed.setdefault(urns.ENTERPRISE_USER, {})["manager"] = {"displayName": text}
    return changed


_APPLIED = "patch-accepted-not-applied"
_CLEARS = "replace-clears-unsent-values"
_FIXED = "immutable-attribute-refused"
_IDEMPOTENT = "non-idempotent-write"
_WRITE = "write-response-wrong"


def _named_like_next(call: Call, before: Resource | None, after: Resource) -> Resource:
    name = after.get("displayName")
    if call.is_user and before is not None and name != before.get("displayName"):
        ids = list(call.provider.users)
        at = ids.index(after["id"])
        for neighbour in ids[at - 1 : at] if at else ():
            call.provider.users[neighbour] |= {"displayName": name}
    return after


def _note_roles(call: Call, _: Resource | None, after: Resource) -> Resource:
    if call.is_user and after.get("roles"):
        call.provider.memory["roles"] = after["roles"]
    return after


def _with_noted_roles(call: Call, resource: Resource) -> Resource:
    roles = call.provider.memory.get("roles")
    return resource | {"roles": roles} if roles and "userName" in resource else resource


def _changes_email(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    path = parsed(operation)
    is_email = path.filter is not None and path.attribute == "emails"
    return is_email and value_at(resource, path) not in {None, operation.get("value")}


FAULTS = (
    _effect(
        id="patch-no-effect",
        title="Answers PATCH with success and changes nothing",
        cause=_APPLIED,
        stored=_nothing,
    ),
    _effect(
        id="patch-first-operation-only",
        title="Applies only the first operation",
        cause=_APPLIED,
        operations=lambda _, operations: operations[:1],
    ),
    _effect(
        id="patch-last-operation-only",
        title="Applies only the last operation",
        cause=_APPLIED,
        operations=lambda _, operations: operations[-1:],
    ),
    _effect(
        id="external-id-update-ignored",
        title="Passes over updates of externalId",
        cause=_APPLIED,
        apply=ignored(touches_user("externalId")),
    ),
    _effect(
        id="user-name-update-ignored",
        title="Passes over updates of userName",
        cause=_APPLIED,
        apply=ignored(touches_user("userName")),
    ),
    _effect(
        id="patch-not-atomic",
        title="Keeps the operations before one that fails",
        cause=_WRITE,
        answer=_half_done,
    ),
    _effect(
        id="patch-stale-body",
        title="Answers PATCH with the user as it was before",
        cause=_WRITE,
        answer=_stale,
    ),
    _effect(
        id="patch-200-empty",
        title="Answers PATCH with 200 and no body",
        cause=_WRITE,
        answer=answered(_patched_user, empty(200)),
    ),
    _effect(
        id="patch-202",
        title="Answers PATCH with 202",
        cause=_WRITE,
        answer=answered(_patched, empty(202)),
    ),
    _effect(
        id="patch-303",
        title="Applies a PATCH, and answers 303",
        cause=_WRITE,
        answer=answered(_patched, empty(303)),
    ),
    _effect(
        id="no-op-400",
        title="Answers 400 to a PATCH that changes nothing",
        cause=_IDEMPOTENT,
        operations=_refuse_no_op(400),
    ),
    _effect(
        id="no-op-404",
        title="Answers 404 to a PATCH that changes nothing",
        cause=_IDEMPOTENT,
        operations=_refuse_no_op(404),
    ),
    _effect(
        id="complex-replace-clears-siblings",
        title="Clears the rest of name when a part of it is replaced",
        cause=_CLEARS,
        apply=applied(_touches_sub_name, _clear_siblings),
    ),
    _effect(
        id="unsent-values-cleared",
        title="Clears everything that a PATCH does not set",
        cause=_CLEARS,
        stored=_only_sent,
    ),
    _effect(
        id="value-path-replaces-all",
        title="Drops the other elements of a list when one is set",
        cause=_CLEARS,
        apply=applied(_replaces_list, _replace_list),
    ),
    _effect(
        id="user-name-change-deletes",
        title="Deletes a user whose userName is changed",
        cause=_CLEARS,
        stored=_deleted_on_rename,
    ),
    _effect(
        id="patch-touches-other-users",
        title="Sets the display name of all users",
        cause=_CLEARS,
        stored=_touch_others,
    ),
    _effect(
        id="external-id-immutable",
        title="Refuses to change externalId",
        cause=_FIXED,
        apply=refused(
            touches_user("externalId"), "externalId is immutable.", scim_type="mutability"
        ),
    ),
    _effect(
        id="user-name-immutable",
        title="Refuses to change userName",
        cause=_FIXED,
        apply=refused(touches_user("userName"), "userName is immutable.", scim_type="mutability"),
    ),
    _effect(
        id="email-immutable",
        title="Refuses to change e-mail addresses",
        cause=_FIXED,
        apply=refused(touches_user("emails"), "emails is immutable.", scim_type="mutability"),
    ),
    _effect(
        id="stored-values-revalidated",
        title="Refuses any PATCH of a user that has a telephone number with blanks",
        cause="over-strict-validation",
        stored=_revalidated,
    ),
    _effect(
        id="patch-name-500",
        title="Fails with 500 on any update of name",
        cause="unhandled-exception-500",
        apply=crashed(_touches_sub_name),
    ),
    _manager(
        id="manager-text-refused",
        title="Refuses manager as bare text",
        apply=refused(_sets_manager(str), "manager must be an object."),
    ),
    _manager(
        id="manager-text-ignored",
        title="Passes over manager as bare text",
        apply=ignored(_sets_manager(str)),
    ),
    _manager(
        id="manager-text-500",
        title="Fails with 500 on manager as bare text",
        apply=crashed(_sets_manager(str)),
    ),
    _manager(
        id="manager-text-unlinked",
        title="Takes manager as bare text for a name",
        apply=applied(_sets_manager(str), _unlinked),
    ),
    _manager(
        id="manager-list-refused",
        title="Refuses manager as a list of one reference",
        apply=refused(_sets_manager(list), "manager must be an object."),
    ),
    _manager(
        id="manager-removal-ignored",
        title="Passes over the removal of a manager",
        apply=ignored(_clears_manager),
    ),
    _manager(
        id="manager-removal-refused",
        title="Refuses the removal of a manager",
        apply=refused(_clears_manager, "manager is required."),
    ),
    _manager(
        id="manager-must-be-active",
        title="Refuses a manager who is not an active user of the app",
        cause="reference-unresolvable",
        stored=_manager_is_unknown,
    ),
    _effect(
        id="value-path-changes-first",
        title="Changes the first element of a list, whatever the filter",
        cause="value-path-unsupported",
        apply=applied(_has_elements, _change_first),
    ),
    _effect(
        id="value-path-changes-all",
        title="Changes every element of a list, whatever the filter",
        cause=_CLEARS,
        apply=applied(_fits_element, _change_all),
    ),
    _effect(
        id="email-immutable-plain",
        title="Refuses another work e-mail address, with 400 and no scimType",
        cause="immutable-attribute-refused",
        stored=_refuse_other_email,
    ),
    _effect(
        id="value-path-strips-element",
        title="Leaves nothing of an element but the part that a path with a filter names",
        cause=_CLEARS,
        apply=applied(_replaces_sub_of_element, _strip_element),
    ),
    _effect(
        id="value-path-remove-clears-list",
        title="Removes the whole list where one element is meant",
        cause=_CLEARS,
        apply=applied(
            _removes_from_list,
            lambda resource, operation: without(parsed(operation).attribute)(resource),
        ),
    ),
    _effect(
        id="title-not-patched",
        title="Passes over title and preferredLanguage in a PATCH",
        cause=_APPLIED,
        apply=ignored(touches_user("title", "preferredLanguage")),
    ),
    _effect(
        id="operations-capped",
        title=f"Refuses a PATCH of more than {MOST_OPERATIONS} operations",
        cause="over-strict-validation",
        operations=_refuse_many,
    ),
    _effect(
        id="active-beside-others-ignored",
        title="Passes over active where a PATCH has other operations",
        cause="patch-accepted-not-applied",
        operations=_without_active,
    ),
    _effect(
        id="email-becomes-user-name",
        title="Makes a new work e-mail address the userName as well",
        cause="replace-clears-unsent-values",
        stored=_name_follows_email,
    ),
    _effect(
        id="street-ignored",
        title="Passes over the street of an address",
        cause="patch-accepted-not-applied",
        apply=ignored(_sets_street),
    ),
    _effect(
        id="language-change-refused",
        title="Refuses a change of preferredLanguage",
        cause="mapping-targets-unsupported-attribute",
        apply=refused(touches_user("preferredLanguage"), "preferredLanguage is fixed."),
    ),
    _manager(
        id="manager-replace-refused",
        title="Refuses another manager while there is one",
        apply=refused(_replaces_manager, "manager is set once.", scim_type="mutability"),
    ),
    _effect(
        id="name-leaks-to-neighbour",
        title="Gives a new displayName to the user who was made before as well",
        cause="replace-clears-unsent-values",
        stored=_named_like_next,
    ),
    _effect(
        id="roles-shared",
        title="Shows the roles of one user with every user",
        cause="replace-clears-unsent-values",
        stored=_note_roles,
        shown=_with_noted_roles,
    ),
    _effect(
        id="email-change-ignored",
        title="Passes over a change of an e-mail address that is there",
        cause="patch-accepted-not-applied",
        apply=ignored(_changes_email),
    ),
    _manager(
        id="manager-value-refused",
        title="Refuses the id of every manager as a value",
        apply=refused(
            lambda r, o: bool(touches("manager")(r, o) and o.get("value")), "Not an address."
        ),
    ),
)
