"""SARIF 2.1.0 for code scanning: failed checks and causes as results.

A SCIM server has no source file that we know, and code scanning wants a location: each result
points at the artifact named by the request path, and fingerprints keep it the same from run to run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from scimdoctor.reports.identity import diagnosis_id, finding_id
from scimdoctor.reports.neutral import json_safe, neutral, one_line
from scimdoctor.reports.words import WHO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.report import Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {
    Severity.BLOCKER: "error",
    Severity.MAJOR: "error",
    Severity.MINOR: "warning",
    Severity.INFO: "note",
}
_KINDS = {Outcome.PASSED: "pass", Outcome.FAILED: "fail", Outcome.SKIPPED: "notApplicable"}

Json = dict[str, Any]


def render(report: Report, out: TextIO) -> None:
    """Write one SARIF run."""
    rules = _rules(report)
    numbers = {rule["id"]: index for index, rule in enumerate(rules)}
    results = [_finding_result(f, report) for f in report.findings if f.outcome is Outcome.FAILED]
    results += [_cause_result(diagnosis, report) for diagnosis in report.diagnoses]
    for result in results:
        result["ruleIndex"] = numbers[result["ruleId"]]
    run: Json = {
        "tool": {"driver": _driver(report, rules)},
        "invocations": [_invocation(report)],
        "results": results,
        "properties": {"target": dict(report.target), "limits": list(report.limits)},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    out.write(json_safe(json.dumps(log, ensure_ascii=False, indent=2, allow_nan=False)))
    out.write("\n")


def _driver(report: Report, rules: list[Json]) -> Json:
    return {
        "name": "scimdoctor",
        "version": one_line(report.tool_version) or "0",
        "rules": rules,
    }


def _invocation(report: Report) -> Json:
    """Say how the run went; checks that broke or were skipped are notifications."""
    broken = [f for f in report.findings if f.outcome is Outcome.ERRORED]
    notes = [{"level": "warning", "message": _message(limit)} for limit in report.limits]
    notes += [{"level": "error", "message": _message(f"{f.check}: {f.message}")} for f in broken]
    return {
        "executionSuccessful": not broken,
        "endTimeUtc": report.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "toolExecutionNotifications": notes,
    }


def _rules(report: Report) -> list[Json]:
    """Return one rule for each check that failed and each cause that was found."""
    rules: dict[str, Json] = {}
    for finding in report.findings:
        if finding.outcome is Outcome.FAILED:
            rules.setdefault(_id(finding.check), _check_rule(finding))
    for diagnosis in report.diagnoses:
        rules.setdefault(_cause_rule_id(diagnosis), _cause_rule(diagnosis))
    return list(rules.values())


def _check_rule(finding: Finding) -> Json:
    rule: Json = {
        "id": _id(finding.check),
        "shortDescription": _message(finding.title),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "fullDescription": _message(finding.why or finding.title),
        "help": _help(finding),
        "properties": {
            "tags": ["scim", finding.requirement.value],
            "problem.severity": _LEVELS[finding.severity].replace("note", "recommendation"),
        },
    }
    return {**rule, **_help_uri(finding.references)}


def _help(finding: Finding) -> Json:
    """Why it matters, how to mend it, and what it goes against."""
    parts = [
        ("Why it matters", finding.why),
        ("How to fix", _remedies(finding)),
        ("Requirement", f"{finding.requirement}, {finding.rfc}" if finding.rfc else ""),
        ("More", f"scimdoctor explain {finding.check}"),
    ]
    told = [(name, neutral(text)) for name, text in parts if text]
    return {"text": "\n".join(f"{name}: {text}" for name, text in told)}


def _remedies(told: Finding | Diagnosis) -> str:
    return "\n".join(
        f"{WHO[r.who]}: {r.text}{f' Run: {r.command}' if r.command else ''}"
        for r in told.remediation
    )


def _cause_rule(diagnosis: Diagnosis) -> Json:
    rule: Json = {
        "id": _cause_rule_id(diagnosis),
        "shortDescription": _message(diagnosis.title),
        "fullDescription": _message(diagnosis.explanation),
        "help": _message(_remedies(diagnosis) or f"Run: scimdoctor explain {diagnosis.cause}"),
        "properties": {"tags": ["scim", "cause", diagnosis.layer.value]},
    }
    return {**rule, **_help_uri(diagnosis.references)}


def _help_uri(references: tuple[str, ...]) -> Json:
    usable = _web_addresses(references)
    first = next(usable, None)
    return {"helpUri": first} if first else {}


def _web_addresses(references: tuple[str, ...]) -> Iterator[str]:
    allowed = set("-._~:/?#[]@!$&'()*+,;=%")
    for url in references:
        plain = url.isascii() and all(c.isalnum() or c in allowed for c in url)
        if plain and url.startswith("https://"):
            yield url


def _finding_result(finding: Finding, report: Report) -> Json:
    text = f"{finding.message.rstrip()} Expected: {finding.title}."
    properties: Json = {"severity": finding.severity.value, "evidence": list(finding.evidence)}
    if finding.cause:
        properties["cause"] = finding.cause
    if finding.reproduce:
        properties["reproduce"] = neutral(finding.reproduce, limit=20_000)
    result: Json = {
        "ruleId": _id(finding.check),
        "kind": _KINDS[finding.outcome],
        "level": _LEVELS[finding.severity],
        "message": _message(text),
        "locations": [_location(report, finding.check)],
        "partialFingerprints": {"findingId/v1": finding_id(finding)},
        "properties": properties,
    }
    if finding.known:
        result["baselineState"] = "unchanged"
        result["suppressions"] = [{"kind": "external", "justification": "listed in the baseline"}]
    return result


def _cause_result(diagnosis: Diagnosis, report: Report) -> Json:
    affected = diagnosis.affected
    result: Json = {
        "ruleId": _cause_rule_id(diagnosis),
        "kind": "fail",
        "level": "warning" if diagnosis.confidence.rank == 0 else "error",
        "message": _message(f"{diagnosis.title}. {diagnosis.explanation}"),
        "locations": [_location(report, diagnosis.layer.value)],
        "partialFingerprints": {"diagnosisId/v1": diagnosis_id(diagnosis)},
        "properties": {
            "confidence": diagnosis.confidence.value,
            "fixedBy": diagnosis.fixed_by.value,
            "objects": affected.objects if affected else 0,
            "evidence": [one_line(f"{e.kind} {e.ref}: {e.summary}") for e in diagnosis.evidence],
        },
    }
    if diagnosis.known:
        result["baselineState"] = "unchanged"
        result["suppressions"] = [{"kind": "external", "justification": "listed in the baseline"}]
    return result


def _location(report: Report, name: str) -> Json:
    """Return a location: code scanning shows no result without one."""
    from urllib.parse import quote

    place = quote(one_line(name, limit=100).encode("utf-8", "replace"), safe="/-._")
    target = report.target.get("endpoint") or report.target.get("app") or report.command
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": f"scim/{place}"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [{"name": one_line(name), "fullyQualifiedName": one_line(target)}],
    }


def _message(text: str) -> Json:
    return {"text": neutral(text) or "–"}


def _id(check: str) -> str:
    return one_line(check) or "–"


def _cause_rule_id(diagnosis: Diagnosis) -> str:
    return _id(f"cause/{diagnosis.cause}")
