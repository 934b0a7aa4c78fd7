"""logs and archive, through their own options."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from scimdoctor.causes import engine
from scimdoctor.causes.engine import diagnose_case as diagnose
from scimdoctor.cli.app import guarded
from scimdoctor.cli.commands.archive import COMMANDS
from scimdoctor.cli.commands.logs import logs
from scimdoctor.cli.event_source import Origin, moment_of
from scimdoctor.cli.follow import follow_log, lines_of
from scimdoctor.cli.option_groups import flatten
from scimdoctor.cli.options import EventStatus, Output, Window
from scimdoctor.cli.session import Session
from scimdoctor.cli.workspace import workspace_report
from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.client import GraphClient
from scimdoctor.redaction import Secret
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.log_analytics import Workspace
from scimdoctor.sources.record import read_record
from tests.fakes.provisioning import START, random_records
from tests.fakes.workspace import FakeWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.diagnosis import Case, Diagnosis

DATA = Path(__file__).parent.parent / "data" / "sources"
NOW = START + timedelta(hours=60)
APP = {"id": "app-1", "appId": "a", "displayName": "App 1"}


@dataclass(frozen=True)
class Tokens:
    """A token that says nothing of itself."""

    def token(self, scopes: object, *, claims_challenge: str | None = None) -> Secret:
        return Secret("token")


@dataclass
class FakeGraph:
    """The provisioning log and one app, two records a page."""

    records: list[dict[str, Any]] = field(default_factory=lambda: random_records(30))
    asked: list[str] = field(default_factory=list)
    down: bool = False
    circle: bool = False
    """Whether its second page leads back to the first."""

    date: datetime | None = None
    """What its clock says."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request)
        if self.date:
            answer.headers["date"] = format_datetime(self.date, usegmt=True)
        return answer

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("no route", request=request)
        self.asked.append(str(request.url))
        if "/servicePrincipals" in request.url.path:
            return httpx.Response(200, json={"value": [APP]})
        at = int(request.url.params.get("$skiptoken", 0))
        page: dict[str, Any] = {"value": self.records[at : at + 10]}
        if self.circle and at:
            link = request.url.copy_remove_param("$skiptoken")
            return httpx.Response(200, json=page | {"@odata.nextLink": str(link)})
        if at + 10 < len(self.records):
            page["@odata.nextLink"] = str(request.url.copy_set_param("$skiptoken", str(at + 10)))
        return httpx.Response(200, json=page)


@dataclass
class Ran:
    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def commands() -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("logs")(guarded(flatten(logs)))
    group = typer.Typer()
    for name, command in COMMANDS.items():
        group.command(name)(guarded(flatten(command)))
    app.add_typer(group, name="archive")
    return app


def run(session: Session, *arguments: str) -> Ran:
    result = CliRunner().invoke(commands(), list(arguments), obj=session)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def session(graph: FakeGraph, tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "config.toml").touch()
    with httpx.Client(transport=httpx.MockTransport(graph)) as http:
        yield Session(
            graph_client=GraphClient(http, Tokens()),
            now=lambda: NOW,
            environ={"SCIMDOCTOR_ARCHIVE": str(tmp_path / "archive"), "COLUMNS": "120"},
            config_path=tmp_path / "config.toml",
            confirm_with=lambda _question: True,
        )


def test_saved_files_are_summarised_with_causes(session: Session) -> None:
    ran = run(session, "logs", "--from", str(DATA), "--summary", "-f", "json")
    assert ran.status == 1, "there are failures"
    assert ran.json["events"]["failure"] == 5
    causes = {one["cause"] for one in ran.json["signatures"] if one["status"] == "failure"}
    assert "existing-account-not-matchable" in causes
    assert any("log-analytics-query-partial.json" in limit for limit in ran.json["limits"])


def test_a_fault_that_several_apps_have_is_named_once_for_all(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event,) = json.loads((DATA / "graph-list-scim-user-conflict.json").read_text())["value"]
    elsewhere = {**event, "id": "0" * 36}
    elsewhere["servicePrincipal"] = {"id": "9", "displayName": "Another app"}
    path = tmp_path / "two.json"
    path.write_text(json.dumps([event, elsewhere]))
    asked: list[Case] = []

    def counted(case: Case) -> Diagnosis:
        asked.append(case)
        return diagnose(case)

    monkeypatch.setattr(engine, "diagnose_case", counted)
    found = run(session, "logs", "--from", str(path), "--summary", "-f", "json").json["signatures"]
    assert len(asked) == 1
    assert len({one["app"] for one in found}) == 2
    assert {one["cause"] for one in found} == {"existing-account-not-matchable"}


def test_files_that_are_named_come_before_a_workspace_of_the_settings(session: Session) -> None:
    path = str(DATA / "graph-list-scim-user-conflict.json")
    ran = run(session, "logs", "--from", path, "--workspace", "none", "-f", "json")
    assert ran.json["events"]["read"] == 1


def test_a_filter_that_leaves_nothing_is_named(session: Session) -> None:
    path = str(DATA / "graph-list-scim-user-conflict.json")
    ran = run(session, "logs", "--from", path, "--action", "frobnicate", "-f", "json")
    assert "no event matches --action frobnicate" in ran.json["limits"]


def test_saved_files_are_listed_newest_first(session: Session) -> None:
    ran = run(session, "logs", "--from", str(DATA), "--limit", "2", "-f", "jsonl")
    times = [json.loads(line)["activityDateTime"] for line in ran.stdout.splitlines()]
    assert len(times) == 2
    assert times == sorted(times, reverse=True)


def test_filters_reach_the_question(session: Session) -> None:
    path = str(DATA / "graph-list-scim-user-conflict.json")
    assert run(session, "logs", "--from", path, "--status", "success").status == 0
    assert run(session, "logs", "--from", path, "--error-code", "filtering").status == 1
    assert run(session, "logs", "--from", path, "--until", "24h").status == 0


def test_pulled_events_are_kept_and_not_asked_for_again(session: Session, graph: FakeGraph) -> None:
    first = run(session, "logs", "App 1", "--since", "7d", "--summary", "-f", "json")
    expected = sum(record["servicePrincipal"]["id"] == "app-1" for record in graph.records)
    assert first.json["events"]["read"] == expected
    graph.asked.clear()
    graph.records.clear()
    second = run(session, "logs", "App 1", "--since", "7d", "--summary", "-f", "json")
    assert second.json["signatures"] == first.json["signatures"]
    (asked,) = [url for url in graph.asked if "auditLogs" in url]
    assert (NOW - timedelta(minutes=15)).strftime("%Y-%m-%dT%H") in asked.replace("%3A", ":")


def test_the_archive_answers_when_graph_is_down(session: Session, graph: FakeGraph) -> None:
    run(session, "logs", "--since", "7d")
    graph.down = True
    ran = run(session, "logs", "--since", "7d", "--offline", "-f", "json")
    assert ran.json["events"]["read"] == 30
    ran = run(session, "logs", "--since", "7d", "-f", "json")
    assert ran.json["events"]["read"] == 30
    assert "only the archive was read" in ran.json["limits"][0]


def test_a_pulled_app_is_said_to_be_complete_offline(session: Session) -> None:
    run(session, "logs", "App 1", "--since", "7d")
    window = ("--since", "7d", "--until", "1h", "-f", "json")
    assert run(session, "logs", "App 1", "--offline", *window).json["limits"] == []
    (limit,) = run(session, "logs", "--offline", *window).json["limits"]
    assert "may lack events between" in limit


def test_a_second_command_waits_for_the_first_and_asks_only_for_the_rest(
    session: Session, graph: FakeGraph, tmp_path: Path
) -> None:
    other = Archive(tmp_path / "archive", "unknown")
    holding = ExitStack()
    holding.enter_context(other.writing())
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 10:
            holding.close()

    session.sleep = sleep
    ran = run(session, "logs", "--since", "7d", "-f", "json")
    assert (ran.json["events"]["read"], ran.json["limits"]) == (30, [])
    assert ran.stderr.count("Another scimdoctor writes to this archive: waiting for it") == 1
    assert len(looks) == 10


def test_a_wait_that_is_too_long_ends_with_what_the_archive_holds(
    session: Session, graph: FakeGraph, tmp_path: Path
) -> None:
    session.sleep = lambda _seconds: None
    window = ("logs", "--since", "7d", "-f", "json")
    with Archive(tmp_path / "archive", "unknown").writing():
        ran = run(session, *window)
        assert ran.status == 3
        assert "another scimdoctor is writing to the archive of unknown" in ran.stderr
        assert "logs --offline" in ran.stderr
    run(session, "logs", "--since", "7d", "--until", "1d")
    graph.asked.clear()
    with Archive(tmp_path / "archive", "unknown").writing():
        ran = run(session, *window)
    assert ran.json["events"]["read"] > 0
    assert not [url for url in graph.asked if "auditLogs" in url]
    waited, missing = ran.json["limits"]
    assert "only what the archive held was read" in waited
    assert "may lack events between" in missing


def test_ctrl_c_ends_waiting_and_nothing_is_changed(
    session: Session, graph: FakeGraph, tmp_path: Path
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    session.sleep = interrupt
    with Archive(tmp_path / "archive", "unknown").writing():
        assert run(session, "logs", "--since", "7d").status == 130
    assert not [url for url in graph.asked if "auditLogs" in url]
    assert [path.name for path in (tmp_path / "archive" / "unknown").iterdir()] == ["lock"]


@pytest.mark.parametrize("more", [(), ("--no-archive",)])
def test_a_circle_of_pages_is_told_and_what_was_read_is_shown(
    session: Session, graph: FakeGraph, tmp_path: Path, more: tuple[str, ...]
) -> None:
    graph.circle = True
    graph.records.sort(key=lambda record: record["activityDateTime"], reverse=True)
    for again in (False, True):
        ran = run(session, "logs", "--since", "7d", "-f", "json", *more)
        assert ran.json["events"]["read"] == 20, again
        told = ran.json["limits"][0]
        assert "leads back to what was already read" in told
        assert "could not be reached" not in told
        oldest = graph.records[19]["activityDateTime"]
        assert f"20 events were read, the oldest of {oldest[:10]} {oldest[11:19]} UTC" in told
    assert not list(tmp_path.rglob("all.*")), "the place is forgotten"
    graph.circle = False
    until = told.split("--until ")[1].rstrip(".")
    ran = run(session, "logs", "--since", "7d", "--until", until, "-f", "json", *more)
    assert ran.json["events"]["read"] >= 10, "the rest"
    assert ran.json["limits"] == []
    if not more:
        ran = run(session, "logs", "--since", "7d", "-f", "json")
        assert (ran.json["events"]["read"], ran.json["limits"]) == (30, [])


@pytest.mark.parametrize("more", [(), ("--no-archive",)])
def test_a_wrong_clock_is_said(session: Session, graph: FakeGraph, more: tuple[str, ...]) -> None:
    graph.date = NOW - timedelta(hours=2)
    ran = run(session, "logs", "--since", "3d", "-f", "json", *more)
    assert ran.json["limits"] == [
        "This computer's clock is 120 minutes ahead; set it right. The newest events may be "
        "missing, and ages like 24h count from it."
    ]
    graph.date = NOW - timedelta(minutes=1)
    ran = run(session, "logs", "--since", "3d", "-f", "json", *more)
    assert ran.json["limits"] == []


def test_a_pull_that_was_cut_off_at_another_host_goes_on_here(
    session: Session, graph: FakeGraph, tmp_path: Path
) -> None:
    pulls = tmp_path / "archive" / "unknown" / "pulls"
    pulls.mkdir(parents=True)
    state = {
        "app_id": None,
        "since": (NOW - timedelta(days=3)).isoformat(),
        "until": NOW.isoformat(),
        "next_link": "https://127.0.0.1:1/v1.0/auditLogs/provisioning?$skiptoken=10",
    }
    (pulls / "all.json").write_text(json.dumps(state))
    (pulls / "all.rows").touch()
    ran = run(session, "logs", "--since", "3d", "-f", "json")
    assert ran.json["events"]["read"] == 30
    assert ran.json["limits"] == []
    assert all(url.startswith("https://graph.microsoft.com/") for url in graph.asked)


def test_no_archive_keeps_nothing(session: Session, tmp_path: Path) -> None:
    ran = run(session, "logs", "--since", "7d", "--no-archive", "-f", "json")
    assert ran.json["events"]["read"] == 30
    assert not (tmp_path / "archive").exists()
    ran = run(session, "logs", "--offline")
    assert ran.status == 3
    assert "there is no archive" in ran.stderr


def test_an_archive_that_cannot_be_written(session: Session, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("in the way", encoding="utf-8")
    ran = run(session, "logs", "--since", "7d")
    assert ran.status == 3
    assert "--no-archive" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--from", "nowhere.json"), 3, "nowhere.json does not exist"),
        (("--from", "x", "--since", "soon"), 2, "--since does not understand 'soon'"),
        (("--from", "x", "--since", "1h", "--until", "2h"), 2, "--since is not before --until"),
        (("--from", "x", "--follow"), 2, "--follow shows what Graph writes now"),
        (("--follow", "-f", "csv"), 2, "--follow writes event by event, which csv cannot"),
    ],
)
def test_bad_input(session: Session, arguments: tuple[str, ...], status: int, said: str) -> None:
    ran = run(session, "logs", *arguments)
    assert ran.status == status
    assert said in " ".join(ran.stderr.split())
    assert ran.stdout == ""


@pytest.mark.parametrize("many", [1, 100_000], ids=["hour by hour", "day by day"])
def test_archived_events_are_exported_oldest_first(
    session: Session, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    run(session, "logs", "--since", "7d")
    monkeypatch.setattr("scimdoctor.sources.archive.MANY", many)
    lines = run(session, "archive", "export").stdout.splitlines()
    told = [(one["activityDateTime"], one["id"]) for one in map(json.loads, lines)]
    assert len(told) == 30
    assert told == sorted(told)


def test_archive_commands(session: Session, graph: FakeGraph, tmp_path: Path) -> None:
    assert "Nothing is archived yet" in run(session, "archive", "list").stdout
    assert "Nothing to remove" in run(session, "archive", "prune", "--older-than", "1d").stdout
    run(session, "logs", "--since", "7d")
    assert "30 events of 1 tenant," in run(session, "archive", "list").stdout
    assert run(session, "archive", "verify").status == 0
    graph.records += [
        one
        | {
            "id": f"old {one['id']}",
            "activityDateTime": "2026-02-24T00:00:00Z",
            "servicePrincipal": {"id": "app-1", "displayName": "Old name"},
        }
        for one in random_records(3)
    ]
    run(session, "logs", "--since", "8d")
    listed = run(session, "archive", "list").stdout
    assert "Old name" not in listed
    assert listed.count("2026-0") == 2 * 2, "a renamed app is listed once, App 2 beside it"
    target = tmp_path / "out.jsonl"
    run(session, "archive", "export", "-o", str(target))
    ids = [json.loads(line)["id"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(set(ids)) == 33
    assert len(run(session, "archive", "export", "--app", "App 1").stdout.splitlines()) < 30
    assert "Nothing to remove" in run(session, "archive", "prune", "--older-than", "900d").stdout
    assert " events from before" in run(session, "archive", "prune", "--older-than", "1m").stdout
    assert "0 events" in run(session, "archive", "list").stdout
    next((tmp_path / "archive").rglob("manifest.json")).write_text("{", encoding="utf-8")
    assert run(session, "archive", "list").status == 3


def test_damage_gives_status_1(session: Session, tmp_path: Path) -> None:
    run(session, "logs", "--since", "7d")
    next((tmp_path / "archive").rglob("*.parquet")).unlink()
    ran = run(session, "archive", "verify")
    assert ran.status == 1
    assert "is missing" in ran.stdout


class Stop(BaseException):
    """Ends a follow that would never end."""


def test_following_shows_new_events_once(
    session: Session, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    later, graph.records = graph.records[20:], graph.records[:20]
    naps = []

    def sleep(_seconds: float) -> None:
        naps.append(1)
        graph.records = graph.records + later
        if len(naps) == 3:
            raise Stop

    session.sleep = sleep
    session.now = iter_now().__next__
    with pytest.raises(Stop):
        follow_log(session, Origin(), Window(since="2026-03-01T00:00:00Z"), output=Output())
    lines = out.getvalue().splitlines()
    assert len(lines) == len(set(lines)) == 20 + sum(recent(record) for record in later)


def test_what_happened_gets_a_line_of_its_own_on_a_narrow_screen() -> None:
    event = read_record(
        json.loads((DATA / "graph-list-scim-user-conflict.json").read_bytes())["value"][0]
    )
    line = lines_of(event, None)
    assert "Processing of the HTTP request" not in line
    assert "…ServiceIncompatibleFiltering: StatusCode: Conflict" in line
    assert lines_of(event, 1000) == line
    head, told = lines_of(event, 80).split("\n")
    assert max(len(head), len(told)) <= 80
    assert line.startswith(f"{head}  {told.strip().rstrip('…')}")


def test_following_hides_names_and_minds_the_limit(
    session: Session, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for more in ((), ("--limit", "2"), ("--redact", "--limit", "2"), ("--redact", "-f", "jsonl")):

        def interrupt(_seconds: float) -> None:
            raise KeyboardInterrupt

        session.sleep = interrupt
        shown.append(run(session, "logs", "--follow", "--since", "7d", *more).stdout)
    names = {record["sourceIdentity"]["displayName"] for record in graph.records}
    assert [len(text.splitlines()) for text in shown] == [30, 2, 2, 30]
    assert shown[0].splitlines()[-2:] == shown[1].splitlines()
    assert [any(name in text for name in names) for text in shown] == [True, True, False, False]


def iter_now() -> Iterator[datetime]:
    moment = NOW
    while True:
        yield moment
        moment += timedelta(minutes=1)


def recent(record: dict[str, Any]) -> bool:
    """Say whether the overlap of a look still reaches a record."""
    return datetime.fromisoformat(record["activityDateTime"]) >= NOW - timedelta(minutes=15)


@pytest.mark.parametrize("summary", [True, False])
def test_a_workspace_answers_like_files(session: Session, summary: bool) -> None:
    pytest.importorskip("duckdb_kql")
    records = random_records(30)
    with httpx.Client(transport=httpx.MockTransport(FakeWorkspace(records))) as http:
        asked = Workspace(
            http=http,
            base_url="https://api.loganalytics.azure.com",
            workspace="00000062-0000-4000-8000-000000000062",
            token=lambda: Secret("la-token"),
        )
        report = workspace_report(
            session, asked, Origin(app="App 1"), window=Window(since="7d"), summary=summary
        )
    mine = [record for record in records if record["servicePrincipal"]["id"] == "app-1"]
    assert report.events.read == len(mine)
    assert bool(report.signatures) is summary
    assert len(report.event_list) == (0 if summary else len(mine))
    assert report.target["app"] == "App 1"
    assert report.target["since"].endswith("UTC")


@pytest.mark.parametrize("summary", [True, False])
def test_a_workspace_says_what_it_left_out(session: Session, summary: bool) -> None:
    pytest.importorskip("duckdb_kql")
    with httpx.Client(transport=httpx.MockTransport(FakeWorkspace(random_records(9)))) as http:
        asked = Workspace(
            http=http,
            base_url="https://api.loganalytics.azure.com",
            workspace="00000062-0000-4000-8000-000000000062",
            token=lambda: Secret("la-token"),
        )
        cut = workspace_report(
            session, asked, Origin(), window=Window(since="7d", limit=2), summary=False
        )
        window = Window(since="7d", user="nobody")
        empty = workspace_report(session, asked, Origin(app="X"), window=window, summary=summary)
    assert cut.notes[0].startswith("These are the newest 2 of 9 events")
    assert empty.limits == ("no event matches app X and --user nobody and --since 7d",)


def test_ages_and_times() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert moment_of("24h", now, "x") == now - timedelta(days=1)
    assert moment_of("2w", now, "x") == now - timedelta(weeks=2)
    assert moment_of("2026-03-01", now, "x") == datetime(2026, 3, 1, tzinfo=UTC)
    assert moment_of("", now, "x") is None
    assert moment_of("2026-03-29T02:30:00+02:00", now, "x") == datetime(
        2026, 3, 29, 0, 30, tzinfo=UTC
    )
    for long_ago in ("99999w", "0001-01-01"):
        assert moment_of(long_ago, now, "x") == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(ConfigurationError):
        moment_of("99999w5", now, "x")


def test_what_is_followed_is_kept(
    session: Session, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    follow_once(session, monkeypatch, Origin())
    ran = run(session, "logs", "--offline", "--since", "7d", "-f", "json")
    assert ran.json["events"]["read"] == 30
    assert list((tmp_path / "archive").rglob("*.parquet"))


def test_no_archive_is_kept_of_what_is_followed_without_one(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = follow_once(session, monkeypatch, Origin())
    (tmp_path / "archive").rename(tmp_path / "elsewhere")
    assert follow_once(session, monkeypatch, Origin(archive=False)) == kept
    assert not (tmp_path / "archive").exists()


def follow_once(session: Session, monkeypatch: pytest.MonkeyPatch, origin: Origin) -> list[str]:
    out = io.StringIO()

    def stop(_seconds: float) -> None:
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", out)
        session.sleep = stop
        window = Window(since="2026-03-01T00:00:00Z", status=[EventStatus.FAILURE])
        with pytest.raises(Stop):
            follow_log(session, origin, window, output=Output())
    return out.getvalue().splitlines()


def test_ctrl_c_ends_following_with_status_130(session: Session) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    session.sleep = interrupt
    ran = run(session, "logs", "--follow", "--since", "7d")
    assert ran.status == 130
    assert len(ran.stdout.splitlines()) == 30
    assert ran.stderr.splitlines()[-1] == "interrupted"


def test_a_network_that_is_gone_for_a_while_does_not_end_following(
    session: Session, graph: FakeGraph
) -> None:
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        graph.down = len(naps) == 1
        if len(naps) == 3:
            raise KeyboardInterrupt

    session.sleep = sleep
    session.now = iter_now().__next__
    ran = run(session, "logs", "--follow", "--since", "7d")
    assert ran.status == 130
    assert ran.stderr.count("trying again") == 1
    assert len(ran.stdout.splitlines()) == 30


def test_the_archive_has_no_job(session: Session) -> None:
    for command in ("list", "verify"):
        said = run(session, "archive", command).stdout
        assert "Job" not in said
        assert "healthy" not in said
        assert "archive" in said.casefold() or "files are whole" in said
