"""The managers of a comparison of everybody: read from Entra in bulk, joined by the app's ids.

Entra sends a manager as the app's own id of that user, so who is compared with what is known only
when the app's list was walked. Source: Graph API "List manager", "JSON batching".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.compare.app_side import read
from scimdoctor.compare.attributes import DIFFERENT
from scimdoctor.compare.object_index import Kind
from scimdoctor.errors import GraphError
from scimdoctor.graph import directory
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.compare.object_index import ObjectIndex, Reporting
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.graph.client import GraphClient
    from scimdoctor.progress import Task

_MOST_BY_ID = 2_000
"""Of so many people the managers are asked for by id; of more by listing everybody."""

_AT_ONCE = 100


def read_managers(
    graph: GraphClient, index: ObjectIndex, found: EveryoneCompared, task: Task
) -> None:
    """Note in the index who the manager of each of its users is."""
    try:
        if index.count_people() > _MOST_BY_ID:
            for number, (user_id, manager_id) in enumerate(directory.all_managers(graph)):
                index.note_manager(user_id, manager_id)
                task.advance()
                if number % _AT_ONCE == 0:
                    found.checkpoint(index)
        else:
            while user_ids := index.people_without_manager(_AT_ONCE):
                for user_id, manager_id in directory.managers_of(graph, user_ids).items():
                    index.note_manager(user_id, manager_id)
                    task.advance()
                found.checkpoint(index)
    except GraphError as error:
        found.limits.append(f"managers are not compared: {error}")


def compare_managers(
    endpoint: Endpoint, index: ObjectIndex, found: EveryoneCompared, path: str
) -> None:
    """Compare the managers of all users at both ends; `path` is the app's attribute."""
    if _list_leaves_out(endpoint, index, path):
        found.limits.append(
            "managers are not compared here, as the app shows them of one user at a time only: "
            "scimdoctor compare USER compares them"
        )
        return
    places = found.places(Kind.USER)
    found.counts.managers_not_in_app = 0
    for one in index.reportings():
        judged = judge_manager(one, path)
        found.counts.managers_not_in_app += judged.verdict is AttributeVerdict.CANNOT_TELL
        if judged.verdict in DIFFERENT:
            found.attach(one, (judged,), places)


def _list_leaves_out(endpoint: Endpoint, index: ObjectIndex, path: str) -> bool:
    """Whether no user has a manager in the app's list, and one who should has when read alone."""
    should = None
    for one in index.reportings():
        if _shown(one.held):
            return False
        should = should or (one if one.manager_target_id else None)
    if should is None:
        return False
    answer = read(endpoint, Kind.USER.resource, should.target_id)
    return any(_shown(value_at(resource, path)) for resource in answer.resources)


def judge_manager(one: Reporting, path: str) -> AttributeComparison:
    """How the app's manager of one person stands to Entra's. Pure."""
    held = _held_id(one.held)
    shown = _shown(one.held)
    verdict, note = AttributeVerdict.SAME, None
    if one.manager_id is None:
        if shown:
            verdict = AttributeVerdict.DIFFERS
            note = "only in the app: this person has no manager in Entra"
    elif one.manager_target_id is None:
        verdict = AttributeVerdict.CANNOT_TELL
        note = "the manager was not found in the app, so Entra cannot send one"
    elif not shown:
        verdict = AttributeVerdict.MISSING_IN_APP
    elif held != one.manager_target_id:
        verdict = AttributeVerdict.DIFFERS
    return AttributeComparison(
        attribute=path,
        source=f"manager = {one.manager_label or one.manager_id}" if one.manager_id else None,
        expected=one.manager_target_id,
        actual=(held or str(one.held)) if shown else None,
        verdict=verdict,
        note=note,
    )


def _held_id(held: Any) -> str | None:  # noqa: ANN401 - JSON
    """The id in what the app shows: a reference, its bare value, or a list of one."""
    if isinstance(held, list) and len(held) == 1:
        return _held_id(held[0])
    if isinstance(held, dict):
        reference = str(held.get("$ref") or "").rpartition("/")[2]
        return str(held.get("value") or reference) or None
    return None if isinstance(held, list) or not held else str(held)


def _shown(held: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the app shows a manager at all; a reference of empty parts is none."""
    if isinstance(held, dict):
        return any(_shown(part) for part in held.values())
    if isinstance(held, list):
        return any(map(_shown, held))
    return held not in (None, "")
