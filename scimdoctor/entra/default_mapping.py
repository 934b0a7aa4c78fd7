"""The attribute mapping that Entra gives a new custom SCIM app.

Sources: Microsoft, "Customize attribute mappings" and the SCIM tutorial's default tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.model.synchronization import (
    AttributeMapping,
    AttributeMappingSource,
    ObjectMapping,
)
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable

_USER_ROWS = (
    ("[userPrincipalName]", "userName"),
    ('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "active"),
    ("[displayName]", "displayName"),
    ("[jobTitle]", "title"),
    ("[mail]", 'emails[type eq "work"].value'),
    ("[preferredLanguage]", "preferredLanguage"),
    ("[givenName]", "name.givenName"),
    ("[surname]", "name.familyName"),
    ('Join(" ", [givenName], [surname])', "name.formatted"),
    ("[physicalDeliveryOfficeName]", 'addresses[type eq "work"].formatted'),
    ("[streetAddress]", 'addresses[type eq "work"].streetAddress'),
    ("[city]", 'addresses[type eq "work"].locality'),
    ("[state]", 'addresses[type eq "work"].region'),
    ("[postalCode]", 'addresses[type eq "work"].postalCode'),
    ("[country]", 'addresses[type eq "work"].country'),
    ("[telephoneNumber]", 'phoneNumbers[type eq "work"].value'),
    ("[mobile]", 'phoneNumbers[type eq "mobile"].value'),
    ("[facsimileTelephoneNumber]", 'phoneNumbers[type eq "fax"].value'),
    ("[mailNickname]", "externalId"),
    ("[employeeId]", f"{urns.ENTERPRISE_USER}:employeeNumber"),
    ("[department]", f"{urns.ENTERPRISE_USER}:department"),
    ("[manager]", f"{urns.ENTERPRISE_USER}:manager"),
)
_GROUP_ROWS = (
    ("[displayName]", "displayName"),
    ("[objectId]", "externalId"),
    ("[members]", "members"),
)


def _mappings(rows: Iterable[tuple[str, str]]) -> tuple[AttributeMapping, ...]:
    return tuple(
        AttributeMapping(
            target_attribute_name=target,
            source=AttributeMappingSource(
                type="Attribute" if expression.startswith("[") else "Function",
                name=expression.strip("[]") if expression.startswith("[") else None,
                expression=expression,
            ),
            matching_priority=1 if index == 0 else 0,
        )
        for index, (expression, target) in enumerate(rows)
    )


DEFAULT_USER_MAPPING = ObjectMapping(
    name="default users",
    source_object_name="User",
    target_object_name=urns.ENTERPRISE_USER,
    attribute_mappings=_mappings(_USER_ROWS),
)
DEFAULT_GROUP_MAPPING = ObjectMapping(
    name="default groups",
    source_object_name="Group",
    target_object_name=urns.GROUP,
    attribute_mappings=_mappings(_GROUP_ROWS),
)


def default_mapping(*, group: bool) -> ObjectMapping:
    """The mapping that a new custom app starts with."""
    return DEFAULT_GROUP_MAPPING if group else DEFAULT_USER_MAPPING
