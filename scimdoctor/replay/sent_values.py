"""What a request asks the app to store: attribute paths and values out of a POST or PATCH body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.exchange import ScimRequest

_FRAMING = frozenset({"schemas", "meta", "id"})
_PLAIN_NAME = re.compile(r"^[$\w-]+$")
_PLAIN_TYPE = re.compile(r'^[^"\\\]]*$')
_MEMBER_FILTER = re.compile(r'(?i)^(\w+)\[value eq "((?:[^"\\]|\\.)*)"\]$')


@dataclass(frozen=True, slots=True, kw_only=True)
class SentValue:
    """One attribute of one operation."""

    op: str
    """`add`, `replace` or `remove`, in lower case; a POST adds."""

    path: str
    value: Any = None


def sent_values(request: ScimRequest) -> tuple[SentValue, ...]:
    """Every attribute that `request` sets or removes, in the order of the body."""
    body = request.json
    if not isinstance(body, dict):
        return ()
    if request.method == "PATCH":
        return tuple(_of_operations(body))
    return tuple(SentValue(op="add", path=p, value=v) for p, v in flatten(body))


def flatten(resource: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Attribute paths and values of a resource; lists with types become filtered paths.

    Framing (`schemas`, `meta`, `id`), nulls and empty lists are left out.
    """
    for name, value in resource.items():
        if name.casefold() in _FRAMING:
            continue
        if name.casefold().startswith(("urn:", "http:", "https:")) and isinstance(value, dict):
            yield from ((f"{name}:{path}", inner) for path, inner in flatten(value))
        else:
            yield from _flatten_attribute(name, value)


def _flatten_attribute(name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    if value is None or value in ([], {}):
        return
    if isinstance(value, dict) and _plain_names(value):
        yield from ((f"{name}.{k}", v) for k, v in value.items() if v is not None)
    elif isinstance(value, list) and _typed(value):
        for element in value:
            where = f'{name}[type eq "{element["type"]}"]'
            inner = {k: v for k, v in element.items() if k not in {"type", "primary"}}
            yield from ((f"{where}.{k}", v) for k, v in inner.items() if v is not None)
    else:
        yield name, value


def _typed(elements: list[Any]) -> bool:
    """Whether every element has a type of its own, so that filtered paths tell them apart."""
    types = [e.get("type") if isinstance(e, dict) else None for e in elements]
    if not all(isinstance(t, str) and _PLAIN_TYPE.match(t) for t in types):
        return False
    distinct = len({str(t).casefold() for t in types}) == len(types)
    return distinct and all(_plain_names(e) for e in elements)


def _plain_names(value: dict[str, Any]) -> bool:
    """Whether sub-attribute names can stand in a path; a complex value stays whole otherwise."""
    return all(_PLAIN_NAME.match(name) for name in value)


def _of_operations(body: dict[str, Any]) -> Iterator[SentValue]:
    operations = body.get("Operations")
    for operation in operations if isinstance(operations, list) else []:
        if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
            continue
        op, path, value = operation["op"].casefold(), operation.get("path"), operation.get("value")
        if isinstance(path, str) and path:
            yield _operation(op, path, value)
        elif isinstance(value, dict):
            yield from (SentValue(op=op, path=p, value=v) for p, v in _pathless(value))


def _operation(op: str, path: str, value: Any) -> SentValue:  # noqa: ANN401
    found = _MEMBER_FILTER.match(path)
    if op == "remove" and found and value is None:
        return SentValue(op=op, path=found[1], value=[{"value": found[2]}])
    return SentValue(op=op, path=path, value=value)


def _pathless(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a pathless operation: dotted or URN keys are paths already."""
    for key, inner in value.items():
        parsed = AttributePath.parse(key)
        is_path = parsed is not None and (parsed.sub_attribute or parsed.urn or parsed.filter)
        yield from [(key, inner)] if is_path else flatten({key: inner})
