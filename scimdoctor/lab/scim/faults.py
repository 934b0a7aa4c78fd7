"""All switches of the provider: `FAULTS` break something that Entra needs, `TRAITS` do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.scim.switch import Fault, Switch, Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FAULTS", "TRAITS", "Fault", "Trait", "switches"]

FAULTS: tuple[Fault, ...] = ()

TRAITS: tuple[Trait, ...] = ()


def switches(faults: Iterable[str], traits: Iterable[str]) -> tuple[Switch, ...]:
    """The switches of these ids, in this order.

    Raises:
        ConfigurationError: there is none of that id.

    """
    chosen_faults = [_named(FAULTS, name, "fault") for name in faults]
    return (*chosen_faults, *(_named(TRAITS, name, "trait") for name in traits))


def _named(known: Sequence[Switch], name: str, kind: str) -> Switch:
    found = next((switch for switch in known if switch.id == name), None)
    if found is None:
        raise ConfigurationError(
            f"there is no {kind} {name!r}", hint="scimdoctor lab --list-faults names them"
        )
    return found
