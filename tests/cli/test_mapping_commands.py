"""mappings, compare and provision, through the front door."""

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
from scimdoctor.lab.scim.transport import ProviderTransport
from tests.fakes.events import DATA, load
from tests.fakes.microsoft import SECRET, Microsoft
from tests.fakes.scim_app import BASE_URL, TOKEN, ScimApp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scimdoctor.lab.http import LabRequest
    from scimdoctor.lab.tenant import LabServicePrincipal

APP = "Example SCIM app"
SCHEMA = str(DATA / "synchronization-schema-custom-app.json")
ADA = "00000029-0000-4000-8000-000000000029"
STAFF = "00000030-0000-4000-8000-000000000030"


@dataclass
class Ran:
    """How one command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Desk:
    """Somebody's terminal, with a tenant and an app at the other end."""

    session: Session
    microsoft: Microsoft
    app: ScimApp
    asked: list[str]

    def run(self, *arguments: str) -> Ran:
        with closing(self.session.resources):
            result = CliRunner().invoke(build_app(), list(arguments), obj=self.session)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(status=result.exit_code, stdout=result.stdout, stderr=result.stderr)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    microsoft, app = Microsoft(), ScimApp()
    tenant = microsoft.tenant
    tenant.users[ADA] = load_user()
    tenant.groups[STAFF] = {"id": STAFF, "displayName": "staff"}
    tenant.service_principals[0].assignments.append(
        {"principalId": ADA, "principalType": "User", "principalDisplayName": "Ada"}
    )
    config = tmp_path / "config.toml"
    config.touch()
    asked: list[str] = []

    def answer(question: str) -> bool:
        asked.append(question)
        return True

    with microsoft.connect() as graph:
        session = Session(
            graph_client=graph,
            endpoint_transport=ProviderTransport(app),
            now=lambda: datetime(2026, 7, 17, 12, 40, tzinfo=UTC),
            environ={
                "SCIMDOCTOR_CLIENT_SECRET": SECRET,
                "SCIMDOCTOR_ENDPOINT_TOKEN": TOKEN,
                "SCIMDOCTOR_JOURNAL": str(tmp_path / "journal.jsonl"),
                "COLUMNS": "120",
            },
            config_path=config,
            confirm_with=answer,
        )
        yield Desk(session=session, microsoft=microsoft, app=app, asked=asked)


def load_user() -> dict[str, Any]:
    return {
        "id": ADA,
        "userPrincipalName": "ada@example.com",
        "displayName": "Ada Example",
        "accountEnabled": True,
        "department": "Marketing",
        "mail": "ada@example.com",
    }


def test_mappings_of_an_app(desk: Desk) -> None:
    ran = desk.run("mappings", APP, "-f", "json")
    assert ran.status == 0
    targets = {row["target"] for row in ran.json["mappings"]}
    assert {"userName", "active", "displayName"} <= targets
    assert "User scoping filter: only where department EQUALS Marketing" in ran.json["notes"]


def test_mappings_of_a_saved_schema_as_a_table(desk: Desk) -> None:
    ran = desk.run("mappings", "--schema", SCHEMA)
    assert ran.status == 0
    assert "[userPrincipalName]" in ran.stdout
    assert not desk.microsoft.requests


def test_mappings_with_faults_end_with_status_1(desk: Desk, tmp_path: Path) -> None:
    raw = load("synchronization-schema-custom-app.json")
    users = raw["synchronizationRules"][0]["objectMappings"][1]
    users["attributeMappings"][0]["source"]["expression"] = "Left([userPrincipalName"
    saved = tmp_path / "schema.json"
    saved.write_text(json.dumps(raw))
    ran = desk.run("mappings", "--schema", str(saved), "-f", "json")
    assert ran.status == 1
    (found,) = [f for f in ran.json["findings"] if f["outcome"] == "failed"]
    assert (found["check"], "character 6" in found["message"]) == (
        "mapping/expression-readable",
        True,
    )


def test_mappings_are_compared_with_the_endpoint(desk: Desk) -> None:
    ran = desk.run("mappings", "--schema", SCHEMA, "--endpoint", BASE_URL, "-f", "json")
    assert ran.status in {0, 1}
    assert not any("no endpoint was given" in limit for limit in ran.json["limits"])


def test_mappings_exported_and_unchanged(desk: Desk, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    assert desk.run("mappings", "--schema", SCHEMA, "--export", str(saved)).status == 0
    ran = desk.run("mappings", "--schema", SCHEMA, "--diff", str(saved), "-f", "json")
    assert ran.status == 0
    assert any("Nothing changed" in note for note in ran.json["notes"])


def test_mappings_that_changed(desk: Desk, tmp_path: Path) -> None:
    raw = load("synchronization-schema-custom-app.json")
    raw["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"].pop()
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps(raw))
    ran = desk.run("mappings", "--schema", SCHEMA, "--diff", str(saved), "-f", "json")
    assert ran.status == 1
    assert "mapping added" in ran.json["findings"][0]["message"]


def test_mappings_without_app_or_file(desk: Desk) -> None:
    ran = desk.run("mappings")
    assert ran.status == 2
    assert "--schema" in ran.stderr


@pytest.mark.parametrize("text", ["{", "[]", "<html>"])
def test_mappings_of_a_file_that_is_none(desk: Desk, tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(text)
    ran = desk.run("mappings", "--schema", str(bad))
    assert ran.status == 3
    assert str(bad.name) in ran.stderr.replace("\n", "")


def test_compare_one_person(desk: Desk) -> None:
    desk.app.add_user("ada@example.com", displayName="Ada Example", active=True)
    ran = desk.run("compare", "ada@example.com", "--app", APP, "--endpoint", BASE_URL, "-f", "json")
    assert ran.status == 1
    (found,) = ran.json["comparisons"]
    verdicts = {a["attribute"]: a["verdict"] for a in found["attributes"]}
    assert verdicts["displayName"] == "same"
    assert verdicts['emails[type eq "work"].value'] == "missing-in-app"
    assert not desk.app.writes


def test_compare_everybody(desk: Desk) -> None:
    desk.app.add_user("eve@example.com", active=True)
    ran = desk.run("compare", "--all", "--app", APP, "--endpoint", BASE_URL, "-f", "json")
    states = [c["state"] for c in ran.json["comparisons"]]
    assert states == ["missing-in-app", "orphaned-in-app"]
    assert ran.status == 1
    table = desk.run("compare", "--all", "--app", APP, "--endpoint", BASE_URL)
    assert "ada@example.com" in table.stdout


@pytest.mark.parametrize("arguments", [(), ("ada@example.com", "--all")])
def test_compare_needs_one_of_the_two(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk.run("compare", *arguments, "--app", APP, "--endpoint", BASE_URL).status == 2


def test_compare_without_endpoint(desk: Desk) -> None:
    ran = desk.run("compare", "ada@example.com", "--app", APP)
    assert ran.status == 2
    assert "--endpoint" in ran.stderr


def on_demand(desk: Desk, name: str) -> list[dict[str, Any]]:
    """Let the tenant answer a provision-on-demand call; returns the bodies that it got."""
    sample = load(name)
    bodies: list[dict[str, Any]] = []

    def answer(_app: LabServicePrincipal, _job: str, body: dict[str, Any]) -> tuple[Any, Any]:
        bodies.append(body)
        return json.loads(sample["key"]), json.loads(sample["value"])

    desk.microsoft.tenant.hooks.provision_on_demand = answer
    return bodies


def test_provision_asks_shows_four_stages_and_diagnoses(desk: Desk) -> None:
    bodies = on_demand(desk, "provision-on-demand-user-failure-constructed-response.json")
    ran = desk.run("provision", "ada@example.com", "--app", APP, "-f", "json")
    assert ran.status == 1
    assert "Entra writes to the app" in desk.asked[0]
    (subject,) = bodies[0]["parameters"][0]["subjects"]
    assert subject == {"objectId": ADA, "objectTypeName": "User"}
    said = "\n".join(ran.json["notes"])
    for stage in ("1. Import", "2. Determine scope", "3. Match", "4. Perform action"):
        assert stage in said
    assert "Failed to create User" in said
    assert ran.json["diagnoses"]


def test_provision_a_group_with_a_member(desk: Desk) -> None:
    bodies = on_demand(desk, "provision-on-demand-user-failure-constructed-response.json")
    desk.run("provision", "staff", "--app", APP, "--member", "ada@example.com", "--yes")
    (subject,) = bodies[0]["parameters"][0]["subjects"]
    assert subject["objectTypeName"] == "Group"
    assert subject["links"]["members"] == [{"objectId": ADA, "objectTypeName": "User"}]
    assert not desk.asked


def test_provision_without_steps(desk: Desk) -> None:
    def answer(_app: LabServicePrincipal, _job: str, _body: dict[str, Any]) -> tuple[Any, Any]:
        return {"result": "Success", "details": None}, {}

    desk.microsoft.tenant.hooks.provision_on_demand = answer
    ran = desk.run("provision", "staff", "--app", APP, "--yes", "-f", "json")
    assert ran.status == 0
    assert any("no steps" in note for note in ran.json["notes"])


def test_provision_refused(desk: Desk) -> None:
    bodies = on_demand(desk, "provision-on-demand-user-failure-constructed-response.json")
    desk.session.confirm_with = lambda _question: False
    assert desk.run("provision", "ada@example.com", "--app", APP).status == 2
    assert not bodies


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "no user or group"),
        (("nobody@example.com",), "no user or group"),
        (("ada@example.com", "--member", "ada@example.com"), "goes with a group"),
        (("staff", *["--member", "ada@example.com"] * 6), "too many"),
        (("staff", "--member", "nobody"), "no user"),
    ],
)
def test_provision_of_something_that_cannot_be(
    desk: Desk, arguments: tuple[str, ...], message: str
) -> None:
    ran = desk.run("provision", *arguments, "--app", APP, "--yes")
    assert ran.status == 2
    assert message in ran.stderr


def test_compare_all_goes_on_after_ctrl_c(desk: Desk, tmp_path: Path) -> None:
    desk.app.add_user("stray@example.com", active=True)
    stop = iter([KeyboardInterrupt()])

    def once(request: LabRequest) -> None:
        if request.query.endswith("count=1"):  # the first look, before anything is read
            return
        for error in stop:
            raise error

    desk.app.rules.append(once)
    given = ("compare", "--all", "--app", APP, "--endpoint", BASE_URL, "-f", "json")
    first = desk.run(*given)
    assert first.status == 130
    assert "--resume goes on" in first.stderr
    assert list((tmp_path / "compare").iterdir())
    second = desk.run(*given, "--resume")
    assert second.status == 1, second.stderr
    states = {c["object"]: c["state"] for c in second.json["comparisons"]}
    assert states == {"ada@example.com": "missing-in-app", "stray@example.com": "orphaned-in-app"}
    assert not list((tmp_path / "compare").iterdir())


def test_resume_goes_with_all(desk: Desk) -> None:
    assert desk.run("compare", "ada", "--resume", "--app", APP).status == 2


def test_the_table_shows_what_differs_unless_all_is_wanted(desk: Desk) -> None:
    given = ("compare", "ada@example.com", "--app", APP, "--endpoint", BASE_URL)
    desk.app.add_user("ada@example.com", displayName="Ada Example", active=True)
    short, whole = desk.run(*given), desk.run(*given, "--all-attributes")
    assert short.status == whole.status == 1
    assert "displayName" not in short.stdout
    assert "--all-attributes shows them" in " ".join(short.stdout.split())
    assert "displayName  same" in whole.stdout


def test_schema_that_cannot_be_read_says_what_to_do(desk: Desk, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.json"
    garbage.write_text("garbage")
    for path in (garbage, tmp_path / "absent.json"):
        assert "next:" in desk.run("mappings", "--schema", str(path)).stderr
