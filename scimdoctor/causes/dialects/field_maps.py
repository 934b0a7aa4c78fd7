"""Bodies that file messages under attribute names.

ASP.NET's `ValidationProblemDetails`, Laravel and Rails (`errors: {field: [message]}`), Django
REST framework (the fields at the top), SCIM-SDK (`errors: {fieldErrors, errorMessages}`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.dialects.remark import Remark, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_FIELD = frozenset({"", "$", "non_field_errors", "base", "general", "errormessages", "_errors"})
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


def remarks(body: dict[str, Any]) -> Iterator[Remark]:
    """Every message of `errors`, or of the body itself where it is such a map."""
    errors = body.get("errors") or body.get("validationErrors") or body.get("modelState")
    if isinstance(errors, dict):
        nested = errors.get("fieldErrors") or errors.get("errors")
        yield from _of_map(nested if isinstance(nested, dict) else errors)
        if nested is not None:
            yield from _of_map({"": errors.get("errorMessages")})
    else:
        yield from _of_map({k: v for k, v in body.items() if _may_be_field(k, v)})


def _may_be_field(key: str, value: object) -> bool:
    if key.casefold() in _NOT_FIELDS:
        return False
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _of_map(fields: dict[str, Any]) -> Iterator[Remark]:
    for key, value in fields.items():
        attribute = None if str(key).casefold() in _NO_FIELD else str(key).removeprefix("$.")
        for message in value if isinstance(value, list) else [value]:
            text = words(message.get("message") if isinstance(message, dict) else message)
            if text:
                yield Remark(text=text, attribute=attribute)
