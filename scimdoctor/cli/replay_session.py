"""Runs `replay` and its rollback: opens the endpoint, asks before writing, builds the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import journal_of, parse_tenant_url
from scimdoctor.cli.replay_inputs import Wanted, collect
from scimdoctor.cli.session import new_report, required
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import ConfigurationError, Declined, SourceError, WriteRefused
from scimdoctor.model.exchange import Exchange
from scimdoctor.model.replay import ReplayMode
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.verdict import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scimdoctor.cli.options import EndpointOptions, Output, Sources, Window
    from scimdoctor.cli.replay_inputs import Found
    from scimdoctor.cli.session import Session
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.report import Report
    from scimdoctor.replay import Batch
    from scimdoctor.replay.rollback import SavedState

REPLAYS_PER_SECOND = 10.0
"""A tenth of what a gallery app must bear is nobody's trouble."""

_URL_HINT = "give --endpoint with the tenant URL, as typed in Entra"


@dataclass(frozen=True, kw_only=True)
class Replaying:
    """What one `replay` is asked to do."""

    wanted: Wanted
    mode: ReplayMode = ReplayMode.READ
    endpoint: str | None = None
    limit: int = 50
    identical: int = 5
    yes: bool = False
    save_har: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The report, and whether Ctrl-C or an endpoint that nobody reaches cut the work short."""

    report: Report
    interrupted: bool = False
    unreached: bool = False


def run_replay(
    session: Session,
    asked: Replaying,
    sources: Sources,
    window: Window,
    *,
    options: EndpointOptions,
) -> Outcome:
    """Collect, ask, replay.

    Raises:
        ScimDoctorError: the events or the endpoint are missing, or writing was not agreed to.
    """
    url = asked.endpoint or session.settings.endpoint
    if asked.save_har:
        # Before anything is read or sent: a HAR holds whole URLs.
        required(url, "the endpoint's URL for --save-har", _URL_HINT)
    dialect = parse_tenant_url(url).dialect if url else Dialect.DEFAULT
    found = collect(session, asked.wanted, sources, window, dialect=dialect)
    if asked.mode is ReplayMode.PLAN:
        base_url = parse_tenant_url(url).base_url if url else ""
        batch = _run(session, asked, found, (None, base_url, dialect))
        if asked.save_har:
            save_har(asked.save_har, _planned(session, batch, base_url))
        return _outcome(session, asked, sources, (found, batch), endpoint=None)
    address = required(url, "the endpoint's URL", _URL_HINT)
    with session.endpoint(address, options) as endpoint:
        _agree(session, asked, found, endpoint)
        try:
            batch = _run(session, asked, found, (endpoint, endpoint.base_url, dialect))
        finally:
            if asked.save_har:
                save_har(asked.save_har, endpoint.exchanges)
        return _outcome(session, asked, sources, (found, batch), endpoint=endpoint)


def _agree(session: Session, asked: Replaying, found: Found, endpoint: Endpoint) -> None:
    """Ask before the first write, naming host and number; loopback is never asked about."""
    from scimdoctor.replay import in_order, writes_needed

    if not asked.mode.writes:
        return
    subjects = in_order(found.subjects)[: asked.limit]
    writes = sum(writes_needed(subject, asked.mode) for subject in subjects)
    whom = "the real objects" if asked.mode is ReplayMode.LIVE else "throwaway copies"
    question = (
        f"Replay {len(subjects)} event{'s' if len(subjects) != 1 else ''} on {endpoint.host}, "
        f"with at most {counted(writes, 'write')} to {whom}?"
    )
    if not endpoint.is_loopback:
        session.confirm_or_stop(question, yes=asked.yes)
    endpoint.guard.allow(f"replay in mode {asked.mode}", max_writes=writes)


def _run(
    session: Session,
    asked: Replaying,
    found: Found,
    where: tuple[Endpoint | None, str, Dialect],
) -> Batch:
    from scimdoctor.replay import Bounds, Replayer, replay_many

    endpoint, base_url, dialect = where
    replayer = Replayer(
        endpoint=endpoint,
        base_url=base_url,
        dialect=dialect,
        journal=journal_of(session),
        now=session.now,
    )
    return replay_many(
        found.subjects,
        replayer,
        asked.mode,
        bounds=Bounds(limit=asked.limit, identical=asked.identical),
        pace=_Pace(session).wait if endpoint else lambda: None,
        progress=session.progress,
    )


class _Pace:
    """Keeps replays from following each other too fast."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next replay may begin."""
        now = self._session.monotonic()
        if now < self._next:
            self._session.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / REPLAYS_PER_SECOND


def _outcome(
    session: Session,
    asked: Replaying,
    sources: Sources,
    result: tuple[Found, Batch],
    *,
    endpoint: Endpoint | None,
) -> Outcome:
    # The rules of causes are imported with them, which nothing before needs.
    from scimdoctor.cli.known import known_of
    from scimdoctor.diagnose.remedies import ready_replay

    found, batch = result
    target = {**found.target, "mode": str(asked.mode)}
    if endpoint is not None:
        target["endpoint"] = endpoint.base_url
    known = known_of(session, sources, app=asked.wanted.app, url=asked.endpoint)
    note = found.note(asked.wanted)
    report = new_report(
        session,
        "replay",
        target=target,
        replays=tuple(ready_replay(replay, known) for replay in batch.replays),
        exchanges=endpoint.exchanges if endpoint else (),
        notes=(*found.notes, *([note] if note else [])),
        limits=(*found.limits, *batch.limits),
    )
    return Outcome(report=report, interrupted=batch.interrupted, unreached=batch.unreached)


def refuse_names(har: Path | None, output: Output) -> None:
    """Refuse to write names into a HAR file where pseudonyms were asked for.

    Raises:
        ConfigurationError: both were asked for.
    """
    if har is not None and output.redact:
        raise ConfigurationError(
            "--save-har writes what was sent, names included, so --redact does not go with it",
            hint="Leave one of them out; -f json --redact shows the exchanges with pseudonyms.",
        )


def _planned(session: Session, batch: Batch, base_url: str) -> Iterator[Exchange]:
    """The rebuilt requests as entries of a HAR that nobody has sent."""
    requests = (r.rebuilt.request for replay in batch.replays for r in replay.requests)
    for number, request in enumerate(requests, start=1):
        yield Exchange(
            id=f"p{number}",
            request=request,
            url=base_url + request.target,
            started_at=session.now(),
        )


def save_har(path: Path, exchanges: Iterable[Exchange]) -> None:
    """Write all exchanges as HAR, whole or not at all, for the owner only.

    Raises:
        SourceError: the file cannot be written.
    """
    import os

    from scimdoctor import __version__
    from scimdoctor.endpoint.har import write_har

    draft = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(write_har(exchanges, version=__version__))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SourceError(f"cannot write {path}: {error.strerror}") from error


def _agree_to_host(session: Session, state: SavedState, path: Path) -> None:
    """Ask before a credential goes where only a file says: this machine and `--yes` too."""
    where = one_line(state.base_url)
    try:
        session.confirm_or_stop(
            f"Only {path.name} names {where}. Send it your token, and at most "
            f"{counted(state.most_writes, 'write')} to undo {_undone(state)}?"
        )
    except Declined:
        raise
    except WriteRefused as error:
        raise WriteRefused(error.message, hint=f"give --endpoint {where}") from error


def _undone(state: SavedState) -> str:
    return one_line(", ".join(state.writes))


def run_rollback(
    session: Session, path: Path, asked: Replaying, *, options: EndpointOptions
) -> Report:
    """Put back what a live replay changed; return the report.

    Raises:
        ScimDoctorError: the file is none of ours, or for another endpoint, or it was not agreed to.
    """
    from scimdoctor.replay.restore import restore
    from scimdoctor.replay.rollback import load

    state = load(path)
    known = asked.endpoint or session.settings.endpoint
    base_url = parse_tenant_url(known or state.base_url).base_url
    if base_url != state.base_url:
        raise ConfigurationError(
            f"the rollback file is for {one_line(state.base_url)}, not for {base_url}"
        )
    if not known:
        _agree_to_host(session, state, path)
    with session.endpoint(base_url, options) as endpoint:
        writes = state.most_writes
        if known and not endpoint.is_loopback:
            question = f"Send at most {counted(writes, 'write')} to {endpoint.host} to undo {_undone(state)}?"
            session.confirm_or_stop(question, yes=asked.yes)
        endpoint.guard.allow("rollback of a live replay", max_writes=writes)
        try:
            replay = restore(state, endpoint)
        finally:
            if asked.save_har:
                save_har(asked.save_har, endpoint.exchanges)
        target = {"endpoint": endpoint.base_url, "source": path.name}
        return new_report(
            session, "replay", target=target, replays=(replay,), exchanges=endpoint.exchanges
        )
