"""The mapping function `Replace`, whose seven positions make five different functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.entra.function_values import Function, NotEvaluable, Value, as_text
from scimdoctor.entra.regex_guard import may_explode

if TYPE_CHECKING:
    from re import Match, Pattern

_LONGEST_INPUT = 5_000
_NET_GROUP = re.compile(r"\(\?<(?![=!])")
_NET_REFERENCE = re.compile(r"\$(?:\{(?P<name>\w+)\}|(?P<number>\d+)|(?P<sign>[$&]))")


def replace(*arguments: Value) -> Value:
    """Replace by text, by template or by regular expression, as the filled positions say."""
    source, old, pattern, group, new, other, template = [*arguments, *[None] * 7][:7]
    if pattern == "" and old is None:
        raise NotEvaluable("an empty regexPattern; leave the position empty if it is not meant")
    if pattern:
        expression = _compiled(as_text(pattern) or "")
        if group is None:
            return _by_pattern(as_text(source), expression, as_text(new))
        name = as_text(group) or ""
        if new is not None:
            return _group_replaced(as_text(source), expression, (name, as_text(new) or ""))
        return _from_other(as_text(source), expression, (name, as_text(other)))
    if old is None:
        raise NotEvaluable("Replace needs an oldValue or a regexPattern")
    return _by_text(as_text(source), as_text(old) or "", (new, template))


def _by_text(source: str | None, old: str, how: tuple[Value, Value]) -> Value:
    new, template = how
    if source is None:
        return None
    if template is not None:
        return (as_text(template) or "").replace(old, source) if old else as_text(template)
    if new is None:
        raise NotEvaluable("Replace needs a replacementValue or a template beside oldValue")
    return source.replace(old, as_text(new) or "") if old else source


def _compiled(pattern: str) -> Pattern[str]:
    if may_explode(pattern):
        raise NotEvaluable("the regular expression could run for ever here")
    try:
        return re.compile(_NET_GROUP.sub("(?P<", pattern))
    except re.error as error:
        raise NotEvaluable(f"the regular expression cannot be read here: {error}") from None


def _by_pattern(source: str | None, expression: Pattern[str], new: str | None) -> Value:
    if source is None:
        return None
    if new is None:
        raise NotEvaluable("Replace needs a replacementValue beside regexPattern")
    _check_length(source)

    def expand(match: Match[str]) -> str:
        return _NET_REFERENCE.sub(lambda r: _reference(match, r), new)

    return expression.sub(expand, source)


def _reference(match: Match[str], reference: Match[str]) -> str:
    if reference["sign"]:
        return "$" if reference["sign"] == "$" else match[0]
    key = reference["name"] or reference["number"]
    try:
        return match[int(key) if key.isdecimal() else key] or ""
    except (IndexError, KeyError):
        return reference[0]


def _group_replaced(source: str | None, expression: Pattern[str], change: tuple[str, str]) -> Value:
    name, new = change
    if source is None:
        return None
    _check_group(expression, name)
    _check_length(source)
    found: list[str] = []
    last = 0
    for match in expression.finditer(source):
        start, end = match.span(name)
        if start >= last:
            found += [source[last:start], new]
            last = end
    return "".join(found) + source[last:]


def _from_other(
    source: str | None, expression: Pattern[str], other: tuple[str, str | None]
) -> Value:
    """The source if it has a value, else what the group matches in the other attribute."""
    name, text = other
    if source:
        return source
    _check_group(expression, name)
    if text is None:
        return None
    _check_length(text)
    match = expression.search(text)
    return match[name] if match else None


def _check_group(expression: Pattern[str], name: str) -> None:
    if name not in expression.groupindex:
        raise NotEvaluable(f"the regular expression has no group `{name}`")


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_INPUT:
        raise NotEvaluable("the value is too long for a regular expression here")


REPLACE = Function(
    name="Replace",
    parameters=(
        "source",
        "oldValue?",
        "regexPattern?",
        "regexGroupName?",
        "replacementValue?",
        "replacementAttributeName?",
        "template?",
    ),
    run=replace,
)
