r"""Entra's attribute-mapping expressions: text to tree, with positions.

The grammar is the one that Microsoft's function reference implies: calls, `[attributes]`, strings
with `\"` and `\\`, numbers, one comparison inside a condition, and positional empty arguments.
The parser is as tolerant as the documentation's own samples need and says what it had to forgive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

LONGEST = 10_000
"""Characters; Entra refuses longer expressions."""

_DEEPEST = 60
_SPELLING = {"==": "=", "!=": "<>"}
_CURLY = {"“": '"', "”": '"', "„": '"'}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<attribute>\[[^\]]*\])
    |(?P<text>["“”„](?:[^"“”\\]|\\.)*["”“])
    |(?P<number>&H[0-9A-Fa-f]+|[-+]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<operator><>|!=|>=|<=|==|=|>|<)
    |(?P<mark>[(),])""",
    re.VERBOSE | re.DOTALL,
)


class ExpressionError(ValueError):
    """An expression that cannot be read; knows where."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.message = message
        self.text = text
        self.position = position

    def pointed(self, width: int = 60) -> str:
        """The expression around the fault, with a caret below it."""
        start = max(0, self.position - width // 2)
        part = " ".join(self.text[start : start + width].splitlines())
        return f"{part}\n{' ' * (self.position - start)}^ {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression: from `start` up to, not including, `end`."""

    start: int
    end: int

    @property
    def place(self) -> str:
        """Where it begins, for people."""
        return f"at character {self.start + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeNode(Node):
    """`[name]`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralNode(Node):
    """A string, a number or a bare word such as `vbTextCompare`; everything is text."""

    value: str
    quoted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyNode(Node):
    """An argument that is left out: `Switch([a], , …)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNode(Node):
    """`Name(argument, …)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonNode(Node):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression."""

    text: str
    root: Node
    warnings: tuple[str, ...] = ()
    """What the parser forgave, and what Entra might not."""

    def source_of(self, node: Node) -> str:
        """The text that `node` was read from."""
        return self.text[node.start : node.end].strip()

    def calls(self) -> tuple[CallNode, ...]:
        """All calls, outermost first."""
        return tuple(n for n in _walk(self.root) if isinstance(n, CallNode))

    def attributes(self) -> tuple[str, ...]:
        """The names of all source attributes, in order of appearance, each once."""
        names = (n.name for n in _walk(self.root) if isinstance(n, AttributeNode))
        return tuple(dict.fromkeys(names))


def _walk(node: Node) -> list[Node]:
    found = [node]
    if isinstance(node, CallNode):
        for argument in node.arguments:
            found += _walk(argument)
    elif isinstance(node, ComparisonNode):
        found += _walk(node.left) + _walk(node.right)
    return found


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Parse `text`.

    Raises:
        ExpressionError: it is no expression; the error tells the position.
    """
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    found = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(_unreadable(text[position]), text, position)
        if match.lastgroup != "space":
            found.append(_Token(match.lastgroup or "", match[0], position, match.end()))
        position = match.end()
    return [*found, _Token("end", "", len(text), len(text))]


def _unreadable(character: str) -> str:
    messages = {
        '"': "a string that begins here is not closed",
        "[": "an attribute name that begins here is not closed",
    }
    return messages.get(character, f"unexpected character {character!r}")


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.warnings: list[str] = []
        self.tokens = _tokens(text)
        self.index = 0
        self.depth = 0

    def parse(self) -> Expression:
        if len(self.text) > LONGEST:
            self.warnings.append(f"longer than the {LONGEST} characters that Entra allows")
        root = self.comparison()
        if self.peek.kind != "end":
            self.fail(_after_end(self.peek), self.peek.start)
        return Expression(text=self.text, root=root, warnings=tuple(dict.fromkeys(self.warnings)))

    @property
    def peek(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.tokens[self.index]
        self.index += 1
        return token

    def fail(self, message: str, position: int) -> NoReturn:
        raise ExpressionError(message, self.text, position)

    def comparison(self) -> Node:
        left = self.operand()
        if self.peek.kind != "operator":
            return left
        token = self.take()
        if token.text in _SPELLING:
            self.warnings.append(f"`{token.text}` is written `{_SPELLING[token.text]}` in Entra")
        right = self.operand()
        operator = _SPELLING.get(token.text, token.text)
        return ComparisonNode(
            start=left.start, end=right.end, operator=operator, left=left, right=right
        )

    def operand(self) -> Node:
        token = self.take()
        if token.kind == "attribute":
            return AttributeNode(start=token.start, end=token.end, name=token.text[1:-1].strip())
        if token.kind == "text":
            return self.string(token)
        if token.kind == "number":
            return LiteralNode(
                start=token.start, end=token.end, value=_number(token.text), quoted=False
            )
        if token.kind == "name":
            return self.named(token)
        return self.fail(_instead_of_value(token), token.start)

    def string(self, token: _Token) -> Node:
        if token.text[0] in _CURLY or token.text[-1] in _CURLY:
            self.warnings.append("typographic quotes: Entra wants straight ones")
        value = re.sub(r'\\(["\\])', r"\1", token.text[1:-1])
        return LiteralNode(start=token.start, end=token.end, value=value)

    def named(self, token: _Token) -> Node:
        if self.peek.text != "(":
            return LiteralNode(start=token.start, end=token.end, value=token.text, quoted=False)
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("nested too deeply", token.start)
        self.take()
        arguments = self.arguments(token)
        self.depth -= 1
        end = self.tokens[self.index - 1].end
        return CallNode(start=token.start, end=end, name=token.text, arguments=tuple(arguments))

    def arguments(self, opener: _Token) -> list[Node]:
        if self.peek.text == ")":
            self.take()
            return []
        found = []
        while True:
            found.append(self.argument())
            token = self.take()
            if token.text == ")":
                return found
            if token.text == ",":
                continue
            if token.kind == "end":
                self.fail(f"the bracket of `{opener.text}(` is not closed", opener.end)
            if token.kind in {"mark", "operator"} or _is_connective(token):
                self.fail(_after_end(token), token.start)
            self.warnings.append(
                f"a comma is missing before `{token.text[:20]}` (at character {token.start + 1})"
            )
            self.index -= 1

    def argument(self) -> Node:
        token = self.peek
        if token.text in {",", ")"} or token.kind == "end":
            return EmptyNode(start=token.start, end=token.start)
        return self.comparison()


def _is_connective(token: _Token) -> bool:
    return token.kind == "name" and token.text.upper() in {"AND", "OR", "NOT"}


def _after_end(token: _Token) -> str:
    if _is_connective(token):
        return "there is no AND or OR in expressions: nest IIF or use Switch"
    if token.text == ")":
        return "one closing bracket too many"
    return f"unexpected `{token.text[:20]}`"


def _instead_of_value(token: _Token) -> str:
    if token.kind == "end":
        return "the expression ends where a value is expected"
    return f"a value is expected, not `{token.text[:20]}`"


def _number(text: str) -> str:
    return str(int(text[2:], 16)) if text.upper().startswith("&H") else text.lstrip("+")
