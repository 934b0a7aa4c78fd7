"""What a check is, and what it says.

A check reads, compares and yields a `Result` for each thing that is wrong; one that yields nothing
has passed. The runner turns results into findings, so that no check deals with order, clean-up,
broken connections or its own crashes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Figure
    from scimdoctor.model.rule import CheckRule


class Unavailable(Exception):
    """What the check needs is not there; it is skipped with this message."""


class NoAnswer(Exception):
    """The endpoint gave no usable answer: a broken connection, too late, or throttled."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"no usable answer to {exchange.request.method} {exchange.request.path}")
        self.exchange = exchange


class RunEnds(Exception):
    """The endpoint is the reason to ask nothing more, and a finding of its own says so."""


class OutOfTime(RunEnds):
    """The time for the whole run is used up, so that what was begun cannot be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that a check has to say."""

    outcome: Outcome
    message: str
    exchanges: tuple[Exchange, ...] = ()
    """What shows it, decisive one last."""

    severity: Severity | None = None
    """`None`: the rule's."""

    cause: str | None = None
    """`None`: the rule's; empty: none."""

    figures: tuple[Figure, ...] = ()
    """What was measured."""


def failed(
    message: str,
    *exchanges: Exchange,
    cause: str | None = None,
    severity: Severity | None = None,
) -> Result:
    """Something that breaks or degrades provisioning."""
    return Result(
        outcome=Outcome.FAILED,
        message=message,
        exchanges=exchanges,
        cause=cause,
        severity=severity,
    )


def noted(message: str, *exchanges: Exchange, cause: str | None = None) -> Result:
    """Something to know that harms nothing."""
    return failed(message, *exchanges, cause=cause, severity=Severity.INFO)


def passed(message: str, *exchanges: Exchange) -> Result:
    """What was found in order, when there is more to say than the title does."""
    return Result(outcome=Outcome.PASSED, message=message, exchanges=exchanges)


def measured(results: Iterable[Result], figures: Iterable[Figure]) -> Iterator[Result]:
    """`results` with `figures`, which are worked out after them, at the first problem or else the last.

    Of a check with problems only these are shown.
    """
    said = list(results)
    problems = [i for i, r in enumerate(said) if r.outcome is Outcome.FAILED]
    place = problems[0] if problems else len(said) - 1
    for index, result in enumerate(said):
        yield replace(result, figures=tuple(figures)) if index == place else result


def skipped(message: str) -> Result:
    """Why there was nothing to judge."""
    return Result(outcome=Outcome.SKIPPED, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule with the code that tests it."""

    rule: CheckRule
    run: Callable[[CheckContext], Iterator[Result]]
    requires: tuple[str, ...] = ()
    """Ids of checks that must not have failed; listed before this one."""

    heeds: tuple[str, ...] = ()
    """Ids of checks whose outcome it takes into account, so that a family run by itself names the
    same cause as a whole run; they need not pass, and are listed before this one."""

    writes: bool = True
    """Whether it may create or change something in the app."""

    teaches: bool = False
    """Whether what it sees of the app shapes later requests: then it runs before any check that
    writes, whether it was asked for or left out, and need not pass."""

    opt_in: bool = False
    """Whether it runs only when asked for by an option of its own."""

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def family(self) -> str:
        """The part of the id before the slash."""
        return self.rule.id.partition("/")[0]
