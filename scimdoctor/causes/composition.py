"""What a sentence says, put together from its subject and its predicate.

The table of phrases knows how sentences are worded; this reads those that it does not know: which
thing stands nearest before the verb (the user, the path, the token, an attribute), and what is
said of it (missing, taken, unknown). It is asked only where no phrase was found, and what it
finds is never more than possible.
"""

from __future__ import annotations

import re
from enum import StrEnum

from scimdoctor.causes.attributes import attribute_in
from scimdoctor.causes.breach import Breach


class Subject(StrEnum):
    """What a sentence is about."""

    TOKEN = "token"
    LICENCE = "licence"
    CONTAINER = "container"
    MEDIA = "media"
    METHOD = "method"
    FILTER = "filter"
    PATH = "path"
    SCHEMA = "schema"
    MEMBER = "member"
    ROLE = "role"
    DOMAIN = "domain"
    ATTRIBUTE = "attribute"
    GROUP = "group"
    ACTION = "action"
    """The creating, changing or deleting of something, as a noun."""

    USER = "user"


class Predicate(StrEnum):
    """What is said of it."""

    TAKEN = "taken"
    ABSENT = "absent"
    """There is no such thing."""

    UNKNOWN = "unknown"
    """Not a kind of thing that the app knows or does."""

    FIXED = "fixed"
    MISSING = "missing"
    UNFIT = "unfit"
    FORBIDDEN = "forbidden"
    ELSEWHERE = "elsewhere"
    """It is managed by another way than SCIM."""


_SUBJECTS: tuple[tuple[Subject, str], ...] = (
    (Subject.TOKEN, r"tokens?|credentials?|secrets?|api[- ]?keys?|bearer|authorization headers?"),
    (Subject.LICENCE, r"licen[cs]es?|seats?|quotas?|plans?|subscriptions?"),
    (Subject.CONTAINER, r"tenants?|org(?:ani[sz]ations?)?(?:[_ ]?id)?|workspaces?|realms?|namespaces?|connections?"),
    (Subject.MEDIA, r"content[- ]?type|media[- ]?type|accept header"),
    (Subject.METHOD, r"methods?"),
    (Subject.FILTER, r"filter(?:s|ing)?|quer(?:y|ies)"),
    (Subject.PATH, r"paths?"),
    (Subject.SCHEMA, r"schemas?|urns?"),
    (Subject.MEMBER, r"members?|memberships?|managers?"),
    (Subject.ROLE, r"roles?|profiles?|entitlements?"),
    (Subject.DOMAIN, r"domains?"),
    (Subject.ATTRIBUTE, r"attributes?|fields?|propert(?:y|ies)|parameters?|e-?mails?|names?"),
    (Subject.ACTION, r"creations?|deletions?|deactivations?|removals?|suspensions?|provisioning|reactivations?"),
    (Subject.GROUP, r"groups?|teams?"),
    (Subject.USER, r"users?|accounts?|persons?|identit(?:y|ies)|logins?"),
)  # fmt: skip

_NOT = r"(?:not|\w+n't|never|cannot)"
_PREDICATES: tuple[tuple[Predicate, str], ...] = (
    (Predicate.ELSEWHERE, rf"{_NOT} (?:be )?(?:managed|administered)|managed (?:by|outside|elsewhere|manually|externally|locally)"),
    (Predicate.TAKEN, r"already|in use|taken|duplicated?|exists(?! not)|not unique|conflicts?|reserved"),
    (Predicate.ABSENT, rf"{_NOT} (?:be )?(?:f(?:ou|i)nd|resolved)|no such|{_NOT} exist|no longer|{_NOT} (?:yet )?provisioned"),
    (Predicate.UNKNOWN, rf"unsupported|unknown|unrecogni[sz]ed|unexpected|undefined|{_NOT} (?:an? |been |yet )*(?:support|recogni|implement|defin|know|regist)\w*"),
    (Predicate.FIXED, rf"read-?only|immutable|{_NOT} (?:be )?(?:chang|modif|updat|edit|alter)\w*"),
    (Predicate.MISSING, rf"required|mandatory|missing|absent|empty|blank|{_NOT} (?:provided|given|specified|supplied|set|present|included)|must (?:have|include|be (?:provided|given|specified|supplied|set|present))|lacks?|without|has no"),
    (Predicate.UNFIT, rf"invalid|incompatible|inconsistent|malformed|illegal|incorrect|wrong|bad|(?<!as )(?:long|short)(?! as)|too large|exceeds?|must|should|{_NOT} (?:be )?(?:valid|match|accept|conform)\w*|mismatch\w*"),
    (Predicate.FORBIDDEN, rf"{_NOT} (?:allowed|permitted|authori[sz]ed|possible)|forbidden|prohibited|denied|refused|rejected|restricted|disallowed|cannot|can't|may not|(?:can|may|must) never"),
)  # fmt: skip
_REFUSED = (Predicate.UNFIT, Predicate.UNKNOWN, Predicate.ABSENT, Predicate.FORBIDDEN)


def _each(breach: Breach, *said: Predicate) -> dict[Predicate, Breach]:
    return dict.fromkeys(said, breach)


_MEANING: dict[Subject, dict[Predicate, Breach]] = {
    Subject.TOKEN: _each(Breach.TOKEN_REFUSED, *_REFUSED, Predicate.MISSING),
    Subject.LICENCE: _each(Breach.LICENCE, *_REFUSED, Predicate.TAKEN, Predicate.MISSING),
    Subject.CONTAINER: _each(Breach.CONTAINER, Predicate.UNFIT, Predicate.UNKNOWN, Predicate.ABSENT, Predicate.MISSING),
    Subject.MEDIA: _each(Breach.MEDIA_TYPE, *_REFUSED, Predicate.MISSING),
    Subject.METHOD: _each(Breach.METHOD, Predicate.UNKNOWN, Predicate.FORBIDDEN),
    Subject.FILTER: _each(Breach.FILTER_REFUSED, *_REFUSED),
    Subject.PATH: _each(Breach.PATH_REFUSED, *_REFUSED) | {Predicate.MISSING: Breach.PATH_MISSING},
    Subject.SCHEMA: _each(Breach.UNKNOWN_SCHEMA, *_REFUSED, Predicate.MISSING),
    Subject.MEMBER: _each(Breach.REFERENCE, Predicate.UNFIT, Predicate.UNKNOWN, Predicate.ABSENT)
    | {Predicate.TAKEN: Breach.ALREADY_IN_EFFECT}
    | _each(Breach.POLICY, Predicate.FORBIDDEN, Predicate.ELSEWHERE),
    Subject.ROLE: _each(Breach.PREREQUISITE, Predicate.ABSENT, Predicate.MISSING)
    | _each(Breach.VALUE_REFUSED, Predicate.UNFIT, Predicate.UNKNOWN, Predicate.FORBIDDEN)
    | {Predicate.ELSEWHERE: Breach.POLICY},
    Subject.DOMAIN: _each(Breach.VALUE_REFUSED, *_REFUSED, Predicate.MISSING),
    Subject.ATTRIBUTE: _each(Breach.VALUE_REFUSED, Predicate.UNFIT, Predicate.FORBIDDEN)
    | _each(Breach.UNKNOWN_ATTRIBUTE, Predicate.UNKNOWN, Predicate.ABSENT)
    | {
        Predicate.MISSING: Breach.REQUIRED,
        Predicate.TAKEN: Breach.UNIQUE,
        Predicate.FIXED: Breach.IMMUTABLE,
        Predicate.ELSEWHERE: Breach.IMMUTABLE,
    },
    Subject.GROUP: {
        Predicate.ABSENT: Breach.NOT_FOUND,
        Predicate.TAKEN: Breach.UNIQUE,
        Predicate.UNKNOWN: Breach.GROUPS_UNSUPPORTED,
        Predicate.FORBIDDEN: Breach.POLICY,
        Predicate.ELSEWHERE: Breach.POLICY,
    },
    Subject.ACTION: _each(Breach.POLICY, Predicate.FORBIDDEN, Predicate.UNKNOWN),
    Subject.USER: _each(
        Breach.POLICY, Predicate.FORBIDDEN, Predicate.FIXED, Predicate.ELSEWHERE
    )
    | _each(Breach.NOT_FOUND, Predicate.ABSENT, Predicate.MISSING)
    | {Predicate.TAKEN: Breach.UNIQUE},
}  # fmt: skip
"""What subject and predicate mean together; pairs that are not here mean nothing certain."""

_SUBJECT = re.compile("|".join(rf"(?P<{s}>\b(?:{p})\b)" for s, p in _SUBJECTS), re.IGNORECASE)
_PREDICATE = re.compile("|".join(rf"(?P<{p}>\b(?:{w})\b)" for p, w in _PREDICATES), re.IGNORECASE)
_CLAUSE = re.compile(r"[.;:!?](?:\s|$)|\n|, (?:but|and|so|because)\b")
_LONGEST = 2000


def composed(text: str) -> Breach | None:
    """The rule that the first understood clause of `text` says was broken."""
    for clause in _CLAUSE.split(text[:_LONGEST]):
        breach = _of_clause(clause)
        if breach is not None:
            return breach
    return None


def _of_clause(clause: str) -> Breach | None:
    said = _PREDICATE.search(clause)
    if said is None:
        return None
    before, after = clause[: said.start()], clause[said.end() :]
    subject = _nearest(before, last=True) or _nearest(after.partition(",")[0], last=False)
    if subject is None:
        return None
    return _MEANING[subject].get(Predicate(str(said.lastgroup)))


def _nearest(text: str, *, last: bool) -> Subject | None:
    """The subject nearest to the verb; a named attribute counts as one."""
    found = [(m.start(), Subject(str(m.lastgroup))) for m in _SUBJECT.finditer(text)]
    named = attribute_in(text)
    where = text.casefold().rfind(named.casefold()) if named is not None else -1
    if where >= 0:
        found.append((where, Subject.ATTRIBUTE))
    if not found:
        return None
    return max(found)[1] if last else min(found)[1]
