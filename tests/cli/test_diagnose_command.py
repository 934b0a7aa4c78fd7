"""`diagnose` and `explain` through their front doors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from scimdoctor.cli.commands.diagnose import diagnose
from scimdoctor.cli.commands.explain import explain
from scimdoctor.cli.session import Session
from scimdoctor.endpoint.har import write_har
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from tests.causes.build import NOW, exchange, op, patch, reason
from tests.fakes.command import Ran, run_command
from tests.fakes.microsoft import Microsoft
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
    assert any("give --endpoint" in limit for limit in report["limits"])
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


def test_requests_that_were_only_planned_are_no_answers(tmp_path: Path) -> None:
    har = tmp_path / "plan.har"
    planned = replace(exchange("PATCH", "/Users/u1", 400, sent=DISABLE), response=None)
    har.write_text(write_har([planned]))
    ran = run(tmp_path, "--har", str(har), "-f", "json")
    assert ran.json["diagnoses"] == []
    assert any("planned and never sent" in limit for limit in ran.json["limits"])


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
        ("boolean-text-case-sensitive", 400, "boolean-string-rejected", "confirmed"),
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


def test_printed_commands_name_files_app_and_endpoint(tmp_path: Path) -> None:
    failed = record(reason(409)) | {
        "provisioningAction": "create",
        "servicePrincipal": {"id": "sp-1", "displayName": "Example SCIM app"},
    }
    source = events(tmp_path, failed)
    flagged = f"{BASE_URL}?aadOptscim062020&token=hidden"
    ran = run(tmp_path, "--from", source, "--endpoint", flagged, "-f", "json", app=ScimApp())
    report = ran.json
    assert "hidden" not in ran.stdout
    steps = [s["command"] for d in report["diagnoses"] for s in d["remediation"] if s["command"]]
    assert steps
    assert all("--app 'Example SCIM app'" in s or BASE_URL in s for s in steps)
    following = [r["next_command"] for r in report["replays"] if r["next_command"]]
    for command in following:
        assert "'Example SCIM app'" in command or f"--from {source}" in command


def test_our_token_is_not_taken_for_entras(tmp_path: Path) -> None:
    """A 500 stays a 500, whatever the endpoint says to a token of ours that it does not know."""
    source = events(tmp_path, record(reason(500, "boom")))
    alone = run(tmp_path, "--from", source, "-f", "json").json
    provider = ScimServiceProvider(token="another")
    asked = ("--from", source, "--endpoint", BASE_URL)
    report = run(tmp_path, *asked, "-f", "json", app=provider.handle).json
    assert [d["cause"] for d in report["diagnoses"]] == [d["cause"] for d in alone["diagnoses"]]
    assert "refused the token given to scimdoctor (401)" in report["limits"][0]
    shown = run(tmp_path, *asked, app=provider.handle).stdout
    assert shown.index("refused the token") < shown.index("Causes")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("graph-schema-default.json", "is an attribute mapping: give it with --schema"),
        ("graph-job-active.json", "is a synchronization job: give it with --job"),
        ("capture.har", "is a HAR capture: give it with --har"),
    ],
)
def test_a_file_that_holds_no_events_is_called_by_its_name(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "capture.har").write_text(write_har([exchange("GET", "/Users/u1", 200)]))
    path = DATA / name if name.startswith("graph") else tmp_path / name
    ran = run(tmp_path, "--from", str(path), "-f", "json")
    assert ran.status == 3
    assert said in ran.json["limits"][0]


@pytest.mark.parametrize("content", ['[{"id": "e1", "provisioningAct', '{"a": 1}'])
def test_a_damaged_or_foreign_file_is_no_success(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content)
    ran = run(tmp_path, "--from", str(path), "-f", "json")
    assert ran.status == 3
    assert not ran.json["diagnoses"]
    assert not any("attribute mapping: give" in limit for limit in ran.json["limits"])


def test_a_filter_that_matches_nothing_is_said(tmp_path: Path) -> None:
    source = events(tmp_path, record(reason(405)))
    ran = run(tmp_path, "--from", source, "--user", "nobodyatall", "-f", "json")
    assert ran.json["diagnoses"] == []
    assert "no event matches --user nobodyatall" in ran.json["limits"]


def test_several_objects_of_a_failure_are_named(tmp_path: Path) -> None:
    people = [
        record(reason(405), id_=f"event-{name}")
        | {"sourceIdentity": {"id": name, "displayName": name, "identityType": "User"}}
        for name in ("Ada Example", "Bo Example", "Cy Example", "Di Example")
    ]
    source = events(tmp_path, *people)
    (found,) = run(tmp_path, "--from", source, "-f", "json").json["diagnoses"]
    assert sorted(found["affected"]["names"]) == sorted(p["sourceIdentity"]["id"] for p in people)
    assert found["evidence"][0]["label"] in found["affected"]["names"]
    shown = run(tmp_path, "--from", source).stdout
    assert "4 objects (" in shown
    assert "event of " in shown
    hidden = run(tmp_path, "--from", source, "--redact").stdout
    assert "4 objects (" in hidden
    assert "Example" not in hidden


def test_objects_are_counted_once_and_named_though_one_failed_most(tmp_path: Path) -> None:
    def failed(name: str, number: int, text: str) -> dict[str, Any]:
        identity = {"id": name, "displayName": name, "identityType": "User"}
        moment = f"2026-07-01T09:{number:02}:00Z"
        own = {"sourceIdentity": identity, "activityDateTime": moment}
        return record(text, id_=f"{name}-{number}") | own

    rows = [failed("Ada", 50 - n, reason(405)) for n in range(9)]
    rows += [failed("Bo", 1, reason(405)), failed("Ada", 2, "405 MethodNotAllowed")]
    (found,) = run(tmp_path, "--from", events(tmp_path, *rows), "-f", "json").json["diagnoses"]
    affected = found["affected"]
    assert (affected["events"], affected["objects"]) == (11, 2)
    assert affected["names"] == ["Ada", "Bo"]


def test_users_are_judged_as_users_though_groups_failed_last(tmp_path: Path) -> None:
    """One page answers every query: where groups come last, their sample is the newest."""
    page = "<!DOCTYPE html><html><head><title>Page not found</title></head></html>"

    def failed(name: str, number: int, kind: str) -> dict[str, Any]:
        details = {"UserPrincipalName": f"{name}@example.com"} if kind == "User" else {}
        own = {"id": name, "displayName": name, "identityType": kind, "details": details}
        target = {"identityType": kind}
        moment = f"2026-07-01T09:{number:02}:00Z"
        made = record(reason(404, page), action="other", id_=f"{name}-{number}")
        step = {"name": "EntryImport", "provisioningStepType": "matching", "status": "failure"}
        return made | {
            "sourceIdentity": own,
            "targetIdentity": target,
            "activityDateTime": moment,
            "modifiedProperties": [],
            "provisioningSteps": [step],
        }

    rows = [failed(f"user{n}", n, "User") for n in range(7)]
    rows += [failed(f"team{n}", 10 + n, "Group") for n in range(6)]
    found = run(tmp_path, "--from", events(tmp_path, *rows), "-f", "json").json["diagnoses"]
    told = {d["cause"]: d["affected"]["objects"] for d in found}
    assert told == {"tenant-url-wrong": 7, "groups-endpoint-missing": 6}


def test_a_recent_change_of_settings_is_told(tmp_path: Path) -> None:
    microsoft = Microsoft()
    microsoft.tenant.audit_log = [
        {
            "id": "audit-1",
            "loggedByService": "Account Provisioning",
            "activityDateTime": "2026-07-01T08:00:00Z",
            "activityDisplayName": "Update attribute mappings or scope",
            "initiatedBy": {"user": {"userPrincipalName": "admin@example.com"}},
            "targetResources": [{"id": "22222222-2222-4222-8222-222222222222"}],
        }
    ]
    config = tmp_path / "config.toml"
    config.touch()
    with microsoft.connect() as graph:
        session = Session(graph_client=graph, now=lambda: NOW, config_path=config, environ={})
        ran = run_command(diagnose, session, "Example SCIM app", "--no-archive", "-f", "json")
    (told,) = [note for note in ran.json["notes"] if "Settings were changed" in note]
    assert "2026-07-01 08:00 UTC by admin@example.com" in told
    assert ran.json["target"]["app"] == "Example SCIM app"


def explained(*arguments: str) -> Ran:
    return run_command(explain, Session(), *arguments)


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("manager-value-shape", "bare id"),
        ("SystemForCrossDomainIdentityManagementServiceIncompatible", "could not be used"),
        ("SystemForCrossDomainIdentityManagementBadRequest", "400 (HTTP status)"),
        ("SystemForCrossDomainIdentityManagementServiceUnavailable", "503 (HTTP status)"),
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


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "AADSTS7000222: The provided client secret keys are expired. Trace ID: 1",
            "AADSTS7000222",
        ),
        ("HTTP 404", "404"),
        ("404 Not Found", "404"),
        ("not found", "404"),
        ("StatusCode: Conflict", "Conflict"),
        ("StatusCode: NotFound Web Response: <html></html>", "404"),
        ("None", "None"),
        ("boolean string rejected", "boolean-string-rejected"),
        (
            "SystemForCrossDomainIdentityManagementServiceIncompatible: StatusCode: BadRequest",
            "400",
        ),
        ('StatusCode: BadRequest Web Response: {"scimType":"noTarget","status":"400"}', "noTarget"),
        ("SalesforceInvalidCredentials", "InvalidCredentials"),
        ("skipped with NotEffectivelyEntitled today", "NotEffectivelyEntitled"),
        ("The remote name could not be resolved: 'x.example'", "endpoint-unreachable-or-blocked"),
        ("418", "418"),
        ("AADSTS9999999", "AADSTS9999999"),
    ],
)
def test_explain_finds_what_stands_in_a_message(text: str, first: str) -> None:
    entries = explained(text, "-f", "json").json["explanations"]
    assert entries[0]["id"] == first


@pytest.mark.parametrize(
    "text",
    [
        "SystemForCrossDomainIdentityManagementWeather",
        "http 22",
        "99",
        "the weather is fine",
        "nobody found it",
    ],
)
def test_explain_reads_nothing_into_other_text(text: str) -> None:
    assert explained(text).status == 2


def test_explain_tells_each_side_what_to_do_with_where_and_how() -> None:
    from scimdoctor.cli.explanations import every_explanation

    both = {"HTTP status", "scimType"}
    for entry in every_explanation():
        if entry.kind in {"cause", "check"}:
            continue
        sections = dict(entry.sections)
        told = "\n".join(line for _, lines in entry.sections for line in lines)
        assert sections["References"], entry.id
        assert "Entra admin: " in told, entry.id
        assert entry.kind not in both or "app developer: " in told, entry.id
        fine = entry.id in {"200", "201", "204"}
        assert fine or (" > " in told and "$ scimdoctor " in told), entry.id
    assert "client secret" in explained("InvalidCredentials").stdout
    assert "AADSTS7000222" in explained("AADSTS700222").stdout


def test_explain_lists_and_suggests() -> None:
    assert "patch-op-case-sensitive" in explained("--list").stdout
    ran = explained("patch-op-case-sensitiv")
    assert ran.status == 2
    assert "patch-op-case-sensitive" in ran.stderr
    assert "explain --list" in explained("qqqqzzzz").stderr


def test_explain_names_the_usual_causes_of_a_status_and_of_a_type() -> None:
    from scimdoctor.causes import find_cause
    from scimdoctor.cli.explanations import every_explanation

    told = [e for e in every_explanation() if e.kind in {"HTTP status", "scimType"}]
    named = {e.id: dict(e.sections).get("Usual causes", ()) for e in told}
    assert named["404"][0] == "tenant-url-wrong"
    assert named["uniqueness"] == ("existing-account-not-matchable",)
    assert named["204"] == ()
    assert all(find_cause(cause) for causes in named.values() for cause in causes)


def test_explain_gives_an_admin_the_place_and_the_command_for_codes_and_reasons() -> None:
    from scimdoctor.cli.explanations import every_explanation

    for entry in every_explanation():
        told = entry.text()
        if entry.kind == "quarantine reason" or "What ends that cause" in told:
            assert "$ scimdoctor " in told, entry.id
    skipped = explained("NotEffectivelyEntitled").stdout
    assert "Users and groups" in skipped
    assert "entra-admin" not in skipped
    assert "job restart APP --scope quarantine" in explained("TooManyDeletes").stdout


def test_explain_wraps_its_text_and_keeps_commands_whole() -> None:
    from scimdoctor.cli.explanations import explanations_of

    (entry,) = explanations_of("value-path-unsupported")
    narrow = entry.text(60).splitlines()
    assert "    $ scimdoctor mappings APP" in narrow
    assert all(len(line) <= 60 or " " not in line.strip() for line in narrow)
    assert entry.text(60).split() == entry.text().split()


@pytest.mark.parametrize(
    ("fault", "path", "cause"),
    [
        ("value-path-refused", 'emails[type eq "work"].value', "value-path-unsupported"),
        (
            "value-path-no-match-refused",
            'phoneNumbers[type eq "mobile"].value',
            "value-path-no-match-rejected",
        ),
    ],
)
def test_a_few_requests_tell_related_causes_apart_where_the_app_says_nothing(
    tmp_path: Path, fault: str, path: str, cause: str
) -> None:
    vague = record(reason(400)) | {
        "modifiedProperties": [{"displayName": path, "oldValue": None, "newValue": "x"}]
    }
    provider = ScimServiceProvider(token=TOKEN, faults=[fault])
    ran = run(
        tmp_path,
        *("--from", events(tmp_path, vague), "--endpoint", BASE_URL, "--shadow", "--yes"),
        *("-f", "json"),
        app=provider.handle,
    )
    assert ran.json["diagnoses"][0]["cause"] == cause
    assert len(ran.json["exchanges"]) <= 60
    assert not provider.users


def test_what_a_capture_does_not_give_is_said(tmp_path: Path) -> None:
    capture = tmp_path / "broken.har"
    capture.write_text(json.dumps({"log": {"entries": [{"request": "none"}]}}))
    ran = run(tmp_path, "--har", str(capture), "-f", "json")
    assert any("broken.har: entry 1 was passed over" in limit for limit in ran.json["limits"])
    assert not any("no --har" in limit for limit in ran.json["limits"])


def test_an_app_that_no_saved_event_is_of_is_named(tmp_path: Path) -> None:
    ran = run(tmp_path, "--from", events(tmp_path, record(reason(405))), "Other", "-f", "json")
    assert "no event matches app Other" in ran.json["limits"]


def test_a_saved_mapping_of_another_job_is_named(tmp_path: Path) -> None:
    events = json.loads((DATA.parents[1] / "examples/user-conflict.json").read_text("utf-8"))
    own = run(
        tmp_path,
        *("--from", str(DATA.parents[1] / "examples/user-conflict.json")),
        *("--schema", str(DATA.parents[1] / "examples/schema.json"), "-f", "json"),
    )
    assert not [text for text in own.json["limits"] if "is of job" in text]
    events["value"][0]["jobId"] = "scim.99999999999949998999999999999999.4444"
    (tmp_path / "events.json").write_text(json.dumps(events), "utf-8")
    other = run(
        tmp_path,
        *("--from", str(tmp_path / "events.json")),
        *("--schema", str(DATA.parents[1] / "examples/schema.json"), "-f", "json"),
    )
    (limit,) = [text for text in other.json["limits"] if "is of job" in text]
    assert "schema.json is of job scim.1111" in limit


@pytest.mark.parametrize("option", ["--job", "--schema", "--har"])
def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path, option: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("<html>")
    named = events(tmp_path, record(reason(400)))
    ran = run(tmp_path, "--from", named, option, str(bad), "-f", "json")
    assert ran.json["events"]["read"] == 1
    assert any("bad.json" in limit for limit in ran.json["limits"])
    alone = run(tmp_path, option, str(bad))
    assert alone.status == 3
    assert "bad.json" in alone.stderr


def test_a_file_of_another_kind_is_named_with_its_option(tmp_path: Path) -> None:
    schema = DATA / "graph-schema-default.json"
    named = events(tmp_path, record(reason(400)))
    ran = run(tmp_path, "--from", named, "--job", str(schema), "-f", "json")
    (said,) = [limit for limit in ran.json["limits"] if schema.name in limit]
    assert "an attribute mapping: give it with --schema" in said


def test_an_endpoint_alone_is_checked(tmp_path: Path) -> None:
    sound = ScimApp()
    ran = run(tmp_path, "--endpoint", BASE_URL, "-f", "json", app=sound)
    assert ran.status == 0, ran.stderr
    assert len([f for f in ran.json["findings"] if f["outcome"] == "passed"]) > 5
    assert sound.writes == []
    broken = ScimServiceProvider(token=TOKEN, faults=("filter-no-match-404",))
    found = run(tmp_path, "--endpoint", BASE_URL, "-f", "json", app=broken.handle)
    assert found.status == 1
    assert found.json["diagnoses"][0]["cause"] == "filter-no-match-404"
    assert not [limit for limit in found.json["limits"] if "checked only for" in limit]


def headline_of(ran: Ran) -> str:
    return ran.stdout.splitlines()[0]


def test_nothing_wrong_in_a_capture_or_a_mapping_is_said_so(tmp_path: Path) -> None:
    capture = tmp_path / "capture.har"
    capture.write_text(write_har([exchange("GET", "/Users/u1", 200, {"id": "u1"})]))
    ran = run(tmp_path, "--har", str(capture))
    assert ran.status == 0
    assert "Nothing wrong was seen in the capture (1 exchange)" in headline_of(ran)
    alone = run(tmp_path, "--schema", str(DATA / "graph-schema-default.json"))
    assert alone.status == 0, alone.stdout
    assert "Nothing wrong was seen in the mapping" in headline_of(alone)


def test_without_a_failure_to_go_by_the_endpoint_is_checked_as_a_whole(tmp_path: Path) -> None:
    source = events(tmp_path, record("x") | {"provisioningStatusInfo": {"status": "success"}})
    broken = ScimServiceProvider(token=TOKEN, faults=("filter-no-match-404",))
    ran = run(tmp_path, "--from", source, "--endpoint", BASE_URL, "-f", "json", app=broken.handle)
    assert [d["cause"] for d in ran.json["diagnoses"]] == ["filter-no-match-404"]
    assert ran.json["diagnoses"][0]["confidence"] == "confirmed"
    assert not [limit for limit in ran.json["limits"] if "checked only for" in limit]


def test_reading_tells_a_missing_match_from_a_filter_that_does_not_work(tmp_path: Path) -> None:
    provider = ScimServiceProvider(token=TOKEN, faults=("filter-no-match-400",))
    with httpx.Client(transport=ProviderTransport(provider.handle)) as http:
        user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}
        bearer = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        assert http.post(f"{BASE_URL}/Users", json=user, headers=bearer).status_code == 201
    ran = run(tmp_path, "--endpoint", BASE_URL, "-f", "json", app=provider.handle)
    assert {d["cause"] for d in ran.json["diagnoses"]} == {"filter-no-match-404"}


def test_what_reading_cannot_show_is_said_with_the_command_that_does(tmp_path: Path) -> None:
    source = events(tmp_path, record(reason(400)))
    given = ("--from", source, "--since", "9000d", "--endpoint", BASE_URL)
    asked = (*given, "--request-timeout", "7")
    ran = run(tmp_path, *asked, "-f", "json", app=ScimApp())
    (limit,) = [one for one in ran.json["limits"] if "writes were not allowed" in one]
    command = limit.rpartition(": ")[2]
    assert command.startswith(f"scimdoctor diagnose --from {source} --endpoint {BASE_URL}")
    assert "--shadow" in command
    assert "--since 9000d" in command
    assert "--request-timeout 7" in command


def test_checks_that_all_need_writes_are_not_said_to_have_passed(tmp_path: Path) -> None:
    source = events(tmp_path, record(reason(405)))
    ran = run(tmp_path, "--from", source, "--endpoint", BASE_URL, app=ScimApp())
    assert "0 of 0" not in ran.stdout


def test_explain_in_other_forms(tmp_path: Path) -> None:
    listed = explained("--list", "-f", "json").json
    assert len(listed["explanations"]) > 100
    (entry,) = explained("415", "-f", "json").json["explanations"]
    assert entry["kind"] == "HTTP status"
    assert entry["sections"][0]["lines"] == ["request-content-type-refused"]
    text = explained("patch-op-case-sensitive", "-f", "markdown").stdout
    assert "## What to do" in text
    assert "`scimdoctor check-endpoint URL`" in text
    assert explained("--list", "-f", "markdown").stdout.startswith("- `")
    path = tmp_path / "x.md"
    done = explained("415", "-f", "markdown", "-o", str(path))
    assert done.stdout == ""
    assert path.read_text().startswith("# 415 (HTTP status)")
    assert explained("415", "-o", str(tmp_path / "no" / "x")).status == 3
