"""What changed between two synchronization schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra.evaluate import expression_of
from scimdoctor.entra.mapping_rules import CHANGED
from scimdoctor.entra.scope_filter import scope_text
from scimdoctor.model.finding import Finding, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scimdoctor.model.synchronization import (
        AttributeMapping,
        ObjectMapping,
        SynchronizationSchema,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingChange:
    """One difference between two schemas."""

    subject: str
    """`User → userName`, or the object alone."""

    part: str
    """`expression`, `default value`, `matching precedence` …"""

    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.subject}: {self.part} added: {self.after}"
        if self.after is None:
            return f"{self.subject}: {self.part} removed (was {self.before})"
        return f"{self.subject}: {self.part} changed from {self.before} to {self.after}"


def diff_schemas(
    before: SynchronizationSchema, after: SynchronizationSchema
) -> tuple[MappingChange, ...]:
    """All differences in mappings, scoping filters and custom attributes, users first."""
    found: list[MappingChange] = []
    for group in (False, True):
        old, new = before.mapping_for(group=group), after.mapping_for(group=group)
        found += _object_changes("Group" if group else "User", old, new)
    return tuple(found)


def change_findings(changes: tuple[MappingChange, ...]) -> tuple[Finding, ...]:
    """The changes as findings of the rule `mapping/unchanged`."""
    return tuple(
        Finding(
            check=CHANGED.id,
            outcome=Outcome.FAILED,
            severity=CHANGED.severity,
            requirement=CHANGED.requirement,
            title=CHANGED.title,
            message=str(change),
            references=CHANGED.references,
        )
        for change in changes
    )


def _object_changes(
    name: str, old: ObjectMapping | None, new: ObjectMapping | None
) -> Iterator[MappingChange]:
    if old is None or new is None:
        if old is not new:
            yield MappingChange(
                subject=name,
                part="mapping",
                before="present" if old else None,
                after="present" if new else None,
            )
        return
    yield from _parts(name, _object_parts(old), _object_parts(new))
    before, after = _by_target(old), _by_target(new)
    for target in dict.fromkeys((*before, *after)):
        yield from _parts(f"{name} → {target}", before.get(target, {}), after.get(target, {}))


def _object_parts(owner: ObjectMapping) -> Mapping[str, str]:
    parts = {"enabled": str(owner.enabled), "actions": owner.flow_types}
    scope = scope_text(owner.scope)
    return parts | ({"scoping filter": scope} if scope else {})


def _by_target(owner: ObjectMapping) -> dict[str, Mapping[str, str]]:
    return {m.target_attribute_name: _mapping_parts(m) for m in owner.attribute_mappings}


def _mapping_parts(item: AttributeMapping) -> Mapping[str, str]:
    parts = {
        "expression": (expression_of(item.source) if item.source else "") or "(none)",
        "default value": item.default_value or "",
        "matching precedence": str(item.matching_priority or ""),
        "flow": item.flow_type,
    }
    return {name: value for name, value in parts.items() if value}


def _parts(
    subject: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[MappingChange]:
    for part in dict.fromkeys((*before, *after)):
        old, new = before.get(part), after.get(part)
        # A mapping that came or went is said once, by its expression.
        came_or_went = bool(before) != bool(after)
        if old != new and (not came_or_went or part == "expression"):
            name = "mapping" if came_or_went else part
            yield MappingChange(subject=subject, part=name, before=old, after=new)
