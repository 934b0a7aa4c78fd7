"""One attribute mapping with what is needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra.evaluate import expression_of
from scimdoctor.entra.expression import Expression, ExpressionError, parse
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import (
        AttributeDefinition,
        AttributeMapping,
        ObjectDefinition,
        ObjectMapping,
        SynchronizationSchema,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingView:
    """One attribute mapping, its expression parsed, and both ends' definitions."""

    item: AttributeMapping
    owner: ObjectMapping
    text: str
    """The expression; empty where the mapping has no source."""

    expression: Expression | None = None
    error: ExpressionError | None = None
    definition: AttributeDefinition | None = None
    source_definition: ObjectDefinition | None = None

    @property
    def target(self) -> str:
        """The target attribute's name."""
        return self.item.target_attribute_name

    @property
    def path(self) -> AttributePath | None:
        """The target attribute's name as a path."""
        return AttributePath.parse(self.target)

    @property
    def functions(self) -> frozenset[str]:
        """The names of all functions called, in lower case."""
        calls = self.expression.calls() if self.expression else ()
        return frozenset(call.name.casefold() for call in calls)

    @property
    def direct(self) -> str | None:
        """The source attribute's name where nothing is done to it."""
        names = self.expression.attributes() if self.expression else ()
        return names[0] if names and self.text.strip() == f"[{names[0]}]" else None


def speaks_scim(owner: ObjectMapping) -> bool:
    """Whether the target is a SCIM app, judged by the names of its object and attributes.

    Some gallery apps are provisioned by other connectors, whose attributes have other names.
    """
    if owner.target_object_name.startswith("urn:"):
        return True
    names = {m.target_attribute_name for m in owner.attribute_mappings}
    return bool(names & ({"displayName", "members"} if owner.is_group else {"userName"}))


def of_another_kind(schema: SynchronizationSchema) -> str | None:
    """Say that `schema` is no SCIM job's, as of cross-tenant or on-premises jobs; else `None`."""
    mapped = [owner for owner in schema.object_mappings if owner.attribute_mappings]
    if not mapped or any(map(speaks_scim, mapped)):
        return None
    targets = ", ".join(dict.fromkeys(repr(owner.target_object_name) for owner in mapped))
    return f"the schema maps to {targets}, which is no SCIM resource: it is of another kind of job"


def views_of(schema: SynchronizationSchema, owner: ObjectMapping) -> tuple[MappingView, ...]:
    """All attribute mappings of `owner`."""
    target = schema.target_definition(owner)
    source = schema.source_definition(owner)
    return tuple(_view(item, owner, target, source) for item in owner.attribute_mappings)


def _view(
    item: AttributeMapping,
    owner: ObjectMapping,
    target: ObjectDefinition | None,
    source: ObjectDefinition | None,
) -> MappingView:
    text = expression_of(item.source) if item.source else ""
    if item.source and item.source.type == "Constant" and not text.strip().startswith('"'):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    expression, error = None, None
    try:
        expression = parse(text) if text.strip() else None
    except ExpressionError as fault:
        error = fault
    return MappingView(
        item=item,
        owner=owner,
        text=text,
        expression=expression,
        error=error,
        definition=target.attribute(item.target_attribute_name) if target else None,
        source_definition=source,
    )
