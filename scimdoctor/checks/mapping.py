"""The tenant's own mapping: its attributes with their types, and its matching attributes in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.context import holds
from scimdoctor.checks.ids import CUSTOM, MATCH, READ
from scimdoctor.checks.references import ATTRIBUTES, HOW_IT_WORKS, RFC7644
from scimdoctor.checks.shapes import answer_words, difference, resources_of, shown
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.synchronization import ObjectMapping, SynchronizationSchema

_NOT_SENT_ON_CREATE = ("manager", "members", "roles", "entitlements", "groups", "password", "id")
"""References come later; roles have a check of their own; the rest is not the mapping's to set."""


def _of_users(context: CheckContext) -> tuple[SynchronizationSchema, ObjectMapping]:
    schema = context.options.schema
    mapping = schema.mapping_for(group=False) if schema else None
    if schema is None or mapping is None:
        raise Unavailable("no attribute mapping was given (--app or --schema)")
    return schema, mapping


def mapped_person(context: CheckContext, role: str) -> dict[str, Any]:
    """A value for every attribute that the mapping sends in a create, by attribute path.

    Raises:
        Unavailable: no mapping of users was given.
    """
    schema, mapping = _of_users(context)
    definitions = schema.target_definition(mapping)
    usual = context.values.person(role)
    person: dict[str, Any] = {"userName": usual["userName"], "active": True}
    for row in mapping.attribute_mappings:
        name = row.target_attribute_name
        path = AttributePath.parse(name)
        if path is None or path.attribute in _NOT_SENT_ON_CREATE or name in person:
            continue
        if path.urn and path.urn != urns.ENTERPRISE_USER and CUSTOM not in context.passed:
            continue
        definition = definitions.attribute(name) if definitions else None
        if definition and definition.type.casefold() == "reference":
            continue  # it names another object, which Entra would have provisioned first
        default = context.values.of_type(definition) if definition else context.values.text("value")
        person[name] = usual.get(name, default)
    return person


def _attributes(context: CheckContext) -> Iterator[Result]:
    person = mapped_person(context, "mapped")
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if made is None:
        yield failed(
            "POST of a user with every attribute of the mapping was answered "
            f"{answer_words(exchange)}.",
            exchange,
            cause="mapping-targets-unsupported-attribute",
        )
        return
    context.objects["mapped"] = made
    state = context.state(made)
    lost = {p: value_at(state, p) for p, v in person.items() if difference(v, value_at(state, p))}
    lost = {p: got for p, got in lost.items() if p not in context.reported_lost}
    if lost:
        words = "; ".join(f"{p} was {shown(person[p])} and is {shown(v)}" for p, v in lost.items())
        yield failed(f"Attributes of the mapping are not kept as sent: {words}.", exchange)


def _matching(context: CheckContext) -> Iterator[Result]:
    _schema, mapping = _of_users(context)
    made = context.objects.get("mapped")
    rows = mapping.matching_mappings
    if not rows:
        raise Unavailable("the mapping of users has no matching attribute")
    if made is None:
        raise Unavailable("no user was created from the mapping (see mapping/attributes)")
    state = context.state(made)
    for row in rows:
        path = row.target_attribute_name
        value = value_at(state, path)
        if not isinstance(value, str) or not value:
            yield failed(
                f"{path} is used for matching with precedence {row.matching_priority}, but the app "
                f"answers {shown(value)} for it.",
                made.created,
                cause="attribute-not-stored-or-returned",
            )
            continue
        exchange = context.find_own(made, path, value)
        if not holds(exchange, made):
            yield failed(
                f"The query by {path}, which has matching precedence {row.matching_priority}, was "
                f"answered {answer_words(exchange)} without the user.",
                exchange,
            )
        elif len(resources_of(exchange)) > 1:
            yield failed(
                f"The query by {path} was answered with {len(resources_of(exchange))} users.",
                exchange,
                cause="filter-not-selective",
            )


def _rule(name: str, title: str, **words: str) -> CheckRule:
    return CheckRule(
        id=f"mapping/{name}",
        title=title,
        severity=Severity(words["severity"]),
        requirement=Requirement.ENTRA,
        cause=words["cause"],
        what=words["what"],
        why=words["why"],
        admin_sees=words["admin_sees"],
        fix=words["fix"],
        references=(ATTRIBUTES, HOW_IT_WORKS, RFC7644),
    )


CHECKS = (
    Check(
        rule=_rule(
            "attributes",
            "Every attribute of the tenant's mapping is kept",
            severity="major",
            cause="attribute-not-stored-or-returned",
            what="Creates a user with a value of the right type for each attribute that the mapping "
            "sends, and reads it back.",
            why="What the app does not keep is sent again in every cycle, and missing in the app.",
            admin_sees="success, while the attribute stays empty in the app.",
            fix="Store the attribute, or take it out of the mapping.",
        ),
        run=_attributes,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "matching",
            "The tenant's matching attributes can be asked for",
            severity="blocker",
            cause="filter-attribute-unsupported",
            what="Asks for the user by each matching attribute, in the order of precedence.",
            why="Entra asks so before it creates anybody; a refusal stops every user.",
            admin_sees="matching that fails with the app's status, or duplicates.",
            fix="Support equality on these attributes, or choose others for matching.",
        ),
        run=_matching,
        requires=(MATCH, "mapping/attributes"),
    ),
)
