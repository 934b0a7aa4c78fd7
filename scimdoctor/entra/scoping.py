"""Why an object was left out: the scoping step of its event, read clause by clause.

Source: Microsoft, "How application provisioning works" (assignment and scoping) and "Attribute-based
application provisioning with scoping filters"; the step's keys as seen in logs, old and new.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.entra.attributes import source_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary, ProvisioningStep
    from scimdoctor.model.synchronization import ObjectMapping


class Obstacle(StrEnum):
    """What kept an object out."""

    INACTIVE = "inactive"
    """Not active in Entra: disabled, soft-deleted; a disabled user is never created."""

    NOT_ASSIGNED = "not-assigned"
    """Not assigned to the app (members of nested groups are not)."""

    ROLE_MISSING = "role-missing"
    """Assigned, but without a role that entitles it: often *Default Access*."""

    SCOPING_FILTER = "scoping-filter"
    """Every group of the scoping filter has a false clause."""

    MATCHING_VALUE_MISSING = "matching-value-missing"
    """The attribute by which it is matched, or another required one, is empty."""


_KEYS = {
    "activeinthesourcesystem": Obstacle.INACTIVE,
    "isactive": Obstacle.INACTIVE,
    "assignedtotheapplication": Obstacle.NOT_ASSIGNED,
    "assigned": Obstacle.NOT_ASSIGNED,
    "userhastherequiredrole": Obstacle.ROLE_MISSING,
    "grouphastherequiredrole": Obstacle.ROLE_MISSING,
    "iseffectivelyentitledforprovisioning": Obstacle.ROLE_MISSING,
    "scopingfilterevaluationpassed": Obstacle.SCOPING_FILTER,
    "isinprovisioningscopedisplayname": Obstacle.SCOPING_FILTER,
}
_ROLE_KEYS = ("userhastherequiredrole", "grouphastherequiredrole")
_NO_VALUE_REASONS = {"attributevalidationfailed", "importskipped"}
_OPERATORS = (
    "NOT REGEX MATCH|REGEX MATCH|NOT EQUALS|EQUALS|IS NOT NULL|IS NULL|NOT NULL|IS TRUE|IS FALSE"
    "|Greater_?Than_OR_EQUALS|Greater_?Than|INCLUDES|ENDS_WITH|!&|&"
)
_CLAUSE = re.compile(
    rf"^(?:(?P<group>.*?)\.)?(?P<attribute>\[?[\w:-]+\]?)\s+(?P<operator>{_OPERATORS})"
    r"(?:\s+(?P<value>.*))?$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseResult:
    """One clause of the scoping filter and how it came out for the object."""

    text: str
    """As the log writes it: `group.attribute OPERATOR 'value'`."""

    holds: bool
    group: str = ""
    """The clause's group: groups are joined by or, the clauses of one by and."""

    attribute: str | None = None
    actual: str | None = None
    """The object's own value, where the event shows it; `None` if it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopingVerdict:
    """What the event tells of the object's scope."""

    in_scope: bool | None
    """`None`: the event has no scoping step and no skip reason that tells."""

    obstacles: tuple[Obstacle, ...] = ()
    """Each alone is enough; in the order in which Entra checks them."""

    clauses: tuple[ClauseResult, ...] = ()
    skip_reason: str | None = None
    missing_attribute: str | None = None
    """The attribute without a value, as `PropertyName` names it."""

    reasons: tuple[str, ...] = ()
    """One sentence for each obstacle, with the clause or attribute that makes it one."""

    summary: str = ""
    """One sentence for people."""

    @property
    def failed_clauses(self) -> tuple[ClauseResult, ...]:
        """The clauses that came out false."""
        return tuple(c for c in self.clauses if not c.holds)


def scoping_verdict(
    event: ProvisioningObjectSummary, mapping: ObjectMapping | None = None
) -> ScopingVerdict:
    """Read from `event` what keeps its object out of provisioning, if anything does.

    `mapping` is the object mapping of the job's schema; with it a missing matching value can be
    named where the event names none. Reads the step keys of today's logs, of older ones and of
    provision on demand.
    """
    details = _scoping_details(event)
    clauses = tuple(_clauses(details, source_attributes(event)))
    obstacles = _obstacles(details)
    reason, missing = _skip(event)
    if reason and reason.casefold() in _NO_VALUE_REASONS:
        obstacles.append(Obstacle.MATCHING_VALUE_MISSING)
        missing = missing or _only_matching_source(mapping)
    # Some records lack the overall result: it follows from the clauses.
    if _filter_fails(clauses) and Obstacle.SCOPING_FILTER not in obstacles:
        obstacles.append(Obstacle.SCOPING_FILTER)
    verdict = ScopingVerdict(
        in_scope=_in_scope(details, obstacles, reason),
        obstacles=tuple(obstacles),
        clauses=clauses,
        skip_reason=reason,
        missing_attribute=missing,
    )
    return _with_summary(verdict, event)


def _scoping_details(event: ProvisioningObjectSummary) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for step in event.provisioning_steps:
        if step.provisioning_step_type == "scoping" or "scoping" in step.name.casefold():
            found |= {re.sub(r"\W", "", key).casefold(): v for key, v in step.details.items()}
    return found


def _obstacles(details: Mapping[str, str | None]) -> list[Obstacle]:
    """In the order in which Entra checks them.

    Who is not assigned has no role either, and the older log's
    `IsEffectivelyEntitledForProvisioning` is false of who is inactive, too.
    """
    failed = set(_failed_keys(details))
    own = any((details.get(k) or "").strip().casefold() == "false" for k in _ROLE_KEYS)
    if Obstacle.NOT_ASSIGNED in failed or (Obstacle.INACTIVE in failed and not own):
        failed.discard(Obstacle.ROLE_MISSING)
    return [o for o in Obstacle if o in failed]


def _failed_keys(details: Mapping[str, str | None]) -> Iterator[Obstacle]:
    for key, obstacle in _KEYS.items():
        if (details.get(key) or "").strip().casefold() == "false":
            yield obstacle


def _clauses(
    details: Mapping[str, str | None], source: Mapping[str, str | None]
) -> Iterator[ClauseResult]:
    try:
        results = json.loads(details.get("scopeevaluationresult") or "{}")
    except (ValueError, RecursionError):
        return
    if not isinstance(results, dict):
        return
    values = {name.casefold(): value for name, value in source.items()}
    for text, holds in results.items():
        found = _CLAUSE.match(text)
        attribute = found["attribute"].strip("[]") if found else None
        actual = values.get(attribute.casefold()) if attribute else None
        true = holds if isinstance(holds, bool) else str(holds).casefold() == "true"
        group = (found["group"] or "") if found else ""
        yield ClauseResult(text=text, holds=true, group=group, attribute=attribute, actual=actual)


def _filter_fails(clauses: tuple[ClauseResult, ...]) -> bool:
    groups: dict[str, bool] = {}
    for clause in clauses:
        groups[clause.group] = groups.get(clause.group, True) and clause.holds
    return bool(groups) and not any(groups.values())


def _skip(event: ProvisioningObjectSummary) -> tuple[str | None, str | None]:
    """`SkipReason` and `PropertyName`, wherever a step has them."""
    found: dict[str, str] = {}
    for step in event.provisioning_steps:
        for key, value in _texts(step):
            found.setdefault(key.casefold(), value)
    code = event.error.error_code if event.status == "skipped" else None
    return found.get("skipreason") or code, found.get("propertyname")


def _texts(step: ProvisioningStep) -> Iterator[tuple[str, str]]:
    yield from ((key, value) for key, value in step.details.items() if value)


def _only_matching_source(mapping: ObjectMapping | None) -> str | None:
    matching = mapping.matching_mappings if mapping else ()
    source = matching[0].source if len(matching) == 1 else None
    return source.name if source and source.type == "Attribute" else None


def _in_scope(
    details: Mapping[str, str | None], obstacles: list[Obstacle], reason: str | None
) -> bool | None:
    if obstacles:
        return False
    if reason and reason.casefold() in {"notinscope", "noteffectivelyentitled"}:
        return False
    return True if any(key in details for key in _KEYS) else None


_SENTENCES = {
    Obstacle.INACTIVE: "it is not active in Entra (disabled or deleted)",
    Obstacle.NOT_ASSIGNED: "it is not assigned to the app, neither itself nor by a direct group",
    Obstacle.ROLE_MISSING: "its assignment has no role that entitles it (Default Access does not)",
    Obstacle.SCOPING_FILTER: "the scoping filter is false for it",
    Obstacle.MATCHING_VALUE_MISSING: "a required or matching attribute has no value",
}


def _with_summary(verdict: ScopingVerdict, event: ProvisioningObjectSummary) -> ScopingVerdict:
    reasons = tuple(_part(verdict, obstacle) for obstacle in verdict.obstacles)
    verdict = replace(verdict, reasons=reasons)
    return replace(verdict, summary=_summary(verdict, event.object_label))


def _summary(verdict: ScopingVerdict, label: str) -> str:
    if verdict.reasons:
        return f"{label} is left out: {'; '.join(verdict.reasons)}."
    if verdict.in_scope is False:
        return f"{label} is left out ({verdict.skip_reason}); the event does not tell by what."
    if verdict.in_scope:
        return f"{label} is in scope."
    return f"The event does not tell whether {label} is in scope."


def _part(verdict: ScopingVerdict, obstacle: Obstacle) -> str:
    sentence = _SENTENCES[obstacle]
    if obstacle is Obstacle.MATCHING_VALUE_MISSING and verdict.missing_attribute:
        return f"{sentence}: {verdict.missing_attribute}"
    if obstacle is Obstacle.SCOPING_FILTER and verdict.failed_clauses:
        clauses = ", ".join(_clause_text(c) for c in verdict.failed_clauses)
        return f"{sentence}: {clauses}"
    return sentence


def _clause_text(clause: ClauseResult) -> str:
    return clause.text if clause.actual is None else f"{clause.text} (it is {clause.actual!r})"
