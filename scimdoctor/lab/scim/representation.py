"""How a stored resource is shown: metadata, references, and the attributes asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.scim import urns
from scimdoctor.scim.patch import copied
from scimdoctor.scim.paths import AttributePath, member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.scim.patch import Resource

_ALWAYS = frozenset({"schemas", "id"})


def location(resource: Resource, root: str) -> str:
    """The URL of `resource`; `root` is the SCIM root's."""
    return f"{root}/{resource['meta']['resourceType']}s/{quote(resource['id'], safe='')}"


def represent(resource: Resource, root: str) -> Resource:
    """A copy of `resource` with absolute location and references; `root` is the SCIM root's URL."""
    shown: Resource = copied(resource)
    shown.pop("password", None)
    shown["meta"]["location"] = location(resource, root)
    manager = shown.get(urns.ENTERPRISE_USER, {}).get("manager")
    for reference in [*shown.get("members", ()), *([manager] if manager else ())]:
        if isinstance(reference, dict) and not reference.get("$ref"):
            reference["$ref"] = f"{root}/Users/{reference.get('value')}"
    return shown


def project(resource: Resource, parameters: Mapping[str, str]) -> Resource:
    """Keep what `attributes` names, or drop what `excludedAttributes` names (RFC 7644, 3.9)."""
    wanted = _paths(parameters.get("attributes", ""))
    excluded = _paths(parameters.get("excludedAttributes", ""))
    if wanted:
        kept = {key: value for key, value in resource.items() if key in _ALWAYS}
        for path in wanted:
            _copy(resource, kept, path)
        return kept
    for path in excluded:
        resource = _without(resource, path)
    return resource


def _paths(text: str) -> list[AttributePath]:
    found = [AttributePath.parse(name) for name in text.split(",") if name.strip()]
    return [path for path in found if path is not None]


def _key(holder: Resource, name: str) -> str | None:
    return next((key for key in holder if key.casefold() == name.casefold()), None)


def _copy(source: Resource, target: Resource, path: AttributePath) -> None:
    key = _key(source, path.urn or path.attribute)
    if key is None:
        return
    if path.urn is None:
        target[key] = _part(source[key], path.sub_attribute)
    elif isinstance(source[key], dict):
        plain = AttributePath(attribute=path.attribute, sub_attribute=path.sub_attribute)
        _copy(source[key], target.setdefault(key, {}), plain)


def _part(value: Any, sub_attribute: str | None) -> Any:  # noqa: ANN401
    if sub_attribute is None:
        return value
    if isinstance(value, list):
        return [_part(element, sub_attribute) for element in value]
    return {sub_attribute: member(value, sub_attribute)} if isinstance(value, dict) else value


def _without(resource: Resource, path: AttributePath) -> Resource:
    key = _key(resource, path.urn or path.attribute)
    if key is None or key in _ALWAYS:
        return resource
    if path.urn is not None and isinstance(resource[key], dict):
        plain = AttributePath(attribute=path.attribute, sub_attribute=path.sub_attribute)
        return {**resource, key: _without(resource[key], plain)}
    if path.sub_attribute is not None and isinstance(resource[key], dict):
        inner = AttributePath(attribute=path.sub_attribute)
        return {**resource, key: _without(resource[key], inner)}
    return {name: value for name, value in resource.items() if name != key}
