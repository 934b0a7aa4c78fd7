"""`scimdoctor logs`: provisioning events, newest first, or grouped into faults."""

from __future__ import annotations

from typing import Annotated

import typer

from scimdoctor.cli.options import OptionalApp, Output, SignIn, Window
from scimdoctor.cli.session import session_of

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Events: Graph or portal JSON, CSV, Azure Monitor export, Log Analytics rows; "
        "a folder, .zip, .gz or '-'. May be given several times.",
    ),
]
Grouped = Annotated[
    bool,
    typer.Option(
        "--summary", help="Group failures and skips into faults, with the likely cause of each."
    ),
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Go on showing events as they arrive, until Ctrl-C.")
]
Workspace = Annotated[
    str | None,
    typer.Option(
        envvar="SCIMDOCTOR_WORKSPACE",
        metavar="ID",
        help="Ask this Log Analytics workspace (its GUID) instead of Graph.",
    ),
]
NoArchive = Annotated[
    bool, typer.Option("--no-archive", help="Keep nothing of what is pulled on this machine.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Ask the local archive alone.")]


def logs(
    ctx: typer.Context,
    sign_in: SignIn,
    window: Window,
    output: Output,
    *,
    app: OptionalApp = None,
    from_: From = None,
    summary: Grouped = False,
    follow: Follow = False,
    workspace: Workspace = None,
    no_archive: NoArchive = False,
    offline: Offline = False,
) -> None:
    """Show provisioning events, newest first, from Graph, the archive or saved files.

    Examples:
      scimdoctor logs "My app" --status failure
      scimdoctor logs "My app" --since 7d --summary
      scimdoctor logs --from log.json --user ada@contoso.com
      scimdoctor logs "My app" --since 30d --offline -f csv -o log.csv
    """
    from scimdoctor.cli.event_source import Origin, open_wanted
    from scimdoctor.cli.follow import follow_log
    from scimdoctor.cli.log_report import event_report, summary_report
    from scimdoctor.cli.workspace import open_workspace, workspace_report

    session = session_of(ctx, sign_in)
    origin = Origin(app=app, files=from_ or (), archive=not no_archive, offline=offline)
    if follow:
        if workspace:
            session.progress.message("--follow asks Graph; the workspace is not asked")
        follow_log(session, origin, window, output=output)
        return
    workspace = None if from_ or offline else workspace or session.settings.workspace
    if workspace:
        with open_workspace(session, workspace) as asked:
            report = workspace_report(session, asked, origin, window=window, summary=summary)
    else:
        with open_wanted(session, origin, window) as opened:
            make = summary_report if summary else event_report
            report = make(session, opened, window)
    session.emit(report, output)
