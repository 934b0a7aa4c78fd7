"""The guard in the endpoint client."""

from __future__ import annotations

import pytest

from scimdoctor.endpoint.guard import WriteGuard
from scimdoctor.entra import requests
from scimdoctor.errors import WriteRefused
from scimdoctor.model.exchange import ScimRequest

WRITE = requests.delete("Users", "1")
READ = requests.get("/Users")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE", "post", "MERGE", "x"])
def test_everything_but_reads_is_refused(method: str) -> None:
    guard = WriteGuard()
    with pytest.raises(WriteRefused, match=r"app\.example") as caught:
        guard.check(ScimRequest(method=method, path="/Users"), "app.example")
    assert method in str(caught.value)
    assert guard.writes == 0


def test_reads_pass() -> None:
    guard = WriteGuard()
    for method in ("GET", "HEAD", "OPTIONS", "get"):
        guard.check(ScimRequest(method=method, path="/"), "h")


def test_allowance_counts_and_ends() -> None:
    guard = WriteGuard()
    guard.allow("shadow replay", max_writes=2)
    guard.check(WRITE, "h")
    guard.check(WRITE, "h")
    with pytest.raises(WriteRefused, match="used up"):
        guard.check(WRITE, "h")
    guard.check(READ, "h")
    assert guard.writes == 2
    assert guard.reason == "shadow replay"
    guard.revoke()
    with pytest.raises(WriteRefused, match="only reads"):
        guard.check(WRITE, "h")


def test_blocks_restore_what_held_before() -> None:
    guard = WriteGuard()
    with guard.allowing("test"):
        guard.check(WRITE, "h")
        with guard.reads_only(), pytest.raises(WriteRefused):
            guard.check(WRITE, "h")
        guard.require("h")
    with pytest.raises(WriteRefused):
        guard.require("h")


def test_removals_have_room_beyond_the_number() -> None:
    guard = WriteGuard()
    guard.allow("checks", max_writes=1, removals=2)
    guard.check(ScimRequest(method="POST", path="/Users"), "h")
    with pytest.raises(WriteRefused, match="used up"):
        guard.check(ScimRequest(method="POST", path="/Users"), "h")
    with guard.reads_only(), pytest.raises(WriteRefused, match="only reads"):
        guard.check(WRITE, "h")
    guard.check(WRITE, "h")
    guard.check(WRITE, "h")
    with pytest.raises(WriteRefused, match="used up"):
        guard.check(WRITE, "h")
