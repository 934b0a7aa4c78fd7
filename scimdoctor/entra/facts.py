"""All that is known of one event when its requests are rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.entra.attributes import (
    Attribute,
    attempted_attributes,
    source_attributes,
    target_attributes,
    target_id,
)
from scimdoctor.entra.default_mapping import default_mapping
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.evaluate import evaluate_mapping
from scimdoctor.entra.mapping_view import speaks_scim
from scimdoctor.entra.operation import Intent, intent_of
from scimdoctor.model.frozen import EMPTY
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.redaction import is_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import (
        AttributeDefinition,
        AttributeMapping,
        ObjectDefinition,
        ObjectMapping,
        SynchronizationSchema,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One event and what explains it."""

    event: ProvisioningObjectSummary
    mapping: ObjectMapping
    """The job's mapping, or Entra's default one."""

    definition: ObjectDefinition | None = None
    schema: SynchronizationSchema | None = None
    intent: Intent = Intent.NOTHING
    """The write that these facts are about; an event may have several."""

    has_schema: bool = False
    dialect: Dialect = Dialect.DEFAULT
    attempted: Mapping[str, Attribute] = field(default=EMPTY)
    target: Mapping[str, Attribute] = field(default=EMPTY)
    source: Mapping[str, object] = field(default=EMPTY)
    target_id: str | None = None
    id_provenance: Provenance = Provenance.OBSERVED
    """`assumed` when the caller brought the id and the event does not name it."""

    notes: tuple[str, ...] = ()

    @property
    def resource(self) -> str:
        """`Users` or `Groups`."""
        return "Groups" if self.event.is_group else "Users"

    @property
    def borrowed(self) -> Provenance:
        """What a value is that the mapping produced: `mapped`, or `assumed` for the default one."""
        return Provenance.MAPPED if self.has_schema else Provenance.ASSUMED

    def defined(self, path: str) -> AttributeDefinition | None:
        """The definition of the target attribute `path`, if the schema has one."""
        return self.definition.attribute(path) if self.definition else None

    def mapped(self, item: AttributeMapping, *, creating: bool = True) -> Attribute | None:
        """What `item` produces from the source values; `None` if that cannot be told.

        A password is never worked out: it must not be shown, nor sent again.
        """
        path = item.target_attribute_name
        result = evaluate_mapping(
            item, self.source, creating=creating, definition=self.defined(path)
        )
        if not result.known or is_password(path):
            return None
        return Attribute(path=path, value=result.value, provenance=self.borrowed)

    def look_up(self, attributes: Mapping[str, Attribute], path: str) -> Attribute | None:
        """The attribute at `path` in any letter case."""
        wanted = path.casefold()
        return next((a for p, a in attributes.items() if p.casefold() == wanted), None)


def gather(
    event: ProvisioningObjectSummary,
    *,
    schema: SynchronizationSchema | None,
    dialect: Dialect,
    source: Mapping[str, object] | None,
    known_id: str | None,
) -> Facts:
    """Put together what the event, the job's schema and the source values tell."""
    group = event.is_group
    own = schema.mapping_for(group=group) if schema else None
    notes: list[str] = []
    observed_id = target_id(event)
    if schema is not None and own is None:
        kind = "groups" if group else "users"
        notes.append(f"the schema has no mapping of {kind}: Entra's default mapping is assumed")
    if schema is not None and own is not None and not speaks_scim(own):
        target = own.target_object_name or "?"
        notes.append(
            f"the schema maps to `{target}`, which is no SCIM resource: it is another job's, and"
            " Entra's default mapping is assumed"
        )
        schema = own = None
    notes += _other_job(event, schema)
    if is_on_demand(event) and dialect is Dialect.COMPLIANT:
        notes.append(
            "provision on demand does not obey the feature flag: the default dialect is used"
        )
        dialect = Dialect.DEFAULT
    return Facts(
        event=event,
        mapping=own or default_mapping(group=group),
        definition=schema.target_definition(own) if schema and own else None,
        schema=schema,
        intent=intent_of(event),
        has_schema=own is not None,
        dialect=dialect,
        attempted=attempted_attributes(event, schema),
        target=target_attributes(event, schema),
        # What the event shows was true then; what was brought along may be newer.
        source={**(source or {}), **source_attributes(event)},
        target_id=known_id or observed_id,
        id_provenance=Provenance.OBSERVED
        if known_id in {None, observed_id}
        else Provenance.ASSUMED,
        notes=tuple(notes),
    )


def _other_job(event: ProvisioningObjectSummary, schema: SynchronizationSchema | None) -> list[str]:
    """What to say if the schema's id, which is its job's, is not that of the event."""
    owner = schema.raw.get("id") if schema is not None else None
    if (
        not isinstance(owner, str)
        or not event.job_id
        or owner.casefold() == event.job_id.casefold()
    ):
        return []
    return [
        f"the schema is of job {owner}, the event of job {event.job_id}: the mapping may be another"
    ]


def is_on_demand(event: ProvisioningObjectSummary) -> bool:
    """Whether the record is the result of a provision-on-demand call, which has its own shape."""
    keys = {key.casefold() for key in event.raw}
    return "reportableidentifier" in keys or {"key", "value"} <= keys
