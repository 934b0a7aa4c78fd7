"""Events with several export steps: each write from its own step, the right one refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.reconstruct import reconstruct
from scimdoctor.entra.requests import MANAGER
from scimdoctor.entra.target_names import flatten
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest, Reconstruction
from scimdoctor.replay.subject import subject_of_event
from tests.fakes.events import changed, custom_app_schema, event, export, step

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ModifiedProperty

CREATED = (
    export("EntryExportAdd", {"userName": "ada@example.com", "active": "True"}, "success"),
    export("EntryExportUpdate", {flatten(MANAGER): "m1"}),
)
CREATE = (changed("userName", "ada@example.com"), changed("active", "True"))
BOTH = (changed("members", "a, b"), changed("members", None, "c"))
TOGETHER = (changed("members", "a, b", "c"),)


def writes(rebuilt: Reconstruction) -> list[ReconstructedRequest]:
    return [r for r in rebuilt.requests if r.request.is_write]


def test_create_worked_and_the_manager_was_refused() -> None:
    made = event("create", changes=(*CREATE, changed(MANAGER, "m1")), steps=CREATED)
    rebuilt = reconstruct(made, schema=custom_app_schema())
    assert [r.purpose for r in rebuilt.requests] == [
        Purpose.MATCH,
        Purpose.CREATE,
        Purpose.CHECK_REFERENCE,
        Purpose.MANAGER,
    ]
    create, manager = writes(rebuilt)
    assert (create.accepted, create.failed, manager.failed) == (True, False, True)
    assert MANAGER.rpartition(":")[0] not in create.request.json
    assert manager.request.path == "/Users/u1"
    assert [o["op"] for o in manager.request.json["Operations"]] == ["Add"]
    assert not any("does not tell which" in note for note in rebuilt.notes)


def test_only_what_was_refused_is_worth_sending_again() -> None:
    made = event("create", changes=(*CREATE, changed(MANAGER, "m1")), steps=CREATED)
    subject = subject_of_event(made, schema=custom_app_schema(), dialect=Dialect.DEFAULT)
    assert [w.purpose for w in subject.writes] == [Purpose.MANAGER]
    assert [w.purpose for w in subject.all_writes] == [Purpose.CREATE, Purpose.MANAGER]


def test_update_worked_and_the_members_were_refused() -> None:
    steps = (
        export("EntryExportUpdate", {"displayName": "new"}, "success"),
        export("EntryExportUpdate", {"members": "a, b"}),
    )
    changes = (changed("displayName", "new", "old"), changed("members", "a, b"))
    update, members = writes(reconstruct(event("update", changes=changes, steps=steps, group=True)))
    assert [o["path"] for o in update.request.json["Operations"]] == ["displayName"]
    assert (update.failed, members.failed) == (False, True)


@pytest.mark.parametrize("changes", [BOTH, TOGETHER])
@pytest.mark.parametrize("refused", ["add", "remove"])
def test_members_added_and_removed(changes: tuple[ModifiedProperty, ...], refused: str) -> None:
    added = export(
        "EntryExportUpdate", {"members": "a, b"}, "failure" if refused == "add" else "success"
    )
    removed = export("EntryExportUpdate", {"members": "c"})
    steps = (added, removed) if refused == "remove" else (added,)
    kept = changes if refused == "remove" else (changed("members", "a, b"),)
    found = writes(reconstruct(event("update", changes=kept, steps=steps, group=True)))
    shapes = [
        (o["op"], [e["value"] for e in o["value"]], w.failed)
        for w in found
        for o in w.request.json["Operations"]
    ]
    expected = [("Add", ["a", "b"], refused == "add"), ("Remove", ["c"], True)]
    assert shapes == expected[: len(steps)]


def test_members_added_and_removed_in_one_step() -> None:
    found = writes(reconstruct(event("update", changes=BOTH, steps=(), group=True)))
    assert [w.request.json["Operations"][0]["op"] for w in found] == ["Add", "Remove"]


def test_steps_that_name_nothing_cannot_be_told_apart() -> None:
    steps = (export("EntryExportUpdate", {}, "success"), export("EntryExportUpdate"))
    changes = (changed("displayName", "new", "old"), changed("members", "a"))
    rebuilt = reconstruct(event("update", changes=changes, steps=steps, group=True))
    assert len(writes(rebuilt)) == 2
    assert "which of 2 writes" in " ".join(rebuilt.notes)


def test_a_linked_object_that_fails_in_matching_was_read_by_its_id() -> None:
    steps = (step("EntryImport", "matching", status="failure"),)
    rebuilt = reconstruct(event("other", steps=steps, target_id="u7"))
    (read,) = rebuilt.requests
    assert (read.request.target, read.failed) == ("/Users/u7", True)


def test_an_object_left_out_by_scoping_sent_nothing() -> None:
    skipped = step("EntrySynchronizationSkip", "export", {"SkipReason": "NotInScope"}, "skipped")
    rebuilt = reconstruct(event("other", steps=(skipped,), status="skipped", target_id=None))
    assert rebuilt.requests == ()
    assert "stopped before any request" in rebuilt.missing[0]
