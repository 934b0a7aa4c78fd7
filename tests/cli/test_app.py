"""Every way a command ends: message, stream and exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner

from scimdoctor import __version__
from scimdoctor.cli.app import build_app, guarded, run
from scimdoctor.cli.session import Session
from scimdoctor.errors import ConfigurationError, GraphPermissionError, SourceError, WriteRefused

EMPTY = MappingProxyType({"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"})


def session(**fields: object) -> Session:
    return Session(environ=EMPTY, config_path=None, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("no app", hint="name one"), 2),
        (WriteRefused("not confirmed", hint="say yes"), 2),
        (GraphPermissionError("missing X", hint="grant X"), 3),
        (SourceError("a.json: not JSON", hint="download again"), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_becomes_a_message_with_the_next_step(
    error: ConfigurationError, status: int
) -> None:
    app = typer.Typer()

    def fail() -> None:
        raise error

    app.command()(guarded(fail))
    result = CliRunner().invoke(app, [])
    assert result.exit_code == status
    assert result.stdout == ""
    assert error.message in result.stderr
    assert str(error.hint) in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("stopped", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_ctrl_c_ends_with_130(stopped: BaseException) -> None:
    app = typer.Typer()

    def stop() -> None:
        raise stopped

    app.command()(guarded(stop))
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_a_fault_of_ours_is_said_in_one_line_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(only: str | None = None, *, listed: bool = False) -> typer.Typer:
        del only, listed
        raise RuntimeError("Bearer abcdefghijkl was here")

    monkeypatch.setattr("scimdoctor.cli.app.build_app", broken)
    assert run(["status", "x"]) == 3
    said = capsys.readouterr().err
    assert "a fault in scimdoctor itself: RuntimeError" in said
    assert "abcdefghijkl" not in said
    assert "Traceback" not in said
    assert run(["-v", "status", "x"]) == 3
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "abcdefghijkl" not in said


def test_version_both_ways() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scimdoctor", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"scimdoctor {__version__}\n"
    result = CliRunner().invoke(build_app(), ["--version"])
    assert result.stdout == f"scimdoctor {__version__}\n"


def test_no_command_greets_and_says_what_next() -> None:
    result = CliRunner().invoke(build_app(), [], obj=session())
    assert result.exit_code == 0
    assert "tenant     not set" in result.stdout
    assert "scimdoctor demo" in result.stdout


@pytest.mark.parametrize("url", ["https://host/scim?token=T0PS", "https://u:T0PS/x@host/scim"])
def test_the_greeting_tells_no_credential(url: str) -> None:
    greeted = Session(environ={**EMPTY, "SCIMDOCTOR_ENDPOINT": url})
    result = CliRunner().invoke(build_app(), [], obj=greeted)
    assert result.exit_code == 0
    assert "T0PS" not in result.stdout


def test_an_error_tells_no_credential(capsys: pytest.CaptureFixture[str]) -> None:
    from scimdoctor.cli.console import print_error

    print_error("https://u:T0PS@host failed", "try https://host/?token=T0PS")
    assert "T0PS" not in capsys.readouterr().err


def test_the_greeting_knows_what_is_set() -> None:
    environ = {**EMPTY, "SCIMDOCTOR_TENANT": "contoso.example", "SCIMDOCTOR_APP": "My app"}
    result = CliRunner().invoke(build_app(), [], obj=Session(environ=environ))
    assert "contoso.example (global)" in result.stdout
    assert 'scimdoctor diagnose "My app"' in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["no-such-command"], ["logs", "--no-such-option"], ["status", "a", "b"], ["job"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(build_app(), arguments, obj=session())
    assert result.exit_code == 2
    assert result.stdout == "" or "Usage" in result.stdout


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>signed out</html>", "events.json"),
        (b"", "events.json"),
        (b"\xff\xfe\x00nonsense", "events.json"),
    ],
    ids=["html", "empty", "binary"],
)
def test_a_file_that_is_no_log_is_named(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(content)
    result = CliRunner().invoke(build_app(), ["logs", "--from", str(path)], obj=session())
    assert result.exit_code == 3
    assert expected in result.stderr
    assert "next:" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_of_which_nothing_can_be_read_is_no_all_clear(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(b'{"value": [{"id"')
    result = CliRunner().invoke(build_app(), ["logs", "--from", str(path)], obj=session())
    assert result.exit_code == 3
    assert "events.json" in result.stdout
    assert "1 unreadable" in result.stderr


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    source = Path(__file__).parent.parent.parent / "examples" / "user-conflict.json"
    target = tmp_path / "missing" / "report.json"
    arguments = ["logs", "--from", str(source), "-f", "json", "-o", str(target)]
    result = CliRunner().invoke(build_app(), arguments, obj=session())
    assert result.exit_code == 3
    assert "cannot write" in result.stderr
    good = tmp_path / "report.json"
    arguments[-1] = str(good)
    result = CliRunner().invoke(build_app(), arguments, obj=session())
    assert result.exit_code == 1
    assert good.read_text().startswith("{")
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_an_old_report_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.touch(mode=0o600)
    link.symlink_to(real)
    source = Path(__file__).parent.parent.parent / "examples" / "user-conflict.json"
    arguments = ["logs", "--from", str(source), "-f", "json", "-o", str(link)]
    result = CliRunner().invoke(build_app(), arguments, obj=session())
    assert result.exit_code == 1
    assert link.is_symlink()
    assert real.read_text().startswith("{")
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.json", "real.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_plainly() -> None:
    source = Path(__file__).parent.parent.parent / "examples" / "user-conflict.json"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "scimdoctor", "logs", "--from", str(source)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 3
    assert "could not be written" in done.stderr
    assert "fault in scimdoctor" not in done.stderr


def test_a_result_that_breaks_halfway_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        stream = args[1]
        stream.write("half a report")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr("scimdoctor.reports.render", broken)
    source = Path(__file__).parent.parent.parent / "examples" / "user-conflict.json"
    arguments = ["logs", "--from", str(source), "-o", str(tmp_path / "report.txt")]
    result = CliRunner().invoke(build_app(), arguments, obj=session())
    assert result.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_a_new_report_is_private(tmp_path: Path) -> None:
    source = Path(__file__).parent.parent.parent / "examples" / "user-conflict.json"
    target = tmp_path / "report.json"
    arguments = ["logs", "--from", str(source), "-f", "json", "-o", str(target)]
    assert CliRunner().invoke(build_app(), arguments, obj=session()).exit_code == 1
    assert target.stat().st_mode & 0o777 == 0o600


def test_verbose_says_every_request_without_the_token() -> None:
    from scimdoctor.lab.loopback import LoopbackServer
    from scimdoctor.lab.scim.provider import ScimServiceProvider

    with LoopbackServer(ScimServiceProvider(token="s3cret-lab-token").handle) as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "scimdoctor", "-v", "check-endpoint"),
                *(f"{server.url}/scim", "--read-only", "--only", "auth"),
            ],
            capture_output=True,
            text=True,
            env={**EMPTY, "SCIMDOCTOR_ENDPOINT_TOKEN": "s3cret-lab-token", "PATH": "/usr/bin"},
            timeout=60,
            check=False,
        )
    assert "x1 GET /Users?" in done.stderr
    assert "→ 200," in done.stderr
    assert "s3cret-lab-token" not in done.stderr + done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_request_to_end_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    environ = {**EMPTY, "TMPDIR": str(tmp_path), "PATH": "/usr/bin"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scimdoctor", "lab"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
    )
    try:
        assert process.stdout is not None
        assert "export" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()
    assert list(tmp_path.iterdir()) == []


def test_a_request_to_end_that_a_destructor_swallowed_ends_the_lab(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scimdoctor.cli.ending.asked", ["SIGTERM"])
    assert CliRunner().invoke(build_app(), ["lab"], obj=session()).exit_code == 130


def test_the_archive_of_a_profile_is_the_one_that_is_used(tmp_path: Path) -> None:
    folder, settings = tmp_path / "events", tmp_path / "config.toml"
    settings.write_text(f'[profiles.p]\narchive = "{folder.as_posix()}"\n')
    profile = Session(environ=EMPTY, config_path=settings, profile="p")
    assert profile.archive_root == folder
    assert session().archive_root != folder
    assert "archive    empty" in CliRunner().invoke(build_app(), [], obj=profile).stdout


def test_printed_commands_keep_the_settings_file_and_the_profile_that_were_typed(
    tmp_path: Path,
) -> None:
    settings = tmp_path / "my settings.toml"
    settings.write_text('[profiles.p]\ntenant = "contoso.example"\n')
    events = tmp_path / "events.json"
    error = {"errorCode": "x", "reason": "StatusCode: MethodNotAllowed"}
    record = {
        "id": "e1",
        "activityDateTime": "2026-03-01T00:00:00Z",
        "provisioningAction": "update",
        "provisioningStatusInfo": {"status": "failure", "errorInformation": error},
    }
    events.write_text(json.dumps([record]))
    given = ["diagnose", "--from", str(events), "-f", "json"]

    def commands(*before: str, **environ: str) -> list[str]:
        ran = CliRunner().invoke(build_app(), [*before, *given], env=environ)
        steps = json.loads(ran.stdout)["diagnoses"][0]["remediation"]
        return [step["command"] for step in steps if step.get("command")]

    named = commands("--config", str(settings), "--profile", "p")
    assert named
    assert all(c.startswith(f"scimdoctor --config '{settings}' --profile p ") for c in named)
    around = commands(SCIMDOCTOR_CONFIG=str(settings), SCIMDOCTOR_PROFILE="p")
    assert not any("--config" in c or "--profile" in c for c in around)
