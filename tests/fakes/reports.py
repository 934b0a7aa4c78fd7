"""Reports of every command, for the tests of what renders them. All people are made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict, Comparison
from scimdoctor.model.diagnosis import Affected, Alternative, Confidence, Diagnosis
from scimdoctor.model.exchange import (
    Exchange,
    FailureKind,
    ScimRequest,
    ScimResponse,
    TransportFailure,
)
from scimdoctor.model.finding import Evidence, EvidenceKind, Figure, Finding, Outcome
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
)
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest
from scimdoctor.model.replay import (
    Difference,
    DifferenceKind,
    Replay,
    ReplayedRequest,
    ReplayMode,
    Verdict,
)
from scimdoctor.model.report import (
    AppHealth,
    Change,
    ChangeState,
    DayCount,
    EventCounts,
    MappingRow,
    Report,
    SignatureSummary,
    StatusVerdict,
)
from scimdoctor.model.rule import FixedBy, Layer, Remediation, Requirement, Severity
from scimdoctor.model.synchronization import (
    SynchronizationJob,
    SynchronizationQuarantine,
    SynchronizationSchedule,
    SynchronizationStatus,
    SynchronizationTaskExecution,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ENDPOINT = "https://scim.contoso-hr.example/scim/v2"
_PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "Replace", "path": "displayName", "value": "Ada Lovelace"}],
}
_HEADERS = (("Content-Type", "application/scim+json; charset=utf-8"), ("Accept", "*/*"))


def exchange(number: int, status: int = 400, detail: str = "op 'Replace' is not known") -> Exchange:
    """Make an exchange: a PATCH that was refused."""
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail}
    return Exchange(
        id=f"x{number}",
        request=ScimRequest(
            method="PATCH",
            path="/Users/4711",
            headers=(*_HEADERS, ("Authorization", "Bearer [redacted]")),
            body=json.dumps(_PATCH, separators=(",", ":")).encode(),
        ),
        url=f"{ENDPOINT}/Users/4711",
        response=ScimResponse(
            status=status,
            headers=(("Content-Type", "application/scim+json"), ("X-Trace", "a"), ("X-Trace", "b")),
            body=json.dumps({**error, "status": str(status), "scimType": "invalidSyntax"}).encode(),
        ),
        elapsed_in_milliseconds=41.5,
        started_at=NOW,
    )


def query_exchange(number: int) -> Exchange:
    """Make an exchange: a matching query that found nobody."""
    empty = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0}'
    return Exchange(
        id=f"x{number}",
        request=ScimRequest(
            method="GET",
            path="/Users",
            query="filter=userName+eq+%22ada%40example.com%22",
            headers=_HEADERS,
        ),
        url=f"{ENDPOINT}/Users?filter=userName+eq+%22ada%40example.com%22",
        response=ScimResponse(status=200, headers=(("content-type", "text/html"),), body=empty),
        elapsed_in_milliseconds=12.0,
    )


def lost_exchange(number: int) -> Exchange:
    """Make an exchange that got no answer."""
    return Exchange(
        id=f"x{number}",
        request=ScimRequest(method="GET", path="/Groups", query="count=1"),
        url=f"{ENDPOINT}/Groups?count=1",
        failure=TransportFailure(kind=FailureKind.TIMEOUT, message="no answer in 30 s"),
        elapsed_in_milliseconds=30_000.0,
    )


def event(
    number: int = 1, status: str = "failure", name: str = "Ada Lovelace"
) -> ProvisioningObjectSummary:
    """Make an event: the update of a user."""
    failed = ProvisioningErrorInfo(
        error_code="SystemForCrossDomainIdentityManagementBadRequest",
        reason="Failed to update User 'ada@example.com'; Error: StatusCode: BadRequest\r\nop?",
        error_category="failure",
    )
    return ProvisioningObjectSummary(
        id=f"00000000-0000-4000-8000-{number:012d}",
        activity_date_time=NOW - timedelta(minutes=7 * number),
        tenant_id="7f3c2b1a-1111-4222-8333-444455556666",
        job_id="scim.7f3c2b1a.0011",
        cycle_id="c1c1c1c1-0000-4000-8000-000000000001",
        duration_in_milliseconds=1234,
        provisioning_action="update",
        service_principal=ProvisioningServicePrincipal(
            id="5a5a5a5a-0000-4000-8000-000000000005", display_name="Contoso HR"
        ),
        initiated_by=Initiator(
            display_name="Azure AD Provisioning Service", initiator_type="system"
        ),
        source_identity=ProvisionedIdentity(
            id="aaaaaaaa-0000-4000-8000-000000000001",
            display_name=name,
            identity_type="User",
            details=frozen({"userPrincipalName": "ada@example.com", "odatatype": "User"}),
        ),
        target_identity=ProvisionedIdentity(id="4711", identity_type="User"),
        provisioning_status_info=ProvisioningStatusInfo(
            status=status, error_information=failed if status == "failure" else None
        ),
        provisioning_steps=(
            ProvisioningStep(
                name="EntryExportUpdate",
                provisioning_step_type="export",
                status=status,
                description="Failed to update user" if status == "failure" else "User was updated",
                details=frozen({"displayName": "Ada Lovelace", "active": "True", "gone": None}),
            ),
        ),
        modified_properties=(
            ModifiedProperty(display_name="displayName", old_value=None, new_value="Ada Lovelace"),
        ),
    )


def _diagnoses() -> tuple[Diagnosis, ...]:
    first = Diagnosis(
        cause="patch-op-case-sensitive",
        confidence=Confidence.CONFIRMED,
        layer=Layer.ENDPOINT,
        fixed_by=FixedBy.APP_DEVELOPER,
        title="The app knows PATCH operation names only in lower case",
        explanation="Entra writes operation names with a capital letter (Add, Replace, Remove). "
        "The app compares them letter by letter and refuses them.",
        remediation=(
            Remediation(
                who=FixedBy.APP_DEVELOPER,
                text="Compare the value of op without regard to letter case.",
            ),
            Remediation(
                who=FixedBy.ENTRA_ADMIN,
                text="Until then, add the compliance flag to the tenant URL and restart.",
                command="scimdoctor job restart 'Contoso HR' --scope escrows",
            ),
        ),
        evidence=(
            Evidence(
                kind=EvidenceKind.EXCHANGE, ref="x1", summary="PATCH answered 400 invalidSyntax"
            ),
            Evidence(
                kind=EvidenceKind.EVENT,
                ref=event(1).id,
                summary="the log shows BadRequest",
                label=event(1).object_name,
                at=event(1).activity_date_time,
            ),
            Evidence(kind=EvidenceKind.FINDING, ref="patch/op-case", summary="the check failed"),
        ),
        affected=Affected(
            events=40,
            objects=14,
            first_seen=NOW - timedelta(days=5),
            last_seen=NOW,
            sample=(event(1).id, event(2).id),
            names=(event(1).object_name, "Grace Hopper"),
        ),
        alternatives=(
            Alternative(cause="needs-scim-compliance-flag", confidence=Confidence.POSSIBLE),
        ),
        references=("https://learn.microsoft.com/entra/identity/app-provisioning/",),
        signature="0123456789",
    )
    second = Diagnosis(
        cause="token-expired-or-revoked",
        confidence=Confidence.POSSIBLE,
        layer=Layer.CREDENTIALS,
        fixed_by=FixedBy.ENTRA_ADMIN,
        title="The secret token is no longer accepted",
        explanation="The app answered 401 to a token that had worked before.",
        evidence=(Evidence(kind=EvidenceKind.TEXT, ref="", summary="the reason says 401"),),
        affected=Affected(events=1, objects=1, first_seen=NOW, last_seen=NOW),
    )
    return first, second


def finding(check: str, outcome: Outcome, severity: Severity = Severity.MAJOR) -> Finding:
    """Make a finding with everything that its outcome can have."""
    failed = outcome is Outcome.FAILED
    messages = {
        Outcome.PASSED: "200 with an empty ListResponse",
        Outcome.FAILED: 'PATCH with op "Replace" was answered 400 invalidSyntax; the user stays as it was.',
        Outcome.SKIPPED: "needs create/minimal, which failed",
        Outcome.ERRORED: "the check broke: KeyError('Operations')",
    }
    return Finding(
        check=check,
        outcome=outcome,
        severity=severity,
        requirement=Requirement.MUST if failed else Requirement.ENTRA,
        title=f"The endpoint does {check} as it should",
        message=messages[outcome],
        cause="patch-op-case-sensitive" if failed else None,
        evidence=("x1",) if failed else (),
        reproduce=(
            f"curl -X PATCH '{ENDPOINT}/Users/4711' "
            '-H "Authorization: Bearer $SCIMDOCTOR_ENDPOINT_TOKEN" '
            "-H 'Content-Type: application/scim+json; charset=utf-8' "
            f"--data '{json.dumps(_PATCH)}'"
        )
        if failed
        else None,
        references=("https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2",) if failed else (),
        remediation=_REMEDIES if failed else (),
        figures=_FIGURES if check.startswith("load/") else (),
    )


_REMEDIES = (
    Remediation(who=FixedBy.APP_DEVELOPER, text="Compare op without regard to letter case."),
    Remediation(
        who=FixedBy.ENTRA_ADMIN,
        text="Append ?aadOptscim062020 to the tenant URL.",
        command=f"scimdoctor check-endpoint {ENDPOINT}?aadOptscim062020",
    ),
)
_FIGURES = (
    Figure(name="answered well", value=24.9, unit="requests/s"),
    Figure(name="queries", value=1250),
    Figure(name="p95", value=31.4, unit="ms"),
)


def _findings() -> tuple[Finding, ...]:
    return (
        finding("reach/tls", Outcome.PASSED),
        finding("auth/accepted", Outcome.PASSED),
        finding("filter/miss", Outcome.PASSED),
        finding("filter/case", Outcome.FAILED, Severity.MINOR),
        finding("patch/op-case", Outcome.FAILED, Severity.BLOCKER),
        finding("patch/no-op", Outcome.SKIPPED),
        finding("patch/remove", Outcome.SKIPPED),
        finding("groups/rename", Outcome.ERRORED, Severity.INFO),
        finding("load/rate", Outcome.PASSED),
    )


def _replays() -> tuple[Replay, ...]:
    sent = ReplayedRequest(
        rebuilt=ReconstructedRequest(
            purpose=Purpose.UPDATE,
            request=exchange(1).request,
            provenance=frozen({"displayName": Provenance.OBSERVED, "active": Provenance.ASSUMED}),
            notes=("active is Entra's default",),
            failed=True,
        ),
        exchange="x1",
    )
    query = ReplayedRequest(
        rebuilt=ReconstructedRequest(purpose=Purpose.MATCH, request=query_exchange(2).request),
        exchange="x2",
    )
    differences = (
        Difference(
            attribute="displayName",
            sent='"Ada Lovelace"',
            answered='"ada lovelace"',
            stored='"ada lovelace"',
            kind=DifferenceKind.CASE_ONLY,
        ),
        Difference(
            attribute="title",
            sent='"Countess"',
            answered=None,
            stored=None,
            kind=DifferenceKind.DROPPED,
        ),
        Difference(
            attribute="active",
            sent="true",
            answered="true",
            stored="true",
            kind=DifferenceKind.SAME,
        ),
    )
    works = Replay(
        event=event(3).id,
        label=event(3).object_label,
        mode=ReplayMode.SHADOW,
        verdict=Verdict.WORKS_NOW,
        summary="The same requests are answered 200 now.",
        next_command="scimdoctor job restart 'Contoso HR' --scope escrows",
    )
    lost = Replay(
        event=event(4).id,
        label=event(4).object_label,
        mode=ReplayMode.READ,
        verdict=Verdict.NOT_REBUILT,
        summary="The event does not say which members were added.",
        missing=("the ids of the members",),
    )
    planned = Replay(
        event=event(5).id,
        label=event(5).object_label,
        mode=ReplayMode.PLAN,
        verdict=Verdict.NOT_SENT,
        summary="Nothing was sent.",
        requests=(
            ReplayedRequest(rebuilt=sent.rebuilt, curl=f"curl -X PATCH '{ENDPOINT}/Users/4711'"),
        ),
    )
    failing = Replay(
        event=event(1).id,
        label=event(1).object_label,
        mode=ReplayMode.LIVE,
        verdict=Verdict.SAME_FAILURE,
        summary="The app answers 400 as it did then.",
        requests=(query, sent),
        differences=differences,
        cause="patch-op-case-sensitive",
        notes=("state before is saved",),
    )
    return failing, works, lost, planned


def job() -> SynchronizationJob:
    """Make a job in quarantine."""
    run = SynchronizationTaskExecution(
        activity_identifier="r1", state="Failed", time_began=NOW, time_ended=NOW, count_escrowed=14
    )
    return SynchronizationJob(
        id="scim.7f3c2b1a.0011",
        template_id="scim",
        schedule=SynchronizationSchedule(state="Active", interval=timedelta(minutes=40)),
        status=SynchronizationStatus(
            code="Quarantine",
            last_execution=run,
            quarantine=SynchronizationQuarantine(
                reason="EncounteredEscrowProportionThreshold", current_began=NOW, series_count=3
            ),
            synchronized_entry_count_by_type=frozen({"User": 120}),
        ),
        settings=frozen({"QuarantineTooManyDeletesThreshold": "500"}),
    )


def _days() -> tuple[DayCount, ...]:
    return tuple(
        DayCount(
            day=(NOW - timedelta(days=13 - n)).date().isoformat(),
            failure=(n * 7) % 12,
            skipped=n % 4,
            warning=n % 2,
            success=30 + 5 * (n % 5),
        )
        for n in range(14)
    )


def _signatures() -> tuple[SignatureSummary, ...]:
    return (
        SignatureSummary(
            id="0123456789",
            status="failure",
            app="Contoso HR",
            error_code="SystemForCrossDomainIdentityManagementBadRequest",
            text="Failed to update User '…'; Error: StatusCode: BadRequest",
            action="update",
            count=40,
            objects=14,
            failing_now=12,
            first_seen=NOW - timedelta(days=5),
            last_seen=NOW,
            sample=(event(1).id,),
            cause="patch-op-case-sensitive",
            confidence="likely",
        ),
        SignatureSummary(
            id="abcdef0123",
            status="skipped",
            app=None,
            error_code=None,
            text="NotEffectivelyEntitled",
            action=None,
            count=7,
            objects=7,
        ),
    )


def _report(command: str, **sections: object) -> Report:
    return Report(command=command, generated_at=NOW, tool_version="0.0.0", **sections)  # type: ignore[arg-type]


def diagnose() -> Report:
    """Everything at once."""
    return _report(
        "diagnose",
        target=frozen({"app": "Contoso HR", "endpoint": ENDPOINT, "since": "14d"}),
        job=job(),
        status=StatusVerdict(
            health="quarantined",
            headline="In quarantine since 2026-11-20 because too many objects failed.",
            facts=(("schedule", "every 40 minutes"), ("escrows", "14")),
            next_steps=("fix the cause below", "restart the job with --scope escrows,quarantine"),
        ),
        events=EventCounts(read=500, failure=80, skipped=20, warning=7, success=393),
        days=_days(),
        signatures=_signatures(),
        diagnoses=_diagnoses(),
        findings=_findings(),
        replays=_replays(),
        event_list=(event(1), event(2, name="Grace Hopper"), event(3, "success")),
        exchanges=(exchange(1), query_exchange(2), lost_exchange(3)),
        notes=("the same on a file: scimdoctor diagnose --from events.json",),
        limits=("the attribute mapping could not be read: Synchronization.Read.All is missing",),
    )


def check_endpoint() -> Report:
    """Findings and exchanges."""
    return _report(
        "check-endpoint",
        target=frozen({"endpoint": ENDPOINT}),
        findings=_findings(),
        exchanges=(exchange(1),),
    )


def conformant() -> Report:
    """An endpoint without fault."""
    findings = tuple(finding(f"patch/form-{n}", Outcome.PASSED) for n in range(5))
    return _report("check-endpoint", target=frozen({"endpoint": ENDPOINT}), findings=findings)


def replay() -> Report:
    """Replays in every mode, with every verdict but one."""
    return _report("replay", replays=_replays(), exchanges=(exchange(1), query_exchange(2)))


def logs() -> Report:
    """Events, newest first."""
    statuses = ("failure", "skipped", "warning", "success")
    events = tuple(event(n, statuses[n % 4]) for n in range(1, 9))
    counts = EventCounts(read=8, failure=2, skipped=2, warning=2, success=2, unreadable=1)
    limits = ("events.json:12 could not be read: not JSON",)
    return _report("logs", events=counts, event_list=events, limits=limits)


def summary() -> Report:
    """Signatures and days."""
    counts = EventCounts(read=500, failure=80, skipped=20, warning=7, success=393)
    return _report("logs", events=counts, days=_days(), signatures=_signatures())


def status() -> Report:
    """One job."""
    full = diagnose()
    return _report("status", target=frozen({"app": "Contoso HR"}), job=full.job, status=full.status)


def apps() -> Report:
    """Three apps."""
    return _report(
        "apps",
        apps=(
            AppHealth(
                id="5a5a5a5a-0000-4000-8000-000000000005",
                app_id="6b6b6b6b-0000-4000-8000-000000000006",
                display_name="Contoso HR",
                job_id="scim.1",
                health="quarantined",
                detail="14 escrows, since 2026-11-20",
                last_run=NOW,
                failures_per_hour=(0, 0, 3, 9, 12, 4),
            ),
            AppHealth(
                id="5a5a5a5a-0000-4000-8000-000000000007",
                app_id=None,
                display_name="Fabrikam Ünïcode 日本語",
                job_id=None,
                health="never-run",
            ),
        ),
    )


def compare() -> Report:
    """One user, attribute by attribute."""
    verdicts = tuple(AttributeVerdict)
    attributes = tuple(
        AttributeComparison(
            attribute=f"attribute{n}",
            source=f"mail = person{n}@example.com",
            expected=f"person{n}@example.com",
            actual=None if n % 3 else f"Person{n}@example.com",
            verdict=verdict,
            note="written only at creation" if n == 1 else None,
        )
        for n, verdict in enumerate(verdicts)
    )
    one = Comparison(
        object="ada@example.com", source_id="a1", target_id="4711", attributes=attributes
    )
    return _report("compare", comparisons=(one,))


def compare_all() -> Report:
    """Many users; few differ."""
    fine = tuple(Comparison(object=f"person{n}@example.com") for n in range(7))
    gone = Comparison(object="grace@example.com", state="missing-in-app", notes=("was skipped",))
    return _report("compare", comparisons=(*fine, gone))


def mappings() -> Report:
    """A mapping with one line that deserves a look."""
    return _report(
        "mappings",
        mappings=(
            MappingRow(
                object="User → urn:ietf:params:scim:schemas:core:2.0:User",
                target="userName",
                source="[userPrincipalName]",
                kind="direct",
                matching_priority=1,
                flow="always",
                type="String",
            ),
            MappingRow(
                object="User → urn:ietf:params:scim:schemas:core:2.0:User",
                target='emails[type eq "work"].value',
                source='Switch([mail], "", "x", [otherMail])',
                kind="expression",
                matching_priority=0,
                flow="create only",
                default_value="none@example.com",
                lint=("yields null for users without mail",),
            ),
        ),
    )


def diff() -> Report:
    """Two reports compared."""
    changes = tuple(
        Change(
            state=state, kind="cause", id=f"id{n}", name="filter-no-match-404", title=f"Title {n}"
        )
        for n, state in enumerate(ChangeState)
    )
    return _report("report --diff", changes=changes)


def empty() -> Report:
    """Nothing at all."""
    return _report("diagnose", limits=("no file could be read",))


SCENARIOS: dict[str, Callable[[], Report]] = {
    maker.__name__.replace("_", "-"): maker
    for maker in (
        diagnose, check_endpoint, conformant, replay, logs, summary, status, apps, compare,
        compare_all, mappings, diff, empty,
    )
}  # fmt: skip
"""Every scenario by name; golden files are named after them."""
