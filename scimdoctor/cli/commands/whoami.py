"""`scimdoctor whoami`: who is signed in, and what that allows."""

from __future__ import annotations

import typer

from scimdoctor.cli.options import Output, SignIn
from scimdoctor.cli.session import new_report, session_of


def whoami(ctx: typer.Context, sign_in: SignIn, output: Output) -> None:
    """Show who is signed in, the permissions granted, and which commands lack one.

    Examples:
      scimdoctor whoami
      scimdoctor whoami --auth managed-identity
    """
    from scimdoctor.graph.granted import describe_sign_in

    session = session_of(ctx, sign_in)
    claims = session.graph.claims()
    settings = session.settings
    status = describe_sign_in(
        claims, portal=settings.cloud.hosts.portal, method=settings.auth.value
    )
    session.emit(new_report(session, "whoami", status=status), output)
