"""login, logout, whoami, apps, status and job, through the front door."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from scimdoctor.cli.app import build_app
from scimdoctor.cli.session import Session
from scimdoctor.lab.authority import LabAuthority
from scimdoctor.lab.graph import LabGraph
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.tls import make_tls
from tests.fakes.microsoft import CLIENT_ID, DATA, SECRET, Microsoft, data, sample_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = "Example SCIM app"
NOW = datetime(2026, 7, 17, 12, 40, tzinfo=UTC)


@dataclass
class Ran:
    """How one command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def run(session: Session, *arguments: str) -> Ran:
    with closing(session.resources):
        result = CliRunner().invoke(build_app(), list(arguments), obj=session)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(status=result.exit_code, stdout=result.stdout, stderr=result.stderr)


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


@pytest.fixture
def session(microsoft: Microsoft, tmp_path: Path) -> Iterator[Session]:
    with microsoft.connect() as graph:
        yield Session(
            graph_client=graph,
            now=lambda: NOW,
            environ={"SCIMDOCTOR_CLIENT_SECRET": SECRET, "COLUMNS": "100"},
            config_path=empty_config(tmp_path),
            confirm_with=lambda _question: False,
        )


def empty_config(folder: Path) -> Path:
    path = folder / "config.toml"
    path.touch()
    return path


def test_whoami(session: Session) -> None:
    ran = run(session, "whoami", "-f", "json")
    assert ran.status == 0
    assert "scimdoctor lab client" in ran.stdout
    assert "allowed" in ran.stdout


def test_whoami_names_what_is_missing(microsoft: Microsoft, session: Session) -> None:
    registration = microsoft.tenant.registrations[CLIENT_ID]
    registration.permissions = frozenset({"AuditLog.Read.All"})
    ran = run(session, "whoami")
    assert ran.status == 0
    assert "Synchronization.Read.All" in ran.stdout
    assert "Grant" in ran.stdout


def test_status_of_an_app(session: Session) -> None:
    ran = run(session, "status", APP, "-f", "json")
    assert ran.status == 1
    assert ran.json["target"]["app"] == APP
    assert ran.json["job"]["id"].startswith("scim.")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("graph-job-active", 1),
        ("graph-job-notrun", 1),
        ("graph-job-empty-texts", 1),
        ("graph-job-quarantine-credentials", 1),
    ],
)
def test_status_of_a_saved_job(session: Session, name: str, status: int) -> None:
    ran = run(session, "status", "--job", str(DATA / f"{name}.json"))
    assert ran.status == status
    assert ran.stdout.strip()


def test_a_healthy_job_exits_with_0(microsoft: Microsoft, session: Session) -> None:
    job = microsoft.tenant.service_principals[0].jobs[0]
    last = job["status"]["lastExecution"]
    last.update(state="Succeeded", countEscrowed=0, countEscrowedRaw=0)
    assert run(session, "status", APP).status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["status"], 2, "give its name or id"),
        (["status", "Nothing"], 2, "no enterprise application"),
        (["status", APP, "--job-id", "x"], 2, "no provisioning job 'x'"),
        (["status", "--job", "/nonexistent/job.json"], 3, "cannot be read"),
        (["job", "restart", APP, "--scope", "everything"], 2, "everything"),
        (["job", "restart", APP], 2, "Nothing was changed"),
    ],
)
def test_what_goes_wrong_is_said(
    session: Session, arguments: list[str], status: int, words: str
) -> None:
    ran = run(session, *arguments)
    assert ran.status == status
    assert words in ran.stderr.replace("\n", " ")
    assert ran.stdout == ""


def test_a_missing_permission_ends_with_3(microsoft: Microsoft, session: Session) -> None:
    registration = microsoft.tenant.registrations[CLIENT_ID]
    registration.permissions = frozenset({"Application.Read.All"})
    ran = run(session, "status", APP)
    assert ran.status == 3
    assert "Synchronization.Read.All" in ran.stderr


def test_apps(microsoft: Microsoft, session: Session) -> None:
    ran = run(session, "apps", "-f", "json")
    assert ran.status == 1
    assert APP in ran.stdout
    assert run(session, "apps", "--name", "Nothing").status == 0


@pytest.mark.parametrize("verb", ["start", "pause", "restart"])
def test_a_job_is_changed_only_after_yes(microsoft: Microsoft, session: Session, verb: str) -> None:
    asked: list[str] = []

    def decline(question: str) -> bool:
        asked.append(question)
        return False

    session.confirm_with = decline
    before = data("graph-job-active")
    assert run(session, "job", verb, APP).status == 2
    assert microsoft.tenant.service_principals[0].jobs[0] == before
    assert APP in asked[0]
    ran = run(session, "job", verb, APP, "--yes")
    assert ran.status == 0
    posted = [r.url.path for r in microsoft.requests if r.method == "POST"]
    assert posted[-1].endswith(f"/{verb}")


def test_a_slip_in_the_name_changes_no_job(microsoft: Microsoft, session: Session) -> None:
    for command in (
        ("job", "pause", "Example SCIM"),
        ("provision", "ada@lab.example", "--app", "Example SCIM"),
    ):
        ran = run(session, *command, "--yes")
        assert ran.status == 2
        assert APP in ran.stderr
    posted = [r for r in microsoft.requests if r.method == "POST"]
    assert all(r.url.path.endswith("/token") for r in posted)


def test_restart_sends_its_scope(microsoft: Microsoft, session: Session) -> None:
    run(session, "job", "restart", APP, "--scope", "escrows,watermark", "--yes")
    assert json.loads(microsoft.requests[-1].content) == {
        "criteria": {"resetScope": "Escrows, Watermark"}
    }


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a user whose Microsoft is the lab on loopback."""
    tenant, tls = sample_tenant(), make_tls()
    context = tls.server_context()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(tls.ca_pem)
    with (
        LoopbackServer(LabAuthority(tenant).handle, tls_context=context) as authority,
        LoopbackServer(LabGraph(tenant).handle, tls_context=context) as graph,
    ):
        yield {
            "SCIMDOCTOR_TENANT": tenant.domain,
            "SCIMDOCTOR_CLIENT_ID": CLIENT_ID,
            "SCIMDOCTOR_AUTHORITY_HOST": authority.url,
            "SCIMDOCTOR_GRAPH_HOST": graph.url,
            "SCIMDOCTOR_CA_FILE": str(ca_file),
            "SCIMDOCTOR_CACHE": str(tmp_path / "sign-in"),
            "SCIMDOCTOR_CONFIG": str(empty_config(tmp_path)),
        }


def fresh(environ: dict[str, str], **more: str) -> Session:
    return Session(environ=environ | more, now=lambda: NOW)


def test_a_person_signs_in_works_and_signs_out(loopback: dict[str, str]) -> None:
    refused = run(fresh(loopback), "whoami", "--auth", "device-code")
    assert refused.status == 3
    assert "scimdoctor login" in refused.stderr

    ran = run(fresh(loopback), "login", "--device-code")
    assert ran.status == 0, ran.stderr
    assert "LABLABLAB" in ran.stderr
    assert "LABLABLAB" not in ran.stdout
    assert "admin@lab.example" in ran.stdout

    assert run(fresh(loopback), "whoami").status == 0
    assert run(fresh(loopback), "status", APP, "-f", "json").json["target"]["app"] == APP

    gone = run(fresh(loopback), "logout")
    assert gone.status == 0
    assert "Signed out" in gone.stderr
    assert gone.stdout == ""
    assert "No sign-in" in run(fresh(loopback), "logout").stderr
    assert run(fresh(loopback), "whoami").status == 3


def test_the_code_is_shown_even_when_quiet(loopback: dict[str, str]) -> None:
    session = fresh(loopback)
    session.quiet = True
    ran = run(session, "login", "--device-code")
    assert ran.status == 0
    assert "LABLABLAB" in ran.stderr


def test_authorities_that_are_named_count_for_microsoft_and_settings_may_come_last(
    loopback: dict[str, str], tmp_path: Path
) -> None:
    ca_file = loopback.pop("SCIMDOCTOR_CA_FILE")
    settings = tmp_path / "named.toml"
    settings.write_text("[profiles.other]\ncloud = 'global'\n")
    session = fresh(loopback, SCIMDOCTOR_CLIENT_SECRET=SECRET)
    assert run(session, "status", APP).status == 3
    session = fresh(loopback, SCIMDOCTOR_CLIENT_SECRET=SECRET)
    ran = run(
        session,
        *("status", APP, "--ca-file", ca_file, "-f", "json"),
        *("--config", str(settings), "--profile", "other"),
    )
    assert ran.json["target"]["app"] == APP
    assert (session.config_path, session.profile) == (settings, "other")


def test_an_app_signs_in_with_a_secret(loopback: dict[str, str]) -> None:
    ran = run(fresh(loopback, SCIMDOCTOR_CLIENT_SECRET=SECRET), "login", "-f", "json")
    assert ran.status == 0, ran.stderr
    assert SECRET not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"SCIMDOCTOR_CLIENT_SECRET": "wrong"}, 3, "AADSTS7000215"),
        ({"SCIMDOCTOR_TENANT": "elsewhere.example"}, 3, "AADSTS90002"),
        ({"SCIMDOCTOR_CLIENT_ID": "unknown"}, 3, "AADSTS700016"),
        ({"SCIMDOCTOR_CLIENT_ID": ""}, 2, "no client id"),
        ({"SCIMDOCTOR_CA_FILE": ""}, 3, "could not be reached"),
        ({"SCIMDOCTOR_CA_FILE": "/nonexistent.pem"}, 2, "cannot be read"),
        ({"SCIMDOCTOR_GRAPH_HOST": "https://127.0.0.1:1"}, 3, "could not be reached"),
        ({"SCIMDOCTOR_CLOUD": "mars"}, 2, "SCIMDOCTOR_CLOUD must be one of"),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_bad_sign_ins_end_with_a_message(
    loopback: dict[str, str], change: dict[str, str], status: int, words: str
) -> None:
    environ = loopback | {"SCIMDOCTOR_CLIENT_SECRET": SECRET} | change
    ran = run(fresh(environ), "status", APP)
    assert ran.status == status
    assert words in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
