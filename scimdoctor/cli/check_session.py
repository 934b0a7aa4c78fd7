"""Runs `check-endpoint`: opens the endpoint, asks, checks, builds the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import parse_tenant_url
from scimdoctor.cli.replay_session import journal_of
from scimdoctor.cli.session import new_report, required
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.finding import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scimdoctor.checks import CheckOptions
    from scimdoctor.cli.options import EndpointOptions
    from scimdoctor.cli.session import Session
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.report import Report
    from scimdoctor.model.synchronization import SynchronizationSchema

MOST_WRITES = 400
"""No run sends more; a full one on a well-behaved app needs less than half."""

MOST_REMOVALS = 200
"""DELETEs that may come on top, so that what was made can always be removed."""


@dataclass(frozen=True, kw_only=True)
class Checking:
    """What the command line asked for."""

    url: str | None
    options: CheckOptions
    app: str | None = None
    schema: Path | None = None
    dialect: str | None = None
    """`default`, `compliant`, `both`; `None`: as the tenant URL says."""

    yes: bool = False


def run_check(session: Session, asked: Checking, endpoint_options: EndpointOptions) -> Report:
    """Check the endpoint and return the report.

    Raises:
        ScimDoctorError: the URL, a check's name or the credentials are wrong, or writing was
            not agreed to.
    """
    from scimdoctor.checks import ALL_CHECKS, Clock, run_checks
    from scimdoctor.endpoint.tls import probe_tls

    hint = "give it as the argument, or set SCIMDOCTOR_ENDPOINT or the profile's endpoint"
    url = required(asked.url or session.settings.endpoint, "the endpoint's URL", hint)
    options = replace(
        _options(session, asked, url),
        clock=Clock(now=session.monotonic, sleep=session.sleep),
        tls_probe=partial(probe_tls, ca_file=endpoint_options.ca_file or session.settings.ca_file),
    )
    with session.endpoint(url, endpoint_options) as endpoint:
        _agree(session, asked, endpoint)
        findings = run_checks(
            endpoint,
            checks=ALL_CHECKS,
            options=options,
            journal=journal_of(session),
            progress=session.progress,
        )
        return new_report(
            session,
            "check-endpoint",
            target={"endpoint": endpoint.base_url},
            findings=findings,
            exchanges=endpoint.exchanges,
            limits=tuple(_limits(findings)),
        )


def _options(session: Session, asked: Checking, url: str) -> CheckOptions:
    from scimdoctor.checks import ALL_CHECKS, unknown_names

    wrong = unknown_names(ALL_CHECKS, (*asked.options.only, *asked.options.skip))
    if wrong:
        raise ConfigurationError(
            f"there is no check and no family called {', '.join(wrong)}",
            hint="scimdoctor explain --list names them all",
        )
    return replace(
        asked.options, dialects=_dialects(asked.dialect, url), schema=_schema(session, asked)
    )


def _dialects(chosen: str | None, url: str) -> tuple[Dialect, ...]:
    if chosen in {"default", "compliant"}:
        return (Dialect(chosen),)
    flagged = parse_tenant_url(url).dialect is Dialect.COMPLIANT
    return (Dialect.COMPLIANT,) if chosen is None and flagged else tuple(Dialect)


def _schema(session: Session, asked: Checking) -> SynchronizationSchema | None:
    """The tenant's mapping, from a file or from its job."""
    from scimdoctor.graph import synchronization
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.saved import load_schema

    if asked.schema:
        return load_schema(asked.schema)
    if not asked.app:
        return None
    principal = find_app(session.graph, asked.app)
    job = synchronization.the_job(session.graph, principal)
    return synchronization.schema(session.graph, principal.id, job.id)


def _agree(session: Session, asked: Checking, endpoint: Endpoint) -> None:
    """Ask before the first write, naming host and number; loopback is never asked about."""
    if asked.options.read_only:
        return
    load = " and 250 requests in ten seconds" if asked.options.load else ""
    question = (
        f"Create test users and groups on {endpoint.host}, at most {MOST_WRITES} writes{load}, "
        f"and remove them again, at most {MOST_REMOVALS} more?"
    )
    if not endpoint.is_loopback:
        session.confirm_or_stop(question, yes=asked.yes)
    endpoint.guard.allow(
        "check-endpoint on test objects of its own", max_writes=MOST_WRITES, removals=MOST_REMOVALS
    )


def _limits(findings: tuple[Finding, ...]) -> Iterator[str]:
    skipped = [f for f in findings if f.outcome is Outcome.SKIPPED]
    if skipped:
        yield f"{len(skipped)} checks were skipped; each says why"
    yield from (f"{f.check}: {f.message}" for f in findings if f.outcome is Outcome.ERRORED)
    yield from (
        f.message for f in findings if f.check == "run/clean-up" and f.outcome is Outcome.FAILED
    )
