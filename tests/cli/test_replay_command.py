"""`replay` and `cleanup` through their front doors."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.cli.commands.cleanup import cleanup
from scimdoctor.cli.commands.replay import replay
from scimdoctor.cli.session import Session
from scimdoctor.endpoint.journal import Journal
from scimdoctor.lab.scim.transport import ProviderTransport
from tests.fakes.command import Ran, run_command
from tests.fakes.scim_app import BASE_URL, TOKEN, ScimApp, scim_error

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@dataclass
class Desk:
    """An app, a session in front of it, and what was asked of the user."""

    app: ScimApp
    folder: Path
    answer: bool = True
    questions: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    transport: httpx.BaseTransport | None = None
    """In place of the app, where it is given."""

    stop_at_wait: int = 0
    """At which pause between replays the user presses Ctrl-C; 0 for never."""

    waits: int = 0

    def run(self, command: Callable[..., None], *arguments: str) -> Ran:
        config = self.folder / "config.toml"
        config.touch()
        environ = {
            "SCIMDOCTOR_ENDPOINT_TOKEN": TOKEN,
            "SCIMDOCTOR_JOURNAL": str(self.folder / "journal.jsonl"),
            "SCIMDOCTOR_ENDPOINT": BASE_URL,
        }
        session = Session(
            config_path=config,
            environ={**environ, **self.environ},
            endpoint_transport=self.transport or ProviderTransport(self.app),
            confirm_with=self.confirm,
            sleep=self.wait,
            monotonic=lambda: 0.0,  # replays take no time, so that each is followed by a wait
        )
        return run_command(command, session, *arguments)

    def wait(self, _seconds: float) -> None:
        self.waits += 1
        if self.waits == self.stop_at_wait:
            raise KeyboardInterrupt

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal.jsonl")

    def event(self, name: str = "e1", *, target: str = "", **changes: str) -> dict[str, Any]:
        action = "update" if target else "create"
        step = "EntryExportUpdate" if target else "EntryExportAdd"
        return {
            "id": name,
            "activityDateTime": "2026-07-01T09:00:00Z",
            "jobId": "scim.job",
            "provisioningAction": action,
            "servicePrincipal": {"id": "sp1", "displayName": "Example SCIM app"},
            "sourceIdentity": {"id": f"s-{name}", "displayName": "ada", "identityType": "User"},
            "targetIdentity": {"id": target, "displayName": "", "identityType": "User"},
            "provisioningStatusInfo": {
                "status": "failure",
                "errorInformation": {
                    "errorCode": "SystemForCrossDomainIdentityManagementBadRequest",
                    "reason": 'StatusCode: BadRequest\r\nWeb Response: {"status":"400"}',
                },
            },
            "provisioningSteps": [
                {"name": step, "provisioningStepType": "export", "status": "failure"}
            ],
            "modifiedProperties": [
                {"displayName": name, "oldValue": None, "newValue": value}
                for name, value in changes.items()
            ],
        }

    def file(self, *events: dict[str, Any]) -> str:
        path = self.folder / "events.json"
        path.write_text(json.dumps({"value": list(events)}))
        return str(path)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(ScimApp(), tmp_path)


def test_read_is_the_default_and_writes_nothing(desk: Desk) -> None:
    events = desk.file(desk.event(userName="ada@example.com"))
    ran = desk.run(replay, "--from", events, "-f", "json")
    assert ran.status == 0, ran.stderr
    (one,) = ran.json["replays"]
    assert (one["mode"], one["verdict"]) == ("read", "not-sent")
    assert desk.app.writes == []
    assert desk.questions == []


def test_the_next_command_can_be_pasted(desk: Desk) -> None:
    path = desk.file(desk.event(userName="ada@example.com"))
    found = desk.run(replay, "--from", path, "-f", "json").json["replays"][0]
    assert found["next_command"] == (
        f"scimdoctor replay e1 --mode shadow --from {path} --endpoint {BASE_URL}"
    )


def test_plan_needs_no_endpoint_and_no_token(desk: Desk) -> None:
    desk.environ = {"SCIMDOCTOR_ENDPOINT_TOKEN": "", "SCIMDOCTOR_ENDPOINT": ""}
    events = desk.file(desk.event(userName="ada@example.com"))
    ran = desk.run(replay, "--from", events, "--mode", "plan", "-f", "json")
    assert ran.status == 0, ran.stderr
    assert len(ran.json["replays"][0]["requests"]) == 2
    assert desk.app.asked == []


def test_planned_requests_are_saved_as_har_and_read_back(desk: Desk) -> None:
    events = desk.file(desk.event(userName="ada@example.com"))
    har = desk.folder / "plan.har"
    asked = ("--mode", "plan", "-f", "json")
    ran = desk.run(replay, "--from", events, *asked, "--save-har", str(har))
    assert ran.status == 0, ran.stderr
    entries = json.loads(har.read_text())["log"]["entries"]
    assert [e["request"]["url"].partition("?")[0] for e in entries] == [f"{BASE_URL}/Users"] * 2
    assert [e["response"]["status"] for e in entries] == [0, 0]
    again = desk.run(replay, "--har", str(har), *asked)
    keys = ("method", "path", "query", "headers", "body")
    sent, back = (
        [{k: r[k] for k in keys} for one in each.json["replays"] for r in one["requests"]]
        for each in (ran, again)
    )
    assert sent == back
    assert len(sent) == 2
    assert desk.app.asked == []
    shadow = desk.run(replay, "--har", str(har), "--mode", "shadow", "-f", "json")
    assert not any(one["summary"].count("capture says") for one in shadow.json["replays"])


def test_a_request_that_was_never_sent_has_no_earlier_result(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com", title="a")
    events = desk.file(desk.event(target=user, title="b"))
    har = desk.folder / "plan.har"
    desk.run(replay, "--from", events, "--mode", "plan", "--save-har", str(har))
    document = json.loads(har.read_text())
    entries = document["log"]["entries"]
    document["log"]["entries"] = [entries[-1], *entries[:-1]]
    har.write_text(json.dumps(document))
    asked = [entry["request"]["method"] for entry in document["log"]["entries"]]
    assert asked[0] == "PATCH"
    assert "GET" in asked
    works = desk.run(replay, "--har", str(har), "--mode", "live", "-f", "json")
    found = works.json["replays"]
    assert [one["event"] for one in found] == [f"h{n}" for n in range(1, len(asked) + 1)]
    assert {one["verdict"] for one in found} == {"works-now"}
    desk.app.rules.append(lambda _: scim_error(400))
    fails = desk.run(replay, "--har", str(har), "-f", "json")
    assert fails.status == 1
    found += fails.json["replays"]
    text = " ".join(one["summary"] for one in found)
    assert text.count("; the capture holds no answer to compare with") == len(found)
    assert text.count("fails (400") == len(asked)
    for false in ("works now", "differently", "no failure", "no write"):
        assert false not in text
    shown = desk.run(replay, "--har", str(har)).stdout
    assert f"{len(asked)} fail." in shown
    assert "differently" not in shown


def test_a_har_of_planned_requests_needs_whole_urls(desk: Desk) -> None:
    desk.environ = {"SCIMDOCTOR_ENDPOINT": ""}
    events = desk.file(desk.event(userName="ada@example.com"))
    har = desk.folder / "plan.har"
    ran = desk.run(replay, "--from", events, "--mode", "plan", "--save-har", str(har))
    assert ran.status == 2
    assert "--endpoint" in ran.stderr
    assert not har.exists()


def test_shadow_asks_with_host_and_number(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com", title="a")
    events = desk.file(desk.event(target=user, title="b"))
    ran = desk.run(replay, "--from", events, "--mode", "shadow", "-f", "json")
    assert ran.status == 0, ran.stderr
    assert ran.json["replays"][0]["verdict"] == "works-now"
    (question,) = desk.questions
    assert "scim.example.com" in question
    assert "at most 4 writes" in question
    assert list(desk.app.provider.users) == [user]


def test_no_means_no(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com")
    desk.answer = False
    ran = desk.run(
        replay, "--from", desk.file(desk.event(target=user, title="b")), "--mode", "live"
    )
    assert ran.status == 2
    assert desk.app.writes == []


def test_yes_is_not_asked_and_neither_is_loopback(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com")
    events = desk.file(desk.event(target=user, title="b"))
    ran = desk.run(replay, "--from", events, "--mode", "shadow", "--yes")
    assert ran.status == 0
    local = "http://127.0.0.1:1/scim"
    desk.run(replay, "--from", events, "--mode", "shadow", "--endpoint", local)
    assert desk.questions == []


def test_live_and_rollback(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com", title="a")
    events = desk.file(desk.event(target=user, title="b"))
    har = desk.folder / "out.har"
    ran = desk.run(replay, "--from", events, "--mode", "live", "-f", "json", "--save-har", str(har))
    assert ran.json["replays"][0]["verdict"] == "works-now"
    assert desk.app.provider.users[user]["title"] == "b"
    assert TOKEN not in har.read_text()
    assert stat.S_IMODE(har.stat().st_mode) == 0o600
    (saved,) = (desk.folder / "rollback").glob("*.json")
    undone = desk.folder / "undone.har"
    back = desk.run(replay, "--rollback", str(saved), "-f", "json", "--save-har", str(undone))
    assert back.status == 0, back.stderr
    assert "PATCH" in undone.read_text()
    assert "a" in desk.questions[-1]
    assert desk.app.provider.users[user]["title"] == "a"


def test_no_archive_of_requests_goes_beside_pseudonyms(desk: Desk) -> None:
    events = desk.file(desk.event(target=desk.app.add_user("ada@example.com"), title="b"))
    har = desk.folder / "out.har"
    ran = desk.run(replay, "--from", events, "--redact", "--save-har", str(har))
    assert ran.status == 2
    assert not har.exists()


@pytest.fixture
def rollback(desk: Desk) -> str:
    """The file of a live replay that changed Ada's title from a to b."""
    user = desk.app.add_user("ada@example.com", title="a")
    desk.run(replay, "--from", desk.file(desk.event(target=user, title="b")), "--mode", "live")
    (saved,) = (desk.folder / "rollback").glob("*.json")
    return str(saved)


def test_a_rollback_file_for_another_host_is_not_followed(desk: Desk, rollback: str) -> None:
    asked = len(desk.app.asked)
    foreign = Path(rollback).read_text().replace(BASE_URL, "https://elsewhere.example/scim")
    Path(rollback).write_text(foreign)
    for arguments in ([], ["--endpoint", BASE_URL], ["--yes"]):
        ran = desk.run(replay, "--rollback", rollback, *arguments)
        assert ran.status == 2
        assert "elsewhere.example" in ran.stderr
    assert len(desk.app.asked) == asked


@pytest.mark.parametrize("url", ["https://elsewhere.example/scim", "http://127.0.0.1:9/scim"])
def test_a_host_that_only_the_file_names_is_always_asked_about(
    desk: Desk, rollback: str, url: str
) -> None:
    asked = len(desk.app.asked)
    Path(rollback).write_text(Path(rollback).read_text().replace(BASE_URL, url))
    desk.environ, desk.answer = {"SCIMDOCTOR_ENDPOINT": ""}, False
    ran = desk.run(replay, "--rollback", rollback, "--yes")
    assert ran.status == 2
    assert url in desk.questions[-1]
    assert "1 write" in desk.questions[-1]
    assert len(desk.app.asked) == asked


def test_what_was_put_back_is_said_so(desk: Desk, rollback: str) -> None:
    back = desk.run(replay, "--rollback", rollback, "-f", "json")
    assert back.json["replays"][0]["verdict"] == "put-back"
    (user,) = desk.app.provider.users.values()
    assert user["title"] == "a"
    shown = desk.run(replay, "--rollback", rollback)
    assert "put back" in shown.stdout
    assert "works now" not in shown.stdout


def test_a_failure_gives_status_1(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com")
    desk.app.refuse("PATCH", "/Users", 400)
    events = desk.file(desk.event(target=user, title="b"))
    ran = desk.run(replay, "--from", events, "--mode", "shadow", "-f", "json")
    assert ran.status == 1
    assert ran.json["replays"][0]["verdict"] == "same-failure"


def test_a_host_that_is_not_reached_gives_status_3(desk: Desk) -> None:
    def dead(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x") from ConnectionRefusedError()

    desk.transport = httpx.MockTransport(dead)
    events = desk.file(desk.event("e1"), desk.event("e2", userName="ada@example.com"))
    ran = desk.run(replay, "--from", events, "-f", "json")
    assert ran.status == 3
    assert {r["verdict"] for r in ran.json["replays"]} <= {"not-sent", "not-rebuilt"}
    assert any("could not be reached from here" in text for text in ran.json["limits"])


def test_chosen_events_and_filters(desk: Desk) -> None:
    first = desk.event("e1", userName="ada@example.com")
    second = desk.event("e2", userName="bob@example.com")
    events = desk.file(first, second)
    named = desk.run(replay, "e2", "--from", events, "-f", "json")
    assert [r["event"] for r in named.json["replays"]] == ["e2"]
    limited = desk.run(replay, "--from", events, "--limit", "1", "-f", "json")
    assert len(limited.json["replays"]) == 1
    assert any("--limit 1" in text for text in limited.json["limits"])
    none = desk.run(replay, "--from", events, "--signature", "0000000000", "-f", "json")
    assert none.json["replays"] == []
    (note,) = none.json["notes"]
    assert note.startswith("none of 2 failing events has the signature 0000000000")
    other = desk.run(replay, "--from", events, "--cause", "token-expired-or-revoked", "-f", "json")
    assert other.json["replays"] == []
    assert "likely cause token-expired-or-revoked" in other.json["notes"][0]
    absent = desk.run(replay, "e9", "--from", events)
    assert absent.status == 3
    assert "e9" in absent.stderr


def test_equal_answers_end_a_long_run(desk: Desk) -> None:
    desk.app.refuse("GET", "/Users", 500)
    events = [desk.event(f"e{n}", userName=f"p{n}@example.com") for n in range(9)]
    ran = desk.run(replay, "--from", desk.file(*events), "--stop-after", "3", "-f", "json")
    assert len(ran.json["replays"]) == 3
    assert any("6 more" in text for text in ran.json["limits"])


def test_a_capture_is_replayed(desk: Desk) -> None:
    har = EXAMPLES / "email-refused.har"
    ran = desk.run(replay, "--har", str(har), "--mode", "plan", "-f", "json")
    assert ran.status == 0, ran.stderr
    assert ran.json["replays"]
    read = desk.run(replay, "--har", str(har), "-f", "json")
    assert read.status in {0, 1}
    assert desk.app.writes == []


def test_nothing_is_called_failed_in_a_capture_where_all_went_well(desk: Desk) -> None:
    har = json.loads((EXAMPLES / "email-refused.har").read_text())
    (asked,) = [e for e in har["log"]["entries"] if e["request"]["method"] == "GET"][:1]
    har["log"]["entries"] = [asked]
    path = desk.folder / "well.har"
    path.write_text(json.dumps(har))
    ran = desk.run(replay, "--har", str(path), "--mode", "plan")
    assert "GET" in ran.stdout
    assert "the one that failed" not in ran.stdout
    both = desk.run(replay, "--har", str(EXAMPLES / "email-refused.har"), "--mode", "plan")
    assert "the one that failed" in both.stdout


def test_a_user_without_mail_is_matched_by_what_there_is(desk: Desk) -> None:
    schema = json.loads((EXAMPLES / "schema.json").read_text())
    for rule in schema["synchronizationRules"]:
        for mapping in rule["objectMappings"]:
            for item in mapping["attributeMappings"]:
                if item["targetAttributeName"] == 'emails[type eq "work"].value':
                    item["matchingPriority"] = 2
    saved = desk.folder / "schema.json"
    saved.write_text(json.dumps(schema))
    arguments = ("--schema", str(saved), "--mode", "plan")
    said = "the query by the matching attribute emails[type eq"
    bare = desk.file(desk.event(userName="ada@example.com"))
    ran = desk.run(replay, "--from", bare, *arguments)
    assert "userName+eq+" in ran.stdout
    assert said in " ".join(ran.stdout.split())
    mail = {"userName": "ada@example.com", 'emails[type eq "work"].value': "ada@example.com"}
    known = desk.file(desk.event(**mail))
    assert said not in " ".join(desk.run(replay, "--from", known, *arguments).stdout.split())


def test_an_event_without_steps_does_not_stop_the_rest(desk: Desk) -> None:
    bare = desk.event("e1", userName="ada@example.com")
    bare |= {"provisioningSteps": None, "modifiedProperties": None}
    events = desk.file(bare, desk.event("e2", userName="bob@example.com"))
    ran = desk.run(replay, "--from", events, "--mode", "plan", "-f", "json")
    assert ran.status in {0, 1}, ran.stderr
    verdicts = {r["event"]: r["verdict"] for r in ran.json["replays"]}
    assert set(verdicts) == {"e1", "e2"}
    assert verdicts["e2"] == "not-sent"


def test_modes_and_forms_in_any_letter_case(desk: Desk) -> None:
    events = desk.file(desk.event(userName="ada@example.com"))
    ran = desk.run(replay, "--from", events, "--mode", "PLAN", "-f", "JSON")
    assert ran.json["replays"][0]["mode"] == "plan"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "nothing to replay"),
        (["--from", "absent.json"], 3, "absent.json"),
        (["--har", "absent.har"], 3, "absent.har"),
        (["--har", str(EXAMPLES / "schema.json")], 3, "no HAR"),
        (["--rollback", "absent.json"], 3, "absent.json"),
        (["--mode", "sideways"], 2, "sideways"),
        (["--from", "e.json", "--cause", "boolean-string-rejectd"], 2, "boolean-string-rejected"),
        (["--from", "e.json", "--signature", "e1"], 2, "ten hexadecimal digits"),
        (["--har", "x.har", "--cause", "token-expired-or-revoked"], 2, "--cause chooses"),
        (
            ["--har", str(EXAMPLES / "email-refused.har"), "event-1"],
            3,
            "no captured request event-1",
        ),
    ],
)
def test_wrong_input_is_said(desk: Desk, arguments: list[str], status: int, words: str) -> None:
    ran = desk.run(replay, *arguments)
    assert ran.status == status
    assert words in ran.stderr


def test_endpoint_is_needed_and_must_be_sound(desk: Desk) -> None:
    events = desk.file(desk.event(userName="ada@example.com"))
    for url, words in (
        ("ftp://x.example", "http"),
        ("http://x.example/scim", "readable"),
        ("https://me:pw@x.example/scim", "password"),
    ):
        ran = desk.run(replay, "--from", events, "--endpoint", url)
        assert ran.status == 2
        assert words in ran.stderr
    desk.environ = {"SCIMDOCTOR_ENDPOINT": ""}
    assert desk.run(replay, "--from", events).status == 2
    desk.environ = {"SCIMDOCTOR_ENDPOINT_TOKEN": ""}
    missing = desk.run(replay, "--from", events)
    assert missing.status == 2
    assert "token is missing" in missing.stderr


def test_unwritable_har_is_an_error(desk: Desk) -> None:
    events = desk.file(desk.event(userName="ada@example.com"))
    ran = desk.run(replay, "--from", events, "--save-har", str(desk.folder / "no" / "x.har"))
    assert ran.status == 3


def leave(desk: Desk, value: str, base_url: str = BASE_URL) -> None:
    desk.journal.about_to_create(base_url, "Users", attribute="userName", value=value)


def test_cleanup_removes_what_is_left(desk: Desk) -> None:
    person = desk.app.add_user("ada@example.com")
    desk.app.add_user("scimdoctor-1@example.com")
    leave(desk, "scimdoctor-1@example.com")
    leave(desk, "scimdoctor-2@example.com")
    leave(desk, "scimdoctor-3@example.com", "https://other.example")
    ran = desk.run(cleanup, "-f", "json")
    assert ran.status == 0, ran.stderr
    told = "1 test resource removed; 1 was not in the app any more."
    assert ran.json["status"]["headline"] == told
    assert list(desk.app.provider.users) == [person]
    assert "2 test resources from scim.example.com, with at most 4 writes" in desk.questions[0]
    assert len(desk.journal.resources()) == 1


def test_cleanup_without_an_endpoint_lists(desk: Desk) -> None:
    desk.environ = {"SCIMDOCTOR_ENDPOINT": ""}
    nothing = desk.run(cleanup)
    assert nothing.status == 0
    assert "✓ Nothing is left over from earlier runs." in nothing.stdout
    leave(desk, "scimdoctor-1@example.com")
    leave(desk, "scimdoctor-2@example.com", "https://other.example")
    ran = desk.run(cleanup)
    assert ran.status == 1
    assert "2 test resources may be left in 2 apps." in ran.stdout
    assert f"user  scimdoctor-1@example.com in {BASE_URL}, made " in ran.stdout
    assert "user  scimdoctor-2@example.com in https://other.example" in ran.stdout
    assert f"scimdoctor cleanup --endpoint {BASE_URL}\n" in ran.stdout
    assert desk.app.asked == []


def test_cleanup_of_nothing_opens_nothing(desk: Desk) -> None:
    ran = desk.run(cleanup, "-f", "json")
    assert ran.status == 0
    assert desk.app.asked == []


def test_cleanup_refused_and_failing(desk: Desk) -> None:
    desk.app.add_user("scimdoctor-1@example.com")
    leave(desk, "scimdoctor-1@example.com")
    desk.answer = False
    no = desk.run(cleanup)
    assert no.status == 2
    assert no.stderr.endswith("Nothing was changed.\n")
    desk.app.refuse("DELETE", "/Users", 403)
    failed = desk.run(cleanup, "--yes", "-f", "json")
    assert failed.status == 1
    assert "1 of 1 test resource could not be removed." in failed.stdout
    assert "403" in failed.json["status"]["facts"][0][1]
    (desk.folder / "journal.jsonl").write_bytes(b"garbage\n")
    assert any("1 line" in text for text in desk.run(cleanup, "-f", "json").json["limits"])


def test_ctrl_c_reports_what_was_done_and_ends_with_130(desk: Desk) -> None:
    users = [desk.app.add_user(f"u{n}@example.com") for n in range(3)]
    events = desk.file(*(desk.event(f"e{n}", target=u, title="b") for n, u in enumerate(users)))
    desk.stop_at_wait = 2
    ran = desk.run(replay, "--from", events, "-f", "json")
    assert ran.status == 130
    assert len(ran.json["replays"]) == 2
    assert ran.json["replays"][0]["label"] == "ada"
    assert "1 event was not replayed: interrupted" in ran.json["limits"]


def test_a_refused_token_is_said_once(desk: Desk) -> None:
    for number in range(8):
        leave(desk, f"scimdoctor-{number}@example.com")
    desk.app.refuse("GET", "/Users", 401)
    ran = desk.run(cleanup, "--yes")
    assert ran.status == 1
    assert ran.stdout.count("401") == 1
    assert "8 of 8 test resources could not be removed." in ran.stdout
    assert len(desk.journal.resources()) == 8


def test_where_there_is_nothing_to_replay_it_is_said_where_it_was_looked(desk: Desk) -> None:
    events = desk.file(desk.event() | {"provisioningStatusInfo": {"status": "success"}})
    ran = desk.run(replay, "--from", events, "-f", "json")
    assert ran.status == 0
    assert f"no failing event in {events}" in ran.json["notes"][0]
    assert "There was no event to replay." in ran.stderr


def test_a_capture_of_a_replay_leaves_out_what_entra_never_sent(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com", title="a")
    events = desk.file(desk.event(target=user, title="b"))
    har, undone = desk.folder / "live.har", desk.folder / "undone.har"
    first = desk.run(
        replay, "--from", events, "--mode", "live", "-f", "json", "--save-har", str(har)
    )
    entries = json.loads(har.read_text())["log"]["entries"]
    own = [entry for entry in entries if entry.get("_own")]
    assert len(own) == 2
    assert all("Entra sends no such request" in entry["comment"] for entry in own)
    desk.app.provider.users[user]["title"] = "a"
    again = desk.run(replay, "--har", str(har), "-f", "json")
    assert len(again.json["replays"]) == len(entries) - len(own)
    assert "PATCH" in [r["method"] for one in again.json["replays"] for r in one["requests"]]
    assert f"2 of {len(entries)} requests are scimdoctor's own" in again.json["notes"][0]
    last = next(o for o in again.json["replays"] if o["next_command"])
    words = last["next_command"].split()
    assert words[:3] == ["scimdoctor", "replay", last["event"]]
    pasted = desk.run(replay, *words[2:], "-f", "json", "--yes")
    assert [one["event"] for one in pasted.json["replays"]] == [last["event"]]
    desk.app.provider.users[user]["title"] = "b"
    (saved,) = (desk.folder / "rollback").glob("*.json")
    desk.run(replay, "--rollback", str(saved), "--save-har", str(undone))
    refused = desk.run(replay, "--har", str(undone))
    assert refused.status == 3
    assert "all that was captured is scimdoctor's own" in refused.stderr.replace("\n", " ")
    assert first.status == 0


def test_a_capture_of_a_shadow_holds_no_throwaway_copy(desk: Desk) -> None:
    user = desk.app.add_user("ada@example.com", title="a")
    har = desk.folder / "shadow.har"
    asked = ("--mode", "shadow", "--save-har", str(har))
    desk.run(replay, "--from", desk.file(desk.event(target=user, title="b")), *asked)
    entries = json.loads(har.read_text())["log"]["entries"]
    assert {e["request"]["method"] for e in entries if e.get("_own")} >= {"POST", "PATCH", "DELETE"}
    assert {e["request"]["method"] for e in entries if not e.get("_own")} == {"GET"}
    new = desk.event(userName="bob@example.com")
    desk.run(replay, "--from", desk.file(new), *asked)
    kept = [e for e in json.loads(har.read_text())["log"]["entries"] if not e.get("_own")]
    assert [e["request"]["method"] for e in kept] == ["GET", "POST"]
    desk.app.refuse("PATCH", "/Users", 400)
    desk.run(replay, "--from", desk.file(desk.event(target=user, title="b")), *asked)
    again = desk.run(replay, "--har", str(har))
    assert "1 failed on copies that are gone" in " ".join(again.stdout.split())
    assert again.stdout.startswith("?")
