"""One module per command, and the one list that names them all."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOOK = "Look"
_TEST = "Test and replay"
_ACT = "Act"
_SETUP = "Set up"
_TRY = "Try without a tenant"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One command of the command line, or a group of them."""

    name: str
    panel: str
    command: Callable[..., None] | None = None
    commands: Mapping[str, Callable[..., None]] = field(default=EMPTY)
    help: str | None = None


def _entry(name: str, panel: str) -> Entry:
    module_name = name.replace("-", "_")
    module = importlib.import_module(f"scimdoctor.cli.commands.{module_name}")
    group = getattr(module, "COMMANDS", None)
    if group is not None:
        return Entry(name=name, panel=panel, commands=group, help=module.__doc__)
    return Entry(name=name, panel=panel, command=getattr(module, module_name))


NAMES: tuple[tuple[str, str], ...] = (
    ("diagnose", _LOOK),
    ("logs", _LOOK),
    ("status", _LOOK),
    ("apps", _LOOK),
    ("mappings", _LOOK),
    ("explain", _LOOK),
    ("check-endpoint", _TEST),
    ("replay", _TEST),
    ("compare", _TEST),
    ("report", _TEST),
    ("job", _ACT),
    ("provision", _ACT),
    ("cleanup", _ACT),
    ("archive", _ACT),
    ("login", _SETUP),
    ("logout", _SETUP),
    ("whoami", _SETUP),
    ("demo", _TRY),
    ("lab", _TRY),
)
"""Every command with its help panel, in the order that `--help` shows."""


def registry(only: str | None = None) -> tuple[Entry, ...]:
    """Every command, imported; or the one called `only`, to start faster."""
    return tuple(_entry(name, panel) for name, panel in NAMES if only in {None, name})
