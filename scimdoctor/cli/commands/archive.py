"""The local archive of pulled events: list, prune, export, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.options import Output, Yes
from scimdoctor.cli.session import new_report, session_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Age = Annotated[
    str,
    typer.Option(
        "--older-than",
        metavar="AGE|TIME",
        help="Remove whole days before this: '90d', or an ISO 8601 time.",
    ),
]
AppName = Annotated[
    str | None,
    typer.Option("--app", metavar="APP", help="Only this app, by id or name. Default: all."),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant",
        envvar="SCIMDOCTOR_TENANT",
        metavar="ID",
        help="Whose archive, where there are several.",
    ),
]
Target = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to FILE. Default: standard output.",
    ),
]


def list_(ctx: typer.Context, output: Output) -> None:
    """List what the archive holds: apps, days, events and size by tenant.

    Examples:
      scimdoctor archive list
    """
    from scimdoctor.cli.archive_report import listing
    from scimdoctor.sources.archive import archives

    session = session_of(ctx)
    root = session.archive_root
    verdict = listing(root, archives(root))
    session.emit(new_report(session, "archive list", status=verdict), output)


def prune(ctx: typer.Context, output: Output, *, older_than: Age, yes: Yes = False) -> None:
    """Remove old days from the archive for good.

    Events without a time are as old as the pull that brought them.

    Examples:
      scimdoctor archive prune --older-than 90d
    """
    from scimdoctor.cli.archive_report import pruned
    from scimdoctor.cli.event_source import moment_of, required_moment
    from scimdoctor.reports.verdict import counted
    from scimdoctor.sources.archive import archives

    session = session_of(ctx)
    before = required_moment(moment_of(older_than, session.now(), "--older-than"), "--older-than")
    found = archives(session.archive_root)
    session.confirm_or_stop(
        f"Remove the events before {before:%Y-%m-%d} of {counted(len(found), 'tenant')}?", yes=yes
    )
    verdict = pruned(found, before.date(), session.progress)
    session.emit(new_report(session, "archive prune", status=verdict), output)


def export(
    ctx: typer.Context, *, app: AppName = None, tenant: Tenant = None, output: Target = None
) -> None:
    """Write the archived records as JSON Lines, which --from reads again.

    Examples:
      scimdoctor archive export -o events.jsonl
      scimdoctor archive export --app "My app" -o events.jsonl
    """
    from dataclasses import replace

    from scimdoctor.cli.archive_report import export_to
    from scimdoctor.cli.event_source import the_archive

    session = session_of(ctx)
    chosen = {**session.overrides, **({"tenant": tenant} if tenant else {})}
    archive = the_archive(replace(session, overrides=chosen))
    count = export_to(archive, output, app, session.progress)
    if not session.quiet:
        session.progress.message(f"{count} events written")


def verify(ctx: typer.Context, output: Output) -> None:
    """Check every file of the archive against its checksum.

    Examples:
      scimdoctor archive verify
    """
    from scimdoctor.cli.archive_report import verified
    from scimdoctor.sources.archive import archives

    session = session_of(ctx)
    verdict = verified(archives(session.archive_root), session.progress)
    session.emit(new_report(session, "archive verify", status=verdict), output)


COMMANDS: Mapping[str, Callable[..., None]] = {
    "list": list_,
    "prune": prune,
    "export": export,
    "verify": verify,
}
