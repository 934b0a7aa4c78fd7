"""Attribute mappings of invented tenants."""

from __future__ import annotations

from scimdoctor.entra.default_mapping import default_mapping
from scimdoctor.model.synchronization import (
    AttributeDefinition,
    AttributeMapping,
    AttributeMappingSource,
    DirectoryDefinition,
    ObjectDefinition,
    ObjectMapping,
    SynchronizationRule,
    SynchronizationSchema,
)

CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
CONTOSO_GROUP = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:Group"
WORK_EMAIL = 'emails[type eq "work"].value'
TYPED = {
    f"{CONTOSO}:badge": "String",
    f"{CONTOSO}:isRemote": "Boolean",
    f"{CONTOSO}:floor": "Integer",
    f"{CONTOSO}:hireDate": "DateTime",
    f"{CONTOSO_GROUP}:headcount": "Integer",
}


def row(target: str, expression: str, *, matching: int = 0, **more: str) -> AttributeMapping:
    """One attribute mapping; an expression in brackets alone is an attribute."""
    direct = expression.startswith("[") and expression.count("[") == 1
    source = AttributeMappingSource(
        type="Attribute" if direct else "Function",
        name=expression.strip("[]"),
        expression=expression,
    )
    return AttributeMapping(
        target_attribute_name=target, source=source, matching_priority=matching, **more
    )


def mapped(
    *rows: AttributeMapping,
    group_rows: tuple[AttributeMapping, ...] = (),
    types: dict[str, str] | None = None,
) -> SynchronizationSchema:
    """A schema with these mappings and types."""
    known = TYPED if types is None else types
    mappings = [ObjectMapping(target_object_name="User", attribute_mappings=rows)]
    if group_rows:
        mappings.append(
            ObjectMapping(
                source_object_name="Group",
                target_object_name="Group",
                attribute_mappings=group_rows,
            )
        )
    objects = tuple(
        ObjectDefinition(
            name=m.target_object_name,
            attributes=tuple(
                AttributeDefinition(
                    name=r.target_attribute_name,
                    type=known.get(r.target_attribute_name, "String"),
                )
                for r in m.attribute_mappings
            ),
        )
        for m in mappings
    )
    return SynchronizationSchema(
        synchronization_rules=(SynchronizationRule(object_mappings=tuple(mappings)),),
        directories=(DirectoryDefinition(objects=objects),),
    )


def contoso() -> SynchronizationSchema:
    """A mapping with typed custom attributes, roles, a constant, three matching attributes."""
    users = (
        row("userName", "[userPrincipalName]", matching=3),
        row("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'),
        row("displayName", "[displayName]"),
        row("title", "[jobTitle]"),
        row(WORK_EMAIL, "[mail]", matching=1),
        row("name.givenName", "[givenName]"),
        row("name.familyName", "[surname]"),
        row("userType", '"Employee"'),
        row("externalId", "[objectId]", flow_type="ObjectAddOnly"),
        row('addresses[type eq "work"].locality', "ToUpper([city], )"),
        row('phoneNumbers[type eq "mobile"].value', "[mobile]"),
        row('phoneNumbers[type eq "fax"].value', "[facsimileTelephoneNumber]"),
        row('roles[primary eq "True"].value', "SingleAppRoleAssignment([appRoleAssignments])"),
        row(
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
            "[employeeId]",
        ),
        row("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "[manager]"),
        row(f"{CONTOSO}:badge", "[extensionAttribute1]", matching=2),
        row(f"{CONTOSO}:isRemote", "[extensionAttribute2]"),
        row(f"{CONTOSO}:floor", "[extensionAttribute3]"),
        row(f"{CONTOSO}:hireDate", "[employeeHireDate]"),
        row(f"{CONTOSO}:sponsor", "[sponsor]"),
    )
    groups = (
        row("displayName", "[displayName]", matching=1),
        row("externalId", "[objectId]"),
        row("members", "[members]"),
        row(f"{CONTOSO_GROUP}:purpose", "[description]", matching=2),
        row(f"{CONTOSO_GROUP}:headcount", "[extensionAttribute4]"),
    )
    return mapped(*users, group_rows=groups, types=TYPED | {f"{CONTOSO}:sponsor": "Reference"})


def default() -> SynchronizationSchema:
    """Entra's default mapping, without definitions of the target's types."""
    both = (default_mapping(group=True), default_mapping(group=False))
    return SynchronizationSchema(synchronization_rules=(SynchronizationRule(object_mappings=both),))
