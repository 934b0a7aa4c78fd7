"""`status --watch` and `apps --failures`, through the front door."""

from __future__ import annotations

import io
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from scimdoctor.cli.app import build_app
from scimdoctor.cli.options import Output
from scimdoctor.cli.session import Session, new_report
from scimdoctor.cli.watch import HOME, Screen, watch
from scimdoctor.errors import GraphUnavailableError
from scimdoctor.model.report import Report, StatusVerdict
from tests.fakes.microsoft import Microsoft, data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = "Example SCIM app"
NOW = datetime(2026, 7, 17, 12, 40, tzinfo=UTC)


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


@pytest.fixture
def session(microsoft: Microsoft, tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "config.toml").touch()
    with microsoft.connect() as graph:
        yield Session(
            graph_client=graph,
            now=lambda: NOW,
            environ={"SCIMDOCTOR_ARCHIVE": str(tmp_path / "archive"), "COLUMNS": "100"},
            config_path=tmp_path / "config.toml",
        )


def run(session: Session, *arguments: str) -> Any:
    with closing(session.resources):
        result = CliRunner().invoke(build_app(), list(arguments), obj=session)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def naps(session: Session, steps: list[Any]) -> list[float]:
    """Let each sleep do the next of `steps`; the last one is Ctrl-C."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not steps:
            raise KeyboardInterrupt
        steps.pop(0)()

    session.sleep = sleep
    return slept


def test_a_watched_job_is_written_when_it_changes(session: Session, microsoft: Microsoft) -> None:
    jobs = microsoft.tenant.service_principals[0].jobs

    def quarantine() -> None:
        jobs[0] = data("graph-job-quarantine-credentials") | {"id": jobs[0]["id"]}

    slept = naps(session, [lambda: None, quarantine])
    result = run(session, "status", APP, "--watch", "--interval", "5")
    assert result.exit_code == 130
    assert slept == [5.0, 5.0, 5.0]
    headings = [line for line in result.stdout.splitlines() if line.startswith("Job")]
    assert len(headings) == 2, "the second look said nothing new"
    assert "quarantin" in headings[1]
    assert "\x1b" not in result.stdout
    assert "Ctrl-C" not in result.stdout
    assert result.stderr.splitlines()[-1] == "interrupted"


def test_a_watched_job_keeps_its_pseudonyms(session: Session) -> None:
    naps(session, [lambda: None, lambda: None])
    result = run(session, "status", APP, "--watch", "--redact")
    headings = [line for line in result.stdout.splitlines() if line.startswith("Job")]
    assert len(headings) == 1, "nothing new was said"


@pytest.mark.parametrize(
    ("options", "seconds"),
    [(("--watch",), 30.0), (("--interval", "2"), 2.0), (("--watch", "--interval", "7"), 7.0)],
)
def test_a_watch_needs_no_number(
    session: Session, options: tuple[str, ...], seconds: float
) -> None:
    slept = naps(session, [])
    assert run(session, "status", APP, *options).exit_code == 130
    assert slept == [seconds]


def test_a_watch_outlives_a_short_loss_of_network(session: Session) -> None:
    answers: list[Report | GraphUnavailableError]
    answers = [report("fine"), GraphUnavailableError("network gone"), report("bad")]
    looks = iter(answers)

    def make() -> Report:
        look = next(looks)
        if isinstance(look, GraphUnavailableError):
            raise look
        return look

    naps(session, [lambda: None, lambda: None])
    with pytest.raises(KeyboardInterrupt):
        watch(session, make, Output(), seconds=2)


def report(headline: str) -> Report:
    return new_report(
        Session(now=lambda: NOW), "status", status=StatusVerdict(health="errors", headline=headline)
    )


def test_a_watch_may_write_a_file(session: Session, tmp_path: Path) -> None:
    naps(session, [lambda: None])
    target = tmp_path / "status.json"
    result = run(
        session, "status", APP, "--watch", "--interval", "5", "-f", "json", "-o", str(target)
    )
    assert result.exit_code == 130
    assert result.stdout == ""
    assert json.loads(target.read_text(encoding="utf-8"))["command"] == "status"


def test_a_terminal_is_written_over_and_never_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    screen = Screen(terminal=True)
    screen.show("one\ntwo\n", same="a", foot="at noon")
    first = out.tell()
    screen.show("three\n", same="a", foot="a second later")
    text = out.getvalue()[first:]
    assert text.startswith(HOME)
    assert "three\x1b[K\n\x1b[K\na second later\x1b[K\n\x1b[J" in text
    assert "\x1b[2J" not in out.getvalue()


def failing(number: int, app: str, hours_ago: float) -> dict[str, Any]:
    record: dict[str, Any] = data("graph-provisioning-user-conflict")
    record = record["value"][0] if "value" in record else record
    time = NOW - timedelta(hours=hours_ago)
    return record | {
        "id": f"event-{number}",
        "activityDateTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "servicePrincipal": {"id": app, "displayName": APP},
    }


@pytest.mark.parametrize("archive", [True, False], ids=["kept", "not kept"])
def test_apps_with_failures_per_hour(
    session: Session, microsoft: Microsoft, tmp_path: Path, archive: bool
) -> None:
    app = microsoft.tenant.service_principals[0].id
    ages = [0.5, 0.6, 2.5, 23.5, 30]
    microsoft.tenant.provisioning_log += [failing(n, app, age) for n, age in enumerate(ages)]
    more = () if archive else ("--no-archive",)
    result = run(session, "apps", "--failures", "-f", "json", *more)
    (found,) = json.loads(result.stdout)["apps"]
    counts = found["failures_per_hour"]
    assert len(counts) == 24
    assert (counts[0], counts[21], counts[23], sum(counts)) == (1, 1, 2, 4)
    assert (tmp_path / "archive").exists() is archive
    assert " 4 failures in 24 h " in run(session, "apps", "--failures", *more).stdout


def test_apps_without_failures_reads_no_log(session: Session, microsoft: Microsoft) -> None:
    run(session, "apps")
    assert not [r for r in microsoft.requests if "/auditLogs/" in r.url.path]


def test_of_equally_ill_apps_the_busiest_comes_first(
    session: Session, microsoft: Microsoft
) -> None:
    first = microsoft.tenant.service_principals[0]
    from copy import deepcopy

    second = deepcopy(first)
    second.raw |= {"id": "00000000-0000-4000-8000-0000000000ff", "displayName": "Z app"}
    microsoft.tenant.service_principals.append(second)
    microsoft.tenant.provisioning_log.append(failing(1, second.id, 1))
    found = json.loads(run(session, "apps", "--failures", "-f", "json").stdout)["apps"]
    assert [app["display_name"] for app in found] == ["Z app", APP]
