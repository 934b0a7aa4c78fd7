"""`check-endpoint` through its front door."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from scimdoctor.cli.commands.check_endpoint import check_endpoint
from scimdoctor.cli.session import Session
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from tests.fakes.command import Ran, run_command

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.lab.http import LabRequest, LabResponse

URL = "https://scim.example.com/scim"
LOOPBACK = "http://127.0.0.1:8080/scim"
NO_SOCKET = ("--skip", "tls")


@dataclass
class Desk:
    """A provider, and what was asked of the user."""

    provider: ScimServiceProvider
    folder: Path
    answer: bool = True
    questions: list[str] = field(default_factory=list)

    def run(self, *arguments: str, token: str = "lab-token") -> Ran:
        config = self.folder / "config.toml"
        config.touch()
        session = Session(
            config_path=config,
            environ={
                "SCIMDOCTOR_ENDPOINT_TOKEN": token,
                "SCIMDOCTOR_JOURNAL": str(self.folder / "journal.jsonl"),
            },
            endpoint_transport=ProviderTransport(self.provider.handle),
            confirm_with=self.confirm,
            sleep=lambda _seconds: None,
        )
        return run_command(check_endpoint, session, *arguments, *NO_SOCKET)

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(ScimServiceProvider(), tmp_path)


def test_a_good_endpoint_gives_status_0_and_is_left_clean(desk: Desk) -> None:
    ran = desk.run(LOOPBACK, "-f", "json")

    assert ran.status == 0
    assert ran.json["command"] == "check-endpoint"
    assert desk.questions == []
    assert (desk.provider.users, desk.provider.groups) == ({}, {})
    assert not (desk.folder / "journal.jsonl").exists()


def test_another_host_is_asked_about_with_the_number_of_writes(desk: Desk) -> None:
    desk.run(URL, "-f", "json")

    assert "scim.example.com" in desk.questions[0]
    assert "at most 400 writes" in desk.questions[0]


def test_load_and_rfc_are_in_the_question(desk: Desk) -> None:
    desk.answer = False
    for options in (("--load",), ("--rfc",), ("--only", "load"), ("--load", "--read-only")):
        desk.run(URL, *options)

    load, rfc, only, reading = desk.questions
    assert "at most 550 writes, some of them ten at the same time, 250 queries" in load
    assert "at most 800 writes, and remove" in rfc
    assert only == load
    assert reading == "Send scim.example.com 250 queries in ten seconds?"


def test_the_rfc_fits_into_what_was_agreed(desk: Desk) -> None:
    ran = desk.run(LOOPBACK, "--rfc", "-f", "json")

    found = {f["check"]: f for f in ran.json["findings"]}
    assert ran.status == 0
    assert found["run/clean-up"]["outcome"] == "passed"
    # What other checks did to their objects is no business of scim2-tester.
    assert "displayName" not in found["rfc/scim2-tester"]["message"]
    assert (desk.provider.users, desk.provider.groups) == ({}, {})


def test_no_means_no(desk: Desk) -> None:
    desk.answer = False
    ran = desk.run(URL)

    assert ran.status == 2
    assert desk.provider.deleted == []


@pytest.mark.parametrize("option", ["--yes", "--read-only"])
def test_it_is_not_asked_when_agreed_or_reading(desk: Desk, option: str) -> None:
    assert desk.run(URL, option, "-f", "json").status == 0
    assert desk.questions == []


def test_a_faulty_endpoint_gives_status_1_and_names_cause_and_curl(tmp_path: Path) -> None:
    desk = Desk(ScimServiceProvider(faults=["delete-405"]), tmp_path)
    ran = desk.run(LOOPBACK, "-f", "json")

    failed = [f for f in ran.json["findings"] if f["outcome"] == "failed"]
    worst = [f for f in failed if f["severity"] != "info"]
    assert ran.status == 1
    assert [f["cause"] for f in worst] == ["app-policy-refuses-change"]
    assert worst[0]["reproduce"].startswith(("curl ", "ID=$(curl "))
    assert any("Still in the app" in limit for limit in ran.json["limits"])


def test_the_flag_in_the_url_selects_the_dialect(desk: Desk) -> None:
    ran = desk.run(f"{LOOPBACK}?aadOptscim062020", "-f", "json")

    found = {f["check"]: f for f in ran.json["findings"]}
    assert found["groups/remove-list"]["outcome"] == "skipped"
    assert found["groups/remove-filter"]["outcome"] == "passed"


def test_a_query_of_the_tenant_url_that_is_not_sent_is_said_without_its_value(desk: Desk) -> None:
    flagged = desk.run(f"{LOOPBACK}?aadOptscim062020", "--only", "reach", "-f", "json")
    keyed = desk.run(f"{LOOPBACK}?key=s3cret&tenant=5", "--only", "reach", "-f", "json")

    assert flagged.json["limits"] == []
    (limit,) = keyed.json["limits"]
    assert "(key, tenant) was sent with no request" in limit
    assert "s3cret" not in keyed.stdout + keyed.stderr


def test_a_wrong_token_is_said(desk: Desk) -> None:
    ran = desk.run(LOOPBACK, "-f", "json", token="Bearer lab-token")

    causes = [f["cause"] for f in ran.json["findings"] if f["severity"] == "blocker"]
    assert (ran.status, causes) == (1, ["secret-token-unusable"])


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((LOOPBACK, "--only", "nonsense"), 2, "nonsense"),
        ((LOOPBACK, "--skip", "grops"), 2, "did you mean groups"),
        ((LOOPBACK, "--only", "patch/ad"), 2, "patch/add"),
        ((), 2, "endpoint's URL"),
        (("ftp://x/scim",), 2, "http"),
        (("http://app.example.com/scim", "--yes"), 2, "http"),
        (
            (
                *(LOOPBACK, "--endpoint-auth", "oauth", "--oauth-client-id", "one"),
                *("--oauth-token-url", "ftp://x/token"),
            ),
            2,
            "the token endpoint's URL must begin with https://",
        ),
    ],
)
def test_wrong_input_is_said(
    desk: Desk, arguments: tuple[str, ...], status: int, words: str
) -> None:
    ran = desk.run(*arguments)

    assert ran.status == status
    assert words in ran.stderr


def test_ctrl_c_writes_the_report_of_what_was_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, writes = desk.provider.handle, []

    def stop(request: LabRequest) -> LabResponse:
        if request.method == "POST":
            writes.append(request)
            if len(writes) == 3:
                raise KeyboardInterrupt
        return handle(request)

    monkeypatch.setattr(desk.provider, "handle", stop)
    target = desk.folder / "report.json"
    ran = desk.run(LOOPBACK, "-f", "json", "-o", str(target))
    assert ran.status == 130
    said = json.loads(target.read_text())
    outcomes = {found["outcome"] for found in said["findings"]}
    assert {"passed", "skipped"} <= outcomes
    assert any("stopped" in limit for limit in said["limits"])
    assert desk.provider.users == {}


def test_ctrl_c_again_and_again_says_how_much_is_left_and_how_to_remove_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, writes = desk.provider.handle, []

    def stop(request: LabRequest) -> LabResponse:
        if request.method in {"POST", "DELETE"}:
            writes.append(request)
            if len(writes) >= 3:
                raise KeyboardInterrupt
        return handle(request)

    def third(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.provider, "handle", stop)
    twice = desk.run(LOOPBACK, "-f", "json")
    count = len(desk.provider.users) + 1  # one whose create was cut off may come yet
    said = f"{count} test objects may still be in the app. To remove them: scimdoctor cleanup"
    assert twice.status == 130
    assert said in " ".join(twice.stderr.split())

    writes.clear()
    monkeypatch.setattr(Session, "write", third)
    thrice = desk.run(LOOPBACK, "-f", "json")
    assert thrice.status == 130
    assert "may still be in the app" in " ".join(thrice.stderr.split())
    assert f"scimdoctor cleanup --endpoint {LOOPBACK}" in " ".join(thrice.stderr.split())
