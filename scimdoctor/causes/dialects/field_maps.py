"""Bodies that file messages under attribute names.

ASP.NET's `ValidationProblemDetails`, Laravel and Rails (`errors: {field: [message]}`), Django
REST framework (the fields at the top or in `detail`, nested as the attributes are), SCIM-SDK and
FusionAuth (`fieldErrors`, at some depth).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.dialects.remark import Remark, within_operation, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAPS = frozenset(
    ["errors", "error", "validationerrors", "modelstate", "fielderrors", "detail", "details"]
)
"""Keys of maps that hold errors by attribute (lower case)."""

_NO_FIELD = frozenset({"", "$", "non_field_errors", "base", "general", "errormessages", "_errors"})
_MESSAGE = ("message", "msg", "description", "defaultMessage")
_DEPTH = 4
_NOT_FIELDS = frozenset(
    [
        "schemas",
        "schema",
        "status",
        "statuscode",
        "scimtype",
        "detail",
        "title",
        "type",
        "traceid",
        "instance",
        "message",
        "error",
        "errors",
        "code",
        "timestamp",
        "path",
        "description",
        "error_description",
        "errorcode",
        "requestid",
        "request_id",
        "id",
        "exceptionrequestid",
        "correlationid",
        "success",
        "name",
        "stack",
    ]
)
"""Keys of error bodies that are no attribute (lower case)."""

_ALSO_FIELDS = frozenset({"title", "name"})
"""Those of them that are attributes if they hold a list: a message is one text (Django REST)."""


def remarks(body: dict[str, Any], depth: int = 0) -> Iterator[Remark]:
    """Every message of the maps of errors, or of the body itself where it is such a map."""
    if depth > _DEPTH:
        return
    fields = {k: v for k, v in body.items() if _may_be_field(k, v)}
    yield from _of_map(fields, "", depth)
    for key, value in body.items():
        if not isinstance(value, dict) or key in fields:
            continue
        if str(key).casefold() in _MAPS and not _holds_maps(value):
            yield from _of_map(value, "", depth + 1)
        else:
            yield from remarks(value, depth + 1)


def _holds_maps(value: dict[str, Any]) -> bool:
    """Whether the maps of errors stand one level lower (`errors: {fieldErrors: …}`)."""
    return any(str(k).casefold() in _MAPS and isinstance(v, dict) for k, v in value.items())


def _may_be_field(key: str, value: object) -> bool:
    name = str(key).casefold()
    if name in _NOT_FIELDS | _MAPS and not (name in _ALSO_FIELDS and isinstance(value, list)):
        return False
    if isinstance(value, dict):
        return bool(value) and all(_may_be_field(k, v) for k, v in value.items())
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _of_map(fields: dict[str, Any], prefix: str, depth: int) -> Iterator[Remark]:
    for key, value in fields.items():
        name = str(key).removeprefix("$.")
        if isinstance(value, dict) and not _message_of(value):
            if depth <= _DEPTH:
                yield from _of_map(value, f"{prefix}{name}.", depth + 1)
            continue
        bare = name.casefold() in _NO_FIELD
        if not bare and name.casefold() in _NOT_FIELDS and not isinstance(value, list):
            continue
        attribute = None if bare else within_operation(f"{prefix}{name}")
        for message in value if isinstance(value, list) else [value]:
            text = _message_of(message) if isinstance(message, dict) else words(message)
            if text:
                yield Remark(text=text, attribute=attribute)


def _message_of(entry: dict[str, Any]) -> str:
    return next((words(entry[k]) for k in _MESSAGE if words(entry.get(k))), "")
