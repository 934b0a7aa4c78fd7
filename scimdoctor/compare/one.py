"""Compares one user or group at both ends."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.compare.app_side import Found, look_up, read, shows_members
from scimdoctor.compare.attributes import Expected, compare_object, expected_values, is_active
from scimdoctor.compare.entitlement import app_roles, assigned_roles
from scimdoctor.compare.entra_side import Person, Side, person
from scimdoctor.compare.group_members import compare_members, held_members
from scimdoctor.compare.object_index import Kind
from scimdoctor.compare.roles import kept_roles
from scimdoctor.entra.mapping_view import speaks_scim
from scimdoctor.entra.source_values import source_values
from scimdoctor.errors import ConfigurationError
from scimdoctor.graph import directory
from scimdoctor.graph.job_scope import JobScope
from scimdoctor.model.comparison import Comparison
from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import SynchronizationSchema

Json = dict[str, Any]

_NO_KEY = "the matching attribute has no value for this object"
KEEPS_LEAVERS = (
    "the job has SkipOutOfScopeDeletions: it leaves people active in the app who leave the scope"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BothEnds:
    """The tenant's app and the app's endpoint, with the mapping between them."""

    graph: GraphClient
    app: ServicePrincipal
    schema: SynchronizationSchema
    endpoint: Endpoint
    scope: JobScope = field(default_factory=JobScope)

    def group_side(self) -> Side | None:
        """The mapping of groups; `None` if the job does not provision them."""
        side = Side.of(self.schema, group=True, default_domain=self._domain())
        return side if side is not None and side.mapping.enabled else None

    def side(self, *, group: bool) -> Side:
        """The mapping of users or groups.

        Raises:
            ConfigurationError: the job does not map them, or it is no SCIM job.
        """
        side = Side.of(self.schema, group=group, default_domain=self._domain())
        if side is None:
            kind = "groups" if group else "users"
            raise ConfigurationError(
                f"the job's schema has no mapping of {kind}",
                hint="check with scimdoctor mappings that it is the right job's schema",
            )
        if not speaks_scim(side.mapping):
            raise ConfigurationError(
                f"the schema maps to {side.mapping.target_object_name!r}, which is no SCIM resource",
                hint="give the schema of this app's own job, or leave --schema out",
            )
        return side

    def _domain(self) -> str | None:
        uses = "defaultdomain" in str(self.schema.raw).casefold()
        domains = directory.organization(self.graph).get("verifiedDomains") if uses else None
        rows = domains if isinstance(domains, list) else []
        named = (d.get("name") for d in rows if isinstance(d, dict) and d.get("isDefault"))
        return next((str(n) for n in named), None)


def compare_one(ends: BothEnds, wanted: str) -> Comparison:
    """Compare the user or group that `wanted` names.

    `wanted` is a user principal name, an object id, a group's display name, or the app's own id,
    userName or externalId of the object.

    Raises:
        ConfigurationError: neither end knows it, or several groups have that name.
    """
    fields = ends.side(group=False).fields
    named = "@" in wanted or directory.is_guid(wanted)
    raw = directory.user(ends.graph, wanted, select=fields) if named else None
    if raw is not None:
        return _compare_user(ends, raw)
    group = _find_group(ends, wanted)
    if group is not None:
        return _compare_group(ends, group)
    return _from_the_app(ends, wanted)


def _find_group(ends: BothEnds, wanted: str) -> Mapping[str, Any] | None:
    if directory.is_guid(wanted):
        return directory.group(ends.graph, wanted)
    found = [] if "@" in wanted else list(directory.find_groups(ends.graph, wanted))
    if len(found) > 1:
        lines = "\n".join(f"  {g.get('id')}  {g.get('displayName')}" for g in found[:20])
        raise ConfigurationError(
            f"{len(found)} groups are called {wanted!r}:\n{lines}", hint="give the object id"
        )
    return found[0] if found else None


def _from_the_app(ends: BothEnds, wanted: str) -> Comparison:
    """The app knows it by a name of its own: find the user or group behind it."""
    resource = _find_in_app(ends, Kind.USER, wanted)
    if resource is not None:
        return _app_user(ends, resource, wanted)
    resource = _find_in_app(ends, Kind.GROUP, wanted) if ends.group_side() else None
    if resource is not None:
        return _app_group(ends, resource, wanted)
    raise ConfigurationError(
        f"neither Entra nor the app knows {wanted!r}",
        hint="give a user principal name, an object id, a group's name, or the app's id",
    )


def _find_in_app(ends: BothEnds, kind: Kind, wanted: str) -> Mapping[str, Any] | None:
    found = read(ends.endpoint, kind.resource, wanted)
    for attribute in ("externalId", "userName" if kind is Kind.USER else "displayName"):
        if not found.resources:
            found = look_up(ends.endpoint, kind.resource, attribute, wanted)
    return found.resources[0] if found.resources else None


def _app_user(ends: BothEnds, resource: Mapping[str, Any], wanted: str) -> Comparison:
    name = str(member(resource, "userName") or "")
    side = ends.side(group=False)
    raw = directory.user(ends.graph, name, select=side.fields) if "@" in name else None
    if raw is not None:
        return _compare_user(ends, raw)
    return Comparison(
        object=name or wanted,
        target_id=_id(resource),
        state="orphaned-in-app",
        attributes=compare_object((), resource, defined=side.defined),
        notes=("the app has it; Entra has nobody of that user name",),
    )


def _app_group(ends: BothEnds, resource: Mapping[str, Any], wanted: str) -> Comparison:
    name, external = (str(member(resource, n) or "") for n in ("displayName", "externalId"))
    raw = directory.group(ends.graph, external) if directory.is_guid(external) else None
    raw = raw or (_find_group(ends, name) if name else None)
    if raw is not None:
        return _compare_group(ends, raw)
    return Comparison(
        object=name or wanted,
        resource_type=Kind.GROUP,
        target_id=_id(resource),
        state="orphaned-in-app",
        attributes=compare_object((), resource, defined=ends.side(group=True).defined),
        notes=("the app has it; Entra has no group of that name",),
    )


def _compare_user(ends: BothEnds, raw: Mapping[str, Any]) -> Comparison:
    side = ends.side(group=False)
    role_ids = assigned_roles(ends.graph, ends.app.id, str(raw.get("id")))
    roles, known = None, list[Json]()
    if side.of_roles.attribute_mappings:
        known = app_roles(ends.graph, ends.app.id)
        roles = [role for role in known if role["id"] in role_ids]
    manager = None
    if any(a.casefold() == "manager" for a in side.attributes):
        manager = directory.manager(ends.graph, str(raw.get("id")))
    manager_id = str(manager["id"]) if manager and manager.get("id") else None
    assigned = ends.scope.everybody or bool(role_ids)
    who = person(side, raw, assigned=assigned, manager_id=manager_id, roles=roles)
    expected = expected_values(
        side.mapping, who.source, definition=side.definition, default_domain=side.default_domain
    )
    expected = tuple(_manager_resolved(ends, side, item, manager) for item in expected)
    located = _locate(ends, side, who.source)
    found = compare_person(side, who, expected, located)
    found = replace(found, attributes=kept_roles(found.attributes, side, known))
    notes = (*found.notes, *_next_step(ends, located))
    if found.state == "active-but-should-not-be" and ends.scope.keeps_leavers:
        notes = (*notes, KEEPS_LEAVERS)
    return replace(found, notes=notes if role_ids else (*notes, *ends.scope.limits))


def _manager_resolved(
    ends: BothEnds, side: Side, item: Expected, manager: Mapping[str, Any] | None
) -> Expected:
    """The manager's id in the app, which is what the app holds, not the one in Entra."""
    if not item.path.casefold().endswith(":manager") or manager is None or item.value is None:
        return item
    raw = directory.user(ends.graph, str(manager.get("id")), select=side.fields)
    found = _locate(ends, side, source_values(raw or {}, side.attributes))
    if len(found.resources) != 1:
        return replace(item, known=False, note="the manager was not found in the app")
    return replace(item, value=_id(found.resources[0]))


def _locate(ends: BothEnds, side: Side, source: Mapping[str, object]) -> Found:
    key = side.matching_key(source)
    if key is None:
        return Found(trouble=_NO_KEY)
    return look_up(ends.endpoint, "Groups" if side.mapping.is_group else "Users", *key)


def _next_step(ends: BothEnds, found: Found) -> tuple[str, ...]:
    """What to run where the app does not answer as it must."""
    if found.trouble in {None, _NO_KEY}:
        return ()
    url = shlex.quote(ends.endpoint.base_url)
    return (f"what is wrong with the app's answers is found by: scimdoctor check-endpoint {url}",)


def compare_person(
    side: Side, who: Person, expected: tuple[Expected, ...], found: Found
) -> Comparison:
    """Judge one person by what a look-up in the app gave; pure."""
    base = Comparison(object=who.label, source_id=who.id)
    if found.trouble is not None:
        return replace(base, state="cannot-tell", notes=(found.trouble,))
    if not found.resources:
        if who.should_be_active is False:
            note = f"not in the app, and rightly so: {who.why}"
            return replace(base, state="rightly-not-in-app", notes=(note,))
        return replace(base, state="missing-in-app", notes=("the matching query found nobody",))
    if len(found.resources) > 1:
        ids = ", ".join(str(_id(r)) for r in found.resources[:10])
        note = f"the matching query found {len(found.resources)}: {ids}"
        return replace(base, state="duplicate-in-app", notes=(note,))
    resource = found.resources[0]
    compared = compare_object(expected, resource, defined=side.defined)
    base = replace(base, target_id=_id(resource), attributes=compared)
    if who.should_be_active is False and is_active(resource) is True:
        note = f"active in the app, though {who.why}"
        return replace(base, state="active-but-should-not-be", notes=(note,))
    return base


def _compare_group(ends: BothEnds, raw: Mapping[str, Any]) -> Comparison:
    side = ends.side(group=True)
    source = source_values(raw, side.attributes)
    found = _locate(ends, side, source)
    label = str(raw.get("displayName") or raw.get("id"))
    base = Comparison(object=label, resource_type=Kind.GROUP, source_id=str(raw.get("id")))
    if found.trouble is not None:
        notes = (found.trouble, *_next_step(ends, found))
        return replace(base, state="cannot-tell", notes=notes)
    if len(found.resources) != 1:
        state = "duplicate-in-app" if found.resources else "missing-in-app"
        note = f"the matching query found {len(found.resources)} groups"
        return replace(base, state=state, notes=(note,))
    # The look-up leaves members out, as Entra's does: read the group once more, with them.
    identity = str(_id(found.resources[0]))
    whole = read(ends.endpoint, "Groups", identity).resources or found.resources
    if held_members(whole[0]) is None and shows_members(ends.endpoint):
        # RFC 7643 section 2.5: an attribute without a value may be left out.
        whole = ({**whole[0], "members": []},)
    expected = expected_values(side.mapping, source, definition=side.definition)
    compared = compare_object(expected, whole[0], defined=side.defined)
    users = ends.side(group=False)
    members = compare_members(
        directory.members(ends.graph, str(raw.get("id")), select=users.fields),
        whole[0],
        locate=lambda one: _locate(ends, users, source_values(one, users.attributes)),
    )
    return replace(
        base,
        target_id=identity,
        attributes=(*compared, *members.attributes),
        notes=members.notes,
    )


def _id(resource: Mapping[str, Any]) -> str | None:
    value = resource.get("id")
    return None if value is None else str(value)
