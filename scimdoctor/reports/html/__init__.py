"""One self-contained page, safe to mail: no request goes out, and nothing inside it can act.

Script and style are inline and allowed by their hashes alone (Content-Security-Policy). Events and
exchanges travel as JSON in the page; the script draws them only when they come into view, so ten
thousand events stay quick. Everything that matters most is plain HTML and needs no script.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, TextIO

from scimdoctor.model.finding import Outcome
from scimdoctor.model.replay import DifferenceKind
from scimdoctor.reports import words
from scimdoctor.reports.html.chart import day_chart
from scimdoctor.reports.html.data import page_data
from scimdoctor.reports.identity import finding_id
from scimdoctor.reports.neutral import neutral, valid_unicode
from scimdoctor.reports.verdict import (
    Level,
    counted,
    headline,
    is_different,
    replay_words,
    still_so,
)

if TYPE_CHECKING:
    from jinja2 import Environment

    from scimdoctor.model.report import Report

_SIGNS = {Level.PROBLEM: "✗", Level.ATTENTION: "!", Level.GOOD: "✓", Level.UNKNOWN: "?"}
_TEMPLATES = (
    "page.html.j2", "causes.html.j2", "checks.html.j2", "replays.html.j2", "lists.html.j2",
)  # fmt: skip


def render(report: Report, out: TextIO) -> None:
    """Write `report` as one HTML page."""
    script, style = _asset("report.js"), _asset("report.css")
    verdict = headline(report)
    page = _environment().get_template("page.html.j2")
    text = page.render(
        report=report,
        verdict=verdict,
        sign=_SIGNS[verdict.level],
        script=_verbatim(script),
        style=_verbatim(style),
        policy=_policy(script, style),
        data=_verbatim(page_data(report)),
        chart=_verbatim(day_chart(report.days)) if report.days else "",
        exchange_ids=frozenset(exchange.id for exchange in report.exchanges),
        event_ids=frozenset(event.id for event in report.event_list),
        labels={event.id: event.object_label for event in report.event_list},
        exchanges={exchange.id: exchange for exchange in report.exchanges},
    )
    out.write(valid_unicode(text))


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _asset(name: str) -> str:
    return files("scimdoctor.reports.html").joinpath(name).read_text("utf-8")


def _verbatim(text: str) -> object:
    """Mark text of our own making as HTML."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - assets of this package, and JSON without < > &


def _environment() -> Environment:
    """Make the template engine: everything is escaped, and made neutral before that."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader({name: _asset(name) for name in _TEMPLATES}),
        autoescape=True,
        finalize=_neutral_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "Outcome": Outcome,
        "WHO": words.WHO,
        "DifferenceKind": DifferenceKind,
        "affected_text": words.affected_text,
        "source_of": words.source_of,
        "answer_text": words.answer_text,
        "by_family": words.by_family,
        "in_order": words.in_order,
        "told": words.told,
        "counted": counted,
        "finding_id": finding_id,
        "is_different": is_different,
        "measured": words.measured,
        "outcome_counts": words.outcome_counts,
        "period": words.period,
        "pretty_body": words.pretty_body,
        "replay_words": replay_words,
        "still_so": still_so,
        "skip_reasons": words.skip_reasons,
        "spaced": words.spaced,
        "sparkline": words.sparkline,
        "web_address": _is_web_address,
        "when": words.when,
    }
    return environment


def _neutral_value(value: object) -> object:
    """Return what an expression in a template may write."""
    if hasattr(value, "__html__"):
        return value
    return neutral(value, limit=50_000) if isinstance(value, str) else value


def _is_web_address(url: str) -> bool:
    """Whether a link may be made of it; `javascript:` and its like may not."""
    return url.startswith("https://") and url.isascii() and url.isprintable()
