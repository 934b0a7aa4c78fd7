"""Judges a job's attribute mapping before anybody is provisioned by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra import expression_lint, object_lint
from scimdoctor.entra.mapping_rules import (
    ABSENT,
    CHANGED,
    MAPPING_RULES,
    REQUIRED_UNMAPPED,
    TYPE_MISMATCH,
    UNKNOWN_SOURCE,
    UNKNOWN_TARGET,
)
from scimdoctor.entra.mapping_view import MappingView, of_another_kind, views_of
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.report import MappingRow
from scimdoctor.model.rule import CheckRule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scimdoctor.model.synchronization import ObjectMapping, SynchronizationSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One rule that a mapping breaks."""

    rule: CheckRule
    message: str
    target: str | None = None
    """The target attribute; `None` where the whole object is meant."""

    severity: Severity | None = None
    """`None`: the rule's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingReview:
    """A schema as rows, with what is wrong with them."""

    rows: tuple[MappingRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    """One for each fault, and one for each rule that holds or could not be applied."""

    notes: tuple[str, ...] = ()
    """Worth knowing, but no fault."""

    limits: tuple[str, ...] = ()


def review(
    schema: SynchronizationSchema, *, known_paths: Sequence[str] | None = None
) -> MappingReview:
    """List and judge all mappings of `schema`.

    `known_paths` are the attribute paths that the endpoint's /Schemas has
    (`object_lint.schema_paths`); without them absence is not judged, and `limits` says so.
    """
    rows: list[MappingRow] = []
    found: list[tuple[ObjectMapping, Remark]] = []
    for owner in schema.object_mappings:
        views = views_of(schema, owner)
        remarks = list(_remarks(schema, owner, views, known_paths)) if owner.enabled else []
        rows += [_row(view, remarks) for view in views]
        found += [(owner, remark) for remark in remarks]
    faults = [(o, r) for o, r in found if _severity(r) is not Severity.INFO]
    broken = {remark.rule.id for _, remark in faults}
    held = [r for r in MAPPING_RULES if r.id not in broken and r is not CHANGED]
    applied = [_unbroken(rule, schema, known_paths) for rule in held] if rows else []
    return MappingReview(
        rows=tuple(rows),
        findings=(*(_finding(o, r) for o, r in faults), *applied),
        notes=(
            *_without_users(schema),
            *(_message(o, r) for o, r in found if _severity(r) is Severity.INFO),
        ),
        limits=tuple(_limits(schema, known_paths)),
    )


def _without_users(schema: SynchronizationSchema) -> Iterator[str]:
    """A job of groups alone, which is unusual: members are found by what users were matched."""
    if of_another_kind(schema) is None and schema.mapping_for(group=False) is None:
        yield (
            "the schema has no user mapping: the job provisions no people, and members of groups"
            " cannot be told to the app"
        )


def _limits(schema: SynchronizationSchema, known_paths: Sequence[str] | None) -> Iterator[str]:
    yield from (f"the {_kind(o)} mapping is off: it was not judged" for o in _disabled(schema))
    other = of_another_kind(schema)
    if other is not None:
        yield f"{other}, and what a SCIM app needs could not be judged"
    if known_paths is None:
        yield "targets were not compared with the endpoint's /Schemas: no endpoint was given, or it has no usable /Schemas"
    if not schema.directories:
        yield "the schema has no directory definitions: types could not be judged"


_NEED_DEFINITIONS = {TYPE_MISMATCH.id, REQUIRED_UNMAPPED.id, UNKNOWN_SOURCE.id, UNKNOWN_TARGET.id}


def _unbroken(
    rule: CheckRule, schema: SynchronizationSchema, known_paths: Sequence[str] | None
) -> Finding:
    """A rule that holds, or that could not be applied."""
    outcome, message = Outcome.PASSED, "it holds for every mapping"
    if rule is ABSENT and known_paths is None:
        outcome, message = Outcome.SKIPPED, "no endpoint was given, or it has no usable /Schemas"
    elif rule.id in _NEED_DEFINITIONS and not schema.directories:
        outcome, message = Outcome.SKIPPED, "the schema has no directory definitions"
    elif rule is UNKNOWN_SOURCE and not any(map(_lists_sources, _views(schema))):
        outcome, message = Outcome.SKIPPED, "the schema lists no source attributes"
    elif rule is UNKNOWN_TARGET and not any(
        object_lint.lists_targets(o, schema.target_definition(o)) for o in schema.object_mappings
    ):
        outcome, message = Outcome.SKIPPED, "the schema lists no target attributes of a SCIM app"
    return Finding(
        check=rule.id,
        outcome=outcome,
        severity=rule.severity,
        requirement=rule.requirement,
        title=rule.title,
        message=message,
    )


def _views(schema: SynchronizationSchema) -> Iterator[MappingView]:
    for owner in schema.object_mappings:
        yield from views_of(schema, owner)


def _lists_sources(view: MappingView) -> bool:
    return view.source_definition is not None and bool(view.source_definition.attributes)


def _disabled(schema: SynchronizationSchema) -> list[ObjectMapping]:
    return [owner for owner in schema.object_mappings if not owner.enabled]


def _kind(owner: ObjectMapping) -> str:
    return "group" if owner.is_group else "user"


def _remarks(
    schema: SynchronizationSchema,
    owner: ObjectMapping,
    views: Sequence[MappingView],
    known_paths: Sequence[str] | None,
) -> Iterator[Remark]:
    definition = schema.target_definition(owner)
    for rule, message, target, severity in object_lint.faults(owner, views, definition):
        yield Remark(rule=rule, message=message, target=target, severity=severity)
    for view in views:
        for rule, message, severity in expression_lint.faults(view):
            yield Remark(rule=rule, message=message, target=view.target, severity=severity)
    if known_paths is not None:
        for rule, message, target in object_lint.absent(views, known_paths):
            yield Remark(rule=rule, message=message, target=target)


def _severity(remark: Remark) -> Severity:
    return remark.severity or remark.rule.severity


def _message(owner: ObjectMapping, remark: Remark) -> str:
    subject = f"{owner.source_object_name} → {remark.target}" if remark.target else _kind(owner)
    return f"{subject}: {remark.message}"


def _finding(owner: ObjectMapping, remark: Remark) -> Finding:
    return Finding(
        check=remark.rule.id,
        outcome=Outcome.FAILED,
        severity=_severity(remark),
        requirement=remark.rule.requirement,
        title=remark.rule.title,
        message=f"{_message(owner, remark)}. {remark.rule.fix}",
        cause=remark.rule.cause,
        references=remark.rule.references,
    )


def _row(view: MappingView, remarks: Sequence[Remark]) -> MappingRow:
    item, definition = view.item, view.definition
    own = (r for r in remarks if r.target == view.target and _severity(r) is not Severity.INFO)
    return MappingRow(
        object=view.owner.source_object_name,
        target=view.target,
        source=view.text,
        kind=item.source.type if item.source else "None",
        matching_priority=item.matching_priority,
        flow=_flow(view),
        default_value=item.default_value,
        type=definition.type if definition else None,
        lint=tuple(dict.fromkeys(remark.message for remark in own)),
    )


def _flow(view: MappingView) -> str:
    on_create = view.item.flow_type.casefold() == "objectaddonly"
    return "only during object creation" if on_create else view.item.flow_type
