"""Requests side by side: same verdicts, same numbers, and one at a time where the app needs that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Finding, Outcome
from tests.fakes.checking import Checked, FakeClock, check_lab, endpoint_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def verdicts(checked: Checked) -> list[tuple[object, ...]]:
    return [(f.check, f.outcome, f.severity, f.cause) for f in checked.findings]


@pytest.mark.parametrize(
    "fault",
    [
        None,
        "filter-plus-literal",
        "filter-apostrophe-500",
        "filter-ignored",
        "accept-exact",
        "delete-ignored",
        "delete-405",
        "group-filter-contains-match",
        "filter-wildcards",
    ],
)
def test_side_by_side_gives_the_verdicts_of_one_by_one(fault: str | None) -> None:
    faults = [fault] if fault else []
    alone = check_lab(*faults, options=CheckOptions(concurrency=1))
    together = check_lab(*faults, options=CheckOptions(concurrency=4))

    assert verdicts(together) == verdicts(alone)
    assert together.left == alone.left


def test_exchanges_are_numbered_in_the_same_order_every_time() -> None:
    first, second = check_lab(), check_lab()

    assert [(x.id, x.request.target) for x in first.exchanges] == [
        (x.id, x.request.target) for x in second.exchanges
    ]


def run_with(handler: Callable[[LabRequest], LabResponse]) -> tuple[Finding, ...]:
    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handler, clients)
    options = CheckOptions(seed=1, clock=FakeClock().clock, skip=("groups/parallel",))
    try:
        return run_checks(endpoint, checks=ALL_CHECKS, options=options)
    finally:
        clients[0].close()


class OneAtATime:
    """A provider that answers `refusal` to whoever comes while somebody is being served."""

    def __init__(self, refusal: LabResponse) -> None:
        self.provider = ScimServiceProvider()
        self.refusal = refusal
        self.refused = 0
        self._busy = threading.Lock()
        self._second = threading.Event()

    def __call__(self, request: LabRequest) -> LabResponse:
        if not self._busy.acquire(blocking=False):
            self.refused += 1
            self._second.set()
            return self.refusal
        try:
            if threading.active_count() > 2:  # others are on their way: let one of them come in
                self._second.wait(timeout=5)
            return self.provider.handle(request)
        finally:
            self._busy.release()


@pytest.mark.parametrize(("status", "said_by"), [(429, "run/throttling"), (503, "run/hiccups")])
def test_an_app_that_serves_one_at_a_time_has_no_fault_and_it_is_said(
    status: int, said_by: str
) -> None:
    app = OneAtATime(json_response(status, {}))
    found = run_with(app)

    assert [(f.check, f.message) for f in found if f.is_problem] == []
    said = next(f for f in found if f.check == said_by)
    assert "one" in said.message
    assert "sent at a time" in said.message
    assert said.outcome is Outcome.FAILED
    assert app.refused >= 1
    assert not app.provider.users
    assert not app.provider.groups


def test_an_app_that_throttles_for_ever_is_waited_for_a_bounded_time() -> None:
    provider = ScimServiceProvider(faults=["throttled-without-retry-after"])
    clients: list[httpx.Client] = []
    clock = FakeClock()
    endpoint = endpoint_for(provider.handle, clients)
    options = CheckOptions(seed=1, clock=clock.clock)
    found = run_checks(endpoint, checks=ALL_CHECKS, options=options)
    clients[0].close()

    assert [f.cause for f in found if f.is_problem] == ["endpoint-too-slow-or-throttled"]
    assert clock.at < 90
    assert not provider.users
