"""Filters (RFC 7644 section 3.4.2.2): parse, print, and evaluate on a resource.

Attribute names and operators are read in any letter case. Beyond the RFC's grammar two things that
Entra's clients need are read: a comparison after a value path
(`emails[type eq "work"].value eq "x"`) and the attributes of the enterprise extension without its
URN (`manager eq "7"`). Text compares without case, except for what RFC 7643 section 3.1 calls exact.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Literal = str | int | float | bool | None
EXACT_ATTRIBUTES = frozenset({"id", "externalid", "$ref", "binary", "version", "location"})
"""Attributes whose text is compared with its case (folded names)."""

CORE_URN = "urn:ietf:params:scim:schemas:core:2.0:"
MAX_DEPTH = 50
"""Brackets and negations nested deeper than this are refused."""


class FilterError(ValueError):
    """The text is no filter; the message says what was expected."""


class Operator(StrEnum):
    """How an attribute is compared."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    PR = "pr"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPath:
    """The attribute that is compared: `urn:…:User:emails[where].sub`."""

    attribute: str
    urn: str | None = None
    where: Filter | None = None
    sub_attribute: str | None = None

    def __str__(self) -> str:
        head = f"{self.urn}:{self.attribute}" if self.urn else self.attribute
        where = f"[{self.where}]" if self.where is not None else ""
        return head + where + (f".{self.sub_attribute}" if self.sub_attribute else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`path operator value`; the value of `pr` is `None`."""

    path: FilterPath
    operator: Operator
    value: Literal = None

    def __str__(self) -> str:
        if self.operator is Operator.PR:
            return f"{self.path} pr"
        return f"{self.path} {self.operator} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePath:
    """`emails[…]` alone: an element fits."""

    path: FilterPath

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Both fit."""

    left: Filter
    right: Filter

    def __str__(self) -> str:
        return f"{_grouped(self.left, Or)} and {_grouped(self.right, (Or, And))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """One of them fits."""

    left: Filter
    right: Filter

    def __str__(self) -> str:
        return f"{self.left} or {_grouped(self.right, Or)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The term does not fit."""

    term: Filter

    def __str__(self) -> str:
        return f"not ({self.term})"


Filter = Comparison | ValuePath | And | Or | Not


def _grouped(term: Filter, kinds: type | tuple[type, ...]) -> str:
    return f"({term})" if isinstance(term, kinds) else str(term)


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))""",
    re.DOTALL,
)
_PATH_WORD = re.compile(r"^(?:(?P<urn>\w+:.+):)?(?P<name>[$\w-]+)(?:\.(?P<sub>[$\w-]+))?$")
_SUB_WORD = re.compile(r"^\.(?P<sub>[$\w-]+)$")
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$")


def parse_filter(text: str) -> Filter:
    """Parse `text`.

    Raises:
        FilterError: it is no filter.

    """
    parser = _Parser(list(_tokens(text)))
    found = parser.disjunction()
    if parser.peek() is not None:
        raise FilterError(f"unexpected {parser.peek()!r} after the filter")
    return found


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise FilterError(f"cannot be read from character {position + 1} on")
        yield found[found.lastgroup or 0]
        position = found.end()


class _Parser:
    """Recursive descent over tokens: `or` binds least, then `and`, then `not`."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, expected: str) -> str:
        token = self.peek()
        if token is None:
            raise FilterError(f"ends where {expected} is expected")
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.casefold() != word:
            return False
        self._at += 1
        return True

    def _require(self, mark: str) -> None:
        if not self._took(mark):
            raise FilterError(f"{mark!r} is missing")

    def disjunction(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError("is nested too deeply")
        left = self._conjunction()
        while self._took("or"):
            left = Or(left=left, right=self._conjunction())
        self._depth -= 1
        return left

    def _conjunction(self) -> Filter:
        left = self._term()
        while self._took("and"):
            left = And(left=left, right=self._term())
        return left

    def _term(self) -> Filter:
        if self._took("not"):
            self._require("(")
            return Not(term=self._closed(")"))
        if self._took("("):
            return self._closed(")")
        return self._comparison()

    def _closed(self, mark: str) -> Filter:
        inner = self.disjunction()
        self._require(mark)
        return inner

    def _comparison(self) -> Filter:
        path = self._path()
        if path.where is not None and self._ends_term():
            return ValuePath(path=path)
        operator = self._operator()
        if operator is Operator.PR:
            return Comparison(path=path, operator=operator)
        return Comparison(path=path, operator=operator, value=_literal(self._take("a value")))

    def _ends_term(self) -> bool:
        token = self.peek()
        return token is None or token.casefold() in {"and", "or", ")", "]"}

    def _operator(self) -> Operator:
        word = self._take("an operator")
        try:
            return Operator(word.casefold())
        except ValueError:
            raise FilterError(f"{word!r} is no operator") from None

    def _path(self) -> FilterPath:
        word = self._take("an attribute")
        found = _PATH_WORD.match(word)
        if found is None:
            raise FilterError(f"{word!r} is no attribute")
        where, sub = None, found["sub"]
        if self._took("["):
            where = self._closed("]")
            sub = self._sub_attribute()
        return FilterPath(urn=found["urn"], attribute=found["name"], where=where, sub_attribute=sub)

    def _sub_attribute(self) -> str | None:
        found = _SUB_WORD.match(self.peek() or "")
        if found is None:
            return None
        self._at += 1
        return found["sub"]


def _literal(token: str) -> Literal:
    if token.startswith('"') or _NUMBER.match(token):
        try:
            value: Literal = json.loads(token, strict=False)
        except ValueError:
            raise FilterError(f"{token} is no JSON value") from None
        return value
    words: dict[str, Literal] = {"true": True, "false": False, "null": None}
    if token.casefold() not in words:
        raise FilterError(f"{token!r} is no value: text stands in double quotes")
    return words[token.casefold()]


def matches(filter_: Filter, resource: Mapping[str, Any]) -> bool:
    """Whether `resource` fits."""
    match filter_:
        case And():
            return matches(filter_.left, resource) and matches(filter_.right, resource)
        case Or():
            return matches(filter_.left, resource) or matches(filter_.right, resource)
        case Not():
            return not matches(filter_.term, resource)
        case ValuePath():
            return bool(_values(filter_.path, resource))
        case Comparison():
            return _compare(filter_, resource)


def equalities(filter_: Filter) -> dict[str, Literal] | None:
    """The attributes and values of a filter made of `eq` and `and` alone, else `None`."""
    if isinstance(filter_, And):
        left, right = equalities(filter_.left), equalities(filter_.right)
        return None if left is None or right is None else left | right
    if not isinstance(filter_, Comparison) or filter_.operator is not Operator.EQ:
        return None
    return {filter_.path.attribute: filter_.value}


def _compare(comparison: Comparison, resource: Mapping[str, Any]) -> bool:
    values = [value for value in _values(comparison.path, resource) if value not in (None, "", [])]
    if comparison.operator is Operator.PR:
        return bool(values)
    if comparison.value is None:
        return bool(values) is (comparison.operator is Operator.NE)
    name = (comparison.path.sub_attribute or comparison.path.attribute).casefold()
    exact = name in EXACT_ATTRIBUTES
    if comparison.operator is Operator.NE:
        return not any(_holds(Operator.EQ, value, comparison.value, exact) for value in values)
    return any(_holds(comparison.operator, value, comparison.value, exact) for value in values)


def _values(path: FilterPath, resource: Mapping[str, Any]) -> list[Any]:
    """What the path addresses, flattened; a complex value without sub-attribute is its `value`."""
    found = _attribute(path, resource)
    elements = found if isinstance(found, list) else [] if found is None else [found]
    if path.where is not None:
        where = path.where
        elements = [e for e in elements if isinstance(e, dict) and matches(where, e)]
        if path.sub_attribute is None:
            return elements
    return [_simple(element, path.sub_attribute) for element in elements]


def _attribute(path: FilterPath, resource: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if path.urn and not path.urn.casefold().startswith(CORE_URN.casefold()):
        extension = member(resource, path.urn)
        return member(extension, path.attribute) if isinstance(extension, dict) else None
    found = member(resource, path.attribute)
    if found is not None:
        return found
    extensions = [v for k, v in resource.items() if ":" in k and isinstance(v, dict)]
    return next((v for e in extensions if (v := member(e, path.attribute)) is not None), None)


def _simple(element: Any, sub_attribute: str | None) -> Any:  # noqa: ANN401
    if isinstance(element, dict):
        return member(element, sub_attribute or "value")
    return element if sub_attribute in (None, "value") else None


def _holds(operator: Operator, actual: Any, wanted: Any, exact: bool) -> bool:  # noqa: ANN401
    left, right = _comparable(actual, wanted, exact)
    if left is None:
        return False
    match operator:
        case Operator.EQ:
            return bool(left == right)
        case Operator.CO | Operator.SW | Operator.EW:
            return isinstance(left, str) and _within(operator, left, right)
        case _:
            return not isinstance(left, bool) and _ordered(operator, left, right)


def _within(operator: Operator, left: str, right: str) -> bool:
    if operator is Operator.CO:
        return right in left
    return left.startswith(right) if operator is Operator.SW else left.endswith(right)


def _ordered(operator: Operator, left: Any, right: Any) -> bool:  # noqa: ANN401
    if operator in (Operator.GT, Operator.GE):
        return bool(left > right or (operator is Operator.GE and left == right))
    return bool(left < right or (operator is Operator.LE and left == right))


def _comparable(actual: Any, wanted: Any, exact: bool) -> tuple[Any, Any]:  # noqa: ANN401
    """Bring both to one type, or give `(None, None)`; booleans may come as text."""
    if isinstance(actual, bool) or isinstance(wanted, bool):
        pair = str(actual).casefold(), str(wanted).casefold()
        known = set(pair) <= {"true", "false"}
        return (pair[0] == "true", pair[1] == "true") if known else (None, None)
    if isinstance(actual, int | float) and isinstance(wanted, int | float):
        return actual, wanted
    if not isinstance(actual, str) or not isinstance(wanted, str):
        return None, None
    times = _time(actual), _time(wanted)
    if times[0] is not None and times[1] is not None:
        return times
    return (actual, wanted) if exact else (actual.casefold(), wanted.casefold())


def _time(text: str) -> datetime | None:
    if len(text) < 19 or text[10:11] != "T":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
