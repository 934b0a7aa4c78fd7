"""Which attribute a text is about, and what kind of attribute it is."""

from __future__ import annotations

import re
from functools import lru_cache

from scimdoctor.scim import urns

_PLURALS = (
    r"emails|phoneNumbers|addresses|roles|entitlements|groups|ims|photos|x509Certificates|members"
)
_NAMES = (
    r"userName|externalId|displayName|nickName|profileUrl|title|userType|preferredLanguage|locale"
    r"|timezone|(?<!\bnot )(?<!\bis )(?<!\bare )(?<!\bbe )(?<!\ban )(?<!\balready )active(?! (?:users?|members?|accounts?|group))|password|manager|department|division|organization|costCenter"
    r"|employeeNumber|givenName|familyName|middleName|honorificPrefix|honorificSuffix|formatted"
    r"|streetAddress|locality|region|postalCode|country|meta|schemas|name|primary(?! (?:role|e-?mail|address|phone|contact|owner))|\$ref|display(?![ _]?name)"
)
_PATHS = (
    re.compile(
        r"(?i)\b(?:attribute|field|property)s? (?:with (?:the )?name|named|called):? "
        r"['\"`]([\w.$:\[\] =-]{2,120}?)['\"`]"
    ),
    re.compile(r"(?i)\burn:[\w.:+-]+(?:\[[^\]]{1,80}\])?(?:\.[\w.$]+)*"),
    re.compile(
        rf"(?i)\b(?:{_PLURALS})(?![a-z])(?:\[[^\]]{{1,80}}\]|\.\d+|\(\d+\))?(?:\.\w+|\.\$ref)*"
    ),
    re.compile(r"(?i)\bname\.\w+"),
    re.compile(rf"(?<![\w.])(?:{_NAMES})(?:\.\w+)?(?![\w])"),
    re.compile(rf"(?i)['\"`]({_NAMES})['\"`]"),
    re.compile(
        r"(?i)\b(?:attribute|field|property|path)s?:? ['\"`]([\w.$:\[\] \"=]{2,120}?)['\"`]"
    ),
)
_WORDS = (
    (r"user[ _]?name|login|upn", "userName"),
    (r"external[ _]?id", "externalId"),
    (r"display[ _]?name", "displayName"),
    (r"e-?mails?(?: address)?", "emails"),
    (r"(?:last|family|sur)[ _]?name", "name.familyName"),
    (r"(?:first|given)[ _]?name", "name.givenName"),
    (r"(?:phone|mobile)(?: number)?s?", "phoneNumbers"),
    (r"address(?:es)?|street|postal code|zip", "addresses"),
    (r"manager", "manager"),
    (r"roles?", "roles"),
    (r"members?", "members"),
    (r"preferred[ _]?language|language", "preferredLanguage"),
    (r"locale", "locale"),
    (r"department", "department"),
    (r"employee ?(?:number|id)", "employeeNumber"),
    (r"title", "title"),
)

STRUCTURAL = frozenset(
    {"schemas", "meta", "id", "$ref", "display", "roles", "type", "operations", "resourcetype"}
)
"""What Entra sends whatever the mapping says: nobody can take it out (lower case)."""

COMMON = frozenset({"externalid", "id", "meta", "schemas"})
"""Attributes of every resource (RFC 7643 section 3.1), lower case."""

CORE_USER = frozenset(
    [
        "username",
        "name",
        "displayname",
        "nickname",
        "profileurl",
        "title",
        "usertype",
        "preferredlanguage",
        "locale",
        "timezone",
        "active",
        "password",
        "emails",
        "phonenumbers",
        "ims",
        "photos",
        "addresses",
        "groups",
        "entitlements",
        "roles",
        "x509certificates",
        "externalid",
        "id",
        "meta",
        "schemas",
    ]
)
"""Attributes of the core User (RFC 7643 section 4.1), lower case."""

CORE_SUB = frozenset(
    [
        "value",
        "type",
        "primary",
        "display",
        "$ref",
        "formatted",
        "familyname",
        "givenname",
        "middlename",
        "honorificprefix",
        "honorificsuffix",
        "streetaddress",
        "locality",
        "region",
        "postalcode",
        "country",
    ]
)
"""Their sub-attributes (RFC 7643 sections 2.4 and 4.1), lower case."""

DEFAULT_TARGETS = frozenset(
    [
        "username",
        "active",
        "displayname",
        "title",
        "emails",
        "preferredlanguage",
        "name",
        "addresses",
        "phonenumbers",
        "externalid",
        "employeenumber",
        "department",
        "manager",
        "members",
    ]
)
"""What Entra maps by default for an app that is not in its gallery (its SCIM tutorial), lower
case."""

_MESSAGES = "urn:ietf:params:scim:api:"
"""How the URNs of requests and answers begin (RFC 7644 section 8.2), which are no resources'."""

OPTIONAL_PARTS = frozenset({"primary", "type", "display"})
"""Sub-attributes that RFC 7643 section 2.4 lets a client leave out, lower case."""

ENTERPRISE = frozenset(
    "employeenumber costcenter organization division department manager".split()  # noqa: SIM905
)


def attribute_in(text: str) -> str | None:
    """The first attribute that `text` names, as written; `None` if it names none."""
    for pattern in _PATHS:
        found = pattern.search(text)
        if found:
            return (found[1] if pattern.groups else found[0]).strip(" .:,;'\"")
    for words, name in _WORDS:
        if re.search(rf"(?i)\b(?:{words})\b", text):
            return name
    return None


@lru_cache(maxsize=4096)
def bare_name(path: str | None) -> str:
    """The attribute's own name, lower case: no URN, no filter, no index, no sub-attribute."""
    if not path:
        return ""
    text = re.sub(r"\[[^\]]*\]?|\(\d+\)|\.\d+", "", path.strip(" '\"`"))
    if text.casefold().startswith("urn:"):
        text = re.sub(r"(?i)^(?:0\.)?(?:user|group)\.(?=\w)", "", text.rpartition(":")[2])
    return text.partition(".")[0].casefold()


def leaf(path: str | None) -> str:
    """The last part of a path, lower case."""
    return re.split(r"[.:]", (path or "").strip(" '\"`"))[-1].casefold()


def is_extension(path: str | None) -> bool:
    """Whether the path names an extension's URN, bare or with an attribute."""
    text = (path or "").strip(" '\"`").casefold()
    others = (urns.USER.casefold(), urns.GROUP.casefold(), _MESSAGES)
    return text.startswith("urn:") and not text.startswith(others)


def is_value_path(path: str | None) -> bool:
    """Whether the path selects elements by a filter (`emails[type eq "work"].value`)."""
    return bool(re.search(r"\[[^\]]*\s(?:eq|ne|co|sw|pr)\b", path or "", re.IGNORECASE))


def is_indexed(path: str | None) -> bool:
    """Whether the path counts elements (`emails[0].primary`, `emails.0.value`)."""
    return bool(re.search(r"\[\d+\]|\(\d+\)|\.\d+(?:\.|$)", path or ""))


def in_rfc(path: str | None) -> bool:
    """Whether RFC 7643 defines the attribute for users."""
    name, last = bare_name(path), leaf(path)
    if name in ENTERPRISE:
        return True
    return name in CORE_USER and (last == name or last in CORE_SUB or last.endswith("]"))
