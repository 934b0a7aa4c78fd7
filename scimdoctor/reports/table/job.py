"""One job, and the list of apps with their health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scimdoctor.reports.words import is_command, spaced, sparkline, when

if TYPE_CHECKING:
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_HEALTH = {
    "healthy": "green",
    "errors": "red",
    "quarantined": "bold red",
    "paused": "yellow",
    "disabled": "bold red",
    "never-run": "yellow",
    "unreadable": "yellow",
}


def draw(page: Page, report: Report) -> None:
    """Write the job's status and the apps, as far as there are any."""
    if report.status and (report.status.facts or report.status.next_steps):
        page.heading(report.status.subject, spaced(report.status.health))
        page.facts(report.status.facts)
        for step in report.status.next_steps:
            if is_command(step):
                page.command(step)
            else:
                page.bullet(step, sign="→", style="green")
    if report.apps:
        _apps(page, report)


def _apps(page: Page, report: Report) -> None:
    page.heading("Apps", "last run in UTC")
    show_bars = any(app.failures_per_hour for app in report.apps)
    columns = ["health", "app", "last run", *(["failures/h"] if show_bars else []), "detail"]
    rows: list[list[str | Text | None]] = []
    for app in report.apps:
        row: list[str | Text | None] = [
            Text(spaced(app.health), _HEALTH.get(app.health, "")),
            app.display_name,
            when(app.last_run)[:16],
        ]
        if show_bars:
            row.append(Text(sparkline(app.failures_per_hour[-24:]), "red"))
        rows.append([*row, app.detail])
    page.grid(columns, rows, narrow=frozenset({"health", "last run", "failures/h"}))
    for app in report.apps:
        if len(report.apps) <= 1:
            page.facts(
                [("object id", app.id), ("app id", app.app_id or "–"), ("job", app.job_id or "–")]
            )
