"""Mode `live`: the real object, with a way back."""

from __future__ import annotations

import copy
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.entra.requests import MANAGER
from scimdoctor.errors import ConfigurationError, SourceError, WriteRefused
from scimdoctor.lab.http import LabResponse
from scimdoctor.model.replay import ReplayMode, Verdict
from scimdoctor.replay.restore import restore
from scimdoctor.replay.rollback import load
from tests.fakes.replaying import failure, replay
from tests.fakes.scim_app import ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay

LIVE = ReplayMode.LIVE


@pytest.fixture
def app() -> ScimApp:
    return ScimApp()


def live(app: ScimApp, failed: ProvisioningObjectSummary, tmp_path: Path) -> Replay:
    with open_app(app) as endpoint:
        return replay(endpoint, tmp_path, failed, LIVE)


def saved(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "rollback").glob("*.json")
    return path


def put_back(app: ScimApp, tmp_path: Path) -> Replay:
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        return restore(load(saved(tmp_path)), endpoint)


def state(app: ScimApp) -> Any:
    stores = copy.deepcopy([app.provider.users, app.provider.groups])
    for store in stores:
        for resource in store.values():
            resource.pop("meta", None)
    return stores


def test_update_and_back(app: ScimApp, tmp_path: Path) -> None:
    boss = app.add_user("boss@example.com")
    user = app.add_user("ada@example.com", title="Eng", active=True, locale="nl")
    before = state(app)
    changes = {
        "title": ("Eng", "Boss"),
        "nickName": (None, "Al"),
        "locale": ("nl", None),
        MANAGER: (None, boss),
    }
    found = live(app, failure("update", changes, target_id=user), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert found.next_command == "scimdoctor job restart APP --scope escrows"
    assert any(str(saved(tmp_path)) in note for note in found.notes)
    assert app.provider.users[user]["title"] == "Boss"
    assert {d.kind.value for d in found.differences} <= {"same", "extra"}
    assert stat.S_IMODE(saved(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(saved(tmp_path).parent.stat().st_mode) == 0o700
    assert put_back(app, tmp_path).verdict is Verdict.PUT_BACK
    restored = state(app)
    for resource in restored[0].values():
        _drop_empty(resource)
    assert restored == before


def _drop_empty(resource: dict[str, Any]) -> None:
    """An emptied extension may stay behind as an empty object."""
    for name in [n for n, v in resource.items() if v == {}]:
        del resource[name]
    resource["schemas"] = [s for s in resource["schemas"] if "enterprise" not in s]


def test_a_write_that_changes_nothing_proves_little(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com", title="Boss")
    found = live(app, failure("update", {"title": ("Eng", "Boss")}, target_id=user), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert found.summary.endswith("the app shows no change, so this proves little")
    assert not any("--rollback" in note for note in found.notes)
    assert any(str(saved(tmp_path)) in note for note in found.notes)


def test_create_and_back(app: ScimApp, tmp_path: Path) -> None:
    found = live(app, failure("create", {"userName": (None, "new@example.com")}), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert len(app.provider.users) == 1
    assert put_back(app, tmp_path).verdict is Verdict.PUT_BACK
    assert app.provider.users == {}


@pytest.mark.parametrize(
    ("left", "verdict", "words"),
    [
        (1, Verdict.PUT_BACK, "put back"),
        (0, Verdict.NOT_SENT, "the app has nothing whose userName is 'new@example.com'"),
        (2, Verdict.NOT_SENT, "could not be looked for"),
    ],
)
def test_create_whose_answer_never_came(
    app: ScimApp, tmp_path: Path, left: int, verdict: Verdict, words: str
) -> None:
    app.rules.append(lambda r: scim_error(503) if r.method == "POST" else None)
    live(app, failure("create", {"userName": (None, "new@example.com")}), tmp_path)
    app.rules.clear()
    users = app.provider.users
    for number in range(left):
        own = app.add_user(f"new{number}@example.com")
        users[own]["userName"] = "new@example.com"
    found = put_back(app, tmp_path)
    assert (found.verdict, words in found.summary) == (verdict, True)
    assert len(users) == (left if left > 1 else 0)


def test_delete_and_back(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com", title="Eng")
    found = live(app, failure("delete", {}, target_id=user, status=500), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert app.provider.users == {}
    again = put_back(app, tmp_path)
    assert any("another id" in note for note in again.notes)
    (restored,) = app.provider.users.values()
    assert restored["title"] == "Eng"


def test_members_and_back(app: ScimApp, tmp_path: Path) -> None:
    people = [app.add_user(f"p{n}@example.com") for n in range(3)]
    group = app.add_group("team", tuple(people[:2]))
    changes = {"members": (people[0], f"{people[1]}, {people[2]}")}
    before = {m["value"] for m in app.provider.groups[group]["members"]}
    found = live(app, failure("update", changes, target_id=group, group=True), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert {m["value"] for m in app.provider.groups[group]["members"]} == set(people[1:])
    put_back(app, tmp_path)
    assert {m["value"] for m in app.provider.groups[group]["members"]} == before


def test_a_refused_write_needs_no_way_back(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com")
    app.refuse("PATCH", "/Users", 400)
    found = live(app, failure("update", {"title": ("a", "b")}, target_id=user), tmp_path)
    assert found.verdict is Verdict.SAME_FAILURE
    assert "--rollback" not in f"{found.next_command} {found.notes}"
    assert any("nothing to undo" in note and str(saved(tmp_path)) in note for note in found.notes)


def test_failure_offers_the_way_back(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com")
    app.refuse("PATCH", "/Users", 500)
    found = live(app, failure("update", {"title": ("a", "b")}, target_id=user), tmp_path)
    assert any(note.startswith("to undo: ") for note in found.notes)
    assert (found.next_command or "").startswith("scimdoctor replay --rollback ")


def test_hollow_success_is_no_cure(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com")
    app.rules.append(lambda r: LabResponse(status=204) if r.method == "PATCH" else None)
    found = live(app, failure("update", {"title": ("a", "b")}, target_id=user), tmp_path)
    assert found.verdict is Verdict.DIFFERENT_FAILURE
    assert "rollback" in (found.next_command or "")


def test_create_is_not_sent_when_somebody_matches(app: ScimApp, tmp_path: Path) -> None:
    app.add_user("ada@example.com")
    failed = failure("create", {"userName": (None, "ada@example.com")}, status=409)
    found = live(app, failed, tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert app.writes == []


@pytest.mark.parametrize("mode", ["unreadable", "refused", "unsaved"])
def test_nothing_is_written_without_a_way_back(app: ScimApp, tmp_path: Path, mode: str) -> None:
    user = app.add_user("ada@example.com")
    failed = failure("update", {"title": ("a", "b")}, target_id=user)
    if mode == "unreadable":
        plain = f"/scim/Users/{user}"
        app.rules.append(lambda r: scim_error(500) if r.target == plain else None)
        live(app, failed, tmp_path)
    elif mode == "refused":
        from scimdoctor.endpoint.journal import Journal
        from scimdoctor.replay import replay_event

        journal = Journal(tmp_path / "journal.jsonl")
        with open_app(app) as endpoint, pytest.raises(WriteRefused):
            replay_event(failed, endpoint=endpoint, mode=LIVE, journal=journal)
        assert not (tmp_path / "rollback").exists()
    else:
        (tmp_path / "rollback").write_text("in the way")
        with pytest.raises(SourceError, match=r"put back|save"):
            live(app, failed, tmp_path)
    assert app.writes == []


def test_two_replays_keep_two_files(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com")
    for value in ("b", "c"):
        live(app, failure("update", {"title": ("a", value)}, target_id=user), tmp_path)
    assert len(list((tmp_path / "rollback").glob("*.json"))) == 2


def test_rollback_belongs_to_one_endpoint(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com")
    live(app, failure("update", {"title": ("a", "b")}, target_id=user), tmp_path)
    document = json.loads(saved(tmp_path).read_text())
    document["base_url"] = "https://other.example"
    saved(tmp_path).write_text(json.dumps(document))
    with pytest.raises(ConfigurationError, match=r"other\.example"):
        put_back(app, tmp_path)


def test_rollback_that_fails_says_so(app: ScimApp, tmp_path: Path) -> None:
    user = app.add_user("ada@example.com", title="a")
    live(app, failure("update", {"title": ("a", "b")}, target_id=user), tmp_path)
    app.refuse("PATCH", "/Users", 500)
    assert put_back(app, tmp_path).verdict is Verdict.DIFFERENT_FAILURE


def test_a_created_object_that_is_gone_is_put_back_already(app: ScimApp, tmp_path: Path) -> None:
    live(app, failure("create", {"userName": (None, "ada@example.com")}), tmp_path)
    for _ in range(2):
        assert put_back(app, tmp_path).verdict is Verdict.PUT_BACK
    assert app.provider.users == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version":1}',
        '{"version":1,"base_url":"x","resource":"Users","undo":[5]}',
        '{"version":1,"base_url":"x","resource":"Users","undo":[{"method":"DELETE","path":"/etc"}]}',
        '{"version":1,"base_url":"x","resource":"Users","undo":[{"method":"GET","path":"/Users/1"}]}',
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SourceError):
        load(path)
    with pytest.raises(SourceError):
        load(tmp_path / "absent.json")
