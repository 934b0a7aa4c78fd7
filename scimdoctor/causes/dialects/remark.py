"""One sentence of an error body, with the attribute that the body files it under."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IN_OPERATION = re.compile(
    r"(?i)^(?:body\.|request\.)?operations(?:\[\d+\]|\.\d+)?\.value(?:\[\d+\]|\.\d+)*\.(?=\w)"
)

BODY = "body"
"""What a remark is about that is filed under the body as a whole."""

_QUOTED_NAME = re.compile(r"\[['\"]([^'\"\[\]]{1,200})['\"]\]")


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
        plain = text.startswith(("urn:", "http"))
        return text if plain else within_operation(text.replace("/", "."))
    if isinstance(value, list) and value:
        parts = [str(part) for part in value if part not in {"body", "query", "__root__"}]
        return within_operation(".".join(parts)) or (BODY if "body" in value else None)
    return None


def within_operation(path: str) -> str:
    """The path inside a PATCH operation's value, where `path` leads there; else `path`.

    Names that JSONPath puts into brackets and quotes lose them.
    """
    plain = _QUOTED_NAME.sub(r"\1", path).removeprefix("$").removeprefix(".")
    return _IN_OPERATION.sub("", plain)
