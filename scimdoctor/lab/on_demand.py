"""Turns a logged event into what provisionOnDemand answers: other names, two JSON texts.

Source: Graph "synchronizationJob: provisionOnDemand" and its published answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def on_demand_answer(event: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return `key` and `value`, not yet JSON text."""
    info = event["provisioningStatusInfo"]
    error = info["errorInformation"] or {}
    result = _pascal(info["status"])
    skip = _skip_reason(event)
    code = error.get("errorCode") or skip
    details = {"errorCode": code, "errorMessage": error.get("reason")} if code else None
    value = {
        "action": _pascal(event["provisioningAction"]),
        "changeId": event["changeId"],
        "startTime": event["activityDateTime"],
        "endTime": event["activityDateTime"],
        "modifiedProperties": event["modifiedProperties"],
        "provisioningSteps": [_step(step, event) for step in event["provisioningSteps"]],
        "reportableIdentifier": event["sourceIdentity"]["details"].get("UserPrincipalName")
        or event["sourceIdentity"]["displayName"],
        "statusInfo": {
            "status": result,
            "errorCode": code,
            "reason": error.get("reason"),
            "additionalDetails": None,
            "errorCategory": _pascal(error["errorCategory"]) if error else None,
            "recommendedAction": None,
        },
        "sourceIdentity": _identity(event["sourceIdentity"]),
        "sourceSystem": _system(event["sourceSystem"]),
        "targetIdentity": _identity(event["targetIdentity"]),
        "targetSystem": _system(event["targetSystem"]),
    }
    return {"result": result, "details": details}, value


def _pascal(text: str) -> str:
    return text[:1].upper() + text[1:]


def _skip_reason(event: Mapping[str, Any]) -> str | None:
    reasons = (step["details"].get("SkipReason") for step in event["provisioningSteps"])
    return next((reason for reason in reasons if reason), None)


def _step(step: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": step["name"],
        "type": _pascal(step["provisioningStepType"]),
        "status": _pascal(step["status"]),
        "description": step["description"],
        "timestamp": event["activityDateTime"],
        "details": step["details"],
    }


def _identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": identity["id"],
        "type": identity["identityType"],
        "displayName": None,
        "details": None,
    }


def _system(system: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": None, "name": system["displayName"], "details": None}
