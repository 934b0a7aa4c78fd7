"""Names of attributes: SCIM's own, those that mappings commonly send, and Entra's.

SCIM's names and types are those of RFC 7643 sections 4 and 8.7.1; Entra's are those of Microsoft's
"Customize attribute mappings".
"""

from __future__ import annotations

from scimdoctor.scim import urns

SIMPLE_ATTRIBUTES = (
    "id",
    "externalId",
    "userName",
    "active",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "members",
    "roles",
    "entitlements",
    "groups",
)
NAME_PARTS = (
    "formatted",
    "familyName",
    "givenName",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
)
ADDRESS_PARTS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
ENTERPRISE_ATTRIBUTES = (
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "manager",
    "manager.value",
    "manager.displayName",
)
_TYPED = {
    "emails": ("work", "home", "other"),
    "phoneNumbers": ("work", "home", "mobile", "fax", "pager", "other"),
    "ims": ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
    "photos": ("photo", "thumbnail"),
}

CORE_TARGETS = (
    *SIMPLE_ATTRIBUTES,
    *(f"name.{part}" for part in NAME_PARTS),
    *(
        f'{attribute}[type eq "{kind}"].value'
        for attribute, kinds in _TYPED.items()
        for kind in kinds
    ),
    *(
        f'addresses[type eq "{kind}"].{part}'
        for kind in ("work", "home", "other")
        for part in ADDRESS_PARTS
    ),
    *(f'roles[primary eq "True"].{part}' for part in ("value", "display", "type")),
    *(f"{urns.ENTERPRISE_USER}:{name}" for name in ENTERPRISE_ATTRIBUTES),
)
"""Target attribute paths that Entra's mappings commonly use."""

BOOLEAN_TARGETS = frozenset({"active", "primary"})
"""Attributes, or last parts of paths, that RFC 7643 types as Boolean."""

COMPLEX_MULTIVALUED = frozenset(
    {
        "members",
        "roles",
        "entitlements",
        "groups",
        "emails",
        "phonenumbers",
        "addresses",
        "ims",
        "photos",
        "x509certificates",
    }
)
"""Attributes whose value is a list of objects, in lower case."""

SOURCE_ONLY = frozenset(
    {
        "accountenabled",
        "appid",
        "approleassignments",
        "facsimiletelephonenumber",
        "homepage",
        "issoftdeleted",
        "jobtitle",
        "mail",
        "mailenabled",
        "mailnickname",
        "mobile",
        "objectid",
        "physicaldeliveryofficename",
        "securityenabled",
        "surname",
        "telephonenumber",
        "userprincipalname",
    }
)
"""Entra's own attribute names that no SCIM attribute shares, in lower case."""

AMBIGUOUS = frozenset({"displayname", "preferredlanguage", "department", "manager", "members"})
"""Names that exist at both ends, in lower case."""
