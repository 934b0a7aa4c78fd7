"""Conditions on PATCH operations, for faults that concern some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.scim import urns
from scimdoctor.scim.filters import CORE_URN
from scimdoctor.scim.patch import BOOLEANS, MULTI_VALUED
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.lab.scim.hooks import Met
    from scimdoctor.scim.patch import Resource


def op_of(operation: Any) -> str:  # noqa: ANN401
    """The operation's `op` in lower case."""
    return str(operation.get("op", "")).casefold()


def path_of(operation: Any) -> str:  # noqa: ANN401
    """The operation's path as written; `""` without one."""
    return str(operation.get("path") or "")


def parsed(operation: Any) -> AttributePath:  # noqa: ANN401
    """The operation's path taken apart."""
    return AttributePath.parse(path_of(operation)) or AttributePath(attribute="")


def parts(operation: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Paths and values that the operation sets: its own, or those of its object without path."""
    value = operation.get("value")
    if path_of(operation) or not isinstance(value, dict):
        yield path_of(operation), value
    else:
        yield from value.items()


def is_group(resource: Resource) -> bool:
    """Whether the resource is a group."""
    return urns.GROUP in resource["schemas"]


def touches(*names: str, op: str | None = None) -> Met:
    """The operation concerns one of the attributes, whatever its path looks like."""
    wanted = {name.casefold() for name in names}

    def met(_: Resource, operation: Any) -> bool:  # noqa: ANN401
        if op is not None and op_of(operation) != op:
            return False
        paths = [AttributePath.parse(text) for text, _ in parts(operation)]
        return any(path is not None and path.attribute.casefold() in wanted for path in paths)

    return met


def touches_user(*names: str, op: str | None = None) -> Met:
    """Like `touches`, on a user."""
    inner = touches(*names, op=op)
    return lambda resource, operation: not is_group(resource) and inner(resource, operation)


def touches_group(*names: str, op: str | None = None) -> Met:
    """Like `touches`, on a group."""
    inner = touches(*names, op=op)
    return lambda resource, operation: is_group(resource) and inner(resource, operation)


def is_pathless(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It has no path."""
    return not path_of(operation)


def has_dotted_keys(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It has no path, and keys such as `name.givenName`."""
    return not path_of(operation) and any(_is_dotted(key) for key, _ in parts(operation))


def has_urn_keys(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It has no path, and keys such as `urn:…:User:department`."""
    return not path_of(operation) and any(_is_urn(key) for key, _ in parts(operation))


def _is_dotted(key: str) -> bool:
    return "." in key and ":" not in key


def _is_urn(key: str) -> bool:
    return key.casefold().startswith("urn:")


def has_extension_path(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Its path names an extension by URN."""
    text = path_of(operation).casefold()
    return text.startswith("urn:") and not text.startswith(CORE_URN.casefold())


def has_custom_extension_path(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Its path names an extension other than the enterprise one."""
    is_enterprise = path_of(operation).startswith(urns.ENTERPRISE_USER)
    return has_extension_path(resource, operation) and not is_enterprise


def has_value_path(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Its path has a value filter on an attribute of users."""
    path = parsed(operation)
    return path.filter is not None and path.attribute != "members"


def has_value_path_without_match(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Its path has a value filter that fits no element yet."""
    return has_value_path(resource, operation) and _chosen(resource, operation) is None


def _chosen(resource: Resource, operation: Any) -> Any:  # noqa: ANN401
    path = parsed(operation)
    return value_at(resource, AttributePath(attribute=path.attribute, filter=path.filter))


def adds_single(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It adds a single-valued attribute by path."""
    path = parsed(operation)
    single = path.filter is None and path.attribute.casefold() not in MULTI_VALUED
    return op_of(operation) == "add" and bool(path.attribute) and single


def adds_to_existing(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It adds a value where one is already, outside lists."""
    path = parsed(operation)
    is_list = path.filter is None and path.attribute.casefold() in MULTI_VALUED
    adds = op_of(operation) == "add" and bool(path.attribute) and not is_list
    return adds and value_at(resource, path) not in (None, "", [])


def has_capital_op(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """Its `op` is not in lower case."""
    return str(operation.get("op")) != op_of(operation)


def sets_boolean_text(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It sets a boolean by text."""
    return any(_is_boolean(path) and isinstance(v, str) for path, v in parts(operation))


def sets_boolean(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It sets a boolean by a JSON boolean."""
    return any(_is_boolean(path) and isinstance(v, bool) for path, v in parts(operation))


def _is_boolean(text: str) -> bool:
    path = AttributePath.parse(text)
    name = (path.sub_attribute or path.attribute) if path else ""
    return name.casefold() in BOOLEANS


def sets_empty(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It clears by an empty text or null."""
    return op_of(operation) != "remove" and any(v in ("", None) for _, v in parts(operation))


def sets_scalar(_: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It sets text by path."""
    return bool(path_of(operation)) and isinstance(operation.get("value"), str)


def removes_members_by_list(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It removes members that it lists in `value`."""
    removes = touches_group("members", op="remove")(resource, operation)
    return removes and bool(operation.get("value"))


def removes_members_by_filter(resource: Resource, operation: Any) -> bool:  # noqa: ANN401
    """It removes members by `members[value eq "…"]`."""
    removes = touches_group("members", op="remove")(resource, operation)
    return removes and parsed(operation).filter is not None


def member_values(operation: Any) -> list[Any]:  # noqa: ANN401
    """The members that an operation lists or filters for."""
    equality = parsed(operation).equality
    if equality is not None:
        return [{"value": equality[1]}]
    value = operation.get("value")
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, dict)]


def member_ids(holder: Resource) -> list[str]:
    """The ids of a group's members."""
    return [str(element.get("value")) for element in holder.get("members", ())]
