"""Changes every text inside a frozen value, wherever it stands.

The walk knows nothing about reports: it follows dataclasses, tuples and mappings and hands each
text to the rewriter together with the name of the field that holds it. What does not change is
returned as the same object.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scimdoctor.model.comparison import AttributeComparison
from scimdoctor.model.frozen import EMPTY, frozen
from scimdoctor.model.provisioning import ModifiedProperty
from scimdoctor.model.replay import Difference
from scimdoctor.redaction import (
    REDACTED,
    is_credential_name,
    is_password,
    redact_body,
    redact_headers,
    redact_text,
)
from scimdoctor.reports.neutral import neutral

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.exchange import Headers
    from scimdoctor.model.report import Report

T = TypeVar("T")

LONGEST_FIELD = 50_000

_PROSE_SECRET = re.compile(
    r"(?i)(\b(?:(?:access|refresh|id|secret|bearer|api|auth)[_-]?token|(?:client|shared)[_-]?secret"
    r"|client[_-]?assertion|password|passphrase|(?:api|subscription|private|access)[_-]?key)['\"]?\s*[=:]\s*['\"]?)(?!\[redacted)[^\s&;,'\"<>{}\[\]]{4,}"
)
"""A credential with its name in a sentence or a printed structure: `client_secret=…`."""

_TEXT_OF_AN_ATTRIBUTE = frozenset(
    {"old_value", "new_value", "sent", "answered", "stored", "source", "expected", "actual"}
)


class Rewriter(Protocol):
    """What is done to each leaf."""

    def text(self, text: str, field: str) -> str:
        """Return what stands in place of `text`."""

    def body(self, body: bytes) -> bytes:
        """Return what stands in place of `body`."""

    def headers(self, headers: Headers) -> Headers:
        """Return what stands in place of `headers`."""


def rewrite(value: T, rewriter: Rewriter) -> T:
    """Return `value` with every text, body and header list rewritten; `raw` fields emptied."""
    return _walk(value, rewriter, "")  # type: ignore[no-any-return]


def scrubbed(report: Report) -> Report:
    """Return `report` without anything that looks like a credential.

    What is recorded is redacted already; this is the second lock on the door.
    """
    return rewrite(report, _Scrubber())


def neutralised(report: Report) -> Report:
    """Return `report` with every text neutral, bodies excepted: they stay bytes until shown."""
    return rewrite(report, _Neutraliser())


def scrubbed_text(text: str) -> str:
    """Return `text` without anything that looks like a credential."""
    return _PROSE_SECRET.sub(rf"\1{REDACTED}", redact_text(text))


def _walk(value: Any, rewriter: Rewriter, field: str) -> Any:  # noqa: ANN401 - any value at all
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return rewriter.text(value, field)
    if isinstance(value, bytes):
        return rewriter.body(value)
    if isinstance(value, tuple):
        return _walk_tuple(value, rewriter, field)
    if isinstance(value, dict):
        return _walk_mapping(value, rewriter)
    if is_dataclass(value) and not isinstance(value, type):
        return _walk_dataclass(value, rewriter)
    return value


def _walk_tuple(value: tuple[Any, ...], rewriter: Rewriter, field: str) -> tuple[Any, ...]:
    if field == "headers":
        return rewriter.headers(value)
    new = tuple(_walk(item, rewriter, field) for item in value)
    return value if all(a is b for a, b in zip(new, value, strict=True)) else new


def _walk_mapping(value: Mapping[Any, Any], rewriter: Rewriter) -> Mapping[Any, Any]:
    new = {
        _walk(key, rewriter, "key"): _walk(item, rewriter, str(key)) for key, item in value.items()
    }
    return value if new == value else frozen(new)


def _walk_dataclass(value: Any, rewriter: Rewriter) -> Any:  # noqa: ANN401
    changes: dict[str, Any] = {}
    attribute = attribute_of(value)
    kind: Any = type(value)
    for name in _field_names(kind):
        old = getattr(value, name)
        if name == "raw":
            new: Any = EMPTY
        elif name == "headers":
            new = rewriter.headers(old)
        else:
            about = attribute if attribute and name in _TEXT_OF_AN_ATTRIBUTE else name
            new = _walk(old, rewriter, about)
        if new is not old:
            changes[name] = new
    return replace(value, **changes) if changes else value


def attribute_of(value: object) -> str | None:
    """The SCIM attribute whose values `value` holds, if it is of that kind."""
    if isinstance(value, ModifiedProperty):
        return value.display_name
    if isinstance(value, (Difference, AttributeComparison)):
        return value.attribute
    return None


@cache
def _field_names(cls: Any) -> tuple[str, ...]:  # noqa: ANN401 - any dataclass
    return tuple(field.name for field in fields(cls))


class _Neutraliser:
    """Makes every text harmless, whichever field holds it."""

    def text(self, text: str, field: str) -> str:
        """Return `text` without control characters."""
        del field
        plain = len(text) < LONGEST_FIELD and text.isascii() and text.isprintable()
        return text if plain else neutral(text, limit=LONGEST_FIELD)

    def body(self, body: bytes) -> bytes:
        """Return `body` as it is."""
        return body

    def headers(self, headers: Headers) -> Headers:
        """Return `headers` without control characters."""
        return tuple((self.text(name, ""), self.text(value, "")) for name, value in headers)


def _is_secret_field(name: str) -> bool:
    authorization = name.casefold().endswith("authorization")
    return authorization or is_credential_name(name) or is_password(name)


class _Scrubber:
    """Takes credentials out; remembers texts, because logs repeat themselves."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def text(self, text: str, field: str) -> str:
        """Return `text` without credentials."""
        if text and _is_secret_field(field):
            return REDACTED
        if len(text) < 9:
            return text
        known = self._seen.get(text)
        if known is None:
            known = scrubbed_text(text)
            if len(text) < 400:
                self._seen[text] = known
        return known

    def body(self, body: bytes) -> bytes:
        """Return `body` without credentials."""
        cleaned = redact_body(body)
        text = cleaned.decode("latin-1")  # one character a byte: what is no secret stays as it is
        clean_text = _PROSE_SECRET.sub(rf"\1{REDACTED}", text)
        return cleaned if clean_text == text else clean_text.encode("latin-1")

    def headers(self, headers: Headers) -> Headers:
        """Return `headers` without credentials."""
        return redact_headers(headers)
