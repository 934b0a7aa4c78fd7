"""Replays many events: each object and shape once, in Entra's order, and not on and on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.endpoint.leftovers import cleanup_command
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from scimdoctor.progress import SILENT
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.trouble import is_network, never_connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.progress import Progress
    from scimdoctor.replay.one import Replayer
    from scimdoctor.replay.subject import Subject

_ORDER = {
    Purpose.TEST_CONNECTION: 0,
    Purpose.MATCH: 1,
    Purpose.READ: 1,
    Purpose.CREATE: 2,
    Purpose.UPDATE: 3,
    Purpose.RESTORE: 3,
    Purpose.MANAGER: 4,
    Purpose.CHECK_REFERENCE: 4,
    Purpose.MEMBERS: 5,
    Purpose.DISABLE: 6,
    Purpose.DELETE: 7,
}
"""Creates before updates before references; what takes away comes last."""

_NO_ANSWER = frozenset({Verdict.NOT_SENT, Verdict.NOT_REBUILT})
"""What failed was not asked: that a write was left out five times says nothing of the sixth."""

Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What replaying many events gave."""

    replays: tuple[Replay, ...] = ()
    limits: tuple[str, ...] = ()
    """What was left out, and why."""

    interrupted: bool = False
    """Whether somebody stopped it; what was done until then is here."""

    unreached: bool = False
    """Whether the endpoint could not be reached, so that nothing was learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When to stop."""

    limit: int | None = None
    """At most this many events."""

    identical: int = 5
    """After this many identical answers that came, further events of the shape are left out."""


def newest_per_shape(
    events: Iterable[ProvisioningObjectSummary],
) -> tuple[ProvisioningObjectSummary, ...]:
    """Of each object and each kind of failure only the newest event, in the order given."""
    newest: dict[tuple[str, ...], ProvisioningObjectSummary] = {}
    for event in events:
        key = _object_and_shape(event)
        known = newest.get(key)
        if known is None or _seconds(event) > _seconds(known):
            newest[key] = event
    return tuple(newest.values())


def _object_and_shape(event: ProvisioningObjectSummary) -> tuple[str, ...]:
    source, target = event.source_identity.id, event.target_identity.id
    names = sorted(p.display_name.casefold() for p in event.modified_properties)
    which = source or target or event.object_label
    return (which, event.provisioning_action, event.error.error_code or "", *names)


def _seconds(event: ProvisioningObjectSummary) -> float:
    moment = event.activity_date_time
    return moment.timestamp() if moment else 0.0


def in_order(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Users before groups, creates before updates before references, deletions last.

    Captured requests stay as they were captured: the order is part of what happened.
    """
    found = tuple(subjects)
    if any(subject.is_captured for subject in found):
        return found
    return tuple(sorted(found, key=lambda s: (s.is_group, _rank(s))))


def _rank(subject: Subject) -> int:
    requests = subject.writes or subject.questions
    return _ORDER.get(requests[-1].purpose, 3) if requests else 8


def replay_many(
    subjects: Sequence[Subject],
    replayer: Replayer,
    mode: ReplayMode,
    *,
    bounds: Bounds | None = None,
    pace: Callable[[], None] = lambda: None,
    progress: Progress = SILENT,
) -> Batch:
    """Replay `subjects` in order; `pace` is called before each and may wait.

    Ctrl-C ends it: the replays done so far are returned.
    """
    chosen = bounds or Bounds()
    run = _Run(bounds=chosen, total=len(subjects))
    ordered = in_order(subjects)[: chosen.limit]
    with progress.task(f"Replaying ({mode})", total=len(ordered)) as task:
        for subject in ordered:
            if run.is_settled(subject):
                continue
            try:
                pace()
                run.add(subject, replayer.replay(subject, mode))
            except KeyboardInterrupt:
                run.interrupt()
                break
            task.advance(note=subject.label or subject.id)
            if run.is_hopeless(replayer):
                break
    return Batch(
        replays=tuple(run.replays),
        limits=(*run.limits(), *(_left_over(replayer, mode) if run.interrupted else ())),
        interrupted=run.interrupted,
        unreached=bool(run.unreached),
    )


def _left_over(replayer: Replayer, mode: ReplayMode) -> tuple[str, ...]:
    """What a run that was stopped in its clean-up may have left, and the command that removes it."""
    if mode is not ReplayMode.SHADOW or replayer.endpoint is None:
        return ()
    base_url = replayer.endpoint.base_url
    left = len(replayer.journal.resources(base_url))
    if not left:
        return ()
    copies = "1 throwaway object" if left == 1 else f"{left} throwaway objects"
    return (f"{copies} may be left in the app: {cleanup_command(base_url)}",)


@dataclass(slots=True, kw_only=True)
class _Run:
    bounds: Bounds
    total: int
    replays: list[Replay] = field(default_factory=list)
    interrupted: bool = False
    unreached: str = ""
    """Why the endpoint could not be reached from here, if that ended it."""

    _streaks: dict[Shape, tuple[str, int]] = field(default_factory=dict)
    _stopped: str = ""
    _left_out: Counter[Shape] = field(default_factory=Counter)

    def is_settled(self, subject: Subject) -> bool:
        """Whether events of this shape gave the same answer often enough."""
        shape = shape_of(subject)
        settled = self._streaks.get(shape, ("", 0))[1] >= self.bounds.identical
        if settled:
            self._left_out[shape] += 1
        return settled

    def add(self, subject: Subject, replay: Replay) -> None:
        self.replays.append(replay)
        shape = shape_of(subject)
        if replay.verdict in _NO_ANSWER:
            self._streaks.pop(shape, None)
            return
        answer = _answer(replay)
        before, count = self._streaks.get(shape, ("", 0))
        self._streaks[shape] = (answer, count + 1 if before == answer else 1)

    def interrupt(self) -> None:
        """Note that somebody stopped it."""
        self.interrupted, self._stopped = True, "interrupted"

    def is_hopeless(self, replayer: Replayer) -> bool:
        """Whether the last request shows that no other will fare better."""
        if replayer.endpoint is None or not replayer.endpoint.exchanges:
            return False
        last = replayer.endpoint.exchanges[-1]
        if last.failure is not None and (is_network(last) or never_connected(last)):
            self._stopped = last.failure.message
            if never_connected(last) and self.replays[-1].verdict is Verdict.NOT_SENT:
                self.unreached = last.failure.message
        elif last.status == 401:
            self._stopped = "the app refuses the token (401)"
        return bool(self._stopped)

    def limits(self) -> tuple[str, ...]:
        found = [
            f"{count} more {'event' if count == 1 else 'events'} like '{shape[0]}' not replayed: "
            f"the last {self.bounds.identical} all came to the same (--stop-after asks for more)"
            for shape, count in self._left_out.items()
        ]
        if self.unreached:
            found.append(f"the endpoint could not be reached from here: {self.unreached}")
        if self._stopped:
            left = self.total - len(self.replays) - sum(self._left_out.values())
            return (*found, f"{_events(left)} not replayed: {self._stopped}") if left else ()
        beyond = self.total - (self.bounds.limit or self.total)
        if beyond > 0:
            found.append(f"{_events(beyond)} not replayed: --limit {self.bounds.limit}")
        return tuple(found)


def shape_of(subject: Subject) -> Shape:
    """What events with the same fault have in common: what was asked, and how it failed."""
    requests = subject.writes or subject.questions
    if not requests:
        return ("nothing rebuilt",)
    last = requests[-1]
    values = sorted({f"{v.op} {v.path}".casefold() for v in sent_values(last.request)})
    logged = subject.logged
    status = f"{logged.kind} {logged.status} {logged.scim_type}" if logged else "no failure"
    return (f"{last.purpose} of {subject.resource}, {_told(logged)}", status, *values)


def _told(logged: object) -> str:
    return f"logged as {str(logged)[:60]}" if logged else "not logged as a failure"


def _answer(replay: Replay) -> str:
    """The part of a replay that makes it like another: the verdict, not the object's name."""
    if replay.verdict is Verdict.WORKS_NOW:
        return str(replay.verdict)
    head = replay.summary.partition(":")[2] if ":" in replay.summary else replay.summary
    return f"{replay.verdict} {replay.cause} {head.partition(';')[0][:80]}"


def _events(number: int) -> str:
    return "1 event was" if number == 1 else f"{number} events were"
