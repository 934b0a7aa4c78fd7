"""Seeded provisioning events of about 3.6 KB, as Graph writes them: the bench's input."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(days=30)
APPS = tuple((f"0a000000-0000-4000-8000-{n:012d}", f"App {n}") for n in range(8))
BOILERPLATE = (
    "Message: Processing of the HTTP request resulted in an exception. Please see the HTTP "
    "response returned by the 'Response' property of this exception for details."
)
FAILURES: tuple[tuple[str, str, str, str], ...] = (
    ("SystemForCrossDomainIdentityManagementServiceIncompatible", "BadRequest", "400", "Attribute 'emails' is required"),
    ("SystemForCrossDomainIdentityManagementServiceIncompatible", "BadRequest", "400", "Attribute 'userName' must be an e-mail address, got '{name}'"),
    ("SystemForCrossDomainIdentityManagementServiceIncompatible", "InternalServerError", "500", "Internal error, request {guid}"),
    ("SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering", "Conflict", "409", "User {upn} already exists"),
    ("SystemForCrossDomainIdentityManagementCredentialValidationUnavailable", "Unauthorized", "401", "Token expired at {time}"),
    ("SystemForCrossDomainIdentityManagementBadRequest", "BadRequest", "400", "Unsupported op 'Add' at line {n}"),
    ("SystemForCrossDomainIdentityManagementResourceConflict", "NotFound", "404", "Resource {n} not found"),
    ("SystemForCrossDomainIdentityManagementServiceUnavailable", "ServiceUnavailable", "503", "Try again in {n} seconds"),
)  # fmt: skip
SKIPS = ("NotEffectivelyEntitled", "RedundantExport", "AttributeValidationFailed")


def guid(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def events(count: int, *, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield `count` events, oldest first: 70 % success, 12 % failure, 17 % skipped, 1 % warning."""
    chance = random.Random(seed)
    objects = max(10, count // 20)
    for number in range(count):
        yield event(number, chance, objects=objects, share=number / count)


def event(number: int, chance: random.Random, *, objects: int, share: float) -> dict[str, Any]:
    person = chance.randrange(objects)
    app = APPS[person % len(APPS)]
    status = chance.choices(("success", "failure", "skipped", "warning"), (70, 12, 17, 1))[0]
    name = f"Person {person}"
    upn = f"person{person}@contoso.example"
    time = START + WINDOW * share
    error, skip = None, None
    if status in {"failure", "warning"}:
        error = failure_of(chance, time, name=name, upn=upn)
    elif status == "skipped":
        skip = chance.choice(SKIPS)
    action = "other" if skip else chance.choice(("create", "update", "disable"))
    return record(
        number,
        time,
        app,
        {"id": guid(2, person), "name": name, "upn": upn},
        outcome={"status": status, "error": error, "skip": skip, "action": action},
        duration=chance.randrange(100, 5000),
    )


def failure_of(chance: random.Random, time: datetime, *, name: str, upn: str) -> dict[str, Any]:
    code, word, number, detail = chance.choice(FAILURES)
    text = detail.format(
        name=name, upn=upn, n=chance.randrange(10**6), guid=guid(9, chance.randrange(10**9)), time=time.isoformat()
    )  # fmt: skip
    body = json.dumps(
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": text,
            "status": number,
        }
    )
    retry = (time + timedelta(hours=6)).isoformat()
    return {
        "errorCode": code,
        "reason": f"StatusCode: {word}\r\n{BOILERPLATE}\r\nWeb Response: \r\n{body}. This operation "
        f"was retried {chance.randrange(9)} times. It will be retried again after this date: {retry} UTC",
        "additionalDetails": None,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": "https://learn.microsoft.com/entra/identity/app-provisioning/",
    }


def record(
    number: int,
    time: datetime,
    app: tuple[str, str],
    person: dict[str, str],
    *,
    outcome: dict[str, Any],
    duration: int,
) -> dict[str, Any]:
    upn, status = person["upn"], outcome["status"]
    values = {
        "active": "True",
        "displayName": person["name"],
        'emails[type eq "work"].value': upn,
        "name.givenName": "Person",
        "name.familyName": person["name"],
        "userName": upn,
        "externalId": person["id"],
        "title": "Engineer of many things",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Research",
    }
    return {
        "id": guid(1, number),
        "activityDateTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "tenantId": guid(3, 0),
        "jobId": f"scim.{guid(3, 0).replace('-', '')}.{app[0]}",
        "cycleId": guid(4, number // 200),
        "changeId": guid(5, number),
        "provisioningAction": outcome["action"],
        "durationInMilliseconds": duration,
        "servicePrincipal": {"id": app[0], "displayName": app[1]},
        "sourceSystem": {"id": guid(6, 0), "displayName": "Microsoft Entra ID", "details": {}},
        "targetSystem": {
            "id": guid(7, 0),
            "displayName": "customappsso",
            "details": {"ServicePrincipalId": app[0], "ServicePrincipalDisplayName": app[1]},
        },
        "initiatedBy": {
            "id": "",
            "displayName": "Azure AD Provisioning Service",
            "initiatorType": "system",
        },
        "sourceIdentity": {
            "id": person["id"],
            "displayName": person["name"],
            "identityType": "User",
            "details": {
                "id": person["id"],
                "odatatype": "User",
                "DisplayName": person["name"],
                "UserPrincipalName": upn,
            },
        },
        "targetIdentity": {
            "id": "" if outcome["action"] == "create" else f"usr-{person['id'][-6:]}",
            "displayName": "",
            "identityType": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "details": {},
        },
        "provisioningStatusInfo": {"status": status, "errorInformation": outcome["error"]},
        "provisioningSteps": steps(upn, status, outcome["skip"], values),
        "modifiedProperties": [
            {"displayName": key, "oldValue": None, "newValue": value}
            for key, value in values.items()
        ],
    }


def steps(upn: str, status: str, skip: str | None, values: dict[str, str]) -> list[dict[str, Any]]:
    last = (
        ("EntrySynchronizationSkip", "processing", f"The User '{upn}' will be skipped", {"SkipReason": skip})
        if skip
        else (
            "EntryExportAdd", "export", f"User '{upn}' was created in customappsso",
            {key.replace(".", "").replace(":", ""): value for key, value in values.items()} | {"ReportableIdentifier": upn},
        )
    )  # fmt: skip
    scoping = {
        "Active in the source system": "True",
        "Assigned to the application": "True",
        "User has the required role": "True",
        "Scoping filter evaluation passed": "True",
        "ScopeEvaluationResult": "{}",
    }
    told: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("EntryImportAdd", "import", f"Received User '{upn}' change of type (Add)", {"objectId": upn}),
        ("EntrySynchronizationScoping", "scoping", "Determine if User in scope", scoping),
        last,
    )  # fmt: skip
    return [
        {
            "name": name,
            "provisioningStepType": kind,
            "status": status if position == 2 else "success",
            "description": description,
            "details": details,
        }
        for position, (name, kind, description, details) in enumerate(told)
    ]


def write_json_lines(path: Path, count: int, *, seed: int = 7) -> int:
    """Write `count` events as JSON Lines; return the size in bytes."""
    with path.open("w", encoding="utf-8") as stream:
        for one in events(count, seed=seed):
            stream.write(json.dumps(one, separators=(",", ":")) + "\n")
    return path.stat().st_size
