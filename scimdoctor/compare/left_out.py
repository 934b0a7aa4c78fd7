"""What keeps one object out of an app's provisioning now, from live assignments and the mapping.

The log tells how it was when the object was skipped; this is how it is. Source: Microsoft, "How
application provisioning works" and "Known issues" (nested groups, *Default Access*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.compare.entitlement import DEFAULT_ACCESS, has_app_roles
from scimdoctor.compare.entra_side import Side, person
from scimdoctor.entra.evaluate import evaluate_mapping, inputs_of
from scimdoctor.entra.scope_filter import false_clauses, in_scope
from scimdoctor.entra.source_values import source_values
from scimdoctor.graph import directory
from scimdoctor.graph.job_scope import JobScope, job_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.model.synchronization import AttributeMapping, SynchronizationSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What keeps one object out now."""

    obstacles: tuple[str, ...] = ()
    """Each alone is enough."""

    unclear: tuple[str, ...] = ()
    """What could not be told, and may keep it out."""

    @property
    def is_free(self) -> bool:
        """Whether nothing keeps it out."""
        return not self.obstacles and not self.unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An app's assignments, scope and mapping, all of which an object must pass."""

    graph: GraphClient
    app_id: str
    """The service principal's object id."""

    schema: SynchronizationSchema
    scope: JobScope

    @classmethod
    def of(cls, graph: GraphClient, app_id: str, schema: SynchronizationSchema) -> Gate:
        """The gate of an app, its scope read."""
        return cls(graph=graph, app_id=app_id, schema=schema, scope=job_scope(graph, app_id))

    def standing(self, object_id: str, *, group: bool, needed: str | None = None) -> Standing:
        """What keeps the object out; `needed` is an attribute that an event says had no value.

        Raises:
            GraphError: assignments or the object may not be read.
        """
        side = Side.of(self.schema, group=group)
        if side is None or not side.mapping.enabled:
            kind = "groups" if group else "users"
            return Standing(obstacles=(f"the job does not provision {kind}",))
        read = directory.group if group else directory.user
        raw = read(self.graph, object_id, select=side.fields)
        if raw is None:
            return Standing(obstacles=("Entra has it no more: it is deleted",))
        source = (
            source_values(raw, side.attributes)
            if group
            else person(side, raw, assigned=True).source
        )
        unclear: tuple[str, ...] = ()
        if in_scope(side.mapping.scope, source) is None:
            unclear = ("whether the scoping filter lets it in cannot be told from here",)
        found = (
            *self._of_account(raw, group=group),
            *_of_values(side, source, needed),
        )
        return Standing(obstacles=found, unclear=unclear)

    def _of_account(self, raw: Mapping[str, Any], *, group: bool) -> Iterator[str]:
        if raw.get("accountEnabled") is False:
            yield "it is disabled in Entra (accountEnabled is false)"
        if not self.scope.everybody:
            yield from self._assignment(str(raw.get("id")), group=group)

    def _assignment(self, object_id: str, *, group: bool) -> Iterator[str]:
        rows = list(directory.assignments(self.graph, self.app_id))
        own = {object_id}
        if not group:
            own |= set(directory.groups_of(self.graph, object_id))
        roles = {row.app_role_id or DEFAULT_ACCESS for row in rows if row.principal_id in own}
        if roles == {DEFAULT_ACCESS} and has_app_roles(self.graph, self.app_id):
            yield "it is assigned with the role Default Access only, which may not entitle it"
        if roles:
            return
        nested = {} if group else directory.groups_of(self.graph, object_id, transitive=True)
        outer = [nested[r.principal_id] for r in rows if r.principal_id in nested]
        if outer:
            yield (
                f"it is in the assigned group {outer[0]} only by a nested group, and Entra does"
                " not provision members of nested groups"
            )
        else:
            yield "it is not assigned to the app, neither itself nor by a group it is directly in"


def _of_values(side: Side, source: Mapping[str, object], needed: str | None) -> Iterator[str]:
    if in_scope(side.mapping.scope, source) is False:
        clauses = false_clauses(side.mapping.scope, source)
        yield f"the scoping filter is false for it: {'; '.join(clauses)}"
    matching = side.mapping.matching_mappings
    if side.matching_key(source) is None:
        named = [m.source.name for m in matching if m.source]
        yield f"the matching attribute has no value: {', '.join(n for n in named if n)}"
    for item in side.mapping.attribute_mappings:
        if item in matching or not _is_needed(side, item, (needed or "").casefold()):
            continue
        result = evaluate_mapping(item, source, creating=True, default_domain=side.default_domain)
        if result.known and result.value in (None, ""):
            yield f"a required attribute has no value: {item.target_attribute_name}"


def _is_needed(side: Side, item: AttributeMapping, named: str) -> bool:
    """Whether an object without this value is not provisioned; an event names either end's."""
    target = item.target_attribute_name
    if named and (named == target.casefold() or [named] == [*map(str.casefold, inputs_of(item))]):
        return True
    defined = side.definition.attribute(target) if side.definition else None
    return defined is not None and defined.required
