"""Replays one event in one of the four modes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from scimdoctor.endpoint.journal import Journal, default_journal_path
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.replay import Replay, ReplayMode
from scimdoctor.replay.live import Keeping, live
from scimdoctor.replay.reading import SchemasOnce, not_rebuilt, plan, read
from scimdoctor.replay.shadow import most_writes, shadow
from scimdoctor.replay.subject import Subject, subject_of_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _token() -> str:
    return secrets.token_hex(5)


@dataclass(slots=True, kw_only=True)
class Replayer:
    """What replaying needs; `endpoint` may be missing for mode `plan` alone."""

    endpoint: Endpoint | None = None
    base_url: str = ""
    """For mode `plan` without an endpoint: what the curl lines begin with."""

    dialect: Dialect = Dialect.DEFAULT
    journal: Journal = field(default_factory=lambda: Journal(default_journal_path()))
    token: Callable[[], str] = _token
    now: Callable[[], datetime] = _utc_now
    _schemas: SchemasOnce | None = field(default=None, init=False)

    def replay(self, subject: Subject, mode: ReplayMode) -> Replay:
        """Replay `subject`.

        Raises:
            WriteRefused: the mode writes and the endpoint's guard allows none.
            SourceError: the journal or the state before cannot be written.
            ConfigurationError: the mode needs an endpoint and there is none.
        """
        if not subject.reconstruction.requests:
            return not_rebuilt(subject, mode)
        if mode is ReplayMode.PLAN:
            base_url = self.endpoint.base_url if self.endpoint else self.base_url
            return plan(subject, base_url=base_url)
        endpoint = self._required_endpoint(mode)
        match mode:
            case ReplayMode.READ:
                self._schemas = self._schemas or SchemasOnce(endpoint)
                return read(subject, endpoint, self._schemas)
            case ReplayMode.SHADOW:
                return shadow(subject, endpoint, journal=self.journal, token=self.token)
            case ReplayMode.LIVE:
                folder = self.journal.path.parent / "rollback"
                keeping = Keeping(folder=folder, dialect=self.dialect, now=self.now)
                return live(subject, endpoint, keeping)
            case _:
                assert_never(mode)

    def _required_endpoint(self, mode: ReplayMode) -> Endpoint:
        if self.endpoint is None:
            raise ConfigurationError(
                f"mode {mode} needs the app's endpoint", hint="Give --endpoint, or use --mode plan."
            )
        return self.endpoint


def replay_event(
    event: ProvisioningObjectSummary,
    *,
    endpoint: Endpoint | None,
    mode: ReplayMode,
    schema: SynchronizationSchema | None = None,
    dialect: Dialect = Dialect.DEFAULT,
    journal: Journal | None = None,
) -> Replay:
    """Rebuild the requests behind `event` and replay them; the exchanges are `endpoint.exchanges`.

    Raises:
        WriteRefused: the mode writes and the endpoint's guard allows none.
        SourceError: the journal or the state before cannot be written.
    """
    subject = subject_of_event(event, schema=schema, dialect=dialect)
    replayer = Replayer(
        endpoint=endpoint,
        dialect=dialect,
        journal=journal or Journal(default_journal_path()),
    )
    return replayer.replay(subject, mode)


def writes_needed(subject: Subject, mode: ReplayMode) -> int:
    """The most writes that a replay of `subject` in `mode` can take."""
    if mode is ReplayMode.SHADOW:
        return most_writes(subject)
    return len(subject.writes) if mode is ReplayMode.LIVE else 0
