"""What an app complains of, whatever words it uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Breach(StrEnum):
    """The rule that the app says was broken."""

    REQUIRED = "required"
    """A value is missing."""

    NOT_BOOLEAN = "not-boolean"
    NOT_OBJECT = "not-object"
    NOT_ARRAY = "not-array"
    NOT_STRING = "not-string"
    WRONG_TYPE = "wrong-type"
    """Of another type than expected, whichever."""

    UNKNOWN_ATTRIBUTE = "unknown-attribute"
    UNKNOWN_SCHEMA = "unknown-schema"
    IMMUTABLE = "immutable"
    UNIQUE = "unique"
    UNLINKED_ACCOUNT = "unlinked-account"
    """An account is there, but not under SCIM's or single sign-on's hand."""

    DELETED_BEFORE = "deleted-before"
    """An account of that name was deleted, and the app still keeps it."""

    DATABASE_UNIQUE = "database-unique"
    """A database's own words about a unique index."""

    ALREADY_IN_EFFECT = "already-in-effect"
    """Member already there or already gone, nothing to change."""

    VALUE_REFUSED = "value-refused"
    OP_REFUSED = "op-refused"
    ADD_REFUSED = "add-refused"
    """Adding, as against replacing, is refused."""

    PATH_REFUSED = "path-refused"
    VALUE_PATH_REFUSED = "value-path-refused"
    NO_TARGET = "no-target"
    REMOVE_VALUE_REFUSED = "remove-value-refused"
    FILTER_REFUSED = "filter-refused"
    FILTER_SYNTAX = "filter-syntax"
    MEDIA_TYPE = "media-type"
    BODY_MISSING = "body-missing"
    """The request is said to have come without a body."""

    BODY_UNPARSED = "body-unparsed"
    """The body is said to be no JSON."""

    METHOD = "method"
    REFERENCE = "reference"
    NO_ROUTE = "no-route"
    """A web framework or server knows no such path."""

    CONTAINER = "container"
    """The organisation, tenant or workspace that the URL names is not known."""

    GROUPS_UNSUPPORTED = "groups-unsupported"
    PATH_MISSING = "path-missing"
    """A PATCH operation without path is refused."""

    LETTER_CASE = "letter-case"
    CONCURRENT = "concurrent"
    NOT_FOUND = "not-found"
    POLICY = "policy"
    LICENCE = "licence"
    PREREQUISITE = "prerequisite"
    EXPIRED = "expired"
    TOKEN_REFUSED = "token-refused"
    TOKEN_RIGHTS = "token-rights"
    """The token is known, and lacks a scope or a permission."""

    TOKEN_UNUSABLE = "token-unusable"
    AUTH_SCHEME = "auth-scheme"
    OAUTH = "oauth"
    THROTTLED = "throttled"
    SLOW = "slow"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    CRASH = "crash"
    UNREADABLE_ANSWER = "unreadable-answer"
    MALFORMED_LIST = "malformed-list"
    ANSWER_STATUS = "answer-status"
    """Entra, or a validator, expected another status of the app."""

    ANSWER_LACKS = "answer-lacks"
    """Something that was sent is not in the app's answer, say Entra or a validator."""

    NOT_JSON_ANSWER = "not-json-answer"
    SEVERAL_MATCHES = "several-matches"
    NO_CHANGE_SENT = "no-change-sent"
    ROLE_DEFINITION = "role-definition"
    CUSTOM_ATTRIBUTE = "custom-attribute"
    VALIDATOR_ATTRIBUTE = "validator-attribute"
    SSO = "sso"
    FLAG = "flag"
    SOFT_DELETE = "soft-delete"
    MATCHING = "matching"
    SCOPE = "scope"
    QUERY_404 = "query-404"
    GENERIC_CREDENTIALS = "generic-credentials"
    """Entra's sentence for any failed test, whatever the reason."""


class Hint(StrEnum):
    """What words hint at that say nothing by themselves: they only tell readings apart."""

    THERE = "there"
    """What was to be added is there."""

    BUSY = "busy"
    """Another change is under way."""

    UNDECODED = "undecoded"
    """A filter is quoted as it stood in the URL."""

    EMPTY = "empty"
    """A list or a text that was sent without anything in it."""

    LENGTH = "length"
    """How long a value is."""


COMPOSED = "subject and predicate"
"""The source of a complaint that no phrase is known for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing that the app (or Entra) says is wrong."""

    breach: Breach
    text: str
    """The words it was read from, cut short."""

    attribute: str | None = None
    """The attribute path it is about, as written."""

    structured: bool = False
    """Whether the attribute stood in a field of its own, not in a sentence."""

    source: str = ""
    """Where the pattern is known from."""
