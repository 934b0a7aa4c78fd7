"""Directory, jobs and logs read from the lab's Graph."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.errors import (
    ConfigurationError,
    GraphError,
    GraphPermissionError,
    GraphUnavailableError,
)
from scimdoctor.graph import directory, synchronization
from scimdoctor.graph.job_action import plan_action
from scimdoctor.graph.provisioning_log import (
    LogQuery,
    directory_audits,
    log_pages,
    records,
    sorted_records,
)
from scimdoctor.graph.synchronization import ResetScope
from scimdoctor.lab.graph import Throttle
from scimdoctor.lab.tenant import LabCredentialError, LabServicePrincipal
from tests.fakes.microsoft import CLIENT_ID, Microsoft, data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.graph.client import GraphClient, Page

APP = "22222222-2222-4222-8222-222222222222"
APP_ID = "33333333-3333-4333-8333-333333333333"
ADA = "00000029-0000-4000-8000-000000000029"
BOB = "0000002b-0000-4000-8000-00000000002b"
TEAM = "0000001f-0000-4000-8000-00000000001f"
NOON = datetime(2026, 7, 17, 12, tzinfo=UTC)


@pytest.fixture
def microsoft() -> Microsoft:
    fake = Microsoft(page_size=100)
    tenant = fake.tenant
    tenant.users = {
        ADA: {"id": ADA, "userPrincipalName": "ada@lab.example", "displayName": "Ada"},
        BOB: {"id": BOB, "userPrincipalName": "bob@lab.example", "displayName": "Bob"},
    }
    tenant.managers = {ADA: BOB}
    tenant.groups = {TEAM: {"id": TEAM, "displayName": "O'Brien's team"}}
    tenant.members = {TEAM: [ADA, BOB]}
    tenant.deleted_users = {"gone": {"id": "gone"}}
    return fake


@pytest.fixture
def graph(microsoft: Microsoft) -> Iterator[GraphClient]:
    with microsoft.connect() as client:
        yield client


def add_app(microsoft: Microsoft, identity: str, name: str) -> LabServicePrincipal:
    raw = microsoft.tenant.service_principals[0].raw | {"id": identity, "displayName": name}
    principal = LabServicePrincipal(raw=raw | {"appId": f"app-{identity}"})
    microsoft.tenant.service_principals.append(principal)
    return principal


@pytest.mark.parametrize(
    "wanted", [APP, APP_ID, "Example SCIM app", "Example", f"  {APP} "], ids=str
)
def test_an_app_is_found(graph: GraphClient, wanted: str) -> None:
    assert directory.find_app(graph, wanted).id == APP


def test_an_app_is_found_by_its_registration(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.applications = {BOB: {"id": BOB, "appId": APP_ID}}
    assert directory.find_app(graph, BOB).id == APP


def test_the_exact_name_wins_over_longer_ones(microsoft: Microsoft, graph: GraphClient) -> None:
    add_app(microsoft, "other", "Example SCIM app (test)")
    assert directory.find_app(graph, "Example SCIM app").id == APP


def test_ambiguous_names_list_candidates(microsoft: Microsoft, graph: GraphClient) -> None:
    for number in range(30):
        add_app(microsoft, f"id-{number}", f"Example {number}")
    with pytest.raises(ConfigurationError, match="ambiguous") as caught:
        directory.find_app(graph, "Example")
    assert f"{APP}  Example SCIM app" in caught.value.message
    assert "and 11 more" in caught.value.message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("wanted", ["Nothing", "O'Neil", BOB, "", "a' or 'b' eq 'b"])
def test_unknown_apps(graph: GraphClient, wanted: str) -> None:
    with pytest.raises(ConfigurationError):
        directory.find_app(graph, wanted)


def test_people_and_groups(graph: GraphClient) -> None:
    user = directory.user(graph, "ada@lab.example", select=("id", "displayName"))
    assert user == {"id": ADA, "displayName": "Ada"}
    assert directory.user(graph, "nobody@lab.example") is None
    manager = directory.manager(graph, ADA)
    assert manager
    assert manager["id"] == BOB
    assert directory.manager(graph, BOB) is None
    assert [m["id"] for m in directory.members(graph, TEAM)] == [ADA, BOB]
    assert directory.find_groups(graph, "O'Brien's team")[0]["id"] == TEAM
    assert directory.group(graph, TEAM, select=("id",)) == {"id": TEAM}
    assert directory.group(graph, "none") is None
    found = directory.find_users(graph, "startswith(displayName,'A')", select=("id",))
    assert [user["id"] for user in found] == [ADA]
    assert directory.deleted_user(graph, "gone") == {"id": "gone"}
    assert directory.deleted_user(graph, "here") is None
    assert directory.organization(graph)["verifiedDomains"][0]["name"] == "lab.example"


def test_assignments_over_pages(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.service_principals[0].assignments = [
        {"principalId": str(n), "principalType": "Group" if n else "User"} for n in range(250)
    ]
    found = list(directory.assignments(graph, APP))
    assert len(found) == 250
    assert (found[0].principal_type, found[1].principal_type) == ("User", "Group")


def test_enterprise_apps_leave_others_out(microsoft: Microsoft, graph: GraphClient) -> None:
    add_app(microsoft, "ms", "Microsoft thing").raw["tags"] = []
    assert [app.id for app in directory.enterprise_apps(graph)] == [APP]
    assert [app.id for app in directory.enterprise_apps(graph, prefix="Z")] == []


def test_job_schema_and_secrets(graph: GraphClient) -> None:
    job = synchronization.jobs(graph, APP)[0]
    assert synchronization.read_job(graph, APP, job.id) == job
    assert synchronization.schema(graph, APP, job.id).object_mappings
    secrets = synchronization.secrets(graph, APP)
    assert secrets == {"BaseAddress": "https://scim.example.com/scim", "SecretToken": "*"}


def test_the_job_of_an_app(microsoft: Microsoft, graph: GraphClient) -> None:
    app = directory.find_app(graph, APP)
    first = microsoft.tenant.service_principals[0].jobs[0]
    first["schedule"]["state"] = "Disabled"
    second = data("graph-job-active") | {"id": "second"}
    microsoft.tenant.service_principals[0].jobs.append(second)
    assert synchronization.the_job(graph, app).id == "second"
    assert synchronization.the_job(graph, app, first["id"]).id == first["id"]
    with pytest.raises(ConfigurationError, match="no provisioning job 'third'"):
        synchronization.the_job(graph, app, "third")
    microsoft.tenant.service_principals[0].jobs.clear()
    with pytest.raises(ConfigurationError, match="has no provisioning job"):
        synchronization.the_job(graph, app)


def test_start_pause_restart(microsoft: Microsoft, graph: GraphClient) -> None:
    told: list[object] = []
    hooks = microsoft.tenant.hooks
    hooks.on_start = lambda p, j: told.append("start")
    hooks.on_pause = lambda p, j: told.append("pause")
    hooks.on_restart = lambda p, j, scope: told.append(scope)
    app = directory.find_app(graph, APP)
    job = synchronization.the_job(graph, app)
    plan_action("pause").carry_out(graph, app, job)
    assert synchronization.the_job(graph, app).schedule.state == "Paused"
    plan_action("start").carry_out(graph, app, job)
    plan_action("restart", "escrows, quarantine").carry_out(graph, app, job)
    plan_action("restart", "Force-Deletes").carry_out(graph, app, job)
    assert told.pop() == {"ForceDeletes"}
    plan_action("restart").carry_out(graph, app, job)
    synchronization.restart(graph, APP, job.id)
    portal = {"Escrows", "QuarantineState", "Watermark"}
    assert told == ["pause", "start", {"Escrows", "QuarantineState"}, portal, portal]


def test_actions_say_what_they_cost(graph: GraphClient) -> None:
    app = directory.find_app(graph, APP)
    job = synchronization.the_job(graph, app)
    full = plan_action("restart", "full")
    assert full.scope == (ResetScope.FULL,)
    assert "as long as the first cycle" in full.question(app, job)
    assert "25 objects" in full.question(app, job)
    assert "nobody is provisioned" in plan_action("pause").question(app, job)
    assert "Entra writes to the app" in plan_action("start").question(app, job)
    assert "job start" in plan_action("pause").outcome(app).next_steps[0]
    assert plan_action("restart").outcome(app).headline.startswith("Restarted Example SCIM app.")
    with pytest.raises(ConfigurationError, match="'everything' is unknown"):
        plan_action("restart", "everything")
    with pytest.raises(ConfigurationError, match="nothing else to forget"):
        plan_action("restart", "full,escrows")


def test_what_writes_takes_no_start_of_a_name(graph: GraphClient) -> None:
    with pytest.raises(ConfigurationError, match=f"only the start of a name.*\\n  {APP}"):
        directory.find_app(graph, "Example SCIM", to_write=True)
    for whole in ("Example SCIM app", APP, APP_ID):
        assert directory.find_app(graph, whole, to_write=True).id == APP


def test_provision_on_demand(microsoft: Microsoft, graph: GraphClient) -> None:
    asked: list[dict[str, Any]] = []

    def provision(
        principal: LabServicePrincipal, job_id: str, body: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        asked.append(body)
        return {"result": "Success", "details": None}, {"action": "Create"}

    microsoft.tenant.hooks.provision_on_demand = provision
    job = synchronization.jobs(graph, APP)[0]
    subject = {"objectId": ADA, "objectTypeName": "User"}
    result = synchronization.provision_on_demand(
        graph, APP, job.id, rule_id="rule", subject=subject
    )
    assert (result.result, dict(result.event)) == ("Success", {"action": "Create"})
    assert asked == [{"parameters": [{"ruleId": "rule", "subjects": [subject]}]}]


def test_provision_on_demand_of_a_quarantined_job(microsoft: Microsoft, graph: GraphClient) -> None:
    job = microsoft.tenant.service_principals[0].jobs[0]
    job["status"]["quarantine"] = {"reason": "TooManyDeletes"}
    with pytest.raises(GraphPermissionError) as caught:
        synchronization.provision_on_demand(graph, APP, job["id"], rule_id="r", subject={})
    assert caught.value.code == "UnknownError"


def test_validate_credentials(microsoft: Microsoft, graph: GraphClient) -> None:
    job = synchronization.jobs(graph, APP)[0]
    synchronization.validate_credentials(graph, APP, job.id, template_id="scim")
    microsoft.tenant.hooks.validate_credentials = lambda *_: LabCredentialError(
        code="CredentialValidationUnavailable", message="Unauthorized"
    )
    with pytest.raises(GraphError, match="Unauthorized") as caught:
        synchronization.validate_credentials(graph, APP, job.id, template_id="scim")
    assert "did not like its answer" in str(caught.value.hint)


def event(number: int, **more: Any) -> dict[str, Any]:
    moment = NOON - timedelta(minutes=number)
    return {
        "id": f"event-{number}",
        "activityDateTime": moment.isoformat().replace("+00:00", "Z"),
        "jobId": "job",
        "servicePrincipal": {"id": APP},
        "sourceIdentity": {"id": ADA},
        "provisioningStatusInfo": {"status": "failure" if number % 2 else "success"},
        **more,
    }


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in found]


def test_log_pages_are_paced_without_a_429(microsoft: Microsoft) -> None:
    clock = microsoft.clock
    throttle = Throttle(clock=clock.time)
    fake = Microsoft(microsoft.tenant, page_size=20, throttle=throttle)
    fake.clock = clock
    fake.tenant.provisioning_log = [event(n) for n in range(500)]
    began = clock.seconds
    with fake.connect() as graph:
        assert len(list(records(graph, LogQuery()))) == 500
    assert throttle.refused == 0
    assert 20 / (clock.seconds - began) >= 0.95 * 0.5


@pytest.mark.parametrize("says_when", [True, False])
def test_a_throttle_shared_with_others_is_waited_out(microsoft: Microsoft, says_when: bool) -> None:
    throttle = Throttle(limit=2, clock=microsoft.clock.time, says_when=says_when)
    fake = Microsoft(microsoft.tenant, page_size=20, throttle=throttle)
    fake.clock = microsoft.clock
    fake.tenant.provisioning_log = [event(n) for n in range(100)]
    with fake.connect() as graph:
        assert len(list(records(graph, LogQuery()))) == 100
    assert throttle.refused > 0


def test_the_window_is_cut_here(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.provisioning_log = [event(n) for n in range(60)]
    query = LogQuery(since=NOON - timedelta(minutes=10), until=NOON - timedelta(minutes=5))
    assert ids(list(records(graph, query))) == [f"event-{n}" for n in range(6, 11)]
    sent = str(microsoft.requests[-1].url)
    assert "2026-07-17T11:49:59" in sent
    assert "2026-07-17T11:55:01" in sent


def test_every_filter(microsoft: Microsoft, graph: GraphClient) -> None:
    other = event(
        3, jobId="x", cycleId="c", provisioningAction="delete", sourceIdentity={"id": BOB}
    )
    microsoft.tenant.provisioning_log = [event(1), event(2), other]
    for query, expected in (
        (LogQuery(status="failure"), ["event-1", "event-3"]),
        (LogQuery(job_id="x"), ["event-3"]),
        (LogQuery(cycle_id="c"), ["event-3"]),
        (LogQuery(action="delete"), ["event-3"]),
        (LogQuery(source_id=ADA), ["event-1", "event-2"]),
        (LogQuery(service_principal_id="none"), []),
    ):
        assert ids(list(records(graph, query))) == expected


def test_a_refused_filter_is_replaced_by_sifting(microsoft: Microsoft) -> None:
    fake = Microsoft(microsoft.tenant)
    answer = fake.graph.handle

    def refuse(request: Any) -> Any:
        if "provisioningStatusInfo" in request.target:
            return answer(
                type(request)(
                    **{f: getattr(request, f) for f in ("method", "headers")},
                    target="/v1.0/auditLogs/provisioning?$filter=nonsense",
                )
            )
        return answer(request)

    fake.graph.handle = refuse  # type: ignore[method-assign]
    odd = event(3, servicePrincipal=[{"id": APP}], provisioningStatusInfo={"status": "Failure"})
    fake.tenant.provisioning_log = [event(1), event(2), odd]
    query = LogQuery(since=NOON - timedelta(days=1), status="failure", service_principal_id=APP)
    with fake.connect() as graph:
        assert ids(list(records(graph, query))) == ["event-1", "event-3"]


def test_a_refused_window_is_an_error(microsoft: Microsoft, graph: GraphClient) -> None:
    url = graph.url("/auditLogs/provisioning", {"$filter": "nonsense"})
    with pytest.raises(GraphError, match="Invalid filter clause"):
        graph.page(url)


def test_each_id_once_and_newest_first(microsoft: Microsoft, graph: GraphClient) -> None:
    nameless = event(5)
    del nameless["id"]
    microsoft.tenant.provisioning_log = [event(2), event(1), event(2), nameless, nameless]
    assert len(list(records(graph, LogQuery()))) == 4
    microsoft.tenant.provisioning_log = [event(2), event(1), event(3, activityDateTime=None)]
    assert ids(sorted_records(graph, LogQuery())) == ["event-1", "event-2", "event-3"]


def test_a_pull_resumes_where_it_was_cut(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.provisioning_log = [event(n) for n in range(350)]
    pages: list[Page] = []
    first: list[str] = []
    for record in records(graph, LogQuery(), on_page=pages.append):
        first.append(record["id"])
        if len(pages) == 2:
            break
    kept = first[:200]
    rest = ids(list(records(graph, LogQuery(), resume_at=pages[-1].next_link)))
    assert [*kept, *rest] == [f"event-{n}" for n in range(350)]


def test_a_place_that_graph_no_longer_keeps_is_an_error(graph: GraphClient) -> None:
    gone = graph.url("/auditLogs/provisioning", {"$skiptoken": "expired"})
    with pytest.raises(GraphError) as caught:
        list(log_pages(graph, LogQuery(status="failure"), resume_at=gone))
    assert caught.value.status == 400


def test_pages_hold_only_what_fits(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.provisioning_log = [event(n) for n in range(250)]
    query = LogQuery(since=NOON - timedelta(minutes=120))
    pages = list(log_pages(graph, query))
    assert [len(page.items) for page in pages] == [100, 21]
    assert pages[0].next_link
    assert pages[1].next_link is None


def test_the_beta_log(microsoft: Microsoft, graph: GraphClient) -> None:
    beta = event(1, statusInfo={"status": "failure"}, action="Create")
    del beta["provisioningStatusInfo"]
    microsoft.tenant.provisioning_log = [beta]
    assert ids(list(records(graph, LogQuery(), beta=True))) == ["event-1"]
    assert LogQuery(status="failure", action="create").fits(beta)
    assert "/beta/" in str(microsoft.requests[-1].url)


def test_published_records_pass_unchanged(microsoft: Microsoft, graph: GraphClient) -> None:
    published = data("graph-provisioning-user-conflict")["value"]
    microsoft.tenant.provisioning_log = list(published)
    assert sorted_records(graph, LogQuery(status="failure")) == [
        r for r in published if r["provisioningStatusInfo"]["status"] == "failure"
    ]


def test_audits(microsoft: Microsoft, graph: GraphClient) -> None:
    microsoft.tenant.audit_log = [
        {"id": n, "loggedByService": "Account Provisioning" if n else "Core Directory",
         "activityDateTime": f"2026-07-17T1{n}:00:00Z"}
        for n in range(3)
    ]  # fmt: skip
    since = datetime(2026, 7, 17, 11, tzinfo=UTC)
    assert [a["id"] for a in directory_audits(graph, since=since)] == [2, 1]
    assert [a["id"] for a in directory_audits(graph, since=since, until=since)] == [1]


def test_missing_permission(microsoft: Microsoft) -> None:
    registration = microsoft.tenant.registrations[CLIENT_ID]
    registration.permissions = frozenset({"User.Read.All"})
    with microsoft.connect() as graph:
        with pytest.raises(GraphPermissionError) as log:
            list(records(graph, LogQuery()))
        with pytest.raises(GraphPermissionError) as apps:
            directory.find_app(graph, "x")
        with pytest.raises(GraphPermissionError) as jobs:
            synchronization.jobs(graph, APP)
    assert "Grant ProvisioningLog.Read.All" in str(log.value.hint)
    assert "Grant Application.Read.All" in str(apps.value.hint)
    assert "Grant Synchronization.Read.All" in str(jobs.value.hint)


def test_graph_challenges_once_and_the_pull_goes_on(microsoft: Microsoft) -> None:
    fake = Microsoft(microsoft.tenant, required_context="c7")
    with fake.connect() as graph:
        assert directory.find_app(graph, APP).id == APP
        assert directory.find_app(graph, APP).id == APP
    tokens = [r for r in fake.requests if r.url.path.endswith("/token")]
    assert len(tokens) == 2


def test_graph_that_challenges_for_ever(microsoft: Microsoft) -> None:
    fake = Microsoft(microsoft.tenant, required_context="c7")
    fake.authority._claims = lambda *a, **k: {  # type: ignore[method-assign]
        "nbf": 0, "exp": 9e12, "roles": ["Application.Read.All"]
    }  # fmt: skip
    with fake.connect() as graph, pytest.raises(GraphPermissionError):
        directory.find_app(graph, APP)


def test_a_log_that_never_ends_is_left(microsoft: Microsoft, graph: GraphClient) -> None:
    url = graph.url("/auditLogs/provisioning")
    with pytest.raises(GraphUnavailableError):
        graph.page(url.replace("graph.microsoft.com", "graph.evil.example"))
