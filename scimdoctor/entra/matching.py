"""The queries by which Entra asks whether the app has the object already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra import requests
from scimdoctor.entra.attributes import Attribute
from scimdoctor.entra.operation import is_import_of_new
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest

if TYPE_CHECKING:
    from scimdoctor.entra.facts import Facts
    from scimdoctor.model.synchronization import AttributeMapping, ObjectMapping

_LINKED = (
    "asked while the app's id is not known yet (first cycle, restart, on demand);"
    " later cycles read by id"
)


def matching_mappings(facts: Facts) -> tuple[AttributeMapping, ...]:
    """The mappings used for matching, first tried first; the first one if none is marked."""
    return facts.mapping.matching_mappings or facts.mapping.attribute_mappings[:1]


def first_matching(mapping: ObjectMapping) -> str:
    """The target attribute that Entra matches by first; userName or displayName by default."""
    items = mapping.matching_mappings or mapping.attribute_mappings[:1]
    default = "displayName" if mapping.is_group else "userName"
    return items[0].target_attribute_name if items else default


def matching_queries(facts: Facts, *, linked: bool) -> tuple[ReconstructedRequest, ...]:
    """One query for each matching attribute whose value is known, in Entra's order.

    A `linked` object was found by the first; a renamed one cannot be found by its new name, so it
    was not asked for by that, unless the object was new to Entra.
    """
    found = []
    for item in matching_mappings(facts):
        value = matching_value(facts, item, linked=linked)
        if value is not None:
            found.append(_query(facts, value, linked=linked))
            if linked:
                break
    return tuple(found)


def unasked_matching(facts: Facts, *, linked: bool) -> tuple[str, ...]:
    """Why the query by a matching attribute is not among the requests, in words."""
    items = matching_mappings(facts)
    if linked:
        return ()
    names = [
        item.target_attribute_name
        for item in items
        if matching_value(facts, item, linked=linked) is None
    ]
    return tuple(
        f"the query by the matching attribute {name} is left out: its value is empty or not known"
        for name in names
    )


def matching_value(facts: Facts, item: AttributeMapping, *, linked: bool) -> Attribute | None:
    """The value that Entra looks for, from the best witness there is."""
    path = item.target_attribute_name
    attempted = facts.look_up(facts.attempted, path)
    known_before = linked and not is_import_of_new(facts.event)
    if known_before and attempted is not None and attempted.has_old_value:
        return None if attempted.old_value is not None else _usable(attempted)
    seen = _usable(attempted) or _usable(facts.look_up(facts.target, path))
    return seen or _usable(facts.mapped(item)) or _from_label(facts, path)


def _usable(attribute: Attribute | None) -> Attribute | None:
    if attribute is None or not attribute.known or attribute.value in (None, ""):
        return None
    return attribute


def _from_label(facts: Facts, path: str) -> Attribute | None:
    """The name that the log gives the object: a user's UPN, a group's display name."""
    name = path.casefold()
    if facts.event.is_group and name == "displayname":
        text = facts.event.source_identity.display_name
    elif not facts.event.is_group and name == "username":
        text = _upn(facts)
    else:
        text = None
    return Attribute(path=path, value=text, provenance=Provenance.ASSUMED) if text else None


def _upn(facts: Facts) -> str | None:
    reported = (
        value
        for step in facts.event.provisioning_steps
        for key, value in step.details.items()
        if key.casefold() == "reportableidentifier"
    )
    candidates = (*reported, facts.event.source_identity.display_name)
    return next((c for c in candidates if c and "@" in c), None)


def _query(facts: Facts, attribute: Attribute, *, linked: bool) -> ReconstructedRequest:
    notes = [_LINKED] if linked else []
    if attribute.provenance is Provenance.ASSUMED:
        notes.append(f"`{attribute.path}` is assumed to be the matching attribute, as by default")
    return ReconstructedRequest(
        purpose=Purpose.MATCH,
        request=requests.match_query(facts.resource, attribute.path, str(attribute.value)),
        provenance=frozen({attribute.path: attribute.provenance}),
        notes=tuple(notes),
        conditional=linked,
    )
