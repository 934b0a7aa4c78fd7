"""The sections that are lists of rows: replays, changes, comparisons, signatures, events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.model.replay import DifferenceKind
from scimdoctor.reports.markdown.text import code, escaped, folded
from scimdoctor.reports.verdict import counted, is_different, replay_words, state_words
from scimdoctor.reports.words import answer_text, event_told, period, spaced, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import Report

MOST_EVENTS = 200
"""A ticket has a limit of length; the rest is counted."""


def blocks(report: Report) -> Iterator[str]:
    """Return the sections that have anything."""
    yield from _changes(report)
    for replay in report.replays:
        yield from _replay(replay, report)
    for comparison in report.comparisons:
        yield from _comparison(comparison)
    yield from _mappings(report)
    yield from _apps(report)
    yield from _signatures(report)
    yield from _days(report)
    yield from _events(report)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are Markdown already."""
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(cell or " " for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _changes(report: Report) -> Iterator[str]:
    if report.changes:
        yield "## Since the older report"
        rows = [
            (f"**{spaced(c.state)}**", escaped(c.title), code(c.name), escaped(c.detail))
            for c in report.changes
        ]
        yield table(("", "Problem", "Id", ""), rows)


def _replay(replay: Replay, report: Report) -> Iterator[str]:
    exchanges = {exchange.id: exchange for exchange in report.exchanges}
    yield f"## Replay: {replay_words(replay)}"
    who = f"{code(replay.label, limit=80)} · " if replay.label else ""
    yield f"{who}event {code(replay.event)} · mode {replay.mode} · {escaped(replay.summary)}"
    rows = []
    for replayed in replay.requests:
        request = replayed.rebuilt.request
        answer = answer_text(exchanges.get(replayed.exchange or ""))
        sources = ", ".join(f"{code(p)} {k}" for p, k in replayed.rebuilt.provenance.items())
        rows.append((code(f"{request.method} {request.target}"), escaped(answer), sources))
    if rows:
        yield table(("Request", "Answer", "Where the values come from"), rows)
    odd = [d for d in replay.differences if d.kind is not DifferenceKind.SAME]
    if odd:
        cells = [
            (
                code(d.attribute),
                code(d.sent or ""),
                code(d.answered or ""),
                code(d.stored or ""),
                d.kind,
            )
            for d in odd
        ]
        yield table(("Attribute", "Sent", "Answered", "Stored", ""), cells)
    lines = [f"missing: {escaped(text)}" for text in replay.missing]
    lines += [escaped(note) for note in replay.notes]
    if replay.next_command:
        lines.append(f"next: {code(replay.next_command)}")
    if lines:
        yield "\n".join(f"- {line}" for line in lines)


def _comparison(comparison: Comparison) -> Iterator[str]:
    verdicts = [a.verdict for a in comparison.attributes]
    if not is_different(comparison.state, verdicts) and not comparison.attributes:
        return
    title = f"{comparison.label}: {state_words(comparison)}"
    rows = [
        (code(a.attribute), code(a.source or ""), code(a.expected or ""), code(a.actual or ""),
         spaced(a.verdict), escaped(a.note or ""))
        for a in comparison.attributes
    ]  # fmt: skip
    yield f"## {escaped(title)}"
    if rows:
        yield table(("Attribute", "In Entra", "Mapped", "In the app", "Verdict", ""), rows)
    if comparison.notes:
        yield "\n".join(f"- {escaped(note)}" for note in comparison.notes)


def _mappings(report: Report) -> Iterator[str]:
    if report.mappings:
        lint = [(row, text) for row in report.mappings for text in row.lint]
        yield "## Attribute mapping"
        if lint:
            yield "\n".join(f"- ⚠️ {code(row.target)}: {escaped(text)}" for row, text in lint)
        rows = [
            (
                code(r.target),
                code(r.source),
                escaped(r.kind),
                str(r.matching_priority or ""),
                escaped(r.flow),
            )
            for r in report.mappings
        ]
        columns = ("Target", "Source", "Kind", "Matching", "Flow")
        yield folded(counted(len(rows), "attribute mapping"), table(columns, rows))


def _apps(report: Report) -> Iterator[str]:
    if report.apps:
        yield "## Apps"
        rows = [
            (
                escaped(a.display_name),
                f"**{escaped(spaced(a.health))}**",
                when(a.last_run),
                escaped(a.detail),
            )
            for a in report.apps
        ]
        yield table(("App", "Health", "Last run (UTC)", ""), rows)


def _signatures(report: Report) -> Iterator[str]:
    if report.signatures:
        yield "## Failures and skips by signature"
        rows = [
            (f"{s.count:,}", f"{s.objects:,}", escaped(s.status), code(s.cause or ""),
             code(s.text, limit=200), period(s.first_seen, s.last_seen))
            for s in report.signatures
        ]  # fmt: skip
        yield table(("Events", "Objects", "Status", "Likely cause", "Text", "Seen"), rows)


def _days(report: Report) -> Iterator[str]:
    if report.days:
        rows = [
            (day.day, *(f"{n:,}" for n in (day.failure, day.skipped, day.warning, day.success)))
            for day in report.days
        ]
        columns = ("Day (UTC)", "Failure", "Skipped", "Warning", "Success")
        yield folded("Events by day", table(columns, [[escaped(c) for c in row] for row in rows]))


def _events(report: Report) -> Iterator[str]:
    if report.event_list:
        rows = [
            (when(e.activity_date_time), escaped(e.status), escaped(e.provisioning_action),
             code(e.object_label, limit=80), code(event_told(e), limit=200))
            for e in report.event_list[:MOST_EVENTS]
        ]  # fmt: skip
        left_out = len(report.event_list) - len(rows)
        more = f"\n\n… and {counted(left_out, 'event')} more." if left_out else ""
        columns = ("Time (UTC)", "Status", "Action", "Object", "Told")
        title = counted(len(report.event_list), "event")
        yield folded(title, table(columns, rows) + more)
