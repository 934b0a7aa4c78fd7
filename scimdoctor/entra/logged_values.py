"""Values as the provisioning log writes them, read back into the types that Entra sent.

The log holds text only: booleans as `True`, lists joined or as JSON, hidden values as `[Redact]`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.attribute_names import BOOLEAN_TARGETS, COMPLEX_MULTIVALUED
from scimdoctor.entra.requests import is_schema_urn
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.redaction import is_password
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import AttributeDefinition

REDACTED = "[Redact]"
"""What the log shows for a value that passed through the mapping function `Redact`."""

_CUT_MARKS = ("…", "...")
_JSON_BEGINS = re.compile(r"""\[\s*[\[{"\]]|\{\s*["}]""")
_SHORTEST_CUT = 60
"""Shorter texts that end in dots are taken as they are: people write so too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedValue:
    """A logged text, typed."""

    value: Any
    """`None` for null and for a value that cannot be known; `provenance` tells which."""

    provenance: Provenance = Provenance.OBSERVED
    note: str | None = None

    @classmethod
    def unknown(cls, note: str) -> LoggedValue:
        """A value that the log hides."""
        return cls(value=None, provenance=Provenance.UNKNOWN, note=note)


def read_value(text: str | None, path: str, definition: AttributeDefinition | None) -> LoggedValue:
    """Type `text`, the value of the target attribute `path`.

    The attribute's definition decides; without one, RFC 7643's type of a core attribute does.
    """
    if text is None:
        return LoggedValue(value=None)
    if is_password(path):
        return LoggedValue.unknown(f"`{path}`: passwords are neither shown nor sent")
    if text.strip().casefold() in {REDACTED.casefold(), "[redacted]"}:
        return LoggedValue.unknown(f"`{path}`: the log hides the value (`{REDACTED}`)")
    if len(text) >= _SHORTEST_CUT and text.rstrip().endswith(_CUT_MARKS):
        return LoggedValue.unknown(f"`{path}`: the log cuts the value off")
    if _is_structured(path, definition):
        return _structured(text, path)
    return _scalar(text, path, definition)


def _last_part(path: str) -> str:
    parsed = AttributePath.parse(path)
    if parsed is None:
        return path.casefold()
    return (parsed.sub_attribute or parsed.attribute).casefold()


def is_boolean(path: str, definition: AttributeDefinition | None = None) -> bool:
    """Whether the target attribute holds true or false."""
    if definition is not None:
        return definition.type.casefold() == "boolean"
    return _last_part(path) in BOOLEAN_TARGETS


def _is_structured(path: str, definition: AttributeDefinition | None) -> bool:
    if definition is not None and definition.multivalued:
        return True
    if is_schema_urn(path):
        return True
    parsed = AttributePath.parse(path)
    plain = parsed is not None and parsed.filter is None and parsed.sub_attribute is None
    name = parsed.attribute.casefold() if parsed else ""
    return plain and (name in COMPLEX_MULTIVALUED or name in {"manager", "name"})


def _structured(text: str, path: str) -> LoggedValue:
    stripped = text.strip()
    if not _JSON_BEGINS.match(stripped):
        return LoggedValue(value=text)
    try:
        return LoggedValue(value=json.loads(stripped))
    except (ValueError, RecursionError):
        return LoggedValue.unknown(f"`{path}`: the logged JSON is cut off or broken")


def _scalar(text: str, path: str, definition: AttributeDefinition | None) -> LoggedValue:
    if is_boolean(path, definition):
        return _boolean(text, path)
    if definition is not None and definition.type.casefold() == "integer":
        return _integer(text, path)
    return LoggedValue(value=text)


def _boolean(text: str, path: str) -> LoggedValue:
    value = {"true": True, "false": False}.get(text.strip().casefold())
    if value is None:
        note = f"`{path}` is a Boolean, but the log shows another text; it is kept as text"
        return LoggedValue(value=text, note=note)
    return LoggedValue(value=value)


def _integer(text: str, path: str) -> LoggedValue:
    try:
        return LoggedValue(value=int(text))
    except ValueError:
        note = f"`{path}` is an Integer, but the log shows another text; it is kept as text"
        return LoggedValue(value=text, note=note)
