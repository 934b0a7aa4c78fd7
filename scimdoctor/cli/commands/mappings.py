"""`scimdoctor mappings`: the attribute mapping as a table, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.options import EndpointOptions, EndpointUrl, OptionalApp, Output, SignIn
from scimdoctor.cli.session import new_report, required, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.cli.session import Session
    from scimdoctor.model.synchronization import SynchronizationSchema

SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="Saved synchronization schema (portal or Graph JSON) instead of asking the tenant.",
    ),
]
JobId = Annotated[
    str | None,
    typer.Option("--job-id", metavar="ID", help="Which job, where an app has several."),
]
Diff = Annotated[
    Path | None,
    typer.Option("--diff", metavar="FILE", help="Say what changed since this saved schema."),
]
Export = Annotated[
    Path | None,
    typer.Option(
        "--export", metavar="FILE", help="Save the schema as JSON, for --schema and --diff."
    ),
]


def mappings(
    ctx: typer.Context,
    sign_in: SignIn,
    endpoint_options: EndpointOptions,
    output: Output,
    *,
    app: OptionalApp = None,
    schema: SchemaFile = None,
    endpoint: EndpointUrl = None,
    diff: Diff = None,
    export: Export = None,
    job_id: JobId = None,
) -> None:
    """Show the attribute mapping and judge it: matching, types, expressions, missing attributes.

    Examples:
      scimdoctor mappings "My app"
      scimdoctor mappings --schema schema.json
      scimdoctor mappings --schema schema.json --diff before.json
      scimdoctor mappings "My app" --export schema.json
    """
    from scimdoctor.entra.mapping_diff import change_findings, diff_schemas
    from scimdoctor.entra.mapping_lint import review
    from scimdoctor.graph.saved import load_schema, save_schema

    session = session_of(ctx, sign_in)
    target, found = _schema(session, app, schema, job_id=job_id)
    paths = _known_paths(session, endpoint, endpoint_options)
    judged = review(found, known_paths=paths)
    changes = change_findings(diff_schemas(load_schema(diff), found)) if diff else ()
    if export is not None:
        save_schema(found, export)
    unchanged = (f"Nothing changed since {diff}.",) if diff and not changes else ()
    report = new_report(
        session,
        "mappings",
        target=target,
        mappings=judged.rows,
        findings=(*changes, *judged.findings),
        notes=(*unchanged, *_scopes(found), *judged.notes),
        limits=judged.limits,
    )
    session.emit(report, output)


def _scopes(schema: SynchronizationSchema) -> Iterator[str]:
    """The scoping filters: whom they leave out is not provisioned, whatever is mapped."""
    from scimdoctor.entra.scope_filter import scope_text

    for mapping in schema.object_mappings:
        text = scope_text(mapping.scope)
        if text:
            yield f"{mapping.source_object_name} scoping filter: only where {text}"


def _schema(
    session: Session, app: str | None, saved: Path | None, *, job_id: str | None
) -> tuple[dict[str, str], SynchronizationSchema]:
    from scimdoctor.graph.mapping_source import app_schema
    from scimdoctor.graph.saved import load_schema

    if saved is not None:
        return {"source": str(saved)}, load_schema(saved)
    name = required(app or session.settings.app, "the app", "give its name or id, or --schema")
    principal, found = app_schema(session.graph, name, job_id=job_id)
    return {"app": principal.display_name, "service_principal": principal.id}, found


def _known_paths(
    session: Session, url: str | None, options: EndpointOptions
) -> tuple[str, ...] | None:
    """What the endpoint's /Schemas has; `None` without an endpoint or a usable answer."""
    from scimdoctor.entra import requests
    from scimdoctor.entra.object_lint import schema_paths

    if url is None:
        return None
    exchange = session.endpoint(url, options).send(requests.get("/Schemas"))
    paths = schema_paths(exchange.json) if exchange.ok else ()
    if not paths:
        session.progress.message("The endpoint gave no usable /Schemas; targets are not compared.")
    return paths or None
