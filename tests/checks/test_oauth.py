"""The token endpoint as Entra's client-credentials set-up uses it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.lab.http import Behaviour, LabResponse
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.token_endpoint import CLIENT_SECRET, PATH
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from tests.fakes.checking import check_lab, endpoint_for

if TYPE_CHECKING:
    import httpx

    from scimdoctor.lab.http import LabRequest

CHECKS = ("token", "answer", "lifetime", "places", "wrong-secret-refused")


def test_a_good_token_endpoint_passes_and_no_secret_is_kept() -> None:
    checked = check_lab(oauth=True)

    assert checked.problems == []
    assert {checked.of(f"auth/oauth-{name}").outcome for name in CHECKS} == {Outcome.PASSED}
    assert "60 minutes" in checked.of("auth/oauth-lifetime").message
    text = repr(checked)
    assert CLIENT_SECRET not in text
    assert "lab-token" not in text


def test_without_oauth_its_checks_are_skipped_and_the_others_run() -> None:
    checked = check_lab(options=CheckOptions(only=("auth",)))

    assert checked.of("auth/oauth-token").outcome is Outcome.SKIPPED
    assert "--endpoint-auth oauth" in checked.of("auth/oauth-places").message
    assert checked.of("auth/token-accepted").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("oauth-header-refused", "With the credentials in the body it gives one"),
        ("oauth-json-only", "It takes JSON, and Entra sends a form"),
        ("oauth-answers-form", "not a JSON object"),
        ("oauth-sign-in-page", "text/html"),
        ("oauth-token-unsendable", "no bearer token may have"),
    ],
)
def test_a_token_that_cannot_be_had_ends_the_run_and_says_what_would_work(
    fault: str, words: str
) -> None:
    checked = check_lab(fault, oauth=True)

    (finding,) = checked.problems
    assert (finding.check, finding.severity) == ("auth/oauth-token", Severity.BLOCKER)
    assert words in finding.message
    assert len(checked.exchanges) <= 4
    assert checked.of("reach/test-connection").outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (Behaviour.RESET, "endpoint-unreachable-or-blocked"),
        (Behaviour.HANG, "endpoint-too-slow-or-throttled"),
    ],
)
def test_a_token_endpoint_that_does_not_answer_is_not_called_incompatible(
    behaviour: Behaviour, cause: str
) -> None:
    provider = ScimServiceProvider()

    def handle(request: LabRequest) -> LabResponse:
        broken = LabResponse(status=200, behaviour=behaviour)
        return broken if request.path == PATH else provider.handle(request)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handle, clients, oauth=True)
    with closing(clients[0]):
        findings = run_checks(endpoint, checks=ALL_CHECKS, options=CheckOptions(seed=1))

    problems = [(f.check, f.cause) for f in findings if f.is_problem]
    assert problems == [("auth/oauth-token", cause)]


def test_the_curl_line_leads_to_the_token_endpoint() -> None:
    line = check_lab("oauth-sign-in-page", oauth=True).of("auth/oauth-token").reproduce

    assert line is not None
    assert line.endswith("http://app.test/oauth/token")
    assert CLIENT_SECRET not in line


def test_a_long_life_is_worth_knowing_only() -> None:
    checked = check_lab("oauth-lifetime-long", oauth=True)

    assert checked.problems == []
    finding = checked.of("auth/oauth-lifetime")
    assert (finding.outcome, finding.severity) == (Outcome.FAILED, Severity.INFO)


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        ("oauth-lifetime-zero", "auth/oauth-answer", "has ended when it is given"),
        ("oauth-lifetime-brief", "auth/oauth-lifetime", "lives for 30 seconds"),
    ],
)
def test_a_life_that_is_none_is_said_as_it_is(fault: str, check: str, words: str) -> None:
    (finding,) = check_lab(fault, oauth=True).problems

    assert finding.check == check
    assert words in finding.message
