"""Which of several operations an answer is about, and which of the sent ids it names.

An answer may tell the operation by its place (`Operations[1]`, "operation 2"), by its path, or by
the attribute's name. Where it tells none of them, each of the operations may be the one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import bare_name, is_extension, is_value_path, leaf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.causes.dialects.reading import Reading
    from scimdoctor.causes.sent import Operation

_COUNTED_FROM_ZERO = re.compile(
    r"(?i)\boperations?(?:\[(\d+)\]|\.(\d+)\b|/(\d+)\b|['\"]?, ?(\d+)\b| (?:at )?index (\d+)\b)"
)
_COUNTED_FROM_ONE = re.compile(r"(?i)\boperation (?:number |no\.? ?|# ?)?(\d+)\b(?! of\b)")
_WORD = re.compile(r"[\w@.+-]*\w")
_QUOTED = re.compile(r"(['\"`])([^'\"`]{2,60})\1")
_TOO_COMMON = frozenset({"value", "type", "name", "members", "primary", "display", "active"})
"""Names that a sentence may hold without being about the attribute."""

_SHORTEST_NAME = 4
_SHORTEST_ID = 3
_REFERENCES = frozenset({"members", "manager"})


def aimed_at(
    operations: tuple[Operation, ...], reading: Reading, raw: str
) -> tuple[Operation, ...]:
    """The operations that the answer is about; all of them if it does not tell."""
    if len(operations) < 2:
        return operations
    return _by_place(operations, raw) or _by_attribute(operations, reading) or operations


def _by_place(operations: tuple[Operation, ...], raw: str) -> tuple[Operation, ...]:
    places = {int(next(filter(None, m.groups()))) for m in _COUNTED_FROM_ZERO.finditer(raw)}
    places = places or {int(m[1]) - 1 for m in _COUNTED_FROM_ONE.finditer(raw)}
    return tuple(o for place, o in enumerate(operations) if place in places)


def _by_attribute(operations: tuple[Operation, ...], reading: Reading) -> tuple[Operation, ...]:
    """Those whose path a complaint names; else those whose name stands among the words."""
    named = [c.attribute.casefold() for c in reading.complaints if c.attribute]
    exact = tuple(o for o in operations if any(_is_at(o, name, whole=True) for name in named))
    if exact:
        return exact
    near = tuple(o for o in operations if any(_is_at(o, name, whole=False) for name in named))
    if near or named:
        return near
    words = {word.casefold() for word in _WORD.findall(reading.words)}
    return tuple(o for o in operations if _names_of(o) & words)


def _is_at(operation: Operation, name: str, *, whole: bool) -> bool:
    paths = [path.casefold() for path in paths_of(operation)]
    if whole:
        return name in paths
    return any(bare_name(path) == bare_name(name) or leaf(path) == name for path in paths)


def paths_of(operation: Operation) -> tuple[str, ...]:
    """The path of an operation; the keys of its value where it has none."""
    if operation.path:
        return (operation.path,)
    return tuple(operation.value) if isinstance(operation.value, dict) else ()


def _names_of(operation: Operation) -> set[str]:
    names = {part for path in paths_of(operation) for part in (bare_name(path), leaf(path))}
    return {n for n in names if len(n) >= _SHORTEST_NAME and n not in _TOO_COMMON}


def kinds_of(operations: Iterable[Operation]) -> set[str]:
    """Which kinds of paths the operations have: what servers stumble over differs by kind."""
    return {_kind(operation) for operation in operations}


def _kind(operation: Operation) -> str:
    name = bare_name(operation.path)
    if operation.path is None:
        return "pathless"
    if name in {"members", "manager", "roles"}:
        return name
    if is_value_path(operation.path):
        return "value path"
    return "extension" if is_extension(operation.path) else "plain"


def named_reference(operations: Iterable[Operation], words: str, *, own: str | None) -> str | None:
    """The id of a member or manager that was sent and that `words` name; not the object's `own`."""
    said = set(_WORD.findall(words))
    for operation in operations:
        if bare_name(operation.path) in _REFERENCES and not operation.removes:
            for one in _ids(operation.value):
                if len(one) >= _SHORTEST_ID and one in said and one != own:
                    return one
    return None


def names_role(operations: Iterable[Operation], words: str) -> bool:
    """Whether `words` name, in quotes, a role that was sent."""
    sent = " ".join(str(o.value) for o in operations if bare_name(o.path) == "roles").casefold()
    said = [m[2].casefold() for m in _QUOTED.finditer(words)]
    return any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", sent) for one in said)


def _ids(value: Any) -> list[str]:  # noqa: ANN401 - JSON, or the text of a log
    if isinstance(value, list):
        return [one for entry in value for one in _ids(entry)]
    if isinstance(value, dict):
        return _ids(value.get("value"))
    return re.split(r"[,;\s]+", value) if isinstance(value, str) else []
