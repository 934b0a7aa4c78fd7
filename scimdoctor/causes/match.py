"""What a cause rule answers, and how strongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.causes.breach import COMPOSED
from scimdoctor.entra import steps
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.rule import CauseRule, FixedBy, Layer, Remediation

if TYPE_CHECKING:
    from scimdoctor.causes.facts import Facts

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A cause fits the facts."""

    weight: int
    """How much of the evidence it explains, 1 to 100: 90 and more where Entra or the app says
    so in a structured way, 80 where the app's complaint and the request agree, 60 where only
    the shape of the request tells, 40 where it is one of several that fit."""

    confidence: Confidence
    because: tuple[str, ...]
    """What was seen that speaks for it, one sentence each."""

    # Each of these is used instead of the rule's, where the cause shows itself in its own way.
    explanation: str = ""
    steps: tuple[Remediation, ...] = ()
    title: str = ""
    is_question: bool = False
    """Nothing that was seen is wrong; unless it is confirmed, it is no reason to act."""

    fixed_by: FixedBy | None = None


_COMPOSED_LESS = 6
"""How much less a reading by subject and predicate weighs than a known phrase."""

Matcher = Callable[["Facts"], Match | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause's words and its rule."""

    rule: CauseRule
    match: Matcher


def likely(weight: int, *because: str) -> Match:
    """Structured facts point to it."""
    return Match(weight=weight, confidence=LIKELY, because=because)


def possible(weight: int, *because: str) -> Match:
    """Only text points to it, or other causes fit as well."""
    return Match(weight=weight, confidence=POSSIBLE, because=because)


def backed(facts: Facts, weight: int, because: str, *, text: str | None = None) -> Match:
    """As likely as the place of the complaint allows: prose alone is only possible."""
    solid = facts.status is not None or facts.exchange is not None or facts.known_code is not None
    solid = solid or any(c.structured for c in facts.reading.complaints)
    said = facts.reading.complaints
    if said and all(c.source == COMPOSED for c in said):
        solid, weight = False, max(weight - _COMPOSED_LESS, 1)
    confidence = LIKELY if solid else POSSIBLE
    quoted = (f"{facts.speaker} says: {text}",) if text else ()
    return Match(weight=weight, confidence=confidence, because=(because, *quoted))


def first(*candidates: Match | None) -> Match | None:
    """The weightiest of several ways in which one cause may fit."""
    found = [candidate for candidate in candidates if candidate is not None]
    return max(found, key=lambda match: match.weight, default=None)


PROVISIONING, MAPPINGS, CREDENTIALS = steps.PROVISIONING, steps.MAPPINGS, steps.CREDENTIALS
admin, developer = steps.admin, steps.developer
ON_DEMAND = "scimdoctor provision USER --app APP"
RESTART = "scimdoctor job restart APP --scope escrows"
CHECK = "scimdoctor check-endpoint URL"

RFC_7644 = "https://www.rfc-editor.org/rfc/rfc7644"
RFC_7643 = "https://www.rfc-editor.org/rfc/rfc7643"
_LEARN = "https://learn.microsoft.com/entra/identity/app-provisioning"
TUTORIAL = f"{_LEARN}/use-scim-to-provision-users-and-groups"
COMPATIBILITY = f"{_LEARN}/application-provisioning-config-problem-scim-compatibility"
KNOWN_ISSUES = f"{_LEARN}/known-issues"
HOW_IT_WORKS = f"{_LEARN}/how-provisioning-works"
ATTRIBUTES = f"{_LEARN}/customize-application-attributes"
QUARANTINE = f"{_LEARN}/application-provisioning-quarantine-status"
SCOPING = f"{_LEARN}/define-conditional-rules-for-provisioning-user-accounts"


def with_vendor_step(cause: Cause) -> Cause:
    """The same cause, with what the admin does where only the app's developer can end it."""
    rule = cause.rule
    told = any(step.who is FixedBy.ENTRA_ADMIN for step in rule.remediation)
    if told or rule.fixed_by is not FixedBy.APP_DEVELOPER:
        return cause
    return replace(cause, rule=replace(rule, remediation=(*rule.remediation, _ASK_VENDOR)))


ENDPOINT, MAPPING, SOURCE = Layer.ENDPOINT, Layer.MAPPING, Layer.SOURCE_DATA
_ASK_VENDOR = admin(
    "Nothing in Entra mends it: send this report to the app's vendor. After the repair: "
    f"Portal: {PROVISIONING} > Restart provisioning; or retry only what failed.",
    RESTART,
)
APP, ADMIN, EITHER = FixedBy.APP_DEVELOPER, FixedBy.ENTRA_ADMIN, FixedBy.EITHER
