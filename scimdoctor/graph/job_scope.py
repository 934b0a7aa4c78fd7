"""Whom a job provisions: the assigned ones, or everybody; and what becomes of those who leave.

Source: Graph `synchronization/secrets` (`SyncAll`, `SkipOutOfScopeDeletions`); Microsoft, "Skip
deletion of user accounts that go out of scope". Reading them asks for more than reading the job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.errors import GraphError
from scimdoctor.graph.synchronization import secrets

if TYPE_CHECKING:
    from scimdoctor.graph.client import GraphClient

_UNREAD = (
    "whether the job provisions everybody or only who is assigned could not be read ({reason}):"
    " only who is assigned is assumed; with Scope = 'Sync all users and groups' in the portal,"
    " give --scope all"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScope:
    """The job's own setting of its scope; scoping filters come on top."""

    everybody: bool = False
    """Portal: *Sync all users and groups*. Then assignment does not count."""

    keeps_leavers: bool = False
    """`SkipOutOfScopeDeletions`: who leaves the scope is neither disabled nor deleted."""

    limits: tuple[str, ...] = ()


def job_scope(graph: GraphClient, service_principal_id: str) -> JobScope:
    """Read the scope; the default, *only assigned*, where it cannot be read, and say so."""
    try:
        saved = secrets(graph, service_principal_id)
    except GraphError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        return JobScope(limits=(_UNREAD.format(reason=reason),))
    values = {key.casefold(): value.strip().casefold() for key, value in saved.items()}
    return JobScope(
        everybody=values.get("syncall") == "true",
        keeps_leavers=values.get("skipoutofscopedeletions") == "true",
    )
