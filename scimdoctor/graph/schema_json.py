"""Graph's `synchronizationSchema` JSON into values. Pure; never raises.

Source: Graph CSDL v1.0 `synchronizationSchema`; the JSON that the portal's schema editor downloads,
which is the same, sometimes wrapped in `{"schema": …}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from scimdoctor.graph.json_values import (
    as_objects,
    as_text,
    boolean,
    field,
    integer,
    objects,
    spelled,
    text,
)
from scimdoctor.model.frozen import frozen
from scimdoctor.model.synchronization import (
    AttributeDefinition,
    AttributeMapping,
    AttributeMappingSource,
    DirectoryDefinition,
    FilterClause,
    FilterGroup,
    ObjectDefinition,
    ObjectMapping,
    SynchronizationRule,
    SynchronizationSchema,
)

_SOURCE_TYPES = ("Attribute", "Constant", "Function")
_FLOW_BEHAVIORS = ("FlowWhenChanged", "FlowAlways")
_FLOW_TYPES = (
    "Always",
    "ObjectAddOnly",
    "MultiValueAddOnly",
    "ValueAddOnly",
    "AttributeAddOnly",
)
_ATTRIBUTE_TYPES = ("String", "Integer", "Reference", "Binary", "Boolean", "DateTime")
_MUTABILITIES = ("ReadWrite", "ReadOnly", "Immutable", "WriteOnly")
_DEEPEST_SOURCE = 40
"""Function parameters nest; beyond this depth they are left to the expression's text."""


def parse_schema(raw: object) -> SynchronizationSchema:
    """Read a schema; what is missing or malformed is left out."""
    wrapped = field(raw, "schema")
    source = wrapped if isinstance(wrapped, Mapping) else raw
    schema: Mapping[str, object] = source if isinstance(source, Mapping) else {}
    return SynchronizationSchema(
        id=text(schema, "id"),
        version=text(schema, "version"),
        synchronization_rules=tuple(_rule(r) for r in objects(schema, "synchronizationRules")),
        directories=tuple(_directory(d) for d in objects(schema, "directories")),
        raw=frozen(schema),
    )


def _rule(raw: object) -> SynchronizationRule:
    return SynchronizationRule(
        id=text(raw, "id"),
        name=text(raw, "name"),
        priority=integer(raw, "priority"),
        source_directory_name=text(raw, "sourceDirectoryName"),
        target_directory_name=text(raw, "targetDirectoryName"),
        object_mappings=tuple(_object_mapping(m) for m in objects(raw, "objectMappings")),
    )


def _object_mapping(raw: object) -> ObjectMapping:
    enabled = boolean(raw, "enabled")
    mappings = (_attribute_mapping(m) for m in objects(raw, "attributeMappings"))
    return ObjectMapping(
        name=text(raw, "name"),
        enabled=True if enabled is None else enabled,
        flow_types=text(raw, "flowTypes") or "Add, Update, Delete",
        source_object_name=text(raw, "sourceObjectName") or "User",
        target_object_name=text(raw, "targetObjectName") or "",
        scope=_scope(field(raw, "scope")),
        attribute_mappings=tuple(m for m in mappings if m is not None),
    )


def _attribute_mapping(raw: object) -> AttributeMapping | None:
    target = text(raw, "targetAttributeName")
    if target is None:
        return None
    behavior = spelled(text(raw, "flowBehavior"), _FLOW_BEHAVIORS)
    return AttributeMapping(
        target_attribute_name=target,
        source=_source(field(raw, "source")),
        default_value=text(raw, "defaultValue"),
        flow_behavior=behavior or "FlowWhenChanged",
        flow_type=spelled(text(raw, "flowType"), _FLOW_TYPES) or "Always",
        matching_priority=max(0, integer(raw, "matchingPriority") or 0),
    )


def _source(raw: object, depth: int = 0) -> AttributeMappingSource | None:
    if not isinstance(raw, Mapping):
        return None
    parameters = objects(raw, "parameters") if depth < _DEEPEST_SOURCE else ()
    named = ((text(p, "key") or "", _source(field(p, "value"), depth + 1)) for p in parameters)
    return AttributeMappingSource(
        type=spelled(text(raw, "type"), _SOURCE_TYPES) or "Attribute",
        name=text(raw, "name"),
        expression=text(raw, "expression"),
        parameters=tuple((key, value) for key, value in named if value is not None),
    )


def _scope(raw: object) -> tuple[FilterGroup, ...]:
    return tuple(
        FilterGroup(
            name=text(group, "name"),
            clauses=tuple(_clause(clause) for clause in objects(group, "clauses")),
        )
        for group in objects(raw, "groups")
    )


def _clause(raw: object) -> FilterClause:
    values = field(field(raw, "targetOperand"), "values")
    texts = (as_text(value) for value in values) if isinstance(values, list) else ()
    return FilterClause(
        operator_name=text(raw, "operatorName") or "",
        source_operand_name=text(raw, "sourceOperandName") or "",
        values=tuple(value for value in texts if value is not None),
    )


def _directory(raw: object) -> DirectoryDefinition:
    return DirectoryDefinition(
        id=text(raw, "id"),
        name=text(raw, "name") or "",
        objects=tuple(
            ObjectDefinition(
                name=text(item, "name") or "",
                attributes=tuple(
                    _attribute(a) for a in as_objects(field(item, "attributes")) if text(a, "name")
                ),
            )
            for item in objects(raw, "objects")
        ),
    )


def _attribute(raw: object) -> AttributeDefinition:
    return AttributeDefinition(
        name=text(raw, "name") or "",
        type=spelled(text(raw, "type"), _ATTRIBUTE_TYPES) or "String",
        anchor=boolean(raw, "anchor") or False,
        case_exact=boolean(raw, "caseExact") or False,
        multivalued=boolean(raw, "multivalued") or False,
        required=boolean(raw, "required") or False,
        flow_null_values=boolean(raw, "flowNullValues") or False,
        mutability=spelled(text(raw, "mutability"), _MUTABILITIES) or "ReadWrite",
    )
