"""Sentences that string several messages together, each with the attribute that it is about.

zod (`path: message; …`, `message at "path"; …`), pydantic (the path on a line of its own), AJV as
Fastify writes it (`body/path must …`), Joi (`"path" is …. "path" must …`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.causes.attributes import CORE_USER, ENTERPRISE, bare_name
from scimdoctor.causes.dialects.remark import Remark, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES = CORE_USER | ENTERPRISE | {"operations", "members"}
"""The names that a path may begin with (lower case)."""

_PATH = r"(?P<path>[A-Za-z$][\w$.:\[\]/-]{1,119})"
_LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One way to string messages together."""

    pattern: re.Pattern[str]
    fewest: int
    """So many messages there must be, lest an ordinary sentence be taken for one."""


STYLES: tuple[Style, ...] = (
    Style(pattern=re.compile(rf"""(?:^|; ?)(?P<said>[^;\n]{{3,200}}?) at ["'`]{_PATH}["'`](?=;|$)"""), fewest=1),
    Style(pattern=re.compile(rf"(?m)^{_PATH}\n +(?P<said>\S.{{2,300}})$"), fewest=1),
    Style(pattern=re.compile(rf"(?:^|, )(?:data|body|instance)[./]{_PATH} (?P<said>must [^,;\n]{{3,200}})"), fewest=1),
    Style(pattern=re.compile(rf"""(?:^|[;\n,] ?|\. )["'`]?{_PATH}["'`]?: (?P<said>[^;\n]{{3,300}}?)(?=[;\n]|, [\w.\[\]]+: |$)"""), fewest=2),
    Style(pattern=re.compile(rf"""(?:^|[.,;] ?)["'`]{_PATH}["'`] (?P<said>(?:is|must|should|has|length|contains)\b[^.;,\n]{{3,200}})"""), fewest=2),
)  # fmt: skip


def taken_apart(remark: Remark) -> Iterator[Remark]:
    """Each message with its attribute; `remark` itself if it is none of these."""
    found = _messages(remark.text) if remark.attribute is None else []
    yield from found or [remark]


def _messages(text: str) -> list[Remark]:
    for style in STYLES:
        found = [
            Remark(text=match["said"].strip(), attribute=path_text(match["path"]))
            for match in style.pattern.finditer(text[:_LONGEST])
        ]
        known = all(bare_name(remark.attribute) in _PLACES for remark in found)
        if len(found) >= style.fewest and known:
            return found
    return []
