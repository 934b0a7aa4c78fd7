"""What `--help` prints: usage, text, examples, and options in groups, as a manual page has them.

Laid out here rather than by typer's panels: at 80 columns these leave too little room for names
of environment variables, and they join the lines of examples. A command's docstring is its text;
indented lines in it, such as examples, are printed as they stand.
"""

from __future__ import annotations

import inspect
import os
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from scimdoctor.cli.conversion import spare_conversion

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDEST = 100
_LONGEST_TERM = 22
_INDENT = "  "
_GLUE = "\0"
"""A blank at which no line ends."""


class HelpfulCommand(TyperCommand):
    """A command with our help."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - typer keeps the class to itself
        """Return the whole help text."""
        return _page(self, ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return what stands behind the command's name in the usage line."""
        return _usage(self)

    def get_params(self, ctx: Any) -> Any:  # noqa: ANN401 - typer keeps the classes to itself
        """Return the options and arguments, which convert only what needs it."""
        parameters = super().get_params(ctx)
        spare_conversion(parameters)
        return parameters


class HelpfulGroup(TyperGroup):
    """A group of commands with our help."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """Return the whole help text."""
        return _page(self, ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return what stands behind the group's name in the usage line."""
        del ctx
        return ["[OPTIONS]", "COMMAND ..."]

    def get_params(self, ctx: Any) -> Any:  # noqa: ANN401 - typer keeps the classes to itself
        """Return the options and arguments, which convert only what needs it."""
        parameters = super().get_params(ctx)
        spare_conversion(parameters)
        return parameters


def _page(command: TyperCommand | TyperGroup, ctx: Any) -> str:  # noqa: ANN401
    width = max(40, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))
    blocks = [command.get_usage(ctx), *_prose(command.help or "", width)]
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        if isinstance(parameter, TyperArgument):
            row = (_metavar(parameter), _told(parameter))
            sections.setdefault("Arguments", []).append(row)
        elif isinstance(parameter, TyperOption) and not parameter.hidden:
            title = parameter.rich_help_panel or "Options"
            sections.setdefault(title, []).append((_spelling(parameter), _told(parameter)))
    options = sections.pop("Options", [])
    if isinstance(command, TyperGroup):
        blocks += _listed(_commands(command), width)
    blocks += _listed({**_first(sections, "Arguments"), "Options": options, **sections}, width)
    blocks += _prose(command.epilog or "", width)
    return "\n\n".join(block for block in blocks if block)


def _first(sections: dict[str, list[tuple[str, str]]], name: str) -> dict[str, Any]:
    return {name: sections.pop(name)} if name in sections else {}


def _prose(text: str, width: int) -> Iterator[str]:
    """Paragraphs filled to `width`; indented lines as they are, and together."""
    literal: list[str] = []
    for block in inspect.cleandoc(text).split("\n\n"):
        lines = block.split("\n")
        shown = [line for line in lines if line.startswith(_INDENT)]
        head = " ".join(line for line in lines if line not in shown)
        if head and literal:
            yield "\n".join(literal)
            literal = []
        if head and not shown:
            yield textwrap.fill(head, width)
            continue
        literal += [*([_bold(head)] if head else []), *shown]
    yield "\n".join(literal)


def _listed(sections: dict[str, list[tuple[str, str]]], width: int) -> Iterator[str]:
    terms = [len(term) for rows in sections.values() for term, _ in rows]
    column = len(_INDENT) + max((n for n in terms if n <= _LONGEST_TERM), default=8) + 2
    for title, rows in sections.items():
        if rows:
            lines = [line for row in rows for line in _entry(row, column, width)]
            yield "\n".join((_bold(f"{title}:"), *lines))


def _entry(row: tuple[str, str], column: int, width: int) -> Iterator[str]:
    """One name and what it means; a long name stands on a line of its own."""
    term, text = row
    lines = textwrap.wrap(
        text, max(20, width - column), break_long_words=False, break_on_hyphens=False
    ) or [""]
    lines = [line.replace(_GLUE, " ") for line in lines]
    head = f"{_INDENT}{term}"
    if len(head) + 2 > column:
        yield head
    else:
        yield f"{head:<{column}}{lines.pop(0)}".rstrip()
    yield from (f"{'':<{column}}{line}" for line in lines)


def _commands(group: TyperGroup) -> dict[str, list[tuple[str, str]]]:
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, command in group.commands.items():
        if not command.hidden:
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            summary = inspect.cleandoc(command.help or "").partition("\n\n")[0]
            panels.setdefault(panel, []).append((name, summary.replace("\n", " ")))
    return panels


def _usage(command: TyperCommand) -> list[str]:
    pieces = ["[OPTIONS]"]
    for argument in (p for p in command.params if isinstance(p, TyperArgument)):
        name = _metavar(argument)
        pieces.append(name if argument.required else f"[{name}]")
    return pieces


def _metavar(parameter: TyperArgument | TyperOption) -> str:
    """The word that stands for the value, with dots where there may be several."""
    word = (parameter.metavar or "").strip("[].")
    if not word and _choices(parameter):
        word = str(parameter.name).rpartition("_")[2].upper()
    word = word or {"int": "N", "float": "N"}.get(_kind(parameter), "TEXT")
    several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
    return f"{word}..." if several else word


def _kind(parameter: TyperArgument | TyperOption) -> str:
    """`int`, `float` or something else; typer and click keep it at different places."""
    described = getattr(parameter, "type_descriptor", None)
    if described is not None:
        return str(getattr(described.annotation, "__name__", ""))
    kind = str(getattr(getattr(parameter, "type", None), "name", ""))
    return {"integer": "int", "integer range": "int", "float range": "float"}.get(kind, kind)


def _choices(parameter: TyperArgument | TyperOption) -> list[str]:
    described = getattr(parameter, "type_descriptor", None) or getattr(parameter, "type", None)
    return [str(getattr(c, "value", c)) for c in getattr(described, "choices", None) or ()]


def _spelling(option: TyperOption) -> str:
    """The option as it is typed: `-f, --format WORD`; a flag has no value."""
    short = [name for name in option.opts if not name.startswith("--")]
    names = ", ".join([*short, *(name for name in option.opts if name.startswith("--"))])
    return names if option.is_flag or option.count else f"{names} {_metavar(option)}"


def _told(parameter: TyperArgument | TyperOption) -> str:
    """What it means, what it may be, what it is by default, where else it is read from."""
    parts = [(parameter.help or "").strip()]
    choices = _choices(parameter)
    if choices:
        parts.append(f"One of {_joined(choices)}.")
    if parameter.show_default is True and _default(parameter.default):
        parts.append(f"[default:{_GLUE}{_default(parameter.default)}]")
    if parameter.envvar and parameter.show_envvar:
        names = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
        parts.append(f"[env:{_GLUE}{', '.join(names)}]")
    return " ".join(part for part in parts if part)


def _default(value: object) -> str:
    """A default as it would be typed; empty where there is nothing to say."""
    plain = getattr(value, "value", value)
    if isinstance(plain, float):
        return f"{plain:g}"
    return "" if isinstance(plain, bool) or not isinstance(plain, str | int) else str(plain)


def _joined(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]


def _bold(text: str) -> str:
    """Bold on a terminal; typer takes it out again elsewhere."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[1m{text}\033[0m"
