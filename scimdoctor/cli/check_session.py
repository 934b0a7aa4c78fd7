"""Runs `check-endpoint`: opens the endpoint, asks, checks, builds the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import journal_of, parse_tenant_url
from scimdoctor.cli.session import new_report, required
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import ConfigurationError, Interrupted
from scimdoctor.model.finding import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scimdoctor.checks import CheckOptions
    from scimdoctor.cli.options import EndpointOptions
    from scimdoctor.cli.session import Session
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.tls import TlsFacts
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.report import Report
    from scimdoctor.model.synchronization import SynchronizationSchema

MOST_WRITES = 400
"""No run sends more; a full one on a well-behaved app needs less than half."""

MOST_REMOVALS = 200
"""DELETEs that may come on top, so that what was made can always be removed."""

_LONGEST_HANDSHAKE = 10.0
"""Seconds; a host that takes longer is no use to anybody."""

FOR_LOAD, FOR_RFC = 150, 400
"""Writes that --load and --rfc may add, and half as many removals."""


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


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a run came to."""

    report: Report
    interrupted: str | None = None
    """Set if the user stopped the run: how the clean-up went."""


def run_check(session: Session, asked: Checking, endpoint_options: EndpointOptions) -> Checked:
    """Check the endpoint and return the report, also of a run that the user stopped.

    Raises:
        ScimDoctorError: the URL, a check's name or the credentials are wrong, or writing was
            not agreed to.
    """
    from scimdoctor.checks import ALL_CHECKS, Clock, run_checks

    hint = "give it as the argument, or set SCIMDOCTOR_ENDPOINT or the profile's endpoint"
    url = required(asked.url or session.settings.endpoint, "the endpoint's URL", hint)
    given = endpoint_options.request_timeout or session.settings.request_timeout
    options = replace(
        _options(session, asked, url),
        clock=Clock(now=session.monotonic, sleep=session.sleep),
        tls_probe=_tls_probe(session, endpoint_options, min(given, _LONGEST_HANDSHAKE)),
    )
    bounded = replace(endpoint_options, request_timeout=min(given, options.timeout))
    with session.endpoint(url, bounded) as endpoint:
        _agree(session, asked, endpoint)
        stopped: tuple[str, ...] = ()
        try:
            findings = run_checks(
                endpoint,
                checks=ALL_CHECKS,
                options=options,
                journal=journal_of(session),
                progress=session.progress,
            )
        except Interrupted as event:
            findings, stopped = event.findings, (event.message,)
    # Only now, so that the first request need not wait for the rules of causes to be read.
    from scimdoctor.diagnose.mending import mended
    from scimdoctor.diagnose.remedies import Known

    report = new_report(
        session,
        "check-endpoint",
        target={"endpoint": endpoint.base_url},
        findings=mended(findings, Known(app=asked.app, url=url, program=session.typed)),
        exchanges=endpoint.exchanges,
        limits=(*stopped, *_not_sent(url), *_limits(findings)),
    )
    return Checked(report=report, interrupted=next(iter(stopped), None))


def _tls_probe(
    session: Session, options: EndpointOptions, timeout: float
) -> Callable[[str, int], TlsFacts]:
    """What looks at TLS, with the trust and the client certificate of the requests themselves."""
    certificate = options.client_certificate or session.settings.client_certificate

    def probe(host: str, port: int) -> TlsFacts:
        from scimdoctor.endpoint.tls import probe_tls
        from scimdoctor.outbound import tls_context

        trust = tls_context(ca_file=session.settings.ca_file, client_certificate=certificate)
        return probe_tls(host, port, trust=trust, client_certificate=certificate, timeout=timeout)

    return probe


def left_behind(session: Session, asked: Checking) -> str:
    """What a run leaves that was stopped while it stopped, as the journal has it."""
    from scimdoctor.endpoint.leftovers import may_be_left

    base_url = parse_tenant_url(asked.url or session.settings.endpoint or "").base_url
    left = len(journal_of(session).resources(base_url))
    return f"stopped; {may_be_left(left, base_url)}"


def _options(session: Session, asked: Checking, url: str) -> CheckOptions:
    from scimdoctor.checks import ALL_CHECKS, near_names, unknown_names

    wrong = unknown_names(ALL_CHECKS, (*asked.options.only, *asked.options.skip))
    if wrong:
        near = list(dict.fromkeys(n for name in wrong for n in near_names(ALL_CHECKS, name)))
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise ConfigurationError(
            f"there is no check and no family called {', '.join(wrong)}",
            hint=f"{meant}scimdoctor explain --list names them all",
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
    if asked.schema:
        from scimdoctor.graph.saved import load_schema

        return load_schema(asked.schema)
    if not asked.app:
        return None
    from scimdoctor.graph import synchronization
    from scimdoctor.graph.directory import find_app

    principal = find_app(session.graph, asked.app)
    job = synchronization.the_job(session.graph, principal)
    return synchronization.schema(session.graph, principal.id, job.id)


def _agree(session: Session, asked: Checking, endpoint: Endpoint) -> None:
    """Ask before the first write or load, naming host and number; never about loopback."""
    load, rfc = (_opted(asked.options, family) for family in ("load", "rfc"))
    more = FOR_LOAD * load + FOR_RFC * rfc
    writes, removals = MOST_WRITES + more, MOST_REMOVALS + more // 2
    if asked.options.read_only:
        question = f"Send {endpoint.host} 250 queries in ten seconds?" * load
    else:
        crowds = ", some of them ten at the same time, 250 queries in ten seconds," * load
        question = (
            f"Create test users and groups on {endpoint.host}, at most {writes} writes{crowds or ','} "
            f"and remove them again, at most {removals} more?"
        )
    if question and not endpoint.is_loopback:
        session.confirm_or_stop(question, yes=asked.yes)
    if not asked.options.read_only:
        endpoint.guard.allow(
            "check-endpoint on test objects of its own", max_writes=writes, removals=removals
        )


def _opted(options: CheckOptions, family: str) -> bool:
    """Whether checks run that only an option of their own, or their name, asks for."""
    named = any(name.partition("/")[0] == family for name in options.only)
    return named or (options.load if family == "load" else options.rfc)


def _not_sent(url: str) -> Iterator[str]:
    """Say which part of the tenant URL was asked for nowhere: it may be how the app is told apart."""
    names = parse_tenant_url(url).left_out
    if names:
        yield (
            f"the query of the tenant URL ({', '.join(names)}) was sent with no request, and it is "
            "not documented that Entra sends it: an app that needs it must take it in the path"
        )


def _limits(findings: tuple[Finding, ...]) -> Iterator[str]:
    skipped = [f for f in findings if f.outcome is Outcome.SKIPPED]
    if skipped:
        checks = "1 check was" if len(skipped) == 1 else f"{len(skipped)} checks were"
        yield f"{checks} skipped; each says why"
    yield from (f"{f.check}: {f.message}" for f in findings if f.outcome is Outcome.ERRORED)
    yield from (
        f.message for f in findings if f.check == "run/clean-up" and f.outcome is Outcome.FAILED
    )
