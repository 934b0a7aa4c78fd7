"""Start, pause or restart a provisioning job."""

from __future__ import annotations

from typing import Annotated

import typer

from scimdoctor.cli.completion import restart_scopes
from scimdoctor.cli.options import App, Output, SignIn, Yes
from scimdoctor.cli.session import new_report, session_of

JobId = Annotated[
    str | None,
    typer.Option("--job-id", metavar="ID", help="Which job, where an app has several."),
]
Scope = Annotated[
    str,
    typer.Option(
        "--scope",
        metavar="NAMES",
        help="What the job forgets: escrows, quarantine, watermark (joined by commas), or full; "
        "force-deletes lets through the deletions that the accidental-deletion threshold held back. "
        "Default: escrows,quarantine,watermark, as the portal's button.",
        show_default=False,
        autocompletion=restart_scopes,
    ),
]


def start(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    app: App,
    job_id: JobId = None,
    yes: Yes = False,
) -> None:
    """Start or resume the job; a quarantine is cleared.

    Examples:
      scimdoctor job start "My app"
    """
    _act(ctx, sign_in, output, (app, job_id, "start", ""), yes=yes)


def pause(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    app: App,
    job_id: JobId = None,
    yes: Yes = False,
) -> None:
    """Pause the job; changes gather until it is started again.

    Examples:
      scimdoctor job pause "My app"
    """
    _act(ctx, sign_in, output, (app, job_id, "pause", ""), yes=yes)


def restart(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    app: App,
    scope: Scope = "",
    job_id: JobId = None,
    yes: Yes = False,
) -> None:
    """Restart the job, so that what failed is tried again at once.

    Examples:
      scimdoctor job restart "My app"
      scimdoctor job restart "My app" --scope escrows --yes
    """
    _act(ctx, sign_in, output, (app, job_id, "restart", scope), yes=yes)


COMMANDS = {"start": start, "pause": pause, "restart": restart}


def _act(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    wish: tuple[str, str | None, str, str],
    *,
    yes: bool,
) -> None:
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.job_action import plan_action
    from scimdoctor.graph.synchronization import the_job

    app, job_id, verb, scope = wish
    action = plan_action(verb, scope)
    session = session_of(ctx, sign_in)
    principal = find_app(session.graph, app, to_write=True)
    job = the_job(session.graph, principal, job_id)
    question = f"{action.question(principal, job).rstrip()} Go on?"
    session.confirm_or_stop(question, yes=yes)
    action.carry_out(session.graph, principal, job)
    target = {"app": principal.display_name, "job": job.id}
    outcome = action.outcome(principal)
    report = new_report(session, f"job {verb}", target=target, status=outcome)
    session.emit(report, output)
