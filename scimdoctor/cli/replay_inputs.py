"""Collects what `replay` is to send: events from files or the tenant, or captured requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scimdoctor.cli.options import Sources, Window
    from scimdoctor.cli.session import Session
    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema
    from scimdoctor.replay import Subject

_SIGNATURE = re.compile(r"[0-9a-f]{10}")

MOST_EVENTS = 2000
"""So many of the newest failing events are looked at; each object and shape is replayed once."""

WINDOW_FOR_IDS = "30d"
"""How far back the tenant's log is searched for events that are named by id."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events are to be replayed."""

    ids: tuple[str, ...] = ()
    app: str | None = None
    cause: str | None = None
    signature: str | None = None

    def fits(self, event: ProvisioningObjectSummary) -> bool:
        """Whether cause and signature are the wanted ones."""
        from scimdoctor.entra.signature import signature_of

        if self.signature and signature_of(event).id != self.signature:
            return False
        return not self.cause or self.cause == _cause_of(event)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is to replay."""

    subjects: tuple[Subject, ...] = ()
    limits: tuple[str, ...] = ()
    target: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    looked_at: int = 0
    """How many failing events there were before cause and signature were asked for."""

    def note(self, wanted: Wanted) -> str | None:
        """Why there is nothing to replay, if there is nothing."""
        if self.subjects:
            return None
        asked = [f"signature {wanted.signature}"] if wanted.signature else []
        asked += [f"likely cause {wanted.cause}"] if wanted.cause else []
        if not self.looked_at or not asked:
            since = self.target.get("since")
            where = f"since {since}" if since else f"in {self.target.get('source', 'the file')}"
            older = ", older ones with a longer --since" if since else ""
            return (
                f"no failing event {where}; skipped ones and warnings are replayed with"
                f" --status{older}"
            )
        return (
            f"none of {self.looked_at} failing events has the {' and the '.join(asked)}:"
            " scimdoctor logs --summary lists both; --status skipped looks among skips"
        )


def _cause_of(event: ProvisioningObjectSummary) -> str:
    from scimdoctor.causes.engine import diagnose_case
    from scimdoctor.model.diagnosis import Case

    return diagnose_case(Case(event=event)).cause


def collect(
    session: Session, wanted: Wanted, sources: Sources, window: Window, *, dialect: Dialect
) -> Found:
    """Read captures, files or the tenant, whichever was named.

    Raises:
        ScimDoctorError: nothing was named, or it cannot be read, or an id is not there.
    """
    wanted = _checked(wanted)
    if sources.har:
        _refuse_choice(wanted)
        return _from_captures(sources.har, wanted.ids)
    return _from_log(session, wanted, sources, window, dialect=dialect)


def _checked(wanted: Wanted) -> Wanted:
    """The same, the cause by its present id.

    Raises:
        ConfigurationError: there is no such cause, or a signature is never written like that.
    """
    if wanted.signature and not _SIGNATURE.fullmatch(wanted.signature):
        raise ConfigurationError(
            f"--signature {wanted.signature!r} is not the id of a signature",
            hint="it has ten hexadecimal digits: scimdoctor logs --summary -f json lists them",
        )
    if not wanted.cause:
        return wanted
    from scimdoctor.causes import find_cause
    from scimdoctor.cli.explanations import cause_suggestions

    found = find_cause(wanted.cause.strip().casefold())
    if found is None:
        close = ", ".join(cause_suggestions(wanted.cause))
        hint = f"did you mean: {close}" if close else "scimdoctor explain --list names them all"
        raise ConfigurationError(f"there is no cause {wanted.cause!r}", hint=hint)
    return replace(wanted, cause=found.rule.id)


def _refuse_choice(wanted: Wanted) -> None:
    given = {"--cause": wanted.cause, "--signature": wanted.signature}
    named = [option for option, value in given.items() if value]
    if named:
        raise ConfigurationError(
            f"{', '.join(named)} chooses among logged events, and --har gives captured requests",
            hint="leave one of them out",
        )


def _from_captures(paths: list[Path], ids: tuple[str, ...]) -> Found:
    """The captured requests that failed, or those with `ids`, as an earlier report names them."""
    from scimdoctor.cli.captures import read_captures
    from scimdoctor.replay import subjects_of_har

    capture = read_captures(paths)
    chosen = [x for x in capture.exchanges if not ids or x.id in ids]
    absent = set(ids) - {exchange.id for exchange in chosen}
    subjects = subjects_of_har(chosen)
    names = ", ".join(path.name for path in paths)
    own = sum(exchange.own for exchange in capture.exchanges)
    if absent:
        raise SourceError(
            f"{names}: there is no captured request {', '.join(sorted(absent)[:3])}",
            hint=f"they are numbered from h1 to h{len(capture.exchanges)}, in the file's order",
        )
    if not subjects and own:
        raise SourceError(
            f"{names}: all that was captured is scimdoctor's own, such as read-backs and"
            " throwaway copies",
            hint="replay the event itself, or a capture of what Entra sent",
        )
    if not subjects:
        raise SourceError(f"{names}: no request to /Users or /Groups was captured")
    lost = sum(x.own and x.request.is_write and not x.ok for x in chosen)
    on_copies = (f"{names}: {lost} failed on copies that are gone: replay the event itself",)
    are = "is scimdoctor's own and was" if own == 1 else "are scimdoctor's own and were"
    left_out = (
        f"{names}: {own} of {len(capture.exchanges)} requests {are} left out (read-backs,"
        " throwaway copies)"
    )
    return Found(
        subjects=tuple(subjects),
        limits=(*capture.problems, *(on_copies if lost else ())),
        target={"source": names},
        notes=(left_out,) if own else (),
    )


def _from_log(
    session: Session, wanted: Wanted, sources: Sources, window: Window, *, dialect: Dialect
) -> Found:
    """Read saved files, or the tenant's log by way of the archive."""
    from scimdoctor.cli.event_source import Origin, open_wanted
    from scimdoctor.replay.entra_values import Rebuilder

    files = tuple(sources.from_ or ())
    if not files and not (wanted.app or session.settings.app):
        raise ConfigurationError(
            "nothing to replay was named",
            hint="give --app APP (signs in), --from FILE with events, or --har FILE",
        )
    if wanted.ids and not files and not window.since:
        window = replace(window, since=WINDOW_FOR_IDS)
    with open_wanted(session, Origin(app=wanted.app, files=files), window) as opened:
        if wanted.ids:
            events = _named(opened.events.by_id(wanted.ids), wanted.ids)
        else:
            status = opened.wanted.status or ("failure",)
            asked = replace(opened.wanted, status=status)
            events = opened.events.newest(asked, limit=MOST_EVENTS)
        limits, target = opened.limits, opened.target
    rebuilder = Rebuilder(
        schema=_schema(session, sources, target),
        dialect=dialect,
        graph=None if files else session.graph,
    )
    events = tuple(events)
    subjects = tuple(rebuilder.rebuild(event) for event in _chosen(events, wanted))
    return Found(
        subjects=subjects,
        limits=(*limits, *rebuilder.limits()),
        target=target,
        looked_at=len(events),
    )


def _schema(
    session: Session, sources: Sources, target: dict[str, str]
) -> SynchronizationSchema | None:
    """The mapping: a saved one, else the job's own when the tenant was asked."""
    from scimdoctor.graph import synchronization
    from scimdoctor.graph.directory import find_app
    from scimdoctor.graph.saved import load_schema

    if sources.schema:
        return load_schema(sources.schema)
    principal_id = target.get("service_principal")
    if sources.from_ or not principal_id:
        return None
    principal = find_app(session.graph, principal_id)
    job = synchronization.the_job(session.graph, principal)
    return synchronization.schema(session.graph, principal.id, job.id)


def _named(
    found: dict[str, ProvisioningObjectSummary], ids: tuple[str, ...]
) -> tuple[ProvisioningObjectSummary, ...]:
    absent = [one for one in ids if one not in found]
    if absent:
        raise SourceError(
            f"there is no event {', '.join(absent[:3])}",
            hint="scimdoctor logs lists the ids",
        )
    return tuple(found[one] for one in dict.fromkeys(ids))


def _chosen(
    events: Iterable[ProvisioningObjectSummary], wanted: Wanted
) -> tuple[ProvisioningObjectSummary, ...]:
    """The events that fit, each object and shape once unless named by id."""
    from scimdoctor.replay import newest_per_shape

    fitting = tuple(event for event in events if wanted.fits(event))
    return fitting if wanted.ids else newest_per_shape(fitting)
