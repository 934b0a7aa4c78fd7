"""JUnit and SARIF: what the servers that read them insist on."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.cli.judgement import status_of
from scimdoctor.model.comparison import Comparison
from scimdoctor.model.replay import Verdict
from scimdoctor.model.rule import Severity
from scimdoctor.reports import Format, render
from scimdoctor.reports.baseline import apply_baseline, read_baseline, write_baseline
from tests.fakes import reports as fakes
from tests.fakes.reports import SCENARIOS

CHILDREN = {
    "testsuites": ("testsuite",),
    "testsuite": ("properties", "testcase", "system-out", "system-err"),
    "properties": ("property",),
    "testcase": ("skipped", "error", "failure", "system-out", "system-err"),
}
"""Allowed children in the order that Jenkins' schema of JUnit reports demands."""

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {
        "name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
    "system-err": set(),
}  # fmt: skip


def rendered(report: Any, format: Format) -> str:
    out = io.StringIO()
    render(report, out, format)
    return out.getvalue()


@pytest.mark.parametrize("name", SCENARIOS)
def test_junit_has_the_structure_that_ci_servers_read(name: str) -> None:
    root = ET.fromstring(rendered(SCENARIOS[name](), Format.JUNIT))
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        order = [CHILDREN.get(element.tag, ()).index(child.tag) for child in element]
        assert order == sorted(order)
        assert element.tag != "properties" or len(element)
    suites = root.findall("testsuite")
    assert suites
    assert int(root.get("tests", "")) == sum(int(s.get("tests", "")) for s in suites)
    assert len(root.findall("./testsuite/testcase/failure")) == int(root.get("failures", ""))


def test_junit_names_checks_causes_and_replays() -> None:
    root = ET.fromstring(rendered(fakes.diagnose(), Format.JUNIT))
    suites = {suite.get("name"): suite for suite in root}
    assert {"patch", "causes", "replays"} <= suites.keys()
    failure = suites["patch"].find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "blocker"
    assert "curl -X PATCH" in (failure.text or "")
    assert suites["patch"].get("skipped") == "2"


def test_a_write_that_loses_a_value_fails_in_junit_as_in_the_exit_status() -> None:
    report = fakes.replay()
    one = replace(report.replays[0], verdict=Verdict.WORKS_NOW)
    lossy = replace(report, replays=(one,))
    failure = ET.fromstring(rendered(lossy, Format.JUNIT)).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "loses-values"
    assert "title:" in (failure.text or "")
    assert status_of(lossy, Severity.MAJOR) is ExitStatus.PROBLEMS


def test_junit_tells_compared_objects_apart() -> None:
    report = fakes.compare()
    unsure = Comparison(object="x", state="cannot-tell", notes=("no answer",))
    same = Comparison(object="y")
    report = replace(report, comparisons=(*report.comparisons, unsure, same))
    root = ET.fromstring(rendered(report, Format.JUNIT))
    (suite,) = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


def known(report: Any) -> Any:
    return apply_baseline(report, read_baseline(write_baseline(report), "known.json"))


def test_known_problems_fail_no_junit_run() -> None:
    root = ET.fromstring(rendered(known(fakes.check_endpoint()), Format.JUNIT))
    assert root.get("failures") == "0"


def sarif(report: Any) -> Any:
    return json.loads(rendered(report, Format.SARIF))["runs"][0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_sarif_has_what_code_scanning_insists_on(name: str) -> None:
    log = json.loads(rendered(SCENARIOS[name](), Format.SARIF))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        assert result["partialFingerprints"]
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", place["artifactLocation"]["uri"])
        assert place["region"]["startLine"] == 1


def test_sarif_results_are_failures_and_causes_only() -> None:
    run = sarif(fakes.diagnose())
    ids = [result["ruleId"] for result in run["results"]]
    assert ids == [
        "filter/case", "patch/op-case", "cause/patch-op-case-sensitive",
        "cause/token-expired-or-revoked",
    ]  # fmt: skip
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert any("could not be read" in item["message"]["text"] for item in notifications)
    assert run["invocations"][0]["executionSuccessful"] is False


def test_sarif_marks_known_problems_as_suppressed() -> None:
    results = sarif(known(fakes.check_endpoint()))["results"]
    assert all(result["suppressions"][0]["kind"] == "external" for result in results)
