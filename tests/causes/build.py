"""Builders for cases: an event, a job, exchanges, in as few words as possible."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.engine import diagnose_case, rank
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.exchange import (
    Exchange,
    FailureKind,
    ScimRequest,
    ScimResponse,
    TransportFailure,
)
from scimdoctor.model.provisioning import (
    ModifiedProperty,
    ProvisionedIdentity,
    ProvisioningErrorInfo,
    ProvisioningObjectSummary,
    ProvisioningStatusInfo,
    ProvisioningStep,
)
from scimdoctor.model.synchronization import (
    AttributeMapping,
    AttributeMappingSource,
    ObjectMapping,
    SynchronizationError,
    SynchronizationJob,
    SynchronizationQuarantine,
    SynchronizationRule,
    SynchronizationSchedule,
    SynchronizationSchema,
    SynchronizationStatus,
    SynchronizationTaskExecution,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_NAMES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    412: "PreconditionFailed",
    415: "UnsupportedMediaType",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    500: "InternalServerError",
    501: "NotImplemented",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def reason(status: int, body: Any = "") -> str:
    """Entra's usual text around an app's answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    return (
        f"StatusCode: {_NAMES.get(status, status)}\r\nMessage: Processing of the HTTP request resulted in an "
        "exception. Please see the HTTP response returned by the 'Response' property of this "
        f"exception for details.\r\nWeb Response: \r\n{text}. This operation was retried 0 times."
    )


def scim(detail: str, scim_type: str | None = None, status: int = 400) -> dict[str, Any]:
    """A SCIM error body."""
    body: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": detail,
        "status": str(status),
    }
    return body | ({"scimType": scim_type} if scim_type else {})


def event(
    action: str = "update",
    text: str | None = None,
    *,
    code: str | None = None,
    group: bool = False,
    status: str = "failure",
    properties: dict[str, tuple[str | None, str | None]] | None = None,
    steps: tuple[ProvisioningStep, ...] = (),
) -> ProvisioningObjectSummary:
    """A failing event; `properties` maps names to old and new values."""
    kind = "Group" if group else "User"
    listed = (properties or {}).items()
    return ProvisioningObjectSummary(
        id="event-1",
        activity_date_time=NOW,
        provisioning_action=action,
        source_identity=ProvisionedIdentity(id="source-1", identity_type=kind),
        target_identity=ProvisionedIdentity(identity_type=kind),
        provisioning_status_info=ProvisioningStatusInfo(
            status=status,
            error_information=ProvisioningErrorInfo(error_code=code, reason=text),
        ),
        provisioning_steps=steps,
        modified_properties=tuple(
            ModifiedProperty(display_name=n, old_value=o, new_value=v) for n, (o, v) in listed
        ),
    )


def exchange(
    method: str,
    path: str,
    status: int | FailureKind,
    answer: Any = None,
    *,
    sent: Any = None,
    media: str = "application/scim+json",
    id_: str = "h1",
    milliseconds: float = 100.0,
) -> Exchange:
    """One exchange; `path` may hold a query that is not encoded yet."""
    plain, _, query = path.partition("?")
    encoded = quote(query, safe="=&()\\+%") if query else ""
    request = ScimRequest(
        method=method,
        path=plain,
        query=encoded,
        body=json.dumps(sent).encode() if sent is not None else b"",
    )
    body = answer if isinstance(answer, str) else json.dumps(answer) if answer is not None else ""
    response, failure = None, None
    if isinstance(status, FailureKind):
        failure = TransportFailure(kind=status, message="no answer")
    else:
        headers = (("Content-Type", media),) if media else ()
        response = ScimResponse(status=status, headers=headers, body=body.encode())
    return Exchange(
        id=id_,
        request=request,
        url=f"https://app.example/scim{path}",
        response=response,
        failure=failure,
        elapsed_in_milliseconds=milliseconds,
    )


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """A PATCH body."""
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": list(operations),
    }


def op(name: str | None, path: str | None = None, value: Any = None) -> dict[str, Any]:
    """One operation; a value of `None` is left out."""
    made = {"op": name, "path": path, "value": value}
    return {k: v for k, v in made.items() if v is not None}


def listed(*resources: Any, total: int | None = None) -> dict[str, Any]:
    """A ListResponse."""
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(resources) if total is None else total,
        "itemsPerPage": 20,
        "startIndex": 1,
        "Resources": list(resources),
    }


def user(**attributes: Any) -> dict[str, Any]:
    """A user as an app returns it."""
    base = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "u1",
        "userName": "ada@example.com",
        "active": True,
    }
    return base | attributes


def group(**attributes: Any) -> dict[str, Any]:
    """A group as an app returns it."""
    base = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": "g1",
        "displayName": "Staff",
    }
    return base | attributes


def job(
    text: str | None = None,
    *,
    code: str = "CredentialValidationUnavailable",
    why: str = "EncounteredQuarantineException",
    state: str = "Active",
    status: str = "Quarantine",
) -> SynchronizationJob:
    """A job, quarantined with `text` unless `status` says otherwise."""
    error = SynchronizationError(code=code, message=text) if text is not None else None
    ran = SynchronizationTaskExecution(state="Succeeded", time_began=NOW, time_ended=NOW)
    quarantine = SynchronizationQuarantine(reason=why, current_began=NOW, error=error)
    return SynchronizationJob(
        id="scim.1",
        schedule=SynchronizationSchedule(state=state),
        status=SynchronizationStatus(
            code=status,
            quarantine=quarantine if status == "Quarantine" else None,
            last_execution=None if status == "NotRun" else ran,
        ),
    )


def schema(*targets: str, source: AttributeMappingSource | None = None) -> SynchronizationSchema:
    """A user mapping to `targets`."""
    mappings = tuple(AttributeMapping(target_attribute_name=t, source=source) for t in targets)
    users = ObjectMapping(source_object_name="User", attribute_mappings=mappings)
    return SynchronizationSchema(
        synchronization_rules=(SynchronizationRule(object_mappings=(users,)),)
    )


def on(event_: ProvisioningObjectSummary) -> Case:
    """A case of one event."""
    return Case(event=event_)


def seen(*exchanges: Exchange) -> Case:
    """A case of a HAR."""
    return Case(exchanges=exchanges)


def about(job_: SynchronizationJob) -> Case:
    """A case of a job."""
    return Case(job=job_, now=NOW)


def by_rule(case: Case) -> str:
    """The first cause that a rule names, without what is usual where no rule fits."""
    found = rank(facts_of(case))
    return found[0].cause.rule.id if found else "unknown-cause"


Pair = tuple[str, Case, str, Case]
"""The cause that a case must have, and what a near miss, which looks like it, must have."""


def tells_apart(pair: Pair) -> None:
    """Hold a rule to its case, and to leaving its near miss alone."""
    cause, case, other, near = pair
    assert diagnose_case(case).cause == cause
    named = by_rule(near)
    if named == "unknown-cause" != other:
        named = diagnose_case(near).cause  # what is usual where no rule fits
    assert named == other
