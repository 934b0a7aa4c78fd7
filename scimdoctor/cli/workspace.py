"""`logs --workspace`: the same report, asked of Log Analytics."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.cli.event_source import DEFAULT_AGE, Origin, filter_of, moment_of, unmatched
from scimdoctor.cli.log_report import SHOWN, cut_off, telling, with_causes
from scimdoctor.cli.session import new_report
from scimdoctor.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from scimdoctor.cli.options import Window
    from scimdoctor.cli.session import Session
    from scimdoctor.model.report import Report
    from scimdoctor.sources.event_filter import EventFilter
    from scimdoctor.sources.log_analytics import Workspace


@contextmanager
def open_workspace(
    session: Session, workspace: str, *, transport: httpx.BaseTransport | None = None
) -> Iterator[Workspace]:
    """Open a Log Analytics workspace with the sign-in of the settings; nothing is sent yet.

    `transport` stands in for the network, in tests.
    """
    import httpx

    from scimdoctor.graph.auth import build_token_provider
    from scimdoctor.graph.connect import USER_AGENT, sign_in_http
    from scimdoctor.graph.transport import RetryTransport
    from scimdoctor.outbound import proxy_chooser, tls_context
    from scimdoctor.sources.log_analytics import Workspace

    settings = session.settings
    sign_in = settings.sign_in
    hosts = sign_in.cloud.hosts
    network = RetryTransport(
        transport
        or httpx.HTTPTransport(
            verify=tls_context(ca_file=settings.ca_file),
            proxy=proxy_chooser()(hosts.log_analytics),
        )
    )
    headers = {"User-Agent": USER_AGENT}
    with (
        sign_in_http(sign_in, ca_file=settings.ca_file, transport=transport) as msal_http,
        httpx.Client(transport=network, headers=headers, trust_env=False) as http,
    ):
        tokens = build_token_provider(sign_in, http=msal_http, progress=session.progress)
        scope = f"{hosts.log_analytics_audience}/.default"
        yield Workspace(
            http=http,
            base_url=hosts.log_analytics,
            workspace=workspace,
            token=lambda: tokens.token((scope,)),
        )


def workspace_report(
    session: Session, asked: Workspace, origin: Origin, *, window: Window, summary: bool
) -> Report:
    """Return the report of `logs` made by the engine of a Log Analytics workspace."""
    wanted = filter_of(window, session.now(), app=origin.app or session.settings.app)
    if wanted.since is None:
        wanted = replace(wanted, since=moment_of(DEFAULT_AGE, session.now(), "--since"))
    make = grouped if summary else listed
    report = make(session, asked, wanted, limit=window.limit)
    nothing = unmatched(wanted.app, window, report.events) if report.events else ()
    return replace(
        report,
        target={"workspace": asked.workspace, "since": f"{when(wanted.since)} UTC"}
        | ({"app": wanted.app} if wanted.app else {}),
        limits=(*nothing, *asked.limits),
    )


def grouped(
    session: Session, asked: Workspace, wanted: EventFilter, *, limit: int | None
) -> Report:
    """Return the faults with their likely causes."""
    found = asked.summary(wanted, limit=limit)
    samples = asked.by_id(wanted, [one.sample[0] for one in telling(found.signatures)])
    return new_report(
        session,
        "logs",
        events=found.counts,
        days=found.days,
        signatures=tuple(with_causes(found.signatures, samples, session.now())),
    )


def listed(session: Session, asked: Workspace, wanted: EventFilter, *, limit: int | None) -> Report:
    """Return the newest events."""
    found = asked.newest(wanted, limit=limit or SHOWN)
    counts = asked.counts(wanted)
    return new_report(
        session,
        "logs",
        events=counts,
        event_list=found,
        notes=cut_off(len(found), counts),
    )
