"""Graph's `synchronizationJob` JSON into values. Pure; never raises.

Source: Graph CSDL v1.0 `synchronizationJob`; Microsoft's own samples, which hold empty texts where
dates and enumerations belong.
"""

from __future__ import annotations

from collections.abc import Mapping

from scimdoctor.graph.json_values import (
    as_objects,
    as_text,
    boolean,
    duration,
    field,
    integer,
    moment,
    objects,
    pairs,
    spelled,
    text,
)
from scimdoctor.model.frozen import frozen
from scimdoctor.model.synchronization import (
    SynchronizationError,
    SynchronizationJob,
    SynchronizationProgress,
    SynchronizationQuarantine,
    SynchronizationSchedule,
    SynchronizationStatus,
    SynchronizationTaskExecution,
)

_STATUS_CODES = (
    "NotConfigured",
    "NotRun",
    "Active",
    "Paused",
    "Quarantine",
    "InProgress",
    "NotStarted",
)
_SCHEDULE_STATES = ("Active", "Disabled", "Paused")
_EXECUTION_STATES = ("Succeeded", "Failed", "EntryLevelErrors")
_QUARANTINE_REASONS = (
    "EncounteredBaseEscrowThreshold",
    "EncounteredTotalEscrowThreshold",
    "EncounteredEscrowProportionThreshold",
    "EncounteredQuarantineException",
    "Unknown",
    "QuarantinedOnDemand",
    "TooManyDeletes",
    "IngestionInterrupted",
)


def parse_job(raw: object) -> SynchronizationJob:
    """Read a job; from a list, or a `{"value": […]}` of jobs, the first."""
    found = as_objects(raw)
    job: Mapping[str, object] = found[0] if found else {}
    return SynchronizationJob(
        id=text(job, "id") or "",
        template_id=text(job, "templateId"),
        schedule=_schedule(field(job, "schedule")),
        status=_status(field(job, "status")),
        settings=_settings(job),
        raw=frozen(job),
    )


def parse_jobs(raw: object) -> tuple[SynchronizationJob, ...]:
    """Read every job of a list, a `{"value": […]}`, or a lone job."""
    return tuple(parse_job(job) for job in as_objects(raw))


def _settings(job: object) -> Mapping[str, str]:
    found = pairs(job, "synchronizationJobSettings")
    return frozen({name: as_text(value) or "" for name, value in found.items()})


def _schedule(raw: object) -> SynchronizationSchedule:
    return SynchronizationSchedule(
        state=spelled(text(raw, "state"), _SCHEDULE_STATES),
        interval=duration(raw, "interval"),
        expiration=moment(raw, "expiration"),
    )


def _status(raw: object) -> SynchronizationStatus:
    counts = pairs(raw, "synchronizedEntryCountByType")
    numbers = {kind: integer({"n": count}, "n") for kind, count in counts.items()}
    return SynchronizationStatus(
        code=spelled(text(raw, "code"), _STATUS_CODES),
        count_successive_complete_failures=integer(raw, "countSuccessiveCompleteFailures"),
        escrows_pruned=boolean(raw, "escrowsPruned"),
        last_execution=_execution(field(raw, "lastExecution")),
        last_successful_execution=_execution(field(raw, "lastSuccessfulExecution")),
        last_successful_execution_with_exports=_execution(
            field(raw, "lastSuccessfulExecutionWithExports")
        ),
        progress=tuple(_progress(item) for item in objects(raw, "progress")),
        quarantine=_quarantine(field(raw, "quarantine")),
        steady_state_first_achieved_time=moment(raw, "steadyStateFirstAchievedTime"),
        steady_state_last_achieved_time=moment(raw, "steadyStateLastAchievedTime"),
        synchronized_entry_count_by_type=frozen(
            {kind: number for kind, number in numbers.items() if number is not None}
        ),
        troubleshooting_url=text(raw, "troubleshootingUrl"),
    )


def _execution(raw: object) -> SynchronizationTaskExecution | None:
    if not isinstance(raw, Mapping):
        return None
    return SynchronizationTaskExecution(
        activity_identifier=text(raw, "activityIdentifier"),
        state=spelled(text(raw, "state"), _EXECUTION_STATES),
        time_began=moment(raw, "timeBegan"),
        time_ended=moment(raw, "timeEnded"),
        count_entitled=integer(raw, "countEntitled"),
        count_entitled_for_provisioning=integer(raw, "countEntitledForProvisioning"),
        count_escrowed=integer(raw, "countEscrowed"),
        count_escrowed_raw=integer(raw, "countEscrowedRaw"),
        count_exported=integer(raw, "countExported"),
        count_exports=integer(raw, "countExports"),
        count_imported=integer(raw, "countImported"),
        count_imported_deltas=integer(raw, "countImportedDeltas"),
        count_imported_reference_deltas=integer(raw, "countImportedReferenceDeltas"),
        error=_error(field(raw, "error")),
    )


def _progress(raw: object) -> SynchronizationProgress:
    return SynchronizationProgress(
        units=text(raw, "units"),
        completed_units=integer(raw, "completedUnits"),
        total_units=integer(raw, "totalUnits"),
        progress_observation_date_time=moment(raw, "progressObservationDateTime"),
    )


def _quarantine(raw: object) -> SynchronizationQuarantine | None:
    if not isinstance(raw, Mapping):
        return None
    quarantine = SynchronizationQuarantine(
        reason=spelled(text(raw, "reason"), _QUARANTINE_REASONS),
        current_began=moment(raw, "currentBegan"),
        series_began=moment(raw, "seriesBegan"),
        series_count=integer(raw, "seriesCount"),
        next_attempt=moment(raw, "nextAttempt"),
        error=_error(field(raw, "error")),
    )
    return None if quarantine == SynchronizationQuarantine() else quarantine


def _error(raw: object) -> SynchronizationError | None:
    code = text(raw, "code")
    message = text(raw, "message")
    if (code is None or code.casefold() == "none") and message is None:
        return None
    return SynchronizationError(
        code=code, message=message, tenant_actionable=boolean(raw, "tenantActionable")
    )
