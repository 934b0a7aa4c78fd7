"""Evaluation of a mapping expression over one object's source values, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.entra.expression import (
    AttributeNode,
    CallNode,
    ComparisonNode,
    EmptyNode,
    Expression,
    ExpressionError,
    LiteralNode,
    Node,
    parse,
)
from scimdoctor.entra.function_values import (
    Function,
    NotEvaluable,
    Value,
    as_list,
    as_text,
    is_empty,
    number_in,
    truth,
)
from scimdoctor.entra.functions import function_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One part of an expression and what it gave."""

    text: str
    value: Value
    note: str | None = None

    def __str__(self) -> str:
        shown = "null" if self.value is None else repr(self.value)
        return f"{self.text} = {shown}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an expression gave for one object."""

    value: Value = None
    known: bool = True
    reason: str | None = None
    """Why it is not known, or why it is null."""

    steps: tuple[Step, ...] = ()
    """Attributes and calls, innermost first, in the order of evaluation."""

    warnings: tuple[str, ...] = ()


def evaluate(
    text: str, source: Mapping[str, object], *, default_domain: str | None = None
) -> Evaluation:
    """Evaluate the expression `text` over `source`, the source attributes by provisioning name.

    A name that `source` lacks is unknown (not null), and so is whatever depends on it. Nothing is
    raised for a faulty expression: the evaluation says where it breaks.
    """
    try:
        expression = parse(text)
    except ExpressionError as error:
        return Evaluation(known=False, reason=f"the expression cannot be read: {error}")
    evaluator = _Evaluator(expression, source, default_domain)
    try:
        value = evaluator.value(expression.root)
    except NotEvaluable as error:
        return evaluator.result(None, reason=str(error), known=False)
    reason = evaluator.why_null() if value is None else None
    return evaluator.result(value, reason=reason, known=True)


class _Evaluator:
    """Walks the tree; what is decided by a condition is evaluated only where it is needed."""

    def __init__(
        self, expression: Expression, source: Mapping[str, object], default_domain: str | None
    ) -> None:
        self._expression = expression
        self._source = {name.casefold(): value for name, value in source.items()}
        self._default_domain = default_domain
        self._steps: list[Step] = []
        self._own: Mapping[str, Callable[[CallNode], Value]] = {
            "iif": self._iif,
            "switch": self._switch,
            "coalesce": self._coalesce,
            "ignoreflowifnullorempty": self._ignore_flow,
            "defaultdomain": self._domain,
            "singleapproleassignment": self._single_role,
            "approleassignmentscomplex": self._roles,
            "assertiveapproleassignmentscomplex": self._roles,
        }

    def result(self, value: Value, *, reason: str | None, known: bool) -> Evaluation:
        return Evaluation(
            value=value,
            known=known,
            reason=reason,
            steps=tuple(self._steps),
            warnings=self._expression.warnings,
        )

    def why_null(self) -> str:
        last = self._steps[-1] if self._steps else None
        if last is None:
            return "the expression is empty"
        empty = [s.text for s in self._steps if s.value is None and s.text.startswith("[")]
        if last.note:
            return f"{last.text} gives null: {last.note}"
        if empty == [last.text]:
            return f"{last.text} is empty in Entra"
        return f"{last.text} gives null" + (f", as {', '.join(empty)} is null" if empty else "")

    def value(self, node: Node) -> Value:
        if isinstance(node, AttributeNode):
            return self._attribute(node)
        if isinstance(node, LiteralNode):
            return node.value
        if isinstance(node, ComparisonNode):
            return self._comparison(node)
        if isinstance(node, CallNode):
            return self._call(node)
        return None

    def _step(self, node: Node, value: Value, note: str | None = None) -> Value:
        text = self._expression.source_of(node)
        self._steps.append(Step(text=text, value=value, note=note))
        return value

    def _attribute(self, node: AttributeNode) -> Value:
        name = node.name.casefold()
        if name not in self._source:
            raise NotEvaluable(f"the value of [{node.name}] is not at hand")
        value = self._source[name]
        if isinstance(value, (list, tuple)):
            return self._step(node, list(value))
        return self._step(node, as_text(value))

    def _call(self, node: CallNode) -> Value:
        function = function_named(node.name)
        if function is None:
            raise NotEvaluable(f"there is no function `{node.name}` ({node.place})")
        _check_arguments(function, node)
        if function.not_local is not None:
            raise NotEvaluable(f"`{function.name}` cannot be evaluated here: {function.not_local}")
        own = self._own.get(function.name.casefold())
        if own is not None:
            return own(node)
        if function.run is None:
            raise NotEvaluable(f"`{function.name}` cannot be evaluated here")
        return self._step(node, function.run(*[self.value(a) for a in node.arguments]))

    def _comparison(self, node: ComparisonNode) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        for side, value in ((node.left, left), (node.right, right)):
            if isinstance(side, AttributeNode) and is_empty(value):
                raise NotEvaluable(
                    f"[{side.name}] is empty, and a comparison with an empty attribute fails in"
                    " Entra: use Switch instead of IIF"
                )
        return self._step(node, truth(holds=_holds(node.operator, as_text(left), as_text(right))))

    def _iif(self, node: CallNode) -> Value:
        condition, if_true, if_false = node.arguments
        chosen = as_text(self.value(condition))
        holds = (chosen or "").casefold() == "true"
        value = self.value(if_true if holds else if_false)
        note = "the condition holds" if holds else "the condition does not hold"
        return self._step(node, value, note)

    def _switch(self, node: CallNode) -> Value:
        source, pairs = node.arguments[0], node.arguments[2:]
        default = node.arguments[1] if len(node.arguments) > 1 else EmptyNode(start=0, end=0)
        if len(pairs) % 2:
            raise NotEvaluable(f"`Switch` has a key without a value ({node.place})")
        key = as_text(self.value(source))
        for candidate, value in zip(pairs[::2], pairs[1::2], strict=False):
            wanted = as_text(self.value(candidate))
            if (wanted or "") == (key or ""):
                return self._step(node, self.value(value), f"the key {wanted!r} fits")
        if isinstance(default, EmptyNode):
            return self._step(node, None, f"no key equals {key!r}, and there is no default")
        return self._step(node, self.value(default), f"no key equals {key!r}: the default")

    def _coalesce(self, node: CallNode) -> Value:
        for argument in node.arguments:
            value = self.value(argument)
            if value is not None:
                return self._step(node, value)
        return self._step(node, None, "all its values are null")

    def _ignore_flow(self, node: CallNode) -> Value:
        value = self.value(node.arguments[0])
        if is_empty(value):
            return self._step(node, None, "the attribute is left out of the flow")
        return self._step(node, value)

    def _domain(self, node: CallNode) -> Value:
        if self._default_domain is None:
            raise NotEvaluable("the tenant's default domain is not at hand")
        return self._step(node, self._default_domain)

    def _role_rows(self, node: CallNode) -> list[Value]:
        rows = as_list(self.value(node.arguments[0]))
        if any(not isinstance(row, dict) for row in rows):
            raise NotEvaluable("the app role assignments are not at hand in full")
        return rows

    def _single_role(self, node: CallNode) -> Value:
        rows = self._role_rows(node)
        if len(rows) > 1:
            raise NotEvaluable("several app roles are assigned: Entra picks one in no fixed order")
        return self._step(node, (rows[0].get("value") or None) if rows else None)

    def _roles(self, node: CallNode) -> Value:
        return self._step(node, self._role_rows(node) or None)


def _check_arguments(function: Function, node: CallNode) -> None:
    given = len(node.arguments)
    if given < function.least:
        wanted = f"needs {function.least}"
    elif function.most is not None and given > function.most:
        wanted = f"takes {function.most}"
    else:
        return
    raise NotEvaluable(f"`{function.name}` {wanted} arguments, {given} are given ({node.place})")


def _holds(operator: str, left: str | None, right: str | None) -> bool:
    first, second = left or "", right or ""
    order = (first > second) - (first < second)
    one, other = number_in(first), number_in(second)
    if one is not None and other is not None:
        if one == other and first != second and operator not in {">=", "<="}:
            raise NotEvaluable(
                f"{first!r} and {second!r} are equal as numbers, not as texts, and which of them"
                " Entra compares is not documented"
            )
        order = (one > other) - (one < other)
    return {
        "=": order == 0,
        "<>": order != 0,
        ">": order > 0,
        ">=": order >= 0,
        "<": order < 0,
        "<=": order <= 0,
    }[operator]
