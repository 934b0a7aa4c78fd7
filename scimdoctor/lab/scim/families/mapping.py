"""Faults that only a tenant's own attribute mapping brings to light."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.hooks import applied, crashed, ignored, kept, refused, refused_body
from scimdoctor.lab.scim.operations import (
    has_custom_extension_path,
    is_group,
    op_of,
    parsed,
    path_of,
)
from scimdoctor.lab.scim.searching import nothing_found, refused_filter
from scimdoctor.lab.scim.switch import Fault
from scimdoctor.scim import urns
from scimdoctor.scim.patch import apply_operation
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.scim.filters import Comparison
    from scimdoctor.scim.patch import Resource

_fault = partial(Fault, family="mapping")


def _custom(resource: Resource) -> dict[str, Resource]:
    """The extensions that are not the enterprise one, by URN."""
    return {
        k: v
        for k, v in resource.items()
        if ":" in k and k != urns.ENTERPRISE_USER and isinstance(v, dict)
    }


def _has_custom_number(body: Resource) -> bool:
    values = [v for extension in _custom(body).values() for v in extension.values()]
    return any(isinstance(v, int) and not isinstance(v, bool) for v in values)


def _is_text_for(kind: type) -> Any:  # noqa: ANN401
    """A custom attribute that holds a value of this type is set by text."""

    def met(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
        held = value_at(resource, path_of(operation))
        custom = has_custom_extension_path(resource, operation)
        return custom and type(held) is kind and isinstance(operation.get("value"), str)

    return met


def _adds_first_custom(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Add to an extension that the user does not have yet."""
    custom = has_custom_extension_path(resource, operation)
    return custom and op_of(operation) == "add" and parsed(operation).urn not in resource


def _without_fax(resource: Resource) -> Resource:
    phones = resource.get("phoneNumbers", [])
    return resource | {"phoneNumbers": [p for p in phones if p.get("type") != "fax"]}


def _escaped_title(resource: Resource) -> Resource:
    title = resource.get("title")
    return resource | {"title": title.replace("&", "&amp;")} if isinstance(title, str) else resource


def _short_title(resource: Resource) -> Resource:
    title = resource.get("title")
    return resource | {"title": title[:100]} if isinstance(title, str) else resource


def _on_groups(call: Call, _: Resource | None, after: Resource) -> Resource:
    if not call.is_group:
        return after
    return {k: v for k, v in after.items() if k not in _custom(after)}


def _escaped_on_groups(call: Call, _: Resource | None, after: Resource) -> Resource:
    if not call.is_group:
        return after
    escaped = {
        urn: {k: v.replace("&", "&amp;") if isinstance(v, str) else v for k, v in held.items()}
        for urn, held in _custom(after).items()
    }
    return after | escaped


def _by_custom(call: Call, term: Comparison) -> bool:
    urn = term.path.urn
    return call.is_user and urn is not None and not urn.startswith(urns.ENTERPRISE_USER)


def _by_custom_of_group(call: Call, term: Comparison) -> bool:
    return call.is_group and term.path.urn is not None


def _by_address_with_plus(_: Call, term: Comparison) -> bool:
    return term.path.attribute.casefold() == "emails" and "+" in str(term.value)


def _is_day(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    return path_of(operation).endswith("Date")


def _is_bare_sponsor(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    return path_of(operation).endswith(":sponsor") and isinstance(operation.get("value"), str)


def _cleared_besides(resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
    """Write an attribute of an extension as if it had no other."""
    return apply_operation(resource | {str(parsed(operation).urn): {}}, operation)


FAULTS = (
    _fault(
        id="custom-neighbours-cleared",
        title="Clears a custom extension with every change of one of its attributes",
        cause="replace-clears-unsent-values",
        apply=applied(has_custom_extension_path, _cleared_besides),
    ),
    _fault(
        id="custom-path-invalid",
        title="Refuses the path of one attribute of a custom extension as invalid",
        cause="extension-urn-path-unsupported",
        apply=refused(
            lambda _, o: path_of(o).endswith(":floor"), "Unknown path.", scim_type="invalidPath"
        ),
    ),
    _fault(
        id="fax-dropped",
        title="Does not keep fax numbers",
        cause="attribute-not-stored-or-returned",
        stored=kept(_without_fax),
    ),
    _fault(
        id="custom-number-refused",
        title="Refuses to create users with a number in a custom extension",
        cause="mapping-targets-unsupported-attribute",
        body=refused_body(_has_custom_number, "A text was expected."),
    ),
    _fault(
        id="custom-number-text-refused",
        title="Refuses a text for a number of a custom extension in a PATCH",
        cause="patch-value-shape-rejected",
        apply=refused(_is_text_for(int), "A number was expected."),
    ),
    _fault(
        id="custom-boolean-text-refused",
        title='Refuses "False" for a boolean of a custom extension',
        cause="boolean-string-rejected",
        apply=refused(_is_text_for(bool), "A boolean was expected."),
    ),
    _fault(
        id="custom-add-first-500",
        title="Fails with 500 when the first attribute of a custom extension is added",
        cause="unhandled-exception-500",
        apply=crashed(_adds_first_custom),
    ),
    _fault(
        id="custom-date-immutable",
        title="Forbids changes of dates",
        cause="immutable-attribute-refused",
        apply=refused(_is_day, "The attribute is immutable.", scim_type="mutability"),
    ),
    _fault(
        id="fax-update-ignored",
        title="Passes over fax numbers in a PATCH",
        cause="patch-accepted-not-applied",
        apply=ignored(lambda _, o: '"fax"' in path_of(o)),
    ),
    _fault(
        id="title-escaped",
        title="Stores & of a title as &amp;",
        cause="attribute-not-stored-or-returned",
        stored=kept(_escaped_title),
    ),
    _fault(
        id="title-cut-at-100",
        title="Cuts titles at 100 characters, with success",
        cause="attribute-not-stored-or-returned",
        stored=kept(_short_title),
    ),
    _fault(
        id="filter-email-plus",
        title="Finds no e-mail address with a plus sign",
        cause="filter-value-parse-failure",
        search=nothing_found(_by_address_with_plus),
    ),
    _fault(
        id="filter-custom-finds-nothing",
        title="Finds nobody by an attribute of a custom extension",
        cause="filter-attribute-unsupported",
        search=nothing_found(_by_custom),
    ),
    _fault(
        id="reference-text-refused",
        title="Wants an object for a reference, where Entra sends the bare id",
        cause="patch-value-shape-rejected",
        apply=refused(_is_bare_sponsor, "An object was expected."),
    ),
    _fault(
        id="group-custom-dropped",
        title="Does not keep custom extensions of groups",
        cause="attribute-not-stored-or-returned",
        stored=_on_groups,
    ),
    _fault(
        id="group-custom-path-refused",
        title="Refuses paths of extensions on groups",
        cause="extension-urn-path-unsupported",
        apply=refused(
            lambda r, o: is_group(r) and has_custom_extension_path(r, o),
            "Unknown path.",
            scim_type="invalidPath",
        ),
    ),
    _fault(
        id="group-custom-escaped",
        title="Stores & of a group's custom attributes as &amp;",
        cause="attribute-not-stored-or-returned",
        stored=_escaped_on_groups,
    ),
    _fault(
        id="group-filter-custom-refused",
        title="Refuses filters on a group's custom attributes",
        cause="filter-attribute-unsupported",
        search=refused_filter(_by_custom_of_group, "The attribute cannot be compared."),
    ),
)
