"""Reading single values out of a log record whose spelling is not to be trusted.

The same record comes in camelCase (Graph), PascalCase (PowerShell, older exports), with nested
parts as JSON text (Log Analytics) or with column titles (CSV). `Fields` looks a value up by its
name alone: case, spaces and punctuation of keys do not count.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY, FrozenDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

US_TIME = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})"
    r"(?:,? +(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?: *([AaPp])[Mm])?)?"
)
"""Month first, as Azure's portal and .NET's invariant culture write it."""

DOTNET_DATE = re.compile(r"\\?/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\\?/")
"""How Windows PowerShell 5 writes a date into JSON: milliseconds since 1970."""

CUT_BY_POWERSHELL = ("Microsoft.Graph.PowerShell.Models.", "@{", "System.Object[]")
"""What `ConvertTo-Json` leaves of a part that lies deeper than its `-Depth`."""


@lru_cache(maxsize=4096)
def fold(key: str) -> str:
    """Return `key` in lower case, letters and digits only; a trailing `[UTC]` is dropped."""
    lowered = key.lower().removesuffix("[utc]")
    return "".join(character for character in lowered if character.isalnum())


class Fields:
    """A record, or a part of one, looked up by folded key. Never raises."""

    __slots__ = ("_values",)

    def __init__(self, raw: Mapping[str, object]) -> None:
        self._values: dict[str, object] = {}
        for key, value in raw.items():
            folded = fold(str(key))
            if value is not None and self._values.get(folded, "") == "":
                self._values[folded] = value

    def __bool__(self) -> bool:
        return bool(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def first(self, *names: str) -> object | None:
        """Return the first of `names` (already folded) that is there and neither null nor ``""``."""
        for name in names:
            value = self._values.get(name)
            if value is not None and value != "":
                return value
        return None

    def verbatim(self, name: str) -> str | None:
        """Return `name` as text, ``""`` included: an empty value is not a missing one."""
        value = self._values.get(name)
        return None if value is None else as_text(value)

    def everything(self) -> str:
        """Return all values as one text, the same for the same record."""
        return as_text({name: self._values[name] for name in sorted(self._values)})

    def text(self, *names: str) -> str | None:
        """Return the first of `names` that has text in it."""
        for name in names:
            value = self._values.get(name)
            if value is not None and (found := as_text(value)):
                return found
        return None

    def plain(self, *names: str) -> str | None:
        """Return the first of `names` that has text in it, objects and lists left out."""
        return next(
            (t for t in map(self.text, names) if t and t.lstrip()[:1] not in {"{", "["}), None
        )

    def number(self, *names: str) -> int | None:
        """Return the first of `names` as a whole number; text is accepted."""
        for name in names:
            if (found := as_number(self._values.get(name))) is not None:
                return found
        return None

    def time(self, *names: str) -> datetime | None:
        """Return the first of `names` that can be read as a time."""
        for name in names:
            if (found := as_time(self._values.get(name))) is not None:
                return found
        return None

    def part(self, *names: str) -> Fields:
        """Return the first of `names` that is an object; an empty one if none is."""
        for name in names:
            if mapping := as_mapping(self._values.get(name)):
                return Fields(mapping)
        return NOTHING

    def parts(self, *names: str) -> Iterator[Fields]:
        """Yield the objects of the first of `names` that is a list (or one object)."""
        for name in names:
            value = nested(self._values.get(name))
            items = value if isinstance(value, list) else [value]
            found = [item for item in map(as_mapping, items) if item]
            if found:
                yield from map(Fields, found)
                return

    def details(self, *names: str) -> Mapping[str, str | None]:
        """Return the first of `names` as an open set of texts, its keys untouched."""
        for name in names:
            if mapping := as_mapping(self._values.get(name)):
                return frozen_texts(mapping)
        return EMPTY

    def cut(self) -> bool:
        """Say whether PowerShell cut nested parts off when the record was saved."""
        return any(
            isinstance(value, str) and value.startswith(CUT_BY_POWERSHELL)
            for value in self._values.values()
        )


NOTHING = Fields({})


def frozen_texts(mapping: Mapping[str, object]) -> FrozenDict[str, str | None]:
    """Return `mapping` with text values; PowerShell's `AdditionalProperties` is opened."""
    texts: dict[str, str | None] = {}
    for key, value in mapping.items():
        if fold(key) == "additionalproperties":
            texts.update(frozen_texts(as_mapping(value) or {}))
        else:
            texts[as_text(key)] = None if value is None else as_text(value)
    return FrozenDict(texts)


def as_text(value: object) -> str:
    """Return any JSON value as text; `True` as Entra writes it, objects as JSON."""
    if isinstance(value, str):
        # Neither a path nor SQL can hold a NUL.
        value = value.replace("\0", "\ufffd") if "\0" in value else value
        return value if value.isascii() else without_lone_surrogates(value)
    if isinstance(value, bool | int | float):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def without_lone_surrogates(text: str) -> str:
    """Return `text` with halves of UTF-16 pairs replaced: no encoding could write them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_number(value: object) -> int | None:
    """Return a whole number; text is read, fractions are cut off, anything else is `None`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        return int(float(value)) if isinstance(value, str | float) else None
    except (ValueError, OverflowError):
        return None


def nested(value: object) -> object:
    """Return `value`, decoded if it is the text of a JSON object or array."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def as_mapping(value: object) -> Mapping[str, object] | None:
    """Return an object; the text of one is decoded, of a list the first is taken."""
    value = nested(value)
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), None)
    return value if isinstance(value, dict) else None


def as_time(value: object) -> datetime | None:
    """Return an aware UTC time, or `None` if `value` cannot be read as one.

    Reads ISO 8601 with any number of fraction digits, US style, .NET's JSON dates, milliseconds
    since 1970; a time without an offset is UTC, as every source of provisioning logs documents.
    """
    if isinstance(value, dict):
        value = Fields(value).first("value", "datetime")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_milliseconds(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    if match := DOTNET_DATE.fullmatch(text):
        return from_milliseconds(int(match[1]))
    if match := US_TIME.fullmatch(text):
        return from_us_style(match)
    return None


def in_utc(time: datetime) -> datetime:
    """Return `time` in UTC; one without an offset is taken to be UTC already."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def from_milliseconds(milliseconds: float) -> datetime | None:
    """Return the time so many milliseconds after 1970, or `None` outside of the calendar."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        return None


def from_us_style(match: re.Match[str]) -> datetime | None:
    """Return the time of a `US_TIME` match; `None` if there is no such day or hour."""
    month, day, year = int(match[1]), int(match[2]), int(match[3])
    hour, minute, second = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
    microsecond = int((match[7] or "0").ljust(6, "0")[:6])
    if match[8]:
        hour = hour % 12 + (12 if match[8] in "pP" else 0)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    except ValueError:
        return None
