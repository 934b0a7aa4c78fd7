"""`scimdoctor status`: one job, read as a doctor would."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.options import OptionalApp, Output, SignIn
from scimdoctor.cli.session import new_report, required, session_of

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.model.report import Report

JobFile = Annotated[
    Path | None,
    typer.Option(
        "--job",
        metavar="FILE",
        help="Saved synchronization job (Graph JSON) instead of asking the tenant.",
    ),
]
JobId = Annotated[
    str | None,
    typer.Option("--job-id", metavar="ID", help="Which job, where an app has several."),
]

Watch = Annotated[
    bool, typer.Option("--watch", help="Show the job again every 30 seconds, until Ctrl-C.")
]
Interval = Annotated[
    float | None,
    typer.Option(
        "--interval", metavar="SECONDS", min=1, help="Watch the job, this long between looks."
    ),
]

INTERVAL = 30.0
"""Seconds between two looks at a watched job."""


def status(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    app: OptionalApp = None,
    job: JobFile = None,
    job_id: JobId = None,
    watch: Watch = False,
    interval: Interval = None,
) -> None:
    """Read one provisioning job: schedule, quarantine, escrows, last runs, and what to do next.

    Examples:
      scimdoctor status "My app"
      scimdoctor status "My app" --watch --interval 10
      scimdoctor status --job job.json
    """
    from scimdoctor.cli.watch import watch as watch_report

    session = session_of(ctx, sign_in)
    make = partial(_read, session, app=app, job=job, job_id=job_id)
    if watch or interval:
        watch_report(session, make, output, seconds=interval or INTERVAL)
    session.emit(make(), output)


def _read(session: Session, *, app: str | None, job: Path | None, job_id: str | None) -> Report:
    """Read the job and judge it."""
    from scimdoctor.diagnose.remedies import Known, filled
    from scimdoctor.entra.job_health import read_job
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.saved import load_job
    from scimdoctor.graph.synchronization import the_job

    if job is not None:
        target, found = {"source": str(job)}, load_job(job)
    else:
        name = required(app or session.settings.app, "the app", "give its name or id, or --job")
        principal = find_app(session.graph, name)
        target = {"app": principal.display_name, "service_principal": principal.id}
        found = the_job(session.graph, principal, job_id)
    known = Known(
        app=target.get("service_principal"),
        url=session.settings.endpoint,
        program=session.typed,
    )
    verdict = read_job(found, now=session.now())
    steps = tuple(filled(step, known) for step in verdict.next_steps)
    verdict = replace(verdict, next_steps=steps)
    return new_report(session, "status", target=target, job=found, status=verdict)
