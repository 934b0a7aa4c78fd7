"""`scimdoctor report` through the front door, and the pipelines in `examples/ci`."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scimdoctor.cli.commands.report import report
from scimdoctor.cli.session import Session
from scimdoctor.model.finding import Outcome
from scimdoctor.reports import Format, render
from tests.fakes import reports as fakes
from tests.fakes.command import Ran, run_command

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

CI = Path(__file__).parent.parent.parent / "examples" / "ci"
PIPELINES = sorted(CI.glob("*.yml"))


def saved(path: Path, content: Report) -> str:
    out = io.StringIO()
    render(content, out, Format.JSON)
    path.write_text(out.getvalue(), encoding="utf-8")
    return str(path)


def run(*arguments: str, quiet: bool = False) -> Ran:
    return run_command(report, Session(environ={}, quiet=quiet), *arguments)


def test_a_saved_report_is_shown_again(tmp_path: Path) -> None:
    ran = run(saved(tmp_path / "r.json", fakes.diagnose()))
    assert ran.status == 1
    assert ran.stdout.startswith("✗ 2 causes found")
    assert "diagnose: 2 causes found" in ran.stderr


@pytest.mark.parametrize("format", Format)
def test_every_format_from_a_saved_report(format: Format, tmp_path: Path) -> None:
    source = saved(tmp_path / "r.json", fakes.diagnose())
    target = tmp_path / "out"
    ran = run(source, "-f", format.value, "-o", str(target), "--fail-on", "never")
    assert ran.status == 0, ran.stderr
    assert ran.stdout == ""
    assert target.read_text("utf-8").strip()


def test_json_of_json_is_the_same(tmp_path: Path) -> None:
    source = saved(tmp_path / "r.json", fakes.diagnose())
    ran = run(source, "-f", "json", "--fail-on", "never")
    assert ran.stdout == Path(source).read_text("utf-8")


def test_two_reports_are_compared(tmp_path: Path) -> None:
    old = fakes.check_endpoint()
    well = tuple(replace(f, outcome=Outcome.PASSED) for f in old.findings)
    before = saved(tmp_path / "old.json", old)
    after = saved(tmp_path / "new.json", replace(old, findings=well))
    ran = run("--diff", before, after, "-f", "json")
    assert ran.status == 0
    assert {change["state"] for change in ran.json["changes"]} == {"fixed"}
    assert run("--diff", after, before).status == 1


def test_a_baseline_made_here_keeps_known_problems_from_failing(tmp_path: Path) -> None:
    checked = fakes.check_endpoint()
    judged = tuple(f for f in checked.findings if f.outcome is not Outcome.ERRORED)
    source = saved(tmp_path / "r.json", replace(checked, findings=judged))
    known = tmp_path / "known.json"
    assert run(source, "--write-baseline", str(known)).status == 1
    ran = run(source, "--baseline", str(known))
    assert ran.status == 0
    assert "known (baseline)" in ran.stdout


def test_redact_with_a_key_is_stable(tmp_path: Path) -> None:
    source = saved(tmp_path / "r.json", fakes.diagnose())
    session = Session(environ={"SCIMDOCTOR_REDACT_KEY": "k"}, quiet=True)
    runs = [run_command(report, session, source, "--redact", "-f", "json") for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    assert "Lovelace" not in runs[0].stdout


def test_the_list_of_pseudonyms_is_for_its_owner_alone(tmp_path: Path) -> None:
    source = saved(tmp_path / "r.json", fakes.diagnose())
    names = tmp_path / "names.json"
    ran = run(source, "--redact-list", str(names), "-f", "json")
    assert "Lovelace" not in ran.stdout
    assert "Ada Lovelace" in {
        item["original"] for item in json.loads(names.read_text())["replaced"]
    }
    if os.name == "posix":
        assert names.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["missing.json"], 3, "cannot read missing.json"),
        (["a.json", "b.json"], 2, "expected 1 report, found 2"),
        (["--diff", "a.json"], 2, "expected 2 reports, found 1"),
        (["text.json"], 3, "text.json is not JSON"),
        (["bytes.json"], 3, "bytes.json is not UTF-8"),
        (["good.json", "--baseline", "text.json"], 3, "text.json is not a baseline"),
        (["good.json", "--write-baseline", "no/such/folder/b.json"], 3, "cannot write"),
        (["good.json", "-o", "no/such/folder/r.txt"], 3, "cannot write"),
    ],
)
def test_bad_input_is_said_in_one_line(
    arguments: list[str], status: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "good.json", fakes.logs())
    Path("text.json").write_text("no json", encoding="utf-8")
    Path("bytes.json").write_bytes(b"\xff\xfe{")
    ran = run(*arguments)
    assert ran.status == status
    assert says in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: path.name)
def test_the_pipelines_use_commands_that_work(
    pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "report.json", fakes.conformant())
    empty = {"baseline_version": "1", "known": []}
    Path(".scim-baseline.json").write_text(json.dumps(empty), encoding="utf-8")
    text = pipeline.read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^[^#\n]*?scimdoctor report ([^\n]+)$", text)
    assert len(lines) >= 4
    for line in lines:
        arguments = shlex.split(line.partition(" >>")[0])
        assert run(*arguments).status == 0
    assert {"report.sarif", "report.xml", "report.html"} <= {p.name for p in tmp_path.iterdir()}
