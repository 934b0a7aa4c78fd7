"""Bodies with one message under some usual name: Spring, Rails, Express, AWS, OAuth 2.0, Go.

OData 3 puts it one level lower: `message: {lang, value}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.dialects.remark import Remark, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = frozenset(
    """message msg error error_description errormessage error_message description reason detail
    details errors developermessage exceptionmessage errordescription summary text cause trace
    exception debugmessage userMessage code errorcode errorsummary""".casefold().split()
)
_DEPTH = 3


def remarks(body: object, depth: int = 0) -> Iterator[Remark]:
    """Every text under a name that usually holds the message, a few levels deep."""
    if not isinstance(body, dict) or depth > _DEPTH:
        return
    for key, value in body.items():
        named = str(key).casefold().replace("-", "_") in _NAMES
        if named and words(value):
            yield Remark(text=words(value))
        elif named and isinstance(value, dict) and words(value.get("value")):
            yield Remark(text=words(value["value"]))
        yield from remarks(value, depth + 1)


def of_body(body: dict[str, Any]) -> tuple[Remark, ...]:
    """All of `remarks` as a tuple."""
    return tuple(remarks(body))
