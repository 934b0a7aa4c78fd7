"""Attribute by attribute: comparisons of objects at both ends, and the mapping itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from scimdoctor.model.comparison import AttributeVerdict
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.verdict import is_different, state_words
from scimdoctor.reports.words import spaced

if TYPE_CHECKING:
    from scimdoctor.model.comparison import AttributeComparison, Comparison
    from scimdoctor.model.report import Report
    from scimdoctor.reports.table.page import Page

_VERDICTS = {
    AttributeVerdict.SAME: ("✓", "green"),
    AttributeVerdict.DIFFERS: ("✗", "red"),
    AttributeVerdict.CASE_ONLY: ("!", "yellow"),
    AttributeVerdict.REFORMATTED: ("!", "yellow"),
    AttributeVerdict.MISSING_IN_APP: ("✗", "red"),
    AttributeVerdict.CANNOT_TELL: ("?", "yellow"),
}
SHOWN_IN_FULL = 5


def draw(page: Page, report: Report) -> None:
    """Write comparisons and mappings, as far as there are any."""
    if report.comparisons:
        _comparisons(page, report.comparisons)
    if report.mappings:
        _mappings(page, report)


def _comparisons(page: Page, comparisons: tuple[Comparison, ...]) -> None:
    if len(comparisons) > SHOWN_IN_FULL:
        _overview(page, comparisons)
        return
    for comparison in comparisons:
        page.heading(comparison.label, state_words(comparison))
        for attribute in comparison.attributes:
            _attribute(page, attribute)
        said = " ".join(attribute.note or "" for attribute in comparison.attributes)
        for note in comparison.notes:
            if note not in said:
                page.bullet(note)


def _attribute(page: Page, attribute: AttributeComparison) -> None:
    """One attribute: its values stand below each other, where long ones have room and compare."""
    sign, style = _VERDICTS.get(attribute.verdict, ("–", "dim"))
    head = Text(one_line(attribute.attribute), "bold")
    head.append(f"  {spaced(attribute.verdict)}", Style.parse(style) + Style(bold=False))
    page.bullet(head, sign=sign, style=style)
    values = [
        ("in Entra", attribute.source or "–"),
        ("mapped", attribute.expected or "–"),
        ("in the app", attribute.actual or "–"),
    ]
    if attribute.verdict is AttributeVerdict.SAME:
        values = values[-1:]
    page.facts([*values, *([("note", attribute.note)] if attribute.note else [])], indent=6)


def _overview(page: Page, comparisons: tuple[Comparison, ...]) -> None:
    odd = [c for c in comparisons if is_different(c.state, [a.verdict for a in c.attributes])]
    # A comparison of everybody lists only those who do not agree: it does not say "0 agree".
    agree = f"{len(comparisons) - len(odd)} agree, " if len(comparisons) > len(odd) else ""
    page.heading("Compared objects", f"{agree}{len(odd)} do not" + ("" if agree else " agree"))
    rows = []
    for comparison in odd:
        names = [a.attribute for a in comparison.attributes if is_different("matched", [a.verdict])]
        why = ", ".join(names) or next(iter(comparison.notes), "")
        rows.append((comparison.label, state_words(comparison), why))
    if rows:
        page.grid(("object", "state", "what differs"), rows, narrow=frozenset({"state"}))


def _mappings(page: Page, report: Report) -> None:
    objects = dict.fromkeys(row.object for row in report.mappings)
    for name in objects:
        page.heading(f"Mapping: {name}")
        own = [row for row in report.mappings if row.object == name]
        rows = []
        for row in own:
            match = f" (matching {row.matching_priority})" if row.matching_priority else ""
            default = f" default {row.default_value}" if row.default_value else ""
            flow = one_line(f"{row.flow}{match}{default}")
            rows.append((row.target, row.source, row.kind, row.type, flow))
        page.grid(("target", "source", "kind", "type", "flow"), rows)
        for row in own:
            for lint in row.lint:
                target = Text(f"{one_line(row.target)}: ", "bold")
                page.bullet(target.append(one_line(lint), "not bold"), sign="!", style="yellow")
