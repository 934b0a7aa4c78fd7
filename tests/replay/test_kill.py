"""Killed at any write: cleanup removes what a shadow replay left, a rollback what a live one did."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.endpoint.build import Connection, build_http
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.endpoint.journal import Journal
from scimdoctor.endpoint.leftovers import remove_all
from scimdoctor.entra.requests import MANAGER
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.model.replay import Verdict
from scimdoctor.redaction import Secret
from scimdoctor.replay.restore import restore
from scimdoctor.replay.rollback import load
from tests.fakes.replaying import failure
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
from tests.fakes.replaying import replay
from tests.replay.test_kill import EVENTS
url, mode, name, ids, folder = sys.argv[1:]
with build_http(Connection(proxies={})) as http:
    endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret("lab-token")))
    print("ready", flush=True)
    sys.stdin.readline()
    replay(endpoint, Path(folder), EVENTS[name](*ids.split()), ReplayMode(mode))
"""

EVENTS = {
    "create": lambda *_: failure("create", {"userName": (None, "new@example.com")}),
    "update": lambda user, *_: failure(
        "update", {"title": ("Eng", "Boss"), "nickName": (None, "Al")}, target_id=user
    ),
    "rename": lambda user, *_: failure(
        "update", {"userName": ("ada@example.com", "eve@example.com")}, target_id=user
    ),
    "disable": lambda user, *_: failure("disable", {"active": ("True", "False")}, target_id=user),
    "manager": lambda user, bob, *_: failure("update", {MANAGER: (None, bob)}, target_id=user),
    "delete": lambda user, *_: failure("delete", {}, target_id=user, status=500),
    "member": lambda user, _, group: failure(
        "update", {"members": (user, None)}, target_id=group, group=True
    ),
    "members": lambda user, bob, group: failure(
        "update", {"members": (user, bob)}, target_id=group, group=True
    ),
}
SHADOW = {"create": 2, "update": 3, "disable": 3, "manager": 5, "delete": 3, "member": 8}
"""How many writes each replay on throwaway copies makes, removals included."""

LIVE = {
    "create": 1,
    "update": 1,
    "rename": 1,
    "disable": 1,
    "manager": 1,
    "delete": 1,
    "members": 2,
}


def points(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(name, at) for name, number in counts.items() for at in range(1, number + 1)]


class Scene:
    """An app with two users and a group; `ids` are what the events are about."""

    def __init__(self) -> None:
        self.app = ScimApp()
        ada = self.app.add_user("ada@example.com", title="Eng", active=True)
        bob = self.app.add_user("bob@example.com", active=True)
        self.ids = (ada, bob, self.app.add_group("team", (ada,)))

    def state(self) -> Any:
        """All that the app holds, by name; what an undo cannot restore is left out."""
        stores = copy.deepcopy([self.app.provider.users, self.app.provider.groups])
        return [
            {k: v for k, v in resource.items() if k not in {"meta", "schemas", "id"} and v}
            for store in stores
            for resource in store.values()
        ]


def killed(scene: Scene, mode: str, name: str, at: int, folder: Path) -> int:
    """Replay in a process that is killed when its write number `at` has arrived; its status."""
    app, victim = scene.app, list[int]()
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
        ids = " ".join(scene.ids)
        arguments = [sys.executable, "-c", SCRIPT, url, mode, name, ids, str(folder)]
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            victim.append(process.pid)
            process.communicate("go\n", timeout=60)
        victim.clear()
        put_right(mode, url, folder)
    return process.returncode


def put_right(mode: str, url: str, folder: Path) -> None:
    """What a person does next: clean up, or roll back."""
    with build_http(Connection(proxies={})) as http:
        endpoint = Endpoint(http, base_url=url, auth=BearerToken(Secret(TOKEN)))
        endpoint.guard.allow("test")
        if mode == "shadow":
            journal = Journal(folder / "journal.jsonl")
            assert all(r.removed for r in remove_all(endpoint, journal, journal.resources(url)))
            assert journal.resources() == ()
            return
        (saved,) = (folder / "rollback").glob("*.json")
        assert restore(load(saved), endpoint).verdict is Verdict.PUT_BACK


@pytest.mark.parametrize(("name", "at"), points(SHADOW))
def test_cleanup_removes_what_a_killed_shadow_replay_left(
    tmp_path: Path, name: str, at: int
) -> None:
    scene = Scene()
    before = scene.state()
    assert killed(scene, "shadow", name, at, tmp_path) == -signal.SIGKILL
    assert scene.state() == before


@pytest.mark.parametrize(("name", "at"), points(LIVE))
def test_a_rollback_puts_back_what_a_killed_live_replay_did(
    tmp_path: Path, name: str, at: int
) -> None:
    scene = Scene()
    before = scene.state()
    assert killed(scene, "live", name, at, tmp_path) == -signal.SIGKILL
    if name == "delete":
        # The app gave the new user another id: memberships are not put back, and that is said.
        before[-1].pop("members")
    assert sorted(scene.state(), key=str) == sorted(before, key=str)


@pytest.mark.parametrize(
    ("mode", "name", "number"),
    [("shadow", *n) for n in SHADOW.items()] + [("live", *n) for n in LIVE.items()],
)
def test_these_are_all_the_writes(tmp_path: Path, mode: str, name: str, number: int) -> None:
    assert killed(Scene(), mode, name, number + 1, tmp_path) == 0
