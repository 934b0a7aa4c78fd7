"""A run ends early where an endpoint is slow or fails too often, and finds the same in any company."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Outcome
from tests.fakes.checking import FakeClock, check_lab, endpoint_for

if TYPE_CHECKING:
    import httpx

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.finding import Finding


class Slow:
    """Passes requests on, and says that requests of one method took seconds."""

    def __init__(self, endpoint: Endpoint, method: str, seconds: int) -> None:
        self.base_url = endpoint.base_url
        self.exchanges: list[Exchange] = []
        self._endpoint, self._method, self._seconds = endpoint, method, seconds

    def send(
        self,
        request: ScimRequest,
        *,
        credentials: Credentials | None = None,
        seconds: float | None = None,
    ) -> Exchange:
        exchange = self._endpoint.send(request, credentials=credentials, seconds=seconds)
        if request.method == self._method:
            exchange = replace(exchange, elapsed_in_milliseconds=self._seconds * 1000)
        self.exchanges.append(exchange)
        return exchange


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_slow_endpoint_is_told_long_before_the_time_is_over(method: str) -> None:
    provider = ScimServiceProvider()
    clients: list[httpx.Client] = []
    slow = Slow(endpoint_for(provider.handle, clients), method, seconds=6)
    options = CheckOptions(seed=1, clock=FakeClock().clock)
    found = run_checks(slow, checks=ALL_CHECKS, options=options)
    clients[0].close()

    told = [(f.check, f.cause) for f in found if f.is_problem or f.outcome is Outcome.ERRORED]
    assert told == [("run/latency", "endpoint-too-slow-or-throttled")]
    assert sum(x.request.method == method for x in slow.exchanges) < 30
    unjudged = [
        f for f in found if f.outcome is Outcome.SKIPPED and "(see run/latency)" in f.message
    ]
    assert len(unjudged) > 10
    assert not provider.users


def test_more_time_means_more_patience() -> None:
    clients: list[httpx.Client] = []
    slow = Slow(endpoint_for(ScimServiceProvider().handle, clients), "POST", seconds=6)
    options = CheckOptions(seed=1, clock=FakeClock().clock, timeout=6000)
    found = run_checks(slow, checks=ALL_CHECKS, options=options)
    clients[0].close()

    assert [f.check for f in found if f.is_problem] == []
    assert not any("(see run/latency)" in f.message for f in found)


def test_an_app_that_throttles_for_ever_is_left_alone_soon() -> None:
    checked = check_lab("throttled-without-retry-after")

    assert [f.check for f in checked.problems] == ["run/throttling"]
    assert len(checked.exchanges) < 150
    assert any("again and again (see run/throttling)" in f.message for f in checked.findings)


def test_an_app_that_fails_at_every_other_request_is_left_alone() -> None:
    checked = check_lab("unavailable-now-and-then")

    assert [f.check for f in checked.problems] == ["run/hiccups"]
    assert any("sent twice (see run/hiccups)" in f.message for f in checked.findings)


def roots(*faults: str, at_once: int) -> list[tuple[str, str | None, str]]:
    found: list[Finding] = check_lab(*faults, options=CheckOptions(concurrency=at_once)).problems
    return [(f.check, f.cause, f.severity.value) for f in found]


@pytest.mark.parametrize(
    "faults",
    [
        (),
        ("disabled-hidden-from-filter", "members-remove-list-wipes"),
        ("empty-answer-cached", "error-text"),
        ("list-bare-array",),
        ("email-becomes-user-name", "one-group-per-user", "operations-capped"),
        ("reset-now-and-then",),
    ],
    ids=lambda faults: "+".join(faults) or "none",
)
def test_requests_side_by_side_and_one_at_a_time_show_the_same(faults: tuple[str, ...]) -> None:
    assert roots(*faults, at_once=4) == roots(*faults, at_once=1)
