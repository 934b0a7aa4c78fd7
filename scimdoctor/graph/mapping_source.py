"""Where a command gets an app's attribute mapping: from the tenant or from a saved file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.graph.directory import find_app
from scimdoctor.graph.saved import load_schema
from scimdoctor.graph.synchronization import schema, the_job

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.synchronization import SynchronizationSchema


def app_schema(
    graph: GraphClient, app: str, *, job_id: str | None = None, saved: Path | None = None
) -> tuple[ServicePrincipal, SynchronizationSchema]:
    """The enterprise app that `app` names, and its job's schema, or the one in `saved`."""
    principal = find_app(graph, app)
    if saved is not None:
        return principal, load_schema(saved)
    job = the_job(graph, principal, job_id)
    return principal, schema(graph, principal.id, job.id)
