"""provision against the running lab: real sign-in, real Graph calls, the lab's own Entra."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from scimdoctor.cli.app import build_app
from scimdoctor.cli.session import Session
from scimdoctor.lab.running import Lab, running_lab
from scimdoctor.lab.seed import stable_id
from tests.fakes.command import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab(("manager-text-refused",)) as started:
        yield started


def provision(lab: Lab, folder: Path, *arguments: str) -> Ran:
    config = folder / "config.toml"
    config.touch()
    session = Session(config_path=config, environ={**lab.environment, "COLUMNS": "120"})
    with closing(session.resources):
        given = ["provision", *arguments, "--yes", "-f", "json"]
        result = CliRunner().invoke(build_app(), given, obj=session)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(status=result.exit_code, stdout=result.stdout, stderr=result.stderr)


def names(lab: Lab, *, with_manager: bool) -> list[str]:
    people = lab.travel.people.people.values()
    return [
        p.properties["userPrincipalName"]
        for p in people
        if bool(p.manager) is with_manager and p.assigned and p.properties["accountEnabled"]
    ]


def test_a_failure_goes_straight_into_the_diagnosis(lab: Lab, tmp_path: Path) -> None:
    ran = provision(lab, tmp_path, names(lab, with_manager=True)[0], "--app", lab.travel.name)
    assert ran.status == 1, ran.stderr
    report = ran.json
    assert report["target"]["result"] == "Failure"
    assert report["diagnoses"][0]["cause"] == "manager-value-shape"
    assert report["events"]["failure"] == 1
    stages = ("1. Import: success", "2. Determine scope", "3. Match", "4. Perform action: failure")
    assert all(any(n.startswith(stage) for n in report["notes"]) for stage in stages)


def test_what_works_is_said_to_work(lab: Lab, tmp_path: Path) -> None:
    ran = provision(lab, tmp_path, names(lab, with_manager=False)[0], "--app", lab.travel.name)
    assert ran.status == 0, ran.stderr
    assert [d["cause"] for d in ran.json["diagnoses"]] == ["expected-behaviour"]


def test_a_group(lab: Lab, tmp_path: Path) -> None:
    ran = provision(lab, tmp_path, "Sales", "--app", lab.travel.name)
    assert ran.status == 0, ran.stderr


def test_a_job_in_quarantine_is_named_before_graph_refuses(lab: Lab, tmp_path: Path) -> None:
    ran = provision(lab, tmp_path, names(lab, with_manager=False)[0], "--app", lab.hr.name)
    assert ran.status == 3
    assert "the job is in quarantine" in ran.stderr


def test_somebody_who_is_not_assigned_and_in_no_assigned_group(lab: Lab, tmp_path: Path) -> None:
    ran = provision(lab, tmp_path, "visitor@contoso.example", "--app", lab.travel.name)
    assert ran.status == 1, ran.stderr
    (found,) = ran.json["diagnoses"]
    assert (found["cause"], found["confidence"]) == ("scoping-misconfigured", "likely")
    steps = " ".join(step["text"] for step in found["remediation"])
    assert "assign the object" in steps
    assert "the filter" not in steps
    notes = ran.json["notes"]
    assert any("as it is now: it is not assigned to the app" in n for n in notes)
    assert any(n.startswith("2. Determine scope: out of scope: it is not assigned") for n in notes)


def test_a_direct_member_of_an_assigned_group_whom_the_scoping_filter_keeps_out(
    lab: Lab, tmp_path: Path
) -> None:
    ran = provision(lab, tmp_path, "contractor@contoso.example", "--app", lab.travel.name)
    (found,) = ran.json["diagnoses"]
    said = " ".join(e["summary"] for e in found["evidence"])
    assert "the scoping filter is false for it: Employees.employeeId IS NOT NULL" in said
    assert "not assigned" not in said
    steps = " ".join(step["text"] for step in found["remediation"])
    assert "the filter" in steps
    assert "assign the object" not in steps
    assert any("employeeId IS NOT NULL (it is empty)" in n for n in ran.json["notes"])


def test_what_has_changed_since_makes_the_cause_less_sure(lab: Lab, tmp_path: Path) -> None:
    sales, who = lab.tenant.members[stable_id("Sales")], stable_id("visitor")
    sales.append(who)
    try:
        ran = provision(lab, tmp_path, "visitor@contoso.example", "--app", lab.travel.name)
    finally:
        sales.remove(who)
    (found,) = ran.json["diagnoses"]
    assert (found["cause"], found["confidence"]) == ("scoping-misconfigured", "possible")
    assert "it would be provisioned" in found["evidence"][0]["summary"]
    assert any("the log says otherwise" in n for n in ran.json["notes"])


@pytest.mark.parametrize("suffix", ["", "?aadOptscim062020"])
def test_the_flag_is_named_where_the_tenant_url_has_it(
    lab: Lab, tmp_path: Path, suffix: str
) -> None:
    saved = next(
        s.secrets for s in lab.tenant.service_principals if s.raw["displayName"] == lab.travel.name
    )
    plain = saved["BaseAddress"]
    saved["BaseAddress"] = f"{plain}{suffix}"
    try:
        ran = provision(lab, tmp_path, "Sales", "--app", lab.travel.name)
    finally:
        saved["BaseAddress"] = plain
    assert ("aadOptscim062020" in ran.stderr) is bool(suffix)
    assert "could not be read" not in ran.stderr
