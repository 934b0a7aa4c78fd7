"""Replays on the real object, exactly as Entra sent it: mode `live`.

What the object was is saved first; without that, nothing is sent.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest
from scimdoctor.model.replay import KEPT_IN, Replay, ReplayMode, Verdict
from scimdoctor.replay import rollback
from scimdoctor.replay.effect import Effect, judge_effect
from scimdoctor.replay.sending import Course, object_id_of, restart_command
from scimdoctor.replay.trouble import resources_in, trouble_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.replay.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where and how the state before is kept."""

    folder: Path
    dialect: Dialect
    now: Callable[[], datetime]


def live(subject: Subject, endpoint: Endpoint, keeping: Keeping) -> Replay:
    """Send what Entra sent, to the real object.

    Raises:
        WriteRefused: the guard allows no writes.
        SourceError: the state before cannot be saved; nothing has been written then.
    """
    course = Course(subject=subject, mode=ReplayMode.LIVE, endpoint=endpoint)
    return _Live(course, keeping).run()


class _Live:
    """One subject on the real object."""

    def __init__(self, course: Course, keeping: Keeping) -> None:
        self._course = course
        self._keeping = keeping
        self._path: Path | None = None

    def run(self) -> Replay:
        course, subject = self._course, self._course.subject
        for question in subject.questions:
            ended = self._ask(question)
            if ended is not None:
                return ended
        if not subject.writes:
            return course.end_answered()
        before = self._before(subject.writes[0])
        if before is None and subject.writes[0].purpose is not Purpose.CREATE:
            return self._unsaved()
        state = self._save(before)
        for number, write in enumerate(subject.writes):
            exchange = course.send(write)
            trouble = trouble_in(exchange, write.purpose)
            if trouble is not None:
                refused = number == 0 and 400 <= (exchange.status or 0) < 500
                self._tell_undo(refused=refused)
                ended = course.end_with(trouble, write, exchange)
                return ended if refused else self._with_rollback(ended)
        if write.purpose is Purpose.CREATE and self._path is not None:
            rollback.overwrite(self._path, rollback.with_created_id(state, exchange.json["id"]))
        return self._judge(write, exchange, before)

    def _ask(self, question: ReconstructedRequest) -> Replay | None:
        """Send one question; a replay if Entra would stop there or go another way."""
        course = self._course
        exchange = course.send(question)
        trouble = trouble_in(exchange, question.purpose)
        if trouble is not None:
            if question.purpose is Purpose.CHECK_REFERENCE and not question.failed:
                return None
            return course.end_with(trouble, question, exchange)
        creates = any(w.purpose is Purpose.CREATE for w in course.subject.writes)
        found = resources_in(exchange.json) if question.purpose is Purpose.MATCH else None
        if not (creates and found):
            return None
        for write in course.subject.writes:
            course.leave_unsent(write)
        text = (
            f"the object exists now (id {found[0].get('id')}): Entra would link to it and update "
            "it, so the create was not sent"
        )
        restart = restart_command(course.subject)
        return course.end(Verdict.NOT_SENT, text, next_command=restart)

    def _before(self, write: ReconstructedRequest) -> dict[str, Any] | None:
        object_id = object_id_of(write.request)
        if object_id is None:
            return None
        resource = self._course.subject.resource
        return self._course.read_back(resource, object_id, why="saved before the write")

    def _unsaved(self) -> Replay:
        for write in self._course.subject.writes:
            self._course.leave_unsent(write)
        text = "nothing was written: the object could not be read, so it could not be put back"
        return self._course.end(Verdict.NOT_SENT, text)

    def _save(self, before: dict[str, Any] | None) -> rollback.SavedState:
        course, subject = self._course, self._course.subject
        state = rollback.state_before(
            subject.writes,
            before,
            where=(course.endpoint.base_url, subject.id, subject.resource),
            dialect=self._keeping.dialect,
            at=self._keeping.now(),
        )
        state = replace(state, made=rollback.made_by(subject.writes[0], subject.matching))
        course.endpoint.guard.require(course.endpoint.host)
        self._path = rollback.save(state, self._keeping.folder)
        course.notes.extend(state.notes)
        return state

    def _tell_undo(self, *, refused: bool = False) -> None:
        """Say how to go back, or that there is nothing to go back from."""
        kept = f"refused, so nothing to undo; {KEPT_IN}{self._path}"
        self._course.notes.append(kept if refused else f"to undo: {self._command()}")

    def _command(self) -> str:
        path, url = shlex.quote(str(self._path)), shlex.quote(self._course.endpoint.base_url)
        return f"scimdoctor replay --rollback {path} --endpoint {url}"

    def _judge(
        self, write: ReconstructedRequest, exchange: Exchange, before: dict[str, Any] | None
    ) -> Replay:
        course = self._course
        object_id = object_id_of(write.request)
        if write.purpose is Purpose.CREATE:
            object_id = exchange.json["id"]
        stored = None
        if object_id is not None:
            stored = course.read_back(course.subject.resource, object_id, why="read back")
        effect = judge_effect(write, answered=exchange.json, before=before, stored=stored)
        unchanged = self._shows_no_change(effect, before, stored)
        if unchanged:
            course.notes.append(f"nothing to undo; {KEPT_IN}{self._path}")
        else:
            self._tell_undo()
        course.notes.extend(effect.notes)
        what = f"{write.request.method} {write.request.path} is answered with {exchange.status}"
        if effect.ineffective:
            ended = course.end(
                Verdict.DIFFERENT_FAILURE,
                f"{what} but {effect.summary}",
                cause=effect.cause,
                differences=effect.differences,
            )
            return self._with_rollback(ended)
        weak = "; the app shows no change, so this proves little" if unchanged else ""
        return course.end_worked(
            f"{what}{effect.tail}{weak}", cause=effect.cause, differences=effect.differences
        )

    def _shows_no_change(
        self, effect: Effect, before: dict[str, Any] | None, stored: dict[str, Any] | None
    ) -> bool:
        """Whether the app held before what was sent, and holds the same now.

        What it does not show may have changed: values that are missing keep their way back.
        """
        if before is None or stored is None or len(self._course.subject.writes) != 1:
            return False
        seen = effect.differences and not effect.ineffective and not effect.cause
        return bool(seen) and rollback.without_meta(before) == rollback.without_meta(stored)

    def _with_rollback(self, replay: Replay) -> Replay:
        return replace(replay, next_command=self._command())
