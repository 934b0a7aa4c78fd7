"""`diagnose` and `explain` through their front doors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scimdoctor.cli.commands.diagnose import diagnose
from scimdoctor.cli.commands.explain import explain
from scimdoctor.cli.session import Session
from scimdoctor.endpoint.har import write_har
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from tests.causes.build import NOW, exchange, op, patch, reason
from tests.fakes.command import Ran, run_command
from tests.fakes.scim_app import BASE_URL, TOKEN, ScimApp

DATA = Path(__file__).parent.parent / "data"
DISABLE = patch(op("Replace", "active", "False"))


def record(text: str, *, action: str = "update", id_: str = "event-1") -> dict[str, Any]:
    return {
        "id": id_,
        "activityDateTime": "2026-07-01T09:00:00Z",
        "provisioningAction": action,
        "sourceIdentity": {"id": f"source-{id_}", "identityType": "User"},
        "targetIdentity": {"id": "u1", "identityType": "User"},
        "provisioningStatusInfo": {"status": "failure", "errorInformation": {"reason": text}},
        "provisioningSteps": [],
        "modifiedProperties": [
            {"displayName": "active", "oldValue": "True", "newValue": "False"},
        ],
    }


def run(folder: Path, *arguments: str, app: Any = None) -> Ran:
    config = folder / "config.toml"
    config.touch()
    session = Session(
        config_path=config,
        environ={
            "SCIMDOCTOR_ENDPOINT_TOKEN": TOKEN,
            "SCIMDOCTOR_JOURNAL": str(folder / "journal.jsonl"),
        },
        now=lambda: NOW,
        endpoint_transport=ProviderTransport(app) if app is not None else None,
        confirm_with=lambda _question: True,
        sleep=lambda _seconds: None,
    )
    return run_command(diagnose, session, *arguments)


def events(folder: Path, *records: dict[str, Any]) -> str:
    path = folder / "events.json"
    path.write_text(json.dumps(list(records)))
    return str(path)


def test_events_alone(tmp_path: Path) -> None:
    source = events(tmp_path, record(reason(405)), record(reason(405), id_="event-2"))
    ran = run(tmp_path, "--from", source, "-f", "json")
    report = ran.json
    (found,) = report["diagnoses"]
    assert found["cause"] == "patch-method-missing"
    assert found["affected"]["objects"] == 2
    assert found["remediation"]
    assert any("no --endpoint" in limit for limit in report["limits"])
    assert ran.status == 1


def test_events_job_schema_and_har_together(tmp_path: Path) -> None:
    har = tmp_path / "capture.har"
    har.write_text(write_har([exchange("PATCH", "/Users/u1", 400, sent=DISABLE)]))
    ran = run(
        tmp_path,
        *("--from", events(tmp_path, record(reason(400)))),
        *("--har", str(har)),
        *("--job", str(DATA / "graph-job-quarantine-credentials.json")),
        *("--schema", str(DATA / "graph-schema-default.json")),
        *("-f", "json"),
    )
    report = ran.json
    causes = [d["cause"] for d in report["diagnoses"]]
    assert "boolean-string-rejected" in causes
    assert report["job"]
    assert report["status"]["health"] == "quarantined"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("graph-job-quarantine-credentials.json", "token-expired-or-revoked"),
        ("graph-job-quarantine-deletes.json", "scoping-misconfigured"),
    ],
)
def test_a_job_alone(tmp_path: Path, name: str, cause: str) -> None:
    ran = run(tmp_path, "--job", str(DATA / name), "-f", "json")
    assert ran.json["diagnoses"][0]["cause"] == cause


def test_nothing_given_is_a_usage_error(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.status == 2
    assert "nothing to diagnose" in ran.stderr


def test_a_missing_har_is_said(tmp_path: Path) -> None:
    ran = run(tmp_path, "--har", str(tmp_path / "none.har"))
    assert ran.status == 3
    assert "none.har cannot be read" in ran.stderr


def test_reading_from_an_endpoint_changes_nothing(tmp_path: Path) -> None:
    app = ScimApp()
    source = events(tmp_path, record(reason(405)))
    ran = run(tmp_path, "--from", source, "--endpoint", BASE_URL, "-f", "json", app=app)
    report = ran.json
    methods = {e["request"]["method"] for e in report["exchanges"]}
    assert report["replays"]
    assert methods <= {"GET"}
    assert ran.status in {0, 1}


@pytest.mark.parametrize(
    ("fault", "status", "cause", "confidence"),
    [
        ("patch-405", 405, "patch-method-missing", "confirmed"),
        ("boolean-text-refused", 400, "boolean-string-rejected", "confirmed"),
    ],
)
def test_a_check_on_the_endpoint_confirms(
    tmp_path: Path, fault: str, status: int, cause: str, confidence: str
) -> None:
    provider = ScimServiceProvider(token=TOKEN, faults=[fault])
    source = events(tmp_path, record(reason(status), action="disable"))
    ran = run(
        tmp_path,
        *("--from", source, "--endpoint", BASE_URL, "--shadow", "--yes", "-f", "json"),
        app=provider.handle,
    )
    found = ran.json["diagnoses"][0]
    assert (found["cause"], found["confidence"]) == (cause, confidence)
    assert not provider.users


def explained(*arguments: str) -> Ran:
    return run_command(explain, Session(), *arguments)


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("manager-value-shape", "bare id"),
        ("SystemForCrossDomainIdentityManagementServiceIncompatible", "could not be used"),
        ("contosoEntryConflict", "collides"),
        ("redundantexport", "already agree"),
        ("TooManyDeletes", "delete more objects"),
        ("noTarget", "matches nothing"),
        ("405", "does not implement the method"),
        ("HTTP 409", "collides"),
        ("AADSTS700016", "AADSTS700016"),
        ("700016", "AADSTS700016"),
        ("mapping/matching-attribute-set", "precedence of 1"),
    ],
)
def test_explain_knows(id_: str, words: str) -> None:
    ran = explained(id_)
    assert ran.status == 0
    assert words in ran.stdout


def test_explain_lists_and_suggests() -> None:
    assert "patch-op-case-sensitive" in explained("--list").stdout
    ran = explained("patch-op-case-sensitiv")
    assert ran.status == 2
    assert "patch-op-case-sensitive" in ran.stderr
    assert "explain --list" in explained("qqqqzzzz").stderr
