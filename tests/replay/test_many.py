"""Many events: once each, in order, and not on and on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.curl import curl_line
from scimdoctor.endpoint.har import read_har
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import MANAGER
from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse
from scimdoctor.model.provisioning import ProvisioningErrorInfo, ProvisioningStatusInfo
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.model.replay import ReplayMode, Verdict
from scimdoctor.replay import (
    Bounds,
    in_order,
    newest_per_shape,
    replay_many,
    subject_of_event,
    subjects_of_har,
)
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.subject import purpose_of
from tests.fakes.replaying import failure, replayer
from tests.fakes.scim_app import ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabRequest
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.replay import Subject

READ = ReplayMode.READ


def subject(failed: ProvisioningObjectSummary) -> Subject:
    return subject_of_event(failed, schema=None, dialect=Dialect.DEFAULT)


def numbered(failed: ProvisioningObjectSummary, number: int, who: str = "s1") -> Any:
    return replace(
        failed,
        id=f"e{number}",
        activity_date_time=datetime(2026, 7, number, tzinfo=UTC),
        source_identity=replace(failed.source_identity, id=who),
    )


def test_the_newest_of_each_object_and_kind_is_kept() -> None:
    title = failure("update", {"title": ("a", "b")}, target_id="1")
    nick = failure("update", {"nickName": ("a", "b")}, target_id="1")
    events = [numbered(title, 2), numbered(title, 3), numbered(title, 1), numbered(nick, 4)]
    events.append(numbered(title, 5, who="s2"))
    assert [e.id for e in newest_per_shape(events)] == ["e3", "e4", "e5"]
    undated = replace(events[0], activity_date_time=None)
    assert newest_per_shape([undated]) == (undated,)


def test_order_is_entras() -> None:
    named = {
        "delete group": failure("delete", {}, target_id="g", group=True),
        "members": failure("update", {"members": (None, "1")}, target_id="g", group=True),
        "new group": failure("create", {"displayName": (None, "g")}, group=True),
        "delete": failure("delete", {}, target_id="1"),
        "disable": failure("disable", {"active": ("True", "False")}, target_id="1"),
        "manager": failure("update", {MANAGER: (None, "2")}, target_id="1"),
        "update": failure("update", {"title": ("a", "b")}, target_id="1"),
        "create": failure("create", {"userName": (None, "x@example.com")}),
    }
    subjects = [replace(subject(e), label=name) for name, e in named.items()]
    assert [s.label for s in in_order(subjects)] == [
        "create",
        "update",
        "manager",
        "disable",
        "delete",
        "new group",
        "members",
        "delete group",
    ]


def creates(count: int) -> list[Subject]:
    made = [failure("create", {"userName": (None, f"p{n}@example.com")}) for n in range(count)]
    return [replace(subject(e), id=f"e{n}") for n, e in enumerate(made)]


def test_equal_answers_end_a_kind_and_are_told(tmp_path: Path) -> None:
    app = ScimApp()
    app.refuse("GET", "/Users", 500)
    paced: list[int] = []
    with open_app(app) as endpoint:
        batch = replay_many(
            creates(8),
            replayer(endpoint, tmp_path),
            READ,
            bounds=Bounds(identical=3, limit=7),
            pace=lambda: paced.append(1),
        )
    assert len(batch.replays) == len(paced) == 3
    assert any(text.startswith("4 more events like") for text in batch.limits)
    assert any("1 event was" in text for text in batch.limits)


def test_a_write_that_was_not_sent_is_no_answer(tmp_path: Path) -> None:
    bounds = Bounds(identical=2)
    with open_app(ScimApp()) as endpoint:
        for mode in (READ, ReplayMode.PLAN):
            batch = replay_many(creates(4), replayer(endpoint, tmp_path), mode, bounds=bounds)
            assert len(batch.replays) == 4
            assert batch.limits == ()


def test_another_answer_keeps_it_going(tmp_path: Path) -> None:
    app = ScimApp()
    for number in (1, 3, 5):
        app.add_user(f"p{number}@example.com")
    with open_app(app) as endpoint:
        batch = replay_many(
            creates(6), replayer(endpoint, tmp_path), READ, bounds=Bounds(identical=2)
        )
    assert len(batch.replays) == 6
    assert batch.limits == ()


@pytest.mark.parametrize("status", [401, None])
def test_a_hopeless_endpoint_is_not_asked_again(tmp_path: Path, status: int | None) -> None:
    app = ScimApp()
    app.rules.append(lambda _: scim_error(status or 500))
    with open_app(app) as endpoint:
        many = replayer(endpoint, tmp_path)
        if status is None:
            many.endpoint = Endpoint(Dead(), base_url="https://h.example")
        batch = replay_many(creates(3), many, READ)
    assert len(batch.replays) == 1
    assert batch.unreached is (status is None)
    assert batch.limits[-1].startswith("2 events were not replayed: ")
    if status is None:
        assert batch.replays[0].verdict is Verdict.NOT_SENT
        assert "could not be reached from here" in batch.limits[0]


def test_a_failure_to_connect_reproduces_one_in_the_log(tmp_path: Path) -> None:
    logged = failure("create", {"userName": (None, "ada@example.com")})
    code = "SystemForCrossDomainIdentityManagementTimeout"
    error = ProvisioningErrorInfo(error_code=code, reason="it took long")
    info = ProvisioningStatusInfo(status="failure", error_information=error)
    one = subject(replace(logged, provisioning_status_info=info))
    many = replayer(Endpoint(Dead(), base_url="https://h.example"), tmp_path)
    batch = replay_many([one], many, READ)
    assert batch.replays[0].verdict is Verdict.SAME_FAILURE
    assert not batch.unreached


class Dead(httpx.Client):
    def send(self, *_: Any, **__: Any) -> httpx.Response:
        raise httpx.ConnectError("x") from ConnectionRefusedError()


@pytest.mark.parametrize(
    ("method", "path", "body", "purpose"),
    [
        ("GET", "/Users", b"", Purpose.MATCH),
        ("POST", "/Groups", b"", Purpose.CREATE),
        ("GET", "/Users/1", b"", Purpose.READ),
        ("PATCH", "/Users/1", b"{}", Purpose.UPDATE),
        ("PUT", "/Users/1", b"{}", Purpose.UPDATE),
        ("DELETE", "/Groups/1", b"", Purpose.DELETE),
        (
            "PATCH",
            "/Groups/1",
            b'{"Operations":[{"op":"Add","path":"members","value":[]}]}',
            Purpose.MEMBERS,
        ),
        ("GET", "/Schemas", b"", None),
        ("DELETE", "/Users", b"", None),
        ("GET", "/Users/1/2", b"", None),
    ],
)
def test_purposes_of_captured_requests(
    method: str, path: str, body: bytes, purpose: Purpose | None
) -> None:
    assert purpose_of(ScimRequest(method=method, path=path, body=body)) is purpose


def captured(method: str, path: str, status: int, body: bytes = b"") -> Exchange:
    request = ScimRequest(
        method=method,
        path=path,
        headers=(("Host", "h.example"), ("Authorization", "x"), ("Accept", "*/*")),
        body=body,
    )
    response = ScimResponse(status=status, body=b"{}")
    return Exchange(id="h1", request=request, url=f"https://h.example{path}", response=response)


def test_failing_captures_are_chosen_else_all() -> None:
    good = captured("DELETE", "/Users/1", 204)
    bad = captured("PATCH", "/Users/1", 400, b'{"Operations":[{"op":"Add","path":"a","value":1}]}')
    other = captured("GET", "/Schemas", 500)
    (only,) = subjects_of_har([good, bad, other])
    assert only.logged is not None
    assert only.logged.status == 400
    assert [name for name, _ in only.writes[0].request.headers] == ["Accept"]
    assert len(subjects_of_har([good, other])) == 1


def test_a_capture_is_reproduced_on_a_copy(tmp_path: Path) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    app.refuse("PATCH", "/Users", 400)
    body = b'{"Operations":[{"op":"Replace","path":"title","value":"x"}]}'
    exchange = captured("PATCH", f"/Users/{user}", 400, body)
    (one,) = subjects_of_har([exchange])
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        found = replayer(endpoint, tmp_path).replay(one, ReplayMode.SHADOW)
    assert found.verdict is Verdict.SAME_FAILURE
    assert list(app.provider.users) == [user]


def test_of_a_captures_headers_only_entras_are_sent_again() -> None:
    exchange = captured("DELETE", "/Users/1", 500)
    headers = (
        ("accept", "a/b"),
        ("If-Match", "1"),
        ("X-Vendor", "v"),
        ("User-Agent", "x"),
        ("Cookie", "c"),
    )
    exchange = replace(exchange, request=replace(exchange.request, headers=headers))
    (one,) = subjects_of_har([exchange])
    assert one.writes[0].request.headers == (("accept", "a/b"), ("If-Match", "1"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Users", {"userName": "ada", "password": "planted"}),
        ("PATCH", "/Users/1", {"Operations": [
            {"op": "add", "path": "urn:x:User:password", "value": "planted"},
            {"op": "add", "value": {"title": "x", "password": "planted"}},
        ]}),
    ],
)  # fmt: skip
def test_a_captured_password_is_not_sent_again(method: str, path: str, body: object) -> None:
    (one,) = subjects_of_har([captured(method, path, 400, json.dumps(body).encode())])
    request = one.writes[0].request
    assert b"planted" not in request.body
    assert "planted" not in curl_line(request, "https://h.example")
    assert "password" in " ".join(one.reconstruction.notes)
    assert {v.path for v in sent_values(request)} <= {"userName", "title"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"Operations":[{"op":"add","path":"password","value":"planted"}]}',
        b'{"Operations":[{"op":"add","path":"title","value":"[redacted]"}]}',
    ],
)
def test_a_capture_that_holds_little_but_a_secret_is_not_rebuilt(body: bytes) -> None:
    (one,) = subjects_of_har([captured("PATCH", "/Users/1", 400, body)])
    assert one.reconstruction.requests == ()
    assert one.reconstruction.missing


def test_read_har_is_what_subjects_take() -> None:
    assert subjects_of_har(read_har(b'{"log":{"entries":[]}}', "x")) == ()


def test_a_captured_put_goes_to_a_copy_with_fresh_values(tmp_path: Path) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    exchange = captured("PUT", f"/Users/{user}", 500, b'{"userName":"ada@example.com","title":"x"}')
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        replayer(endpoint, tmp_path).replay(subjects_of_har([exchange])[0], ReplayMode.SHADOW)
    (put,) = [r for r in app.asked if r.method == "PUT"]
    assert b"scimdoctor-t1.ada@example.com" in put.body
    assert list(app.provider.users) == [user]


def test_a_create_without_a_name_is_not_copied(tmp_path: Path) -> None:
    app = ScimApp()
    exchange = captured("POST", "/Users", 400, b'{"title":"x"}')
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        found = replayer(endpoint, tmp_path).replay(
            subjects_of_har([exchange])[0], ReplayMode.SHADOW
        )
    assert found.verdict is Verdict.NOT_SENT
    assert app.writes == []


def test_ctrl_c_keeps_what_was_done() -> None:
    app = ScimApp()
    users = [app.add_user(f"u{n}@example.com") for n in range(3)]
    waits = iter([None, KeyboardInterrupt()])

    def pace() -> None:
        stop = next(waits)
        if stop is not None:
            raise stop

    failing = [
        failure("update", {"title": ("a", str(n))}, target_id=u) for n, u in enumerate(users)
    ]
    with open_app(app) as endpoint:
        many = replayer(endpoint, Path())
        batch = replay_many([subject(f) for f in failing], many, READ, pace=pace)
    assert batch.interrupted
    assert len(batch.replays) == 1
    assert batch.limits == ("2 events were not replayed: interrupted",)


def test_what_a_stop_in_the_clean_up_leaves_is_said(tmp_path: Path) -> None:
    app = ScimApp()

    def stop(request: LabRequest) -> None:
        if request.method == "DELETE":
            raise KeyboardInterrupt

    app.rules.append(stop)
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        mode = ReplayMode.SHADOW
        batch = replay_many(creates(2), replayer(endpoint, tmp_path), mode)
    assert batch.interrupted
    assert len(app.provider.users) == 1
    assert batch.limits[-1].startswith("1 throwaway object may be left in the app: scimdoctor cle")
