"""Exchanges, folded: headers and bodies as they went over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.reports.markdown.text import fenced, folded
from scimdoctor.reports.verdict import counted
from scimdoctor.reports.words import answer_text, pretty_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.exchange import Exchange, Headers
    from scimdoctor.model.report import Report

MOST_EXCHANGES = 40
LONGEST_BODY = 6_000


def blocks(report: Report) -> Iterator[str]:
    """Return the exchanges that something refers to; if nothing does, the first ones."""
    if not report.exchanges:
        return
    cited = _cited(report)
    chosen = [x for x in report.exchanges if x.id in cited] or list(report.exchanges)
    yield "## Exchanges"
    for exchange in chosen[:MOST_EXCHANGES]:
        title = f"{exchange.id}: {exchange.request.method} {exchange.request.target}"
        yield folded(f"{title} → {answer_text(exchange)}", _exchange(exchange))
    left_out = len(report.exchanges) - len(chosen[:MOST_EXCHANGES])
    if left_out:
        yield f"{counted(left_out, 'exchange')} left out; `-f html` and `-f json` have them all."


def _cited(report: Report) -> set[str]:
    cited = {ref for finding in report.findings if finding.is_problem for ref in finding.evidence}
    cited |= {item.ref for diagnosis in report.diagnoses for item in diagnosis.evidence}
    return cited | {r.exchange for replay in report.replays for r in replay.requests if r.exchange}


def _exchange(exchange: Exchange) -> str:
    request = exchange.request
    sent = [
        f"{request.method} {exchange.url}",
        *_lines(request.headers),
        "",
        pretty_body(request.body),
    ]
    parts = [fenced("\n".join(sent).rstrip(), "http", limit=LONGEST_BODY)]
    response = exchange.response
    if response:
        got = [f"HTTP {response.status}", *_lines(response.headers), "", pretty_body(response.body)]
        parts.append(fenced("\n".join(got).rstrip(), "http", limit=LONGEST_BODY))
    return "\n\n".join(parts)


def _lines(headers: Headers) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]
