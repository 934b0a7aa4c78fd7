"""Objects behind a fault: each once, the same key in every fault, named by their newest events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scimdoctor.sources.event_filter import EventFilter
from scimdoctor.sources.event_set import open_events
from scimdoctor.sources.objects import (
    events_around,
    objects_behind,
    parts_of_faults,
    successes_after,
)

if TYPE_CHECKING:
    from pathlib import Path


def record(number: int, person: str, code: str | None) -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "activityDateTime": f"2026-03-01T00:{number:02}:00Z",
        "provisioningAction": "update",
        "servicePrincipal": {"id": "app"},
        "sourceIdentity": {"id": person, "identityType": "User"},
        "provisioningStatusInfo": {
            "status": "failure" if code else "success",
            "errorInformation": {"errorCode": code},
        },
    }


def test_objects_behind_faults(tmp_path: Path) -> None:
    rows = [(9, "ada", "A"), (8, "ada", "A"), (7, "bo", "A"), (6, "ada", "B"), (5, "", "C")]
    path = tmp_path / "events.json"
    path.write_text(json.dumps([record(*row) for row in rows]))
    with open_events([str(path)]) as events:
        found = events.summary(EventFilter())
        firsts = [signature.sample[0] for signature in found.signatures]
        behind = objects_behind(events, firsts)
        assert objects_behind(events, []) == {}
    assert list(behind["event-9"].events) == ["event-9", "event-7"]
    assert all(behind["event-9"].events.values())
    assert len(behind["event-9"].keys) == 2
    assert behind["event-6"].keys < behind["event-9"].keys
    assert "event-5" not in behind or not behind["event-5"].keys


def test_successes_after_a_moment_newest_first_with_the_key_of_their_object(tmp_path: Path) -> None:
    rows = [(9, "ada", None), (8, "bo", None), (7, "ada", "A"), (6, "ada", None), (5, "", None)]
    path = tmp_path / "events.json"
    path.write_text(json.dumps([record(*row) for row in rows]))
    with open_events([str(path)]) as events:
        found = events.summary(EventFilter())
        behind = objects_behind(events, ["event-7"])
        since = found.signatures[0].last_seen
        assert since is not None
        later = successes_after(events, EventFilter(), since) or ()
    assert [event.id for _, event in later] == ["event-9", "event-8"]
    assert [key in behind["event-7"].keys for key, _ in later] == [True, False]


def test_events_around_are_those_of_the_objects_and_examples_of_success(tmp_path: Path) -> None:
    rows = [(9, "cy", "B"), (8, "bo", None), (7, "ada", "A"), (6, "ada", None), (5, "", None)]
    path = tmp_path / "events.json"
    path.write_text(json.dumps([record(*row) for row in rows]))
    with open_events([str(path)]) as events:
        events.summary(EventFilter())
        around = events_around(events, EventFilter(), ["event-7"])
        assert events_around(events, EventFilter(), []) == ()
    assert [event.id for event in around] == ["event-8", "event-7", "event-6", "event-5"]


def test_a_fault_that_users_and_groups_have_in_common_has_two_parts(tmp_path: Path) -> None:
    people = [record(9, "team", "A"), record(8, "ada", "A"), record(7, "bo", "A")]
    people += [record(6, "cy", "B")]
    for one in people[1:]:
        one["sourceIdentity"]["details"] = {"UserPrincipalName": "x@example.com"}
    path = tmp_path / "events.json"
    path.write_text(json.dumps(people))
    with open_events([str(path)]) as events:
        found = events.summary(EventFilter())
        firsts = [signature.sample[0] for signature in found.signatures]
        parts = parts_of_faults(events, firsts)
        assert parts_of_faults(events, []) == {}
    assert list(parts) == ["event-9"]
    teams, users = parts["event-9"]
    assert (list(teams.sample), teams.objects) == (["event-9"], 1)
    assert (list(users.sample), users.events, users.objects) == (["event-8", "event-7"], 2, 2)
