"""The calls that the lab's Graph answers, and the permissions that each asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.graph_errors import bad_request, not_found, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.tenant import LabServicePrincipal, LabTenant

Json = dict[str, Any]

_MASKED_KEYS = frozenset(
    {
        "SecretToken",
        "Password",
        "ClientSecret",
        "ConsumerSecret",
        "Oauth2ClientSecret",
        "Oauth2AccessToken",
        "Oauth2RefreshToken",
    }
)
_SCOPES = frozenset(
    {
        "none",
        "connectordatastore",
        "escrows",
        "watermark",
        "quarantinestate",
        "full",
        "forcedeletes",
    }
)
_PORTAL_RESTART = frozenset({"QuarantineState", "Watermark", "Escrows"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: the tenant, the values in the path, the query, the body."""

    tenant: LabTenant
    values: tuple[str, ...]
    query: dict[str, str]
    body: Json

    def service_principal(self) -> LabServicePrincipal:
        """The enterprise app that the path names."""
        found = self.tenant.service_principal(self.values[0])
        if found is None:
            raise not_found(self.values[0])
        return found

    def job(self) -> tuple[LabServicePrincipal, Json]:
        """The job that the path names, with its app."""
        principal = self.service_principal()
        job = principal.job(self.values[1])
        if job is None:
            raise not_found(self.values[1])
        return principal, job


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A call: any one of `permissions` is enough. An answer of `None` is 204."""

    method: str
    path: str
    permissions: frozenset[str]
    answer: Callable[[Call], Json | list[Json] | None]


def _service_principals(call: Call) -> list[Json]:
    return [principal.raw for principal in call.tenant.service_principals]


def _service_principal(call: Call) -> Json:
    return call.service_principal().raw


def _service_principal_by_app(call: Call) -> Json:
    found = (p.raw for p in call.tenant.service_principals if p.raw.get("appId") == call.values[0])
    raw = next(found, None)
    if raw is None:
        raise not_found(call.values[0])
    return raw


def _application(call: Call) -> Json:
    application = call.tenant.applications.get(call.values[0])
    if application is None:
        raise not_found(call.values[0])
    return application


def _assignments(call: Call) -> list[Json]:
    return call.service_principal().assignments


def _jobs(call: Call) -> list[Json]:
    return call.service_principal().jobs


def _job(call: Call) -> Json:
    return call.job()[1]


def _schema(call: Call) -> Json:
    principal, job = call.job()
    schema = principal.schemas.get(str(job["id"]))
    if schema is None:
        raise not_found(str(job["id"]))
    return schema


def _secrets(call: Call) -> list[Json]:
    found = call.service_principal().secrets
    return [{"key": k, "value": "*" if k in _MASKED_KEYS else v} for k, v in found.items()]


def _start(call: Call) -> None:
    principal, job = call.job()
    _set_state(job, "Active")
    job.setdefault("status", {})["quarantine"] = None
    if call.tenant.hooks.on_start:
        call.tenant.hooks.on_start(principal, str(job["id"]))


def _pause(call: Call) -> None:
    principal, job = call.job()
    _set_state(job, "Paused")
    if call.tenant.hooks.on_pause:
        call.tenant.hooks.on_pause(principal, str(job["id"]))


def _restart(call: Call) -> None:
    principal, job = call.job()
    scope = _reset_scope(call.body)
    if {"QuarantineState", "Full"} & scope:
        job.setdefault("status", {})["quarantine"] = None
        _set_state(job, "Active")
    if call.tenant.hooks.on_restart:
        call.tenant.hooks.on_restart(principal, str(job["id"]), scope)


def _set_state(job: Json, state: str) -> None:
    job.setdefault("schedule", {})["state"] = state
    job.setdefault("status", {})["code"] = state


def _reset_scope(body: Json) -> frozenset[str]:
    criteria = body.get("criteria") or {}
    if set(criteria) - {"resetScope"}:
        raise bad_request("Invalid property in criteria.")
    names = [part.strip() for part in str(criteria.get("resetScope") or "").split(",")]
    if unknown := [name for name in names if name and name.casefold() not in _SCOPES]:
        raise bad_request(f"Requested value '{unknown[0]}' was not found.")
    return frozenset(name for name in names if name) or _PORTAL_RESTART


def _provision_on_demand(call: Call) -> Json:
    principal, job = call.job()
    if (job.get("status") or {}).get("quarantine"):
        raise refusal(401, "UnknownError", "")
    if not call.body.get("parameters"):
        raise refusal(
            400, "RequestMissingRequiredParameter", "The parameter 'parameters' is missing."
        )
    hook = call.tenant.hooks.provision_on_demand
    if hook is None:
        raise refusal(501, "NotImplemented", "Nothing plays Entra's provisioning service here.")
    key, value = hook(principal, str(job["id"]), call.body)
    return {"key": json.dumps(key), "value": json.dumps(value)}


def _validate_credentials(call: Call) -> None:
    principal = call.service_principal()
    if not call.body.get("templateId"):
        raise refusal(
            400, "RequestMissingRequiredParameter", "The parameter 'templateId' is missing."
        )
    hook = call.tenant.hooks.validate_credentials
    job_id = call.values[1] if len(call.values) > 1 else ""
    error = hook(principal, job_id, call.body) if hook else None
    if error:
        raise refusal(400, error.code, error.message)


def _provisioning_log(call: Call) -> list[Json]:
    _refuse_options(call, "$count", "$search", "$expand")
    return _newest_first(call.tenant.provisioning_log)


def _audit_log(call: Call) -> list[Json]:
    return _newest_first(call.tenant.audit_log)


def _newest_first(records: list[Json]) -> list[Json]:
    return sorted(records, key=lambda r: str(r.get("activityDateTime") or ""), reverse=True)


def _refuse_options(call: Call, *names: str) -> None:
    for name in names:
        if name in call.query:
            raise bad_request(f"Query option '{name}' is not allowed.")


def _users(call: Call) -> list[Json]:
    return list(call.tenant.users.values())


def _user(call: Call) -> Json:
    wanted = call.values[0].casefold()
    for identity, user in call.tenant.users.items():
        if wanted in {identity.casefold(), str(user.get("userPrincipalName", "")).casefold()}:
            return user
    raise not_found(call.values[0])


def _manager(call: Call) -> Json:
    manager = call.tenant.managers.get(str(_user(call).get("id")))
    if manager is None or manager not in call.tenant.users:
        raise not_found("manager")
    return {"@odata.type": "#microsoft.graph.user", **call.tenant.users[manager]}


def _groups(call: Call) -> list[Json]:
    return list(call.tenant.groups.values())


def _group(call: Call) -> Json:
    group = call.tenant.groups.get(call.values[0])
    if group is None:
        raise not_found(call.values[0])
    return group


def _members(call: Call) -> list[Json]:
    _group(call)
    found = []
    for identity in call.tenant.members.get(call.values[0], ()):
        if identity in call.tenant.users:
            found.append({"@odata.type": "#microsoft.graph.user", **call.tenant.users[identity]})
        elif identity in call.tenant.groups:
            found.append({"@odata.type": "#microsoft.graph.group", **call.tenant.groups[identity]})
    return found


def _member_of(call: Call) -> list[Json]:
    return _groups_with(call, {str(_user(call).get("id"))})


def _transitive_member_of(call: Call) -> list[Json]:
    identity = str(_user(call).get("id"))
    known = {identity}
    while len(known) < len(wider := known | {g["id"] for g in _groups_with(call, known)}):
        known = wider
    return [{**_typed_group(call.tenant.groups[i])} for i in sorted(known - {identity})]


def _groups_with(call: Call, members: set[str]) -> list[Json]:
    tenant = call.tenant
    held = (i for i, listed in tenant.members.items() if members & set(listed))
    return [_typed_group(tenant.groups[i]) for i in held if i in tenant.groups]


def _typed_group(group: Json) -> Json:
    return {"@odata.type": "#microsoft.graph.group", **group}


def _organization(call: Call) -> list[Json]:
    domain = {"name": call.tenant.domain, "isDefault": True, "isInitial": True}
    name = call.tenant.display_name
    return [{"id": call.tenant.id, "displayName": name, "verifiedDomains": [domain]}]


def _deleted_user(call: Call) -> Json:
    user = call.tenant.deleted_users.get(call.values[0])
    if user is None:
        raise not_found(call.values[0])
    return user


_LOG = frozenset({"ProvisioningLog.Read.All", "AuditLog.Read.All"})
_AUDIT = frozenset({"AuditLog.Read.All"})
_APPS = frozenset({"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"})
_SYNC_READ = frozenset({"Synchronization.Read.All", "Synchronization.ReadWrite.All"})
_SYNC_WRITE = frozenset({"Synchronization.ReadWrite.All"})
_USERS = frozenset({"User.Read.All", "Directory.Read.All"})
_GROUPS = frozenset({"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"})
_TENANT = frozenset({"Organization.Read.All", "User.Read", "Directory.Read.All"})

_SP = r"/servicePrincipals/([^/()]+)"
_SYNC = _SP + r"/synchronization"
_JOB = _SYNC + r"/jobs/([^/]+)"
_ACTION = r"(?:microsoft\.graph\.)?"

ROUTES = (
    Route(method="GET", path=r"/servicePrincipals", permissions=_APPS, answer=_service_principals),
    Route(
        method="GET",
        path=r"/servicePrincipals\(appId='([^']+)'\)",
        permissions=_APPS,
        answer=_service_principal_by_app,
    ),
    Route(method="GET", path=_SP, permissions=_APPS, answer=_service_principal),
    Route(method="GET", path=r"/applications/([^/]+)", permissions=_APPS, answer=_application),
    Route(method="GET", path=_SP + r"/appRoleAssignedTo", permissions=_APPS, answer=_assignments),
    Route(method="GET", path=_SYNC + r"/jobs", permissions=_SYNC_READ, answer=_jobs),
    Route(method="GET", path=_SYNC + r"/secrets", permissions=_SYNC_WRITE, answer=_secrets),
    Route(
        method="POST",
        path=_SYNC + r"/jobs/validateCredentials",
        permissions=_SYNC_WRITE,
        answer=_validate_credentials,
    ),
    Route(method="GET", path=_JOB, permissions=_SYNC_READ, answer=_job),
    Route(method="GET", path=_JOB + r"/schema", permissions=_SYNC_READ, answer=_schema),
    Route(method="POST", path=_JOB + rf"/{_ACTION}start", permissions=_SYNC_WRITE, answer=_start),
    Route(method="POST", path=_JOB + rf"/{_ACTION}pause", permissions=_SYNC_WRITE, answer=_pause),
    Route(
        method="POST", path=_JOB + rf"/{_ACTION}restart", permissions=_SYNC_WRITE, answer=_restart
    ),
    Route(
        method="POST",
        path=_JOB + rf"/{_ACTION}provisionOnDemand",
        permissions=_SYNC_WRITE,
        answer=_provision_on_demand,
    ),
    Route(
        method="POST",
        path=_JOB + rf"/{_ACTION}validateCredentials",
        permissions=_SYNC_WRITE,
        answer=_validate_credentials,
    ),
    Route(
        method="GET", path=r"/auditLogs/provisioning", permissions=_LOG, answer=_provisioning_log
    ),
    Route(method="GET", path=r"/auditLogs/directoryAudits", permissions=_AUDIT, answer=_audit_log),
    Route(method="GET", path=r"/users", permissions=_USERS, answer=_users),
    Route(method="GET", path=r"/users/([^/]+)", permissions=_USERS, answer=_user),
    Route(method="GET", path=r"/users/([^/]+)/manager", permissions=_USERS, answer=_manager),
    Route(method="GET", path=r"/users/([^/]+)/memberOf", permissions=_USERS, answer=_member_of),
    Route(
        method="GET",
        path=r"/users/([^/]+)/transitiveMemberOf",
        permissions=_USERS,
        answer=_transitive_member_of,
    ),
    Route(method="GET", path=r"/groups", permissions=_GROUPS, answer=_groups),
    Route(method="GET", path=r"/groups/([^/]+)", permissions=_GROUPS, answer=_group),
    Route(method="GET", path=r"/groups/([^/]+)/members", permissions=_GROUPS, answer=_members),
    Route(method="GET", path=r"/organization", permissions=_TENANT, answer=_organization),
    Route(
        method="GET",
        path=r"/directory/deletedItems/microsoft\.graph\.user/([^/]+)",
        permissions=_USERS,
        answer=_deleted_user,
    ),
)
