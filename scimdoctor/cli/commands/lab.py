"""The `lab` command."""

from __future__ import annotations

from typing import Annotated

import typer

from scimdoctor.cli.completion import fault_ids
from scimdoctor.cli.session import Session, session_of


def lab(
    ctx: typer.Context,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="ID",
            autocompletion=fault_ids,
            help="Break the first app's SCIM endpoint in this way.",
        ),
    ] = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="List every fault and exit.")
    ] = False,
) -> None:
    """Run the embedded Graph, sign-in authority and SCIM endpoints until Ctrl-C.

    Everything is on this machine's loopback address, with invented people. The variables that are
    printed point scimdoctor at it from another terminal.

    Examples:
      scimdoctor lab --fault boolean-text-refused
      scimdoctor lab --list-faults
    """
    if list_faults:
        _list()
        return
    _serve(session_of(ctx), tuple(fault or ()))


def _list() -> None:
    from scimdoctor.lab.scim.faults import FAULTS

    width = max((len(fault.id) for fault in FAULTS), default=0)
    for fault in FAULTS:
        typer.echo(f"{fault.id:<{width}}  {fault.title} [{fault.cause}]")


def _serve(session: Session, faults: tuple[str, ...]) -> None:
    from scimdoctor.cli.ending import asked
    from scimdoctor.lab.running import running_lab
    from scimdoctor.lab.scim.token_endpoint import CLIENT_ID, CLIENT_SECRET, PATH

    with running_lab(faults, progress=session.progress) as lab_:
        for name, value in lab_.environment.items():
            typer.echo(f"export {name}={value}")
        for app in (lab_.travel, lab_.hr):
            typer.echo(f"# {app.name}: {app.tenant_url} ({len(app.events)} events)")
        token_url = f"{lab_.travel.tenant_url.removesuffix('/scim')}{PATH}"
        typer.echo(
            f"# {lab_.travel.name} with OAuth: --endpoint-auth oauth --oauth-token-url {token_url} "
            f"--oauth-client-id {CLIENT_ID}, and SCIMDOCTOR_OAUTH_CLIENT_SECRET={CLIENT_SECRET}"
        )
        session.progress.message(
            f"Running. In another terminal: paste the lines above, then scimdoctor diagnose "
            f'"{lab_.travel.name}" --endpoint {lab_.travel.tenant_url}. Ctrl-C stops the lab.'
        )
        while not asked:
            session.sleep(1)
        raise KeyboardInterrupt
