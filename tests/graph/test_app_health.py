"""All apps at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.errors import GraphPermissionError
from scimdoctor.graph.app_health import apps_with_jobs
from scimdoctor.graph.client import GraphClient
from scimdoctor.lab.tenant import LabServicePrincipal
from scimdoctor.model.report import StatusVerdict
from tests.fakes.microsoft import CLIENT_ID, Microsoft, data

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import SynchronizationJob


def judge(job: SynchronizationJob) -> StatusVerdict:
    health = "quarantined" if job.status.quarantine else "healthy"
    return StatusVerdict(health=health, headline=f"is {health}")


def tenant_with(*jobs: str | None) -> Microsoft:
    fake = Microsoft()
    base = fake.tenant.service_principals[0].raw
    fake.tenant.service_principals = [
        LabServicePrincipal(
            raw=base | {"id": f"id-{n}", "displayName": f"App {n}"},
            jobs=[data(name)] if name else [],
        )
        for n, name in enumerate(jobs)
    ]
    return fake


def test_worst_first_and_those_without_a_job_counted() -> None:
    fake = tenant_with("graph-job-active", None, "graph-job-quarantine-credentials", None)
    with fake.connect() as graph:
        found = apps_with_jobs(graph, judge=judge)
    assert [(app.display_name, app.health) for app in found.apps] == [
        ("App 2", "quarantined"),
        ("App 0", "healthy"),
    ]
    assert found.without_job == 2
    assert found.limits == ()
    assert found.apps[0].detail == "is quarantined"
    assert found.apps[1].last_run


def test_a_prefix_asks_less() -> None:
    fake = tenant_with("graph-job-active", "graph-job-active")
    with fake.connect() as graph:
        assert len(apps_with_jobs(graph, judge=judge, prefix="App 1").apps) == 1


def test_an_app_that_may_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tenant_with("graph-job-active", "graph-job-active")
    get = GraphClient.get

    def refuse(graph: GraphClient, path: str, *args: object, **kwargs: object) -> object:
        if "id-1" in path:
            raise GraphPermissionError("no", code="UnknownError")
        return get(graph, path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(GraphClient, "get", refuse)
    with fake.connect() as graph:
        found = apps_with_jobs(graph, judge=judge)
    assert [app.health for app in found.apps] == ["unreadable", "healthy"]
    assert found.limits == ("The jobs of 1 apps may not be read: no",)


def test_no_permission_at_all_is_an_error() -> None:
    fake = tenant_with("graph-job-active", None)
    fake.tenant.registrations[CLIENT_ID].permissions = frozenset({"Application.Read.All"})
    with fake.connect() as graph, pytest.raises(GraphPermissionError) as caught:
        apps_with_jobs(graph, judge=judge)
    assert "Synchronization.Read.All" in str(caught.value.hint)


def test_a_tenant_without_apps() -> None:
    with tenant_with().connect() as graph:
        assert apps_with_jobs(graph, judge=judge).apps == ()
