"""Writes provisioning events in Graph's form, as Entra would after each object.

The texts follow the wording of published records; what the app answered is quoted in them as
Entra does, cut at 1,024 characters.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from scimdoctor.model.exchange import Exchange

_SYSTEM = "SystemForCrossDomainIdentityManagement"
_MESSAGE = (
    "Processing of the HTTP request resulted in an exception. Please see the HTTP response "
    "returned by the 'Response' property of this exception for details."
)
_CODES = {
    401: f"{_SYSTEM}InvalidCredentials",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "NotImplemented",
}
_NAMES = {429: "429", 422: "422"}
LONGEST_QUOTE = 1024


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why Entra gave up on an object."""

    error_code: str
    reason: str


def refusal_of(exchange: Exchange) -> Refusal:
    """Word what the app answered, as Entra's log does."""
    if exchange.failure is not None or exchange.response is None:
        text = exchange.failure.message if exchange.failure else "no answer"
        timed_out = exchange.failure is not None and exchange.failure.kind == "timeout"
        code = "Timeout" if timed_out else "WebExceptionProtocolError"
        return Refusal(error_code=code, reason=f"Web Response: {text}")
    response = exchange.response
    name = _NAMES.get(response.status) or _dotnet_name(response.status)
    code = _CODES.get(response.status, f"{_SYSTEM}ServiceIncompatibleFiltering")
    quoted = response.text[:LONGEST_QUOTE]
    return Refusal(
        error_code=code,
        reason=f"StatusCode: {name}\r\nMessage: {_MESSAGE}\r\nWeb Response: \r\n{quoted}",
    )


def _dotnet_name(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return str(status)
    return "".join(part[0].upper() + part[1:] for part in phrase.replace("-", " ").split())


def undecodable(exchange: Exchange) -> Refusal:
    """Word an answer that came with success but was not what SCIM asks for."""
    body = exchange.response.text[:LONGEST_QUOTE] if exchange.response else ""
    return Refusal(
        error_code=f"{_SYSTEM}ServiceIncompatible",
        reason="The SCIM endpoint is not fully compatible with the provisioning service: we are "
        f"not able to deserialize the resource received from your SCIM endpoint. {body}",
    )


@dataclass(kw_only=True)
class EventDraft:
    """One event while its steps are being taken; `finish` gives Graph's JSON."""

    kind: str
    """`User` or `Group`."""

    source_id: str
    name: str
    principal_name: str | None
    steps: list[dict[str, Any]] = field(default_factory=list)
    modified: list[dict[str, Any]] = field(default_factory=list)
    action: str = "other"
    status: str = "success"
    target_id: str = ""
    refusal: Refusal | None = None

    @property
    def label(self) -> str:
        """What Entra calls the object in its texts."""
        return self.principal_name or self.name

    def step(
        self,
        name: str,
        kind: str,
        description: str,
        *,
        status: str = "success",
        details: dict[str, Any] | None = None,
    ) -> None:
        """Add one step."""
        self.steps.append(
            {
                "name": name,
                "provisioningStepType": kind,
                "status": status,
                "description": description,
                "details": {key: _text(value) for key, value in (details or {}).items()},
            }
        )

    def exported(self, verb: str, attributes: dict[str, Any], *, status: str) -> None:
        """Add the export step; attribute names lose `.` and `:` there, as in real records."""
        details = {key.replace(".", "").replace(":", ""): v for key, v in attributes.items()}
        past = {"Add": "create", "Update": "update", "Delete": "delete"}[verb]
        text = (
            f"Failed to {past} {self.kind} '{self.label}' in customappsso"
            if status == "failure"
            else f"{self.kind} '{self.label}' was {past}d in customappsso"
        )
        details["ReportableIdentifier"] = self.label
        self.step(f"EntryExport{verb}", "export", text, status=status, details=details)

    def skip(self, reason: str, description: str) -> None:
        """End as skipped."""
        self.status = "skipped"
        details = {"SkipReason": reason, "ReportableIdentifier": self.label}
        self.step(
            "EntrySynchronizationSkip", "export", description, status="skipped", details=details
        )

    def fail(self, refusal: Refusal) -> None:
        """End as failed."""
        self.status = "failure"
        self.refusal = refusal

    def change(self, name: str, old: object, new: object) -> None:
        """Add one modified property."""
        self.modified.append({"displayName": name, "oldValue": _text(old), "newValue": _text(new)})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@dataclass(frozen=True, kw_only=True)
class EventContext:
    """What all events of one cycle have in common."""

    tenant_id: str
    job_id: str
    cycle_id: str
    service_principal_id: str
    app_name: str


_TARGET_TYPES = {
    "User": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "Group": "urn:ietf:params:scim:schemas:core:2.0:Group",
}


def finish(
    draft: EventDraft, context: EventContext, *, at: datetime, took: timedelta
) -> dict[str, Any]:
    """Make the event's JSON. Its id follows from job, cycle and object, so runs are repeatable."""
    seed = f"{context.job_id}/{context.cycle_id}/{draft.source_id}/{draft.action}"
    principal = {"id": context.service_principal_id, "displayName": context.app_name}
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, seed)),
        "activityDateTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tenantId": context.tenant_id,
        "jobId": context.job_id,
        "cycleId": context.cycle_id,
        "changeId": str(uuid.uuid5(uuid.NAMESPACE_OID, seed + "/change")),
        "provisioningAction": draft.action,
        "durationInMilliseconds": max(1, round(took.total_seconds() * 1000)),
        "servicePrincipal": principal,
        "sourceSystem": _system("Microsoft Entra ID", {}),
        "targetSystem": _system(
            "customappsso",
            {
                "ApplicationId": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
                "ServicePrincipalId": context.service_principal_id,
                "ServicePrincipalDisplayName": context.app_name,
            },
        ),
        "initiatedBy": {
            "id": "",
            "displayName": "Azure AD Provisioning Service",
            "initiatorType": "system",
        },
        "sourceIdentity": _source_identity(draft),
        "targetIdentity": {
            "id": draft.target_id,
            "displayName": "",
            "identityType": _TARGET_TYPES[draft.kind],
            "details": {},
        },
        "provisioningStatusInfo": {
            "status": draft.status,
            "errorInformation": _error_information(draft.refusal),
        },
        "provisioningSteps": draft.steps,
        "modifiedProperties": draft.modified,
    }


def _system(name: str, details: dict[str, str]) -> dict[str, Any]:
    identifier = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return {"id": identifier, "displayName": name, "details": details}


def _source_identity(draft: EventDraft) -> dict[str, Any]:
    details = {"id": draft.source_id, "odatatype": draft.kind, "DisplayName": draft.name}
    if draft.principal_name:
        details["UserPrincipalName"] = draft.principal_name
    return {
        "id": draft.source_id,
        "displayName": draft.name,
        "identityType": draft.kind,
        "details": details,
    }


def _error_information(refusal: Refusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {
        "errorCode": refusal.error_code,
        "reason": refusal.reason,
        "additionalDetails": None,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": None,
    }
