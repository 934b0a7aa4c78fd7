"""The line that shows a finding again makes what it needs, and removes it."""

from __future__ import annotations

import os
import re
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
from scimdoctor.model.rule import Severity
from scimdoctor.redaction import DECOY, Secret
from tests.fakes.checking import FakeClock, check_lab
from tests.fakes.shell import commands_of


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


@pytest.mark.parametrize(
    ("fault", "check", "sent"),
    [
        ("any-token-accepted", "auth/wrong-token-refused", f"Authorization: Bearer {DECOY}"),
        ("no-token-accepted", "auth/missing-token-refused", None),
        ("any-token-patches", "auth/every-route", f"Authorization: Bearer {DECOY}"),
    ],
)
def test_a_line_about_a_wrong_token_sends_that_and_not_the_right_one(
    fault: str, check: str, sent: str | None
) -> None:
    line = check_lab(fault).of(check).reproduce or ""

    last = next(c for c in reversed(list(commands_of(line))) if "-X DELETE" not in c)
    assert ("SCIMDOCTOR_ENDPOINT_TOKEN" in last, DECOY in last) == (False, sent is not None)
    assert "Authorization" not in last or (sent and sent in last)


def test_a_wrong_client_secret_is_sent_again() -> None:
    checked = check_lab("oauth-any-secret", oauth=True)
    line = checked.of("auth/oauth-wrong-secret-refused").reproduce or ""

    assert "SCIMDOCTOR_ENDPOINT_TOKEN" not in line
    assert "CLIENT_SECRET" not in line


def test_what_was_done_to_a_member_is_in_the_line_in_its_order() -> None:
    finding = check_lab("disable-leaves-groups").of("groups/disabled-stays")

    writes = re.findall(r"-X (\w+)", finding.reproduce or "")
    assert writes == ["POST", "POST", "PATCH", "PATCH", "PATCH", "DELETE", "DELETE"]


def test_an_overwritten_user_is_a_blocker_and_its_read_shows_it() -> None:
    finding = check_lab("duplicate-overwrites").of("create/duplicate")

    assert finding.severity is Severity.BLOCKER
    assert "overwrote the existing user: externalId was" in finding.message
    assert re.findall(r"-X (\w+)", finding.reproduce or "") == ["POST", "POST", "DELETE", "DELETE"]
    assert '/Users/"$ID"; test -z' in (finding.reproduce or "")
