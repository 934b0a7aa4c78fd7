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
from scimdoctor.replay.clash import look_for_clash
from scimdoctor.replay.judge import Judgement, LiveView, judge
from scimdoctor.replay.known_attributes import KnownAttributes
from scimdoctor.replay.sending import WORKS_NOW, Course, object_id_of, restart_command
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.trouble import agree, resources_in, trouble_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.replay.clash import Clash
    from scimdoctor.replay.sent_values import SentValue
    from scimdoctor.replay.subject import Subject

MOST_REFERENCES = 5
"""So many members are looked up, to see that they exist."""

_NOT_SENT = "the write was not sent (mode read)"
_NOT_TRIED = "whether the app takes the write was not tried"


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
            self.endpoint.recorder.mark_own(exchange.id)
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
        self._gone = False

    def run(self) -> Replay:
        course, subject = self._course, self._course.subject
        for question in subject.questions:
            ended = self._learn(question, course.send(question))
            if ended is not None:
                return ended
        if not subject.writes:
            return course.end_answered()
        last = subject.writes[-1]
        if self._resource is None and last.purpose is not Purpose.CREATE:
            ended = self._read_object(last)
            if ended is not None:
                return ended
        for unsent in subject.all_writes:
            course.leave_unsent(unsent)
        return self._judged()

    def _learn(self, question: ReconstructedRequest, exchange: Exchange) -> Replay | None:
        """Take in the answer to one question; a replay if Entra would stop there."""
        course = self._course
        trouble = trouble_in(exchange, question.purpose)
        if trouble is None:
            if question.purpose is Purpose.MATCH:
                self._matches = tuple(resources_in(exchange.json) or ())
            elif question.purpose is Purpose.READ:
                self._resource = exchange.json
            return None
        if question.purpose is Purpose.CHECK_REFERENCE and not question.failed:
            course.notes.append(f"the check of the reference failed: {trouble}")
            return None
        deleting = any(write.purpose is Purpose.DELETE for write in course.subject.writes)
        gone = question.purpose is Purpose.READ and trouble.status in {404, 410}
        if deleting and gone and not agree(course.subject.logged, trouble):
            self._gone = True
            return None
        return course.end_with(trouble, question, exchange)

    def _read_object(self, write: ReconstructedRequest) -> Replay | None:
        """Read the object that the write is about, if no question did."""
        object_id = object_id_of(write.request)
        if object_id is None or self._gone:
            return None
        question = ReconstructedRequest(
            purpose=Purpose.READ,
            request=requests.read(self._course.subject.resource, object_id),
            notes=("read to judge the write",),
        )
        return self._learn(question, self._course.send_own(question))

    def _judged(self) -> Replay:
        course, subject = self._course, self._course.subject
        judgements = [self._judgement(write) for write in subject.writes]
        for one in judgements:
            course.notes.extend(one.notes)
        judgement = next((one for one in judgements if not one.in_effect), judgements[-1])
        answered = any(question.failed for question in subject.questions)
        done = judgement.in_effect and not subject.reconstruction.missing
        if done and not answered:
            return course.end_worked(f"{judgement.forecast}; {_NOT_TRIED}")
        if answered:
            what = judgement.forecast if done else "the app answers the question that failed"
            text = f"{WORKS_NOW}{what}; {_NOT_TRIED}"
            return course.end(Verdict.WORKS_NOW, text, next_command=restart_command(subject))
        return course.end(
            Verdict.NOT_SENT,
            f"{_NOT_SENT}; {judgement.forecast}",
            cause=judgement.cause,
            next_command=f"scimdoctor replay {shlex.quote(subject.id)} --mode shadow",
        )

    def _judgement(self, write: ReconstructedRequest) -> Judgement:
        if write.purpose is Purpose.MEMBERS:
            self._read_members(write)
        view = LiveView(
            matches=self._matches,
            resource=self._resource,
            gone=self._gone,
            schemas=self._schemas.get(),
            references=frozen(self._references(write)),
            clash=self._clash(write),
        )
        return judge(write, view)

    def _clash(self, write: ReconstructedRequest) -> Clash | None:
        """What a write clashes with that the app refused as a duplicate; not of what matches."""
        logged = self._course.subject.logged
        if logged is None or not logged.is_about_uniqueness:
            return None
        if write.purpose is Purpose.CREATE:
            return None if self._matches else look_for_clash(self._course, write)
        renames = write.purpose in {Purpose.UPDATE, Purpose.DISABLE}
        return look_for_clash(self._course, write) if renames else None

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
        exchange = course.send_own(question)
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
