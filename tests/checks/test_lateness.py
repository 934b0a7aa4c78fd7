"""Apps that show a write a moment after its answer: patience, and no fault where there is none."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.checks.budget import MOST_REQUESTS
from scimdoctor.lab.http import LabRequest
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from tests.fakes.checking import FakeClock, check_lab, endpoint_for

if TYPE_CHECKING:
    import httpx

    from scimdoctor.lab.http import LabResponse
    from scimdoctor.model.finding import Finding


@dataclass
class LateApp:
    """Shows what a PATCH changed only some seconds later, to a read by id."""

    seconds: float
    clock: FakeClock = field(default_factory=FakeClock)
    provider: ScimServiceProvider = field(default_factory=ScimServiceProvider)
    former: dict[str, tuple[float, LabResponse]] = field(default_factory=dict)

    def __call__(self, request: LabRequest) -> LabResponse:
        if request.method == "PATCH":
            read = LabRequest(method="GET", target=request.target, headers=request.headers)
            self.former[request.path] = (self.clock.at, self.provider.handle(read))
        if request.method == "GET" and request.path in self.former and not request.query:
            since, answer = self.former[request.path]
            if self.clock.at - since < self.seconds:
                return answer
        return self.provider.handle(request)

    def check(self) -> tuple[tuple[Finding, ...], int]:
        """A run's findings, and how many requests it sent."""
        clients: list[httpx.Client] = []
        endpoint = endpoint_for(self, clients)
        options = CheckOptions(seed=1, clock=self.clock.clock)
        try:
            findings = run_checks(endpoint, checks=ALL_CHECKS, options=options)
        finally:
            clients[0].close()
        return findings, len(endpoint.exchanges)


@dataclass
class Replica(LateApp):
    """Answers reads that have `late` in their target as things were some seconds before."""

    late: str = ""
    states: list[tuple[float, Any, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: LabRequest) -> LabResponse:
        provider = self.provider
        with self.lock:
            if not self.states:
                self.states.append((-self.seconds, {}, {}))
            if request.method == "GET" and self.late in request.target:
                now = provider.users, provider.groups
                shown = [s for s in self.states if s[0] <= self.clock.at - self.seconds][-1]
                _, provider.users, provider.groups = deepcopy(shown)
                answer = provider.handle(request)
                provider.users, provider.groups = now
                return answer
            answer = provider.handle(request)
            if request.method != "GET":
                self.states.append((self.clock.at, *deepcopy((provider.users, provider.groups))))
            return answer


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_a_change_that_shows_within_two_seconds_is_no_fault(seconds: float) -> None:
    findings, requests = LateApp(seconds).check()

    assert [(f.check, f.message) for f in findings if f.is_problem] == []
    told: Any = next(f for f in findings if f.check == "run/consistency")
    assert told.outcome is Outcome.FAILED
    assert "visible only a moment after" in told.message
    assert requests <= MOST_REQUESTS


@pytest.mark.parametrize("seconds", [0.6, 3.0, 7.0])
@pytest.mark.parametrize("late", ["", "filter=", "/Users/"], ids=["all", "queries", "by id"])
def test_an_app_whose_reads_are_late_has_that_one_fault(seconds: float, late: str) -> None:
    app = Replica(seconds, late=late)
    findings, requests = app.check()

    problems = [(f.check, f.severity) for f in findings if f.is_problem]
    assert problems == ([("run/consistency", Severity.MINOR)] if seconds > 2.2 else [])
    assert any("(see run/consistency)" in f.message for f in findings) is (seconds > 2.2)
    assert requests <= MOST_REQUESTS
    assert app.clock.at < 110
    assert not app.provider.users


@pytest.mark.parametrize("fault", ["members-remove-list-wipes", "active-ignored"])
def test_what_shows_already_though_wrongly_is_hardly_waited_for(fault: str) -> None:
    app = LateApp(0, provider=ScimServiceProvider(faults=[fault]))
    findings, _ = app.check()
    assert len([f for f in findings if f.is_problem]) == 1
    assert (app.clock.at < 0.5) is (fault == "members-remove-list-wipes")
    assert (app.clock.at > 2) is (fault == "active-ignored")


def test_an_app_that_ignores_all_is_not_called_late_however_short_the_run() -> None:
    checked = check_lab("patch-no-effect", options=CheckOptions(timeout=25))

    assert [f.cause for f in checked.problems] == ["patch-accepted-not-applied"]
    assert not any("run/consistency" in f.message for f in checked.findings)
