"""Takes passwords and tokens out of an event: no log should hold one, but a mapping puts it there.

The value becomes what Entra itself writes for a hidden one, so that everything that reads the
event takes it as unknown and never sends it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.logged_values import REDACTED
from scimdoctor.model.frozen import EMPTY, frozen
from scimdoctor.redaction import is_secret_attribute
from scimdoctor.sources.fields import fold, nested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.provisioning import (
        ModifiedProperty,
        ProvisioningObjectSummary,
        ProvisioningStep,
    )

_NAMES = frozenset(
    {"displayname", "name", "attribute", "attributename", "property", "propertyname"}
)
_VALUES = frozenset({"oldvalue", "newvalue", "value"})


def without_passwords(event: ProvisioningObjectSummary) -> ProvisioningObjectSummary:
    """Return `event` with the values of passwords, tokens and keys hidden, its raw record included."""
    named = any(is_secret_attribute(p.display_name) for p in event.modified_properties)
    if not named and not any(_holds(s.details) for s in event.provisioning_steps):
        return event
    return replace(
        event,
        modified_properties=tuple(map(_property, event.modified_properties)),
        provisioning_steps=tuple(map(_step, event.provisioning_steps)),
        raw=_clean_record(event.raw),
    )


def _holds(details: Mapping[str, str | None]) -> bool:
    return any(is_secret_attribute(key) for key in details)


def _hidden(value: str | None) -> str | None:
    return REDACTED if value else value


def _property(item: ModifiedProperty) -> ModifiedProperty:
    if not is_secret_attribute(item.display_name):
        return item
    return replace(item, old_value=_hidden(item.old_value), new_value=_hidden(item.new_value))


def _step(step: ProvisioningStep) -> ProvisioningStep:
    if not _holds(step.details):
        return step
    details = {k: _hidden(v) if is_secret_attribute(k) else v for k, v in step.details.items()}
    return replace(step, details=frozen(details))


def _clean_record(raw: Mapping[str, object]) -> Mapping[str, object]:
    try:
        return frozen(_raw(raw))
    except RecursionError:
        return EMPTY  # A record so deep is no log's; better none than one with a password.


def _raw(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A record of any form, passwords hidden; parts that are JSON as text stay text."""
    if isinstance(value, str):
        inner = nested(value)
        clean = value if inner is value else _raw(inner)
        return value if clean is value or clean == inner else json.dumps(clean, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return [_raw(item) for item in value]
    if not hasattr(value, "items"):
        return value
    about = {fold(str(key)): inner for key, inner in value.items()}
    named = any(isinstance(about.get(n), str) and is_secret_attribute(about[n]) for n in _NAMES)
    return {
        key: REDACTED
        if inner and (is_secret_attribute(str(key)) or (named and fold(str(key)) in _VALUES))
        else _raw(inner)
        for key, inner in value.items()
    }
