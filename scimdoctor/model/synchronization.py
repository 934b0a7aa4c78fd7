"""A provisioning job and its attribute mapping: Graph's `synchronizationJob` and `…Schema`.

Open enumerations stay text, in Graph's spelling. Times are aware UTC, `None` for "never"
(Graph writes null, "" or 0001-01-01). `raw` is the JSON as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationError:
    """Graph `synchronizationError`; `None` where Graph writes the placeholder code `None`."""

    code: str | None = None
    message: str | None = None
    tenant_actionable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationQuarantine:
    """Graph `synchronizationQuarantine`."""

    reason: str | None = None
    current_began: datetime | None = None
    series_began: datetime | None = None
    series_count: int | None = None
    next_attempt: datetime | None = None
    error: SynchronizationError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationTaskExecution:
    """Graph `synchronizationTaskExecution`: one cycle."""

    activity_identifier: str | None = None
    state: str | None = None
    """`Succeeded`, `Failed`, `EntryLevelErrors`."""

    time_began: datetime | None = None
    time_ended: datetime | None = None
    count_entitled: int | None = None
    count_entitled_for_provisioning: int | None = None
    count_escrowed: int | None = None
    count_escrowed_raw: int | None = None
    count_exported: int | None = None
    count_exports: int | None = None
    count_imported: int | None = None
    count_imported_deltas: int | None = None
    count_imported_reference_deltas: int | None = None
    error: SynchronizationError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationProgress:
    """Graph `synchronizationProgress`."""

    units: str | None = None
    completed_units: int | None = None
    total_units: int | None = None
    progress_observation_date_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationStatus:
    """Graph `synchronizationStatus`."""

    code: str | None = None
    """`NotConfigured`, `NotRun`, `Active`, `Paused`, `Quarantine`; others occur."""

    count_successive_complete_failures: int | None = None
    escrows_pruned: bool | None = None
    last_execution: SynchronizationTaskExecution | None = None
    last_successful_execution: SynchronizationTaskExecution | None = None
    last_successful_execution_with_exports: SynchronizationTaskExecution | None = None
    progress: tuple[SynchronizationProgress, ...] = ()
    quarantine: SynchronizationQuarantine | None = None
    steady_state_first_achieved_time: datetime | None = None
    steady_state_last_achieved_time: datetime | None = None
    synchronized_entry_count_by_type: Mapping[str, int] = field(default=EMPTY)
    troubleshooting_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationSchedule:
    """Graph `synchronizationSchedule`."""

    state: str | None = None
    """`Active`, `Disabled`, `Paused`."""

    interval: timedelta | None = None
    expiration: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationJob:
    """Graph `synchronizationJob`."""

    id: str
    template_id: str | None = None
    schedule: SynchronizationSchedule = SynchronizationSchedule()
    status: SynchronizationStatus = SynchronizationStatus()
    settings: Mapping[str, str] = field(default=EMPTY)
    """`synchronizationJobSettings` by name."""

    raw: Mapping[str, object] = field(default=EMPTY, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMappingSource:
    """Graph `attributeMappingSource`; `expression` is the truth, `parameters` a fallback."""

    type: str = "Attribute"
    """`Attribute`, `Constant`, `Function`."""

    name: str | None = None
    expression: str | None = None
    parameters: tuple[tuple[str, AttributeMappingSource], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMapping:
    """Graph `attributeMapping`: how one target attribute gets its value."""

    target_attribute_name: str
    source: AttributeMappingSource | None = None
    default_value: str | None = None
    flow_behavior: str = "FlowWhenChanged"
    flow_type: str = "Always"
    matching_priority: int = 0
    """0: not used for matching; 1 is tried first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterClause:
    """Graph `filterClause`."""

    operator_name: str
    source_operand_name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterGroup:
    """Graph `filterGroup`: true when all its clauses are."""

    name: str | None = None
    clauses: tuple[FilterClause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """Graph `objectMapping`: one kind of object from one directory to the other."""

    name: str | None = None
    enabled: bool = True
    flow_types: str = "Add, Update, Delete"
    source_object_name: str = "User"
    target_object_name: str = ""
    scope: tuple[FilterGroup, ...] = ()
    """In scope when any group is true; empty means everything."""

    attribute_mappings: tuple[AttributeMapping, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether it maps groups."""
        return self.source_object_name.casefold() == "group"

    @property
    def matching_mappings(self) -> tuple[AttributeMapping, ...]:
        """The mappings used for matching, first tried first."""
        chosen = (m for m in self.attribute_mappings if m.matching_priority > 0)
        return tuple(sorted(chosen, key=lambda m: m.matching_priority))


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationRule:
    """Graph `synchronizationRule`."""

    id: str | None = None
    name: str | None = None
    priority: int | None = None
    source_directory_name: str | None = None
    target_directory_name: str | None = None
    object_mappings: tuple[ObjectMapping, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDefinition:
    """Graph `attributeDefinition`: one attribute of a directory's object."""

    name: str
    type: str = "String"
    """`String`, `Integer`, `Reference`, `Binary`, `Boolean`, `DateTime`; any case."""

    anchor: bool = False
    case_exact: bool = False
    multivalued: bool = False
    required: bool = False
    flow_null_values: bool = False
    mutability: str = "ReadWrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDefinition:
    """Graph `objectDefinition`."""

    name: str
    attributes: tuple[AttributeDefinition, ...] = ()

    def attribute(self, name: str) -> AttributeDefinition | None:
        """The definition of `name`, in any letter case; `None` if there is none."""
        wanted = name.casefold()
        return next((a for a in self.attributes if a.name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryDefinition:
    """Graph `directoryDefinition`: what one end knows."""

    id: str | None = None
    name: str = ""
    objects: tuple[ObjectDefinition, ...] = ()

    def is_called(self, name: str | None) -> bool:
        """Whether a rule that says `name` means this directory."""
        return bool(name) and str(name).casefold() in {
            self.name.casefold(),
            (self.id or "").casefold(),
        }


_ENTRA = "Azure Active Directory"
"""What schemas call Entra's own directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationSchema:
    """Graph `synchronizationSchema`: rules, mappings and both directories' attributes."""

    id: str | None = None
    version: str | None = None
    synchronization_rules: tuple[SynchronizationRule, ...] = ()
    directories: tuple[DirectoryDefinition, ...] = ()
    raw: Mapping[str, object] = field(default=EMPTY, repr=False, compare=False)

    @property
    def object_mappings(self) -> tuple[ObjectMapping, ...]:
        """All object mappings of all rules."""
        return tuple(m for rule in self.synchronization_rules for m in rule.object_mappings)

    def mapping_for(self, *, group: bool) -> ObjectMapping | None:
        """The mapping of users, or of groups; an enabled one is preferred."""
        fitting = [m for m in self.object_mappings if m.is_group is group]
        return next((m for m in fitting if m.enabled), fitting[0] if fitting else None)

    def target_definition(self, mapping: ObjectMapping) -> ObjectDefinition | None:
        """The target object's attribute definitions for `mapping`, if the schema has them."""
        source, target = self._ends(mapping)
        return self._definition(mapping.target_object_name, target, other=source)

    def source_definition(self, mapping: ObjectMapping) -> ObjectDefinition | None:
        """The source object's attribute definitions for `mapping`, if the schema has them."""
        source, target = self._ends(mapping)
        return self._definition(mapping.source_object_name, source, other=target)

    def _ends(self, mapping: ObjectMapping) -> tuple[str, str | None]:
        """The names of the directories between which `mapping` works; Entra's is the source's."""
        rules = (r for r in self.synchronization_rules if mapping in r.object_mappings)
        rule = next(rules, SynchronizationRule())
        return rule.source_directory_name or _ENTRA, rule.target_directory_name

    def _definition(
        self, name: str, wanted: str | None, *, other: str | None
    ) -> ObjectDefinition | None:
        """The object called `name` in the directory `wanted`.

        Both ends may call an object alike and mean different attributes. So where the schema has
        no directory of that name, it is the only object of the name that is not the `other` end's.
        """
        named = [d for d in self.directories if d.is_called(wanted)]
        rest = [d for d in self.directories if not d.is_called(other)]
        objects = [o for d in named or rest for o in d.objects]
        found = [o for o in objects if o.name.casefold() == name.casefold()]
        return found[0] if found and (named or len(found) == 1) else None
