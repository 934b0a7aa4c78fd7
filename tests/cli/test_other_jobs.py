"""Schemas of jobs that are no SCIM jobs, and a group too big to look at: said, and gone on with."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.cli.commands.diagnose import diagnose
from scimdoctor.cli.commands.mappings import mappings
from scimdoctor.cli.commands.replay import replay
from scimdoctor.cli.session import Session
from tests.fakes.command import Ran, run_command

if TYPE_CHECKING:
    from collections.abc import Callable

CONFLICT = str(Path(__file__).parents[2] / "examples/user-conflict.json")
OTHERS: dict[str, tuple[str, dict[str, str]]] = {
    "cross-tenant": (
        "User",
        {"userPrincipalName": "userPrincipalName", "userType": "userType", "mail": "mail"},
    ),
    "on-premises SQL": (
        "EMPLOYEES",
        {"-Anchor-": "employeeId", "LOGIN": "userPrincipalName", "FULL_NAME": "displayName"},
    ),
}


def run(folder: Path, command: Callable[..., None], *arguments: str) -> Ran:
    config = folder / "config.toml"
    config.touch()
    session = Session(
        config_path=config, environ={"SCIMDOCTOR_JOURNAL": str(folder / "journal.jsonl")}
    )
    return run_command(command, session, *arguments, "-f", "json")


@pytest.fixture(params=OTHERS)
def schema(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    target, attributes = OTHERS[request.param]
    rows = [
        {
            "targetAttributeName": name,
            "matchingPriority": int(number == 0),
            "source": {"type": "Attribute", "name": source, "expression": f"[{source}]"},
        }
        for number, (name, source) in enumerate(attributes.items())
    ]
    mapping: dict[str, Any] = {
        "enabled": True,
        "sourceObjectName": "User",
        "targetObjectName": target,
        "attributeMappings": rows,
    }
    path = tmp_path / "schema.json"
    path.write_text(
        json.dumps({"id": "x", "synchronizationRules": [{"id": "r", "objectMappings": [mapping]}]})
    )
    return str(path)


def test_mappings_of_another_kind_of_job_are_listed_and_said(schema: str, tmp_path: Path) -> None:
    ran = run(tmp_path, mappings, "--schema", schema)
    assert len(ran.json["mappings"]) == 3
    assert any("no SCIM resource" in limit for limit in ran.json["limits"])


def test_diagnose_goes_on_without_a_schema_of_another_kind(schema: str, tmp_path: Path) -> None:
    ran = run(tmp_path, diagnose, "--from", CONFLICT, "--schema", schema)
    assert [d["cause"] for d in ran.json["diagnoses"]] == ["existing-account-not-matchable"]
    assert any("no SCIM resource" in limit for limit in ran.json["limits"])


def test_replay_goes_on_without_a_schema_of_another_kind(schema: str, tmp_path: Path) -> None:
    ran = run(tmp_path, replay, "--from", CONFLICT, "--schema", schema, "--mode", "plan")
    (one,) = ran.json["replays"]
    assert [r["method"] for r in one["requests"]] == ["GET", "POST"]
    assert any("no SCIM resource" in note for note in one["notes"])


def test_a_group_of_a_hundred_thousand_members_is_planned_quickly(tmp_path: Path) -> None:
    event = json.loads(Path(CONFLICT).read_text())["value"][0]
    event |= {"provisioningAction": "update"}
    event["sourceIdentity"] |= {"identityType": "Group", "displayName": "everybody"}
    event["targetIdentity"] = {"id": "77", "identityType": "Group", "displayName": "everybody"}
    members = ", ".join(f"00000000-0000-4000-8000-{n:012d}" for n in range(100_000))
    event["modifiedProperties"] = [
        {"displayName": "members", "oldValue": None, "newValue": members}
    ]
    for step in event["provisioningSteps"]:
        step["name"] = step["name"].replace("EntryExportAdd", "EntryExportUpdate")
    path = tmp_path / "events.json"
    path.write_text(json.dumps([event]))
    start = time.process_time()
    ran = run(tmp_path, replay, "--from", str(path), "--mode", "plan")
    assert time.process_time() - start < 12
    (one,) = ran.json["replays"]
    patches = [r for r in one["requests"] if r["method"] == "PATCH"]
    assert len(patches) == 1
    assert json.dumps(patches[0]["body"]).count("-4000-8000-") == 100_000
    assert len(patches[0]["curl"]) < 2_000
