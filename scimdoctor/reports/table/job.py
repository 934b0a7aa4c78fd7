"""One job, and the list of apps with their health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.verdict import counted
from scimdoctor.reports.words import is_command, spaced, sparkline, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scimdoctor.model.report import AppHealth, Report
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

_BARS = 24
"""The hours that are drawn."""

_LONGEST_NAME = 40
_LEAST_ROOM = 30
"""Columns below which a sentence about an app is a tower of words."""


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
    if page.width - _widest(report.apps) >= _LEAST_ROOM:
        _in_columns(page, report.apps)
    else:
        for app in report.apps:
            _below_each_other(page, app)
    for app in report.apps:
        if len(report.apps) <= 1:
            page.facts(
                [("object id", app.id), ("app id", app.app_id or "–"), ("job", app.job_id or "–")]
            )


def _widest(apps: Sequence[AppHealth]) -> int:
    """Return how wide the columns are without what is said of each app."""
    names = max(min(cell_len(app.display_name), _LONGEST_NAME) for app in apps)
    healths = max(len(app.health) for app in apps)
    bars = len("failures") + _BARS + 4 if any(app.failures_per_hour for app in apps) else 0
    return healths + names + len("2026-11-20 09:30") + bars + 8


def _in_columns(page: Page, apps: Sequence[AppHealth]) -> None:
    show_bars = any(app.failures_per_hour for app in apps)
    counts = ["failures", "per hour"] if show_bars else []
    rows: list[list[str | Text | None]] = []
    for app in apps:
        row: list[str | Text | None] = [
            Text(spaced(app.health), _HEALTH.get(app.health, "")),
            app.display_name,
            when(app.last_run)[:16],
        ]
        if show_bars:
            failures = sum(app.failures_per_hour)
            row += [f"{failures:,}" if failures else "", _bars(app)]
        rows.append([*row, app.detail])
    page.grid(
        ["health", "app", "last run", *counts, "detail"],
        rows,
        right=frozenset({"failures"}),
        narrow=frozenset({"health", "last run", "per hour"}),
    )


def _below_each_other(page: Page, app: AppHealth) -> None:
    """Write what the columns would say, for a screen that they do not fit on."""
    style = _HEALTH.get(app.health, "")
    head = Text(spaced(app.health), style).append(
        f"  {one_line(app.display_name)}", "not bold default"
    )
    page.bullet(head, sign="●", style=style)
    facts = Text(f"last run {when(app.last_run)[:16] or 'never'}", "dim")
    if hours := len(app.failures_per_hour):
        failures = sum(app.failures_per_hour)
        facts.append(
            f" · {counted(failures, 'failure') if failures else 'no failure'} in {hours} h "
        )
        facts.append(_bars(app) if failures else "")
    page.bullet(facts, indent=3, sign="")
    if app.detail:
        page.prose(app.detail, indent=4)


def _bars(app: AppHealth) -> Text:
    return Text(sparkline(app.failures_per_hour[-_BARS:]), "not dim red")
