"""What two exchanges say that cannot both be right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What contradicts what."""

    NOT_APPLIED = "not-applied"
    NOT_STORED = "not-stored"
    STALE_ANSWER = "stale-answer"
    """The answer to the write shows the old value, a later read the new one."""

    MEMBER_NOT_ADDED = "member-not-added"
    VALUES_LOST = "values-lost"
    MEMBERS_WIPED = "members-wiped"
    MEMBER_STAYED = "member-stayed"
    MEMBER_LOST = "member-lost"
    """Of several additions to a group, some are gone."""

    DISABLED_GONE = "disabled-gone"
    EXISTS_BUT_NOT_FOUND = "exists-but-not-found"
    CASE_MATTERS = "case-matters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two exchanges that cannot both be right for a server that does what it says."""

    kind: Kind
    exchange: str
    """The id of the one that shows the fault: the query that finds nothing, the read after a write."""

    summary: str
    is_sure: bool = True
    """Whether nothing else explains what was seen."""
