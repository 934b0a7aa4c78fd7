"""Starting, pausing and restarting a job: what it costs, said before it is done.

Source: Graph API "synchronizationJob: start, pause, restart"; Entra "How provisioning works".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.synchronization import ResetScope, pause, restart, start
from scimdoctor.model.report import StatusVerdict

if TYPE_CHECKING:
    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import SynchronizationJob

_SCOPES = {
    "escrows": ResetScope.ESCROWS,
    "quarantine": ResetScope.QUARANTINE,
    "watermark": ResetScope.WATERMARK,
    "full": ResetScope.FULL,
    "force-deletes": ResetScope.FORCE_DELETES,
}
_PORTAL = (ResetScope.ESCROWS, ResetScope.QUARANTINE, ResetScope.WATERMARK)
_COSTS = {
    ResetScope.ESCROWS: "failed objects are tried again at once",
    ResetScope.QUARANTINE: "a quarantine and its counters are cleared",
    ResetScope.WATERMARK: "every object in scope is read and compared again, "
    "which takes as long as the first cycle did",
    ResetScope.FULL: "everything the job remembers is forgotten, and every object in scope is "
    "matched anew, which takes as long as the first cycle did",
    ResetScope.FORCE_DELETES: "deletions that the accidental-deletion threshold held back are "
    "carried out, so these people and groups are disabled or deleted in the app",
}


SCOPE_COSTS = {name: _COSTS[scope] for name, scope in _SCOPES.items()}
"""What each scope of a restart costs, by the name that a person types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAction:
    """One thing to do to a job."""

    verb: str
    """`start`, `pause`, `restart`."""

    scope: tuple[ResetScope, ...] = ()

    def question(self, app: ServicePrincipal, job: SynchronizationJob) -> str:
        """What will happen, for the person to agree to."""
        name = app.display_name or app.id
        if self.verb == "pause":
            return f"Pause provisioning of {name}: nobody is provisioned or disabled meanwhile."
        if self.verb == "start":
            return f"Start provisioning of {name}: Entra writes to the app again. {_people(job)}"
        costs = "; ".join(_COSTS[scope] for scope in self.scope)
        return f"Restart provisioning of {name}: {costs}. Entra writes to the app. {_people(job)}"

    def carry_out(self, graph: GraphClient, app: ServicePrincipal, job: SynchronizationJob) -> None:
        """Do it.

        Raises:
            GraphError: Graph refused.
        """
        if self.verb == "pause":
            pause(graph, app.id, job.id)
        elif self.verb == "start":
            start(graph, app.id, job.id)
        else:
            restart(graph, app.id, job.id, scope=self.scope)

    def outcome(self, app: ServicePrincipal) -> StatusVerdict:
        """What Graph accepted, and how to go on; how the job fares shows only later."""
        name = app.display_name or app.id
        if self.verb == "pause":
            headline, step = f"Paused {name}.", f"scimdoctor job start {app.id}"
        else:
            done = "Started" if self.verb == "start" else "Restarted"
            headline = f"{done} {name}. Entra begins within minutes, after any running cycle."
            step = f"scimdoctor status {app.id}"
        return StatusVerdict(health="accepted", headline=headline, next_steps=(step,))


def plan_action(verb: str, scope: str = "") -> JobAction:
    """Return the action for `verb`; `scope` is names joined by commas, empty for the portal's.

    Raises:
        ConfigurationError: a name in `scope` is unknown, or stands beside `full`.
    """
    names = [name.strip().casefold() for name in scope.split(",") if name.strip()]
    unknown = [name for name in names if name not in _SCOPES]
    if unknown:
        raise ConfigurationError(
            f"--scope {unknown[0]!r} is unknown.", hint=f"Choose from {', '.join(_SCOPES)}."
        )
    if verb != "restart":
        return JobAction(verb=verb)
    chosen = tuple(dict.fromkeys(_SCOPES[name] for name in names)) or _PORTAL
    if ResetScope.FULL in chosen and set(chosen) & set(_PORTAL):
        raise ConfigurationError(
            "--scope full forgets everything, so nothing else to forget goes with it.",
            hint="Give full alone or with force-deletes, or leave it out.",
        )
    return JobAction(verb=verb, scope=chosen)


def _people(job: SynchronizationJob) -> str:
    last = job.status.last_execution
    count = last.count_entitled_for_provisioning if last else None
    return f"{count} objects were in scope of the last cycle." if count else ""
