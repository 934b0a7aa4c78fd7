"""The line that shows a finding again makes what it needs, and removes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

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


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("fault", "check", "shown"),
    [
        ("boolean-text-refused", "lifecycle/disable", "HTTP/1.1 400"),
        ("filter-urn-finds-nothing", "query/extension", '"totalResults":0'),
        ("emails-as-text", "read/shape", '"emails":['),
        ("no-op-400", "patch/no-change", "HTTP/1.1 400"),
        ("disabled-update-refused", "lifecycle/update-disabled", "HTTP/1.1 400"),
        ("unknown-id-400", "lifecycle/delete", "HTTP/1.1 400"),
        ("members-remove-list-wipes", "groups/remove-list", "HTTP/1.1 200"),
        ("disabled-hidden-from-filter", "lifecycle/disabled-found", '"totalResults":0'),
    ],
)
def test_the_line_shows_the_fault_again_and_leaves_nothing(
    fault: str, check: str, shown: str
) -> None:
    provider = ScimServiceProvider(faults=(fault,))
    guard = WriteGuard()
    guard.allow("a test")
    options: Any = CheckOptions(seed=1, only=(check,), clock=FakeClock().clock)
    with LoopbackServer(provider.handle) as server, httpx.Client() as http:
        endpoint = Endpoint(
            http,
            base_url=f"{server.url}/scim",
            auth=BearerToken(Secret("lab-token")),
            guard=guard,
            recorder=Recorder(),
        )
        (finding,) = (
            f
            for f in run_checks(endpoint, checks=ALL_CHECKS, options=options)
            if f.check == check and f.is_problem
        )
        assert finding.reproduce is not None
        assert "-X POST" in finding.reproduce
        done = subprocess.run(
            ["sh", "-c", finding.reproduce],
            env={**os.environ, "SCIMDOCTOR_ENDPOINT_TOKEN": "lab-token"},
            capture_output=True,
            text=True,
            check=True,
        )
        everybody = http.get(
            f"{server.url}/scim/Users", headers={"Authorization": "Bearer lab-token"}
        ).json()
    assert shown in done.stdout.replace(": ", ":")
    assert "HTTP/1.1 204" in done.stdout
    assert everybody["totalResults"] == 0
