"""Who should be in the app, and with what values: the tenant's side of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.evaluate import evaluate_mapping, inputs_of, source_names
from scimdoctor.entra.scope_filter import false_clauses, in_scope
from scimdoctor.entra.source_values import graph_fields, source_values
from scimdoctor.graph import directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import (
        AttributeMapping,
        ObjectDefinition,
        ObjectMapping,
        SynchronizationSchema,
    )

_READ_ONE_BY_ONE = 100
"""Up to so many people assigned by name are read singly; more are found by listing everybody."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The mapping of one kind of object and what it needs to be evaluated."""

    mapping: ObjectMapping
    definition: ObjectDefinition | None = None
    attributes: tuple[str, ...] = ()
    """Source attributes that the mapping and the scoping filter read."""

    default_domain: str | None = None

    @classmethod
    def of(
        cls, schema: SynchronizationSchema, *, group: bool, default_domain: str | None = None
    ) -> Side | None:
        """The side of users or groups; `None` if `schema` does not map them."""
        mapping = schema.mapping_for(group=group)
        if mapping is None:
            return None
        return cls(
            mapping=mapping,
            definition=schema.target_definition(mapping),
            attributes=source_names(mapping),
            default_domain=default_domain,
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """The Graph properties to ask for."""
        return graph_fields(self.attributes, group=self.mapping.is_group)

    @property
    def defined(self) -> tuple[str, ...]:
        """The target attributes that the schema knows."""
        return tuple(a.name for a in self.definition.attributes) if self.definition else ()

    @property
    def manager_path(self) -> str | None:
        """The target attribute that Entra's manager flows to; `None` if it does not."""
        return next((m.target_attribute_name for m in self._of_manager(direct=True)), None)

    @property
    def at_once(self) -> ObjectMapping:
        """The mapping without what is known only when all was read.

        The app knows a manager by an id of its own; roles come from all groups that one is in.
        """
        later = (*self._of_manager(direct=False), *self.of_roles.attribute_mappings)
        left_out = set(map(id, later))
        kept = tuple(m for m in self.mapping.attribute_mappings if id(m) not in left_out)
        return replace(self.mapping, attribute_mappings=kept)

    @property
    def of_roles(self) -> ObjectMapping:
        """The part of the mapping that reads app roles."""
        found = tuple(
            m
            for m in self.mapping.attribute_mappings
            if any(name.casefold() == "approleassignments" for name in inputs_of(m))
        )
        return replace(self.mapping, attribute_mappings=found)

    def _of_manager(self, *, direct: bool) -> tuple[AttributeMapping, ...]:
        found = []
        for item in self.mapping.attribute_mappings:
            read = [name.casefold() for name in inputs_of(item)]
            plain = item.source is not None and item.source.type == "Attribute"
            if "manager" in read and (plain or not direct):
                found.append(item)
        return tuple(found)

    def matching_key(self, source: Mapping[str, object]) -> tuple[str, str] | None:
        """The first matching attribute and its value for one object, if it has one."""
        items = self.mapping.matching_mappings or self.mapping.attribute_mappings[:1]
        for item in items:
            result = evaluate_mapping(
                item, source, creating=True, default_domain=self.default_domain
            )
            if result.known and isinstance(result.value, str) and result.value:
                return item.target_attribute_name, result.value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as the provisioning service sees it."""

    raw: Mapping[str, Any]
    source: Mapping[str, object]
    should_be_active: bool | None
    """`None`: it cannot be told, as a value for the scoping filter is not at hand."""

    why: str = ""
    """Why the person should not be active."""

    @property
    def id(self) -> str:
        """The object id."""
        return str(self.raw.get("id") or "")

    @property
    def label(self) -> str:
        """What people call the person."""
        return str(self.raw.get("userPrincipalName") or self.raw.get("displayName") or self.id)


def person(
    side: Side,
    raw: Mapping[str, Any],
    *,
    assigned: bool | None,
    manager_id: str | None = None,
    roles: list[Json] | None = None,
) -> Person:
    """See one Graph user as the provisioning service does."""
    plain = source_values(raw, side.attributes, manager_id=manager_id, roles=roles)
    active, why = _should_be_active(side, raw, plain, assigned)
    soft_deleted = None if active is None else not active
    source = source_values(
        raw, side.attributes, soft_deleted=soft_deleted, manager_id=manager_id, roles=roles
    )
    return Person(raw=raw, source=source, should_be_active=active, why=why)


def _should_be_active(
    side: Side, raw: Mapping[str, Any], source: Mapping[str, object], assigned: bool | None
) -> tuple[bool | None, str]:
    if raw.get("deletedDateTime"):
        return False, "deleted in Entra"
    if raw.get("accountEnabled") is False:
        return False, "disabled in Entra"
    if assigned is False:
        return False, "not assigned to the app"
    scoped = in_scope(side.mapping.scope, source)
    if scoped is False:
        clauses = "; ".join(false_clauses(side.mapping.scope, source))
        return False, f"outside the scoping filter: {clauses}"
    known = assigned is not None and scoped is not None and "accountEnabled" in raw
    return (True, "") if known else (None, "")


@dataclass(slots=True)
class Population:
    """The people and groups whom the job provisions: the assigned ones, or everybody.

    Of an assigned group, which stands for its direct members, the people are its direct members.
    """

    graph: GraphClient
    app: ServicePrincipal
    side: Side
    """Of users."""

    meet: Callable[[str], bool]
    """Whether a person of this id is met for the first time."""

    everybody: bool = False
    note_member: Callable[[str, str], object] = lambda *_: None
    """Hears of each direct member of a group by the two ids."""

    note_role: Callable[[str, str], object] = lambda *_: None
    """Hears of each assignment: the id of the person or group, and that of the role."""

    limits: list[str] = field(default_factory=list)
    _named: set[str] = field(default_factory=set)
    _groups: dict[str, str] = field(default_factory=dict)
    """The assigned groups' names by id."""

    def people(self) -> Iterator[tuple[Person, str]]:
        """Each person once, with the assignment by which it came."""
        for raw, via in self._raw_people():
            identity = str(raw.get("id") or "")
            if identity and self.meet(identity):
                yield person(self.side, raw, assigned=True), via

    def assigned_groups(self) -> tuple[str, ...]:
        """The ids of the assigned groups, by which people have roles."""
        self._read_assignments()
        return tuple(self._groups)

    def groups(self, side: Side) -> Iterator[Json]:
        """Each group once, as Graph gives it; `side` is the mapping of groups."""
        if self.everybody:
            yield from self._listed("/groups", side)
            return
        self._read_assignments()
        yield from self._by_id("groups", set(self._groups), side)

    def members(self, group_id: str, *, fields: tuple[str, ...] = ("id",)) -> Iterator[Json]:
        """The direct members of a group that are users; the nested groups are only noted."""
        for raw in directory.members(self.graph, group_id, select=fields):
            kind = str(raw.get("@odata.type") or "#microsoft.graph.user")
            if raw.get("id") and kind.endswith((".user", ".group")):
                self.note_member(group_id, str(raw["id"]))
                yield dict(raw)

    def _read_assignments(self) -> None:
        if self._named or self._groups:
            return
        for row in directory.assignments(self.graph, self.app.id):
            if row.app_role_id:
                self.note_role(row.principal_id, row.app_role_id)
            if row.principal_type == "User":
                self._named.add(row.principal_id)
            elif row.principal_type == "Group":
                self._groups[row.principal_id] = row.principal_display_name or row.principal_id

    def _raw_people(self) -> Iterator[tuple[Json, str]]:
        if self.everybody:
            yield from ((raw, "everybody") for raw in self._listed("/users", self.side))
            return
        self._read_assignments()
        yield from ((raw, "assigned") for raw in self._by_id("users", self._named, self.side))
        for identity, name in self._groups.items():
            via = f"group {name}"
            yield from ((raw, via) for raw in self._people_of(identity, via))

    def _by_id(self, kind: str, ids: set[str], side: Side) -> Iterator[Json]:
        """Few are read singly; many are picked out of a list of all."""
        if len(ids) > _READ_ONE_BY_ONE:
            yield from (raw for raw in self._listed(f"/{kind}", side) if raw.get("id") in ids)
            return
        read = directory.group if kind == "groups" else directory.user
        for identity in sorted(ids):
            raw = read(self.graph, identity, select=side.fields)
            if raw is not None:
                yield dict(raw)

    def _listed(self, path: str, side: Side) -> Iterator[Json]:
        parameters = {"$select": ",".join(side.fields), "$top": "999"}
        for page in self.graph.pages(path, parameters):
            yield from page

    def _people_of(self, group_id: str, via: str) -> Iterator[Json]:
        nested = 0
        for raw in self.members(group_id, fields=self.side.fields):
            if str(raw.get("@odata.type") or "").endswith(".group"):
                nested += 1
            else:
                yield raw
        if nested:
            self.limits.append(
                f"{via} has {nested} nested group(s): Entra does not provision their members"
            )
