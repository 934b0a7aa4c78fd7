"""Spares typer the conversion of options where nothing can go wrong.

typer converts every value with a pydantic adapter of its own, also a default and also `None`: on
a command with forty options that takes longer than all else before the first request. What
cannot be converted here is left to typer, which also words the error.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def spare_conversion(parameters: Iterable[Any]) -> None:
    """Let typer convert only what is neither missing, nor a default, nor plainly right."""
    for parameter in parameters:
        # Releases of typer without pydantic have no such method, and need none of this.
        convert = getattr(parameter, "get_runtime_param", None)
        if convert is None or isinstance(convert, _Sparing):
            continue
        if parameter.type_descriptor.parameter_info.parser is None:
            parameter.get_runtime_param = _Sparing(convert, parameter.type_descriptor)


@dataclass(frozen=True)
class _Sparing:
    """Stands for typer's converter, and makes that only where it is needed."""

    make: Callable[[], Any]
    described: Any

    def __call__(self) -> _Sparing:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - as typer has it
        kind = self.described.annotation
        # What is typed comes as text: a value of any other right type is the default.
        if type(value) is kind:
            return value
        if value is None:
            return () if param.nargs != 1 or getattr(param, "multiple", False) else None
        plain: object = self._each(kind, value) if isinstance(value, list | tuple) else None
        if isinstance(value, str):
            plain = self._plain(kind, value)
        return self.make().coerce(value, param=param, ctx=ctx) if plain is None else plain

    def _each(self, kind: object, values: Iterable[Any]) -> list[object] | None:
        """The same for an option that may be given several times."""
        if get_origin(kind) is not list:
            return None
        (inner,) = get_args(kind)
        found = [self._plain(inner, one) for one in values]
        return None if None in found else found

    def _plain(self, kind: object, text: str) -> object | None:
        """The value that `text` plainly means; `None`: typer has to look at it."""
        if kind is str:
            return text
        if kind is Path:
            path = Path(text)
            return path if os.access(path, os.R_OK) or not os.path.lexists(path) else None
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next((one for one in kind if one.value == text), None)
        if kind in {int, float} and text.isascii() and text.isdecimal():
            return self._number(float(text) if kind is float else int(text))
        return None

    def _number(self, number: float) -> float | None:
        least, most = (getattr(self.described.parameter_info, name) for name in ("min", "max"))
        within = (least is None or least <= number) and (most is None or number <= most)
        return number if within else None
