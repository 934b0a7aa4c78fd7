"""One tolerant reader for a record of the provisioning log, in whatever form it was saved.

Graph v1.0 and beta, the portal's download, Azure Monitor's envelope (Event Hub, Storage), rows of
Log Analytics, the result of provision-on-demand, PowerShell's dumps and rows of CSV all become one
`ProvisioningObjectSummary`. What a form lacks is `None`; what it has besides stays in `raw`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import (
    Initiator,
    ModifiedProperty,
    ProvisionedIdentity,
    ProvisioningErrorInfo,
    ProvisioningObjectSummary,
    ProvisioningServicePrincipal,
    ProvisioningStatusInfo,
    ProvisioningStep,
    ProvisioningSystem,
)
from scimdoctor.sources.fields import Fields
from scimdoctor.sources.forms import EVENT_MARKS, UnreadableRecord, unwrap
from scimdoctor.sources.passwords import without_passwords

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULTS = ("success", "failure", "skipped", "warning")
"""Graph's `provisioningResult` in the order of its integer values."""

STEP_TYPES = ("import", "scoping", "matching", "processing", "referenceResolution", "export")
"""Graph's `provisioningStepType` in the order of its integer values."""

ACTIONS = ("other", "create", "delete", "disable", "update", "stagedDelete")
"""Graph's `provisioningAction` in the order of its integer values."""


def read_record(raw: Mapping[str, object], origin: str | None = None) -> ProvisioningObjectSummary:
    """Read one record of any form; `origin` says where it stood, as `graph` or `FILE:LINE`.

    Raises `UnreadableRecord` with the reason if it is not a provisioning event at all; a doubtful
    value inside an event never raises.
    """
    fields = unwrap(raw)
    if not any(mark in fields for mark in EVENT_MARKS):
        raise UnreadableRecord(_what_instead(raw))
    if fields.cut():
        raise UnreadableRecord(
            "PowerShell cut its nested parts off; save it again with ConvertTo-Json -Depth 20"
        )
    target = read_system(fields, "target")
    event = ProvisioningObjectSummary(
        id=fields.text("id") or made_up_id(fields),
        activity_date_time=fields.time(
            "activitydatetime", "timegenerated", "date", "timestamp", "time", "endtime", "starttime"
        ),
        tenant_id=read_tenant(fields),
        job_id=fields.text("jobid"),
        cycle_id=fields.text("cycleid"),
        change_id=fields.text("changeid", "correlationid"),
        duration_in_milliseconds=fields.number(
            "durationinmilliseconds", "durationms", "durationinms", "duration"
        ),
        provisioning_action=enumerated(fields.first("provisioningaction", "action"), ACTIONS)
        or "other",
        service_principal=read_service_principal(fields, target),
        source_system=read_system(fields, "source"),
        target_system=target,
        initiated_by=read_initiator(fields),
        source_identity=read_identity(fields, "source"),
        target_identity=read_identity(fields, "target"),
        provisioning_status_info=read_status_info(fields),
        provisioning_steps=tuple(map(read_step, fields.parts("provisioningsteps"))),
        modified_properties=tuple(map(read_property, fields.parts("modifiedproperties"))),
        raw=frozen(raw),
        origin=origin,
    )
    return without_passwords(event)


def _what_instead(raw: Mapping[str, object]) -> str:
    """What a record is that is no event: perhaps an error that was saved in place of the answer."""
    error = raw.get("error")
    if isinstance(error, dict) and (error.get("code") or error.get("message")):
        parts = (str(error.get(name) or "") for name in ("code", "message"))
        said = " ".join(": ".join(filter(None, parts)).split())[:300]
        return f"it is an error of Microsoft Graph, not its answer: {said}"
    return "it has none of the fields of a provisioning event"


def enumerated(value: object, names: tuple[str, ...]) -> str | None:
    """Return an enumeration value as Graph v1.0 spells it; an unknown one is kept as text.

    Numbers, also as text, are positions in `names`; one without a name stays a number.
    """
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    if text[:1] in {"{", "["}:
        return None
    if text.isascii() and text.isdigit():
        return names[int(text)] if len(text) < 3 and int(text) < len(names) else text
    for name in names:
        if name.lower() == text.lower():
            return name
    return text[:1].lower() + text[1:] or None


def made_up_id(fields: Fields) -> str:
    """Return a stable id for a form that has none, made of what tells one event from another."""
    time = fields.text("activitydatetime", "timegenerated", "date", "endtime")
    change = fields.text("changeid")
    known = f"{change}\x1f{fields.text('jobid')}\x1f{time}"
    told = known if change and time else fields.everything()
    return "local-" + hashlib.sha256(told.encode(errors="replace")).hexdigest()[:20]


def read_tenant(fields: Fields) -> str | None:
    """Return the Entra tenant: in Log Analytics, `TenantId` is the workspace instead."""
    if "timegenerated" in fields:
        return fields.text("aadtenantid")
    return fields.text("aadtenantid", "tenantid")


def read_service_principal(
    fields: Fields, target: ProvisioningSystem
) -> ProvisioningServicePrincipal:
    """Read the enterprise app; where it is missing, the target system's details name it."""
    part = fields.part("serviceprincipal")
    named = Fields(target.details)
    plain = fields.text("serviceprincipalname", "serviceprincipaldisplayname", "application")
    if not part:
        plain = plain or fields.plain("serviceprincipal")
    return ProvisioningServicePrincipal(
        id=part.text("id")
        or fields.text("serviceprincipalid", "applicationid")
        or named.text("serviceprincipalid"),
        display_name=part.text("displayname", "name")
        or plain
        or named.text("serviceprincipaldisplayname"),
    )


def read_system(fields: Fields, end: str) -> ProvisioningSystem:
    """Read the `source` or `target` system."""
    name = f"{end}system"
    part = fields.part(name)
    return ProvisioningSystem(
        id=part.text("id") or fields.text(f"{name}id"),
        display_name=part.text("displayname", "name")
        or fields.text(f"{name}displayname", f"{name}name")
        or (None if part else fields.plain(name)),
        details=part.details("details"),
    )


def read_initiator(fields: Fields) -> Initiator:
    """Read who started it; one documented sample says `initiatingType`."""
    part = fields.part("initiatedby")
    return Initiator(
        id=part.text("id") or fields.text("initiatedbyid"),
        display_name=part.text("displayname", "name")
        or fields.text("initiatedbydisplayname", "initiatedbyname")
        or (None if part else fields.plain("initiatedby")),
        initiator_type=enumerated(
            part.first("initiatortype", "initiatingtype", "type"), ("user", "application", "system")
        ),
    )


def read_identity(fields: Fields, end: str) -> ProvisionedIdentity:
    """Read the object at the `source` or `target` end."""
    name = f"{end}identity"
    part = fields.part(name)
    plain = None if part else fields.plain(name)
    if end == "source" and not part:
        plain = plain or fields.text("identity", "identityname", "identitydisplayname")
    if end == "source":
        plain = plain or fields.text("reportableidentifier")
    return ProvisionedIdentity(
        id=part.text("id") or fields.text(f"{name}id", f"{end}id"),
        display_name=part.text("displayname", "name")
        or fields.text(f"{name}displayname", f"{name}name")
        or plain,
        identity_type=part.text("identitytype", "type")
        or fields.text(f"{name}identitytype", f"{name}type", f"{end}identitytype"),
        details=part.details("details"),
    )


def read_status_info(fields: Fields) -> ProvisioningStatusInfo:
    """Read status and error from Graph's field, beta's, the envelope's or a column."""
    info = fields.part("provisioningstatusinfo")
    beta = fields.part("statusinfo")
    status = (
        enumerated(info.first("status"), RESULTS)
        or enumerated(fields.first("resulttype"), RESULTS)
        or enumerated(beta.first("status"), RESULTS)
        or enumerated(fields.first("status", "provisioningstatus", "statusinfostatus"), RESULTS)
        or enumerated(fields.first("provisioningstatusinfo", "statusinfo"), RESULTS)
        or "unknown"
    )
    error = info.part("errorinformation", "errorinfo") or fields.part(
        "errorinformation", "errorinfo"
    )
    return ProvisioningStatusInfo(status=status, error_information=read_error(fields, error, beta))


def read_error(fields: Fields, error: Fields, beta: Fields) -> ProvisioningErrorInfo | None:
    """Read the error from wherever the form keeps it; `None` if nothing says anything."""
    code = error.text("errorcode", "code") or beta.text("errorcode")
    code = code or fields.text("resultsignature", "errorcode")
    code = None if code and code.lower() == "none" else code
    nested = beta.part("errorinformation", "errorinfo")
    reason = error.text("reason", "message") or beta.text("reason")
    reason = reason or fields.text(
        "resultdescription", "reason", "statusreason", "errordescription", "errorreason"
    )
    found = ProvisioningErrorInfo(
        error_code=code or nested.text("errorcode", "code"),
        reason=reason or nested.text("reason", "message"),
        additional_details=error.text("additionaldetails")
        or beta.text("additionaldetails")
        or fields.text("additionaldetails"),
        error_category=enumerated(error.first("errorcategory") or beta.first("errorcategory"), ()),
        recommended_action=error.text("recommendedaction")
        or beta.text("recommendedaction")
        or fields.text("recommendedaction"),
    )
    return None if found == ProvisioningErrorInfo() else found


def read_step(step: Fields) -> ProvisioningStep:
    """Read one step; provision-on-demand says `type` for `provisioningStepType`."""
    return ProvisioningStep(
        name=step.text("name", "stepname") or "",
        provisioning_step_type=enumerated(
            step.first("provisioningsteptype", "steptype", "type"), STEP_TYPES
        )
        or "",
        status=enumerated(step.first("status", "stepstatus", "result"), RESULTS) or "",
        description=step.text("description", "stepdescription") or "",
        details=step.details("details", "stepdetails"),
    )


def read_property(part: Fields) -> ModifiedProperty:
    """Read one modified property; an empty text and none at all are two things."""
    return ModifiedProperty(
        display_name=part.text(
            "displayname", "name", "attribute", "attributename", "property", "propertyname"
        )
        or "",
        old_value=part.verbatim("oldvalue"),
        new_value=part.verbatim("newvalue"),
    )


__all__ = ["UnreadableRecord", "read_record"]
