"""What a mapping produces from source values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.logged_values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.synchronization import AttributeDefinition, AttributeMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedValue:
    """What one attribute mapping produces for one object."""

    value: Any = None
    """Typed by the attribute's definition; `None`: null, nothing is sent."""

    known: bool = True
    """False when a source value is not at hand or the expression cannot be evaluated here."""


def evaluate_mapping(
    item: AttributeMapping,
    source: Mapping[str, object],
    *,
    creating: bool,
    definition: AttributeDefinition | None = None,
) -> MappedValue:
    """Evaluate `item` over `source`."""
    origin = item.source
    if origin is None or origin.type != "Attribute":
        return MappedValue(known=False)
    name = (origin.name or (origin.expression or "").strip("[]")).casefold()
    values = {k.casefold(): v for k, v in source.items()}
    if name not in values:
        return MappedValue(known=False)
    value = values[name]
    if value is None and creating:
        value = item.default_value
    if isinstance(value, str):
        value = read_value(value, item.target_attribute_name, definition).value
    return MappedValue(value=value)
