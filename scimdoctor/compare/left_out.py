"""What keeps one object out of an app's provisioning now, from live assignments and the mapping.

The log tells how it was when the object was skipped; this is how it is. Source: Microsoft, "How
application provisioning works" and "Known issues" (nested groups, *Default Access*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.compare.entitlement import DEFAULT_ACCESS, has_app_roles
from scimdoctor.compare.entra_side import Side, person
from scimdoctor.entra.scope_filter import false_clauses, in_scope
from scimdoctor.entra.source_values import source_values
from scimdoctor.graph import directory
from scimdoctor.graph.job_scope import JobScope, job_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.model.synchronization import SynchronizationSchema

NOTHING = "nothing keeps it out: Entra takes it up in a cycle, or when it is provisioned on demand"


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

    def obstacles(self, object_id: str, *, group: bool) -> tuple[str, ...]:
        """What keeps the object out, each alone enough; empty if nothing does.

        Raises:
            GraphError: assignments or the object may not be read.
        """
        side = Side.of(self.schema, group=group)
        if side is None:
            return (f"the job does not provision {'groups' if group else 'users'}",)
        read = directory.group if group else directory.user
        raw = read(self.graph, object_id, select=side.fields)
        if raw is None:
            return ("Entra has it no more: it is deleted",)
        return tuple(self._obstacles(raw, side, object_id))

    def _obstacles(self, raw: Mapping[str, Any], side: Side, object_id: str) -> Iterator[str]:
        group = side.mapping.is_group
        if raw.get("accountEnabled") is False:
            yield "it is disabled in Entra (accountEnabled is false)"
        if not self.scope.everybody:
            yield from self._assignment(object_id, group=group)
        source = (
            source_values(raw, side.attributes)
            if group
            else person(side, raw, assigned=True).source
        )
        if in_scope(side.mapping.scope, source) is False:
            clauses = false_clauses(side.mapping.scope, source)
            yield f"the scoping filter is false for it: {'; '.join(clauses)}"
        if side.matching_key(source) is None:
            named = [m.source.name for m in side.mapping.matching_mappings if m.source]
            yield f"the matching attribute has no value: {', '.join(n for n in named if n)}"

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
