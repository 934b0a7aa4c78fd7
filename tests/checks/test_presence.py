"""An endpoint that goes away in the middle of a run is one finding, and nothing waits for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse, json_response
from scimdoctor.lab.scim.hooks import html_page
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Finding, Outcome
from tests.fakes.checking import FakeClock, RecordingJournal, check_lab, endpoint_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

SLOW = "endpoint-too-slow-or-throttled"
BLOCKED = "endpoint-unreachable-or-blocked"
OK = LabResponse(status=200)
FAR = (("Retry-After", "30"),)


@dataclass
class Run:
    """What a run made of an endpoint that answers otherwise from some request on."""

    findings: tuple[Finding, ...]
    after: int
    """Requests that were sent from then on."""

    waited: float
    left: int
    journalled: int
    unanswered: int
    """Creates that were sent from then on and not refused: they may take effect yet."""

    @property
    def problems(self) -> list[tuple[str, str | None]]:
        broken = [f for f in self.findings if f.is_problem or f.outcome is Outcome.ERRORED]
        return [(f.check, f.cause) for f in broken]


def run(meant: Callable[[int], bool], answer: LabResponse, *, only: tuple[str, ...] = ()) -> Run:
    """Check a conforming provider that gives `answer` to the requests whose number is meant."""
    provider, journal, clock = ScimServiceProvider(), RecordingJournal(), FakeClock()
    seen: list[bool] = []
    lost: list[bytes] = []

    def handle(request: LabRequest) -> LabResponse:
        seen.append(meant(len(seen) + 1))
        if seen[-1] and request.method == "POST" and not 400 <= answer.status < 500:
            lost.append(request.body)
        return answer if seen[-1] else provider.handle(request)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handle, clients)
    options = CheckOptions(seed=1, clock=clock.clock, only=only)
    findings = run_checks(endpoint, checks=ALL_CHECKS, options=options, journal=journal)
    clients[0].close()
    left = len(provider.users) + len(provider.groups)
    return Run(findings, sum(seen), clock.at, left, len(journal.entries), len(lost))


@pytest.mark.parametrize("number", [5, 60, 150, 250])
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (replace(OK, behaviour=Behaviour.RESET), BLOCKED),
        (replace(OK, behaviour=Behaviour.HANG), SLOW),
        (html_page(502, "Bad gateway"), BLOCKED),
        (html_page(503, "Service unavailable"), SLOW),
        (json_response(500, {"detail": "no database"}), "unhandled-exception-500"),
        (json_response(429, {}, headers=FAR), SLOW),
        (json_response(401, {"detail": "expired"}), "token-expired-or-revoked"),
        (html_page(403, "You are blocked"), BLOCKED),
        (LabResponse(status=302, headers=(("Location", "/login"),)), "token-expired-or-revoked"),
    ],
    ids=["reset", "hang", "502", "503", "500", "429", "401", "403", "login"],
)
def test_one_verdict_and_no_long_wait(answer: LabResponse, cause: str, number: int) -> None:
    ran = run(lambda n: n > number, answer)

    assert ran.problems == [("run/available", cause)]
    assert ran.after < 60
    assert ran.waited < 120
    # A create that was not answered stays written down: it may take effect yet.
    assert ran.journalled == ran.left + ran.unanswered
    cleaned = next(f for f in ran.findings if f.check == "run/clean-up")
    assert (cleaned.outcome is Outcome.FAILED) is (ran.left > 0)


def test_what_was_found_before_stays_and_what_comes_after_is_not_passed() -> None:
    found = {f.check: f for f in run(lambda n: n > 150, html_page(503, "Down")).findings}

    assert found["create/documented"].outcome is Outcome.PASSED
    assert found["groups/parallel"].outcome is Outcome.SKIPPED
    assert "answers no more" in found["groups/parallel"].message


def test_it_is_said_also_when_other_checks_were_asked_for() -> None:
    ran = run(lambda n: n > 60, html_page(503, "Down"), only=("groups",))

    assert ran.problems == [("run/available", SLOW)]


def test_a_short_restart_is_a_hiccup() -> None:
    ran = run(lambda n: n in {100, 101, 102}, html_page(503, "Restarting"))

    assert "run/available" not in dict(ran.problems)


def test_a_request_that_always_fails_is_not_the_endpoint() -> None:
    checked = check_lab("patch-hang")

    assert checked.of("run/available").outcome is Outcome.PASSED


def test_a_connection_that_broke_once_is_tried_again() -> None:
    ran = run(lambda n: n == 100, replace(OK, behaviour=Behaviour.RESET))

    assert ran.problems == [("run/hiccups", BLOCKED)]
