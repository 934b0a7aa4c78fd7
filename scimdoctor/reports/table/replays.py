"""Replays: what Entra sent, what the app says to it now, and what it kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scimdoctor.model.reconstruction import Provenance
from scimdoctor.model.replay import KEPT_IN, DifferenceKind, ReplayMode, Verdict
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.verdict import counted, replay_words
from scimdoctor.reports.words import answer_text, pretty_body

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.replay import Difference, Replay, ReplayedRequest
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_VERDICTS = {
    Verdict.SAME_FAILURE: ("✗", "bold red"),
    Verdict.DIFFERENT_FAILURE: ("✗", "bold yellow"),
    Verdict.WORKS_NOW: ("✓", "bold green"),
    Verdict.NOT_REBUILT: ("?", "bold yellow"),
    Verdict.NOT_SENT: ("–", "bold"),
    Verdict.PUT_BACK: ("✓", "bold green"),
}
_KINDS = {
    DifferenceKind.SAME: "green",
    DifferenceKind.CASE_ONLY: "yellow",
    DifferenceKind.REFORMATTED: "yellow",
    DifferenceKind.DROPPED: "red",
    DifferenceKind.CHANGED: "red",
    DifferenceKind.EXTRA: "blue",
}


def draw(page: Page, report: Report) -> None:
    """Write every replay with its requests and differences."""
    if not report.replays:
        return
    page.heading("Replays")
    exchanges = {exchange.id: exchange for exchange in report.exchanges}
    for number, replay in enumerate(report.replays):
        if number:
            page.gap()
        _replay(page, replay, exchanges)


def _replay(page: Page, replay: Replay, exchanges: dict[str, Exchange]) -> None:
    sign, style = _VERDICTS[replay.verdict]
    if replay.loses_values:
        sign, style = "!", "bold yellow"
    head = Text(replay_words(replay), style)
    about = f"{replay.label} · event {replay.event}" if replay.label else f"event {replay.event}"
    head.append(f"  {one_line(about)} · {replay.mode}", "not bold default dim")
    page.bullet(head, sign=sign, style=style, indent=0)
    page.prose(replay.summary, indent=2)
    for replayed in replay.requests:
        _request(page, replayed, exchanges, replay.mode)
    _differences(page, replay.differences)
    for missing in replay.missing:
        page.bullet(f"missing: {one_line(missing)}", sign="?", style="yellow")
    for note in replay.notes:
        _note(page, note, shown_below=replay.next_command)
    if replay.cause:
        page.prose(f"cause: {replay.cause}", style="bold")
    if replay.next_command:
        page.command(replay.next_command, indent=2)


def _note(page: Page, note: str, *, shown_below: str | None) -> None:
    """Write a note; a command or path at its end goes on a line of its own, which is not wrapped."""
    lead, found, rest = note.partition(": scimdoctor ")
    command = f"scimdoctor {rest}"
    if not found and KEPT_IN in note:
        lead, _, path = note.partition(KEPT_IN)
        page.bullet(f"{lead}{KEPT_IN}".rstrip())
        page.verbatim(path)
    elif not found:
        page.bullet(note)
    elif command != shown_below:
        page.bullet(f"{lead}:")
        page.command(command)


def _request(
    page: Page, replayed: ReplayedRequest, exchanges: dict[str, Exchange], mode: ReplayMode
) -> None:
    rebuilt = replayed.rebuilt
    exchange = exchanges.get(replayed.exchange or "")
    line = Text(f"{one_line(rebuilt.request.method)} ", "bold cyan")
    line.append(one_line(rebuilt.request.target, limit=400), "not bold cyan")
    if exchange or mode is not ReplayMode.PLAN:
        line.append(f"  → {one_line(answer_text(exchange), limit=160)}", _answer_style(exchange))
    failed = " (the one that failed)" if rebuilt.failed else ""
    page.bullet(line.append(failed, "red"), sign="→", style="dim")
    sources = _provenance(rebuilt.provenance)
    if sources:
        page.prose(sources, indent=6, style="dim")
    if mode is ReplayMode.PLAN and rebuilt.request.body:
        page.prose(pretty_body(rebuilt.request.body), indent=6)
    for note in rebuilt.notes:
        page.bullet(note, indent=6)
    if replayed.curl and mode is ReplayMode.PLAN:
        page.command(replayed.curl, indent=6)


def _answer_style(exchange: Exchange | None) -> str:
    if exchange is None:
        return "not bold dim"
    return "bold green" if exchange.ok else "bold red"


def _provenance(provenance: object) -> str:
    """Say which attribute comes from where, surest first."""
    paths: dict[Provenance, list[str]] = {kind: [] for kind in Provenance}
    for path, kind in dict(provenance).items():  # type: ignore[call-overload]
        paths[kind].append(path)
    return "; ".join(
        f"{kind}: {', '.join(one_line(path, limit=120) for path in found)}"
        for kind, found in paths.items()
        if found
    )


def _differences(page: Page, differences: tuple[Difference, ...]) -> None:
    odd = [difference for difference in differences if difference.kind is not DifferenceKind.SAME]
    if not differences:
        return
    if not odd:
        page.bullet(
            f"{counted(len(differences), 'attribute')} stored as sent", sign="✓", style="green"
        )
        return
    rows = [
        (Text(d.kind.value, _KINDS[d.kind]), d.attribute, d.sent, d.answered, d.stored) for d in odd
    ]
    page.grid(("", "attribute", "sent", "answered", "stored"), rows, narrow=frozenset({""}))
