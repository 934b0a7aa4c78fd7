"""Evaluates a job's scoping filter for one object.

Source: Microsoft, "Scoping users or groups with scoping filters": groups are joined by or, clauses
by and; comparisons mind letter case, and a clause about an empty attribute is false.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.entra.regex_guard import may_explode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scimdoctor.model.synchronization import FilterClause, FilterGroup

_LONGEST = 2_000


def in_scope(scope: tuple[FilterGroup, ...], source: Mapping[str, object]) -> bool | None:
    """Whether the object passes; `None` where a value or an operator is not known here."""
    if not scope:
        return True
    values = {name.casefold(): value for name, value in source.items()}
    results = [_group_holds(group, values) for group in scope]
    if True in results:
        return True
    return None if None in results else False


def scope_text(scope: tuple[FilterGroup, ...]) -> str:
    """The filter in words: groups joined by or, clauses by and; empty where there is none."""
    return " or ".join(
        " and ".join(
            f"{c.source_operand_name} {c.operator_name} {', '.join(c.values)}".strip()
            for c in group.clauses
        )
        for group in scope
    )


def false_clauses(scope: tuple[FilterGroup, ...], source: Mapping[str, object]) -> tuple[str, ...]:
    """The clauses that are false for the object, each with the object's own value."""
    values = {name.casefold(): value for name, value in source.items()}
    return tuple(
        _told(clause, values.get(clause.source_operand_name.casefold()))
        for group in scope
        for clause in group.clauses
        if _clause_holds(clause, values) is False
    )


def _told(clause: FilterClause, value: object) -> str:
    wanted = ", ".join(repr(v) for v in clause.values)
    is_ = "it is empty" if value in (None, "", []) else f"it is {value!r}"
    return f"{clause.source_operand_name} {clause.operator_name} {wanted}".rstrip() + f" ({is_})"


def _group_holds(group: FilterGroup, values: Mapping[str, object]) -> bool | None:
    results = [_clause_holds(clause, values) for clause in group.clauses]
    if False in results:
        return False
    return None if None in results else True


def _clause_holds(clause: FilterClause, values: Mapping[str, object]) -> bool | None:
    name = clause.source_operand_name.casefold()
    if name not in values:
        return None
    operator = re.sub(r"[\s_]", "", clause.operator_name).casefold()
    value = values[name]
    empty = value in (None, "", [])
    if operator in {"isnull", "isnotnull", "notnull"}:
        return empty if operator == "isnull" else not empty
    if empty:
        return False
    if isinstance(value, list):
        return None
    return _compare(operator, str(value), clause.values)


def _compare(operator: str, value: str, wanted: tuple[str, ...]) -> bool | None:
    if operator in {"istrue", "isfalse"}:
        return value.casefold() == operator.removeprefix("is")
    test = _TESTS.get(operator)
    if test is None or not wanted:
        return None
    try:
        return test(value, wanted)
    except (ValueError, re.error):
        return None


def _matches(value: str, wanted: tuple[str, ...]) -> bool:
    if len(value) > _LONGEST or any(may_explode(pattern) for pattern in wanted):
        raise ValueError("too long to run")
    return any(re.fullmatch(pattern, value) for pattern in wanted)


_TESTS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "equals": lambda value, wanted: value in wanted,
    "notequals": lambda value, wanted: value not in wanted,
    "regexmatch": _matches,
    "notregexmatch": lambda value, wanted: not _matches(value, wanted),
    "greaterthan": lambda value, wanted: float(value) > float(wanted[0]),
    "greaterthanorequals": lambda value, wanted: float(value) >= float(wanted[0]),
    "includes": lambda value, wanted: any(w in value for w in wanted),
    "endswith": lambda value, wanted: value.endswith(wanted),
    "&": lambda value, wanted: bool(int(value) & int(wanted[0])),
    "!&": lambda value, wanted: not int(value) & int(wanted[0]),
}
