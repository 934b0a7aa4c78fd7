"""A synchronization job as Graph serves it, from what its cycles did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NEVER = "0001-01-01T00:00:00Z"


def stamp(moment: datetime) -> str:
    """`moment` as Graph writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def new_job(job_id: str) -> dict[str, Any]:
    """A job that has not run yet."""
    return {
        "id": job_id,
        "templateId": "scim",
        "schedule": {"expiration": None, "interval": "PT40M", "state": "Active"},
        "status": {
            "code": "NotRun",
            "countSuccessiveCompleteFailures": 0,
            "escrowsPruned": False,
            "lastExecution": None,
            "lastSuccessfulExecution": None,
            "lastSuccessfulExecutionWithExports": None,
            "progress": [],
            "quarantine": None,
            "steadyStateFirstAchievedTime": NEVER,
            "steadyStateLastAchievedTime": NEVER,
            "synchronizedEntryCountByType": [],
            "troubleshootingUrl": "",
        },
        "synchronizationJobSettings": [
            {"name": "AzureIngestionAttributeOptimization", "value": "False"},
            {"name": "QuarantineTooManyDeletesThreshold", "value": "500"},
        ],
    }


def record_cycle(
    job: dict[str, Any],
    events: Iterable[Mapping[str, Any]],
    *,
    at: datetime,
    escrowed: int,
    users: int,
    groups: int,
) -> None:
    """Write what a finished cycle did into the job."""
    statuses = [event["provisioningStatusInfo"]["status"] for event in events]
    exported = sum(status in {"success", "warning"} for status in statuses)
    execution = {
        "activityIdentifier": f"cycle-{stamp(at)}",
        "state": "EntryLevelErrors" if escrowed else "Succeeded",
        "timeBegan": stamp(at),
        "timeEnded": stamp(at + timedelta(seconds=len(statuses))),
        "countEntitled": users + groups,
        "countEntitledForProvisioning": users + groups,
        "countEscrowed": escrowed,
        "countEscrowedRaw": escrowed,
        "countExported": exported,
        "countExports": exported + statuses.count("failure"),
        "countImported": len(statuses),
        "countImportedDeltas": len(statuses),
        "countImportedReferenceDeltas": 0,
        "error": None,
    }
    status = job["status"]
    status |= {"code": "Active", "lastExecution": execution}
    if not escrowed:
        status["lastSuccessfulExecution"] = execution
    if exported:
        status["lastSuccessfulExecutionWithExports"] = execution
    if status["steadyStateFirstAchievedTime"] == NEVER:
        status["steadyStateFirstAchievedTime"] = execution["timeEnded"]
    status["steadyStateLastAchievedTime"] = execution["timeEnded"]
    status["synchronizedEntryCountByType"] = [
        {"key": urns.ENTERPRISE_USER, "value": users},
        {"key": urns.GROUP, "value": groups},
    ]


def record_quarantine(job: dict[str, Any], *, since: datetime, now: datetime, answer: str) -> None:
    """Write into the job that its credentials were refused from `since` on."""
    error = {
        "code": "SystemForCrossDomainIdentityManagementInvalidCredentials",
        "message": "We were not able to authorize against the application: received response from "
        f"Web resource. Response Status Code: Unauthorized Response Content: {answer}",
        "tenantActionable": True,
    }
    attempts = max(1, (now - since).days)
    failed = {
        "activityIdentifier": f"cycle-{stamp(since)}",
        "state": "Failed",
        "timeBegan": stamp(since + timedelta(days=attempts - 1)),
        "timeEnded": stamp(since + timedelta(days=attempts - 1, seconds=2)),
        "error": error,
    }
    job["status"] |= {
        "code": "Quarantine",
        "countSuccessiveCompleteFailures": attempts,
        "lastExecution": failed,
        "quarantine": {
            "reason": "EncounteredQuarantineException",
            "currentBegan": stamp(since),
            "seriesBegan": stamp(since),
            "seriesCount": attempts,
            "nextAttempt": stamp(now + timedelta(hours=11)),
            "error": error,
        },
    }
