"""Directory objects as the provisioning service names their attributes.

Mappings speak of `objectId` and `telephoneNumber` where Graph says `id` and `businessPhones`.
Source: Microsoft, "Known issues" and the default mappings; rare names are taken over as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_RENAMED = {
    "objectid": "id",
    "physicaldeliveryofficename": "officeLocation",
    "telephonenumber": "businessPhones",
    "mobile": "mobilePhone",
    "facsimiletelephonenumber": "faxNumber",
    "immutableid": "onPremisesImmutableId",
    "originaluserprincipalname": "userPrincipalName",
}
_SAME = {
    "accountenabled": "accountEnabled",
    "agegroup": "ageGroup",
    "city": "city",
    "companyname": "companyName",
    "country": "country",
    "createddatetime": "createdDateTime",
    "department": "department",
    "description": "description",
    "displayname": "displayName",
    "employeehiredate": "employeeHireDate",
    "employeeid": "employeeId",
    "employeeleavedatetime": "employeeLeaveDateTime",
    "employeeorgdata": "employeeOrgData",
    "employeetype": "employeeType",
    "givenname": "givenName",
    "jobtitle": "jobTitle",
    "mail": "mail",
    "mailenabled": "mailEnabled",
    "mailnickname": "mailNickname",
    "onpremisesdistinguishedname": "onPremisesDistinguishedName",
    "onpremisesimmutableid": "onPremisesImmutableId",
    "onpremisessamaccountname": "onPremisesSamAccountName",
    "onpremisessecurityidentifier": "onPremisesSecurityIdentifier",
    "othermails": "otherMails",
    "postalcode": "postalCode",
    "preferredlanguage": "preferredLanguage",
    "proxyaddresses": "proxyAddresses",
    "securityenabled": "securityEnabled",
    "state": "state",
    "streetaddress": "streetAddress",
    "surname": "surname",
    "usagelocation": "usageLocation",
    "userprincipalname": "userPrincipalName",
    "usertype": "userType",
}
"""Graph refuses a whole request for one property that it does not know: only these are asked."""

_COMPUTED = {"issoftdeleted", "manager", "approleassignments", "members"}
_BASICS = ("id", "userPrincipalName", "displayName", "accountEnabled", "mail")
_GROUP_BASICS = ("id", "displayName", "mailNickname", "mailEnabled", "securityEnabled")
_EXTENSION = "extensionattribute"


def graph_fields(attributes: Iterable[str], *, group: bool = False) -> tuple[str, ...]:
    """The Graph properties to select for these source attributes, basics included."""
    fields = dict.fromkeys(_GROUP_BASICS if group else _BASICS)
    for name in attributes:
        known = None if name.casefold() in _COMPUTED else _graph_name(name)
        if known is not None:
            fields[known.partition(".")[0]] = None
    return tuple(fields)


def _graph_name(name: str) -> str | None:
    """Graph's name for a source attribute; `None` if it has none that is known here."""
    folded = name.casefold()
    if folded.startswith(_EXTENSION) and folded[len(_EXTENSION) :].isdecimal():
        return f"onPremisesExtensionAttributes.extensionAttribute{folded[len(_EXTENSION) :]}"
    if folded.startswith("extension_"):
        return name
    return _RENAMED.get(folded) or _SAME.get(folded)


def source_values(
    raw: Mapping[str, Any],
    attributes: Iterable[str],
    *,
    soft_deleted: bool | None = None,
    manager_id: str | None = None,
    roles: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, object]:
    """The values of `attributes` in `raw`, a Graph user or group, by provisioning name.

    A property that Graph did not give is left out: unknown, not null. `soft_deleted` is what the
    service computes from assignment, scope and account; `None` leaves it unknown, as do the other
    two.
    """
    given = {key.casefold(): value for key, value in raw.items()}
    found: dict[str, object] = {}
    for name in dict.fromkeys((*attributes, "objectId")):
        folded = name.casefold()
        if folded == "issoftdeleted":
            if soft_deleted is not None:
                found[name] = str(soft_deleted)
        elif folded == "manager":
            found[name] = manager_id
        elif folded == "approleassignments":
            if roles is not None:
                found[name] = list(roles)
        else:
            _take(found, name, given)
    return found


def _take(found: dict[str, object], name: str, given: Mapping[str, Any]) -> None:
    outer, _, inner = (_graph_name(name) or name).casefold().partition(".")
    if outer not in given:
        return
    value = given[outer]
    if inner:
        nested = value if isinstance(value, dict) else {}
        value = {k.casefold(): v for k, v in nested.items()}.get(inner)
    if name.casefold() == "telephonenumber" and isinstance(value, list):
        value = value[0] if value else None
    found[name] = str(value) if isinstance(value, (bool, int)) else value
