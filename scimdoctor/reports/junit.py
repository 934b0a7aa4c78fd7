"""JUnit XML for CI: suites for each family of checks, for causes, replays and comparisons.

The element and attribute names are those that Jenkins, GitLab and Azure DevOps read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TextIO
from xml.etree import ElementTree as ET

from scimdoctor.model.finding import Outcome
from scimdoctor.model.replay import DifferenceKind, Verdict
from scimdoctor.reports.neutral import neutral, one_line
from scimdoctor.reports.verdict import headline, is_different, replay_words, state_words
from scimdoctor.reports.words import WHO, by_family, spaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import Report


def render(report: Report, out: TextIO) -> None:
    """Write the findings, causes and replays as test cases."""
    root = ET.Element("testsuites", name="scimdoctor")
    for family, findings in by_family(report.findings).items():
        _suite(root, family, map(_finding_case, findings), report)
    if report.diagnoses:
        _suite(root, "causes", map(_cause_case, report.diagnoses), report)
    if report.replays:
        _suite(root, "replays", map(_replay_case, report.replays), report)
    if report.comparisons:
        _suite(root, "comparisons", map(_comparison_case, report.comparisons), report)
    if not len(root):
        _suite(root, report.command, (), report)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    _set_time(root, root)
    ET.indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(ET.tostring(root, encoding="unicode"))
    out.write("\n")


def _suite(root: ET.Element, name: str, cases: Iterable[ET.Element], report: Report) -> None:
    suite = ET.SubElement(root, "testsuite", name=one_line(name))
    properties = ET.SubElement(suite, "properties")
    for key, value in (("verdict", headline(report).text), *report.target.items()):
        ET.SubElement(properties, "property", name=one_line(key), value=one_line(value))
    suite.extend(cases)
    found = suite.findall("testcase")
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(found)))
    for attribute, tag in counts.items():
        suite.set(attribute, str(sum(case.find(tag) is not None for case in found)))
    _set_time(suite, found)
    suite.set("timestamp", report.generated_at.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("hostname", "scimdoctor")
    if report.limits:
        ET.SubElement(suite, "system-err").text = "\n".join(map(one_line, report.limits))


def _set_time(whole: ET.Element, parts: Iterable[ET.Element]) -> None:
    whole.set("time", f"{sum(float(part.get('time', '0')) for part in parts):.3f}")


def _case(classname: str, name: str, milliseconds: float = 0.0) -> ET.Element:
    known = math.isfinite(milliseconds) and milliseconds > 0
    time = f"{milliseconds / 1000 if known else 0:.3f}"
    attributes = {"name": one_line(name), "classname": one_line(classname), "time": time}
    return ET.Element("testcase", attributes)


def _finding_case(finding: Finding) -> ET.Element:
    name = f"{finding.check}: {finding.title}"
    case = _case(finding.check.replace("/", "."), name, finding.elapsed_in_milliseconds)
    message = one_line(finding.message)
    if finding.outcome is Outcome.FAILED and not finding.is_problem:
        why = "known from the baseline" if finding.known else "for information"
        ET.SubElement(case, "system-out").text = _detail(f"{why}: {message}", finding)
    elif finding.outcome is Outcome.FAILED:
        failure = ET.SubElement(case, "failure", message=message, type=finding.severity.value)
        failure.text = _detail(finding.message, finding)
    elif finding.outcome is Outcome.ERRORED:
        error = ET.SubElement(case, "error", message=message, type="errored")
        error.text = neutral(finding.message)
    elif finding.outcome is Outcome.SKIPPED:
        ET.SubElement(case, "skipped", message=message)
    return case


def _detail(message: str, finding: Finding) -> str:
    lines = [message, f"cause: {finding.cause}" if finding.cause else ""]
    lines += [f"{WHO[r.who]}: {r.text}" for r in finding.remediation]
    lines.append(finding.reproduce or "")
    return neutral("\n".join(line for line in (*lines, *finding.references) if line), limit=20_000)


def _cause_case(diagnosis: Diagnosis) -> ET.Element:
    case = _case(f"cause.{diagnosis.cause}", diagnosis.title)
    remedies = [f"{WHO[r.who]}: {r.text}" for r in diagnosis.remediation]
    text = neutral("\n".join((diagnosis.explanation, *remedies)))
    if diagnosis.known:
        ET.SubElement(case, "system-out").text = f"known from the baseline: {text}"
        return case
    message = one_line(f"{diagnosis.cause} ({diagnosis.confidence})")
    failure = ET.SubElement(case, "failure", message=message, type=diagnosis.confidence.value)
    failure.text = text
    return case


def _replay_case(replay: Replay) -> ET.Element:
    case = _case("replay", f"{replay.event} ({replay.mode})")
    words = replay_words(replay)
    told = replay.summary if replay.summary.startswith(words) else f"{words}: {replay.summary}"
    message = one_line(told)
    if replay.is_problem:
        kind = "loses-values" if replay.loses_values else replay.verdict.value
        odd = (d for d in replay.differences if d.kind is not DifferenceKind.SAME)
        values = (f"{d.attribute}: {d.sent} was sent, {d.stored or 'nothing'} stored" for d in odd)
        failure = ET.SubElement(case, "failure", message=message, type=kind)
        failure.text = neutral("\n".join((replay.summary, *values, *replay.notes)))
    elif replay.verdict not in {Verdict.WORKS_NOW, Verdict.PUT_BACK}:
        ET.SubElement(case, "skipped", message=message)
    return case


def _comparison_case(comparison: Comparison) -> ET.Element:
    case = _case("comparison", comparison.label)
    verdicts = [a.verdict for a in comparison.attributes]
    told = [
        f"{a.attribute} {spaced(a.verdict)}: Entra {a.expected}, app {a.actual or 'nothing'}"
        for a in comparison.attributes
        if is_different("matched", [a.verdict])
    ]
    state = state_words(comparison)
    message = one_line("; ".join((state, *(told[:3] or comparison.notes))))
    if is_different(comparison.state, verdicts):
        kind = one_line(state.replace(" ", "-"))
        failure = ET.SubElement(case, "failure", message=message, type=kind)
        failure.text = neutral("\n".join((*told, *comparison.notes)), limit=20_000)
    elif comparison.state == "cannot-tell":
        ET.SubElement(case, "skipped", message=message)
    return case
