"""All switches of the provider: `FAULTS` break something that Entra needs, `TRAITS` do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.scim import traits
from scimdoctor.lab.scim.families import (
    attributes,
    authentication,
    creating,
    errors,
    filtering,
    lifecycle,
    listing,
    load,
    mapping,
    membership,
    oauth,
    patch_effect,
    patch_paths,
    patch_syntax,
    transport,
)
from scimdoctor.lab.scim.switch import Fault, Switch, Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FAULTS", "TRAITS", "Fault", "Trait", "switches"]

FAULTS: tuple[Fault, ...] = (
    *transport.FAULTS,
    *authentication.FAULTS,
    *oauth.FAULTS,
    *listing.FAULTS,
    *filtering.FAULTS,
    *creating.FAULTS,
    *attributes.FAULTS,
    *patch_syntax.FAULTS,
    *patch_paths.FAULTS,
    *patch_effect.FAULTS,
    *lifecycle.FAULTS,
    *membership.FAULTS,
    *mapping.FAULTS,
    *errors.FAULTS,
    *load.FAULTS,
)

TRAITS: tuple[Trait, ...] = traits.TRAITS


def switches(fault_ids: Iterable[str], trait_ids: Iterable[str]) -> tuple[Switch, ...]:
    """The switches of these ids, in this order.

    Raises:
        ConfigurationError: there is none of that id.

    """
    chosen_faults = [_named(FAULTS, name, "fault") for name in fault_ids]
    return (*chosen_faults, *(_named(TRAITS, name, "trait") for name in trait_ids))


def _named(known: Sequence[Switch], name: str, kind: str) -> Switch:
    found = next((switch for switch in known if switch.id == name), None)
    if found is None:
        raise ConfigurationError(
            f"there is no {kind} {name!r}", hint="scimdoctor lab --list-faults names them"
        )
    return found
