"""Ids that are no plain text, over a real socket: one finding at most, and nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.redaction import Secret
from tests.fakes.checking import FakeClock

if TYPE_CHECKING:
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.model.finding import Finding
    from scimdoctor.scim.patch import Resource

ONLY = ("create", "read", "query", "lifecycle", "groups", "manager")


class OddlyNamed(ScimServiceProvider):
    """Gives ids of a form of its own."""

    form = "{}"

    def _keep(self, call: Call, before: Resource | None, after: Resource) -> Resource | None:
        if before is None:
            after = after | {"id": self.form.format(str(after["id"])[:8])}
        return super()._keep(call, before, after)


def problems(provider: ScimServiceProvider) -> list[Finding]:
    guard = WriteGuard()
    guard.allow("a test")
    options: Any = CheckOptions(seed=1, only=ONLY, clock=FakeClock().clock)
    with LoopbackServer(provider.handle) as server, httpx.Client() as http:
        endpoint = Endpoint(
            http,
            base_url=f"{server.url}/scim",
            auth=BearerToken(Secret("lab-token")),
            guard=guard,
            recorder=Recorder(),
        )
        found = run_checks(endpoint, checks=ALL_CHECKS, options=options)
    return [f for f in found if f.is_problem]


@pytest.mark.parametrize("form", ["a\"b'{}", "a\x01b\n{}", "a%41 b{}", "a#b?{}&", "ü+ {}"])
def test_a_text_with_any_characters_is_an_id(form: str) -> None:
    provider = OddlyNamed()
    provider.form = form

    assert problems(provider) == []
    assert len(provider.users) + len(provider.groups) == 0


def test_a_number_is_one_finding() -> None:
    provider = ScimServiceProvider(faults=["id-number"])

    (only,) = problems(provider)
    assert (only.check, only.cause) == ("read/shape", "response-attribute-malformed")
    assert "not a string" in only.message
    assert len(provider.users) + len(provider.groups) == 0
