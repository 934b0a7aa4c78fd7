"""Faults of an object's mapping as a whole: matching, what is missing, what is there twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import mapping_rules as rules
from scimdoctor.entra.app_roles import ASSERTIVE, COMPLEX, SINGLE
from scimdoctor.entra.evaluator import evaluate
from scimdoctor.entra.mapping_view import speaks_scim
from scimdoctor.model.rule import CheckRule, Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scimdoctor.entra.mapping_view import MappingView
    from scimdoctor.model.synchronization import ObjectDefinition, ObjectMapping

Fault = tuple[CheckRule, str, str | None, Severity | None]

_STABLE = {
    "objectid",
    "employeeid",
    "immutableid",
    "onpremisesimmutableid",
    "onpremisessecurityidentifier",
}
_PRESENT = {"IsSoftDeleted": "False", "accountEnabled": "True"}
_GONE = {"IsSoftDeleted": "True", "accountEnabled": "False"}
_DEFAULT_MATCHING = {("userprincipalname", "username"), ("displayname", "displayname")}


def faults(
    owner: ObjectMapping, views: Sequence[MappingView], definition: ObjectDefinition | None
) -> Iterator[Fault]:
    """What is wrong with the mapping of one kind of object."""
    matching = [v for v in views if v.item.matching_priority > 0]
    if not matching:
        yield rules.NO_MATCHING, "no attribute is used for matching", None, None
    for view in matching:
        yield from _matching(owner, view)
    disables = owner.is_group or any(v.target.casefold() == "active" for v in views)
    if speaks_scim(owner) and not disables:
        yield rules.ACTIVE_UNMAPPED, "`active` is not mapped", None, None
    if speaks_scim(owner) and not owner.is_group:
        yield from _active(views)
    yield from _required(views, definition)
    if lists_targets(owner, definition):
        yield from _unlisted(views, definition)
    yield from _twice(views)
    used = {f for v in views for f in v.functions}
    if SINGLE in used and used & {COMPLEX, ASSERTIVE}:
        yield rules.ROLES, "SingleAppRoleAssignment and a Complex function are combined", None, None


def _matching(owner: ObjectMapping, view: MappingView) -> Iterator[Fault]:
    definition = view.definition
    kind = definition.type.casefold() if definition else "string"
    if kind in {"reference", "boolean", "binary"} or (definition and definition.multivalued):
        what = "multi-valued" if definition and definition.multivalued else kind.capitalize()
        yield rules.MATCHING_TYPE, f"it is used for matching, and is {what}", view.target, None
    source = (view.direct or "").casefold()
    if source and source not in _STABLE:
        usual = (source, view.target.casefold()) in _DEFAULT_MATCHING
        expected = usual and (owner.is_group or source != "displayname")
        message = f"matching is by [{view.direct}], which can change"
        yield rules.MATCHING_MUTABLE, message, view.target, Severity.INFO if expected else None


def _active(views: Sequence[MappingView]) -> Iterator[Fault]:
    """Whether `active` says the opposite of what it should, as far as the expression tells."""
    for view in views:
        if view.target.casefold() != "active" or view.expression is None:
            continue
        present, gone = (evaluate(view.text, person) for person in (_PRESENT, _GONE))
        if present.known and _truth(present.value) is False:
            message = "it is False for people in scope whose account is enabled"
            yield rules.ACTIVE_WRONG, message, view.target, None
        elif gone.known and (gone.value is None or _truth(gone.value)):
            given = "null, which is not sent," if gone.value is None else "True"
            message = f"it is {given} for people who left or lost the assignment too"
            yield rules.ACTIVE_WRONG, message, view.target, None


def _truth(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).strip().casefold())


def _required(views: Sequence[MappingView], definition: ObjectDefinition | None) -> Iterator[Fault]:
    mapped = {v.target.casefold() for v in views}
    for attribute in definition.attributes if definition else ():
        writable = attribute.mutability.casefold() != "readonly" and attribute.name != "id"
        if attribute.required and writable and attribute.name.casefold() not in mapped:
            message = f"`{attribute.name}` is required and not mapped"
            yield rules.REQUIRED_UNMAPPED, message, None, None


def lists_targets(owner: ObjectMapping, definition: ObjectDefinition | None) -> bool:
    """Whether the schema says which attributes the SCIM app's object has."""
    return bool(definition and definition.attributes) and speaks_scim(owner)


def _unlisted(views: Sequence[MappingView], definition: ObjectDefinition | None) -> Iterator[Fault]:
    listed = {a.name.casefold() for a in definition.attributes} if definition else set()
    for view in views:
        names = {view.target.casefold(), *_schema_names(view.target)}
        path = view.path
        if path is not None:
            # A list may hold the complex attribute itself; core attributes need no URN.
            names.add((f"{path.urn}:" if path.urn else "").casefold() + path.attribute.casefold())
            if (path.urn or "").casefold() in {urns.USER.casefold(), urns.GROUP.casefold()}:
                sub = f".{path.sub_attribute}" if path.sub_attribute else ""
                names |= {path.attribute.casefold(), f"{path.attribute}{sub}".casefold()}
        if not names & listed:
            message = f"the schema's list of the app's attributes lacks `{view.target}`"
            yield rules.UNKNOWN_TARGET, message, view.target, None


def _twice(views: Sequence[MappingView]) -> Iterator[Fault]:
    counts = Counter(v.target.casefold() for v in views)
    for view in {v.target.casefold(): v for v in views}.values():
        number = counts[view.target.casefold()]
        if number > 1:
            yield rules.DUPLICATE, f"it is mapped {number} times", view.target, None


def absent(
    views: Sequence[MappingView], known_paths: Sequence[str]
) -> Iterator[tuple[CheckRule, str, str]]:
    """Targets that the endpoint's /Schemas does not have."""
    known = {path.casefold() for path in known_paths}
    for view in views:
        names = _schema_names(view.target)
        if names and not names & known:
            yield rules.ABSENT, "the endpoint's /Schemas does not list it", view.target


def _schema_names(target: str) -> set[str]:
    """The names under which /Schemas could list `target`, in lower case."""
    path = AttributePath.parse(target)
    if path is None:
        return set()
    base = f"{path.urn}:{path.attribute}" if path.urn else path.attribute
    sub = f".{path.sub_attribute}" if path.sub_attribute else ""
    # A single "value" may be left out of a complex attribute's list by simple servers.
    return {f"{base}{sub}".casefold()} | ({base.casefold()} if sub == ".value" else set())


def schema_paths(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    """The attribute paths in an answer to `GET /Schemas`, extension ones with their URN.

    Whatever is not a schema resource is passed over; an empty result means that the answer is of
    no use.
    """
    rows = answer.get("Resources") if isinstance(answer, dict) else answer
    found: list[str] = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            found += _attribute_paths(row)
    return (*found, *_common(found))


def _common(found: list[str]) -> tuple[str, ...]:
    """`id`, `externalId` and `meta` belong to every resource and stand in no schema."""
    return ("id", "externalId", "meta") if found else ()


def _attribute_paths(schema: Mapping[str, Any]) -> list[str]:
    urn = str(schema.get("id") or "")
    prefix = "" if urn.casefold() in {urns.USER.casefold(), urns.GROUP.casefold()} else f"{urn}:"
    found = []
    for attribute in _objects(schema.get("attributes")):
        name = f"{prefix}{attribute.get('name')}"
        found.append(name)
        subs = _objects(attribute.get("subAttributes"))
        found += [f"{name}.{sub.get('name')}" for sub in subs]
    return found


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
