"""`scimdoctor login`: sign in to Microsoft, and show what the sign-in allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from scimdoctor.cli.options import Output, SignIn
from scimdoctor.cli.session import new_report, session_of
from scimdoctor.graph.sign_in import AuthMethod

DeviceCode = Annotated[
    bool,
    typer.Option(
        "--device-code",
        help="Show a code to enter in a browser elsewhere; the same as --auth device-code.",
    ),
]


def login(
    ctx: typer.Context, sign_in: SignIn, output: Output, *, device_code: DeviceCode = False
) -> None:
    """Sign in to Microsoft with a browser, a device code, or as an app.

    Examples:
      scimdoctor login --tenant contoso.com --client-id GUID
      scimdoctor login --tenant contoso.com --client-id GUID --device-code
    """
    from scimdoctor.graph.granted import describe_sign_in
    from scimdoctor.graph.login import log_in

    if device_code:
        sign_in = replace(sign_in, auth=AuthMethod.DEVICE_CODE)
    session = session_of(ctx, sign_in)
    settings = session.settings
    # Heard even with --quiet: nobody could sign in without the code or the address.
    heard = replace(session, quiet=False).progress
    claims = log_in(settings.sign_in, ca_file=settings.ca_file, progress=heard)
    status = describe_sign_in(
        claims, portal=settings.cloud.hosts.portal, method=settings.auth.value
    )
    session.emit(new_report(session, "login", status=status), output)
