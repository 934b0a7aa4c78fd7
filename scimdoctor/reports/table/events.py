"""Events of the provisioning log: counts per day, signatures, the events themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from scimdoctor.reports.neutral import cut, one_line
from scimdoctor.reports.verdict import counted, still_so
from scimdoctor.reports.words import event_told, period, when

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import Report, SignatureSummary
    from scimdoctor.reports.table.page import Page

_STATUS = {"failure": "red", "skipped": "blue", "warning": "yellow", "success": "green"}
_GAP = 2
_LEAST_ROOM = 40
"""Columns below which a text says too little."""


def draw(page: Page, report: Report) -> None:
    """Write counts, signatures and events, as far as there are any."""
    if report.days and any(_total(day) for day in report.days):
        _days(page, report)
    if report.signatures:
        page.heading("Failures and skips by signature")
        for signature in report.signatures:
            _signature(page, signature)
    if report.event_list:
        page.heading("Events", "times are UTC")
        _events(page, report)


def _total(day: object) -> int:
    return sum(int(getattr(day, name)) for name in _STATUS)


def _days(page: Page, report: Report) -> None:
    page.heading("By day", "UTC")
    top = max(_total(day) for day in report.days)
    room = max(10, min(50, page.width - 58))
    rows: list[list[str | Text]] = []
    for day in report.days:
        bar = Text()
        for name, style in _STATUS.items():
            number = getattr(day, name)
            bar.append("█" * (-(-number * room // top) if number else 0), style)
        counts = [f"{getattr(day, name):,}" if getattr(day, name) else "" for name in _STATUS]
        rows.append([day.day, *counts, bar])
    columns = ("day", *_STATUS, " ")
    page.grid(columns, rows, right=frozenset(_STATUS), narrow=frozenset({"day", " "}))


def _signature(page: Page, signature: SignatureSummary) -> None:
    head = Text(f"{signature.count:,}×", "bold")
    style = _STATUS.get(signature.status, "default")
    head.append(f" {one_line(signature.status, limit=20)}", style)
    now = signature.failing_now
    still = "" if now is None else f", {still_so(signature.status, now)}"
    where = [signature.action, signature.error_code, signature.app]
    about = " · ".join(one_line(text, limit=120) for text in where if text)
    objects = f" {counted(signature.objects, 'object')}{still}"
    head.append(f"{objects} · {about}" if about else objects, "not bold default")
    page.bullet(head, sign="●", style=style)
    page.prose(one_line(signature.text, limit=400), indent=4)
    sure = f" ({signature.confidence})" if signature.confidence else ""
    cause = f"likely cause: {signature.cause}{sure}" if signature.cause else ""
    span = period(signature.first_seen, signature.last_seen)
    facts = [fact for fact in (span, cause, f"id {signature.id}") if fact]
    page.prose(" · ".join(facts), indent=4, style="dim")


def _events(page: Page, report: Report) -> None:
    """Write one line per event; laid out by hand, because rich is slow at many thousand rows.

    On a narrow screen what happened gets a line of its own.
    """
    rows = [_event_row(event) for event in report.event_list]
    fixed = [max((cell_len(row[i]) for row in rows), default=0) for i in range(4)]
    fixed[3] = min(fixed[3], max(16, page.width // 5))
    fits = page.width - sum(fixed) - _GAP * (len(fixed) + 1) >= _LEAST_ROOM
    for row in rows:
        line = Text("  ")
        for index, width in enumerate(fixed):
            style = _STATUS.get(row[index], "") if index == 1 else "dim" if index == 0 else ""
            line.append(set_cell_size(cut(row[index], width), width + _GAP), style)
        page.line(line.append(row[4]) if fits else line)
        if not fits:
            page.line(Text(f"    {row[4]}"))


def _event_row(event: ProvisioningObjectSummary) -> tuple[str, str, str, str, str]:
    return (
        when(event.activity_date_time) or "no time",
        one_line(event.status, limit=12),
        one_line(event.provisioning_action, limit=14),
        one_line(event.object_label, limit=60),
        one_line(event_told(event), limit=200),
    )
