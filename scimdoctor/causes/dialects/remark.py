"""One sentence of an error body, with the attribute that the body files it under."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What one entry of an error body says."""

    text: str
    attribute: str | None = None
    """From a field of the body; `None` where only the sentence may name one."""


def words(value: object) -> str:
    """`value` as text, if it is text; else nothing."""
    return value.strip() if isinstance(value, str) else ""


def path_text(value: object) -> str | None:
    """An attribute path from a text or from a list of names and positions."""
    if isinstance(value, str) and value.strip():
        text = value.strip().replace("/data/attributes/", "").strip("/")
        return text.replace("/", ".") if not text.startswith(("urn:", "http")) else text
    if isinstance(value, list) and value:
        parts = [str(part) for part in value if part not in {"body", "query", "__root__"}]
        return ".".join(parts) or None
    return None
