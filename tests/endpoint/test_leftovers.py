"""Clean-up of journalled resources: ours only, whatever the app answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.endpoint.journal import Journal
from scimdoctor.endpoint.leftovers import remove, remove_all
from scimdoctor.errors import WriteRefused
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from tests.fakes.scim_app import BASE_URL, ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "scimdoctor-77@example.com"


def journalled(journal: Journal, value: str = MARKER, object_id: str | None = None) -> None:
    key = journal.about_to_create(BASE_URL, "Users", attribute="userName", value=value)
    if object_id:
        journal.created(key, object_id)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def clean(app: ScimApp, journal: Journal) -> list[tuple[bool, str]]:
    with open_app(app) as endpoint:
        endpoint.guard.allow("test")
        found = list(remove_all(endpoint, journal, journal.resources()))
    return [(removal.removed, removal.message) for removal in found]


@pytest.mark.parametrize("known", [True, False], ids=["by id", "by filter"])
def test_ours_is_found_and_removed(journal: Journal, known: bool) -> None:
    app = ScimApp()
    object_id = app.add_user(MARKER)
    other = app.add_user("ada@example.com")
    journalled(journal, object_id=object_id if known else None)
    assert clean(app, journal) == [(True, "removed")]
    assert list(app.provider.users) == [other]
    assert journal.resources() == ()


def test_what_never_came_to_be_is_forgotten(journal: Journal) -> None:
    app = ScimApp()
    journalled(journal)
    assert clean(app, journal) == [(True, "not in the app (any more)")]
    assert app.writes == []
    assert journal.resources() == ()


def test_an_ignored_filter_costs_nobody_an_account(journal: Journal) -> None:
    app = ScimApp()
    people = [app.add_user(f"person{n}@example.com") for n in range(3)]

    def everybody(request: LabRequest) -> LabResponse | None:
        if request.method == "GET" and "filter=" in request.query:
            users = list(app.provider.users.values())
            return json_response(200, {"totalResults": len(users), "Resources": users})
        return None

    app.rules.append(everybody)
    journalled(journal)
    clean(app, journal)
    assert list(app.provider.users) == people
    assert app.writes == []


def test_an_id_that_is_somebody_elses_now_is_left_alone(journal: Journal) -> None:
    app = ScimApp()
    person = app.add_user("ada@example.com")
    journalled(journal, object_id=person)
    ((removed, message),) = clean(app, journal)
    assert not removed
    assert "something else" in message
    assert person in app.provider.users
    assert len(journal.resources()) == 1


def test_a_renamed_test_resource_is_still_ours(journal: Journal) -> None:
    app = ScimApp()
    object_id = app.add_user("renamed@example.com", displayName="Scimdoctor test")
    journalled(journal, object_id=object_id)
    assert clean(app, journal) == [(True, "removed")]


def test_without_a_working_filter_the_list_is_searched(journal: Journal) -> None:
    app = ScimApp()
    for number in range(130):
        app.add_user(f"person{number}@example.com")
    app.add_user(MARKER)
    app.rules.append(
        lambda r: scim_error(400) if r.method == "GET" and "filter=" in r.query else None
    )
    journalled(journal)
    assert clean(app, journal) == [(True, "removed")]
    assert len(app.provider.users) == 130


def test_hidden_objects_are_deleted_by_their_id(journal: Journal) -> None:
    app = ScimApp()
    object_id = app.add_user(MARKER)
    app.rules.append(lambda r: scim_error(404) if r.method == "GET" else None)
    journalled(journal, object_id=object_id)
    assert clean(app, journal) == [(True, "removed")]
    assert app.provider.users == {}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_cannot_be_looked_up_stays_journalled(journal: Journal, status: int) -> None:
    app = ScimApp()
    app.rules.append(lambda _: scim_error(status))
    journalled(journal)
    journalled(journal, "scimdoctor-b", object_id="5")
    results = clean(app, journal)
    assert [removed for removed, _ in results] == [False, False]
    assert all(str(status) in message for _, message in results)
    assert len(journal.resources()) == 2


def test_what_cannot_be_deleted_stays_journalled(journal: Journal) -> None:
    app = ScimApp()
    journalled(journal, object_id=app.add_user(MARKER))
    app.refuse("DELETE", "/Users", 405)
    assert clean(app, journal) == [(False, "could not be removed: the app answers 405")]
    assert len(journal.resources()) == 1


def test_groups_go_before_users(journal: Journal) -> None:
    app = ScimApp()
    user = app.add_user(MARKER)
    group = app.add_group("scimdoctor-g", (user,))
    key = journal.about_to_create(BASE_URL, "Groups", attribute="displayName", value="scimdoctor-g")
    journal.created(key, group)
    journalled(journal, object_id=user)
    clean(app, journal)
    assert app.writes == [f"DELETE /scim/Groups/{group}", f"DELETE /scim/Users/{user}"]


def test_nothing_is_removed_without_leave(journal: Journal) -> None:
    app = ScimApp()
    journalled(journal, object_id=app.add_user(MARKER))
    with open_app(app) as endpoint, pytest.raises(WriteRefused):
        remove(endpoint, journal, journal.resources()[0])
    assert len(journal.resources()) == 1
