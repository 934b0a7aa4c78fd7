"""`scimdoctor demo`: the whole story, without a tenant."""

from __future__ import annotations

import typer

from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.cli.session import session_of


def demo(ctx: typer.Context) -> None:
    """See it work: an embedded tenant with faults, and the commands that find them.

    Needs no tenant, no account and no network, and takes a few seconds. Ends with status 0 when
    exactly the seeded faults were named, with 1 otherwise.

    Examples:
      scimdoctor demo
    """
    from rich.console import Console

    from scimdoctor.cli.demo import Step, score, steps
    from scimdoctor.cli.demo_page import DemoPage

    session = session_of(ctx)
    began = session.monotonic()
    page = DemoPage(Console(highlight=False))
    done: list[Step] = []
    for part in steps(session, _run):
        if not isinstance(part, Step):
            page.opening(part)
            continue
        page.step(part)
        done.append(part)
    result = score(done)
    page.closing(result, session.monotonic() - began)
    raise typer.Exit(ExitStatus.OK if result.right else ExitStatus.PROBLEMS)


def _run(session: object, command: tuple[str, ...]) -> None:
    from scimdoctor.cli.app import build_app

    build_app(command[0])(args=list(command), obj=session, standalone_mode=False)
