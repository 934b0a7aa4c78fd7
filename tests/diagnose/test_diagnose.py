"""Cases are put together, merged and ordered; what was not seen is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.diagnose.changes import changes_told
from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.diagnose.groups import group_events, groups_of
from scimdoctor.diagnose.probe import Probe, _cleared
from scimdoctor.diagnose.reach import obstacle
from scimdoctor.diagnose.run import Outcome, diagnose
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken, NoCredentials
from scimdoctor.entra.dialect import Dialect
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.finding import Finding
from scimdoctor.model.finding import Outcome as FindingOutcome
from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import (
    ProvisionedIdentity,
    ProvisioningObjectSummary,
    ProvisioningServicePrincipal,
    ProvisioningStep,
)
from scimdoctor.model.report import SignatureSummary
from scimdoctor.model.rule import Requirement, Severity
from scimdoctor.model.synchronization import SynchronizationSchema, SynchronizationTaskExecution
from scimdoctor.redaction import Secret
from tests.causes.build import NOW, event, exchange, job, op, patch, reason, schema, scim
from tests.fakes.scim_app import BASE_URL, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DISABLE = patch(op("Replace", "active", "False"))


def many(
    count: int, action: str, text: str, *, prefix: str = "e"
) -> list[ProvisioningObjectSummary]:
    return [
        replace(
            event(action, text),
            id=f"{prefix}-{number}",
            activity_date_time=NOW + timedelta(minutes=number),
            source_identity=ProvisionedIdentity(id=f"{prefix}-s{number}", identity_type="User"),
        )
        for number in range(count)
    ]


def evidence(*events: ProvisioningObjectSummary) -> Evidence:
    counts, groups = group_events(events)
    return Evidence(groups=groups, counts=counts, now=NOW)


def test_one_diagnosis_for_each_cause_most_objects_first() -> None:
    few = many(2, "update", reason(405), prefix="few")
    lots = many(7, "create", reason(409, scim("already exists", "uniqueness", 409)), prefix="lot")
    found = diagnose(evidence(*few, *lots, event("update", status="success")))
    assert [d.cause for d in found.diagnoses] == [
        "existing-account-not-matchable",
        "patch-method-missing",
    ]
    affected = found.diagnoses[0].affected
    assert affected is not None
    assert (affected.events, affected.objects, len(affected.sample)) == (7, 7, 5)
    assert affected.first_seen == NOW


def test_two_signatures_of_one_cause_are_merged() -> None:
    one = many(2, "update", reason(405), prefix="a")
    other = many(3, "update", "405 MethodNotAllowed", prefix="b")
    (found,) = diagnose(evidence(*one, *other)).diagnoses
    assert found.affected is not None
    assert found.affected.objects == 5


def test_an_object_of_two_signatures_counts_once() -> None:
    ada = replace(event("update", reason(405)), id="a")
    again = replace(event("update", "405 MethodNotAllowed"), id="b")
    (found,) = diagnose(evidence(ada, again)).diagnoses
    assert found.affected is not None
    assert (found.affected.events, found.affected.objects) == (2, 1)


def test_an_event_counts_once() -> None:
    counts, groups = group_events([event("update", reason(405))] * 3)
    assert counts.read == 1
    assert groups[0].affected.events == 1


def test_a_stopped_job_comes_first() -> None:
    given = replace(evidence(*many(9, "update", reason(405))), job=job(reason(401)))
    found = diagnose(given)
    assert found.diagnoses[0].cause == "token-expired-or-revoked"
    assert found.status is not None
    assert found.status.health == "quarantined"


def test_a_job_that_runs_without_events_gets_a_note_where_events_were_looked_for() -> None:
    ran = SynchronizationTaskExecution(state="Succeeded", time_began=NOW, time_ended=NOW)
    quiet = job(status="Active")
    quiet = replace(quiet, status=replace(quiet.status, last_execution=ran))
    asked = diagnose(Evidence(job=quiet, events_asked=True, now=NOW))
    assert any("nothing was logged" in note for note in asked.notes)
    assert not diagnose(Evidence(job=quiet, now=NOW)).notes


def test_exchanges_join_the_event_they_agree_with() -> None:
    refused = exchange("PATCH", "/Users/u1", 400, sent=DISABLE)
    events = [*many(1, "update", reason(400)), *many(1, "create", reason(409), prefix="c")]
    found = diagnose(replace(evidence(*events), exchanges=(refused,)))
    assert {d.cause for d in found.diagnoses} == {
        "boolean-string-rejected",
        "existing-account-not-matchable",
    }


def test_a_har_with_several_failures_gives_several_causes() -> None:
    one = exchange("PATCH", "/Users/u1", 405, sent=DISABLE, id_="h1")
    other = exchange("GET", '/Groups?filter=displayName eq "x"', 501, id_="h2")
    found = diagnose(Evidence(exchanges=(one, other), now=NOW))
    assert {d.cause for d in found.diagnoses} == {"patch-method-missing", "groups-endpoint-missing"}


def test_a_capture_of_another_failure_leaves_the_log_its_cause() -> None:
    """An answer that the event does not tell of cannot speak for it, even if nothing else was given."""
    conflict = event("create", reason(409, scim("User already exists", "uniqueness", 409)))
    refused = exchange("PATCH", "/Users/u1", 400, sent=DISABLE)
    found = diagnose(replace(evidence(conflict), exchanges=(refused,)))
    assert [d.cause for d in found.diagnoses] == [
        "existing-account-not-matchable",
        "boolean-string-rejected",
    ]
    affected = [d.affected for d in found.diagnoses]
    assert affected[0] is not None
    assert affected[0].events == 1
    assert affected[1] is None


def test_a_capture_of_another_step_with_the_same_status_is_not_the_events() -> None:
    refused = exchange("PATCH", "/Users/u1", 400, sent=DISABLE)
    found = diagnose(replace(evidence(event("create", reason(400))), exchanges=(refused,)))
    assert "boolean-string-rejected" in {d.cause for d in found.diagnoses if not d.affected}


def test_a_capture_in_which_all_went_well_displaces_nothing() -> None:
    conflict = event("create", reason(409, scim("User already exists", "uniqueness", 409)))
    fine = exchange("GET", "/Users/u1", 200, {"id": "u1"})
    found = diagnose(replace(evidence(conflict), exchanges=(fine,)))
    assert [d.cause for d in found.diagnoses] == ["existing-account-not-matchable"]


def test_good_exchanges_stay_with_the_failure_that_agrees() -> None:
    refused = exchange("PATCH", "/Users/u1", 400, sent=DISABLE, id_="h2")
    read = exchange("GET", "/Users/u1", 200, {"id": "u1", "active": True}, id_="h1")
    found = diagnose(replace(evidence(event("update", reason(400))), exchanges=(read, refused)))
    assert [d.cause for d in found.diagnoses] == ["boolean-string-rejected"]


def test_a_disabled_account_that_is_skipped_is_expected() -> None:
    def skipped(**scope: str) -> ProvisioningObjectSummary:
        step = ProvisioningStep(
            name="EntrySynchronizationSkip",
            provisioning_step_type="scoping",
            status="skipped",
            details=frozen({"SkipReason": "NotEffectivelyEntitled", **scope}),
        )
        return event("other", status="skipped", steps=(step,))

    active, assigned = "Active in the source system", "Assigned to the application"
    (inactive,) = diagnose(evidence(skipped(**{active: "False", assigned: "True"}))).diagnoses
    assert inactive.cause == "expected-behaviour"
    assert "disabled in Entra" in inactive.evidence[0].summary
    for scope in ({active: "False", assigned: "False"}, {active: "True", assigned: "False"}):
        (outside,) = diagnose(evidence(skipped(**scope))).diagnoses
        assert outside.cause == "scoping-misconfigured"


def test_the_failed_step_of_a_group_is_what_counts() -> None:
    """The group was made; its members were refused. That says nothing against /Groups."""
    steps = (
        ProvisioningStep(name="EntryExportAdd", provisioning_step_type="export", status="success"),
        ProvisioningStep(
            name="EntryExportUpdate", provisioning_step_type="export", status="failure"
        ),
    )
    (found,) = diagnose(evidence(event("create", reason(405), group=True, steps=steps))).diagnoses
    assert found.cause == "patch-method-missing"


def test_who_is_affected_is_named() -> None:
    ada = named(event("update", reason(405)), "a", "Ada Example")
    bo = named(event("update", reason(405)), "b", "Bo Example")
    again = replace(ada, id="c")
    (found,) = diagnose(evidence(ada, bo, again)).diagnoses
    assert found.affected is not None
    assert found.affected.names == ("Ada Example", "Bo Example")
    assert {(e.label, e.at) for e in found.evidence} == {("Ada Example", NOW)}
    sales = named(event("update", reason(405), group=True), "g", "Sales")
    (of_group,) = diagnose(evidence(sales)).diagnoses
    assert of_group.evidence[0].label == "Sales (group)"


def named(found: ProvisioningObjectSummary, id_: str, name: str) -> ProvisioningObjectSummary:
    source = replace(found.source_identity, id=f"source-{id_}", display_name=name)
    return replace(found, id=id_, source_identity=source)


def test_the_app_is_known_from_the_events() -> None:
    principal = ProvisioningServicePrincipal(id="sp", display_name="Example SCIM app")
    one = replace(many(1, "create", reason(409))[0], service_principal=principal)
    commands = [s.command for s in diagnose(evidence(one)).diagnoses[0].remediation if s.command]
    assert commands
    of_app = [command for command in commands if "check-endpoint" not in command]
    assert of_app
    assert all("'Example SCIM app'" in command for command in of_app)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401), "refused the token given to scimdoctor (401)"),
        (httpx.Response(404, text="<html>nothing here</html>"), "is this the tenant URL?"),
        (httpx.Response(404, json={"detail": "no such path"}), "is this the tenant URL?"),
        (httpx.Response(302, headers={"location": "/login"}), "is this the tenant URL?"),
        (httpx.Response(200, text="<html>welcome</html>"), "is this the tenant URL?"),
    ],
)
def test_our_own_token_or_address_is_no_cause_of_what_the_log_shows(
    answer: httpx.Response, said: str
) -> None:
    failed = event("update", reason(500, "boom"))
    alone = diagnose(evidence(failed))
    found, requests = asked(evidence(failed), answer)
    assert [d.cause for d in found.diagnoses] == [d.cause for d in alone.diagnoses]
    assert found.obstacle is not None
    assert said in found.obstacle
    assert found.limits[0] == f"the endpoint was not asked further: {found.obstacle}"
    assert requests <= 3
    assert not found.replays


def test_a_refused_token_may_confirm_that_entra_meets_the_same() -> None:
    found, requests = asked(evidence(event("update", reason(401))), httpx.Response(401))
    assert found.diagnoses[0].cause == "token-expired-or-revoked"
    assert found.obstacle is not None
    assert requests > 1


def asked(given: Evidence, answer: httpx.Response) -> tuple[Outcome, int]:
    """Diagnose with an endpoint that always gives `answer`; count its requests."""

    def handle(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        outcome = diagnose(given, probe=Probe(endpoint=endpoint, dialect=Dialect.DEFAULT))
        return outcome, len(endpoint.exchanges)


def test_an_unreachable_endpoint_is_said() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nothing listens")

    with httpx.Client(transport=httpx.MockTransport(refuse)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        probe = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT)
        found = diagnose(evidence(event("update", reason(500))), probe=probe)
    assert "could not be reached" in (found.obstacle or "")


def test_an_app_that_answers_404_for_nobody_found_is_asked() -> None:
    """`/ServiceProviderConfig` is there, so the address is right."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ServiceProviderConfig"):
            return httpx.Response(200, json={"patch": {"supported": True}})
        return httpx.Response(404)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        assert obstacle(endpoint) is None


def test_changes_of_settings_are_told_newest_first() -> None:
    def audit(number: int, **more: Any) -> dict[str, Any]:
        return {
            "activityDateTime": f"2026-07-01T0{number}:00:00Z",
            "activityDisplayName": "Update attribute mappings or scope",
            "initiatedBy": {"user": {"userPrincipalName": f"admin{number}@example.com"}},
            "targetResources": [{"id": "SP"}],
            **more,
        }

    by_service = audit(
        9, initiatedBy={"app": {"displayName": "Provisioning Service"}, "user": None}
    )
    elsewhere = audit(8, targetResources=[{"id": "other"}])
    odd = audit(7, activityDateTime=None)
    told = changes_told([by_service, elsewhere, odd, *(audit(n) for n in (5, 4, 3, 2))], "sp")
    assert told[0] == (
        "Settings were changed 2026-07-01 05:00 UTC by admin5@example.com: "
        "Update attribute mappings or scope."
    )
    assert len(told) == 4
    assert told[-1] == "1 more such change is in the audit log."
    assert changes_told([{}, by_service], "sp") == ()


def test_a_change_just_before_the_first_failure_is_told_as_such() -> None:
    def change(hour: int) -> dict[str, Any]:
        return {
            "activityDateTime": f"2026-07-01T{hour:02}:00:00Z",
            "activityDisplayName": "Update attribute mappings or scope",
            "initiatedBy": {"user": {"userPrincipalName": "ada@example.com"}},
            "targetResources": [{"id": "sp"}],
        }

    failing = datetime(2026, 7, 1, 9, tzinfo=UTC)
    told = changes_told([change(11), change(7), change(5)], "sp", failing_since=failing)
    assert ["came 2 h later" in sentence for sentence in told] == [False, True, False]
    month_later = datetime(2026, 8, 1, tzinfo=UTC)
    assert not any("later" in t for t in changes_told([change(7)], "sp", failing_since=month_later))


def test_what_was_not_seen_is_said() -> None:
    limits = " ".join(diagnose(evidence(event("update", reason(405)))).limits)
    assert "job was not read" in limits
    assert "mapping was not read" in limits
    assert "give --endpoint" in limits


def test_the_mapping_alone_is_looked_at() -> None:
    found = diagnose(Evidence(schema=schema("userName"), now=NOW))
    assert [d.cause for d in found.diagnoses] == ["mapping-missing-attribute"]


def test_groups_counted_elsewhere_are_taken() -> None:
    sample = event("update", reason(405))
    row = SignatureSummary(
        id="s1", status="failure", app=None, error_code=None, text="t", action="update",
        count=1000, objects=300, sample=("missing", "event-1"),
    )  # fmt: skip
    (group,) = groups_of([row], {"event-1": sample})
    assert group.affected.objects == 300
    assert groups_of([row], {}) == ()


def test_with_an_endpoint_a_suspicion_is_confirmed() -> None:
    """A server without PATCH: the check that the suspicion needs fails, so it is confirmed."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ServiceProviderConfig"):
            return httpx.Response(200, json={"patch": {"supported": False}})
        return httpx.Response(405)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        probe = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT, checks=())
        found = diagnose(evidence(event("update", reason(405))), probe=probe)
    assert found.replays
    assert found.diagnoses[0].cause == "patch-method-missing"
    assert found.diagnoses[0].confidence is not Confidence.POSSIBLE
    assert "writes were not allowed" in " ".join(found.limits)


def shown(cause: str, severity: Severity = Severity.BLOCKER, **fields: Any) -> Finding:
    return Finding(
        check="query/x",
        outcome=fields.pop("outcome", FindingOutcome.FAILED),
        severity=severity,
        requirement=Requirement.MUST,
        title="A check",
        message="The answer was wrong.",
        cause=cause,
        **fields,
    )


class _Showing(Probe):
    """A probe whose checks show what a test wants."""

    def check(
        self,
        causes: Iterable[str],
        *,
        bears: Callable[[str], bool] = bool,
        sends: Callable[[str], bool] = bool,
    ) -> tuple[Finding, ...]:
        assert bears("patch/replace")
        assert not bears("groups/query")
        assert not bears("create/documented")
        assert sends("patch/replace")
        assert not sends("create/documented")
        assert "patch-method-missing" in set(causes)
        return SHOWN


SHOWN = (
    shown("patch-method-missing"),
    shown("list-response-malformed"),
    shown("list-response-malformed"),
    shown("filter-case-sensitive", Severity.MINOR),
    shown("excluded-attributes-ignored", known=True),
    shown("groups-endpoint-missing", outcome=FindingOutcome.SKIPPED),
)


def test_a_fault_of_the_endpoint_that_the_log_does_not_show_is_named_too() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"Resources": []}))
    with httpx.Client(transport=transport) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        probe = _Showing(endpoint=endpoint, dialect=Dialect.DEFAULT)
        found = diagnose(evidence(event("update", reason(405))), probe=probe)
    first, second = found.diagnoses
    assert (first.cause, first.confidence) == ("patch-method-missing", Confidence.CONFIRMED)
    assert (second.cause, second.confidence) == ("list-response-malformed", Confidence.CONFIRMED)
    assert first.affected is not None
    assert second.affected is None
    assert [e.ref for e in second.evidence] == ["query/x"]


def test_a_cause_whose_check_fails_for_another_reason_is_cleared() -> None:
    failed = replace(shown("filter-no-match-404"), check="groups/query")
    passed = replace(shown("x"), check="patch/op-case", outcome=FindingOutcome.PASSED)
    causes = {"groups/query": "groups-endpoint-missing", "patch/op-case": "patch-op-case-sensitive"}
    assert _cleared((failed, passed), causes) == {"groups-endpoint-missing"}
    both = (failed, shown("groups-endpoint-missing"))
    assert _cleared(both, causes) == set()


class _Noting(Probe):
    """A probe that notes what it is asked, and whose checks show what a test wants."""

    asked: tuple[str, ...] = ()
    shown: tuple[Finding, ...] = ()

    def check(
        self,
        causes: Iterable[str],
        *,
        bears: Callable[[str], bool] = bool,
        sends: Callable[[str], bool] = bool,
    ) -> tuple[Finding, ...]:
        self.asked = tuple(causes)
        return self.shown


def probed(events: Evidence, *findings: Finding) -> tuple[_Noting, Outcome]:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"Resources": []}))
    with httpx.Client(transport=transport) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        probe = _Noting(endpoint=endpoint, dialect=Dialect.DEFAULT)
        probe.shown = findings
        return probe, diagnose(events, probe=probe)


def test_what_was_checked_for_one_failure_is_no_suspect_of_another() -> None:
    disabled = many(2, "disable", reason(400, scim("active must be a boolean")), prefix="off")
    retitled = many(1, "update", reason(400, scim("title: unknown attribute")), prefix="title")
    failing = replace(shown("boolean-string-rejected"), check="lifecycle/disable")
    _, found = probed(evidence(*disabled, *retitled), failing)
    causes = {d.cause: d for d in found.diagnoses}
    assert causes["boolean-string-rejected"].confidence is Confidence.CONFIRMED
    others = {a.cause for a in causes["mapping-targets-unsupported-attribute"].alternatives}
    assert "boolean-string-rejected" not in others


def test_a_failure_that_no_rule_reads_is_checked_for_the_usual_causes() -> None:
    unread = reason(400, scim("Das Feld Abteilung ist erforderlich"))
    probe, found = probed(evidence(event("create", unread)))
    assert found.diagnoses[0].cause == "value-not-allowed-by-app"
    assert "request-content-type-refused" in probe.asked
    read = reason(400, scim("department must be one of Sales, HR"))
    probe, _ = probed(evidence(event("create", read)))
    assert "request-content-type-refused" not in probe.asked


def test_users_and_groups_under_one_signature_are_judged_apart() -> None:
    text = reason(409)
    users = many(3, "update", text, prefix="user")
    groups = [
        replace(
            event("update", text, group=True, properties={"members": (None, "u1")}),
            id=f"g-{number}",
            source_identity=ProvisionedIdentity(id=f"g-s{number}", identity_type="Group"),
        )
        for number in range(2)
    ]
    given = evidence(*users, *groups)
    assert len(given.groups) == 1
    found = {d.cause: d.affected for d in diagnose(given).diagnoses}
    assert {c: a.objects for c, a in found.items() if a} == {
        "existing-account-not-matchable": 3,
        "non-idempotent-write": 2,
    }
    together = diagnose(evidence(*many(3, "update", reason(429)), *_grouped(reason(429))))
    (one,) = together.diagnoses
    assert one.affected is not None
    assert (one.affected.events, one.affected.objects) == (4, 4)


def _grouped(text: str) -> list[ProvisioningObjectSummary]:
    made = event("update", text, group=True)
    identity = ProvisionedIdentity(id="g-1", identity_type="Group")
    return [replace(made, id="g-e1", source_identity=identity)]


def test_the_other_kind_is_set_apart_as_far_as_samples_show_it() -> None:
    text = reason(409)
    one, two = many(2, "update", text)
    (three,) = _grouped(text)
    counted = SignatureSummary(
        id="s1",
        status="failure",
        app="App",
        error_code=None,
        text="x",
        action="update",
        count=9,
        objects=9,
        sample=(one.id, two.id, three.id),
    )
    (made,) = groups_of([counted], {e.id: e for e in (one, two, three)})
    assert made.affected.events == 8
    assert made.others is not None
    assert (made.others.sample.id, made.others.affected.objects) == ("g-e1", 1)
    (whole,) = groups_of([counted], {e.id: e for e in (one, two)})
    assert (whole.others, whole.affected.events) == (None, 9)


def test_checks_that_name_a_cause_only_among_others_are_run_for_the_failing_step() -> None:
    def checked(action: str) -> set[str]:
        provider = ScimServiceProvider(token=TOKEN)
        with httpx.Client(transport=ProviderTransport(provider.handle)) as http:
            endpoint = Endpoint(http, base_url=BASE_URL, auth=BearerToken(Secret(TOKEN)))
            probe = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT)
            found = diagnose(evidence(event(action, reason(500))), probe=probe)
        return {finding.check.partition("/")[0] for finding in found.findings}

    assert "patch" in checked("update")
    assert "patch" not in checked("create")


@pytest.mark.parametrize(
    ("action", "fault", "most"),
    [("create", "create-extension-500", 110), ("create", "", 30), ("update", "patch-name-500", 95)],
)
def test_for_a_crash_only_what_sends_the_failing_request_is_checked(
    action: str, fault: str, most: int
) -> None:
    provider = ScimServiceProvider(token=TOKEN, faults=(fault,) if fault else ())
    failing = event(action, reason(500), properties={"name.familyName": ("a", "b")})
    with httpx.Client(transport=ProviderTransport(provider.handle)) as http:
        endpoint = Endpoint(http, base_url=BASE_URL, auth=BearerToken(Secret(TOKEN)))
        endpoint.guard.allow("writes to throwaway objects")
        probe = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT, writes=True)
        found = diagnose(evidence(failing), probe=probe)
        assert 0 < len(endpoint.exchanges) <= most
    first = found.diagnoses[0]
    assert first.cause == "unhandled-exception-500"
    assert (first.confidence is Confidence.CONFIRMED) is bool(fault)


def test_broken_json_is_no_sign_of_a_wrong_address() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        media = {"content-type": "application/scim+json"}
        return httpx.Response(200, content=b"{'Resources':[]}", headers=media)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        assert obstacle(endpoint) is None


def test_a_check_says_itself_whether_it_is_of_groups_or_needs_a_mapping() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500))) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        bare = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT)
        mapped = replace(bare, schema=SynchronizationSchema())
    assert {"groups/query", "groups/add-members"} <= bare.of_groups
    assert "query/match" not in bare.of_groups
    assert mapped.of_groups - bare.of_groups == {
        "mapping/group-attributes",
        "mapping/group-matching",
        "mapping/group-update",
    }
    assert not any(
        check.startswith("mapping/") for check in bare.fitting(["patch-op-case-sensitive"])
    )
