"""Typed values out of what flags, environment and file gave as text or TOML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scimdoctor.config.file import PREFIX
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.frozen import frozen
from scimdoctor.redaction import REDACTED, redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E", bound=StrEnum)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, slots=True)
class Reader:
    """Takes typed values out of what the layers gave, naming key and origin when one is wrong."""

    values: dict[str, Any]
    origins: dict[str, str]

    def _wrong(self, key: str, expected: str) -> ConfigurationError:
        origin = self.origins.get(key, "settings")
        source = f"{PREFIX}{key.upper()}" if origin == "environment" else f"{key!r} ({origin})"
        return ConfigurationError(f"{source} must be {expected}, not {_shown(self.values[key])}.")

    def text(self, key: str) -> str | None:
        """A text without blanks around it; `None` if not set."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._wrong(key, "a text in quotes")
        return value.strip()

    def path(self, key: str) -> Path | None:
        """A path, `~` resolved."""
        value = self.values.get(key)
        return value if isinstance(value, Path) else path_or_none(self.text(key))

    def https(self, key: str) -> str | None:
        """The base address of a Microsoft host."""
        value = self.text(key)
        if value is not None and not re.fullmatch(r"https://[^/?#\s@]+/?", value):
            raise self._wrong(key, "an https:// address without a path")
        return value.rstrip("/") if value else None

    def member(self, key: str, kind: type[E], default: E) -> E:
        """A member of the enumeration `kind`."""
        value = self.text(key)
        try:
            return kind(value.casefold()) if value else default
        except ValueError:
            raise self._wrong(key, f"one of {', '.join(kind)}") from None

    def flag(self, key: str) -> bool:
        """True or false, also as text."""
        value = self.values.get(key, False)
        text = str(value).strip().casefold()
        if text not in _TRUE | _FALSE:
            raise self._wrong(key, "true or false")
        return text in _TRUE

    def seconds(self, key: str, default: float) -> float:
        """A number of seconds above 0."""
        try:
            value = float(self.values.get(key, default))
        except (TypeError, ValueError):
            raise self._wrong(key, "a number of seconds") from None
        if not 0 < value <= 3600:
            raise self._wrong(key, "a number of seconds between 0 and 3600")
        return value

    def table(self, key: str) -> Mapping[str, str]:
        """Texts by name."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self._wrong(key, 'a table like { "X-Tenant" = "contoso" }')
        return frozen(value)


def _shown(value: object) -> str:
    """`value` as it may be printed: an address with a user in it holds a password."""
    text = repr(value)
    return REDACTED if "://" in text and "@" in text else redact_text(text)


def path_or_none(text: str | None) -> Path | None:
    """Return `text` as a path, `~` resolved; `None` for nothing."""
    return Path(text).expanduser() if text else None
