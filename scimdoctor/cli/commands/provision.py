"""`scimdoctor provision`: Entra's provision-on-demand, and what to do when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimdoctor.cli.options import Output, SignIn, Yes
from scimdoctor.cli.session import new_report, required, session_of

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.graph.on_demand import OnDemand
    from scimdoctor.graph.synchronization import ProvisionOnDemandResult
    from scimdoctor.model.synchronization import SynchronizationSchema

Subject = Annotated[
    str,
    typer.Argument(
        metavar="USER|GROUP", help="User principal name, object id, or a group's display name."
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
Members = Annotated[
    list[str] | None,
    typer.Option(
        "--member",
        metavar="USER",
        help="A member to provision with the group; up to five.",
    ),
]
JobId = Annotated[
    str | None,
    typer.Option("--job-id", metavar="ID", help="Which job, where an app has several."),
]


def provision(
    ctx: typer.Context,
    sign_in: SignIn,
    output: Output,
    *,
    subject: Subject,
    app: AppOption = None,
    member: Members = None,
    job_id: JobId = None,
    yes: Yes = False,
) -> None:
    """Provision one user or group on demand; asks first, and diagnoses a failure.

    Examples:
      scimdoctor provision ada@contoso.com --app "My app"
      scimdoctor provision "Sales team" --app "My app" --member ada@contoso.com
    """
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.on_demand import plan_on_demand
    from scimdoctor.graph.synchronization import schema, the_job

    session = session_of(ctx, sign_in)
    name = required(app or session.settings.app, "the app", "give --app with its name or id")
    principal = find_app(session.graph, name, to_write=True)
    job = the_job(session.graph, principal, job_id)
    mapping = schema(session.graph, principal.id, job.id)
    plan = plan_on_demand(session.graph, (principal, job, mapping), subject, members=member or ())
    for warning in plan.warnings:
        session.progress.message(f"Note: {warning}.")
    session.confirm_or_stop(f"{plan.question} Go on?", yes=yes)
    with session.progress.task(f"Provisioning {plan.label}"):
        result = plan.carry_out(session.graph)
    target = {"app": principal.display_name, "object": plan.label, "result": result.result}
    sections = _sections(session, plan, mapping, result)
    session.emit(new_report(session, "provision", target=target, **sections), output)


def _sections(
    session: Session,
    plan: OnDemand,
    mapping: SynchronizationSchema,
    result: ProvisionOnDemandResult,
) -> dict[str, Any]:
    """The run's event in four stages, and a diagnosis unless it went well."""
    from scimdoctor.cli.left_out import with_scope_now
    from scimdoctor.diagnose.evidence import Evidence
    from scimdoctor.diagnose.groups import group_events
    from scimdoctor.diagnose.run import NO_EXCHANGE, diagnose
    from scimdoctor.entra.stages import stages
    from scimdoctor.graph.on_demand import record_of
    from scimdoctor.sources.record import read_record

    headline = f"{plan.kind} {plan.label}: {result.result}"
    said = f"{result.error_code or ''} {result.error_message or ''}".strip()
    if not result.event:
        shown = (f"{headline}. {said}".strip(), "Entra gave no steps for this run.")
        return {"notes": shown, "limits": ("the result holds no event: nothing was diagnosed",)}
    event = read_record(record_of(plan, result), "on-demand")
    counts, groups = group_events([event])
    now = session.now()
    evidence = Evidence(groups=groups, counts=counts, job=plan.job, schema=mapping, now=now)
    outcome = diagnose(with_scope_now(session, plan.app.id, evidence))
    return {
        "events": counts,
        "event_list": (event,),
        "diagnoses": outcome.diagnoses,
        "limits": tuple(limit for limit in outcome.limits if limit != NO_EXCHANGE),
        "notes": (headline, *stages(event), *outcome.notes),
    }
