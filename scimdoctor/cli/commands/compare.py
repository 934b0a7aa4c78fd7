"""`scimdoctor compare`: what Entra's mapping produces beside what the app holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.options import EndpointOptions, EndpointUrl, Output, SignIn
from scimdoctor.cli.session import new_report, required, session_of

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.compare.one import BothEnds

Subject = Annotated[
    str | None,
    typer.Argument(
        metavar="USER|GROUP",
        help="User principal name, object id, group name, or the app's id or externalId.",
        show_default=False,
    ),
]
Everyone = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Compare all assigned people with all users of the app. People who are active and "
        "should not be come first.",
    ),
]
AppOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        envvar="SCIMDOCTOR_APP",
        metavar="APP",
        help="Enterprise app: object id, application (client) id, or display name.",
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema", metavar="FILE", help="Saved schema instead of the one that the job has now."
    ),
]


def compare(
    ctx: typer.Context,
    sign_in: SignIn,
    endpoint_options: EndpointOptions,
    output: Output,
    *,
    subject: Subject = None,
    everyone: Everyone = False,
    app: AppOption = None,
    endpoint: EndpointUrl = None,
    schema: SchemaFile = None,
) -> None:
    """Compare one user or group, or everybody, attribute by attribute: Entra, mapping, app.

    Reads on both sides, writes on neither.

    Examples:
      scimdoctor compare ada@contoso.com --app "My app" --endpoint URL
      scimdoctor compare --all --app "My app" --endpoint URL -f html -o all.html
    """
    from scimdoctor.compare.everyone import compare_everyone
    from scimdoctor.compare.one import compare_one

    session = session_of(ctx, sign_in)
    if everyone == bool(subject):
        raise typer.BadParameter("give either a user or group, or --all")
    ends = _ends(session, (app, endpoint, schema), endpoint_options)
    target = {"app": ends.app.display_name, "endpoint": ends.endpoint.base_url}
    if subject:
        sections = {
            "comparisons": (compare_one(ends, subject),),
            "exchanges": ends.endpoint.exchanges,
        }
    else:
        found = compare_everyone(ends, progress=session.progress)
        sections = {
            "comparisons": found.in_order(),
            "notes": found.notes(),
            "limits": tuple(found.limits),
        }
    session.emit(new_report(session, "compare", target=target, **sections), output)


def _ends(
    session: Session,
    wanted: tuple[str | None, str | None, Path | None],
    options: EndpointOptions,
) -> BothEnds:
    from scimdoctor.compare.one import BothEnds
    from scimdoctor.graph.mapping_source import app_schema

    app, url, saved = wanted
    name = required(app or session.settings.app, "the app", "give --app with its name or id")
    address = required(
        url or session.settings.endpoint, "the endpoint", "give --endpoint with the tenant URL"
    )
    principal, schema = app_schema(session.graph, name, saved=saved)
    endpoint = session.endpoint(address, options)
    return BothEnds(graph=session.graph, app=principal, schema=schema, endpoint=endpoint)
