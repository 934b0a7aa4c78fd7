"""Options that several commands share, as dataclasses that a command takes as one parameter.

A command says `sign_in: SignIn, output: Output`; `flatten` turns each field into an option of the
command that typer sees, and hands the command the filled dataclass.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Say every request on standard error, and a traceback for a fault of ours.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the result and errors.")]
Config = Annotated[Path | None, typer.Option("--config", hidden=True)]
Profile = Annotated[str | None, typer.Option("--profile", hidden=True)]

_ANYWHERE: dict[str, tuple[str, Any, object]] = {
    "verbose": ("verbose", Verbose, False),
    "quiet": ("quiet", Quiet, False),
    "config": ("config_path", Config, None),
    "profile": ("profile", Profile, None),
}
"""What belongs before the command, but is as often typed behind it: the session's field, the
option, and its default."""


def flatten(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with every dataclass parameter replaced by its fields as options.

    A command that takes the context also gets what belongs before the command (`-v`, `-q`,
    `--config`, `--profile`).

    Raises:
        TypeError: two groups of one command have a field of the same name.
    """
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups: dict[str, Any] = {n: kind for n, kind in hints.items() if is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            parameters += _field_parameters(groups[name])
        else:
            keyword = parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            parameters.append(keyword)
    anywhere = _ANYWHERE if "ctx" in hints else {}
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (_, kind, default) in anywhere.items()
    ]

    @functools.wraps(command)
    def wrapper(**values: Any) -> None:  # noqa: ANN401 - whatever the options hold
        filled = {
            name: kind(**{f.name: values.pop(f.name) for f in fields(kind)})
            for name, kind in groups.items()
        }
        for name, (attribute, _, _) in anywhere.items():
            given = values.pop(name)
            if given and values["ctx"].obj is not None:
                setattr(values["ctx"].obj, attribute, given)
        command(**values, **filled)

    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def words_of(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the words of `command` and no options, for a list of commands.

    To make the options of every command takes longer than all the rest of `--help`.
    """

    def listed() -> None:
        """Nobody runs this."""

    listed.__doc__ = command.__doc__
    return listed


def _field_parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def _default(field: Field[Any]) -> Any:  # noqa: ANN401 - whatever the option's type is
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty
