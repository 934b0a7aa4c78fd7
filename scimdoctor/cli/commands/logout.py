"""`scimdoctor logout`: forget the saved sign-in."""

from __future__ import annotations

import typer

from scimdoctor.cli.options import SignIn
from scimdoctor.cli.session import session_of


def logout(ctx: typer.Context, sign_in: SignIn) -> None:
    """Forget the sign-in that is saved for this tenant and app registration.

    Examples:
      scimdoctor logout
    """
    from scimdoctor.graph.token_cache import forget

    session = session_of(ctx, sign_in)
    tenant = session.settings.tenant or "Microsoft"
    gone = forget(session.settings.sign_in)
    session.progress.message(
        f"Signed out of {tenant}; the saved sign-in is deleted."
        if gone
        else f"No sign-in to {tenant} was saved."
    )
