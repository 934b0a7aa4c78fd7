"""Patterns that could run for ever are recognised before they run."""

from __future__ import annotations

import pytest

from scimdoctor.entra.evaluator import evaluate
from scimdoctor.entra.regex_guard import may_explode
from scimdoctor.entra.scope_filter import in_scope
from scimdoctor.model.synchronization import FilterClause, FilterGroup


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "((a*)b)*", "(a|aa)+$", "(?:x[+]*)*", "(a{1,}){2,}", "x" * 1001],
)
def test_risky(pattern: str) -> None:
    assert may_explode(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\+(?<isdCode>\d* )(?<phoneNumber>\d{10})",
        "[a-zA-Z_]*",
        r"[()\s-]+",
        "(?<Suffix>@(.)*)",
        r"^(\w+)@(a|b)$",
        r"(\(+\))",
        "([(+*]a)*",
        ")+",
    ],
)
def test_harmless(pattern: str) -> None:
    assert not may_explode(pattern)


def test_risky_patterns_are_not_run() -> None:
    found = evaluate('Replace([a], , "(a+)+$", , "", , )', {"a": "a" * 40 + "b"})
    assert "run for ever" in str(found.reason)
    clause = FilterClause(operator_name="REGEX MATCH", source_operand_name="a", values=("(a+)+$",))
    assert in_scope((FilterGroup(clauses=(clause,)),), {"a": "a" * 40 + "b"}) is None
