"""What an attribute mapping produces for one object, and why it may produce nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.app_roles import roles_of
from scimdoctor.entra.evaluator import Evaluation, evaluate
from scimdoctor.entra.expression import ExpressionError, parse
from scimdoctor.entra.logged_values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.synchronization import (
        AttributeDefinition,
        AttributeMapping,
        AttributeMappingSource,
        ObjectMapping,
    )

_PLAIN_ATTRIBUTE = re.compile(r"^\[[^\]]+\]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedValue:
    """What one attribute mapping produces for one object."""

    value: Any = None
    """Typed by the attribute's definition; `None`: null, nothing is sent."""

    known: bool = True
    """False when a source value is not at hand or the expression cannot be evaluated here."""

    reason: str | None = None
    """Why there is no value, or why it cannot be known."""

    used_default: bool = False
    """Whether the mapping's default value stands in for a null."""

    evaluation: Evaluation = field(default_factory=Evaluation)

    def explanation(self) -> tuple[str, ...]:
        """The way to the value, one line a step, the outcome last."""
        lines = [str(step) for step in self.evaluation.steps]
        if self.used_default:
            lines.append(f"null, so the default value {self.value!r} is taken (on create only)")
        if self.reason:
            lines.append(self.reason)
        elif self.value is None:
            lines.append("null: the attribute is not sent")
        return tuple(lines)


def expression_of(source: AttributeMappingSource) -> str:
    """The expression's text, from its parts where Graph left the text out."""
    if source.expression:
        return source.expression
    name = source.name or ""
    if source.type == "Constant":
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if source.type == "Function":
        arguments = ", ".join(expression_of(value) for _, value in source.parameters)
        return f"{name}({arguments})"
    return f"[{name}]" if name else ""


def inputs_of(item: AttributeMapping) -> tuple[str, ...]:
    """The source attributes that one attribute mapping reads; none if it cannot be parsed."""
    try:
        return tuple(parse(expression_of(item.source)).attributes()) if item.source else ()
    except ExpressionError:
        return ()


def source_names(mapping: ObjectMapping) -> tuple[str, ...]:
    """The source attributes that `mapping` and its scoping filter read, by provisioning name."""
    names: dict[str, None] = {}
    for item in mapping.attribute_mappings:
        names |= dict.fromkeys(inputs_of(item))
    clauses = (clause for group in mapping.scope for clause in group.clauses)
    return tuple(names | dict.fromkeys(clause.source_operand_name for clause in clauses))


def is_direct(text: str) -> bool:
    """Whether the expression is one attribute and nothing else."""
    return _PLAIN_ATTRIBUTE.match(text.strip()) is not None


def evaluate_mapping(
    item: AttributeMapping,
    source: Mapping[str, object],
    *,
    creating: bool,
    definition: AttributeDefinition | None = None,
    default_domain: str | None = None,
) -> MappedValue:
    """Evaluate `item` over `source`, the source attributes by provisioning name.

    The default value stands in for a null when the object is being `creating`d; an attribute that
    flows on creation only produces nothing afterwards.
    """
    if not creating and item.flow_type.casefold() == "objectaddonly":
        return MappedValue(reason="it flows when the object is created, not afterwards")
    found = _evaluated(item, source, default_domain)
    if not found.known:
        return MappedValue(known=False, reason=found.reason, evaluation=found)
    value, used_default = found.value, False
    if value is None and creating and item.default_value is not None:
        value, used_default = item.default_value, True
    typed = _typed(value, item.target_attribute_name, definition)
    reason = (found.reason or "the mapping has no source") if typed is None else None
    return MappedValue(value=typed, reason=reason, used_default=used_default, evaluation=found)


def _evaluated(
    item: AttributeMapping, source: Mapping[str, object], default_domain: str | None
) -> Evaluation:
    text = expression_of(item.source) if item.source else ""
    if not text.strip():
        return Evaluation()
    if item.source and item.source.type == "Constant" and not text.strip().startswith('"'):
        return Evaluation(value=text)
    return evaluate(text, source, default_domain=default_domain)


def _typed(value: Any, path: str, definition: AttributeDefinition | None) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return read_value(value, path, definition).value
    if isinstance(value, list) and path.casefold() == "roles":
        return roles_of(value)
    return value
