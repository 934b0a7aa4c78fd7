"""Apps that show a write a moment after its answer: patience, and no fault where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.lab.http import LabRequest
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Outcome
from tests.fakes.checking import FakeClock, endpoint_for

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
        clients: list[httpx.Client] = []
        endpoint = endpoint_for(self, clients)
        options = CheckOptions(seed=1, clock=self.clock.clock)
        try:
            findings = run_checks(endpoint, checks=ALL_CHECKS, options=options)
        finally:
            clients[0].close()
        return findings, len(endpoint.exchanges)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_a_change_that_shows_within_two_seconds_is_no_fault(seconds: float) -> None:
    findings, requests = LateApp(seconds).check()

    assert [(f.check, f.message) for f in findings if f.is_problem] == []
    told: Any = next(f for f in findings if f.check == "run/consistency")
    assert told.outcome is Outcome.FAILED
    assert "visible only a moment after" in told.message
    assert requests <= 520


@pytest.mark.parametrize("fault", ["members-remove-list-wipes", "active-ignored"])
def test_what_shows_already_though_wrongly_is_hardly_waited_for(fault: str) -> None:
    app = LateApp(0, provider=ScimServiceProvider(faults=[fault]))
    findings, _ = app.check()
    assert len([f for f in findings if f.is_problem]) == 1
    assert (app.clock.at < 0.5) is (fault == "members-remove-list-wipes")
    assert (app.clock.at > 2) is (fault == "active-ignored")
