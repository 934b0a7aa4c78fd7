"""Mode `shadow`: on throwaway copies, which are always removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.journal import Journal
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import MANAGER
from scimdoctor.errors import SourceError, WriteRefused
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.model.replay import ReplayMode, Verdict
from scimdoctor.replay import replay_event, subject_of_event, writes_needed
from scimdoctor.scim import urns
from tests.fakes.replaying import failure, replay
from tests.fakes.scim_app import ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay

SHADOW = ReplayMode.SHADOW
TITLE = {"title": ("Eng", "Boss")}


@pytest.fixture
def app() -> ScimApp:
    return ScimApp()


def ada(app: ScimApp) -> str:
    return app.add_user(
        "ada@example.com",
        externalId="0f1e2d3c-1111-2222-3333-444455556666",
        displayName="Ada",
        title="Eng",
        active=True,
        emails=[{"type": "work", "value": "ada@example.com", "primary": True}],
        **{urns.ENTERPRISE_USER: {"department": "R&D", "manager": {"value": "boss"}}},
    )


def shadow(app: ScimApp, failed: ProvisioningObjectSummary, tmp_path: Path) -> Replay:
    """Replay on copies; afterwards everything is as it was."""
    before = json.dumps([app.provider.users, app.provider.groups], sort_keys=True, default=str)
    subject = subject_of_event(failed, schema=None, dialect=Dialect.DEFAULT)
    with open_app(app) as endpoint:
        found = replay(endpoint, tmp_path, failed, SHADOW)
        assert endpoint.guard.writes <= writes_needed(subject, SHADOW)
    after = json.dumps([app.provider.users, app.provider.groups], sort_keys=True, default=str)
    assert after == before
    assert Journal(tmp_path / "journal.jsonl").resources() == ()
    return found


def sent_to_copy(app: ScimApp, method: str) -> list[dict[str, object]]:
    return [json.loads(r.body) for r in app.asked if r.method == method and r.body]


def test_same_failure_on_a_copy(app: ScimApp, tmp_path: Path) -> None:
    app.refuse("PATCH", "/Users", 400, scimType="invalidPath", detail="no")
    found = shadow(
        app, failure("update", TITLE, target_id=ada(app), scimType="invalidPath"), tmp_path
    )
    assert found.verdict is Verdict.SAME_FAILURE
    assert "400 invalidPath: no" in found.summary


def test_different_failure_on_a_copy(app: ScimApp, tmp_path: Path) -> None:
    app.refuse("PATCH", "/Users", 500)
    found = shadow(app, failure("update", TITLE, target_id=ada(app)), tmp_path)
    assert found.verdict is Verdict.DIFFERENT_FAILURE
    assert "the log says 400" in found.summary


def test_works_now_on_a_copy_that_differs_in_its_unique_values_alone(
    app: ScimApp, tmp_path: Path
) -> None:
    user = ada(app)
    changes = TITLE | {'emails[type eq "work"].value': ("ada@example.com", "new@example.com")}
    found = shadow(app, failure("update", changes, target_id=user), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert found.next_command == "scimdoctor job restart APP --scope escrows"
    (body,) = sent_to_copy(app, "POST")
    assert body["displayName"] == "Ada"
    assert body["title"] == "Eng"
    assert body["userName"] == "scimdoctor-t1.ada@example.com"
    assert body["emails"] == [
        {"type": "work", "value": "scimdoctor-t1.ada@example.com", "primary": True}
    ]
    assert body["externalId"] != "0f1e2d3c-1111-2222-3333-444455556666"
    assert len(str(body["externalId"])) == 36
    assert body[urns.ENTERPRISE_USER] == {"department": "R&D"}
    assert f"PATCH /scim/Users/{user}" not in app.writes
    patch = next(r.rebuilt for r in found.requests if r.rebuilt.request.method == "PATCH")
    assert set(patch.provenance) == {"title"}
    kinds = {d.attribute: d.kind.value for d in found.differences}
    assert kinds["title"] == "same"


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_part_that_works_proves_nothing(app: ScimApp, tmp_path: Path, action: str) -> None:
    user = None if action == "create" else ada(app)
    name = {"userName": (None, "eve@example.com")} if action == "create" else TITLE
    changes = name | {"displayName": (None, "[Redact]")}
    found = shadow(app, failure(action, changes, target_id=user), tmp_path)
    assert found.verdict is Verdict.NOT_REBUILT
    assert found.summary.endswith("only a part could be rebuilt, without displayName")
    assert found.next_command is None
    app.refuse("POST" if action == "create" else "PATCH", "/Users", 500)
    found = shadow(app, failure(action, changes, target_id=user), tmp_path)
    assert found.verdict is Verdict.DIFFERENT_FAILURE
    assert any("displayName could not be rebuilt" in note for note in found.notes)


def test_a_create_of_which_nothing_is_logged_is_no_whole_one(app: ScimApp, tmp_path: Path) -> None:
    found = shadow(app, failure("create", {}, target_id=None), tmp_path)
    assert found.verdict is Verdict.NOT_REBUILT
    assert "without active, displayName, title" in found.summary
    assert not any("externalId" in note for r in found.requests for note in r.rebuilt.notes)


def test_a_create_has_fresh_unique_values(app: ScimApp, tmp_path: Path) -> None:
    manager = ada(app)
    changes = {
        "userName": (None, "new@example.com"),
        "externalId": (None, "new"),
        "displayName": (None, "New"),
        MANAGER: (None, manager),
    }
    found = shadow(app, failure("create", changes), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    stand_in, body = sent_to_copy(app, "POST")
    assert "Throwaway" in json.dumps(stand_in)
    assert body["userName"] == "scimdoctor-t1.new@example.com"
    assert body["externalId"] == "scimdoctor-t1-new"
    assert manager not in json.dumps(body)


def test_a_conflict_cannot_be_shown_by_fresh_values(app: ScimApp, tmp_path: Path) -> None:
    changes = {"userName": (None, "new@example.com")}
    found = shadow(app, failure("create", changes, status=409, scimType="uniqueness"), tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert "another object seems to hold" in found.summary
    assert found.next_command == "scimdoctor replay e1 --mode live"


def test_delete_of_a_copy(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)
    found = shadow(app, failure("delete", {}, target_id=user, status=500), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    group = app.add_group("team")
    app.rules.append(lambda r: _hollow(r, "DELETE"))
    stays = replay_group_delete(app, group, tmp_path)
    assert stays.cause == "patch-accepted-not-applied"


def _hollow(request: LabRequest, method: str) -> LabResponse | None:
    return LabResponse(status=204) if request.method == method else None


def replay_group_delete(app: ScimApp, group: str, tmp_path: Path) -> Replay:
    with open_app(app) as endpoint:
        failed = failure("delete", {}, target_id=group, group=True, status=500)
        return replay(endpoint, tmp_path, failed, SHADOW)


def test_members_are_throwaway_users(app: ScimApp, tmp_path: Path) -> None:
    people = [app.add_user(f"p{n}@example.com") for n in range(5)]
    group = app.add_group("team", tuple(people[:1]))
    added = failure(
        "update", {"members": (None, ", ".join(people[1:]))}, target_id=group, group=True
    )
    found = shadow(app, added, tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert any("only 3 of 4" in note for note in found.notes)
    written = b"".join(r.body for r in app.asked if r.method != "GET").decode()
    assert not any(person in written for person in people)
    assert f"/scim/Groups/{group}" not in " ".join(app.writes)


def test_unknown_members_stay_as_they_are(app: ScimApp, tmp_path: Path) -> None:
    group = app.add_group("team")
    failed = failure("update", {"members": (None, "nobody")}, target_id=group, group=True)
    shadow(app, failed, tmp_path)
    (body,) = sent_to_copy(app, "PATCH")
    assert "nobody" in json.dumps(body)


def test_a_removal_that_empties_the_group_is_seen(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("p@example.com")
    group = app.add_group("team", (user,))

    def wipe(request: LabRequest) -> LabResponse | None:
        if request.method == "PATCH" and b'"Remove"' in request.body:
            object_id = request.path.rpartition("/")[2]
            app.provider.groups[object_id]["members"] = []
            return LabResponse(status=204)
        return None

    app.rules.append(wipe)
    failed = failure("update", {"members": (user, None)}, target_id=group, group=True)
    found = shadow(app, failed, tmp_path)
    assert found.verdict is Verdict.DIFFERENT_FAILURE
    assert found.cause == "members-remove-value-not-understood"


def test_a_removal_that_works(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("p@example.com")
    group = app.add_group("team", (user,))
    failed = failure("update", {"members": (user, None)}, target_id=group, group=True)
    assert shadow(app, failed, tmp_path).verdict is Verdict.WORKS_NOW


def test_accepted_but_not_applied(app: ScimApp, tmp_path: Path) -> None:
    app.rules.append(lambda r: _hollow(r, "PATCH"))
    found = shadow(app, failure("update", TITLE, target_id=ada(app)), tmp_path)
    assert (found.verdict, found.cause) == (Verdict.DIFFERENT_FAILURE, "patch-accepted-not-applied")


def test_real_object_gone(app: ScimApp, tmp_path: Path) -> None:
    found = shadow(app, failure("update", TITLE, target_id="gone", status=404), tmp_path)
    assert found.verdict is Verdict.SAME_FAILURE
    assert app.writes == []


def test_no_copy_can_be_made(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)
    app.refuse("POST", "/Users", 403, detail="read only")
    found = shadow(app, failure("update", TITLE, target_id=user), tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert "read only" in found.summary


def test_nothing_is_created_without_leave(app: ScimApp, tmp_path: Path) -> None:
    with open_app(app) as endpoint, pytest.raises(WriteRefused):
        replay_event(
            failure("update", TITLE, target_id=ada(app)),
            endpoint=endpoint,
            mode=SHADOW,
            journal=Journal(tmp_path / "journal.jsonl"),
        )
    assert app.writes == []
    assert Journal(tmp_path / "journal.jsonl").resources() == ()


def test_nothing_is_created_that_cannot_be_journalled(app: ScimApp, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with open_app(app) as endpoint, pytest.raises(SourceError):
        replay(endpoint, tmp_path / "file", failure("update", TITLE, target_id=ada(app)), SHADOW)
    assert app.writes == []


@pytest.mark.parametrize("at", range(1, 8))
def test_ctrl_c_at_any_request_leaves_nothing(app: ScimApp, tmp_path: Path, at: int) -> None:
    user = app.add_user("p@example.com")
    group = app.add_group("team", (user,))
    count = [0]

    def interrupt(request: LabRequest) -> LabResponse | None:
        count[0] += 1
        if count[0] == at:
            app.provider.handle(request)
            raise KeyboardInterrupt
        return None

    app.rules.append(interrupt)
    failed = failure("update", {"members": (user, None)}, target_id=group, group=True)
    with pytest.raises(KeyboardInterrupt), open_app(app) as endpoint:
        replay(endpoint, tmp_path, failed, SHADOW)
    assert list(app.provider.users) == [user]
    assert list(app.provider.groups) == [group]


def test_a_second_ctrl_c_while_cleaning_up_leaves_the_rest_to_cleanup(
    app: ScimApp, tmp_path: Path
) -> None:
    user = app.add_user("p@example.com")

    def interrupt(request: LabRequest) -> LabResponse | None:
        if request.method in {"PATCH", "DELETE"}:
            raise KeyboardInterrupt
        return None

    app.rules.append(interrupt)
    failed = failure("update", TITLE, target_id=user)
    with pytest.raises(KeyboardInterrupt), open_app(app) as endpoint:
        replay(endpoint, tmp_path, failed, SHADOW)
    left = [identity for identity in app.provider.users if identity != user]
    assert [r.id for r in Journal(tmp_path / "journal.jsonl").resources()] == left
    assert len(left) == 1


def test_a_create_that_times_out_leaves_nothing(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)

    def lose(request: LabRequest) -> LabResponse | None:
        if request.method == "POST":
            app.provider.handle(request)
            raise httpx.ReadTimeout("no answer")
        return None

    app.rules.append(lose)
    shadow(app, failure("update", TITLE, target_id=user), tmp_path)


def test_a_lost_answer_to_the_create_leaves_nothing(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)

    def lose(request: LabRequest) -> LabResponse | None:
        if request.method == "POST":
            app.provider.handle(request)
            return scim_error(502)
        return None

    app.rules.append(lose)
    shadow(app, failure("update", TITLE, target_id=user), tmp_path)


def test_what_cannot_be_removed_is_told_and_journalled(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)
    app.refuse("DELETE", "/Users", 405)
    with open_app(app) as endpoint:
        found = replay(endpoint, tmp_path, failure("update", TITLE, target_id=user), SHADOW)
    assert found.next_command == f"scimdoctor cleanup --endpoint {endpoint.base_url}"
    assert any("scimdoctor-t1" in note for note in found.notes)
    assert len(Journal(tmp_path / "journal.jsonl").resources()) == 1


def test_a_dead_network_ends_quietly(tmp_path: Path) -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with httpx.Client(transport=httpx.MockTransport(dead)) as http:
        endpoint = Endpoint(http, base_url="https://h.example")
        found = replay(endpoint, tmp_path, failure("update", TITLE, target_id="1"), SHADOW)
    assert found.verdict is Verdict.NOT_SENT
    assert "could not be reached from here" in found.summary
    assert found.cause is None


def test_a_query_that_misses_the_copy_is_noted(app: ScimApp, tmp_path: Path) -> None:
    user = ada(app)
    empty = json_response(200, {"totalResults": 0, "Resources": []})
    app.rules.append(lambda r: empty if "filter=" in r.query else None)
    found = shadow(app, failure("update", TITLE, target_id=user), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert any("does not find the copy" in note for note in found.notes)
