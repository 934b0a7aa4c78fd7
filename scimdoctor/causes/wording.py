"""What the wording of a complaint tells beyond the rule that it says was broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint

CHALLENGE = re.compile(r"(?i)\bwww-authenticate: ?([^\r\n]{1,300})")
"""The header with which a 401 says what it wants (RFC 9110 section 11.6.1)."""

_TOKEN = re.compile(r"(?i)\b(?:tokens?|api ?keys?|bearer|credentials?|jwt)\b")
_RULE = re.compile(
    r"(?i)\b(?:domains?|characters?|letters|too (?:long|short)|length|spaces?|locales?|languages?"
    r"|countr(?:y|ies)|time ?zones?|passwords?|phone numbers?)\b"
)
_SOMEBODY = re.compile(r"(?i)\b(?:users?|accounts?|persons?|people|identit(?:y|ies)|records?)\b")
_DENIAL = re.compile(r"(?i)\b(?:permissions?|privileges?|rights?|access)\b")
_NAMED = re.compile(
    r"(?i)\b(?:roles?|scopes?|licen[cs]es?|plans?|features?|scim)\b|\w[:.]\w|['\"`]"
)
_PARAMETER = re.compile(r"(?i)\binvalid (?:parameter|input|argument|data)")
_NUMBER = re.compile(r"(?i)\btoo (?:many|few)\b|\bat (?:most|least) \d|\blimit\b")
_ELSEWHERE = re.compile(r"(?i)\bdomains?\b[^.;]{0,60}\b(?:an?other|different|other)\b")
_SAYING_NOTHING = re.compile(
    r"""(?ix) (?: \W* \b (?: an? | the | is | are | was | or | and | one | more | of | some | not | in
    | for | this | your | to | with | has | have | been | invalid | bad | wrong | incorrect
    | malformed | valid | validation | errors? | failed | fails | values? | data | inputs?
    | request | payload | body | fields? | attributes? | parameters? | user | group | resource
    | scim | provided | supplied | given | sent | arguments? ) \b )+ \W*"""
)

_CREDENTIALS = r"(?:(?:api|access|subscription)[ _-]?)?(?:keys?|tokens?)|credentials?|authori[sz]ation(?: header)?"
_NONE_FOUND = re.compile(
    rf"(?i)\b(?:no|missing|lacks?|without)\b(?: \w+){{0,3}} (?:{_CREDENTIALS})\b"
    rf"|\b(?:{_CREDENTIALS})\b(?: \w+){{0,3}} (?:missing|absent|not (?:found|provided|present|supplied))\b"
)
_WRONG = re.compile(
    r"(?i)\b(?:wrong|invalid|valid|incorrect|bad|expired?|revoked|malformed|unknown|not recogni[sz]ed)\b"
)
_NOT_THERE = re.compile(
    r"(?i)(?:\b(?:the|attribute|property|field|parameter)\b|\s|[.:'\"`])*"
    r"\b(?:is|are) not (?:allowed|permitted|accepted)\b"
    r"(?: (?:here|in (?:a|the|this) (?:request|body|payload)|for (?:groups?|users?)))?"
)


def says_nothing(said: Complaint | None) -> bool:
    """Whether a complaint names neither an attribute nor a rule ("Invalid value")."""
    if said is None or said.attribute is not None:
        return False
    return _SAYING_NOTHING.fullmatch(said.text[:200]) is not None


def finds_no_credentials(said: Complaint) -> bool:
    """Whether a complaint says that no credentials came, and not that they are wrong."""
    return _NONE_FOUND.search(said.text) is not None and _WRONG.search(said.text) is None


def names_attribute_only(said: Complaint) -> bool:
    """Whether a complaint says of an attribute itself that it may not be there, and no more."""
    if said.attribute is None or is_type_only(said):
        return False
    words = _NOT_THERE.sub("", said.text.replace(said.attribute, "")).strip(" .:'\"`")
    return not words and _NOT_THERE.search(said.text) is not None


def names_token(said: Complaint) -> bool:
    """Whether a complaint is about the token itself, and not about what its owner may do."""
    return _TOKEN.search(said.text) is not None


def names_rule(said: Complaint) -> bool:
    """Whether a complaint of a value says which rule it breaks, so that no shape is in question."""
    return _RULE.search(said.text) is not None


def only_denies(said: Complaint) -> bool:
    """Whether a complaint denies without naming what it lacks ("You do not have permission")."""
    return _DENIAL.search(said.text) is not None and _NAMED.search(said.text) is None


def is_vague_parameter(said: Complaint) -> bool:
    """Whether "invalid parameter" and the like may mean the name as well as the value."""
    return _PARAMETER.search(said.text) is not None


def is_of_number(said: Complaint) -> bool:
    """Whether a complaint is about how many there are."""
    return _NUMBER.search(said.text) is not None


def is_of_domain(said: Complaint) -> bool:
    """Whether a complaint says of a domain, and of no account, that it is somebody else's."""
    return _ELSEWHERE.search(said.text) is not None


def is_type_only(said: Complaint) -> bool:
    """Whether only the SCIM error's type says it, and no sentence of the app's."""
    return said.text.startswith("scimType ")


def names_somebody(said: Complaint) -> bool:
    """Whether a complaint is about a person or an account, and not about a page or a path."""
    return _SOMEBODY.search(said.text) is not None
