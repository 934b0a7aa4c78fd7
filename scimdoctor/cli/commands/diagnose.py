"""`scimdoctor diagnose`: from whatever there is to the root cause, with evidence and remedy."""

from __future__ import annotations

from typing import Annotated

import typer

from scimdoctor.cli.options import (
    EndpointOptions,
    EndpointUrl,
    OptionalApp,
    Output,
    SignIn,
    Sources,
    Window,
    Yes,
)
from scimdoctor.cli.session import session_of

Shadow = Annotated[
    bool,
    typer.Option(
        "--shadow",
        help="Allow writes to throwaway objects on the endpoint; asks first. Default: only reads.",
    ),
]
NoArchive = Annotated[
    bool, typer.Option("--no-archive", help="Keep nothing of what is pulled on this machine.")
]


def diagnose(
    ctx: typer.Context,
    sign_in: SignIn,
    sources: Sources,
    window: Window,
    options: EndpointOptions,
    output: Output,
    *,
    app: OptionalApp = None,
    endpoint: EndpointUrl = None,
    shadow: Shadow = False,
    yes: Yes = False,
    no_archive: NoArchive = False,
) -> None:
    """Name the root causes of failing provisioning, with evidence and what to do.

    Examples:
      scimdoctor diagnose "My app"
      scimdoctor diagnose "My app" --endpoint https://app.example.com/scim
      scimdoctor diagnose --from log.json --schema schema.json
      scimdoctor diagnose --from log.json -f html -o report.html
    """
    from scimdoctor.cli.diagnose_session import Diagnosing, run_diagnose

    session = session_of(ctx, sign_in)
    asked = Diagnosing(app=app, endpoint=endpoint, shadow=shadow, yes=yes, archive=not no_archive)
    report = run_diagnose(session, asked, sources, window, options=options)
    session.emit(report, output)
