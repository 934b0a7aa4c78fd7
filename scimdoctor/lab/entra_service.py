"""Acts as Entra's provisioning service: runs cycles of one job against a real SCIM endpoint.

What the lab's log holds is what happened here: every request goes to the endpoint, every failure
is the endpoint's own answer. Order of requests: Microsoft, "How provisioning works".
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.lab.event_log import (
    EventContext,
    EventDraft,
    Refusal,
    finish,
    refusal_of,
    undecodable,
)
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from scimdoctor.model.exchange import Exchange, ScimRequest

MOST_TIMEOUTS = 2
"""A cycle ends after so many: the rest would only wait as well."""

_NAMESPACE = uuid.NAMESPACE_OID


class CredentialsRefused(Exception):
    """The endpoint answered 401: the job goes into quarantine and logs nothing more."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__("the endpoint refused the credentials")
        self.exchange = exchange


@dataclass(kw_only=True)
class SourceObject:
    """One user or group of the directory, as the job sees it."""

    id: str
    kind: str
    """`User` or `Group`."""

    name: str
    attributes: Mapping[str, Any]
    """Mapped target values by attribute path; null ones absent."""

    source: Mapping[str, Any]
    """Source values, for the import step."""

    principal_name: str | None = None
    assigned: bool = True
    """Itself, or as a direct member of an assigned group."""

    clauses: Mapping[str, bool] = field(default_factory=dict)
    """The scoping filter's clauses, all of which must hold."""

    enabled: bool = True
    manager: str | None = None
    members: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class ProvisioningService:
    """One job's memory and its cycles.

    `send` is the endpoint; `match_on` names the matching attribute of each kind.
    """

    send: Callable[[ScimRequest], Exchange]
    context: EventContext
    dialect: Dialect = Dialect.DEFAULT
    match_on: Mapping[str, str] = field(
        default_factory=lambda: {"User": "userName", "Group": "displayName"}
    )
    links: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, set[str]] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    escrows: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)

    def run_cycle(
        self, objects: Iterable[SourceObject], *, at: datetime, number: int
    ) -> list[dict[str, Any]]:
        """Provision `objects`; return the cycle's events, in order.

        Raises:
            CredentialsRefused: the endpoint answered 401 to the first probe.
        """
        cycle_id = str(uuid.uuid5(_NAMESPACE, f"{self.context.job_id}/{number}"))
        context = EventContext(
            tenant_id=self.context.tenant_id,
            job_id=self.context.job_id,
            cycle_id=cycle_id,
            service_principal_id=self.context.service_principal_id,
            app_name=self.context.app_name,
        )
        self.test_connection(cycle_id)
        events: list[dict[str, Any]] = []
        timeouts = 0
        ordered = sorted(objects, key=lambda o: o.kind == "Group")
        for position, item in enumerate(ordered):
            moment = at + timedelta(seconds=position)
            draft, took = self._provision(item)
            self.escrows.discard(item.id)
            if draft.status == "failure":
                self.escrows.add(item.id)
            events.append(finish(draft, context, at=moment, took=took))
            timeouts += draft.refusal is not None and draft.refusal.error_code == "Timeout"
            if timeouts == MOST_TIMEOUTS:
                break
        return events

    def test_connection(self, seed: str) -> None:
        """Ask for a user that nobody is; a 401 ends everything.

        Raises:
            CredentialsRefused: the endpoint answered 401.
        """
        guid = str(uuid.uuid5(_NAMESPACE, f"probe/{seed}"))
        exchange = self.send(requests.probe("Users", self.match_on["User"], guid))
        if exchange.status == 401:
            raise CredentialsRefused(exchange)

    def _provision(self, item: SourceObject) -> tuple[EventDraft, timedelta]:
        draft = EventDraft(
            kind=item.kind,
            source_id=item.id,
            name=item.name,
            principal_name=item.principal_name,
            target_id=self.links.get(item.id, ""),
        )
        run = _ObjectRun(service=self, item=item, draft=draft)
        run.run()
        return draft, timedelta(milliseconds=run.elapsed)


@dataclass(kw_only=True)
class _ObjectRun:
    """One object on its way through import, scoping, matching and export."""

    service: ProvisioningService
    item: SourceObject
    draft: EventDraft
    elapsed: float = 0.0

    @property
    def _resource(self) -> str:
        return f"{self.item.kind}s"

    def _send(self, request: ScimRequest) -> Exchange:
        exchange = self.service.send(request)
        self.elapsed += exchange.elapsed_in_milliseconds
        return exchange

    def run(self) -> None:
        self._import()
        in_scope = self._scope()
        linked = self.service.links.get(self.item.id)
        if not in_scope:
            self._leave(linked)
            return
        current = self._read(linked) if linked else self._match()
        if self.draft.refusal is not None:
            return
        if current is None:
            self._create()
        else:
            self._update(current)

    def _import(self) -> None:
        item = self.item
        change = "Update" if item.id in self.service.links else "Add"
        if item.id in self.service.escrows:
            text = (
                "We are retrying an operation that previously failed.\r\n"
                f"Identifier: {item.id}\r\nObject type: {item.kind}\r\n"
                "Directory: Microsoft Entra ID"
            )
            details = {"Identifier": item.id, "ModificationType": change, "Origin": "Source"}
            self.draft.step("EntryEscrowRetry", "import", text, details=details)
        text = f"Received {item.kind} '{item.id}' change of type ({change}) from Microsoft Entra ID"
        self.draft.step(f"EntryImport{change}", "import", text, details=dict(item.source))

    def _scope(self) -> bool:
        item = self.item
        passed = all(item.clauses.values())
        self.draft.step(
            "EntrySynchronizationScoping",
            "scoping",
            f"Determine if {item.kind} in scope by evaluating against each scoping filter",
            details={
                "Active in the source system": item.enabled,
                "Assigned to the application": item.assigned,
                f"{item.kind} has the required role": item.assigned,
                "Scoping filter evaluation passed": passed,
                "ScopeEvaluationResult": json.dumps(item.clauses, separators=(",", ":")),
            },
        )
        return passed and item.assigned and item.enabled

    def _leave(self, linked: str | None) -> None:
        draft, item = self.draft, self.item
        if linked is None or item.id in self.service.disabled:
            text = (
                f"{item.kind} '{draft.label}' will be skipped. "
                f"Active in the source system: {item.enabled}. "
                f"Assigned to the application: {item.assigned}. "
                f"Scoping filter evaluation passed: {all(item.clauses.values())}."
            )
            draft.skip("NotEffectivelyEntitled", text)
            return
        draft.action = "delete" if item.kind == "Group" else "disable"
        if item.kind == "Group":
            exchange = self._send(requests.delete("Groups", linked))
            self._exported(exchange, "Delete", {})
            return
        draft.change("active", True, False)
        request = requests.set_active(linked, active=False, dialect=self.service.dialect)
        self._exported(self._send(request), "Update", {"active": "False"})
        if draft.refusal is None:
            self.service.disabled.add(item.id)

    def _match(self) -> dict[str, Any] | None:
        attribute = self.service.match_on[self.item.kind]
        value = str(self.item.attributes.get(attribute, ""))
        exchange = self._send(requests.match_query(self._resource, attribute, value))
        found = self._matches(exchange)
        if not found:
            return None
        resource = found[0]
        self.service.links[self.item.id] = self.draft.target_id = str(resource.get("id"))
        self._found(resource)
        return resource

    def _matches(self, exchange: Exchange) -> list[dict[str, Any]]:
        body = exchange.json
        if exchange.status != 200:
            self._matching_failed(refusal_of(exchange))
            return []
        resources = body.get("Resources", []) if isinstance(body, dict) else None
        if not isinstance(resources, list) or not all(map(_has_id, resources)):
            self._matching_failed(undecodable(exchange))
            return []
        if len(resources) > 1:
            code = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"
            reason = "Multiple entries were found to match this value, when no more than one was"
            self._matching_failed(Refusal(error_code=code, reason=f"{reason} expected"))
            return []
        return resources

    def _matching_failed(self, refusal: Refusal) -> None:
        text = f"Failed to match {self.item.kind} '{self.draft.label}' in customappsso"
        self.draft.step("EntryImport", "matching", text, status="failure")
        self.draft.fail(refusal)

    def _found(self, resource: Mapping[str, Any]) -> None:
        flat = {k: v for k, v in resource.items() if isinstance(v, str | bool)}
        text = f"Retrieved  '{self.draft.label}' from customappsso"
        self.draft.step("EntryImport", "matching", text, details=flat)

    def _read(self, linked: str) -> dict[str, Any] | None:
        exchange = self._send(requests.read(self._resource, linked))
        body = exchange.json
        if exchange.status == 404:
            self._matching_failed(Refusal(error_code="InvalidAnchor", reason=_gone(exchange)))
        elif not exchange.ok:
            self._matching_failed(refusal_of(exchange))
        elif not isinstance(body, dict) or "id" not in body:
            self._matching_failed(undecodable(exchange))
        else:
            self._found(body)
            return body
        return None

    def _create(self) -> None:
        item, draft = self.item, self.draft
        draft.action = "create"
        text = (
            f"{item.kind} '{draft.label}' will be created in customappsso ({item.kind} is active "
            f"and assigned in Microsoft Entra ID, but no matching {item.kind} was found in "
            "customappsso)"
        )
        draft.step("EntrySynchronizationAdd", "matching", text)
        build = requests.create_user if item.kind == "User" else requests.create_group
        for name, value in item.attributes.items():
            draft.change(name, None, value)
        exchange = self._send(build(item.attributes))
        body = exchange.json
        if exchange.ok and not (isinstance(body, dict) and isinstance(body.get("id"), str)):
            draft.exported("Add", dict(item.attributes), status="failure")
            draft.fail(undecodable(exchange))
            return
        self._exported(exchange, "Add", dict(item.attributes))
        if draft.refusal is None:
            self.service.links[item.id] = draft.target_id = body["id"]
            self._references(body["id"], changes=[])

    def _update(self, current: dict[str, Any]) -> None:
        linked = self.service.links[self.item.id]
        self._references(linked, changes=self._differences(current))

    def _differences(self, current: dict[str, Any]) -> list[requests.Change]:
        changes = []
        for name, wanted in self.item.attributes.items():
            actual = value_at(current, name)
            if actual == wanted:
                continue
            self.draft.change(name, actual, wanted)
            op = "add" if actual in (None, "", []) else "replace"
            changes.append(requests.Change(op=op, path=name, value=wanted))
        return changes

    def _references(self, linked: str, *, changes: list[requests.Change]) -> None:
        """Send what differs, then manager or members; nothing at all is a skip."""
        if changes:
            self.draft.action = "update"
            request = requests.update(self._resource, linked, changes, dialect=self.service.dialect)
            self._exported(self._send(request), "Update", {c.path: c.value for c in changes})
        if self.draft.refusal is None:
            self._manager(linked)
            self._members(linked)
        if self.draft.action == "other" and self.draft.refusal is None:
            text = (
                "The state of the entry in both the source and target systems already match. No "
                f"change to the {self.item.kind} '{self.draft.label}' currently needs to be made."
            )
            self.draft.skip("RedundantExport", text)

    def _manager(self, linked: str) -> None:
        manager = self.service.links.get(self.item.manager or "")
        if manager is None or self.service.managers.get(self.item.id) == manager:
            return
        request = requests.set_manager(linked, manager, dialect=self.service.dialect)
        self._reference_exported(self._send(request), requests.MANAGER, manager)
        if self.draft.refusal is None:
            self.service.managers[self.item.id] = manager

    def _members(self, linked: str) -> None:
        known = self.service.memberships.setdefault(self.item.id, set())
        wanted = {m: self.service.links.get(m) for m in sorted(self.item.members)}
        resolved = {target for target in wanted.values() if target}
        dialect = self.service.dialect
        if added := sorted(resolved - known):
            request = requests.add_members(linked, added, dialect=dialect)
            self._reference_exported(self._send(request), "members", ", ".join(added))
        if (removed := sorted(known - resolved)) and self.draft.refusal is None:
            request = requests.remove_members(linked, removed, dialect=dialect)
            self._reference_exported(self._send(request), "members", None, ", ".join(removed))
        if self.draft.refusal is None:
            self.service.memberships[self.item.id] = resolved
        self._unresolved([source for source, target in wanted.items() if target is None])

    def _unresolved(self, missing: list[str]) -> None:
        if not missing or self.draft.refusal is not None:
            return
        for source in missing:
            text = f"We were unable to assign {source} as the members of {self.draft.label}."
            self.draft.step("EntryExportUpdate", "referenceResolution", text, status="warning")
        self.draft.action = "update" if self.draft.action == "other" else self.draft.action
        self.draft.status = "warning"

    def _reference_exported(
        self, exchange: Exchange, name: str, new: str | None, old: str | None = None
    ) -> None:
        if self.draft.action == "other":
            self.draft.action = "update"
        self.draft.change(name, old, new)
        self._exported(exchange, "Update", {name: new if new is not None else old})

    def _exported(self, exchange: Exchange, verb: str, attributes: dict[str, Any]) -> None:
        if exchange.ok:
            self.draft.exported(verb, attributes, status="success")
            return
        self.draft.exported(verb, attributes, status="failure")
        self.draft.fail(refusal_of(exchange))


def _has_id(resource: object) -> bool:
    """Whether Entra can link an object to it."""
    return isinstance(resource, dict) and resource.get("id") is not None


def _gone(exchange: Exchange) -> str:
    return refusal_of(exchange).reason
