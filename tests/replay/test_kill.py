"""Killed at any write, a shadow replay leaves only what the journal knows; cleanup removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scimdoctor.endpoint.build import Connection, build_http
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.endpoint.journal import Journal
from scimdoctor.endpoint.leftovers import remove_all
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.redaction import Secret
from tests.fakes.scim_app import TOKEN, ScimApp

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabRequest, LabResponse

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from scimdoctor.endpoint.build import Connection, build_http
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.model.replay import ReplayMode
from scimdoctor.redaction import Secret
from tests.fakes.replaying import failure, replay
url, group, user, folder = sys.argv[1:]
with build_http(Connection(proxies={})) as http:
    endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret("lab-token")))
    failed = failure("update", {"members": (user, None)}, target_id=group, group=True)
    print("ready", flush=True)
    sys.stdin.readline()
    replay(endpoint, Path(folder), failed, ReplayMode.SHADOW)
"""
WRITES = 8
"""Group, two users, two PATCHes, three deletions."""


@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_killed_at_a_write(tmp_path: Path, at: int) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    group = app.add_group("team", (user,))
    victim: list[int] = []
    writes = [0]

    def kill(request: LabRequest) -> LabResponse | None:
        if request.method == "GET" or not victim:
            return None
        writes[0] += 1
        if writes[0] == at:
            answer = app.provider.handle(request)
            os.kill(victim[0], signal.SIGKILL)
            return answer
        return None

    app.rules.append(kill)
    with LoopbackServer(app) as server:
        url = f"{server.url}/scim"
        arguments = [sys.executable, "-c", SCRIPT, url, group, user, str(tmp_path)]
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            victim.append(process.pid)
            process.communicate("go\n", timeout=30)
        assert process.returncode == -signal.SIGKILL
        victim.clear()
        journal = Journal(tmp_path / "journal.jsonl")
        with build_http(Connection(proxies={})) as http:
            endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret(TOKEN)))
            endpoint.guard.allow("cleanup")
            removals = list(remove_all(endpoint, journal, journal.resources(url)))
    assert all(removal.removed for removal in removals)
    assert list(app.provider.users) == [user]
    assert list(app.provider.groups) == [group]
    assert journal.resources() == ()
