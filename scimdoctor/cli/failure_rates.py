"""Failures per hour of each app, for `apps --failures`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scimdoctor.cli.event_source import Origin, open_tenant
from scimdoctor.cli.options import Window

if TYPE_CHECKING:
    from scimdoctor.cli.session import Session
    from scimdoctor.graph.app_health import AppsFound

HOURS = 24


def with_failures(session: Session, found: AppsFound, *, archive: bool) -> AppsFound:
    """Return the apps with their failures per hour; of equal health, the busiest come first."""
    since = session.now() - timedelta(hours=HOURS)
    origin = Origin(archive=archive, every_app=True)
    with open_tenant(session, origin, Window(since=since.isoformat())) as opened:
        counts = opened.events.failures_per_hour(since, HOURS)
        limits = (*found.limits, *opened.limits)
    apps = [replace(app, failures_per_hour=counts.get(app.id, (0,) * HOURS)) for app in found.apps]
    # Stable: within one health the order by name stays where failures are equal.
    worst = {app.health: rank for rank, app in reversed(list(enumerate(apps)))}
    apps.sort(key=lambda app: (worst[app.health], -sum(app.failures_per_hour)))
    return replace(found, apps=tuple(apps), limits=limits)
