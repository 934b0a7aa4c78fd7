"""Faults of reading PATCH operations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.hooks import (
    crashed,
    html_page,
    ignored,
    problem,
    refused,
    refused_body,
    rewritten,
)
from scimdoctor.lab.scim.operations import (
    adds_single,
    adds_to_existing,
    has_capital_op,
    is_group,
    op_of,
    parts,
    path_of,
    removes_members_by_list,
    sets_boolean,
    sets_boolean_text,
    sets_empty,
    sets_scalar,
    touches,
    touches_group,
    touches_user,
)
from scimdoctor.lab.scim.switch import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.scim.patch import Resource

_fault = partial(Fault, family="patch-syntax")


def _is_patch(call: Call) -> bool:
    return call.method == "PATCH"


def _no_patch(call: Call) -> LabResponse | None:
    if not _is_patch(call):
        return None
    allow = (("Allow", "GET, PUT, DELETE"),)
    raise ScimProblem(405, "PATCH is not allowed.", headers=allow)


def _announced_without_patch(call: Call, response: LabResponse) -> LabResponse:
    if call.endpoint != "ServiceProviderConfig":
        return response
    old, new = b'"patch":{"supported":true}', b'"patch":{"supported":false}'
    return LabResponse(
        status=response.status, headers=response.headers, body=response.body.replace(old, new)
    )


def _read_as_true(operation: Any) -> Any:  # noqa: ANN401
    """Any text that is not empty counts as true, as `bool("False")` does in Python."""
    if not path_of(operation):
        value = {k: _truth(k, v) for k, v in operation["value"].items()}
        return operation | {"value": value}
    return operation | {"value": _truth(path_of(operation), operation["value"])}


def _truth(path: str, value: Any) -> Any:  # noqa: ANN401
    return bool(value) if path.casefold() == "active" and isinstance(value, str) else value


def _capital_boolean(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    return any(value in ("True", "False") for _, value in parts(operation))


def _has_scalar_multi(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    value = operation.get("value")
    return isinstance(value, list) and any(isinstance(e, dict) and "$ref" in e for e in value)


def _is_json_text(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, str) and value.strip().startswith("{")


def _has_json_role(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    value = operation.get("value")
    listed = value if isinstance(value, list) else []
    texts = [e.get("value") if isinstance(e, dict) else e for e in listed]
    return path_of(operation).casefold() == "roles" and any(_is_json_text(t) for t in texts)


def _has_role_list(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    return path_of(operation).casefold() == "roles" and isinstance(operation.get("value"), list)


def _has_untyped_role(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    value = operation.get("value")
    listed = value if isinstance(value, list) else []
    is_roles = path_of(operation).casefold() == "roles"
    return is_roles and any(isinstance(e, dict) and "type" not in e for e in listed)


def _touches_more_than_active(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return not is_group(resource) and not touches_user("active")(resource, operation)


def _is_default_dialect(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    meant: tuple[Callable[[Resource, Any], bool], ...]
    meant = (has_capital_op, sets_boolean_text, removes_members_by_list)
    return any(met(resource, operation) for met in meant)


def _one_only(_: Call, operations: list[Any]) -> list[Any]:
    if len(operations) > 1:
        raise ScimProblem(400, "One operation at a time.", scim_type="invalidSyntax")
    return operations


_OPTIONAL = ("title", "preferredLanguage", "addresses", "phoneNumbers", "nickName")
_ADD = "patch-add-not-supported"
_BOOLEAN = "boolean-string-rejected"
_CASE = "patch-op-case-sensitive"
_MAPPING = "mapping-targets-unsupported-attribute"
_METHOD = "patch-method-missing"
_ROLES = "roles-json-string-shape"
_SHAPE = "patch-value-shape-rejected"

FAULTS = (
    _fault(id="patch-405", title="Answers 405 to PATCH", cause=_METHOD, instead=_no_patch),
    _fault(
        id="patch-501",
        title="Answers 501 to PATCH",
        cause=_METHOD,
        instead=problem(_is_patch, 501, "PATCH is not implemented."),
    ),
    _fault(
        id="patch-404",
        title="Has no route for PATCH: a web page with 404",
        cause=_METHOD,
        instead=lambda call: html_page(404, "Cannot PATCH") if _is_patch(call) else None,
    ),
    _fault(
        id="user-patch-405",
        title="Answers 405 to PATCH of users, not of groups",
        cause=_METHOD,
        instead=lambda call: _no_patch(call) if call.is_user else None,
    ),
    _fault(
        id="patch-active-only",
        title="Refuses every PATCH of a user but the one that disables or restores it",
        cause="over-strict-validation",
        apply=refused(_touches_more_than_active, "PATCH is for active only."),
    ),
    _fault(
        id="patch-announced-unsupported",
        title="Announces that PATCH is not supported, and answers 405 to it",
        cause=_METHOD,
        instead=_no_patch,
        answer=_announced_without_patch,
    ),
    _fault(
        id="patch-op-case-sensitive",
        title="Refuses an op that begins with a capital",
        cause=_CASE,
        apply=refused(has_capital_op, "Unknown op.", scim_type="invalidSyntax"),
    ),
    _fault(
        id="patch-op-capital-ignored",
        title="Passes over an op that begins with a capital",
        cause=_CASE,
        apply=ignored(has_capital_op),
    ),
    _fault(
        id="patch-op-lower-case-refused",
        title="Refuses an op in lower case",
        cause=_CASE,
        apply=refused(lambda r, o: not has_capital_op(r, o), "Unknown op."),
    ),
    _fault(
        id="default-dialect-refused",
        title="Works only with the compliance flag on the tenant URL",
        cause="needs-scim-compliance-flag",
        apply=refused(_is_default_dialect, "The operation is not as RFC 7644 has it."),
    ),
    _fault(
        id="patch-add-single-refused",
        title="Refuses add on single-valued attributes",
        cause=_ADD,
        apply=refused(adds_single, "Use replace."),
    ),
    _fault(
        id="patch-add-single-ignored",
        title="Passes over add on single-valued attributes",
        cause=_ADD,
        apply=ignored(adds_single),
    ),
    _fault(
        id="patch-add-existing-refused",
        title="Refuses add where a value is already",
        cause=_ADD,
        apply=refused(adds_to_existing, "There is a value already."),
    ),
    _fault(
        id="group-add-external-id-refused",
        title="Refuses add of externalId on groups",
        cause=_ADD,
        apply=refused(touches_group("externalId", op="add"), "Unsupported path externalId."),
    ),
    _fault(
        id="boolean-text-refused",
        title="Refuses booleans as text",
        cause=_BOOLEAN,
        apply=refused(sets_boolean_text, "A boolean is expected."),
    ),
    _fault(
        id="boolean-text-case-sensitive",
        title='Refuses "True" and "False", but not "true" and "false"',
        cause=_BOOLEAN,
        apply=refused(_capital_boolean, "A boolean is expected."),
    ),
    _fault(
        id="boolean-text-read-as-true",
        title='Reads "False" as true',
        cause=_BOOLEAN,
        apply=rewritten(sets_boolean_text, _read_as_true),
    ),
    _fault(
        id="boolean-text-ignored",
        title="Passes over booleans as text",
        cause=_BOOLEAN,
        apply=ignored(sets_boolean_text),
    ),
    _fault(
        id="boolean-refused",
        title="Refuses JSON booleans, takes text only",
        cause=_SHAPE,
        apply=refused(sets_boolean, "Text is expected."),
    ),
    _fault(
        id="patch-scalar-refused",
        title="Wants every value in an array",
        cause=_SHAPE,
        apply=refused(sets_scalar, "An array is expected."),
    ),
    _fault(
        id="patch-reference-list-refused",
        title="Refuses values that are lists of $ref and value",
        cause=_SHAPE,
        apply=refused(_has_scalar_multi, "Unknown property $ref."),
    ),
    _fault(
        id="patch-empty-value-refused",
        title="Refuses to clear by an empty text or null",
        cause=_SHAPE,
        apply=refused(sets_empty, "value is required."),
    ),
    _fault(
        id="patch-multiple-operations-refused",
        title="Refuses more than one operation",
        cause="over-strict-validation",
        operations=_one_only,
    ),
    _fault(
        id="roles-json-refused",
        title="Refuses roles whose value is JSON text",
        cause=_ROLES,
        apply=refused(_has_json_role, "Unknown role."),
    ),
    _fault(
        id="roles-type-required",
        title="Refuses roles without a type",
        cause=_ROLES,
        apply=refused(_has_untyped_role, "type is required."),
    ),
    _fault(
        id="display-name-refused",
        title="Refuses displayName of users",
        cause=_MAPPING,
        apply=refused(touches_user("displayName"), "Unsupported path displayName."),
    ),
    _fault(
        id="optional-attributes-refused",
        title="Refuses attributes of the default mapping that it has no use for",
        cause=_MAPPING,
        body=refused_body(lambda b: not b.keys().isdisjoint(_OPTIONAL), "Unsupported attribute."),
        apply=refused(touches(*_OPTIONAL), "Unsupported attribute."),
    ),
    _fault(
        id="patch-op-remove-capital-500",
        title="Fails with 500 on Remove with a capital",
        cause=_CASE,
        apply=crashed(lambda _, o: o.get("op") == "Remove"),
    ),
    _fault(
        id="patch-op-unknown-replaces",
        title="Takes every op but add and remove in lower case for replace",
        cause=_CASE,
        apply=rewritten(
            lambda _, o: o.get("op") not in {"add", "remove"}, lambda o: o | {"op": "replace"}
        ),
    ),
    _fault(
        id="patch-add-refused",
        title="Refuses every add to a user",
        cause=_ADD,
        apply=refused(
            lambda resource, operation: not is_group(resource) and op_of(operation) == "add",
            "Only replace and remove are supported.",
        ),
    ),
    _fault(
        id="roles-list-refused",
        title="Refuses roles that come as a list in a PATCH",
        cause=_SHAPE,
        apply=refused(_has_role_list, "roles must be an object."),
    ),
)
