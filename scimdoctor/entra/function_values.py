"""What Entra's mapping functions work on: text, lists of text, and null."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*", re.ASCII)

Value = Any
"""`None` is null; text is `str`; multi-valued attributes are lists. Booleans are text."""


class NotEvaluable(Exception):
    """The value cannot be worked out here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the mapping language."""

    name: str
    """As documented; letter case does not count when it is called."""

    parameters: tuple[str, ...]
    """In order; `?` at the end marks an optional one, `*` one that repeats."""

    run: Callable[..., Value] | None = None
    """Takes the evaluated arguments; `None` where the evaluator itself handles the call."""

    not_local: str | None = None
    """Why it cannot be evaluated here, if it cannot."""

    @property
    def least(self) -> int:
        """The number of arguments that must be there."""
        return sum(not p.endswith(("?", "*")) for p in self.parameters)

    @property
    def most(self) -> int | None:
        """The number of arguments that may be there; `None` for any."""
        return None if any(p.endswith("*") for p in self.parameters) else len(self.parameters)


def as_text(value: object) -> str | None:
    """A source value as the mapping language sees it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        if len(value) > 1:
            raise NotEvaluable("a multi-valued attribute where a single value is expected")
        return as_text(value[0]) if value else None
    return str(value)


def as_list(value: object) -> list[Any]:
    """A value as the list of its values; null is none."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def as_number(value: object, what: str) -> float:
    """A number out of its text.

    Raises:
        NotEvaluable: it is none.
    """
    number = number_in(as_text(value) or "")
    if number is None:
        raise NotEvaluable(f"{what} is not a number: {as_text(value)!r}")
    return number


def number_in(text: str) -> float | None:
    """The number that `text` is; `None` where it is none, as `nan`, `inf` and `1_000` are."""
    return float(text) if _NUMBER.fullmatch(text) else None


def as_integer(value: object, what: str) -> int:
    """A whole number out of its text.

    Raises:
        NotEvaluable: it is none.
    """
    try:
        return int(as_number(value, what))
    except OverflowError:
        raise NotEvaluable(f"{what} is out of range") from None


def truth(*, holds: bool) -> str:
    """`True` or `False`, as text."""
    return "True" if holds else "False"


def is_empty(value: object) -> bool:
    """Whether a value is null, an empty text or an empty list."""
    return value is None or value in ("", [])
