"""What is mostly the reason where the app gives one that no rule can read.

The order and the weights follow how often each cause stood behind such an answer in public
reports of failed provisioning: of some fifty creates that were answered 400 with a sentence, a
third was a value that the app does not take, a quarter a value that was missing, an eighth a
validation that is too strict. Where no cause stands out so, nothing is said here; an answer
without a word stays unknown, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.causes import find_cause
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import possible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.causes.facts import Facts
    from scimdoctor.causes.match import Cause, Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The causes that mostly stand behind a refusal of one kind, most frequent first."""

    stage: Stage
    statuses: frozenset[int]
    causes: tuple[str, ...]


USUAL: tuple[Usual, ...] = (
    Usual(
        stage=Stage.CREATE,
        statuses=frozenset({400, 422}),
        causes=(
            "value-not-allowed-by-app",
            "required-attribute-empty-in-source",
            "over-strict-validation",
        ),
    ),
)
"""By the request and the status."""

_FIRST = 44
_FEWEST_WORDS = 3


def usual(facts: Facts) -> Iterator[tuple[Cause, Match]]:
    """The usual causes of what was refused with a sentence, each no more than possible."""
    words = facts.reading.words
    if facts.reading.page is not None or len(words.split()) < _FEWEST_WORDS:
        return
    for row in USUAL:
        if facts.refused and facts.stage is row.stage and facts.status in row.statuses:
            for position, cause_id in enumerate(row.causes):
                cause = find_cause(cause_id)
                if cause is not None:
                    text = "no rule reads the app's sentence; this is mostly behind such answers"
                    yield cause, possible(_FIRST - position, text, words[:300])
