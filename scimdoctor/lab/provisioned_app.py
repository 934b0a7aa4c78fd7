"""One enterprise app of the lab: its SCIM endpoint, its job, and the six days behind it."""

from __future__ import annotations

import copy
import json
import random
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.evaluate import evaluate_mapping, expression_of
from scimdoctor.entra.expression import parse
from scimdoctor.entra.scope_filter import in_scope
from scimdoctor.entra.source_values import source_values
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.lab import seed
from scimdoctor.lab.entra_service import CredentialsRefused, ProvisioningService, SourceObject
from scimdoctor.lab.event_log import EventContext
from scimdoctor.lab.job_json import new_job, record_cycle, record_quarantine
from scimdoctor.lab.schema_json import schema_json
from scimdoctor.lab.tenant import LabServicePrincipal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from scimdoctor.lab.scim.provider import ScimServiceProvider
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.synchronization import SynchronizationSchema

CYCLES = 12
BETWEEN_CYCLES = timedelta(hours=12)
_LAST_CYCLE_AGO = timedelta(minutes=20)
_UNTOUCHED_PER_CYCLE = 14
_REFERENCES = {"members"}


@dataclass(kw_only=True)
class ProvisionedApp:
    """An app with its endpoint and its job; `live_through` fills its history."""

    name: str
    send: Callable[[ScimRequest], Exchange]
    provider: ScimServiceProvider
    tenant_url: str
    people: seed.Organisation
    stops_after: int | None = None
    """The cycle after which the endpoint takes the token no more."""

    without_story: bool = False
    dialect: Dialect = Dialect.DEFAULT
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        tenant = seed.TENANT_ID.replace("-", "")
        self.job_id = f"scim.{tenant}.{seed.stable_id('job/' + self.name)}"
        self.job = new_job(self.job_id)
        self.schema = schema_json(self.job_id, version="lab")
        self._mappings = parse_schema(self.schema)
        self._sources = _source_attributes(self._mappings)
        self._known_values: dict[tuple[bool, str], dict[str, Any]] = {}
        context = EventContext(
            tenant_id=seed.TENANT_ID,
            job_id=self.job_id,
            cycle_id="",
            service_principal_id=self.service_principal_id,
            app_name=self.name,
        )
        self.service = ProvisioningService(send=self.send, context=context, dialect=self.dialect)

    @property
    def service_principal_id(self) -> str:
        """The enterprise app's object id."""
        return seed.stable_id("app/" + self.name)

    def live_through(self, now: datetime) -> None:
        """Run the job's cycles up to `now`, half a day apart, as its organisation changes."""
        begin = now - BETWEEN_CYCLES * (CYCLES - 1) - _LAST_CYCLE_AGO
        chance = random.Random(11)  # noqa: S311 - repeatable test data, no cryptography
        for number in range(CYCLES):
            at = begin + BETWEEN_CYCLES * number
            if number == self.stops_after:
                self._expire()
            try:
                events = self.service.run_cycle(self._due(number, chance), at=at, number=number)
            except CredentialsRefused as refused:
                answer = refused.exchange.response.text if refused.exchange.response else ""
                record_quarantine(self.job, since=at, now=now, answer=answer)
                return
            self.events += events
            self._record(events, at)

    def run_once(self, now: datetime) -> None:
        """Run one more cycle over what is in escrow, as a restart makes Entra do."""
        due = self._objects(set(self.service.escrows))
        try:
            events = self.service.run_cycle(due, at=now, number=CYCLES + len(self.events))
        except CredentialsRefused:
            return
        self.events += events
        self.job["status"]["quarantine"] = None
        self._record(events, now)

    def run_for(self, object_id: str, now: datetime) -> dict[str, Any] | None:
        """Provision one object at once and return its event; `None` if there is no such object.

        Raises:
            CredentialsRefused: the endpoint answered 401.
        """
        number = CYCLES + 1 + len(self.events)
        events = self.service.run_cycle(self._objects({object_id}), at=now, number=number)
        self.events += events
        return next(iter(events), None)

    def _expire(self) -> None:
        self.provider.token = str(uuid.uuid4())

    def _record(self, events: list[dict[str, Any]], at: datetime) -> None:
        people = sum(o in self.people.people for o in self.service.links)
        record_cycle(
            self.job,
            events,
            at=at,
            escrowed=len(self.service.escrows),
            users=people,
            groups=len(self.service.links) - people,
        )

    def _due(self, number: int, chance: random.Random) -> Iterable[SourceObject]:
        everybody = {*self.people.people, *self.people.teams}
        if number == 0:
            return self._objects(everybody)
        touched = set(self.service.escrows)
        if not self.without_story:
            happenings = (h for h in seed.story() if h.cycle == number)
            touched |= {i for h in happenings for i in h.apply(self.people)}
        touched |= set(chance.sample(sorted(everybody), _UNTOUCHED_PER_CYCLE))
        return self._objects(touched)

    def _objects(self, ids: set[str]) -> Iterator[SourceObject]:
        for identifier in sorted(ids):
            if person := self.people.people.get(identifier):
                yield self._user(person)
            elif team := self.people.teams.get(identifier):
                yield self._group(team)

    def _user(self, person: seed.Person) -> SourceObject:
        enabled = person.properties["accountEnabled"]
        source = source_values(person.properties, self._sources, soft_deleted=not enabled)
        return SourceObject(
            id=person.id,
            kind="User",
            name=person.properties["displayName"],
            principal_name=person.properties["userPrincipalName"],
            attributes=self._mapped(source, group=False),
            source=source,
            assigned=person.assigned or self._is_in_a_team(person),
            clauses=self._clauses(source),
            enabled=enabled,
            manager=person.manager,
        )

    def _is_in_a_team(self, person: seed.Person) -> bool:
        """Whether a group, all of which are assigned, has the person as a direct member."""
        return any(person.id in team.members for team in self.people.teams.values())

    def _clauses(self, source: Mapping[str, object]) -> dict[str, bool]:
        """How each clause of the one filter group comes out, by the text that the log has."""
        mapping = self._mappings.mapping_for(group=False)
        return {
            f"{group.name}.{clause.source_operand_name} {clause.operator_name}": in_scope(
                (replace(group, clauses=(clause,)),), source
            )
            is True
            for group in (mapping.scope if mapping else ())
            for clause in group.clauses
        }

    def _group(self, team: seed.Team) -> SourceObject:
        source = {"objectId": team.id, "displayName": team.name}
        return SourceObject(
            id=team.id,
            kind="Group",
            name=team.name,
            attributes=self._mapped(source, group=True),
            source=source,
            members=team.members,
        )

    def _mapped(self, source: Mapping[str, object], *, group: bool) -> dict[str, Any]:
        """The target's values; evaluated once, as most objects are the same in every cycle."""
        key = group, json.dumps(source, sort_keys=True, default=str)
        if key not in self._known_values:
            self._known_values[key] = self._evaluated(source, group=group)
        return copy.deepcopy(self._known_values[key])

    def _evaluated(self, source: Mapping[str, object], *, group: bool) -> dict[str, Any]:
        mapping = self._mappings.mapping_for(group=group)
        if mapping is None:
            return {}
        definition = self._mappings.target_definition(mapping)
        values = {}
        for item in mapping.attribute_mappings:
            name = item.target_attribute_name
            defined = definition.attribute(name) if definition else None
            value = evaluate_mapping(item, source, creating=True, definition=defined).value
            if value is not None and name not in _REFERENCES:
                values[name] = value
        return values

    def service_principal(self) -> LabServicePrincipal:
        """The app as the lab's Graph serves it."""
        raw = {
            "id": self.service_principal_id,
            "appId": seed.stable_id("client/" + self.name),
            "displayName": self.name,
            "accountEnabled": True,
            "servicePrincipalType": "Application",
            "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
            "appOwnerOrganizationId": seed.TENANT_ID,
            "applicationTemplateId": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
        }
        assigned = [p for p in self.people.people.values() if p.assigned]
        return LabServicePrincipal(
            raw=raw,
            jobs=[self.job],
            schemas={self.job_id: self.schema},
            secrets={"BaseAddress": self.tenant_url, "SecretToken": "hidden", "SyncAll": "false"},
            assignments=[_assignment(p.id, "User", p.properties["displayName"]) for p in assigned]
            + [_assignment(t.id, "Group", t.name) for t in self.people.teams.values()],
        )


def _source_attributes(schema: SynchronizationSchema) -> tuple[str, ...]:
    sources = (m.source for o in schema.object_mappings for m in o.attribute_mappings)
    names = (n for s in sources if s for n in parse(expression_of(s)).attributes())
    return tuple(dict.fromkeys(n for n in names if n not in _REFERENCES | {"manager"}))


def _assignment(principal_id: str, kind: str, name: str) -> dict[str, Any]:
    return {
        "id": seed.stable_id(f"assignment/{principal_id}"),
        "principalId": principal_id,
        "principalType": kind,
        "principalDisplayName": name,
        "appRoleId": "18d14569-c3bd-439b-9a66-3a2aee01d14f",
    }
