"""The last step of every run: remove what the checks created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check
from scimdoctor.checks.context import retry_after
from scimdoctor.checks.references import RFC7644
from scimdoctor.checks.spelling import respell
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange, ScimRequest


_WAITS = (0.5, 2.0)
"""Seconds before a refused DELETE is sent again."""

_PATIENCE = 60.0
"""Seconds in all that Retry-After may ask for beyond that: better late than left behind."""


def clean_up(context: CheckContext) -> tuple[str, ...]:
    """Delete every test object that is left; returns what could not be removed, in words."""
    patience = _PATIENCE

    def send(request: ScimRequest) -> Exchange:
        nonlocal patience
        spelled = respell(request, context.spelling)
        exchange = context.endpoint.send(spelled)
        for seconds in _WAITS:
            if exchange.status not in {429, 502, 503, 504}:
                break
            longer = min(max(0.0, retry_after(exchange) - seconds), patience)
            patience -= longer
            context.options.clock.sleep(seconds + longer)
            exchange = context.endpoint.send(spelled)
        return exchange

    def send_all(wanted: Sequence[ScimRequest]) -> Sequence[Exchange]:
        ready = not known_gone and not context.paced
        return context.crowd.ask([respell(r, context.spelling) for r in wanted]) if ready else ()

    known_gone = context.presence.departure is not None
    return context.tracker.remove_all(
        send,
        send_all=send_all,
        sleep=context.options.clock.sleep,
        patience=1 if known_gone else 2,
    )


def _nothing(_context: CheckContext) -> Iterator[Result]:
    yield from ()


CLEAN_UP = Check(
    rule=CheckRule(
        id="run/clean-up",
        title="Every test object was removed",
        severity=Severity.INFO,
        requirement=Requirement.ENTRA,
        cause=None,
        what="Whether everything that the checks created could be deleted again.",
        why="Left-over test users may show up in the app and use licences.",
        admin_sees="nothing; these objects were never in Entra.",
        fix="Run `scimdoctor cleanup`, or delete in the app what the finding names.",
        rfc="RFC 7644 §3.6",
        references=(f"{RFC7644}#section-3.6",),
    ),
    run=_nothing,
)
"""Not one of the checks that are run: the runner itself gives its result."""
