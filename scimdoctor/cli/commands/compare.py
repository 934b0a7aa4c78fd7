"""`scimdoctor compare`: what Entra's mapping produces beside what the app holds."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scimdoctor.cli.options import EndpointOptions, EndpointUrl, Output, SignIn
from scimdoctor.cli.session import new_report, required, session_of

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.compare.one import BothEnds
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.model.report import Report


class ScopeChoice(StrEnum):
    """Whom the job provisions, as the portal's *Scope* says."""

    ASSIGNED = "assigned"
    ALL = "all"


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
        help="Compare all people and groups that the job provisions with all that the app has. "
        "People who are active and should not be come first.",
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
Scope = Annotated[
    ScopeChoice | None,
    typer.Option(
        "--scope",
        case_sensitive=False,
        metavar="SCOPE",
        help="Whom the job provisions: assigned or all. Default: what the job says, else assigned.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="With --all: go on with the comparison that was cut short, within 7 days.",
    ),
]
AllAttributes = Annotated[
    bool,
    typer.Option(
        "--all-attributes", help="In the table, also show the attributes that need no look."
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
    scope: Scope = None,
    resume: Resume = False,
    all_attributes: AllAttributes = False,
    app: AppOption = None,
    endpoint: EndpointUrl = None,
    schema: SchemaFile = None,
) -> None:
    """Compare one user or group, or all of them, attribute by attribute: Entra, mapping, app.

    Reads on both sides, writes on neither. A comparison of all that was cut short is gone on with
    by --all --resume.

    Examples:
      scimdoctor compare ada@contoso.com --app "My app" --endpoint URL
      scimdoctor compare --all --app "My app" --endpoint URL -f html -o all.html
    """
    from scimdoctor.compare.one import compare_one

    session = session_of(ctx, sign_in)
    if everyone == bool(subject):
        raise typer.BadParameter("give either a user or group, or --all")
    if resume and not everyone:
        raise typer.BadParameter("--resume goes with --all")
    ends = _ends(session, (app, endpoint, schema), endpoint_options, scope)
    target = {"app": ends.app.display_name, "endpoint": ends.endpoint.base_url}
    if subject:
        sections = {
            "comparisons": (compare_one(ends, subject),),
            "exchanges": ends.endpoint.exchanges,
        }
    else:
        found = _everyone(session, ends, resume=resume)
        target |= {"compared": found.extent}
        sections = {
            "comparisons": found.in_order(),
            "notes": found.notes(),
            "limits": tuple(found.limits),
        }
    report = new_report(session, "compare", target=target, **sections)
    session.emit(_shown(report, output, whole=all_attributes), output)


def _shown(report: Report, output: Output, *, whole: bool) -> Report:
    """Leave out of the table what needs no look; the other formats are complete."""
    from scimdoctor.reports import Format
    from scimdoctor.reports.differences import only_differences

    return report if whole or output.format is not Format.TABLE else only_differences(report)


def _everyone(session: Session, ends: BothEnds, *, resume: bool) -> EveryoneCompared:
    """Compare everybody; what was done is kept on disk until the end is reached."""
    import hashlib

    from scimdoctor.cli.endpoint_session import journal_of
    from scimdoctor.compare.everyone import Keeping, compare_everyone
    from scimdoctor.compare.object_index import forget_old

    which = hashlib.sha256(f"{ends.app.id} {ends.endpoint.base_url}".encode()).hexdigest()
    path = journal_of(session).path.parent / "compare" / f"{which[:16]}.sqlite"
    forget_old(path.parent, now=session.now())
    keeping = Keeping(path=path, resume=resume)
    return compare_everyone(ends, progress=session.progress, keeping=keeping)


def _ends(
    session: Session,
    wanted: tuple[str | None, str | None, Path | None],
    options: EndpointOptions,
    scope: ScopeChoice | None,
) -> BothEnds:
    from scimdoctor.compare.one import BothEnds
    from scimdoctor.graph.job_scope import JobScope, job_scope
    from scimdoctor.graph.mapping_source import app_schema

    app, url, saved = wanted
    name = required(app or session.settings.app, "the app", "give --app with its name or id")
    address = required(
        url or session.settings.endpoint, "the endpoint", "give --endpoint with the tenant URL"
    )
    principal, schema = app_schema(session.graph, name, saved=saved)
    endpoint = session.endpoint(address, options)
    return BothEnds(
        graph=session.graph,
        app=principal,
        schema=schema,
        endpoint=endpoint,
        scope=job_scope(session.graph, principal.id)
        if scope is None
        else JobScope(everybody=scope is ScopeChoice.ALL),
    )
