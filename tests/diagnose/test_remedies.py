"""Every command that is printed can be run: it parses, and what is known stands in it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.causes.engine import diagnose_case, next_command
from scimdoctor.causes.facts import Facts, Stage
from scimdoctor.checks import ALL_CHECKS
from scimdoctor.cli.app import build_app
from scimdoctor.cli.explanations import every_explanation
from scimdoctor.diagnose.remedies import (
    Known,
    Subject,
    filled,
    ready,
    ready_replay,
    ready_status,
    subject_of,
)
from scimdoctor.entra.job_health import read_job
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import ProvisionedIdentity
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from scimdoctor.redaction import redact_text
from tests.causes.build import NOW, event, job, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED_IN = Known(app="Example SCIM app", url="https://app.example/scim")
SAVED = Known(url="https://app.example/scim", files=(("--from", "my events.json"),))
SUBJECT = Subject(user="ada@example.com", event="event-1")
PLACEHOLDERS = {"APP", "URL", "USER", "EVENT", "FILE"}


def remedies() -> Iterator[str]:
    for cause in ALL_CAUSES:
        yield from (step.command for step in cause.rule.remediation if step.command)


def next_commands() -> Iterator[str]:
    for stage in Stage:
        yield next_command(Facts(stage=stage, case=Case(event=event("update", reason(400)))))
        yield next_command(Facts(stage=stage, case=Case(job=job(reason(401)))))
        yield next_command(Facts(stage=stage))


def explained() -> Iterator[str]:
    for entry in every_explanation():
        lines = (line.strip() for line in entry.text().splitlines())
        yield from (line[2:] for line in lines if line.startswith("$ scimdoctor "))


COMMANDS = sorted({*remedies(), *next_commands(), *explained()})


@cache
def command_line() -> Any:
    return get_command(build_app())


def parse(line: str) -> dict[str, Any]:
    """Parse `line` as the command line would; a usage error fails the test."""
    tool, *words = shlex.split(line)
    assert tool == "scimdoctor"
    command, context = command_line(), None
    while hasattr(command, "resolve_command"):
        group = command.context_class(command, parent=context, info_name="scimdoctor")
        name, command, words = command.resolve_command(group, words)
        context = group
    parsed: dict[str, Any] = command.make_context(name, words, parent=context).params
    return parsed


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize("known", [SIGNED_IN, SAVED, Known()], ids=["app", "files", "nothing"])
def test_every_command_parses(line: str, known: Known) -> None:
    parsed = parse(filled(line, known, SUBJECT))
    names = {check.rule.id for check in ALL_CHECKS}
    names |= {name.partition("/")[0] for name in names}
    assert set(parsed.get("only") or ()) <= names


@pytest.mark.parametrize("line", COMMANDS)
def test_nothing_is_left_open_where_all_is_known(line: str) -> None:
    known = replace(SIGNED_IN, files=SAVED.files)
    assert not PLACEHOLDERS & set(shlex.split(filled(line, known, SUBJECT)))


@pytest.mark.parametrize(
    ("known", "line", "expected"),
    [
        (SIGNED_IN, "provision USER --app APP", "provision ada@example.com --app 'Example SCIM app'"),
        (SIGNED_IN, "job restart APP --scope full", "job restart 'Example SCIM app' --scope full"),
        (SIGNED_IN, "check-endpoint URL --only reach",
         "check-endpoint https://app.example/scim --only reach"),
        (SIGNED_IN, "check-endpoint 'URL?aadOptscim062020'",
         "check-endpoint 'https://app.example/scim?aadOptscim062020'"),
        (replace(SIGNED_IN, url="https://app.example/scim?aadOptscim062020"),
         "check-endpoint 'URL?aadOptscim062020'",
         "check-endpoint 'https://app.example/scim?aadOptscim062020'"),
        (SIGNED_IN, "replay event-1 --mode shadow",
         "replay event-1 --mode shadow --app 'Example SCIM app' --endpoint https://app.example/scim"),
        (SIGNED_IN, "replay EVENT --from FILE --endpoint URL --mode shadow",
         "replay event-1 --app 'Example SCIM app' --endpoint https://app.example/scim --mode shadow"),
        (SAVED, "replay EVENT --from FILE --endpoint URL --mode shadow",
         "replay event-1 --from 'my events.json' --endpoint https://app.example/scim --mode shadow"),
        (SAVED, "diagnose APP --endpoint URL",
         "diagnose --from 'my events.json' --endpoint https://app.example/scim"),
        (SAVED, "logs APP --summary", "logs --from 'my events.json' --summary"),
        (SAVED, "job restart APP --scope full", "job restart APP --scope full"),
        (Known(files=(("--schema", "s.json"),)), "mappings APP", "mappings --schema s.json"),
        (Known(), "check-endpoint URL", "check-endpoint URL"),
        (Known(app="A", program=("--config", "my settings.toml", "--profile", "p")), "logs APP",
         "--config 'my settings.toml' --profile p logs A"),
    ],
)  # fmt: skip
def test_placeholders_are_filled(known: Known, line: str, expected: str) -> None:
    assert filled(f"scimdoctor {line}", known, SUBJECT) == f"scimdoctor {expected}"


def test_what_is_no_command_of_ours_stays() -> None:
    for text in ("curl URL", "scimdoctor", "scimdoctor 'open quote APP", ""):
        assert filled(text, SIGNED_IN) == text


def test_names_from_a_log_cannot_leave_their_place() -> None:
    hostile = replace(SIGNED_IN, app="x'; rm -rf ~; '")
    words = shlex.split(filled("scimdoctor job start APP", hostile))
    assert words == ["scimdoctor", "job", "start", "x'; rm -rf ~; '"]


def test_a_running_job_is_not_to_be_started() -> None:
    skipped = replace(event(status="skipped", code="RedundantExport"), id="e")
    found = diagnose_case(Case(event=skipped))
    assert found.cause == "expected-behaviour"
    running = ready(found, SIGNED_IN, SUBJECT)
    assert [step.command for step in running.remediation] == [None]
    stopped = ready(found, replace(SIGNED_IN, job_is_stopped=True), SUBJECT)
    assert stopped.remediation[-1].command == "scimdoctor job start 'Example SCIM app'"


def test_users_are_named_by_principal_name_and_groups_by_id() -> None:
    details = frozen({"UserPrincipalName": "ada@example.com"})
    user = replace(
        event(), source_identity=ProvisionedIdentity(id="s1", identity_type="User", details=details)
    )
    assert subject_of(user) == Subject(user="ada@example.com", event="event-1")
    assert subject_of(event(group=True)).user == "source-1"
    assert subject_of(None) == Subject()


def test_replays_and_job_name_whole_commands() -> None:
    replayed = Replay(
        event="event-1", mode=ReplayMode.READ, verdict=Verdict.NOT_SENT, summary="s",
        next_command="scimdoctor replay event-1 --mode shadow",
    )  # fmt: skip
    parsed = parse(ready_replay(replayed, SIGNED_IN).next_command or "")
    assert (parsed["app"], parsed["endpoint"]) == ("Example SCIM app", "https://app.example/scim")
    bare = replace(replayed, next_command=None)
    assert ready_replay(bare, SIGNED_IN) == bare
    status = ready_status(read_job(job(reason(401)), now=NOW), SIGNED_IN, log_read=True)
    commands = [step for step in status.next_steps if step.startswith("scimdoctor ")]
    assert commands
    assert not any(line.startswith("scimdoctor diagnose") for line in commands)
    given = {"Example SCIM app", "https://app.example/scim"}
    assert all(given & set(shlex.split(line)) for line in commands)
    unread = ready_status(read_job(job(reason(401)), now=NOW), SIGNED_IN, log_read=False)
    assert "scimdoctor logs 'Example SCIM app' --summary" in unread.next_steps


def test_redaction_leaves_our_own_words_alone() -> None:
    # The pages of sign-in errors end in `?code=`, which is a credential's name elsewhere.
    entries = (entry for entry in every_explanation() if entry.kind != "sign-in error")
    texts = [t for e in entries for t in (e.title, *(x for _, lines in e.sections for x in lines))]
    assert [text for text in texts if redact_text(text) != text] == []
