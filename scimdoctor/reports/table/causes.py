"""Root causes: how sure, who ends it, how, and why we think so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scimdoctor.model.diagnosis import Confidence
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.words import WHO, affected_text, source_of, spaced

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_CONFIDENCE = {
    Confidence.CONFIRMED: "bold red",
    Confidence.LIKELY: "bold yellow",
    Confidence.POSSIBLE: "bold blue",
}
MOST_EVIDENCE = 6


def draw(page: Page, report: Report) -> None:
    """Write every diagnosis, best first."""
    if not report.diagnoses:
        return
    page.heading("Causes")
    for number, diagnosis in enumerate(report.diagnoses, start=1):
        if number > 1:
            page.gap()
        _diagnosis(page, diagnosis, number)


def _diagnosis(page: Page, diagnosis: Diagnosis, number: int) -> None:
    title = Text(one_line(diagnosis.title), "bold")
    page.bullet(title, sign=f"{number}.", style="bold", indent=0)
    tags = Text(diagnosis.confidence.value, _CONFIDENCE[diagnosis.confidence])
    tags.append(f" · {one_line(diagnosis.cause)} · {spaced(diagnosis.layer)}", "not bold default")
    tags.append(f" · fixed by {WHO[diagnosis.fixed_by]}", "not bold default")
    if diagnosis.known:
        tags.append(" · known (baseline)", "dim")
    page.bullet(tags, sign=" ", indent=1)
    affected = affected_text(diagnosis.affected)
    if affected:
        page.prose(affected, indent=3, style="dim")
    page.prose(diagnosis.explanation, indent=3)
    _remedies(page, diagnosis)
    _evidence(page, diagnosis)
    if diagnosis.alternatives:
        others = ", ".join(f"{a.cause} ({a.confidence})" for a in diagnosis.alternatives)
        page.prose(f"Also possible: {others}", indent=3, style="dim")
    for reference in diagnosis.references:
        page.reference(reference, indent=3)


def _remedies(page: Page, diagnosis: Diagnosis) -> None:
    if not diagnosis.remediation:
        return
    page.prose("What to do", indent=3, style="bold")
    for remedy in diagnosis.remediation:
        who = Text(f"{WHO[remedy.who]}: ", "green")
        page.bullet(who.append(one_line(remedy.text, limit=2_000), "not bold default"), indent=3)
        if remedy.command:
            page.command(remedy.command, indent=5)


def _evidence(page: Page, diagnosis: Diagnosis) -> None:
    if not diagnosis.evidence:
        return
    page.prose("Why we think so", indent=3, style="bold")
    for item in diagnosis.evidence[:MOST_EVIDENCE]:
        text = Text(f"{source_of(item)}: ", "dim")
        page.bullet(text.append(one_line(item.summary), "not dim"), indent=3)
    page.more(len(diagnosis.evidence) - MOST_EVIDENCE, "piece of evidence", "-f json has all")
