"""What makes two failures or skips the same fault: their reason without names, ids and numbers.

`RULES` are the only definition. They keep to the syntax that Python's `re` and RE2 read alike
(explicit ASCII classes, no look-around, no back-references inside a pattern), because DuckDB
applies the same list to millions of rows (`sources/queries.py`); a property test holds the two
equal. Order matters: a rule sees what the rules before it left.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.provisioning import ProvisioningObjectSummary

LONGEST_REASON = 4000
"""Characters of a reason that are looked at; what follows is nearly always one HTML page."""

LONGEST_TEXT = 600
"""Characters of a signature's text."""

SHORTEST_NAME = 4
"""Characters from which on an event's own name is replaced; `Bo` would be found in many words."""

SEPARATOR = "\x1f"
"""Between the parts that a signature's id is made from."""

ATTRIBUTE_WORDS = (
    "[Aa]ttributes?|[Pp]ropert(?:y|ies)|[Ff]ields?|[Pp]ath|[Oo]p|[Oo]peration|[Pp]arameter|"
    "[Kk]ey|[Cc]olumn|[Mm]ember|[Mm]ethod|[Hh]eader|[Cc]laim|[Ss]chema|[Ff]ilter|[Oo]perator"
)
"""Words before or after a quoted word that is part of the fault, not of the person."""

SCIM_NAMES = (
    "schemas|userName|active|id|externalId|displayName|nickName|title|userType|password|locale|"
    "timezone|preferredLanguage|profileUrl|manager|department|division|organization|costCenter|"
    "employeeNumber|members|name(?:[.][A-Za-z]{1,40})?|givenName|familyName|formatted|"
    "(?:emails|phoneNumbers|addresses|roles|entitlements|groups|ims|photos)(?:[.\\[][^'\"]{0,80})?|"
    "urn:ietf:params:scim:[^'\"]{1,160}|[Aa]dd|[Rr]eplace|[Rr]emove|True|False|true|false|null"
)
"""RFC 7643 attribute names, RFC 7644 operations and literals: kept where they are quoted."""

NET_SENTENCE = (
    "Message: Processing of the HTTP request resulted in an exception. Please see the HTTP "
    "response returned by the 'Response' property of this exception for details."
)
"""What .NET says of every HTTP failure."""

RETRY_RULE = (
    r"This operation was retried [0-9]+ times?[.]?"
    r"(?:[\t\n\r ]*It will be retried again after this date: [^ \t\n\r]+(?: UTC)?)?",
    "",
)
"""Entra's own note about its next attempt."""

VALUE_RULES: tuple[tuple[str, str], ...] = (
    # Line ends and runs of blanks say nothing.
    (r"[\t\n\r\f\x0b]+| {2,}", " "),
    # A status or a schema's version is part of the fault: two underscores shield its digits from
    # the rule for numbers; `WORD_RULES` take them away.
    (
        r"([Ss]tatus(?:[ _]?[Cc]ode)?[\\]?\"? ?(?:[:=]|is|of)? ?[\\]?\"?|HTTP(?:/[0-9.]+)? |[Ee]rror )"
        r"([1-5][0-9][0-9])\b",
        r"\1__\2",
    ),
    (r"(^|[ (])([1-5][0-9][0-9]) ([A-Z][a-z])", r"\1__\2 \3"),
    (r"(urn:[A-Za-z:]{1,80}:)([0-9])[.]([0-9])", r"\1__\2.__\3"),
    (r"\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\b", "<id>"),
    (
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}[0-9:.]*(?: ?Z|[+-][0-9:]{4,6})?)?"
        r"(?: UTC)?",
        "<time>",
    ),
    (
        r"\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?:,? [0-9]{1,2}:[0-9:.]+(?: ?[AaPp][Mm])?)?",
        "<time>",
    ),
    (
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{5,8}"
        r"(?: GMT| UTC)?",
        "<time>",
    ),
    (r"\b[0-9A-Fa-f]{16,}\b", "<id>"),
    (r"\b[A-Za-z]{0,20}[0-9][A-Za-z0-9_-]{11,}\b", "<id>"),
    (r"\b[0-9]+(?:[.,:][0-9]+)*\b", "<n>"),
)
"""Pattern and replacement, in order, for what is nearly always different."""

WORD_RULES: tuple[tuple[str, str], ...] = (
    # Quoted words that belong to the fault change their quotes for a while.
    (rf"(^|[^A-Za-z0-9_])'({SCIM_NAMES})'", r"\1‹\2›"),
    (rf"\b({ATTRIBUTE_WORDS})( ?:? ?)'([^']{{1,100}})'", r"\1\2‹\3›"),
    (rf"'([^' ]{{1,100}})' ({ATTRIBUTE_WORDS})\b", r"‹\1› \2"),
    (rf"\b({ATTRIBUTE_WORDS})( ?:? ?)[\\]\"([^\"\\]{{1,100}})[\\]\"", r"\1\2‹\3›"),
    (rf"\b({ATTRIBUTE_WORDS}) \"([^\"\\]{{1,100}})\"", r"\1 ‹\2›"),
    # Values.
    (r"\bhttps?://[^ \"'()\\‹›]+", "<url>"),
    (r"[^ \"'()\[\]{},;:=\\‹›]{1,64}@[A-Za-z0-9<][A-Za-z0-9.<>-]*", "<email>"),
    (
        r"(\"(?:id|userName|externalId|value|display|timestamp|[A-Za-z_]{0,20}[Ii][Dd])\" ?: ?)"
        r"\"[^\"]{0,200}\"",
        r'\1"…"',
    ),
    (r"[\\]\"[^\"\\]{0,200}[\\]\"", "'…'"),
    (r"([A-Za-z:] )\"[^\"\\{}]{1,200}\"([ .])", r"\1'…'\2"),
    (r"(^|[^A-Za-z0-9_])'[^']{1,200}'", r"\1'…'"),
    # Shields and borrowed quotes off.
    (r"__([0-9])", r"\1"),
    (r"[‹›]", "'"),
    (r" {2,}", " "),
)
"""Pattern and replacement, in order, for names and quotes."""

RULES = (RETRY_RULE, *VALUE_RULES, *WORD_RULES)
"""All rules in order; `\\b` is ASCII's in both engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One fault, as far as the log's words tell it from another."""

    id: str
    """Ten hexadecimal digits of SHA-256, the same in every run and on every machine."""

    status: str
    app: str | None
    action: str | None
    error_code: str | None
    skip_reason: str | None
    text: str
    """The reason (else the step that failed) without names, ids, times and numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """What of an event goes into its signature; the columns that SQL has as well."""

    status: str
    app: str | None
    action: str
    error_code: str | None
    skip_reason: str | None
    words: str
    """The reason, or what stands for it, as it was logged."""

    own: tuple[str, ...]
    """The event's own names and ids, longest claim first, each replaced before the rules."""


def signature_of(event: ProvisioningObjectSummary) -> Signature:
    """Return the signature of an event, whatever its status."""
    return signature_from(signature_facts(event))


def signature_from(facts: SignatureFacts) -> Signature:
    """Return the signature made of `facts`."""
    text = normalise(without_own(facts.words[:LONGEST_REASON], facts.own))
    unsigned = Signature(
        id="",
        status=facts.status,
        app=facts.app,
        action=facts.action,
        error_code=facts.error_code,
        skip_reason=facts.skip_reason,
        text=text,
    )
    return replace(unsigned, id=id_of(unsigned))


def id_of(signature: Signature) -> str:
    """Return the id that the other fields of `signature` give it."""
    parts = (
        signature.status,
        signature.app or "",
        signature.action or "",
        signature.error_code or "",
        signature.skip_reason or "",
        signature.text,
    )
    return hashlib.sha256(SEPARATOR.join(parts).encode("utf-8", "replace")).hexdigest()[:10]


def signature_facts(event: ProvisioningObjectSummary) -> SignatureFacts:
    """Return what of `event` goes into its signature."""
    source = event.source_identity
    app = event.service_principal
    skip_reason, attribute, step_words = telling_step(event)
    words = event.error.reason or "".join(
        (f"{attribute}: " if attribute else "", step_words or skip_reason or "")
    )
    own = (
        source.details.get("UserPrincipalName"),
        source.display_name,
        source.id,
        event.target_identity.id,
    )
    return SignatureFacts(
        status=event.status,
        app=app.display_name or app.id,
        action=event.provisioning_action,
        error_code=event.error.error_code,
        skip_reason=skip_reason,
        words=words,
        own=tuple(name or "" for name in own),
    )


def telling_step(event: ProvisioningObjectSummary) -> tuple[str | None, str | None, str | None]:
    """Return skip reason, attribute name and description of the last step that did not succeed."""
    for step in reversed(event.provisioning_steps):
        if step.status in {"failure", "skipped", "warning"}:
            details = step.details
            return (
                details.get("SkipReason") or None,
                details.get("PropertyName") or None,
                step.description or None,
            )
    return None, None, None


def without_own(words: str, own: Iterable[str]) -> str:
    """Return `words` without .NET's sentence, the event's own names replaced.

    Names shorter than `SHORTEST_NAME` stay.
    """
    words = words.replace(NET_SENTENCE, "")
    for name in own:
        if len(name) >= SHORTEST_NAME:
            words = words.replace(name, "<name>")
    return words


@lru_cache(maxsize=1)
def compiled_rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return `RULES` compiled once, at first use."""
    return tuple((re.compile(pattern, re.ASCII), text) for pattern, text in RULES)


@lru_cache(maxsize=4096)
def normalise(words: str) -> str:
    """Return `words` without what differs from one event of a fault to the next."""
    for pattern, replacement in compiled_rules():
        words = pattern.sub(replacement, words)
    return words[:LONGEST_TEXT].strip(" ")
