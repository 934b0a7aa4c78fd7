"""The lab job's synchronization schema as Graph serves it: Entra's default mapping in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.entra.default_mapping import DEFAULT_GROUP_MAPPING, DEFAULT_USER_MAPPING
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import AttributeMapping, ObjectMapping

SOURCE_DIRECTORY = "Microsoft Entra ID"
TARGET_DIRECTORY = "customappsso"
_BOOLEANS = {"active"}
_REFERENCES = {"members", f"{urns.ENTERPRISE_USER}:manager"}


def schema_json(job_id: str, *, version: str) -> dict[str, Any]:
    """Graph's JSON of the default mapping for `job_id`."""
    mappings = (DEFAULT_GROUP_MAPPING, DEFAULT_USER_MAPPING)
    return {
        "id": job_id,
        "version": version,
        "synchronizationRules": [
            {
                "id": "3f2b1c54-8e6a-4c0a-9a53-0c4b7a1d2e3f",
                "name": "USER_OUTBOUND_USER",
                "priority": 1,
                "editable": True,
                "sourceDirectoryName": SOURCE_DIRECTORY,
                "targetDirectoryName": TARGET_DIRECTORY,
                "containerFilter": None,
                "groupFilter": None,
                "metadata": [],
                "objectMappings": [_object_mapping(m) for m in mappings],
            }
        ],
        "directories": [
            {
                "id": TARGET_DIRECTORY,
                "name": TARGET_DIRECTORY,
                "objects": [_definition(m) for m in mappings],
            }
        ],
    }


def _object_mapping(mapping: ObjectMapping) -> dict[str, Any]:
    return {
        "name": f"Provision Microsoft Entra ID {mapping.source_object_name}s",
        "enabled": mapping.enabled,
        "flowTypes": mapping.flow_types,
        "sourceObjectName": mapping.source_object_name,
        "targetObjectName": mapping.target_object_name,
        "scope": _employees() if mapping.source_object_name == "User" else None,
        "metadata": [],
        "attributeMappings": [_attribute_mapping(m) for m in mapping.attribute_mappings],
    }


def _employees() -> dict[str, Any]:
    """The scoping filter of users: contractors have no employee id."""
    clause = {
        "operatorName": "IS NOT NULL",
        "sourceOperandName": "employeeId",
        "targetOperand": {"values": []},
    }
    group = {"name": "Employees", "clauses": [clause]}
    return {"categoryFilterGroups": [], "groups": [group], "inputFilterGroups": []}


def _attribute_mapping(mapping: AttributeMapping) -> dict[str, Any]:
    source = mapping.source
    assert source is not None  # noqa: S101 - the default mapping has one everywhere
    expression = source.expression or ""
    name = source.name or expression.partition("(")[0]
    return {
        "targetAttributeName": mapping.target_attribute_name,
        "source": {
            "type": source.type,
            "name": name,
            "expression": expression,
            "parameters": [],
        },
        "defaultValue": mapping.default_value,
        "exportMissingReferences": False,
        "flowBehavior": mapping.flow_behavior,
        "flowType": mapping.flow_type,
        "matchingPriority": mapping.matching_priority,
    }


def _definition(mapping: ObjectMapping) -> dict[str, Any]:
    names = [m.target_attribute_name for m in mapping.attribute_mappings]
    return {
        "name": mapping.target_object_name,
        "attributes": [_attribute("id", anchor=True), *(_attribute(name) for name in names)],
        "supportedApis": [],
        "metadata": [],
    }


def _attribute(name: str, *, anchor: bool = False) -> dict[str, Any]:
    kind = "Boolean" if name in _BOOLEANS else "Reference" if name in _REFERENCES else "String"
    return {
        "name": name,
        "type": kind,
        "anchor": anchor,
        "caseExact": False,
        "multivalued": name == "members",
        "required": name == "userName",
        "flowNullValues": False,
        "mutability": "ReadWrite",
        "defaultValue": None,
        "referencedObjects": [],
        "apiExpressions": [],
        "metadata": [],
    }
