"""Provisioning jobs: Graph's `synchronization` calls below a service principal.

Source: Graph API "synchronizationJob" pages. `restart` and `start` change what Entra does next;
`provision_on_demand` writes to the app: commands ask before they call them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.job_json import parse_job, parse_jobs
from scimdoctor.graph.json_values import pairs
from scimdoctor.graph.schema_json import parse_schema
from scimdoctor.model.frozen import EMPTY, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema

__all__ = [
    "ProvisionOnDemandResult",
    "ResetScope",
    "jobs",
    "parse_job",
    "parse_jobs",
    "parse_schema",
    "pause",
    "provision_on_demand",
    "read_job",
    "restart",
    "schema",
    "secrets",
    "start",
    "the_job",
    "validate_credentials",
]

ON_DEMAND_SECONDS = 180.0
"""provisionOnDemand takes up to half a minute, and waits for the app."""


class ResetScope(StrEnum):
    """What a restart forgets: Graph `synchronizationJobRestartScope`."""

    ESCROWS = "Escrows"
    """Failed objects and their retry times: they are tried again at once."""

    QUARANTINE = "QuarantineState"
    """The quarantine and its counters."""

    WATERMARK = "Watermark"
    """How far changes were read: everything in scope is read again."""

    FULL = "Full"
    """All of these, and the connector's own store."""

    FORCE_DELETES = "ForceDeletes"
    """Lets through deletions that the accidental-deletion threshold held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionOnDemandResult:
    """The two JSON texts that provisionOnDemand answers, decoded."""

    result: str
    """`Success`, `Skipped`, `Failure` …"""

    error_code: str | None = None
    error_message: str | None = None
    event: Mapping[str, Any] = field(default=EMPTY)
    """The event in provisionOnDemand's own shape; empty for groups sometimes."""

    raw: Mapping[str, Any] = field(default=EMPTY, repr=False)


def jobs(graph: GraphClient, service_principal_id: str) -> tuple[SynchronizationJob, ...]:
    """Return the jobs of an enterprise app; none if provisioning is not set up."""
    return parse_jobs(graph.get(f"{_root(service_principal_id)}/jobs"))


def the_job(
    graph: GraphClient, app: ServicePrincipal, job_id: str | None = None
) -> SynchronizationJob:
    """Return the app's job: the one of that id, else its only one, else the first that runs.

    Raises:
        ConfigurationError: the app has no job, or none of that id.
    """
    found = jobs(graph, app.id)
    if job_id is not None:
        found = tuple(job for job in found if job.id == job_id)
    if not found:
        which = f"no provisioning job {job_id!r}" if job_id else "no provisioning job"
        raise ConfigurationError(
            f"{app.display_name or app.id} has {which}.",
            hint="Set up provisioning in the app's Provisioning page, or see scimdoctor apps.",
        )
    running = (job for job in found if job.schedule.state == "Active")
    return next(running, found[0])


def read_job(graph: GraphClient, service_principal_id: str, job_id: str) -> SynchronizationJob:
    """Return one job."""
    return parse_job(graph.get(_job(service_principal_id, job_id)))


def schema(graph: GraphClient, service_principal_id: str, job_id: str) -> SynchronizationSchema:
    """Return the attribute mapping of a job."""
    return parse_schema(graph.get(f"{_job(service_principal_id, job_id)}/schema"))


def secrets(graph: GraphClient, service_principal_id: str) -> Mapping[str, str]:
    """Return what is readable of the saved connection, for example `BaseAddress`.

    Secret values come back masked or empty: the SCIM token cannot be had from Graph.
    """
    document = graph.get(f"{_root(service_principal_id)}/secrets")
    found = pairs({"secrets": document}, "secrets")
    return frozen({key: str(value) for key, value in found.items() if isinstance(value, str)})


def start(graph: GraphClient, service_principal_id: str, job_id: str) -> None:
    """Start or resume a job; a quarantine is cleared."""
    graph.post(f"{_job(service_principal_id, job_id)}/start")


def pause(graph: GraphClient, service_principal_id: str, job_id: str) -> None:
    """Pause a job; changes gather until it is started."""
    graph.post(f"{_job(service_principal_id, job_id)}/pause")


def restart(
    graph: GraphClient,
    service_principal_id: str,
    job_id: str,
    *,
    scope: Iterable[ResetScope] = (),
) -> None:
    """Restart a job, forgetting `scope`; empty means what the portal's button forgets."""
    names = ", ".join(dict.fromkeys(scope)) or "QuarantineState, Watermark, Escrows"
    body = {"criteria": {"resetScope": names}}
    graph.post(f"{_job(service_principal_id, job_id)}/restart", body)


def validate_credentials(
    graph: GraphClient, service_principal_id: str, job_id: str, *, template_id: str
) -> None:
    """Let Entra test the saved connection (the portal's *Test connection*).

    Raises:
        GraphError: code `CredentialValidationUnavailable` quotes the app's answer.
    """
    body = {"templateId": template_id, "useSavedCredentials": True}
    graph.post(f"{_job(service_principal_id, job_id)}/validateCredentials", body)


def provision_on_demand(
    graph: GraphClient,
    service_principal_id: str,
    job_id: str,
    *,
    rule_id: str,
    subject: Mapping[str, Any],
) -> ProvisionOnDemandResult:
    """Provision one object now. `subject` is Graph's `synchronizationJobSubject`."""
    body = {"parameters": [{"ruleId": rule_id, "subjects": [dict(subject)]}]}
    answer = graph.post(
        f"{_job(service_principal_id, job_id)}/provisionOnDemand",
        body,
        timeout_seconds=ON_DEMAND_SECONDS,
    )
    return parse_on_demand(answer)


def parse_on_demand(raw: Mapping[str, Any]) -> ProvisionOnDemandResult:
    """Decode `key` and `value`, both JSON in a text; already decoded ones are taken too."""
    key = _decoded(raw.get("key"))
    details = key.get("details")
    details = details if isinstance(details, dict) else {}
    return ProvisionOnDemandResult(
        result=str(key.get("result") or "Unknown"),
        error_code=_text_or_none(details.get("errorCode")),
        error_message=_text_or_none(details.get("errorMessage")),
        event=frozen(_decoded(raw.get("value"))),
        raw=frozen(raw),
    )


def _decoded(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _root(service_principal_id: str) -> str:
    return f"/servicePrincipals/{quote(service_principal_id, safe='')}/synchronization"


def _job(service_principal_id: str, job_id: str) -> str:
    # Job ids hold dots, which stay as they are.
    return f"{_root(service_principal_id)}/jobs/{quote(job_id, safe='.')}"
