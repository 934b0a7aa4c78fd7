"""The enterprise apps of a tenant that have a provisioning job, with health at a glance.

Graph has no list of all jobs: each app is asked, a few at a time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.errors import GraphError, GraphNotFoundError, GraphPermissionError
from scimdoctor.graph.directory import enterprise_apps
from scimdoctor.graph.synchronization import jobs
from scimdoctor.model.report import AppHealth
from scimdoctor.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.graph.client import GraphClient
    from scimdoctor.graph.directory import ServicePrincipal
    from scimdoctor.model.report import StatusVerdict
    from scimdoctor.model.synchronization import SynchronizationJob

_AT_ONCE = 4
_WORST_FIRST = ("quarantined", "disabled", "errors", "paused", "unreadable", "never-run", "healthy")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsFound:
    """What `apps` found, and what it could not see."""

    apps: tuple[AppHealth, ...] = ()
    """Only those with a job, or whose job could not be read; worst first."""

    without_job: int = 0
    limits: tuple[str, ...] = ()


def apps_with_jobs(
    graph: GraphClient,
    *,
    judge: Callable[[SynchronizationJob], StatusVerdict],
    prefix: str = "",
    progress: Progress = SILENT,
) -> AppsFound:
    """Ask every enterprise app whose name begins with `prefix` for its jobs; `judge` reads each.

    Raises:
        GraphPermissionError: the apps, or the jobs of every one of them, may not be read.
    """
    principals = list(enterprise_apps(graph, prefix=prefix))
    refused: list[GraphPermissionError] = []
    found: list[AppHealth] = []
    with (
        progress.task("Asking apps for their jobs", total=len(principals)) as task,
        _pool() as pool,
    ):
        for principal, answer in pool.map(lambda p: (p, _ask(graph, p)), principals):
            task.advance(note=principal.display_name)
            if isinstance(answer, GraphPermissionError):
                refused.append(answer)
            found += _healths(principal, answer, judge)
    if refused and len(refused) == len(principals):
        raise refused[0]
    limits = (f"The jobs of {len(refused)} apps may not be read: {refused[0]}",) if refused else ()
    apps = sorted((app for app in found if app.health != "no-job"), key=_order)
    without = sum(app.health == "no-job" for app in found)
    return AppsFound(apps=tuple(apps), without_job=without, limits=limits)


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """A few threads; when something goes wrong, what has not begun is dropped (Ctrl-C)."""
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ask(
    graph: GraphClient, principal: ServicePrincipal
) -> tuple[SynchronizationJob, ...] | GraphError:
    try:
        return jobs(graph, principal.id)
    except GraphNotFoundError:
        return ()
    except GraphError as error:
        return error


def _healths(
    principal: ServicePrincipal,
    answer: tuple[SynchronizationJob, ...] | GraphError,
    judge: Callable[[SynchronizationJob], StatusVerdict],
) -> list[AppHealth]:
    if isinstance(answer, GraphError):
        return [_health(principal, None, "unreadable", answer.code or answer.message)]
    if not answer:
        return [_health(principal, None, "no-job", "")]
    verdicts = ((job, judge(job)) for job in answer)
    return [_health(principal, job, v.health, v.headline) for job, v in verdicts]


def _health(
    principal: ServicePrincipal, job: SynchronizationJob | None, health: str, detail: str
) -> AppHealth:
    last = job.status.last_execution if job else None
    return AppHealth(
        id=principal.id,
        app_id=principal.app_id,
        display_name=principal.display_name,
        job_id=job.id if job else None,
        health=health,
        detail=detail,
        last_run=last.time_ended if last else None,
    )


def _order(app: AppHealth) -> tuple[int, str]:
    known = app.health in _WORST_FIRST
    return _WORST_FIRST.index(app.health) if known else -1, app.display_name.casefold()
