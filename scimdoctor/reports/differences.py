"""Comparisons with what needs no look left out, for a screen that has room for little."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.model.comparison import AttributeVerdict
from scimdoctor.reports.verdict import counted

if TYPE_CHECKING:
    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.report import Report

_NO_LOOK = frozenset(
    {
        AttributeVerdict.SAME,
        AttributeVerdict.NOT_MAPPED,
        AttributeVerdict.NOT_SENT_NULL,
        AttributeVerdict.ONLY_IN_APP,
    }
)


def only_differences(report: Report) -> Report:
    """Return `report` without the attributes that agree or that Entra does not manage."""
    return replace(report, comparisons=tuple(_shortened(c) for c in report.comparisons))


def _shortened(comparison: Comparison) -> Comparison:
    shown = tuple(a for a in comparison.attributes if a.verdict not in _NO_LOOK)
    left_out = len(comparison.attributes) - len(shown)
    if not left_out:
        return comparison
    same = sum(a.verdict is AttributeVerdict.SAME for a in comparison.attributes)
    others = f", {left_out - same} not managed by Entra" if left_out > same else ""
    note = f"{counted(same, 'attribute')} the same{others}: --all-attributes shows them"
    return replace(comparison, attributes=shown, notes=(*comparison.notes, note))
