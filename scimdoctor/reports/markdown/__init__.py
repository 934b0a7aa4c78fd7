"""Markdown for a ticket: a short summary first, everything long folded away.

Only what GitHub, GitLab and Azure DevOps share is used. Text from outside stands in code spans and
fences, or is escaped: it makes no heading, link, image, mention or HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from scimdoctor.model.finding import Outcome
from scimdoctor.reports.markdown import exchanges, tables
from scimdoctor.reports.markdown.text import code, escaped, fenced, folded, link
from scimdoctor.reports.verdict import Level, counted, headline
from scimdoctor.reports.words import (
    WHO,
    affected_text,
    by_family,
    is_command,
    measured,
    outcome_counts,
    plain,
    skip_reasons,
    source_of,
    spaced,
    told,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.finding import Evidence, Finding
    from scimdoctor.model.report import Report
    from scimdoctor.model.rule import Remediation

_SIGNS = {Level.PROBLEM: "❌", Level.ATTENTION: "⚠️", Level.GOOD: "✅", Level.UNKNOWN: "❔"}


def render(report: Report, out: TextIO) -> None:
    """Write `report` as Markdown."""
    for block in _blocks(report):
        out.write(block.rstrip("\n"))
        out.write("\n\n")
    made = f"scimdoctor {code(report.tool_version)}, {when(report.generated_at)} UTC"
    out.write(f"<sub>Made by {made}</sub>\n")


def _blocks(report: Report) -> Iterator[str]:
    yield from _summary(report)
    yield from _causes(report)
    yield from _checks(report)
    yield from tables.blocks(report)
    yield from exchanges.blocks(report)
    if report.notes:
        yield "## Notes"
        yield "\n".join(f"- {escaped(note)}" for note in report.notes)
    if report.limits:
        yield f"## Could not be seen ({len(report.limits)})"
        yield "\n".join(f"- {escaped(limit)}" for limit in report.limits)


def _summary(report: Report) -> Iterator[str]:
    verdict = headline(report)
    yield f"# {_SIGNS[verdict.level]} {escaped(verdict.text)}"
    if verdict.more:
        yield "\n".join(f"- {escaped(sentence)}" for sentence in verdict.more)
    facts = [
        f"{escaped(plain(name))}: {code(value)}" for name, value in report.target.items() if value
    ]
    command = f"command: {code(report.command)}"
    yield " · ".join((command, *facts))
    if report.status:
        told = [f"| {escaped(label)} | {escaped(text)} |" for label, text in report.status.facts]
        if told:
            yield "\n".join(
                (
                    f"| {escaped(report.status.subject)} | {escaped(spaced(report.status.health))} |",
                    "| --- | --- |",
                    *told,
                )
            )
        if report.status.next_steps:
            steps = (code(s) if is_command(s) else escaped(s) for s in report.status.next_steps)
            yield "\n".join(f"- [ ] {step}" for step in steps)


def _causes(report: Report) -> Iterator[str]:
    if not report.diagnoses:
        return
    yield "## Causes"
    for number, diagnosis in enumerate(report.diagnoses, start=1):
        yield from _cause(number, diagnosis)


def _cause(number: int, diagnosis: Diagnosis) -> Iterator[str]:
    yield f"### {number}. {escaped(diagnosis.title)}"
    tags = [code(diagnosis.cause), f"**{diagnosis.confidence}**", spaced(diagnosis.layer)]
    tags.append(f"fixed by **{WHO[diagnosis.fixed_by]}**")
    tags += ["known (baseline)"] if diagnosis.known else []
    size = affected_text(diagnosis.affected)
    tags += [escaped(size)] if size else []
    yield " · ".join(tags)
    yield escaped(diagnosis.explanation)
    if diagnosis.remediation:
        yield "**What to do**"
        yield "\n".join(f"- [ ] {_remedy(remedy)}" for remedy in diagnosis.remediation)
    evidence = [f"- {_source(item)}: {escaped(item.summary)}" for item in diagnosis.evidence]
    others = [f"- also possible: {code(a.cause)} ({a.confidence})" for a in diagnosis.alternatives]
    links = [f"- {link(url)}" for url in diagnosis.references]
    if evidence or others or links:
        title = f"Why we think so ({counted(len(evidence), 'fact')})"
        yield folded(title, "\n".join((*evidence, *others, *links)))


def _remedy(remedy: Remediation) -> str:
    command = f" {code(remedy.command)}" if remedy.command else ""
    return f"{WHO[remedy.who]}: {escaped(remedy.text)}{command}"


def _source(item: Evidence) -> str:
    ref = code(item.ref) if item.ref else ""
    if item.label:
        return f"{escaped(source_of(item))} ({ref})"
    return f"{item.kind} {ref}".strip()


def _checks(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield f"## Checks: {outcome_counts(report.findings)}"
    bad = [f for f in report.findings if f.outcome in {Outcome.FAILED, Outcome.ERRORED}]
    for finding in sorted(bad, key=lambda finding: -finding.severity.rank):
        yield _failure(finding)
    figures = [f"| {code(check)} | {escaped(text)} |" for check, text in measured(report.findings)]
    if figures:
        yield "\n".join(("| Check | Measured |", "| --- | --- |", *figures))
    rows = [
        f"| {escaped(family)} | {outcome_counts(findings)} |"
        for family, findings in by_family(report.findings).items()
    ]
    skipped = [
        f"- {counted(len(findings), 'check')} skipped: {escaped(reason)}"
        for reason, findings in skip_reasons(report.findings).items()
    ]
    table = "\n".join(("| Family | Result |", "| --- | --- |", *rows))
    yield folded("All families of checks", "\n\n".join((table, "\n".join(skipped))))


def _failure(finding: Finding) -> str:
    label = "could not be judged" if finding.outcome is Outcome.ERRORED else finding.severity.value
    known = " · known (baseline)" if finding.known else ""
    cause = f" · cause {code(finding.cause)}" if finding.cause else ""
    section = f" · {escaped(finding.rfc)}" if finding.rfc else ""
    wrong, rest = told(finding)
    lines = [
        f"- **{label}** {escaped(wrong)}  ",
        f"  {code(finding.check)} · {finding.requirement}{section}{cause}{known}  ",
        f"  Expected: {escaped(finding.title)}",
    ]
    if rest:
        lines[-1] += "  "
        lines.append(f"  {escaped(rest)}")
    if finding.remediation:
        lines += ["", *(f"  - {_remedy(remedy)}" for remedy in finding.remediation)]
    details = []
    if finding.reproduce:
        details.append(fenced(finding.reproduce, "sh"))
    details += [f"- {link(url)}" for url in finding.references]
    if details:
        block = folded("How to reproduce", "\n\n".join(details))
        lines += ["", *(f"  {line}" if line else "" for line in block.split("\n"))]
    return "\n".join(lines)
