"""Modes `plan` and `read`: nothing is written, and no more is claimed than was seen."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.requests import MANAGER
from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.model.replay import ReplayMode, Verdict
from scimdoctor.replay import Replayer, replay_event, subject_of_event
from scimdoctor.scim import urns
from tests.fakes.events import event, step
from tests.fakes.replaying import failure, replay
from tests.fakes.scim_app import ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay

READ, PLAN = ReplayMode.READ, ReplayMode.PLAN
NEW = {"userName": (None, "ada@example.com"), "displayName": (None, "Ada")}


def read(app: ScimApp, failed: ProvisioningObjectSummary, tmp_path: Path) -> Replay:
    with open_app(app) as endpoint:
        found = replay(endpoint, tmp_path, failed, READ)
    assert app.writes == []
    return found


@pytest.mark.parametrize("mode", [PLAN, READ])
@pytest.mark.parametrize("action", ["create", "update", "disable", "delete"])
def test_neither_mode_can_write_even_when_allowed(
    tmp_path: Path, mode: ReplayMode, action: str
) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    with open_app(app) as endpoint:
        endpoint.guard.allow("everything")
        replay(endpoint, tmp_path, failure(action, NEW, target_id=user), mode)
        assert endpoint.guard.writes == 0
    assert app.writes == []


def test_plan_sends_nothing_and_gives_curl_lines() -> None:
    subject = subject_of_event(failure("create", NEW), schema=None, dialect=Dialect.DEFAULT)
    found = Replayer(base_url="https://h.example").replay(subject, PLAN)
    assert found.verdict is Verdict.NOT_SENT
    assert [r.exchange for r in found.requests] == [None, None]
    last = found.requests[-1].curl
    assert last is not None
    assert shlex.split(last)[-1] == "https://h.example/Users"


def test_other_modes_need_an_endpoint() -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        replay_event(failure("create", NEW), endpoint=None, mode=READ)


def test_what_cannot_be_rebuilt_says_what_is_missing() -> None:
    blocked = event("update", steps=(step("EntryImportUpdate", "import", status="failure"),))
    found = replay_event(blocked, endpoint=None, mode=READ)
    assert found.verdict is Verdict.NOT_REBUILT
    assert found.missing


def test_working_questions_are_no_cure_for_a_write_that_is_unknown(tmp_path: Path) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    found = read(app, failure("update", {}, target_id=user), tmp_path)
    assert found.verdict is Verdict.NOT_REBUILT
    assert found.next_command is None


def test_create_of_somebody_who_exists_now(tmp_path: Path) -> None:
    app = ScimApp()
    app.add_user("ada@example.com", displayName="Augusta")
    found = read(app, failure("create", NEW, status=409), tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert "exists now" in found.summary
    assert "Entra would link to it and would change displayName" in found.summary
    assert 'displayName: "Augusta" now, "Ada" was sent' in found.notes


def test_create_of_somebody_who_exists_now_with_all_values(tmp_path: Path) -> None:
    app = ScimApp()
    app.add_user("ada@example.com", displayName="Ada")
    found = read(app, failure("create", NEW, status=409), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert "link to it and find nothing to change" in found.summary
    assert "whether the app takes the write was not tried" in found.summary
    assert found.leaves_write_untried
    assert found.next_command == "scimdoctor job restart APP --scope escrows"


def test_deletion_of_an_object_that_is_gone(tmp_path: Path) -> None:
    gone = read(ScimApp(), failure("delete", {}, target_id="gone", status=500), tmp_path)
    assert gone.verdict is Verdict.WORKS_NOW
    assert "nothing is left to delete" in gone.summary
    again = read(ScimApp(), failure("delete", {}, target_id="gone", status=404), tmp_path)
    assert again.verdict is Verdict.SAME_FAILURE


def test_conflict_with_somebody_the_query_does_not_find(tmp_path: Path) -> None:
    found = read(ScimApp(), failure("create", NEW, status=409), tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert "cannot be seen by reading" in found.summary
    assert found.cause is None


def clashing(app: ScimApp, tmp_path: Path) -> Replay:
    values = {**NEW, "externalId": (None, "e1"), 'emails[type eq "work"].value': (None, "a@b.c")}
    return read(app, failure("create", values, status=409), tmp_path)


@pytest.mark.parametrize("path", ["externalId", 'emails[type eq "work"].value'])
def test_conflict_with_another_object_that_holds_a_unique_value(tmp_path: Path, path: str) -> None:
    app = ScimApp()
    held: dict[str, Any] = {"externalId": "e1"}
    if path != "externalId":
        held = {"emails": [{"type": "work", "value": "A@B.C"}]}
    own = app.add_user("other@example.com", **held)
    found = clashing(app, tmp_path)
    assert f"nobody matches, but {own} holds the same {path}" in found.summary
    assert found.cause == "existing-account-not-matchable"


def test_conflict_with_the_very_object_that_the_query_misses(tmp_path: Path) -> None:
    app = ScimApp()
    own = app.add_user("ada@example.com", externalId="e1")
    nobody = json_response(200, {"totalResults": 0, "Resources": []})
    app.rules.append(lambda r: nobody if "userName" in r.target else None)
    found = clashing(app, tmp_path)
    assert f"yet {own} has that very userName" in found.summary
    assert found.cause == "filter-misses-existing"


def test_conflict_when_the_other_values_cannot_be_asked_for(tmp_path: Path) -> None:
    app = ScimApp()
    own = app.add_user("other@example.com")
    everybody = json_response(200, {"totalResults": 1, "Resources": [{"id": own}]})
    app.rules.append(lambda r: everybody if "externalId" in r.target else None)
    app.rules.append(lambda r: scim_error(400) if "emails" in r.target else None)
    found = clashing(app, tmp_path)
    assert found.cause is None
    assert "nobody is found by the matching query;" in found.summary


def test_object_gone_from_the_app(tmp_path: Path) -> None:
    gone = failure("update", {"title": ("a", "b")}, target_id="gone", status=404)
    found = read(ScimApp(), gone, tmp_path)
    assert (found.verdict, found.cause) == (Verdict.SAME_FAILURE, "target-changed-outside-entra")
    other = read(ScimApp(), failure("update", {"title": ("a", "b")}, target_id="gone"), tmp_path)
    assert (other.verdict, other.cause) == (Verdict.DIFFERENT_FAILURE, None)


def test_update_in_effect_already(tmp_path: Path) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com", title="Boss")
    found = read(app, failure("update", {"title": ("Eng", "Boss")}, target_id=user), tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert "in effect already" in found.summary
    assert found.next_command == "scimdoctor job restart APP --scope escrows"


def test_all_writes_must_be_in_effect(tmp_path: Path) -> None:
    app = ScimApp()
    boss = app.add_user("boss@example.com")
    extension = {urns.ENTERPRISE_USER: {"manager": {"value": boss}}}
    user = app.add_user("ada@example.com", title="Eng", **extension)
    changes = {"title": ("Eng", "Boss"), MANAGER: (None, boss)}
    found = read(app, failure("update", changes, target_id=user), tmp_path)
    assert found.verdict is Verdict.NOT_SENT
    assert "would change title" in found.summary


def test_update_still_to_be_made(tmp_path: Path) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com", title="Eng")
    found = read(app, failure("update", {"title": ("Eng", "Boss")}, target_id=user), tmp_path)
    assert "would change title" in found.summary
    assert found.next_command == "scimdoctor replay e1 --mode shadow"
    assert 'title: "Eng" now, "Boss" was sent' in found.notes
    assert found.differences == ()


@pytest.mark.parametrize(
    ("answer", "status", "verdict", "cause"),
    [
        (scim_error(404), 404, Verdict.SAME_FAILURE, "filter-no-match-404"),
        (scim_error(404), 500, Verdict.DIFFERENT_FAILURE, None),
        (scim_error(500), 500, Verdict.SAME_FAILURE, None),
        (scim_error(429), 429, Verdict.SAME_FAILURE, "endpoint-too-slow-or-throttled"),
        (json_response(200, []), 400, Verdict.DIFFERENT_FAILURE, None),
    ],
)
def test_the_matching_query_fails(
    tmp_path: Path, answer: LabResponse, status: int, verdict: Verdict, cause: str | None
) -> None:
    app = ScimApp()
    app.rules.append(lambda r: answer if "filter=" in r.query else None)
    found = read(app, failure("create", NEW, status=status), tmp_path)
    assert (found.verdict, found.cause) == (verdict, cause)


def test_a_filter_that_gives_everybody(tmp_path: Path) -> None:
    app = ScimApp()
    both = {"totalResults": 2, "Resources": [{"userName": "x"}, {"userName": "y"}]}
    app.rules.append(lambda r: json_response(200, both) if "filter=" in r.query else None)
    ambiguous = event(
        "create",
        steps=(step("EntryImport", "matching", status="failure"),),
        reason="x",
        target_id=None,
    )
    found = read(app, ambiguous, tmp_path)
    assert found.verdict is Verdict.SAME_FAILURE
    assert found.cause == "filter-not-selective"


def test_a_matching_failure_that_is_over(tmp_path: Path) -> None:
    ended = event(
        "create",
        steps=(step("EntryImport", "matching", status="failure"),),
        reason="StatusCode: InternalServerError",
        target_id=None,
    )
    found = read(ScimApp(), ended, tmp_path)
    assert found.verdict is Verdict.WORKS_NOW
    assert found.next_command is not None


def test_a_refused_token_is_pointed_out(tmp_path: Path) -> None:
    app = ScimApp()
    app.rules.append(lambda _: scim_error(401))
    found = read(app, failure("create", NEW), tmp_path)
    assert found.verdict is Verdict.DIFFERENT_FAILURE
    assert any("token" in note for note in found.notes)


@pytest.mark.parametrize(
    ("held", "old", "new", "words"),
    [
        (True, None, "{u}", "as asked for already"),
        (False, None, "{u}", "would add 1 of 1"),
        (True, "{u}", None, "would remove 1 of 1"),
        (False, "{u}", None, "as asked for already"),
    ],
)
def test_membership(
    tmp_path: Path, held: bool, old: str | None, new: str | None, words: str
) -> None:
    app = ScimApp()
    user = app.add_user("ada@example.com")
    group = app.add_group("team", (user,) if held else ())
    change = (old and old.format(u=user), new and new.format(u=user))
    failed = failure("update", {"members": change}, target_id=group, group=True)
    assert words in read(app, failed, tmp_path).summary


def test_references_that_do_not_exist(tmp_path: Path) -> None:
    app = ScimApp()
    group = app.add_group("team")
    user = app.add_user("ada@example.com")
    nested = app.add_group("nested")
    member = failure("update", {"members": (None, "nobody")}, target_id=group, group=True)
    found = read(app, member, tmp_path)
    assert found.cause == "reference-unresolvable"
    boss = read(app, failure("update", {MANAGER: (None, "nobody")}, target_id=user), tmp_path)
    assert boss.cause == "reference-unresolvable"
    inner = failure("update", {"members": (None, nested)}, target_id=group, group=True)
    assert read(app, inner, tmp_path).cause is None


def schemas(attributes: list[Any]) -> Any:
    body = {"Resources": [{"id": urns.USER, "attributes": attributes}], "totalResults": 1}

    def rule(request: LabRequest) -> LabResponse | None:
        return json_response(200, body) if request.path.endswith("/Schemas") else None

    return rule


def test_what_schemas_say_is_told_as_a_note(tmp_path: Path) -> None:
    app = ScimApp()
    app.rules.append(
        schemas(
            [
                {"name": "userName", "required": True, "mutability": "immutable"},
                {"name": "title", "mutability": "readOnly"},
                {"name": "nickName", "required": True},
                {"name": "name", "subAttributes": [{"name": "givenName"}, 5]},
                "odd",
            ]
        )
    )
    changes = NEW | {"title": (None, "x"), "name.givenName": (None, "A"), "name.x": (None, "B")}
    notes = read(app, failure("create", changes), tmp_path).notes
    assert "/Schemas does not know displayName, name.x" in notes
    assert "/Schemas says that title cannot be changed" in notes
    assert "/Schemas requires nickName, which the request lacks" in notes
    user = app.add_user("ada@example.com")
    renamed = failure("update", {"userName": ("ada@example.com", "b@x.example")}, target_id=user)
    assert "/Schemas says that userName cannot be changed" in read(app, renamed, tmp_path).notes


def test_schemas_are_asked_once_for_many_events(tmp_path: Path) -> None:
    from tests.fakes.replaying import replayer

    app = ScimApp()
    subject = subject_of_event(failure("create", NEW), schema=None, dialect=Dialect.DEFAULT)
    with open_app(app) as endpoint:
        many = replayer(endpoint, tmp_path)
        many.replay(subject, READ)
        many.replay(subject, READ)
    assert sum(r.path.endswith("/Schemas") for r in app.asked) == 1


@pytest.mark.parametrize("mode", [READ, ReplayMode.LIVE])
def test_a_group_too_long_to_be_kept_as_evidence_is_judged(
    tmp_path: Path, mode: ReplayMode
) -> None:
    app = ScimApp()
    ada = app.add_user("ada@example.com")
    group = app.add_group("team")
    many = [{"value": f"m{n}", "display": "x" * 400} for n in range(6000)]
    app.provider.groups[group]["members"] = many
    failed = failure("update", {"members": (None, ada)}, target_id=group, group=True)
    with open_app(app) as endpoint:
        found = replay(endpoint, tmp_path, failed, mode)
        bodies = [len(x.response.body) for x in endpoint.exchanges if x.response]
    wanted = "would add 1 of 1 members" if mode is READ else "is answered with"
    assert wanted in found.summary
    assert max(bodies) == 2 * 1024 * 1024


@pytest.mark.parametrize("taken", [True, False])
def test_conflict_at_a_rename(tmp_path: Path, *, taken: bool) -> None:
    app = ScimApp()
    ada = app.add_user("ada@example.com")
    other = app.add_user("lovelace@example.com" if taken else "other@example.com")
    changes = {"userName": ("ada@example.com", "lovelace@example.com")}
    found = read(app, failure("update", changes, target_id=ada, status=409), tmp_path)
    assert (f"{other} holds the same userName" in found.summary) is taken
    assert (found.cause == "existing-account-not-matchable") is taken
    assert ("it would change userName" in found.summary) is not taken
