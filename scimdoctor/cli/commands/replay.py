"""`scimdoctor replay`: the requests behind failing events, sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scimdoctor.cli.completion import cause_ids
from scimdoctor.cli.exit_status import ExitStatus
from scimdoctor.cli.options import (
    EndpointOptions,
    EndpointUrl,
    Output,
    SignIn,
    Sources,
    Window,
    Yes,
)
from scimdoctor.cli.session import session_of
from scimdoctor.model.replay import ReplayMode

Events = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="EVENT",
        help="Ids of events. Default: the newest failing event of each object and kind.",
        show_default=False,
    ),
]
AppOption = Annotated[
    str | None,
    typer.Option(
        "--app", envvar="SCIMDOCTOR_APP", metavar="APP", help="Enterprise app whose log is read."
    ),
]
Mode = Annotated[
    ReplayMode,
    typer.Option(
        case_sensitive=False,
        help="plan: send nothing, print the requests. read: only reads, the write is judged. "
        "shadow: everything, on throwaway copies. live: exactly what Entra sent, to the real "
        "object, with a rollback.",
    ),
]
Cause = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="Only events whose likely cause this is.",
        autocompletion=cause_ids,
    ),
]
SignatureId = Annotated[
    str | None,
    typer.Option("--signature", metavar="ID", help="Only events of this signature (logs -f json)."),
]
StopAfter = Annotated[
    int,
    typer.Option(min=1, help="Leave out further events of a kind after this many equal answers."),
]
SaveHar = Annotated[
    Path | None,
    typer.Option(
        "--save-har",
        metavar="FILE",
        help="Write every exchange to FILE as HAR; with --mode plan the rebuilt requests.",
    ),
]
Rollback = Annotated[
    Path | None,
    typer.Option("--rollback", metavar="FILE", help="Undo the live replay that wrote FILE."),
]


def replay(
    ctx: typer.Context,
    sign_in: SignIn,
    sources: Sources,
    window: Window,
    endpoint_options: EndpointOptions,
    output: Output,
    *,
    events: Events = None,
    app: AppOption = None,
    endpoint: EndpointUrl = None,
    mode: Mode = ReplayMode.READ,
    cause: Cause = None,
    signature: SignatureId = None,
    stop_after: StopAfter = 5,
    save_har: SaveHar = None,
    rollback: Rollback = None,
    yes: Yes = False,
) -> None:
    """Rebuild the SCIM requests behind failing events and send them to the app again.

    At most 50 events, unless --limit says otherwise; each object and kind of failure once. Ctrl-C
    reports what was replayed until then.

    Examples:
      scimdoctor replay --app "My app" --endpoint https://app.example.com/scim
      scimdoctor replay --from log.json --schema schema.json --mode plan
      scimdoctor replay EVENT --from log.json --endpoint URL --mode shadow
      scimdoctor replay --rollback rollback.json --endpoint URL
    """
    from scimdoctor.cli.replay_inputs import Wanted
    from scimdoctor.cli.replay_session import Replaying, refuse_names, run_replay, run_rollback

    refuse_names(save_har, output)
    session = session_of(ctx, sign_in)
    asked = Replaying(
        wanted=Wanted(ids=tuple(events or ()), app=app, cause=cause, signature=signature),
        mode=mode,
        endpoint=endpoint,
        limit=window.limit or 50,
        identical=stop_after,
        yes=yes,
        save_har=save_har,
    )
    if rollback is not None:
        session.emit(run_rollback(session, rollback, asked, options=endpoint_options), output)
        return
    outcome = run_replay(session, asked, sources, window, options=endpoint_options)
    if outcome.interrupted or outcome.unreached:
        session.write(outcome.report, output)
        raise KeyboardInterrupt if outcome.interrupted else typer.Exit(ExitStatus.FAILED)
    session.emit(outcome.report, output)
