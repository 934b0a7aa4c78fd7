"""The `check-endpoint` command: is this SCIM endpoint fit for Entra?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scimdoctor.cli.completion import check_ids
from scimdoctor.cli.options import EndpointOptions, Output, SignIn, Yes
from scimdoctor.cli.session import session_of
from scimdoctor.errors import Interrupted


class DialectChoice(StrEnum):
    """Which of Entra's dialects to test."""

    DEFAULT = "default"
    COMPLIANT = "compliant"
    BOTH = "both"


Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL",
        envvar="SCIMDOCTOR_ENDPOINT",
        help="Tenant URL as typed in Entra.",
        show_default=False,
    ),
]
AppOption = Annotated[
    str | None,
    typer.Option("--app", metavar="APP", help="Enterprise app whose attribute mapping is tested."),
]
Schema = Annotated[
    Path | None,
    typer.Option(
        "--schema", metavar="FILE", help="Saved attribute mapping (portal or Graph JSON)."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CHECK",
        help="Only this check or family, and what it needs.",
        autocompletion=check_ids,
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CHECK",
        help="Not this check or family.",
        autocompletion=check_ids,
    ),
]
DialectOption = Annotated[
    DialectChoice | None,
    typer.Option(
        "--dialect",
        case_sensitive=False,
        help="Entra's spelling of PATCH. Default: both; compliant if the URL has aadOptscim062020.",
    ),
]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Send nothing but GETs.")]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=1, help="Longest time for the whole run.")
]
Concurrency = Annotated[
    int,
    typer.Option(
        min=1,
        max=32,
        help="Reads, deletions and parallel tests at the same time: 1 to 32; 1 sends one by one.",
    ),
]
Domain = Annotated[
    str, typer.Option(metavar="NAME", help="Mail domain of the test users' names and addresses.")
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="Make the generated values repeatable.")
]
Load = Annotated[
    bool,
    typer.Option(
        "--load", help="Also send 25 requests a second for ten seconds, and writes in crowds."
    ),
]
Rfc = Annotated[
    bool, typer.Option("--rfc", help="Also run scim2-tester's checks of the RFC (an extra).")
]


def check_endpoint(
    ctx: typer.Context,
    sign_in: SignIn,
    endpoint_options: EndpointOptions,
    output: Output,
    *,
    url: Url = None,
    app: AppOption = None,
    schema: Schema = None,
    only: Only = None,
    skip: Skip = None,
    dialect: DialectOption = None,
    read_only: ReadOnly = False,
    timeout: Timeout = 300.0,
    concurrency: Concurrency = 4,
    domain: Domain = "example.com",
    seed: Seed = None,
    load: Load = False,
    rfc: Rfc = False,
    yes: Yes = False,
) -> None:
    """Test a SCIM endpoint as Entra will use it, on test users and groups of its own.

    Everything that is created is removed afterwards, also after Ctrl-C.

    Examples:
      scimdoctor check-endpoint https://app.example.com/scim
      scimdoctor check-endpoint https://app.example.com/scim --only groups
      scimdoctor check-endpoint https://app.example.com/scim --read-only
      scimdoctor check-endpoint http://localhost:8080/scim -f junit -o scim.xml
    """
    from scimdoctor.checks import CheckOptions
    from scimdoctor.cli.check_session import Checking, left_behind, run_check

    session = session_of(ctx, sign_in)
    options = CheckOptions(
        read_only=read_only,
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        timeout=timeout,
        concurrency=concurrency,
        domain=domain,
        seed=seed,
        load=load,
        rfc=rfc,
    )
    chosen = dialect.value if dialect else None
    asked = Checking(url=url, app=app, schema=schema, dialect=chosen, options=options, yes=yes)
    try:
        checked = run_check(session, asked, endpoint_options)
        if not checked.interrupted:
            return session.emit(checked.report, output)
        session.write(checked.report, output)
    except KeyboardInterrupt:
        raise Interrupted(left_behind(session, asked)) from None
    raise Interrupted(checked.interrupted)
