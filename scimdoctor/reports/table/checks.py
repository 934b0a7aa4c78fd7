"""Findings of checks: one line per family, failures in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.verdict import counted
from scimdoctor.reports.words import (
    WHO,
    answer_text,
    by_family,
    in_order,
    measured,
    skip_reasons,
    told,
)

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_SHOWN = 4
"""So many exchanges at most are listed with a finding."""

_SEVERITY = {
    Severity.BLOCKER: "bold white on red",
    Severity.MAJOR: "bold red",
    Severity.MINOR: "bold yellow",
    Severity.INFO: "bold blue",
}


def draw(page: Page, report: Report) -> None:
    """Write the families, then what failed, then why checks were skipped."""
    if not report.findings:
        return
    page.heading("Checks")
    _families(page, report)
    exchanges = {exchange.id: exchange for exchange in report.exchanges}
    worst_first = sorted(report.findings, key=lambda finding: -finding.severity.rank)
    for finding in worst_first:
        if finding.outcome in {Outcome.FAILED, Outcome.ERRORED}:
            page.gap()
            _failure(page, finding, exchanges)
    _measured(page, report)
    _skipped(page, report)


def _families(page: Page, report: Report) -> None:
    rows = []
    for family, findings in by_family(report.findings).items():
        counts = [sum(f.outcome is outcome for f in findings) for outcome in Outcome]
        passed, failed, skipped, errored = counts
        sign = Text("✗", "red") if failed or errored else Text("✓", "green") if passed else "–"
        rows.append(
            (sign, family, *(str(n) if n else "" for n in (passed, failed, skipped, errored)))
        )
    columns = ("", "family", "passed", "failed", "skipped", "broke")
    page.grid(columns, rows, right=frozenset(columns[2:]), narrow=frozenset({"", "family"}))


def _failure(page: Page, finding: Finding, exchanges: dict[str, Exchange]) -> None:
    _what_is_wrong(page, finding)
    for remedy in finding.remediation:
        who = Text(f"{WHO[remedy.who]}: ", "green")
        page.bullet(who.append(one_line(remedy.text, limit=2_000), "not bold default"), indent=4)
        if remedy.command:
            page.command(remedy.command, indent=6)
    for ref in in_order(finding.evidence[-_SHOWN:]):
        exchange = exchanges.get(ref)
        if exchange:
            target = f"{exchange.request.method} {exchange.request.target}"
            page.prose(f"{ref}  {one_line(target, limit=160)} → {answer_text(exchange)}", indent=4)
    if finding.reproduce:
        page.command(finding.reproduce, indent=4)
    for url in finding.references:
        page.reference(url, indent=4)


def _what_is_wrong(page: Page, finding: Finding) -> None:
    errored = finding.outcome is Outcome.ERRORED
    label = Text(f" {finding.severity} ", _SEVERITY[finding.severity])
    sign = Text("!", "bold yellow").append(" could not be judged") if errored else label
    wrong, rest = told(finding)
    head = sign.append(f" {one_line(wrong)}", "bold default not reverse")
    page.bullet(head, sign="!" if errored else "✗", style="red")
    known = " · known (baseline)" if finding.known else ""
    cause = f" · cause {finding.cause}" if finding.cause else ""
    section = f" · {finding.rfc}" if finding.rfc else ""
    page.prose(
        f"{finding.check} · {finding.requirement}{section}{cause}{known}", indent=4, style="dim"
    )
    if not errored:
        page.prose(f"expected: {finding.title}", indent=4, style="dim")
    if rest:
        page.prose(rest, indent=4)


def _measured(page: Page, report: Report) -> None:
    rows = measured(report.findings)
    if rows:
        page.heading("Measured")
        page.facts(rows)


def _skipped(page: Page, report: Report) -> None:
    reasons = skip_reasons(report.findings)
    if not reasons:
        return
    page.heading(f"Skipped ({sum(map(len, reasons.values()))})")
    for reason, findings in reasons.items():
        page.bullet(f"{counted(len(findings), 'check')}: {one_line(reason)}", sign="–")
