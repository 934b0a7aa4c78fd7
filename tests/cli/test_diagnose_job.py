"""What `diagnose --job FILE` says of jobs in every state, given as Graph's own JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.cli.commands.diagnose import diagnose
from scimdoctor.cli.session import Session
from tests.fakes.command import Ran, run_command

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
NEVER = "0001-01-01T00:00:00Z"
WRAPPED = (
    "We received this unexpected response from your application: \r\nMessage: Processing of the "
    "HTTP request resulted in an exception. Please see the HTTP response returned by the "
    "'Response' property of this exception for details.\r\nWeb Response: \r\n{}. Please check "
    "the service and try again."
)


def ran(
    began: str = "2026-11-27T07:20:00Z", ended: str = "2026-11-27T07:22:00Z", **other: Any
) -> dict[str, Any]:
    counts = {"countEntitled": 812, "countEscrowed": 0, "countExported": 3, "countImported": 5}
    return (
        {
            "activityIdentifier": began,
            "state": "Succeeded",
            "timeBegan": began,
            "timeEnded": ended,
            "error": None,
        }
        | counts
        | other
    )


def held(reason: str, began: str = "2026-11-20T07:00:00Z", **other: Any) -> dict[str, Any]:
    return {
        "reason": reason,
        "currentBegan": "2026-11-26T07:00:00Z",
        "seriesBegan": began,
        "seriesCount": 6,
        "nextAttempt": "2026-11-28T07:00:00Z",
        "error": None,
    } | other


def job(
    *,
    state: str = "Active",
    code: str = "Active",
    settings: dict[str, str] | None = None,
    **status: Any,
) -> dict[str, Any]:
    base = {
        "code": code,
        "countSuccessiveCompleteFailures": 0,
        "escrowsPruned": False,
        "progress": [],
        "quarantine": None,
        "steadyStateFirstAchievedTime": "2026-05-01T00:00:00Z",
        "steadyStateLastAchievedTime": "2026-11-27T07:22:00Z",
        "synchronizedEntryCountByType": [
            {"key": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "value": 812}
        ],
        "lastExecution": ran(),
        "lastSuccessfulExecution": ran(),
        "lastSuccessfulExecutionWithExports": None,
        "troubleshootingUrl": "",
    }
    listed = [{"name": name, "value": value} for name, value in (settings or {}).items()]
    return {
        "id": "scim.1111.2222",
        "templateId": "scim",
        "schedule": {"state": state, "interval": "PT40M", "expiration": None},
        "synchronizationJobSettings": listed,
        "status": base | status,
    }


def diagnosed(folder: Path, given: dict[str, Any], *more: str) -> Ran:
    (folder / "job.json").write_text(json.dumps(given))
    config = folder / "config.toml"
    config.touch()
    session = Session(config_path=config, environ={}, now=lambda: NOW)
    return run_command(diagnose, session, "--job", str(folder / "job.json"), *more)


NEW: dict[str, Any] = {
    "lastExecution": None,
    "lastSuccessfulExecution": None,
    "steadyStateFirstAchievedTime": NEVER,
    "steadyStateLastAchievedTime": NEVER,
}
CREDENTIALS = {
    "code": "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable",
    "message": WRAPPED.format('{"detail":"Token has expired","status":"401"}'),
    "tenantActionable": True,
}
FAILING = ran(
    state="EntryLevelErrors", countEscrowed=6021, countEscrowedRaw=6021, countEntitled=9000
)

STATES: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    "healthy": (job(), "healthy", None, "no failures"),
    "disabled by hand": (job(state="Disabled", code="Paused"), "disabled", "expected-behaviour", "started again"),
    "disabled by quarantine": (job(state="Disabled", code="Quarantine", quarantine=held("EncounteredEscrowProportionThreshold", "2026-10-20T07:00:00Z")), "disabled", "unknown-cause", "after four weeks"),
    "paused": (job(state="Paused", code="Paused"), "paused", "expected-behaviour", "paused"),
    "paused after too many failures": (job(state="Paused", code="Paused", escrowsPruned=True), "paused", "unknown-cause", "dropped the stored failures"),
    "new": (job(state="Disabled", code="NotRun", **NEW), "never-run", "expected-behaviour", "start it"),
    "new and paused": (job(state="Paused", code="NotConfigured", **NEW), "never-run", "expected-behaviour", "start it"),
    "just started": (job(code="NotRun", **NEW), "never-run", "expected-behaviour", "has not begun yet"),
    "credentials": (job(code="Quarantine", quarantine=held("EncounteredQuarantineException", error=CREDENTIALS)), "quarantined", "token-expired-or-revoked", "in 20 days"),
    "no error told": (job(code="Quarantine", quarantine=held("EncounteredQuarantineException")), "quarantined", "unknown-cause", "could not use the endpoint"),
    "share": (job(code="Quarantine", quarantine=held("EncounteredEscrowProportionThreshold"), lastExecution=FAILING), "quarantined", "unknown-cause", "40 %"),
    "total": (job(code="Quarantine", quarantine=held("EncounteredTotalEscrowThreshold")), "quarantined", "unknown-cause", "60 000"),
    "base": (job(code="Quarantine", quarantine=held("EncounteredBaseEscrowThreshold")), "quarantined", "unknown-cause", "40 000"),
    "deletes": (job(code="Quarantine", settings={"QuarantineTooManyDeletesThreshold": "500"}, quarantine=held("TooManyDeletes")), "quarantined", "scoping-misconfigured", "delete more objects"),
    "on demand": (job(code="Quarantine", quarantine=held("QuarantineOnDemand")), "quarantined", "unknown-cause", "Microsoft quarantined"),
    "ingestion": (job(code="Quarantine", quarantine=held("IngestionInterrupted")), "quarantined", "unknown-cause", "could not read the changes"),
    "said to be unknown": (job(code="Quarantine", quarantine=held("Unknown")), "quarantined", "unknown-cause", "does not say why"),
    "a new reason": (job(code="Quarantine", quarantine=held("unknownFutureValue")), "quarantined", "unknown-cause", "unknownFutureValue"),
    "last day": (job(code="Quarantine", quarantine=held("EncounteredQuarantineException", "2026-10-30T09:00:00Z")), "quarantined", "unknown-cause", "within a day"),
    "four weeks over": (job(code="Quarantine", quarantine=held("EncounteredQuarantineException", "2026-10-29T09:00:00Z")), "quarantined", "unknown-cause", "any day"),
    "stuck": (job(code="InProgress", steadyStateFirstAchievedTime=NEVER, lastExecution=ran("2026-11-10T07:20:00Z", NEVER), lastSuccessfulExecution=None, progress=[{"units": "Users", "completedUnits": 20000, "totalUnits": 120000}]), "errors", None, "more than a week"),
    "late": (job(lastExecution=ran("2026-11-26T07:20:00Z", "2026-11-26T07:22:00Z")), "errors", None, "too long ago"),
    "failing cycles": (job(countSuccessiveCompleteFailures=7, lastExecution=ran(state="Failed")), "errors", None, "last 7 cycles"),
    "escrows": (job(lastExecution=ran(state="EntryLevelErrors", countEscrowed=4200, countEntitled=9000)), "errors", None, "4200 objects"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_a_job_in_every_state(name: str, tmp_path: Path) -> None:
    given, health, cause, words = STATES[name]
    done = diagnosed(tmp_path, given, "-f", "json")
    report = done.json
    assert report["status"]["health"] == health
    assert words in report["status"]["headline"]
    assert [d["cause"] for d in report["diagnoses"]] == ([cause] if cause else [])
    assert done.status == (0 if health == "healthy" else 1)
    assert all(d["confidence"] != "confirmed" for d in report["diagnoses"])
    assert not any("nothing was logged" in note for note in report["notes"])


def facts(done: Ran) -> dict[str, str]:
    return dict(done.json["status"]["facts"])


def test_the_days_left_count_from_when_the_quarantine_was_first_imposed(tmp_path: Path) -> None:
    given = STATES["credentials"][0]
    told = facts(diagnosed(tmp_path, given, "-f", "json"))
    assert told["disabled on"] == "2026-12-18 (20 of 28 days left)"
    assert told["quarantined since"].startswith("2026-11-20")


def test_what_would_decide_a_quarantine(tmp_path: Path) -> None:
    def command(name: str) -> str:
        (found,) = diagnosed(tmp_path, STATES[name][0], "-f", "json").json["diagnoses"]
        return str(found["remediation"][0]["command"])

    assert "check-endpoint" in command("no error told")  # nothing is logged then
    assert "logs" in command("share")
    assert "check-endpoint" in command("on demand")
    assert command("ingestion") == "scimdoctor status APP"
    assert "check-endpoint" in command("a new reason")
    assert "logs" in command("disabled by quarantine")
    assert "logs" in command("paused after too many failures")


def test_what_ends_a_stopped_job(tmp_path: Path) -> None:
    def last(name: str) -> str:
        (found,) = diagnosed(tmp_path, STATES[name][0], "-f", "json").json["diagnoses"]
        return str(found["remediation"][-1]["command"])

    assert last("share").endswith("--scope escrows,quarantine")
    assert last("ingestion").endswith("--scope quarantine")
    assert last("disabled by quarantine") == "scimdoctor job start APP"
    assert last("disabled by hand") == "scimdoctor job start APP"
    assert last("paused after too many failures") == "scimdoctor job restart APP"
    assert last("just started") == "scimdoctor status APP"


def test_a_resting_job_is_said_to_rest_and_somebody_can_start_it(tmp_path: Path) -> None:
    for name in ("disabled by hand", "paused", "new"):
        (found,) = diagnosed(tmp_path, STATES[name][0], "-f", "json").json["diagnoses"]
        assert found["title"].startswith("The job ")
        assert found["fixed_by"] == "entra-admin"
    (begun,) = diagnosed(tmp_path, STATES["just started"][0], "-f", "json").json["diagnoses"]
    assert begun["fixed_by"] == "wait"


def test_a_job_that_runs_has_a_next_command(tmp_path: Path) -> None:
    def steps(given: dict[str, Any]) -> list[str]:
        told: list[str] = diagnosed(tmp_path, given, "-f", "json").json["status"]["next_steps"]
        return [step for step in told if step.startswith("scimdoctor ")]

    assert steps(STATES["escrows"][0]) == ["scimdoctor logs APP --summary"]
    assert "scimdoctor logs APP --summary" in steps(STATES["stuck"][0])
    assert steps(STATES["late"][0])[:2] == [
        "scimdoctor status APP",
        "scimdoctor provision USER --app APP",
    ]
    begun = job(
        steadyStateFirstAchievedTime=NEVER,
        progress=[{"units": "Users", "completedUnits": 2, "totalUnits": 12}],
    )
    assert steps(begun) == ["scimdoctor status APP --watch"]
    assert not steps(job())


def test_deletes_are_not_explained_as_an_object_out_of_scope(tmp_path: Path) -> None:
    done = diagnosed(tmp_path, STATES["deletes"][0], "-f", "json")
    (found,) = done.json["diagnoses"]
    assert "accidental-deletion" in found["explanation"]
    assert "Allow deletes" in " ".join(step["text"] for step in found["remediation"])
    commands = [step["command"] for step in found["remediation"]]
    assert "scimdoctor job restart APP --scope force-deletes" in commands
    assert "delete" in found["title"]
    assert facts(done)["deletion threshold"] == "500"
    assert not any("To confirm" in note for note in done.json["notes"])


def test_escrows_beyond_the_thresholds(tmp_path: Path) -> None:
    def waiting(count: int) -> str:
        given = job(
            lastExecution=ran(state="EntryLevelErrors", countEscrowed=count, countEntitled=200000)
        )
        return facts(diagnosed(tmp_path, given, "-f", "json"))["waiting for a retry"]

    assert "34000 more" in waiting(6000)
    assert "more than the 40000" in waiting(41000)
    assert "more than the 60000" in waiting(61000)


def test_escrows_of_a_job_that_is_in_quarantine(tmp_path: Path) -> None:
    def waiting(reason: str, count: int, entitled: int) -> str:
        last = ran(state="EntryLevelErrors", countEscrowed=count, countEntitled=entitled)
        given = job(code="Quarantine", quarantine=held(reason), lastExecution=last)
        return facts(diagnosed(tmp_path, given, "-f", "json"))["waiting for a retry"]

    share = waiting("EncounteredEscrowProportionThreshold", 6021, 9000)
    assert "67% of 9000" in share
    assert "(3600 of 9000)" in share
    assert "lead to quarantine" not in share
    unknown = waiting("EncounteredEscrowProportionThreshold", 7000, 25)
    assert "%" not in unknown.replace("40 %", "")
    assert "below 40000" in waiting("EncounteredTotalEscrowThreshold", 61000, 90000)
    credentials = waiting("EncounteredQuarantineException", 12, 900)
    assert credentials == "12 objects wait for a retry, 1% of 900 in scope"


def test_a_cycle_that_takes_far_longer_than_before(tmp_path: Path) -> None:
    good = ran("2026-11-25T07:20:00Z", "2026-11-25T07:40:00Z")
    slow = job(
        lastExecution=ran("2026-11-27T02:20:00Z", "2026-11-27T07:22:00Z"),
        lastSuccessfulExecution=good,
    )
    done = diagnosed(tmp_path, slow, "-f", "json")
    assert any(
        "took 5 h, the last good one before it 20 min" in note for note in done.json["notes"]
    )
    assert "slower than before" in facts(done)["last run took"]
    still = job(lastExecution=ran("2026-11-27T02:20:00Z", NEVER), lastSuccessfulExecution=good)
    assert "has not ended" in facts(diagnosed(tmp_path, still, "-f", "json"))["last run took"]
    assert not diagnosed(tmp_path, job(), "-f", "json").json["notes"]


def test_how_far_the_initial_cycle_is(tmp_path: Path) -> None:
    told = facts(diagnosed(tmp_path, STATES["stuck"][0], "-f", "json"))
    assert told["initial cycle"] == "not finished: 20000 of 120000 Users"


def events(cycles: int, *, slow_from: int, milliseconds: int = 400) -> list[dict[str, Any]]:
    return [
        {
            "id": f"e{cycle}-{number}",
            "activityDateTime": f"2026-11-{10 + cycle:02}T0{number}:00:00Z",
            "jobId": "scim.1111.2222",
            "cycleId": f"cycle-{cycle}",
            "durationInMilliseconds": milliseconds * (10 if cycle >= slow_from else 1),
            "provisioningAction": "update",
            "provisioningStatusInfo": {"status": "success"},
            "sourceIdentity": {"id": f"u{number}", "identityType": "User"},
        }
        for cycle in range(cycles)
        for number in range(6)
    ]


def with_events(folder: Path, listed: list[dict[str, Any]]) -> dict[str, Any]:
    path = folder / "events.json"
    path.write_text(json.dumps(listed))
    report: dict[str, Any] = diagnosed(folder, job(), "--from", str(path), "-f", "json").json
    return report


def test_cycles_that_get_slower_in_the_log(tmp_path: Path) -> None:
    notes = with_events(tmp_path, events(8, slow_from=4))["notes"]
    assert any(
        "one object took 0.4 s in the 4 cycles" in n and "4.0 s in the 4" in n for n in notes
    )
    assert any("check-endpoint URL --load" in note for note in notes)


def test_cycles_at_one_pace_are_not_called_slower(tmp_path: Path) -> None:
    even = with_events(tmp_path, events(8, slow_from=99))
    assert not any("slower" in text for text in (*even["notes"], *even["limits"]))
    quick = with_events(tmp_path, events(8, slow_from=4, milliseconds=20))
    assert not any("slower" in note for note in quick["notes"])


def test_too_few_cycles_are_said(tmp_path: Path) -> None:
    limits = with_events(tmp_path, events(3, slow_from=2))["limits"]
    assert any("getting slower could not be seen" in limit for limit in limits)
