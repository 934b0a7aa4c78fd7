"""Faults of finding what a PATCH operation is about: no path, URNs, value filters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.hooks import (
    applied,
    crashed,
    ignored,
    refused,
    rewritten,
)
from scimdoctor.lab.scim.operations import (
    adds_to_existing,
    has_custom_extension_path,
    has_dotted_keys,
    has_extension_path,
    has_urn_keys,
    has_value_path,
    has_value_path_without_match,
    is_group,
    is_pathless,
    op_of,
    parsed,
    parts,
    path_of,
)
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim.filters import equalities, parse_filter
from scimdoctor.scim.patch import copied
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from scimdoctor.scim.patch import Resource

_fault = partial(Fault, family="patch-syntax")


def _literal(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Store every path or key as the name of an attribute."""
    changed: Resource = copied(resource)
    changed.update(dict(parts(operation)))
    return changed


def _only_plain_keys(operation: Any) -> Any:  # noqa: ANN401
    plain = {k: v for k, v in operation["value"].items() if "." not in k}
    return operation | {"value": plain}


def _only_core_keys(operation: Any) -> Any:  # noqa: ANN401
    return operation | {"value": {k: v for k, v in operation["value"].items() if ":" not in k}}


def _appended(operation: Any) -> Any:  # noqa: ANN401
    """Append a new element for a filtered add, in place of filling the one that fits."""
    path = parsed(operation)
    terms = equalities(parse_filter(path.filter or "")) or {}
    element = terms | {path.sub_attribute or "value": operation.get("value")}
    return {"op": "add", "path": path.attribute, "value": [element]}


def _filtered_add(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """An add to an element whose sub-attribute is still empty."""
    path = parsed(operation)
    adds = op_of(operation) == "add" and has_value_path(resource, operation)
    return adds and bool(path.sub_attribute) and not adds_to_existing(resource, operation)


def _adds_to_existing_element(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    return has_value_path(resource, operation) and adds_to_existing(resource, operation)


def _has_value_path_beside_others(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """The list has elements, but none fits: a look-up gives nothing, and the server stumbles."""
    present = member(resource, parsed(operation).attribute)
    return bool(present) and has_value_path_without_match(resource, operation)


_ADD = "patch-add-not-supported"
_KEYS = "pathless-dotted-keys-unsupported"
_NO_MATCH = "value-path-no-match-rejected"
_PATH = "value-path-unsupported"
_URN = "extension-urn-path-unsupported"

FAULTS = (
    _fault(
        id="pathless-refused",
        title="Refuses operations without a path",
        cause=_KEYS,
        apply=refused(is_pathless, "path is required.", scim_type="invalidPath"),
    ),
    _fault(
        id="pathless-ignored",
        title="Passes over operations without a path",
        cause=_KEYS,
        apply=ignored(is_pathless),
    ),
    _fault(
        id="dotted-keys-literal",
        title="Stores keys such as name.familyName as they are",
        cause=_KEYS,
        apply=applied(has_dotted_keys, _literal),
    ),
    _fault(
        id="dotted-keys-refused",
        title="Refuses keys such as name.familyName",
        cause=_KEYS,
        apply=refused(has_dotted_keys, "Unknown attribute."),
    ),
    _fault(
        id="dotted-keys-ignored",
        title="Passes over keys such as name.familyName",
        cause=_KEYS,
        apply=rewritten(has_dotted_keys, _only_plain_keys),
    ),
    _fault(
        id="urn-keys-literal",
        title="Stores keys that begin with a URN as they are",
        cause=_KEYS,
        apply=applied(has_urn_keys, _literal),
    ),
    _fault(
        id="urn-keys-refused",
        title="Refuses keys that begin with a URN",
        cause=_KEYS,
        apply=refused(has_urn_keys, "Unknown attribute."),
    ),
    _fault(
        id="urn-keys-ignored",
        title="Passes over keys that begin with a URN",
        cause=_KEYS,
        apply=rewritten(has_urn_keys, _only_core_keys),
    ),
    _fault(
        id="extension-path-refused",
        title="Refuses paths that begin with a URN",
        cause=_URN,
        apply=refused(has_extension_path, "Unknown path.", scim_type="invalidPath"),
    ),
    _fault(
        id="extension-path-500",
        title="Fails with 500 on paths that begin with a URN",
        cause=_URN,
        apply=crashed(has_extension_path),
    ),
    _fault(
        id="extension-path-literal",
        title="Stores paths that begin with a URN as names of attributes",
        cause=_URN,
        apply=applied(has_extension_path, _literal),
    ),
    _fault(
        id="extension-path-ignored",
        title="Passes over paths that begin with a URN",
        cause=_URN,
        apply=ignored(has_extension_path),
    ),
    _fault(
        id="custom-extension-path-refused",
        title="Refuses paths of extensions other than the enterprise one",
        cause=_URN,
        apply=refused(has_custom_extension_path, "Unknown path.", scim_type="invalidPath"),
    ),
    _fault(
        id="value-path-refused",
        title="Refuses paths with a value filter",
        cause=_PATH,
        apply=refused(has_value_path, "The path cannot be parsed.", scim_type="invalidPath"),
    ),
    _fault(
        id="value-path-500",
        title="Fails with 500 on paths with a value filter",
        cause=_PATH,
        apply=crashed(has_value_path),
    ),
    _fault(
        id="value-path-ignored",
        title="Passes over paths with a value filter",
        cause=_PATH,
        apply=ignored(has_value_path),
    ),
    _fault(
        id="value-path-literal",
        title="Stores paths with a value filter as names of attributes",
        cause=_PATH,
        apply=applied(has_value_path, _literal),
    ),
    _fault(
        id="value-path-no-match-refused",
        title="Refuses a value filter without a match as noTarget",
        cause=_NO_MATCH,
        apply=refused(has_value_path_without_match, "Nothing fits.", scim_type="noTarget"),
    ),
    _fault(
        id="value-path-no-match-ignored",
        title="Passes over a value filter without a match",
        cause=_NO_MATCH,
        apply=ignored(has_value_path_without_match),
    ),
    _fault(
        id="value-path-no-match-500",
        title="Fails with 500 when a list has elements but none fits",
        cause="unhandled-exception-500",
        apply=crashed(_has_value_path_beside_others),
    ),
    _fault(
        id="value-path-add-duplicates",
        title="Makes a new element for every filtered add",
        cause="value-path-add-creates-duplicates",
        apply=rewritten(_filtered_add, _appended),
    ),
    _fault(
        id="value-path-add-existing-refused",
        title="Refuses a filtered add where a value is already",
        cause=_ADD,
        apply=refused(_adds_to_existing_element, "There is a value already."),
    ),
    _fault(
        id="value-path-add-refused",
        title="Refuses a value filter in the path of an add",
        cause="value-path-unsupported",
        apply=refused(lambda r, o: has_value_path(r, o) and op_of(o) == "add", "No filter in add."),
    ),
    _fault(
        id="value-path-phones-refused",
        title="Knows value filters in paths for e-mail addresses only",
        cause="value-path-unsupported",
        apply=refused(
            lambda r, o: has_value_path(r, o) and parsed(o).attribute == "phoneNumbers",
            "Unknown path.",
            scim_type="invalidPath",
        ),
    ),
    _fault(
        id="value-path-addresses-ignored",
        title="Passes over value filters in paths of addresses",
        cause="value-path-unsupported",
        apply=ignored(lambda r, o: has_value_path(r, o) and parsed(o).attribute == "addresses"),
    ),
    _fault(
        id="employee-number-path-ignored",
        title="Passes over employeeNumber in a PATCH",
        cause="extension-urn-path-unsupported",
        apply=ignored(lambda _, o: path_of(o).endswith(":employeeNumber")),
    ),
    _fault(
        id="patch-remove-refused",
        title="Refuses remove on users",
        cause="mapping-targets-unsupported-attribute",
        apply=refused(
            lambda r, o: not is_group(r) and op_of(o) == "remove", "Only add and replace."
        ),
    ),
    _fault(
        id="value-path-remove-refused",
        title="Refuses remove on a path with a value filter",
        cause="value-path-unsupported",
        apply=refused(
            lambda r, o: not is_group(r) and has_value_path(r, o) and op_of(o) == "remove",
            "No filter in remove.",
        ),
    ),
    _fault(
        id="value-path-remove-500",
        title="Crashes on a remove on a path with a value filter",
        cause="unhandled-exception-500",
        apply=crashed(
            lambda r, o: not is_group(r) and has_value_path(r, o) and op_of(o) == "remove"
        ),
    ),
)
