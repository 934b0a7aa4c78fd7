"""SCIM errors (RFC 7644 section 3.12) and problem details (RFC 9457): `detail`, `title`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.dialects.remark import Remark, path_text, words

if TYPE_CHECKING:
    from collections.abc import Iterator


def remarks(body: dict[str, Any]) -> Iterator[Remark]:
    """The detail, the title where it says more than a status, and `invalid-params`."""
    for key in ("detail", "title"):
        text = words(body.get(key))
        if text:
            yield Remark(text=text)
    for entry in _list(body.get("invalid-params") or body.get("invalidParams")):
        if isinstance(entry, dict) and words(entry.get("reason")):
            yield Remark(text=words(entry["reason"]), attribute=path_text(entry.get("name")))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
