"""Replays on a throwaway copy: mode `shadow`.

The copy takes every value of the real object but the unique ones, so that what the app does to it
it does to the real one. Each copy is journalled before it is created and removed afterwards,
whatever happens in between.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.journal import new_key
from scimdoctor.endpoint.leftovers import Removal, cleanup_command, remove
from scimdoctor.entra import requests
from scimdoctor.errors import WriteRefused
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest
from scimdoctor.model.replay import Replay, ReplayMode, Verdict
from scimdoctor.replay.effect import Effect, judge_effect
from scimdoctor.replay.reading import exists, referenced_ids, removed_ids
from scimdoctor.replay.sending import (
    Course,
    filter_of,
    object_id_of,
    with_object_id,
)
from scimdoctor.replay.throwaway import (
    Freshener,
    copy_of,
    fresh_request,
    marker_of,
    minimal,
    with_references,
)
from scimdoctor.replay.trouble import resources_in, trouble_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.journal import Journal, JournalledResource
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.replay.subject import Subject

MOST_THROWAWAY_MEMBERS = 3
"""So many members of a large change are replaced by throwaway users; the rest are left out."""

_MADE = "a throwaway copy, removed afterwards"


def most_writes(subject: Subject) -> int:
    """The most writes that a shadow replay of `subject` can take, removals included."""
    if not subject.writes:
        return 0
    stand_ins = min(len(_references(subject)), MOST_THROWAWAY_MEMBERS)
    created = 1 + stand_ins + (1 if subject.is_group else 0)
    return 3 * created + len(subject.writes) + (1 if subject.is_group else 0)


def shadow(
    subject: Subject, endpoint: Endpoint, *, journal: Journal, token: Callable[[], str]
) -> Replay:
    """Replay `subject` on copies; `token` gives a fresh text each time.

    Raises:
        WriteRefused: the guard allows no writes.
        SourceError: the journal cannot be written; nothing has been created then.
    """
    course = Course(subject=subject, mode=ReplayMode.SHADOW, endpoint=endpoint)
    shadowing = _Shadow(course=course, journal=journal, token=token)
    try:
        replay = shadowing.run()
    finally:
        left = shadowing.clean_up()
    if not left:
        return replay
    command = cleanup_command(endpoint.base_url)
    return replace(replay, notes=(*replay.notes, *left), next_command=command)


def _references(subject: Subject) -> tuple[str, ...]:
    """The ids of members and managers that the writes name."""
    named = [i for w in subject.writes for i in (*referenced_ids(w), *removed_ids(w))]
    return tuple(dict.fromkeys(named))


@dataclass(slots=True)
class _Shadow:
    """One subject on throwaway copies."""

    course: Course
    journal: Journal
    token: Callable[[], str]
    unanswered: set[str] = field(default_factory=set)
    """Keys of creates that were sent and have no answer: they may take effect later."""

    made: list[str] = field(default_factory=list)
    """Journal keys of what was created, in order."""

    @property
    def _subject(self) -> Subject:
        return self.course.subject

    def run(self) -> Replay:
        subject = self._subject
        if not subject.writes:
            return self._questions_only()
        freshener = Freshener(
            token=self.token(), is_group=subject.is_group, matching=subject.matching
        )
        if subject.writes[0].purpose is Purpose.CREATE:
            return self._create(subject.writes[0], freshener)
        return self._change(freshener)

    def _questions_only(self) -> Replay:
        """A failing query needs no copy: it is asked as it was."""
        for question in self._subject.questions:
            exchange = self.course.send(question)
            trouble = trouble_in(exchange, question.purpose)
            if trouble is not None:
                return self.course.end_with(trouble, question, exchange)
        return self.course.end_answered()

    def _create(self, write: ReconstructedRequest, freshener: Freshener) -> Replay:
        body = write.request.json
        if not isinstance(body, dict):
            return self.course.end(Verdict.NOT_SENT, "the body is no JSON object; nothing was sent")
        fresh = freshener.body(body)
        if marker_of(fresh, is_group=self._subject.is_group) is None:
            return self._no_copy("the request holds no name by which it could be found again")
        for question in self._subject.questions:
            ended = self._ask_fresh(question, freshener)
            if ended is not None:
                return ended
        replacements = self._stand_ins()
        if replacements is None:
            return self._no_copy("a throwaway manager could not be created")
        request = with_references(_with_body(write, fresh), replacements)
        created = _marked_fresh(replace(write, request=request), freshener)
        exchange = self._post(created, fresh, send=self.course.send)
        trouble = trouble_in(exchange, Purpose.CREATE)
        if trouble is not None:
            return self.course.end_with(trouble, created, exchange)
        stored = self._read_back(exchange.json["id"])
        return self._judge(created, exchange, (None, stored))

    def _ask_fresh(
        self, question: ReconstructedRequest, freshener: Freshener, *, exists: bool = False
    ) -> Replay | None:
        """Ask the matching query for the fresh value, which one object has if `exists`."""
        asked = filter_of(question.request)
        if question.purpose is not Purpose.MATCH or asked is None:
            return None
        path, value = asked
        if not freshener.must_be_fresh(path):
            return None
        exists = exists and freshener.has_made(value)
        request = requests.match_query(self._subject.resource, path, freshener.text(value))
        fresh = _marked_fresh(replace(question, request=request), freshener)
        exchange = self.course.send(fresh)
        trouble = trouble_in(exchange, Purpose.MATCH)
        if trouble is not None:
            return self.course.end_with(trouble, fresh, exchange)
        if exists and not resources_in(exchange.json):
            self.course.notes.append(f"the query by {path} does not find the copy just created")
        return None

    def _change(self, freshener: Freshener) -> Replay:
        """Make a copy of the real object, then send the writes to it."""
        copy_id, ended = self._copy(freshener)
        if ended is not None or copy_id is None:
            return ended or self._no_copy("it could not be created")
        replacements = self._stand_ins()
        if replacements is None:
            return self._no_copy("a throwaway member could not be created")
        setup = self._set_up_members(copy_id, replacements)
        if setup is not None:
            return setup
        before = self._read_back(copy_id)
        for write in self._subject.writes:
            fresh = self._for_copy(write, copy_id, freshener, replacements)
            exchange = self.course.send_own(fresh)
            trouble = trouble_in(exchange, write.purpose)
            if trouble is not None:
                return self.course.end_with(trouble, fresh, exchange)
        return self._judge(fresh, exchange, (before, self._read_back(copy_id)))

    def _for_copy(
        self,
        write: ReconstructedRequest,
        copy_id: str,
        freshener: Freshener,
        replacements: dict[str, str],
    ) -> ReconstructedRequest:
        moved = with_object_id(write, self._subject.resource, copy_id)
        request = with_references(fresh_request(moved.request, freshener), replacements)
        return _marked_fresh(replace(moved, request=request), freshener)

    def _judge(
        self,
        write: ReconstructedRequest,
        exchange: Exchange,
        states: tuple[dict[str, Any] | None, dict[str, Any] | None],
    ) -> Replay:
        before, stored = states
        effect = judge_effect(write, answered=exchange.json, before=before, stored=stored)
        self.course.notes.extend(effect.notes)
        what = f"{write.request.method} on a throwaway copy"
        if effect.ineffective:
            return self.course.end(
                Verdict.DIFFERENT_FAILURE,
                f"{what} is answered with {exchange.status} but {effect.summary}",
                cause=effect.cause,
                differences=effect.differences,
            )
        if self._subject.logged is not None and self._subject.logged.is_about_uniqueness:
            return self._no_clash(exchange, effect)
        return self.course.end_worked(
            f"{what} is answered with {exchange.status}{effect.tail}",
            cause=effect.cause,
            differences=effect.differences,
        )

    def _no_clash(self, exchange: Exchange, effect: Effect) -> Replay:
        """A copy has fresh values, so it cannot show whether the real ones still clash."""
        fresh = ", ".join(dict.fromkeys((*self._subject.matching, "externalId", "emails")))
        command = f"scimdoctor replay {shlex.quote(self._subject.id)} --mode live"
        return self.course.end(
            Verdict.NOT_SENT,
            f"a copy with fresh values is accepted ({exchange.status}), so the app refuses one of "
            f"the values that must be unique ({fresh}), which another object seems to hold",
            cause=effect.cause,
            differences=effect.differences,
            next_command=command,
        )

    def _copy(self, freshener: Freshener) -> tuple[str | None, Replay | None]:
        """Create a copy of the object that the writes are about; its id, or how it ended."""
        object_id = object_id_of(self._subject.writes[0].request)
        if object_id is None:
            return None, self._no_copy("the request names no object")
        question = ReconstructedRequest(
            purpose=Purpose.READ,
            request=requests.read(self._subject.resource, object_id),
            notes=("read, as Entra does, and to make a copy of it",),
        )
        exchange = self.course.send(question)
        trouble = trouble_in(exchange, Purpose.READ)
        if trouble is not None:
            return None, self.course.end_with(trouble, question, exchange)
        body = copy_of(exchange.json, freshener)
        made = _creation(self._subject.resource, body)
        exchange = self._post(made, body, send=self.course.send_own)
        trouble = trouble_in(exchange, Purpose.CREATE)
        if trouble is not None:
            return None, self._no_copy(f"the app refuses it: {trouble}")
        return exchange.json["id"], self._matched(freshener)

    def _matched(self, freshener: Freshener) -> Replay | None:
        """Ask for the copy as Entra asks for the object; a replay if Entra would stop there."""
        for question in self._subject.questions:
            ended = self._ask_fresh(question, freshener, exists=True)
            if ended is not None:
                return ended
        return None

    def _no_copy(self, why: str) -> Replay:
        for write in self._subject.writes:
            self.course.leave_unsent(write)
        text = f"not reproduced: no throwaway copy to try it on; {why}"
        return self.course.end(Verdict.NOT_SENT, text)

    def _stand_ins(self) -> dict[str, str] | None:
        """Throwaway users in place of the real ones that the writes name.

        An id that the app does not know stays: it touches nobody, and may be the very fault.
        """
        ids = _references(self._subject)
        if len(ids) > MOST_THROWAWAY_MEMBERS:
            self.course.notes.append(
                f"only {MOST_THROWAWAY_MEMBERS} of {len(ids)} members were tried"
            )
        found: dict[str, str] = {}
        for real in ids[:MOST_THROWAWAY_MEMBERS]:
            if exists(self.course, real) is not False:
                stand_in = self._make_user()
                if stand_in is None:
                    return None
                found[real] = stand_in
        # The others stand for one that was tried: nobody real is touched.
        other = next(iter(found.values()), ids[0] if ids else "")
        return found | dict.fromkeys(ids[MOST_THROWAWAY_MEMBERS:], other)

    def _make_user(self) -> str | None:
        body = minimal(Freshener(token=self.token()))
        exchange = self._post(_creation("Users", body), body, send=self.course.send_own)
        return exchange.json["id"] if trouble_in(exchange, Purpose.CREATE) is None else None

    def _set_up_members(self, copy_id: str, replacements: dict[str, str]) -> Replay | None:
        """Before members are removed, put them in, and one more that must survive."""
        named = [i for write in self._subject.writes for i in removed_ids(write)]
        removed = [replacements[i] for i in named if i in replacements]
        if not removed:
            return None
        bystander = self._make_user()
        members = list(dict.fromkeys([*removed, *([bystander] if bystander else [])]))
        rebuilt = ReconstructedRequest(
            purpose=Purpose.MEMBERS,
            request=requests.add_members(copy_id, members),
            notes=("puts the throwaway members in before they are removed",),
        )
        exchange = self.course.send_own(rebuilt)
        trouble = trouble_in(exchange, Purpose.MEMBERS)
        return None if trouble is None else self.course.end_with(trouble, rebuilt, exchange)

    def _read_back(self, object_id: str) -> dict[str, Any] | None:
        return self.course.read_back(self._subject.resource, object_id, why="read back")

    def _post(
        self,
        rebuilt: ReconstructedRequest,
        body: dict[str, Any],
        *,
        send: Callable[[ReconstructedRequest], Exchange],
    ) -> Exchange:
        """Journal, create, and journal the id."""
        endpoint = self.course.endpoint
        resource = rebuilt.request.path.strip("/")
        attribute, value = marker_of(body, is_group=resource == "Groups") or ("", "")
        key = new_key()
        self.made.append(key)
        self.journal.about_to_create(
            endpoint.base_url, resource, attribute=attribute, value=value, key=key
        )
        self.unanswered.add(key)
        try:
            exchange = send(rebuilt)
        except WriteRefused:
            self.journal.forget(key)
            raise
        if exchange.status is not None:
            self.unanswered.remove(key)
        answer = exchange.json
        if exchange.ok and isinstance(answer, dict) and isinstance(answer.get("id"), str):
            self.journal.created(key, answer["id"])
        elif exchange.status is not None and 400 <= exchange.status < 500:
            self.journal.forget(key)
            self.made.remove(key)
        return exchange

    def clean_up(self) -> tuple[str, ...]:
        """Remove all that was created; says what could not be removed, which stays journalled."""
        mine = {r.key: r for r in self.journal.resources() if r.key in self.made}
        keys = sorted(mine, key=lambda key: (mine[key].resource != "Groups", key))
        first = [self._remove(mine[key]) for key in keys]
        # Once more, because an app that is throttling may have let the rest go meanwhile.
        left = [removal.resource for removal in first if not removal.removed]
        second = [self._remove(resource) for resource in left]
        return tuple(_leftover(removal) for removal in second if not removal.removed)

    def _remove(self, resource: JournalledResource) -> Removal:
        may_come = resource.key in self.unanswered
        removal = remove(self.course.endpoint, self.journal, resource, may_come=may_come)
        self.course.endpoint.recorder.mark_own(*removal.exchanges)
        return removal


def _marked_fresh(rebuilt: ReconstructedRequest, freshener: Freshener) -> ReconstructedRequest:
    """Take back what is said of the origin of values that were replaced."""
    known = rebuilt.provenance
    kept = {
        path: where
        for path, where in known.items()
        if where is Provenance.UNKNOWN or (path != "id" and not freshener.must_be_fresh(path))
    }
    gone = [path for path in known if path not in kept]
    note = f"throwaway values for {', '.join(gone)}" if gone else "sent to a throwaway copy"
    return replace(rebuilt, provenance=frozen(kept), notes=(*rebuilt.notes, note))


def _leftover(removal: Removal) -> str:
    left = removal.resource
    return f"{left.resource} {left.value} {removal.message}; scimdoctor cleanup removes it"


def _creation(resource: str, body: dict[str, Any]) -> ReconstructedRequest:
    request = requests.with_body("POST", f"/{resource}", body)
    return ReconstructedRequest(purpose=Purpose.CREATE, request=request, notes=(_MADE,))


def _with_body(write: ReconstructedRequest, body: dict[str, Any]) -> ScimRequest:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return replace(write.request, body=text.encode())
