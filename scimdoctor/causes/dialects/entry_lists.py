"""Bodies that list entries, each with a place and a message.

FastAPI and pydantic (`detail: [{loc, msg, type}]`), zod (`issues: [{path, message, expected}]`),
Joi (`details`), express-validator (`errors: [{param, msg}]`), Spring (`errors: [{field,
defaultMessage}]`), JSON:API (`errors: [{source: {pointer}, detail}]`), Rails (`errors: [text]`),
NestJS (`message: [text]`), FusionAuth (`generalErrors`), FluentValidation (`propertyName`,
`errorMessage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.dialects.remark import Remark, path_text, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = frozenset(
    [
        "errors",
        "error",
        "issues",
        "details",
        "detail",
        "violations",
        "messages",
        "message",
        "generalerrors",
        "errorcauses",
    ]
)
"""Keys of lists that hold errors (lower case)."""

_PLACES = (
    "loc",
    "path",
    "param",
    "field",
    "property",
    "propertyPath",
    "propertyName",
    "pointer",
    "attribute",
    "instancePath",
    "dataPath",
)
_MESSAGES = (
    "msg",
    "message",
    "defaultMessage",
    "errorMessage",
    "detail",
    "description",
    "title",
    "reason",
    "errorSummary",
)
_KINDS = ("type", "code", "keyword", "expected", "received")
_DEPTH = 4


def remarks(body: object, depth: int = 0) -> Iterator[Remark]:
    """Every entry of the lists that hold errors, looked for a few levels deep."""
    if depth > _DEPTH:
        return
    if isinstance(body, list):
        for entry in body[:200]:
            yield from _of_entry(entry)
    elif isinstance(body, dict):
        for key, value in body.items():
            listed = str(key).casefold() in _LISTS and isinstance(value, list)
            if listed or isinstance(value, dict):
                yield from remarks(value, depth + 1)


def _of_entry(entry: object) -> Iterator[Remark]:
    if isinstance(entry, str) and entry.strip():
        yield Remark(text=entry.strip())
    if not isinstance(entry, dict):
        return
    text = next((words(entry[k]) for k in _MESSAGES if words(entry.get(k))), "")
    kinds = " ".join(f"{k} {words(entry.get(k))}" for k in _KINDS if words(entry.get(k)))
    if text or kinds:
        yield Remark(text=f"{text} ({kinds})" if kinds else text, attribute=_place(entry))


def _place(entry: dict[str, Any]) -> str | None:
    source = entry.get("source")
    if isinstance(source, dict):
        return path_text(source.get("pointer") or source.get("parameter"))
    found = (path_text(entry[key]) for key in _PLACES if key in entry)
    return next((place for place in found if place), None)
