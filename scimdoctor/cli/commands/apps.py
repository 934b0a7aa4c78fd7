"""`scimdoctor apps`: which apps are provisioned, and how they are."""

from __future__ import annotations

from typing import Annotated

import typer

from scimdoctor.cli.options import Output, SignIn
from scimdoctor.cli.session import new_report, session_of

Prefix = Annotated[
    str,
    typer.Option(
        "--name",
        metavar="TEXT",
        help="Only apps whose name begins with TEXT; much faster in a large tenant.",
        show_default=False,
    ),
]

Failures = Annotated[
    bool,
    typer.Option(
        "--failures",
        help="Also show each app's failures per hour of the last 24 hours; pulls the log first.",
    ),
]
NoArchive = Annotated[
    bool, typer.Option("--no-archive", help="Keep nothing of what is pulled on this machine.")
]


def apps(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    name: Prefix = "",
    failures: Failures = False,
    no_archive: NoArchive = False,
) -> None:
    """List the enterprise apps that have a provisioning job, with health at a glance.

    Examples:
      scimdoctor apps
      scimdoctor apps --name "Travel"
      scimdoctor apps -f csv -o apps.csv
    """
    from scimdoctor.cli.failure_rates import with_failures
    from scimdoctor.entra.job_health import read_job
    from scimdoctor.graph.app_health import apps_with_jobs

    session = session_of(ctx, sign_in)
    found = apps_with_jobs(
        session.graph,
        judge=lambda job: read_job(job, now=session.now()),
        prefix=name,
        progress=session.progress,
    )
    if failures:
        found = with_failures(session, found, archive=not no_archive)
    without = f"Enterprise apps without a provisioning job: {found.without_job}."
    notes = (without,) if found.without_job else ()
    report = new_report(session, "apps", apps=found.apps, notes=notes, limits=found.limits)
    session.emit(report, output)
