"""What Entra's mappings call the properties that Graph serves under other names.

Source: `mapping-functions` section on source attributes; Microsoft, "Customize attribute mappings".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

GRAPH_NAMES = {
    "objectId": "id",
    "physicalDeliveryOfficeName": "officeLocation",
    "mobile": "mobilePhone",
    "facsimileTelephoneNumber": "faxNumber",
    "immutableId": "onPremisesImmutableId",
    "originalUserPrincipalName": "userPrincipalName",
}
"""Provisioning name to Graph property, where they differ and it is only a name."""

SAME_NAMES = (
    "accountEnabled",
    "city",
    "companyName",
    "country",
    "department",
    "displayName",
    "employeeHireDate",
    "employeeId",
    "employeeType",
    "givenName",
    "jobTitle",
    "mail",
    "mailEnabled",
    "mailNickname",
    "onPremisesSecurityIdentifier",
    "otherMails",
    "postalCode",
    "preferredLanguage",
    "proxyAddresses",
    "securityEnabled",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
    "userPrincipalName",
)
"""Names that both use."""

_EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{n}" for n in range(1, 16))
USER_PROPERTIES = (
    *SAME_NAMES[:-1],
    "userPrincipalName",
    *dict.fromkeys(GRAPH_NAMES.values()),
    "businessPhones",
    "onPremisesExtensionAttributes",
)
"""What to `$select` of a user so that every source below can be filled."""


def source_values(properties: Mapping[str, Any], *, soft_deleted: bool = False) -> dict[str, Any]:
    """Return a Graph user's or group's properties under their provisioning names.

    A property that Graph did not serve is left out; one that is null is there as `None`.
    `IsSoftDeleted` is true as well for an account that is disabled (how Entra computes it).
    """
    values = {name: properties[name] for name in SAME_NAMES if name in properties}
    renamed = {n: properties[graph] for n, graph in GRAPH_NAMES.items() if graph in properties}
    values |= renamed
    if "businessPhones" in properties:
        values["telephoneNumber"] = next(iter(properties["businessPhones"] or ()), None)
    extension = properties.get("onPremisesExtensionAttributes") or {}
    values |= {name: extension[name] for name in _EXTENSION_ATTRIBUTES if name in extension}
    values |= {k: v for k, v in properties.items() if k.startswith("extension_")}
    if "userPrincipalName" in properties:
        disabled = properties.get("accountEnabled") is False
        values["IsSoftDeleted"] = str(soft_deleted or disabled)
    return values
