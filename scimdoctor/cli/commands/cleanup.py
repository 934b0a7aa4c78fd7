"""`scimdoctor cleanup`: removes what an interrupted run left in an app."""

from __future__ import annotations

import typer

from scimdoctor.cli.options import CaFile, EndpointOptions, EndpointUrl, Output, SignIn, Yes
from scimdoctor.cli.session import session_of


def cleanup(
    ctx: typer.Context,
    endpoint_options: EndpointOptions,
    output: Output,
    *,
    endpoint: EndpointUrl = None,
    ca_file: CaFile = None,
    yes: Yes = False,
) -> None:
    """Remove test users and groups that an interrupted run left in an app.

    Without an endpoint, neither in --endpoint nor in the settings, it lists them and changes
    nothing.

    Examples:
      scimdoctor cleanup
      scimdoctor cleanup --endpoint https://app.example.com/scim
    """
    from scimdoctor.cli.cleanup_session import run_cleanup

    session = session_of(ctx, SignIn(ca_file=ca_file))
    report = run_cleanup(session, endpoint_options, endpoint_url=endpoint, yes=yes)
    session.emit(report, output)
