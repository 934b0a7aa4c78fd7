"""The shape of the code, measured: sizes, docstrings, no work at import."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parent.parent / "scimdoctor"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
Function = ast.FunctionDef | ast.AsyncFunctionDef


def names(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def code_lines(path: Path) -> int:
    """Lines that are neither blank, comment nor docstring, tables of constants left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set().union(*(docstring_lines(node) | table_lines(node) for node in ast.walk(tree)))
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return sum(
        1
        for number, line in lines
        if line.strip() and not line.strip().startswith("#") and number not in left_out
    )


def docstring_lines(node: ast.AST) -> set[int]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return set()


def table_lines(node: ast.AST) -> set[int]:
    """Lines of a module's constants: data may be as long as the facts are."""
    if not isinstance(node, ast.Module):
        return set()
    tables = [n for n in node.body if isinstance(n, ast.Assign | ast.AnnAssign)]
    return {i for t in tables for i in range(t.lineno, (t.end_lineno or t.lineno) + 1)}


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def body_length(function: Function) -> int:
    body = function.body
    if docstring_lines(body[0]):
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_module_is_short_and_documented(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module says what it is for"
    assert code_lines(path) <= LONGEST_MODULE
    too_long = [f.name for f in functions(path) if body_length(f) > LONGEST_FUNCTION]
    assert not too_long


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "cli" / "commands").glob("[a-z]*.py")), ids=names
)
def test_command_body_is_short(path: Path) -> None:
    long = {f.name: body_length(f) for f in functions(path) if body_length(f) > 25}
    assert not long


def test_most_functions_are_small() -> None:
    lengths = sorted(body_length(f) for path in MODULES for f in functions(path))
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 30


def test_no_module_is_named_for_nothing() -> None:
    forbidden = {"utils", "util", "helpers", "common", "base", "misc"}
    assert not [path for path in MODULES if path.stem in forbidden]
