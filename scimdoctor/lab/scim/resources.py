"""Rules that a user or group must meet to be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.lab.scim.call import ScimProblem
from scimdoctor.scim import urns
from scimdoctor.scim.patch import Resource, apply_operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.lab.scim.provider import ScimServiceProvider

_KEYS = {"User": "userName", "Group": "displayName"}


def new_resource(body: Resource, kind: str) -> Resource:
    """The resource that the body of a POST or PUT describes, without `id` and `meta`.

    Attributes are taken in any letter case and shape that PATCH takes, nulls and empty lists are
    left out, unknown attributes are kept.
    """
    core = urns.USER if kind == "User" else urns.GROUP
    return apply_operation({"schemas": [core]}, {"op": "replace", "value": body})


def require_valid(
    resource: Resource, provider: ScimServiceProvider, *, before: Resource | None
) -> None:
    """Check what every resource needs, and name its extensions in `schemas`.

    Raises:
        ScimProblem: something is missing or refers to nobody.

    """
    is_group = urns.GROUP in resource["schemas"]
    key = _KEYS["Group" if is_group else "User"]
    value = resource.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ScimProblem(400, f"{key} is required.", scim_type="invalidValue")
    core = urns.GROUP if is_group else urns.USER
    extensions = [k for k, v in resource.items() if ":" in k and isinstance(v, dict)]
    resource["schemas"] = [core, *extensions]
    if is_group and not provider.accepts_unknown_members:
        _require_members(resource, provider, known=_member_ids(before or {}))


def _require_members(group: Resource, provider: ScimServiceProvider, *, known: set[Any]) -> None:
    for value in _member_ids(group) - known:
        if value not in provider.users and value not in provider.groups:
            detail = f"Member {value} does not exist."
            raise ScimProblem(400, detail, scim_type="invalidValue")


def _member_ids(group: Resource) -> set[Any]:
    members = group.get("members", ())
    return {str(m.get("value")) for m in members if isinstance(m, dict)}


def require_unique(resource: Resource, others: Iterable[Resource]) -> None:
    """Check that `userName`, or a group's `displayName`, is free in any letter case.

    Raises:
        ScimProblem: another resource has it.

    """
    clash = clashing(resource, others)
    if clash is not None:
        raise ScimProblem(409, f"{clash} is in use already.", scim_type="uniqueness")


def clashing(resource: Resource, others: Iterable[Resource]) -> str | None:
    """The name that another resource has already, or `None`."""
    key = _KEYS["Group" if urns.GROUP in resource["schemas"] else "User"]
    name = str(resource[key])
    taken = any(
        str(other.get(key)).casefold() == name.casefold()
        for other in others
        if other["id"] != resource.get("id")
    )
    return f"{key} {name}" if taken else None
