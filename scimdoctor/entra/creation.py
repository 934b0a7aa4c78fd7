"""The body of the POST by which Entra creates a user or group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.entra.app_roles import roles_for_create
from scimdoctor.entra.matching import matching_mappings, matching_value
from scimdoctor.entra.updates import is_members
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest
from scimdoctor.redaction import is_password
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from scimdoctor.entra.attributes import Attribute
    from scimdoctor.entra.facts import Facts
    from scimdoctor.model.synchronization import AttributeMapping


@dataclass(slots=True, kw_only=True)
class Body:
    """The attributes of a create and where they come from."""

    values: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def put(self, attribute: Attribute) -> None:
        """Take one attribute in; null ones are not sent, unknown ones are only named."""
        path = attribute.path
        if attribute.note:
            self.notes.append(attribute.note)
        if not attribute.known:
            self.provenance[path] = Provenance.UNKNOWN
        elif _names_no_element(path):
            self.provenance[path] = Provenance.UNKNOWN
            self.notes.append(
                f"how a create spells `{path}` is not known: its filter is no equality"
            )
        elif attribute.value is not None:
            value = attribute.value
            self.values[path] = roles_for_create(value) if path.casefold() == "roles" else value
            self.provenance[path] = attribute.provenance


def _names_no_element(path: str) -> bool:
    """Whether a filter does not tell the one value that the element of a list would have."""
    parsed = AttributePath.parse(path)
    return parsed is not None and parsed.filter is not None and parsed.equality is None


def create_request(facts: Facts) -> tuple[ReconstructedRequest | None, tuple[str, ...]]:
    """The POST, and what is missing where it cannot be rebuilt."""
    body = _body(facts)
    if body.missing:
        return None, tuple(body.missing)
    build = requests.create_group if facts.event.is_group else requests.create_user
    framing = ("schemas", "meta") if facts.event.is_group else ("schemas", "meta", "roles")
    provenance = dict.fromkeys(framing, Provenance.ASSUMED) | body.provenance
    rebuilt = ReconstructedRequest(
        purpose=Purpose.CREATE,
        request=build(body.values),
        provenance=frozen(provenance),
        notes=tuple(body.notes),
    )
    return rebuilt, ()


def _body(facts: Facts) -> Body:
    body = Body()
    for attribute in facts.attempted.values():
        if not is_members(attribute.path) and attribute.path.casefold() != "id":
            body.put(attribute)
    if not body.values:
        for item in facts.mapping.attribute_mappings:
            _fill(body, facts, item)
            _name_unknown(body, facts, item)
    for item in facts.mapping.attribute_mappings:
        if body.provenance.get(item.target_attribute_name) is Provenance.UNKNOWN:
            _fill(body, facts, item)
    _require_matching_values(body, facts)
    return body


def _fill(body: Body, facts: Facts, item: AttributeMapping) -> None:
    """Take the mapping's value, save for references: their ids are the app's own."""
    attribute = None if _is_reference(facts, item) else facts.mapped(item)
    if attribute is not None:
        body.put(attribute)


def _name_unknown(body: Body, facts: Facts, item: AttributeMapping) -> None:
    """Name what the job maps and nothing tells the value of: Entra may have sent it."""
    path = item.target_attribute_name
    known = facts.mapped(item) is not None
    if not known and not is_password(path) and not _is_reference(facts, item):
        body.provenance.setdefault(path, Provenance.UNKNOWN)


def _is_reference(facts: Facts, item: AttributeMapping) -> bool:
    path = item.target_attribute_name
    definition = facts.defined(path)
    if definition is not None and definition.type.casefold() == "reference":
        return True
    return is_members(path) or path.casefold().endswith(":manager")


def _require_matching_values(body: Body, facts: Facts) -> None:
    """A create without the attribute that it is matched by is not what Entra sent."""
    for item in matching_mappings(facts)[:1]:
        path = item.target_attribute_name
        if path.casefold() in {p.casefold() for p in body.values}:
            continue
        attribute = matching_value(facts, item, linked=False)
        if attribute is None:
            body.missing.append(
                f"the value of `{path}`: neither the event nor the mapping gives it"
            )
        else:
            body.put(attribute)
