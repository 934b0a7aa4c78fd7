"""The app roles of a comparison of everybody: who has which, and what the app holds of it.

A person's roles are those of their own assignment and of the assigned groups that they are directly
in, so they are known only when all assignments and members were read; the index joins them.
Source: Microsoft, "Provisioning a role to a SCIM app".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.app_side import read
from scimdoctor.compare.attributes import DIFFERENT, compare_object, expected_values
from scimdoctor.compare.entitlement import app_roles
from scimdoctor.compare.object_index import Kind
from scimdoctor.entra.app_roles import role_names
from scimdoctor.entra.evaluate import inputs_of
from scimdoctor.errors import GraphError
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict
from scimdoctor.scim.paths import AttributePath, member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scimdoctor.compare.attributes import Expected
    from scimdoctor.compare.entra_side import Population, Side
    from scimdoctor.compare.object_index import ObjectIndex, RoleHolder
    from scimdoctor.compare.one import BothEnds
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.progress import Task

ROLES_SOURCE = "appRoleAssignments"


def role_inputs(side: Side, source: Mapping[str, object]) -> dict[str, object]:
    """The other source values that the expressions of roles read."""
    wanted = {n.casefold() for m in side.of_roles.attribute_mappings for n in inputs_of(m)}
    wanted.discard(ROLES_SOURCE.casefold())
    return {name: value for name, value in source.items() if name.casefold() in wanted}


def held_roles(side: Side, resource: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an app's user that roles flow to."""
    tops = {_top(m.target_attribute_name) for m in side.of_roles.attribute_mappings}
    return {name: value for name, value in resource.items() if name.casefold() in tops}


def _top(path: str) -> str:
    parsed = AttributePath.parse(path)
    return (parsed.urn or parsed.attribute if parsed else path).casefold()


def read_roles(population: Population, *, members: bool, task: Task) -> None:
    """Note who is assigned with which role; `members`: the groups' members are not known yet."""
    for group_id in population.assigned_groups():
        task.advance()
        if members:
            for _ in population.members(group_id):
                pass


def compare_roles(ends: BothEnds, index: ObjectIndex, found: EveryoneCompared, side: Side) -> None:
    """Compare the roles of all users at both ends."""
    try:
        known = {str(r["id"]): r for r in app_roles(ends.graph, ends.app.id)}
    except GraphError as error:
        found.limits.append(f"app roles are not compared: {error}")
        return
    comparing = _Comparing(side, known)
    if comparing.list_leaves_out(ends, index):
        found.limits.append(
            "app roles are not compared here, as the app shows them of one user at a time only: "
            "scimdoctor compare USER compares them"
        )
        return
    places = found.places(Kind.USER)
    for one in index.role_holders():
        rows = kept_roles(compare_object(comparing.expected(one), one.held), side, known.values())
        mapped = comparing.names
        different = tuple(a for a in rows if a.attribute in mapped and a.verdict in DIFFERENT)
        if different:
            found.attach(one, different, places)


def kept_roles(
    rows: Iterable[AttributeComparison], side: Side, known: Iterable[Mapping[str, Any]]
) -> tuple[AttributeComparison, ...]:
    """Judge roles that the app holds and Entra grants no more; `known` are all the app's roles.

    Nothing is sent for them, as for any empty value, but a right that stays is worth a look. A role
    that is none of Entra's is the app's own business.
    """
    targets = {m.target_attribute_name for m in side.of_roles.attribute_mappings}
    names = {str(r[n]).casefold() for r in known for n in ("value", "displayName") if r.get(n)}
    return tuple(_kept(row, names) if row.attribute in targets else row for row in rows)


def _kept(row: AttributeComparison, known: set[str]) -> AttributeComparison:
    if row.verdict is not AttributeVerdict.NOT_SENT_NULL or not row.actual:
        return row
    kept = [name for name in role_names(_loaded(row.actual)) if name.casefold() in known]
    if not kept:
        return row
    note = f"Entra grants {', '.join(kept)} no more; it sends nothing for that, so the app keeps it"
    return replace(row, verdict=AttributeVerdict.DIFFERS, note=note)


def _loaded(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


class _Comparing:
    def __init__(self, side: Side, roles: Mapping[str, Mapping[str, Any]]) -> None:
        self._side = side
        self._roles = roles
        self.names = {m.target_attribute_name for m in side.of_roles.attribute_mappings}

    def expected(self, one: RoleHolder) -> tuple[Expected, ...]:
        own = [self._roles[i] for i in one.role_ids if i in self._roles]
        found = expected_values(
            self._side.of_roles,
            {**one.inputs, ROLES_SOURCE: own},
            definition=self._side.definition,
            default_domain=self._side.default_domain,
        )
        return tuple(e for e in found if e.known)

    def list_leaves_out(self, ends: BothEnds, index: ObjectIndex) -> bool:
        """Whether no user has roles in the app's list, and one who should has when read alone."""
        should = None
        for one in index.role_holders():
            if any(self._shown(one.held)):
                return False
            if should is None and any(e.value for e in self.expected(one)):
                should = one
        if should is None:
            return False
        answer = read(ends.endpoint, Kind.USER.resource, should.target_id)
        return any(s for r in answer.resources for s in self._shown(r))

    def _shown(self, resource: Mapping[str, Any]) -> Iterator[bool]:
        for name in self.names:
            parsed = AttributePath.parse(name)
            outer = member(resource, parsed.urn) if parsed and parsed.urn else resource
            inner = parsed.attribute if parsed else name
            yield isinstance(outer, dict) and member(outer, inner) not in (None, "", [], {})
