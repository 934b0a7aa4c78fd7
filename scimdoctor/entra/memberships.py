"""From a logged change of a group's members to the PATCH requests that Entra sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.entra.attributes import member_items
from scimdoctor.entra.requests import Change
from scimdoctor.entra.updates import is_members
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest

if TYPE_CHECKING:
    from scimdoctor.entra.attributes import Attribute
    from scimdoctor.entra.facts import Facts

_BATCHED = "Entra may split a large change over several requests; the log shows it as one"


def member_elements(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Members as elements of a value list, whatever form the log gave them.

    Elements that the log shows as JSON stay as they are; bare ids get the null `$ref` of Entra's
    default form.
    """
    items = [item for item in member_items(value) if item]
    found = [i if isinstance(i, dict) else {"$ref": None, "value": str(i)} for i in items]
    return [i for i in found if i.get("value")]


def membership_requests(facts: Facts, group_id: str) -> tuple[ReconstructedRequest, ...]:
    """The check and the PATCH for members added and for members removed."""
    attribute = next((a for p, a in facts.attempted.items() if is_members(p)), None)
    if attribute is None or not attribute.known:
        return ()
    new, old = member_elements(attribute.value), member_elements(attribute.old_value)
    added = _without(new, old)
    removed = _without(old, new)
    found: list[ReconstructedRequest] = []
    for operation, elements in (("add", added), ("remove", removed)):
        if elements:
            found += _change(facts, group_id, attribute, (operation, elements))
    return tuple(found)


def _without(elements: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {str(o["value"]) for o in others}
    return [e for e in elements if str(e["value"]) not in known]


def _change(
    facts: Facts, group_id: str, attribute: Attribute, change: tuple[str, list[dict[str, Any]]]
) -> list[ReconstructedRequest]:
    operation, elements = change
    where = frozen({"members": attribute.provenance, "id": facts.id_provenance})
    request = requests.update(
        "Groups",
        group_id,
        [Change(op=operation, path="members", value=elements)],
        dialect=facts.dialect,
    )
    notes = tuple(n for n in (attribute.note, _BATCHED if len(elements) > 1 else None) if n)
    patch = ReconstructedRequest(
        purpose=Purpose.MEMBERS, request=request, provenance=where, notes=notes
    )
    if len(elements) > 1:
        return [patch]
    check = ReconstructedRequest(
        purpose=Purpose.CHECK_REFERENCE,
        request=requests.membership_query(group_id, str(elements[0]["value"])),
        provenance=where,
        notes=("asked by some jobs only",),
        conditional=True,
    )
    return [check, patch]
