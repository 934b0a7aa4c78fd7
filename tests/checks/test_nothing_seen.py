"""What was never tried is never called passed, and what passed says on what grounds."""

from __future__ import annotations

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.endpoint.build import build_http
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.lab.http import LabRequest, LabResponse
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.redaction import Secret


def elsewhere(_request: LabRequest) -> LabResponse:
    return LabResponse(status=302, headers=(("Location", "https://login.example/"),))


def run(handler: object, *, read_only: bool = False) -> tuple[Finding, ...]:
    transport = ProviderTransport(handler)  # type: ignore[arg-type]
    with build_http(transport=transport) as http:
        auth = BearerToken(Secret("lab-token"))
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=auth)
        endpoint.guard.allow("a test")
        options = CheckOptions(seed=1, read_only=read_only)
        return run_checks(endpoint, checks=ALL_CHECKS, options=options)


def test_after_one_redirect_nothing_has_passed() -> None:
    assert [f.check for f in run(elsewhere) if f.outcome is Outcome.PASSED] in ([], ["run/latency"])


def test_reads_alone_show_neither_waiting_nor_removal() -> None:
    provider = ScimServiceProvider()
    outcomes = {f.check: f.outcome for f in run(provider.handle, read_only=True)}
    assert outcomes["run/consistency"] is Outcome.SKIPPED
    assert outcomes["run/clean-up"] is Outcome.SKIPPED


def test_what_passed_says_what_was_sent_and_answered() -> None:
    found = run(ScimServiceProvider().handle)
    passed = [f for f in found if f.outcome is Outcome.PASSED and not f.check.startswith("run/")]
    bare = [f.check for f in passed if not f.evidence]
    assert len(passed) > 90
    # These judge answers that earlier checks already have.
    assert len(bare) < 20, bare
    assert all("was answered" in f.message for f in passed if f.evidence)
