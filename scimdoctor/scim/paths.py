"""Attribute paths (RFC 7644 section 3.5.2, figure 7), as Entra's mappings and PATCH bodies use them.

`emails[type eq "work"].value`, `name.givenName`, `urn:…:User:department`, `members`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = re.compile(
    r"""^\s*
    (?:(?P<urn>(?i:urn):[^\[\]"]+?|https?://[^\[\]"\s]+?):(?=[^:\[\]"]+(?:\[|$)))?
    (?P<attribute>[^\s.\[\]":]+)
    (?:\[(?P<filter>(?:[^\]"]|"(?:[^"\\]|\\.)*")*)\])?
    (?:\.(?P<sub>[^\s.\[\]":]+))?
    \s*$""",
    re.VERBOSE,
)
_SIMPLE_FILTER = re.compile(
    r"""^\s*(?P<attribute>[\w$.-]+)\s+eq\s+(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>\S+))\s*$""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributePath:
    """A parsed path. `print(parse(text))` gives an equivalent text back."""

    attribute: str
    urn: str | None = None
    """The schema extension's URN, without the attribute."""

    filter: str | None = None
    """What stands between the brackets, as written."""

    sub_attribute: str | None = None

    @classmethod
    def parse(cls, text: str) -> AttributePath | None:
        """Parse `text`; `None` if it is no path."""
        found = _PATH.match(text)
        if found is None:
            return None
        return cls(
            urn=found["urn"],
            attribute=found["attribute"],
            filter=found["filter"],
            sub_attribute=found["sub"],
        )

    def __str__(self) -> str:
        text = f"{self.urn}:{self.attribute}" if self.urn else self.attribute
        if self.filter is not None:
            text += f"[{self.filter}]"
        return f"{text}.{self.sub_attribute}" if self.sub_attribute else text

    @property
    def equality(self) -> tuple[str, str] | None:
        """Attribute and value of a filter that is a plain `x eq "y"`; else `None`."""
        found = _SIMPLE_FILTER.match(self.filter or "")
        if found is None:
            return None
        text = found["text"]
        value = found["bare"] if text is None else text.replace('\\"', '"').replace("\\\\", "\\")
        return found["attribute"], value


def member(resource: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """The value under `name` in any letter case (RFC 7643 section 2.1), or `None`."""
    if name in resource:
        return resource[name]
    wanted = name.casefold()
    return next((v for k, v in resource.items() if k.casefold() == wanted), None)


def value_at(resource: Any, path: AttributePath | str) -> Any:  # noqa: ANN401
    """The value that `path` addresses in `resource`, or `None`.

    A filter picks the first element that fits; without a filter, a sub-attribute of a
    multi-valued attribute gives the list of all of them.
    """
    parsed = AttributePath.parse(path) if isinstance(path, str) else path
    if parsed is None or not isinstance(resource, dict):
        return None
    holder = member(resource, parsed.urn) if parsed.urn else resource
    if not isinstance(holder, dict):
        return None
    value = member(holder, parsed.attribute)
    if parsed.filter is not None:
        value = _first_match(value, parsed)
    return value if parsed.sub_attribute is None else _sub_value(value, parsed.sub_attribute)


def _first_match(value: Any, path: AttributePath) -> Any:  # noqa: ANN401
    wanted = path.equality
    elements = value if isinstance(value, list) else []
    if wanted is None:
        return None
    return next((e for e in elements if isinstance(e, dict) and _fits(e, *wanted)), None)


def _fits(element: dict[str, Any], attribute: str, value: str) -> bool:
    actual = member(element, attribute)
    text = str(actual).casefold() if isinstance(actual, bool) else actual
    return isinstance(text, str) and text.casefold() == value.casefold()


def _sub_value(value: Any, name: str) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return member(value, name)
    if isinstance(value, list):
        found = [member(e, name) for e in value if isinstance(e, dict)]
        return [v for v in found if v is not None] or None
    return None
