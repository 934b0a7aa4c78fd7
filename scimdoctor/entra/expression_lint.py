"""Faults of single attribute mappings: expressions, types, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra import mapping_rules as rules
from scimdoctor.entra.app_roles import ASSERTIVE, COMPLEX, SINGLE
from scimdoctor.entra.attribute_names import NAME_PARTS, SIMPLE_ATTRIBUTES
from scimdoctor.entra.evaluator import evaluate
from scimdoctor.entra.expression import AttributeNode, CallNode, ComparisonNode, EmptyNode
from scimdoctor.entra.functions import function_named
from scimdoctor.entra.logged_values import is_boolean
from scimdoctor.entra.mapping_view import speaks_scim
from scimdoctor.model.rule import CheckRule, Severity
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.entra.expression import Expression, Node
    from scimdoctor.entra.mapping_view import MappingView

Fault = tuple[CheckRule, str, Severity | None]

_ALWAYS_FILLED = {
    "userprincipalname",
    "objectid",
    "accountenabled",
    "issoftdeleted",
    "displayname",
    "mailnickname",
}
_BOOLEAN_SOURCES = {"accountenabled", "issoftdeleted", "securityenabled", "mailenabled"}
_NOT_IN_CONDITIONS = {"ispresent", "isnullorempty", "ignoreflowifnullorempty", "isnull"}
_CHANGING = {"guid", "randomstring", "now"}
_CORE_COMPLEX = {
    "name",
    "emails",
    "phonenumbers",
    "addresses",
    "ims",
    "photos",
    "x509certificates",
}
_CORE = (
    {name.casefold() for name in SIMPLE_ATTRIBUTES}
    | {part.casefold() for part in NAME_PARTS}
    | _CORE_COMPLEX
)


def faults(view: MappingView) -> Iterator[Fault]:
    """What is wrong with one mapping."""
    yield from _readable(view)
    yield from _constant(view)
    yield from _types(view)
    if speaks_scim(view.owner):
        yield from _roles(view)
        yield from _custom(view)
        yield from _external_id(view)
    if view.expression is not None:
        yield from _traps(view, view.expression)
        yield from _unknown_sources(view, view.expression)


def _readable(view: MappingView) -> Iterator[Fault]:
    if view.error is not None:
        yield rules.UNREADABLE, f"`{view.text}` cannot be read: {view.error}", None
        return
    for warning in view.expression.warnings if view.expression else ():
        yield rules.UNREADABLE, warning, Severity.MINOR
    for call in view.expression.calls() if view.expression else ():
        yield from _call_faults(call)


def _call_faults(call: CallNode) -> Iterator[Fault]:
    function = function_named(call.name)
    if function is None:
        yield rules.UNREADABLE, f"there is no function `{call.name}` ({call.place})", None
        return
    given, most = len(call.arguments), function.most
    if given < function.least or (most is not None and given > most):
        wanted = (
            function.least if most == function.least else f"{function.least} to {most or 'any'}"
        )
        message = f"`{function.name}` takes {wanted} arguments, {given} are given ({call.place})"
        yield rules.UNREADABLE, message, None
    if call.name != function.name:
        message = f"`{call.name}` is documented as `{function.name}`; names mind letter case"
        yield rules.UNREADABLE, message, Severity.INFO


def _constant(view: MappingView) -> Iterator[Fault]:
    if view.error is not None or view.item.default_value:
        return
    if view.expression is None:
        yield rules.CONSTANT_NULL, "there is neither a source nor a default value", None
    elif not view.expression.attributes():
        result = evaluate(view.text, {})
        if result.known and result.value in (None, "", []):
            yield rules.CONSTANT_NULL, f"`{view.text}` is empty for everyone", None


def _types(view: MappingView) -> Iterator[Fault]:
    definition = view.definition
    if definition is None or view.expression is None:
        return
    kind = definition.type.casefold()
    constant = view.item.source is not None and view.item.source.type == "Constant"
    value = evaluate(view.text, {}).value if constant else None
    if kind == "boolean" and constant and str(value).casefold() not in {"true", "false"}:
        yield rules.TYPE_MISMATCH, f"the constant {value!r} for a Boolean attribute", None
    elif kind == "integer" and constant and not str(value).lstrip("-").isdecimal():
        yield rules.TYPE_MISMATCH, f"the constant {value!r} for an Integer attribute", None
    elif view.direct is not None:
        yield from _direct_types(view, view.direct, kind)
    elif kind == "reference":
        yield rules.TYPE_MISMATCH, "an expression for a Reference attribute", None


def _direct_types(view: MappingView, name: str, kind: str) -> Iterator[Fault]:
    source = view.source_definition.attribute(name) if view.source_definition else None
    if source is None:
        return
    from_kind = source.type.casefold()
    pairs = {("boolean", "string"), ("boolean", "reference"), ("reference", "string")}
    if (kind, from_kind) in pairs or (from_kind == "reference" and kind != "reference"):
        message = f"[{name}] is a {source.type}, the target a {kind.capitalize()}"
        yield rules.TYPE_MISMATCH, message, None
    if source.multivalued and view.definition is not None and not view.definition.multivalued:
        message = f"[{name}] has several values, the target takes one"
        yield rules.TYPE_MISMATCH, message, Severity.MINOR


def _roles(view: MappingView) -> Iterator[Fault]:
    target = view.target.casefold().replace(" ", "")
    if view.functions & {COMPLEX, ASSERTIVE} and target != "roles":
        yield rules.ROLES, "the Complex functions belong to the target `roles`", None
    if SINGLE in view.functions and target == "roles":
        message = 'SingleAppRoleAssignment belongs to `roles[primary eq "True"].value`'
        yield rules.ROLES, message, None


def _custom(view: MappingView) -> Iterator[Fault]:
    path = view.path
    if path is None:
        yield rules.CUSTOM, f"`{view.target}` is no attribute path", None
    elif path.urn is None:
        if path.attribute.casefold() not in _CORE:
            message = f"`{view.target}` is neither SCIM's own nor in an extension"
            yield rules.CUSTOM, message, None
    elif path.urn not in {urns.USER, urns.GROUP, urns.ENTERPRISE_USER}:
        if path.sub_attribute or path.filter is not None:
            yield rules.CUSTOM, f"`{view.target}` is complex", None
        elif view.definition is not None and view.definition.multivalued:
            yield rules.CUSTOM, f"`{view.target}` is multi-valued", None
        elif view.definition is not None and view.definition.type.casefold() == "reference":
            yield rules.CUSTOM, f"`{view.target}` is a Reference", None


def _external_id(view: MappingView) -> Iterator[Fault]:
    name = (view.direct or "").casefold()
    if view.target.casefold() == "externalid" and name in {"mailnickname", "mail", "displayname"}:
        yield rules.EXTERNAL_ID, f"it is fed by [{view.direct}]", None


def _traps(view: MappingView, expression: Expression) -> Iterator[Fault]:
    for call in expression.calls():
        name = call.name.casefold()
        if name == "switch":
            yield from _switch(view, call)
        elif name == "iif" and call.arguments:
            yield from _condition(call.arguments[0])
        elif name == "selectuniquevalue":
            yield rules.UNSTABLE, "SelectUniqueValue works in jobs from HR systems only", None
        elif name in _CHANGING and view.item.flow_type.casefold() != "objectaddonly":
            yield rules.UNSTABLE, f"`{call.name}` gives another value each time", None


def _switch(view: MappingView, call: CallNode) -> Iterator[Fault]:
    if len(call.arguments) % 2:
        yield rules.SWITCH_PAIRS, f"Switch has {len(call.arguments)} arguments, an odd number", None
        return
    source = call.arguments[0] if call.arguments else None
    over_boolean = isinstance(source, AttributeNode) and source.name.casefold() in _BOOLEAN_SOURCES
    no_default = len(call.arguments) > 1 and isinstance(call.arguments[1], EmptyNode)
    if no_default and not over_boolean and "ignoreflowifnullorempty" not in view.functions:
        yield rules.SWITCH_DEFAULT, "Switch has no default: a value that fits no key is lost", None
    if over_boolean and is_boolean(view.target, view.definition):
        yield from _boolean_keys(call)


def _boolean_keys(call: CallNode) -> Iterator[Fault]:
    keys = {getattr(k, "value", None) for k in call.arguments[2::2]}
    wrong = {k for k in keys if isinstance(k, str) and k not in {"True", "False", ""}}
    if wrong:
        named = ", ".join(sorted(repr(k) for k in wrong))
        yield rules.SWITCH_PAIRS, f"{named} never fits: Booleans read True or False", None


def _condition(node: Node) -> Iterator[Fault]:
    if isinstance(node, CallNode) and node.name.casefold() in _NOT_IN_CONDITIONS:
        yield rules.IIF_NULL, f"`{node.name}` cannot be used in a condition", None
    if not isinstance(node, ComparisonNode):
        return
    for side in (node.left, node.right):
        if isinstance(side, AttributeNode) and side.name.casefold() not in _ALWAYS_FILLED:
            yield rules.IIF_NULL, f"the condition fails where [{side.name}] is empty", None
        elif isinstance(side, CallNode) and side.name.casefold() in _NOT_IN_CONDITIONS:
            yield rules.IIF_NULL, f"`{side.name}` cannot be used in a condition", None


def _unknown_sources(view: MappingView, expression: Expression) -> Iterator[Fault]:
    known = view.source_definition
    if known is None or not known.attributes:
        return
    for name in expression.attributes():
        if known.attribute(name) is None:
            yield rules.UNKNOWN_SOURCE, f"the schema has no source attribute [{name}]", None
