"""Puts the commands together and turns every ending into an exit status."""

from __future__ import annotations

import errno
import functools
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.commands import NAMES, registry
from scimdoctor.cli.completion import profile_names
from scimdoctor.cli.ending import stop_cleanly
from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.cli.help import HelpfulCommand, HelpfulGroup
from scimdoctor.cli.option_groups import flatten, words_of
from scimdoctor.errors import Declined, ScimDoctorError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_HELP = """Find out why Microsoft Entra ID provisioning over SCIM fails, whose fault it is, and
what fixes it.

Examples:
  scimdoctor demo
  scimdoctor diagnose --from provisioning-log.json
  scimdoctor diagnose "My app" --endpoint https://app.example.com/scim
  scimdoctor check-endpoint https://app.example.com/scim
"""
_EPILOG = (
    "Exit status: 0 nothing found · 1 problems found · 2 usage · 3 could not get the facts · "
    "130 interrupted. Results go to standard output, everything else to standard error."
)


def build_app(only: str | None = None, *, listed: bool = False) -> typer.Typer:
    """Make the typer application: with every command, or with the one called `only`.

    Where they are only `listed`, the commands have their words, and no options.
    """
    app = typer.Typer(
        name="scimdoctor",
        cls=HelpfulGroup,
        help=_HELP,
        epilog=_EPILOG,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    shape = words_of if listed else flatten
    for entry in registry(only):
        parent = app
        if entry.commands:
            parent = typer.Typer(cls=HelpfulGroup, help=entry.help, no_args_is_help=True)
            for name, command in entry.commands.items():
                parent.command(name, cls=HelpfulCommand)(guarded(shape(command)))
            app.add_typer(parent, name=entry.name, rich_help_panel=entry.panel)
            continue
        assert entry.command is not None  # noqa: S101 - an entry has one or the other
        made = app.command(entry.name, cls=HelpfulCommand, rich_help_panel=entry.panel)
        made(guarded(shape(entry.command)))
    return app


def _root(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="SCIMDOCTOR_CONFIG",
            metavar="FILE",
            help="Settings file. Default: config.toml in the platform's configuration folder.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_PROFILE",
            metavar="NAME",
            help="Profile in the settings file.",
            autocompletion=profile_names,
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Say every request on standard error, and a traceback for a fault of ours.",
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only the result and errors.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from scimdoctor import __version__

        typer.echo(f"scimdoctor {__version__}")
        raise typer.Exit
    if ctx.obj is None:
        from scimdoctor.cli.session import Session

        given = _typed(ctx, {"config": config, "profile": profile})
        ctx.obj = Session(
            config_path=config, profile=profile, verbose=verbose, quiet=quiet, typed=given
        )
    ctx.call_on_close(ctx.obj.resources.close)
    if ctx.invoked_subcommand is None:
        guarded(_greet)(ctx)


def _typed(ctx: typer.Context, values: Mapping[str, object]) -> tuple[str, ...]:
    """The options that stand on the command line; what is in the environment stays there."""
    sources = ((name, value, ctx.get_parameter_source(name)) for name, value in values.items())
    given = ((n, v) for n, v, source in sources if source and source.name == "COMMANDLINE")
    return tuple(word for name, value in given for word in (f"--{name}", str(value)))


def _greet(ctx: typer.Context) -> None:
    from scimdoctor.cli.greeting import greet

    greet(ctx.obj)


@contextmanager
def _told_of_ctrl_c() -> Iterator[None]:
    """DuckDB says in a plain `RuntimeError` that Ctrl-C came while it was at work."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with its errors turned into a message and an exit status."""

    @functools.wraps(command)
    def wrapper(*args: object, **kwargs: object) -> None:
        try:
            with _told_of_ctrl_c():
                command(*args, **kwargs)
        except Declined as answer:
            sys.stderr.write(f"{answer.message}\n")
            raise typer.Exit(answer.exit_status) from None
        except ScimDoctorError as error:
            _say(error)
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            sys.stderr.write("\ninterrupted\n")
            raise typer.Exit(ExitStatus.INTERRUPTED) from None
        except BrokenPipeError:
            _silence_stdout()
            raise typer.Exit(ExitStatus.BROKEN_PIPE) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _silence_stdout()
            _say(SourceError(f"the result could not be written: {error.strerror}"))
            raise typer.Exit(ExitStatus.FAILED) from None

    return wrapper


def _say(error: ScimDoctorError) -> None:
    from scimdoctor.cli.console import print_error

    print_error(error.message, error.hint)


def _silence_stdout() -> None:
    # The reader has gone: keep the interpreter from complaining when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(arguments: list[str]) -> int:
    """Run one command line; return the exit status. A fault of ours is said in one line."""
    _open_streams()
    stop_cleanly()
    try:
        app = build_app(_first_command(arguments), listed=_asks_for_the_list(arguments))
        app(args=arguments, prog_name="scimdoctor")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except Exception as fault:  # noqa: BLE001 - the last resort: no user sees a bare traceback
        return _report_fault(fault, verbose="-v" in arguments or "--verbose" in arguments)
    return ExitStatus.OK


def _open_streams() -> None:
    """Give closed standard streams somewhere to go, so that nothing fails over them later."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _first_command(arguments: list[str]) -> str | None:
    """The command that is called, if that is certain at a glance: only plain flags before it."""
    first = next((one for one in arguments if one not in _FLAGS), "")
    return first if first in {name for name, _ in NAMES} else None


def _asks_for_the_list(arguments: list[str]) -> bool:
    """Say whether nothing but the program's own help is asked for."""
    asked = [one for one in arguments if one not in _FLAGS]
    return bool(asked) and all(one in {"-h", "--help"} for one in asked)


_FLAGS = {"-q", "--quiet", "-v", "--verbose"}
"""Options of the program itself that take no value."""


def _report_fault(fault: Exception, *, verbose: bool) -> int:
    from scimdoctor.cli.console import print_error
    from scimdoctor.redaction import redact_text

    if verbose:
        import traceback

        sys.stderr.write(redact_text("".join(traceback.format_exception(fault))))
    print_error(
        f"a fault in scimdoctor itself: {type(fault).__name__}: {redact_text(str(fault))}",
        "run again with -v before the command, and send what it prints to the developers",
    )
    return ExitStatus.FAILED
