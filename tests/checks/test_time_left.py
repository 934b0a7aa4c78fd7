"""No request outlasts the run, and what was in hand when it ended is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.errors import Interrupted
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.exchange import FailureKind, TransportFailure
from scimdoctor.model.finding import Outcome
from tests.fakes.checking import FakeClock, endpoint_for

if TYPE_CHECKING:
    import httpx

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Exchange, ScimRequest


class Hanging:
    """Answers `answered` requests, then lets each wait for as long as it is allowed to."""

    def __init__(self, endpoint: Endpoint, clock: FakeClock, *, answered: int, pace: float) -> None:
        self.base_url = endpoint.base_url
        self.exchanges: list[Exchange] = []
        self._endpoint, self._clock = endpoint, clock
        self._answered, self._pace = answered, pace
        self.allowed: list[float] = []

    def send(
        self,
        request: ScimRequest,
        *,
        credentials: Credentials | None = None,
        seconds: float | None = None,
    ) -> Exchange:
        exchange = self._endpoint.send(request, credentials=credentials)
        self._clock.at += self._pace
        if len(self.exchanges) >= self._answered and seconds is not None:
            self.allowed.append(seconds)
            waited = min(seconds, 30.0)
            self._clock.at += waited
            failure = TransportFailure(kind=FailureKind.TIMEOUT, message=f"nothing in {waited:g} s")
            exchange = replace(
                exchange, response=None, failure=failure, elapsed_in_milliseconds=waited * 1000
            )
        self.exchanges.append(exchange)
        return exchange


def hanging(timeout: float, *, answered: int, pace: float = 0.0) -> tuple[Hanging, FakeClock]:
    clock = FakeClock()
    clients: list[httpx.Client] = []
    app = Hanging(
        endpoint_for(ScimServiceProvider().handle, clients), clock, answered=answered, pace=pace
    )
    return app, clock


def test_a_request_gets_what_is_left_and_is_named_when_that_was_long() -> None:
    app, clock = hanging(10, answered=0)
    found = run_checks(
        app, checks=ALL_CHECKS, options=CheckOptions(clock=clock.clock, timeout=10, read_only=True)
    )

    first = next(f for f in found if f.check == "reach/test-connection")
    assert (first.outcome, first.cause) == (Outcome.FAILED, "endpoint-too-slow-or-throttled")
    assert "nothing in 10 s" in first.message
    assert app.allowed == [10.0]
    assert clock.at <= 10


def test_an_answer_that_could_not_come_in_the_time_left_is_no_fault_of_the_app() -> None:
    app, clock = hanging(10, answered=9, pace=1.0)
    found = run_checks(
        app, checks=ALL_CHECKS, options=CheckOptions(clock=clock.clock, timeout=10, read_only=True)
    )

    assert [f.check for f in found if f.is_problem] == []
    (cut,) = [f for f in found if f.outcome is Outcome.ERRORED]
    assert "seconds were used up while GET " in cut.message


class Stopped(Hanging):
    """The user gives up while a request waits."""

    def send(
        self,
        request: ScimRequest,
        *,
        credentials: Credentials | None = None,
        seconds: float | None = None,
    ) -> Exchange:
        exchange = super().send(request, credentials=credentials, seconds=seconds)
        if exchange.response is None:
            failure = TransportFailure(kind=FailureKind.STOPPED, message="stopped")
            self.exchanges[-1] = replace(exchange, failure=failure)
            raise KeyboardInterrupt
        return exchange


@pytest.mark.parametrize(("timeout", "outcome"), [(12, Outcome.FAILED), (2, Outcome.SKIPPED)])
def test_what_was_waited_for_is_named_when_the_user_stops_the_run(
    timeout: float, outcome: Outcome
) -> None:
    app, clock = hanging(timeout, answered=0)
    app.__class__ = Stopped
    with pytest.raises(Interrupted) as caught:
        run_checks(
            app,
            checks=ALL_CHECKS,
            options=CheckOptions(clock=clock.clock, timeout=timeout, read_only=True),
        )

    (named,) = [f for f in caught.value.findings if "had no answer after" in f.message]
    assert named.outcome is outcome
    assert f"had no answer after {timeout:.1f} s, when the run was stopped" in named.message
