"""What an event says of attributes: attempted at the target, read at the source, found in the app.

Attempted ones come from `modifiedProperties` and from the details of export steps, source ones
from import steps, the app's own from matching steps (log formats: see `target_names`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.attribute_names import AMBIGUOUS, SOURCE_ONLY
from scimdoctor.entra.logged_values import read_value
from scimdoctor.entra.operation import export_steps
from scimdoctor.entra.target_names import TargetName, TargetNames
from scimdoctor.model.frozen import FrozenDict
from scimdoctor.model.reconstruction import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scimdoctor.model.provisioning import (
        ModifiedProperty,
        ProvisioningObjectSummary,
        ProvisioningStep,
    )
    from scimdoctor.model.synchronization import ObjectDefinition, SynchronizationSchema

_NOT_ATTRIBUTES = frozenset({"reportableidentifier", "skipreason", "propertyname"})
_SEPARATORS = re.compile(r"[,;]\s*|\s+")
_ESCROW_STEP = "entryescrowretry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One target attribute of an event."""

    path: str
    value: Any
    """Typed by the attribute's definition; `None` for null, and where it is unknown."""

    provenance: Provenance
    old_value: Any = None
    """What the target held before, typed; `None` where it held nothing or the log is silent."""

    has_old_value: bool = False
    """Whether the log has a column for the old value at all (`modifiedProperties` do)."""

    note: str | None = None
    """An ambiguity, or why the value is unknown."""

    @property
    def known(self) -> bool:
        """Whether the value can be sent again."""
        return self.provenance is not Provenance.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Names and definitions for one event's target object."""

    names: TargetNames
    definition: ObjectDefinition | None

    @classmethod
    def of(cls, event: ProvisioningObjectSummary, schema: SynchronizationSchema | None) -> _Reader:
        mapping = schema.mapping_for(group=event.is_group) if schema else None
        definition = schema.target_definition(mapping) if schema and mapping else None
        return cls(names=TargetNames.of(schema, group=event.is_group), definition=definition)

    def attribute(self, name: TargetName, text: str | None) -> Attribute:
        definition = self.definition.attribute(name.path) if self.definition else None
        logged = read_value(text, name.path, definition)
        provenance = logged.provenance
        if not name.certain and provenance is Provenance.OBSERVED:
            provenance = Provenance.ASSUMED
        note = "; ".join(n for n in (name.note, logged.note) if n) or None
        return Attribute(path=name.path, value=logged.value, provenance=provenance, note=note)


def attempted_attributes(
    event: ProvisioningObjectSummary, schema: SynchronizationSchema | None = None
) -> Mapping[str, Attribute]:
    """The target attributes that Entra tried to write, by attribute path, in the log's order.

    `modifiedProperties` are preferred. Export details add the attributes of a create that
    `modifiedProperties` lack, and stand alone where those are empty; for an update, what the
    former list is the whole change. A path maps to one attribute; letter case does not count.
    """
    reader = _Reader.of(event, schema)
    modified = _merged(_modified(event, reader))
    exported = _merged(_from_details(export_steps(event), reader))
    trusted = {k: a for k, a in modified.items() if a.provenance is not Provenance.ASSUMED}
    if trusted and event.provisioning_action != "create":
        return _by_path(modified)
    doubtful = {k: a for k, a in modified.items() if k not in trusted and k not in exported}
    kept = doubtful if not exported else {}
    extra = {k: a for k, a in exported.items() if k not in trusted}
    return _by_path(trusted | kept | extra)


def source_attributes(event: ProvisioningObjectSummary) -> Mapping[str, str | None]:
    """Entra's own attributes of the object, by provisioning name, as import steps show them.

    An attribute that is absent here is unknown, not null.
    """
    found: dict[str, str | None] = {}
    identity = event.source_identity
    if identity.id:
        found["objectId"] = identity.id
    named = {"userprincipalname": "userPrincipalName", "displayname": "displayName"}
    for key, value in identity.details.items():
        if key.casefold() in named and value:
            found[named[key.casefold()]] = value
    for step in event.provisioning_steps:
        if step.provisioning_step_type == "import" and step.name.casefold() != _ESCROW_STEP:
            found |= step.details
    return FrozenDict(found)


def detail_attributes(
    step: ProvisioningStep,
    event: ProvisioningObjectSummary,
    schema: SynchronizationSchema | None = None,
) -> tuple[Attribute, ...]:
    """The target attributes that one step's details name."""
    return tuple(_from_details([step], _Reader.of(event, schema)))


def modified_attributes(
    event: ProvisioningObjectSummary, schema: SynchronizationSchema | None = None
) -> tuple[Attribute, ...]:
    """The target attributes in `modifiedProperties`, as often as they are listed."""
    return tuple(_modified(event, _Reader.of(event, schema)))


def target_attributes(
    event: ProvisioningObjectSummary, schema: SynchronizationSchema | None = None
) -> Mapping[str, Attribute]:
    """What the app held when Entra looked, by attribute path, as the matching step shows it."""
    steps = [s for s in event.provisioning_steps if s.provisioning_step_type == "matching"]
    return _by_path(_merged(_from_details(steps, _Reader.of(event, schema))))


def target_id(event: ProvisioningObjectSummary) -> str | None:
    """The app's own id of the object; `None` if the event does not tell."""
    if event.target_identity.id:
        return event.target_identity.id
    found = target_attributes(event).get("id")
    return found.value or None if found else None


def _from_details(steps: list[ProvisioningStep], reader: _Reader) -> Iterator[Attribute]:
    for step in steps:
        for key, text in step.details.items():
            if key.strip() and key.casefold() not in _NOT_ATTRIBUTES:
                yield reader.attribute(reader.names.resolve(key), text)


def _modified(event: ProvisioningObjectSummary, reader: _Reader) -> Iterator[Attribute]:
    """`modifiedProperties` that are target attributes.

    On-demand runs and some gallery apps list the source attributes there, alone or mixed in.
    """
    mixed = any(_is_source_only(p.display_name, reader.names) for p in event.modified_properties)
    for item in event.modified_properties:
        name = reader.names.resolve(item.display_name)
        if not item.display_name.strip() or _is_source_only(item.display_name, reader.names):
            continue
        if mixed and item.display_name.casefold() in AMBIGUOUS:
            note = f"`{name.path}` may be Entra's own attribute: the log lists both kinds together"
            name = replace(name, certain=False, note=note)
        yield _changed(reader.attribute(name, item.new_value), item, reader)


def _is_source_only(name: str, names: TargetNames) -> bool:
    return name.casefold() in SOURCE_ONLY and not names.is_own(name)


def _changed(attribute: Attribute, item: ModifiedProperty, reader: _Reader) -> Attribute:
    definition = reader.definition.attribute(attribute.path) if reader.definition else None
    old = read_value(item.old_value, attribute.path, definition)
    # A hidden old value is still one: "Replace" was sent, whatever it was.
    value = item.old_value if old.provenance is Provenance.UNKNOWN else old.value
    return replace(attribute, old_value=value, has_old_value=True)


def _merged(attributes: Iterator[Attribute]) -> dict[str, Attribute]:
    """By path in lower case; a known value wins over an unknown one, else the first does.

    Members may be listed in several rows, added and removed ones apart; they become one change.
    """
    found: dict[str, Attribute] = {}
    of_members: list[Attribute] = []
    for attribute in attributes:
        key = attribute.path.casefold()
        known = found.get(key)
        if key == "members":
            of_members.append(attribute)
        if known is None or (attribute.known and not known.known):
            found[key] = attribute
    if len(of_members) > 1:
        found["members"] = _members_of_all(found["members"], of_members)
    return found


def _members_of_all(surest: Attribute, rows: list[Attribute]) -> Attribute:
    """One change of members out of several; a row whose members are hidden keeps its note."""
    notes = dict.fromkeys(row.note for row in rows if row.note)
    return replace(
        surest,
        value=_together([row.value for row in rows]),
        old_value=_together([row.old_value for row in rows]),
        has_old_value=any(row.has_old_value for row in rows),
        note="; ".join(notes) or None,
    )


def _together(values: list[Any]) -> Any:  # noqa: ANN401 - JSON
    """The members of several rows, each once, in the log's order; `None` if there are none."""
    given = [value for value in values if value is not None]
    if len(given) < 2:
        return given[0] if given else None
    items = (item for value in given for item in member_items(value))
    return list({str(i.get("value")) if isinstance(i, dict) else str(i): i for i in items}.values())


def member_items(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """The single members in a logged value: JSON elements, or the ids in a text."""
    if isinstance(value, str):
        return [part for part in _SEPARATORS.split(value) if part]
    return value if isinstance(value, list) else [value]


def _by_path(attributes: dict[str, Attribute]) -> Mapping[str, Attribute]:
    return FrozenDict({a.path: a for a in attributes.values()})
