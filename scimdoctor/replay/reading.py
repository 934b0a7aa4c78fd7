"""Replays by reading alone, or not at all: modes `plan` and `read`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra import requests
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest
from scimdoctor.model.replay import Replay, ReplayedRequest, ReplayMode, Verdict
from scimdoctor.replay.judge import Judgement, LiveView, judge
from scimdoctor.replay.known_attributes import KnownAttributes
from scimdoctor.replay.sending import Course, object_id_of, restart_command
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.trouble import resources_in, trouble_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.replay.sent_values import SentValue
    from scimdoctor.replay.subject import Subject

MOST_REFERENCES = 5
"""So many members are looked up, to see that they exist."""

_READ_ONLY_VERDICT = "the write was not sent (mode read)"


def not_rebuilt(subject: Subject, mode: ReplayMode) -> Replay:
    """The replay of an event of which no request could be rebuilt."""
    missing = subject.reconstruction.missing
    why = missing[0] if missing else "the event tells of no request"
    return Replay(
        event=subject.id,
        label=subject.label,
        mode=mode,
        verdict=Verdict.NOT_REBUILT,
        summary=f"cannot be rebuilt: {why}",
        missing=missing,
        notes=subject.reconstruction.notes,
    )


def plan(subject: Subject, *, base_url: str) -> Replay:
    """Show the requests and send nothing."""
    rebuilt = subject.reconstruction
    count = len(rebuilt.requests)
    return Replay(
        event=subject.id,
        label=subject.label,
        mode=ReplayMode.PLAN,
        verdict=Verdict.NOT_SENT,
        summary=f"{count} request{'s' if count != 1 else ''} rebuilt, nothing was sent",
        requests=tuple(
            ReplayedRequest(rebuilt=r, curl=curl_line(r.request, base_url))
            for r in rebuilt.requests
        ),
        missing=rebuilt.missing,
        notes=rebuilt.notes,
    )


@dataclass(slots=True)
class SchemasOnce:
    """`GET /Schemas`, asked when first needed and never again."""

    endpoint: Endpoint
    _asked: bool = field(default=False, init=False)
    _known: KnownAttributes | None = field(default=None, init=False)

    def get(self) -> KnownAttributes | None:
        """What the endpoint declares; `None` if it declares nothing readable."""
        if not self._asked:
            self._asked = True
            exchange = self.endpoint.send(requests.get("/Schemas"))
            self._known = KnownAttributes.parse(exchange.json) if exchange.ok else None
        return self._known


def read(subject: Subject, endpoint: Endpoint, schemas: SchemasOnce) -> Replay:
    """Send the questions only, and judge the write by what they show.

    The guard refuses writes meanwhile, whatever was allowed before.
    """
    with endpoint.guard.reads_only():
        course = Course(subject=subject, mode=ReplayMode.READ, endpoint=endpoint)
        return _Reading(course, schemas).run()


class _Reading:
    """One subject, read."""

    def __init__(self, course: Course, schemas: SchemasOnce) -> None:
        self._course = course
        self._schemas = schemas
        self._matches: tuple[dict[str, Any], ...] | None = None
        self._resource: dict[str, Any] | None = None

    def run(self) -> Replay:
        course, subject = self._course, self._course.subject
        for question in subject.questions:
            ended = self._ask(question)
            if ended is not None:
                return ended
        if not subject.writes:
            return course.end_answered()
        write = subject.writes[-1]
        if self._resource is None and write.purpose is not Purpose.CREATE:
            ended = self._read_object(write)
            if ended is not None:
                return ended
        for unsent in subject.all_writes:
            course.leave_unsent(unsent)
        return self._judged(write)

    def _ask(self, question: ReconstructedRequest) -> Replay | None:
        """Send one question; a replay if Entra would stop there."""
        exchange = self._course.send(question)
        trouble = trouble_in(exchange, question.purpose)
        if trouble is not None:
            if question.purpose is Purpose.CHECK_REFERENCE and not question.failed:
                self._course.notes.append(f"the check of the reference failed: {trouble}")
                return None
            return self._course.end_with(trouble, question, exchange)
        if question.purpose is Purpose.MATCH:
            self._matches = tuple(resources_in(exchange.json) or ())
        elif question.purpose is Purpose.READ:
            self._resource = exchange.json
        return None

    def _read_object(self, write: ReconstructedRequest) -> Replay | None:
        """Read the object that the write is about, if no question did."""
        object_id = object_id_of(write.request)
        if object_id is None:
            return None
        question = ReconstructedRequest(
            purpose=Purpose.READ,
            request=requests.read(self._course.subject.resource, object_id),
            notes=("read to judge the write",),
        )
        return self._ask(question)

    def _judged(self, write: ReconstructedRequest) -> Replay:
        if write.purpose is Purpose.MEMBERS:
            self._read_members(write)
        view = LiveView(
            matches=self._matches,
            resource=self._resource,
            schemas=self._schemas.get(),
            references=frozen(self._references(write)),
        )
        judgement = judge(write, view, self._course.subject.logged)
        self._course.notes.extend(judgement.notes)
        return self._course.end(
            Verdict.NOT_SENT,
            f"{_READ_ONLY_VERDICT}; {judgement.forecast}",
            cause=judgement.cause,
            next_command=_next(self._course.subject, judgement),
        )

    def _read_members(self, write: ReconstructedRequest) -> None:
        """Read the group with its members; without them if that fails."""
        object_id = object_id_of(write.request)
        if object_id is not None:
            whole = self._course.read_back("Groups", object_id, why="read with members to judge")
            # A group without members may come without the attribute (RFC 7643 section 2.5).
            self._resource = {"members": [], **whole} if whole else self._resource

    def _references(self, write: ReconstructedRequest) -> dict[str, bool]:
        """Whether the users that the write adds exist, the first few of them."""
        ids = referenced_ids(write)[:MOST_REFERENCES]
        found = {object_id: exists(self._course, object_id) for object_id in ids}
        return {object_id: there for object_id, there in found.items() if there is not None}


def exists(course: Course, object_id: str) -> bool | None:
    """Whether the app has a user, or else a group, of this id; `None` if it does not tell."""
    for resource in ("Users", "Groups"):
        question = ReconstructedRequest(
            purpose=Purpose.READ,
            request=requests.read(resource, object_id),
            notes=("read to see that the reference exists",),
        )
        exchange = course.send(question)
        if exchange.ok:
            return True
        if exchange.status not in {404, 410}:
            return None
    return False


def referenced_ids(write: ReconstructedRequest) -> tuple[str, ...]:
    """The ids of members or managers that `write` adds."""
    return _references_of(item for item in sent_values(write.request) if item.op != "remove")


def removed_ids(write: ReconstructedRequest) -> tuple[str, ...]:
    """The ids of members that `write` removes."""
    return _references_of(item for item in sent_values(write.request) if item.op == "remove")


def _references_of(items: Iterable[SentValue]) -> tuple[str, ...]:
    found: list[str] = []
    for item in items:
        name = item.path.casefold()
        if name == "members" or name.endswith(("manager", "manager.value")):
            elements = item.value if isinstance(item.value, list) else [item.value]
            values = [e.get("value") if isinstance(e, dict) else e for e in elements]
            found += [v for v in values if isinstance(v, str) and v]
    return tuple(dict.fromkeys(found))


def _next(subject: Subject, judgement: Judgement) -> str | None:
    """A restart if nothing is left to do, else the mode that would settle it."""
    if judgement.in_effect:
        return restart_command(subject)
    return f"scimdoctor replay {shlex.quote(subject.id)} --mode shadow"
