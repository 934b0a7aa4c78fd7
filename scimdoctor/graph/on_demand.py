"""Provision on demand: one user or group, at once, with its limits said first.

Source: Graph API "synchronizationJob: provisionOnDemand"; Entra "On-demand provisioning".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.dialect import COMPLIANCE_FLAG, Dialect, TenantUrl
from scimdoctor.errors import ConfigurationError, GraphError
from scimdoctor.graph import directory
from scimdoctor.graph.synchronization import (
    ProvisionOnDemandResult,
    provision_on_demand,
    secrets,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema

MOST_MEMBERS = 5
"""So many members of a group can go along in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """One call that is about to be made."""

    app: ServicePrincipal
    job: SynchronizationJob
    rule_id: str
    subject: Mapping[str, Any]
    label: str
    kind: str
    """`User` or `Group`."""

    members: tuple[str, ...] = ()
    """Labels of the members that go along."""

    flagged: bool | None = None
    """Whether the tenant URL has the flag that on-demand runs do not obey; `None`: not known."""

    @property
    def question(self) -> str:
        """What will happen, for the person to agree to."""
        with_members = f" with {', '.join(self.members)}" if self.members else ""
        name = self.app.display_name or self.app.id
        return (
            f"Provision {self.kind.lower()} {self.label}{with_members} to {name} now: Entra writes"
            " to the app, as in a cycle, and takes up to half a minute."
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may keep it from working, or from showing the usual behaviour."""
        found = [f"provision on demand ignores ?{COMPLIANCE_FLAG} in the tenant URL"]
        if self.flagged is None:
            found = [f"{found[0]}; whether the URL has it could not be read"]
        elif not self.flagged:
            found = []
        if (self.job.status.code or "").casefold() == "quarantine":
            found.append("the job is in quarantine: the call is likely to fail until it is cleared")
        if (self.job.status.code or "").casefold() in {"notrun", "notconfigured"}:
            found.append("the job has never run: start it once before")
        if self.kind == "Group" and not self.members:
            found.append("no members go along: give --member to provision up to five")
        return tuple(found)

    def carry_out(self, graph: GraphClient) -> ProvisionOnDemandResult:
        """Make the call.

        Raises:
            GraphError: Graph refused it.
        """
        return provision_on_demand(
            graph, self.app.id, self.job.id, rule_id=self.rule_id, subject=self.subject
        )


def record_of(plan: OnDemand, result: ProvisionOnDemandResult) -> dict[str, Any]:
    """The run's record with the job and app filled in, which the answer leaves out."""
    app = {"id": plan.app.id, "displayName": plan.app.display_name}
    return {**dict(result.event), "jobId": plan.job.id, "servicePrincipal": app}


def plan_on_demand(
    graph: GraphClient,
    where: tuple[ServicePrincipal, SynchronizationJob, SynchronizationSchema],
    wanted: str,
    *,
    members: Sequence[str] = (),
) -> OnDemand:
    """Find the object that `wanted` names, and the rule that provisions it.

    `wanted` is a user principal name, an object id, or a group's display name.

    Raises:
        ConfigurationError: there is no such object, several have the name, the job does not
            provision its kind, or too many members are given.
    """
    app, job, schema = where
    if len(members) > MOST_MEMBERS:
        raise ConfigurationError(
            f"{len(members)} members are too many for one call",
            hint=f"at most {MOST_MEMBERS} go along; run it again for the others",
        )
    kind, raw = _find(graph, wanted)
    if members and kind != "Group":
        raise ConfigurationError("--member goes with a group", hint=f"{wanted!r} is a user")
    people = [_member(graph, name) for name in members]
    subject: dict[str, Any] = {"objectId": raw.get("id"), "objectTypeName": kind}
    if people:
        subject["links"] = {
            "members": [{"objectId": p.get("id"), "objectTypeName": "User"} for p in people]
        }
    return OnDemand(
        app=app,
        job=job,
        rule_id=_rule_id(schema, group=kind == "Group"),
        subject=subject,
        label=_label(raw),
        kind=kind,
        members=tuple(_label(p) for p in people),
        flagged=_is_flagged(graph, app.id),
    )


def _is_flagged(graph: GraphClient, service_principal_id: str) -> bool | None:
    """Whether the saved tenant URL has the compliance flag; `None` where it may not be read."""
    try:
        saved = secrets(graph, service_principal_id)
    except GraphError:
        return None
    urls = (value for key, value in saved.items() if key.casefold() == "baseaddress")
    try:
        return TenantUrl.parse(next(urls, "")).dialect is Dialect.COMPLIANT
    except ValueError:
        return None


def _label(raw: Mapping[str, Any]) -> str:
    return str(raw.get("userPrincipalName") or raw.get("displayName") or raw.get("id"))


def _find(graph: GraphClient, wanted: str) -> tuple[str, Mapping[str, Any]]:
    if not wanted.strip():
        raise ConfigurationError("the name of the user or group is empty")
    user = directory.user(graph, wanted)
    if user is not None:
        return "User", user
    if directory.is_guid(wanted):
        group = directory.group(graph, wanted)
        groups = [group] if group is not None else []
    else:
        groups = [] if "@" in wanted else list(directory.find_groups(graph, wanted))
    if len(groups) > 1:
        lines = "\n".join(f"  {g.get('id')}  {g.get('displayName')}" for g in groups[:20])
        raise ConfigurationError(
            f"{len(groups)} groups are called {wanted!r}:\n{lines}", hint="give the object id"
        )
    if not groups:
        raise ConfigurationError(
            f"no user or group {wanted!r} in this tenant",
            hint="give a user principal name, an object id, or a group's exact name; deleted "
            "people cannot be provisioned on demand",
        )
    return "Group", groups[0]


def _member(graph: GraphClient, name: str) -> Mapping[str, Any]:
    found = directory.user(graph, name)
    if found is None:
        raise ConfigurationError(f"no user {name!r} in this tenant")
    return found


def _rule_id(schema: SynchronizationSchema, *, group: bool) -> str:
    for rule in schema.synchronization_rules:
        if rule.id and any(m.is_group is group and m.enabled for m in rule.object_mappings):
            return rule.id
    kind = "groups" if group else "users"
    raise ConfigurationError(
        f"the job does not provision {kind}", hint=f"switch the mapping of {kind} on in the portal"
    )
