"""Runs `diagnose`: gathers what the options give, asks before writing, builds the report."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.cli.captures import read_captures
from scimdoctor.cli.check_session import MOST_REMOVALS, MOST_WRITES
from scimdoctor.cli.known import known_of
from scimdoctor.cli.session import new_report
from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.errors import ConfigurationError, GraphError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from scimdoctor.cli.event_source import OpenEvents
    from scimdoctor.cli.options import EndpointOptions, Sources, Window
    from scimdoctor.cli.session import Session
    from scimdoctor.diagnose.probe import Probe
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.har import HarCapture
    from scimdoctor.model.report import EventCounts, Report, SignatureSummary
    from scimdoctor.model.synchronization import SynchronizationJob, SynchronizationSchema
    from scimdoctor.sources.objects import Objects

_NAMED = 20
"""Of so many groups of failures, the largest, several objects are named."""

_NOTHING = "give APP, saved files with --from, --job, --schema or --har, or --endpoint"


@dataclass(frozen=True, kw_only=True)
class Diagnosing:
    """What one `diagnose` is asked to do."""

    app: str | None = None
    endpoint: str | None = None
    shadow: bool = False
    """Whether writes on throwaway objects are allowed."""

    yes: bool = False
    archive: bool = True


def run_diagnose(
    session: Session,
    asked: Diagnosing,
    sources: Sources,
    window: Window,
    *,
    options: EndpointOptions,
) -> Report:
    """Gather, ask the endpoint if there is one, name the causes.

    Raises:
        ConfigurationError: there is nothing to diagnose.
        SourceError: a file cannot be read.
    """
    evidence, target = _gathered(session, asked, sources, window)
    # Only now, so that Graph is not asked later for the rules' sake.
    from scimdoctor.diagnose.run import diagnose

    known = known_of(
        session, sources, app=asked.app, url=asked.endpoint, window=window, options=options
    )
    evidence = _with_scope_now(session, replace(evidence, known=known), target)
    with _opened(session, asked, options) as endpoint:
        probe = _probe(session, asked, evidence, endpoint)
        outcome = diagnose(evidence, probe=probe)
    if endpoint is not None:
        target = {**target, "endpoint": endpoint.base_url}
    if outcome.obstacle is not None:
        target = {**target, "endpoint_problem": outcome.obstacle}
    changes, unread = _changes(session, evidence, target, window)
    return new_report(
        session,
        "diagnose",
        target=target,
        job=evidence.job,
        status=outcome.status,
        events=evidence.counts,
        diagnoses=outcome.diagnoses,
        findings=outcome.findings,
        replays=outcome.replays,
        exchanges=outcome.exchanges,
        notes=(*outcome.notes, *changes),
        limits=(*outcome.limits, *unread),
    )


def _with_scope_now(session: Session, evidence: Evidence, target: Mapping[str, str]) -> Evidence:
    """The same, with what keeps the skipped objects out now; only a tenant can tell."""
    from scimdoctor.cli.left_out import with_scope_now

    principal = target.get("service_principal")
    if not principal or evidence.known.files:
        return evidence
    return with_scope_now(session, principal, evidence)


def _changes(
    session: Session, evidence: Evidence, target: Mapping[str, str], window: Window
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What people changed in the app's settings lately, and why that could not be read."""
    principal = target.get("service_principal")
    if not principal or evidence.known.files:
        return (), ()
    from scimdoctor.cli.event_source import DEFAULT_AGE, moment_of
    from scimdoctor.diagnose.changes import changes_told
    from scimdoctor.graph.provisioning_log import directory_audits

    since = moment_of(window.since or DEFAULT_AGE, session.now(), "--since")
    try:
        audits = directory_audits(session.graph, since=since or session.now())
        return changes_told(audits, principal, failing_since=_failing_since(evidence)), ()
    except GraphError as error:
        text = f"recent changes of settings could not be read from the audit log: {error.message}"
        return (), (text,)


def _failing_since(evidence: Evidence) -> datetime | None:
    """When the first failure that was seen came."""
    failing = [g.affected.first_seen for g in evidence.groups if g.sample.status == "failure"]
    return min((when for when in failing if when is not None), default=None)


def _gathered(
    session: Session, asked: Diagnosing, sources: Sources, window: Window
) -> tuple[Evidence, dict[str, str]]:
    saved = bool(sources.from_ or sources.job or sources.schema or sources.har)
    app = asked.app if saved else asked.app or session.settings.app
    if not saved and not app:
        if not (asked.endpoint or session.settings.endpoint):
            raise ConfigurationError("there is nothing to diagnose", hint=_NOTHING)
        return Evidence(now=session.now()), {}
    saved_files, failed = _read_saved(sources)
    capture = saved_files.capture
    sent = tuple(exchange for exchange in capture.exchanges if not exchange.is_planned)
    evidence = Evidence(
        now=session.now(),
        exchanges=sent,
        limits=(*capture.problems, *_planned(capture), *map(_told, failed)),
    )
    target: dict[str, str] = {"app": app} if app else {}
    target |= _saved_named(sources)
    if sources.from_ or not saved:
        evidence, target = _with_events(
            session,
            replace(asked, app=app),
            known=(evidence, target),
            sources=sources,
            window=window,
        )
    if not saved and app:
        evidence = _with_job(session, app, evidence)
    evidence = replace(
        evidence, job=saved_files.job or evidence.job, schema=saved_files.schema or evidence.schema
    )
    if failed and not (
        evidence.counts.read or evidence.job or evidence.schema or capture.exchanges
    ):
        raise failed[0]
    limits = (*evidence.limits, *_of_another_job(evidence, sources, saved_files))
    return replace(evidence, limits=limits), target


def _with_events(
    session: Session,
    asked: Diagnosing,
    *,
    known: tuple[Evidence, dict[str, str]],
    sources: Sources,
    window: Window,
) -> tuple[Evidence, dict[str, str]]:
    from scimdoctor.cli.event_source import Origin, open_wanted, unmatched

    evidence, target = known
    origin = Origin(app=asked.app, files=sources.from_ or (), archive=asked.archive)
    with open_wanted(session, origin, window) as opened:
        read = _as_read(opened, evidence, window)
        limits = (
            *evidence.limits,
            *_unlike(origin.files, read.counts),
            *unmatched(opened.unfound_app, window, read.counts),
            *opened.limits,
        )
        return replace(read, limits=limits), {**target, **opened.target}


def _as_read(opened: OpenEvents, evidence: Evidence, window: Window) -> Evidence:
    """The same with the events: grouped, counted, and what there is around the failures."""
    # Imported only now, as DuckDB comes with them.
    from scimdoctor.diagnose.groups import first_end, groups_of, with_later
    from scimdoctor.sources.cycles import cycles_in
    from scimdoctor.sources.objects import (
        events_around,
        objects_behind,
        parts_of_faults,
        successes_after,
    )

    found = opened.events.summary(opened.wanted, limit=window.limit)
    firsts = {one.sample[0]: one.last_seen for one in found.signatures if one.sample}
    behind = objects_behind(opened.events, firsts)
    parts = parts_of_faults(opened.events, firsts)
    times = firsts | _further(found.signatures, behind)
    times |= {i: when for split in parts.values() for p in split for i, when in p.sample.items()}
    samples = opened.events.by_id(times, times)
    groups = groups_of(found.signatures, samples, behind, parts)
    since = first_end(groups)
    passed = successes_after(opened.events, opened.wanted, since) if since else ()
    shown = [i for group in groups for i in group.affected.sample]
    return replace(
        evidence,
        groups=with_later(groups, passed),
        around=events_around(opened.events, opened.wanted, shown),
        counts=replace(found.counts, unreadable=opened.events.unreadable),
        events_asked=True,
        cycles=cycles_in(opened.events, opened.wanted),
    )


def _saved_named(sources: Sources) -> dict[str, str]:
    """The saved files besides events, for the report to name."""
    named = {"job": sources.job, "schema": sources.schema}
    captures = ", ".join(map(str, sources.har or ()))
    return {
        **{kind: str(path) for kind, path in named.items() if path},
        **({"har": captures} if captures else {}),
    }


def _further(
    signatures: Sequence[SignatureSummary], behind: Mapping[str, Objects]
) -> dict[str, datetime | None]:
    """Ids and times of events that name the objects of the groups with the most."""
    further: dict[str, datetime | None] = {}
    for signature in sorted(signatures, key=lambda s: -s.objects)[:_NAMED]:
        objects = behind.get(signature.sample[0]) if signature.sample else None
        further |= objects.events if objects else {}
    return further


def _unlike(paths: Sequence[str], counts: EventCounts) -> tuple[str, ...]:
    """Say which files are something else, where no event was read."""
    from scimdoctor.cli.saved_form import form_of

    if counts.read:
        return ()
    found = {path: form_of(path) for path in paths}
    return tuple(
        f"{path} is {form.what}: give it with {form.option}"
        for path, form in found.items()
        if form is not None
    )


def _with_job(session: Session, app: str, evidence: Evidence) -> Evidence:
    """The job and its mapping from Graph; what is denied is said, not fatal."""
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.synchronization import schema, the_job

    try:
        principal = find_app(session.graph, app)
        job = the_job(session.graph, principal)
        evidence = replace(evidence, job=job)
        mapping = schema(session.graph, principal.id, job.id)
    except (GraphError, ConfigurationError) as error:
        text = f"job or attribute mapping could not be read from Graph: {error.message}"
        return replace(evidence, limits=(*evidence.limits, text), tenant_asked=True)
    return replace(evidence, schema=mapping, tenant_asked=True)


@dataclass(kw_only=True)
class _Saved:
    """What the saved files besides events hold."""

    capture: HarCapture
    job: SynchronizationJob | None = None
    schema: SynchronizationSchema | None = None


def _read_saved(sources: Sources) -> tuple[_Saved, list[SourceError]]:
    """Read what can be read of captures, job and mapping; one bad file does not stop the rest."""
    from scimdoctor.endpoint.har import HarCapture
    from scimdoctor.graph.saved import load_job, load_schema

    saved, failed = _Saved(capture=HarCapture()), []
    try:
        saved.capture = read_captures(sources.har or ())
    except SourceError as error:
        failed.append(_expected(error, sources.har or (), "--har"))
    try:
        saved.job = load_job(sources.job) if sources.job else None
    except SourceError as error:
        failed.append(_expected(error, [sources.job], "--job"))
    try:
        saved.schema = load_schema(sources.schema) if sources.schema else None
    except SourceError as error:
        failed.append(_expected(error, [sources.schema], "--schema"))
    return saved, failed


def _planned(capture: HarCapture) -> Iterator[str]:
    number = sum(exchange.is_planned for exchange in capture.exchanges)
    if number:
        yield f"{number} of the captured requests were planned and never sent: no answer to judge"


def _expected(error: SourceError, paths: Iterable[Path | None], option: str) -> SourceError:
    """The same, and what the file is instead where that can be told."""
    from scimdoctor.cli.saved_form import form_of

    forms = (form_of(str(path)) for path in paths)
    other = next((form for form in forms if form and form.option != option), None)
    if other is None:
        return error
    hint = f"It is {other.what}: give it with {other.option}. {error.hint or ''}".strip()
    return SourceError(error.message, hint=hint)


def _told(error: SourceError) -> str:
    return f"{error.message.rstrip('.')}. {error.hint or ''}".strip()


def _of_another_job(evidence: Evidence, sources: Sources, saved: _Saved) -> Iterator[str]:
    """Say which saved files are of a job that none of the events is of."""
    from scimdoctor.entra.mapping_view import of_another_kind

    jobs = {group.sample.job_id.casefold() for group in evidence.groups if group.sample.job_id}
    mapped = saved.schema.raw.get("id") if saved.schema else None
    owners = (
        (sources.job, saved.job.id if saved.job else None),
        (sources.schema, mapped if isinstance(mapped, str) and mapped.count(".") > 1 else None),
    )
    for path, owner in owners:
        if path is not None and owner and jobs and owner.casefold() not in jobs:
            yield f"{path} is of job {owner}, which none of the events is of: it may not fit them"
    other = of_another_kind(saved.schema) if saved.schema else None
    if other is not None:
        yield f"{sources.schema}: {other}, and was not used for the requests"


def _opened(
    session: Session, asked: Diagnosing, options: EndpointOptions
) -> AbstractContextManager[Endpoint | None]:
    """The endpoint, only where it is named on this command or in the profile."""
    url = asked.endpoint or session.settings.endpoint
    return session.endpoint(url, options) if url else nullcontext()


def _probe(
    session: Session, asked: Diagnosing, evidence: Evidence, endpoint: Endpoint | None
) -> Probe | None:
    from scimdoctor.cli.endpoint_session import journal_of, parse_tenant_url
    from scimdoctor.diagnose.probe import Probe

    url = asked.endpoint or session.settings.endpoint
    if endpoint is None or not url:
        return None
    if asked.shadow:
        _agree(session, asked, endpoint)
    return Probe(
        endpoint=endpoint,
        dialect=parse_tenant_url(url).dialect,
        writes=asked.shadow,
        journal=journal_of(session),
        schema=evidence.schema,
    )


def _agree(session: Session, asked: Diagnosing, endpoint: Endpoint) -> None:
    question = (
        f"Replay failures and run checks on {endpoint.host}, with at most {MOST_WRITES} writes to "
        f"throwaway objects, which at most {MOST_REMOVALS} more remove afterwards?"
    )
    if not endpoint.is_loopback:
        session.confirm_or_stop(question, yes=asked.yes)
    endpoint.guard.allow(
        "diagnose on throwaway objects", max_writes=MOST_WRITES, removals=MOST_REMOVALS
    )
