"""One object, attribute by attribute: Entra, mapping, app."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AttributeVerdict(StrEnum):
    """How the app's value stands to what the mapping produces."""

    SAME = "same"
    DIFFERS = "differs"
    CASE_ONLY = "case-only"
    REFORMATTED = "reformatted"
    MISSING_IN_APP = "missing-in-app"
    NOT_MAPPED = "not-mapped"
    NOT_SENT_NULL = "not-sent-null"
    ONLY_IN_APP = "only-in-app"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeComparison:
    """One target attribute; values as text, `None` for absent."""

    attribute: str
    source: str | None
    """The Entra values that went in, for example `mail = ada@example.com`."""

    expected: str | None
    """What the mapping produces."""

    actual: str | None
    """What the app holds."""

    verdict: AttributeVerdict
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One user or group at both ends."""

    object: str
    """UPN, display name or id."""

    resource_type: str = "User"
    """`User` or `Group`."""

    source_id: str | None = None
    target_id: str | None = None
    state: str = "matched"
    """`matched`, `missing-in-app`, `orphaned-in-app`, `duplicate-in-app`,
    `active-but-should-not-be`, `rightly-not-in-app`, `cannot-tell`."""

    attributes: tuple[AttributeComparison, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The object as people read it, a group marked as one."""
        return f"{self.object} (group)" if self.resource_type == "Group" else self.object
