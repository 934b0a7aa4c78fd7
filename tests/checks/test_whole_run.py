"""What only the run as a whole shows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from scimdoctor.checks.options import CheckOptions
from scimdoctor.checks.patience import Patience
from scimdoctor.checks.whole_run import CHECKS
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from tests.fakes.checking import check_lab

if TYPE_CHECKING:
    from scimdoctor.checks.check import Result
    from scimdoctor.model.exchange import Exchange

LATENCY = next(check for check in CHECKS if check.id == "run/latency")


def judged(*milliseconds: int) -> Result:
    """What the check says of GETs that took so long."""
    sample = next(x for x in check_lab().exchanges if "filter=" in x.request.query)
    exchanges: list[Exchange] = [replace(sample, elapsed_in_milliseconds=m) for m in milliseconds]
    context: Any = SimpleNamespace(
        endpoint=SimpleNamespace(exchanges=exchanges),
        options=CheckOptions(),
        patience=Patience(slow_after=30, seconds=300),
    )
    return next(iter(LATENCY.run(cast("Any", context))))


def test_quick_answers_are_in_order() -> None:
    assert judged(20, 30, 40).outcome is Outcome.PASSED


def test_one_slow_answer_is_worth_knowing() -> None:
    assert judged(20, 30, 4000).severity is Severity.INFO


def test_slow_queries_are_a_problem() -> None:
    found = judged(3500, 4000, 4100)

    assert (found.outcome, found.severity) == (Outcome.FAILED, Severity.MINOR)


def test_an_answer_after_half_a_minute_is_too_late() -> None:
    found = judged(20, 30, 31_000)

    assert (found.outcome, found.severity) == (Outcome.FAILED, None)
