"""Sends rebuilt requests one after another and keeps what the report needs of each."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra import requests
from scimdoctor.model.exchange import LONGEST_ANSWER, LONGEST_EVIDENCE, FailureKind
from scimdoctor.model.reconstruction import Provenance, Purpose, ReconstructedRequest
from scimdoctor.model.replay import (
    Replay,
    ReplayedRequest,
    ReplayMode,
    Verdict,
)
from scimdoctor.replay.trouble import (
    Trouble,
    TroubleKind,
    agree,
    never_connected,
    resources_in,
)
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.replay import Difference
    from scimdoctor.replay.subject import Subject

_CAUSES_OF_SILENCE = {
    FailureKind.DNS: "endpoint-unreachable-or-blocked",
    FailureKind.REFUSED: "endpoint-unreachable-or-blocked",
    FailureKind.TLS: "endpoint-unreachable-or-blocked",
    FailureKind.TIMEOUT: "endpoint-too-slow-or-throttled",
    FailureKind.CREDENTIALS: "oauth-token-endpoint-incompatible",
}
_COMPARISON = re.compile(r'^\s*(.+?)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$', re.IGNORECASE)
_RESULTS = frozenset({Verdict.SAME_FAILURE, Verdict.DIFFERENT_FAILURE, Verdict.WORKS_NOW})
WORKS_NOW = "works now: "
_SHOWN = 6
_TOKEN_NOTE = (
    "the app refuses the token that scimdoctor was given; see that it is the one saved in Entra"
)


@dataclass(slots=True)
class Course:
    """The requests of one replay so far, and what was learnt on the way."""

    subject: Subject
    mode: ReplayMode
    endpoint: Endpoint
    sent: list[ReplayedRequest] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def send(self, rebuilt: ReconstructedRequest) -> Exchange:
        """Send one request and keep it."""
        return self._kept(rebuilt, self.endpoint.send(rebuilt.request))

    def _kept(self, rebuilt: ReconstructedRequest, exchange: Exchange) -> Exchange:
        line = curl_line(rebuilt.request, self.endpoint.base_url)
        self.sent.append(ReplayedRequest(rebuilt=rebuilt, exchange=exchange.id, curl=line))
        return exchange

    def send_own(self, rebuilt: ReconstructedRequest) -> Exchange:
        """Send what serves the replay alone: a capture of it must not be taken for Entra's."""
        exchange = self.send(rebuilt)
        self.endpoint.recorder.mark_own(exchange.id)
        return exchange

    def leave_unsent(self, rebuilt: ReconstructedRequest) -> None:
        """Keep one request that is not sent."""
        line = curl_line(rebuilt.request, self.endpoint.base_url)
        self.sent.append(ReplayedRequest(rebuilt=rebuilt, curl=line))

    def read_back(self, resource: str, object_id: str, *, why: str) -> dict[str, Any] | None:
        """Read an object whole, members included; `None` if that fails."""
        request = requests.get(requests.object_path(resource, object_id))
        rebuilt = ReconstructedRequest(purpose=Purpose.READ, request=request, notes=(why,))
        exchange = self._kept(rebuilt, self.endpoint.send(request, body_bytes=LONGEST_ANSWER))
        self.endpoint.recorder.mark_own(exchange.id)
        self.endpoint.recorder.shorten(exchange.id, LONGEST_EVIDENCE)
        return exchange.json if exchange.ok and isinstance(exchange.json, dict) else None

    def end(
        self,
        verdict: Verdict,
        summary: str,
        *,
        cause: str | None = None,
        differences: tuple[Difference, ...] = (),
        next_command: str | None = None,
    ) -> Replay:
        """Put the replay together."""
        rebuilt = self.subject.reconstruction
        has_no_past = self.subject.planned and verdict in _RESULTS
        if has_no_past:
            said = summary.removeprefix(WORKS_NOW)
            works = "works: " if said != summary else ""
            summary = f"{works}{said}; the capture holds no answer to compare with"
        return Replay(
            event=self.subject.id,
            label=self.subject.label,
            mode=self.mode,
            verdict=verdict,
            summary=summary,
            requests=tuple(self.sent),
            differences=differences,
            cause=cause,
            missing=rebuilt.missing,
            notes=tuple(dict.fromkeys((*rebuilt.notes, *self.notes))),
            has_no_past=has_no_past,
            next_command=next_command,
        )

    def end_worked(
        self, summary: str, *, cause: str | None = None, differences: tuple[Difference, ...] = ()
    ) -> Replay:
        """End because the writes work, if they are whole; a part that works proves nothing."""
        left_out = self.left_out()
        if left_out:
            text = f"{summary}, but only a part could be rebuilt, without {left_out}"
            return self.end(Verdict.NOT_REBUILT, text, cause=cause, differences=differences)
        return self.end(
            Verdict.WORKS_NOW,
            f"{WORKS_NOW}{summary}",
            cause=cause,
            differences=differences,
            next_command=restart_command(self.subject),
        )

    def left_out(self) -> str:
        """What the writes lack because nothing tells its value, in words; empty if nothing."""
        names = dict.fromkeys(
            path
            for write in self.subject.writes
            for path, provenance in write.provenance.items()
            if provenance is Provenance.UNKNOWN
        )
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ", ".join(list(names)[:_SHOWN]) + more

    def end_answered(self) -> Replay:
        """End when every question was answered as Entra needs, and there is no write to send.

        That is only "works now" if it was a question that failed.
        """
        subject = self.subject
        if any(question.failed for question in subject.questions):
            text = f"{WORKS_NOW}the app answers as Entra needs ({subject.told_by} says {subject.logged})"
            restart = restart_command(subject)
            return self.end(Verdict.WORKS_NOW, text, next_command=restart)
        missing = subject.reconstruction.missing
        if missing:
            text = f"the write cannot be rebuilt ({missing[0]}); the questions before it work"
            return self.end(Verdict.NOT_REBUILT, text)
        if subject.planned:
            return self.end(Verdict.WORKS_NOW, f"{WORKS_NOW}the app answers as Entra needs")
        text = "the app answers as Entra needs; no write is known to follow"
        if subject.logged is None:
            return self.end(Verdict.WORKS_NOW, f"{WORKS_NOW}{text}")
        return self.end(Verdict.NOT_SENT, text)

    def end_with(
        self, trouble: Trouble, rebuilt: ReconstructedRequest, exchange: Exchange
    ) -> Replay:
        """End because `rebuilt` failed: the same way as logged, or differently."""
        if trouble.status == 401:
            self.notes.append(_TOKEN_NOTE)
        logged, told_by = self.subject.logged, self.subject.told_by
        same = agree(logged, trouble)
        what = f"{rebuilt.request.method} {rebuilt.request.path}"
        blind = logged is not None and logged.kind is TroubleKind.UNKNOWN
        if never_connected(exchange) and (blind or not same):
            why = f"the endpoint could not be reached from here ({trouble.said})"
            said = f"; {told_by} says {logged}" if logged else ""
            return self.end(Verdict.NOT_SENT, f"{what} was not sent: {why}{said}")
        if same:
            cause = cause_of(trouble, rebuilt, exchange)
            tail = f" ({told_by} does not say how it failed then)" if blind else ""
            text = f"{what} fails the same way: {trouble}{tail}"
            return self.end(Verdict.SAME_FAILURE, text, cause=cause)
        if self.subject.planned:
            return self.end(Verdict.DIFFERENT_FAILURE, f"{what} fails ({trouble})")
        left_out = self.left_out() if rebuilt.request.is_write else ""
        if left_out:
            self.notes.append(f"{left_out} could not be rebuilt: that alone may be why it fails so")
        then = f"; {told_by} says {logged}" if logged else "; the event itself was no failure"
        text = f"{what} fails differently: {trouble}{then}"
        return self.end(Verdict.DIFFERENT_FAILURE, text)


def restart_command(subject: Subject) -> str | None:
    """The command that makes Entra try failed objects again now; `None` if it did not fail."""
    if subject.logged is None:
        return None
    app = shlex.quote(subject.app) if subject.app else "APP"
    return f"scimdoctor job restart {app} --scope escrows"


def object_id_of(request: ScimRequest) -> str | None:
    """The id in `/Users/{id}`; `None` for a collection."""
    parts = request.path.strip("/").split("/")
    return unquote(parts[1]) if len(parts) == 2 and parts[1] else None


def with_object_id(
    rebuilt: ReconstructedRequest, resource: str, object_id: str
) -> ReconstructedRequest:
    """The same request to another object."""
    path = requests.object_path(resource, object_id)
    return replace(rebuilt, request=replace(rebuilt.request, path=path))


def cause_of(trouble: Trouble, rebuilt: ReconstructedRequest, exchange: Exchange) -> str | None:
    """The cause that a failing request establishes by itself, if it does."""
    if exchange.failure is not None:
        return _CAUSES_OF_SILENCE.get(exchange.failure.kind)
    if trouble.status == 429:
        return "endpoint-too-slow-or-throttled"
    if rebuilt.purpose is Purpose.MATCH:
        return _cause_of_match(trouble, rebuilt, exchange)
    if rebuilt.purpose is Purpose.READ and trouble.status in {404, 410}:
        return "target-changed-outside-entra"
    if rebuilt.purpose is Purpose.READ and trouble.kind is TroubleKind.UNREADABLE:
        return "response-attribute-malformed"
    if rebuilt.purpose is Purpose.CREATE and trouble.kind is TroubleKind.UNREADABLE:
        return "write-response-wrong"
    return None


def _cause_of_match(
    trouble: Trouble, rebuilt: ReconstructedRequest, exchange: Exchange
) -> str | None:
    if trouble.status == 404 and is_scim_answer(exchange):
        return "filter-no-match-404"
    if trouble.kind is TroubleKind.UNREADABLE:
        return "list-response-malformed"
    if trouble.kind is TroubleKind.AMBIGUOUS and not _all_match(rebuilt, exchange):
        return "filter-not-selective"
    return None


def is_scim_answer(exchange: Exchange) -> bool:
    """Whether SCIM code answered: a 404 in JSON is no wrong URL."""
    return isinstance(exchange.json, dict)


def _all_match(rebuilt: ReconstructedRequest, exchange: Exchange) -> bool:
    """Whether every object that came back has the value that was asked for."""
    asked = filter_of(rebuilt.request)
    if asked is None:
        return True
    path, wanted = asked
    found = resources_in(exchange.json) or []
    values = [value_at(item, path) for item in found]
    return all(isinstance(v, str) and v.casefold() == wanted.casefold() for v in values)


def filter_of(request: ScimRequest) -> tuple[str, str] | None:
    """Attribute path and value of a matching query; `None` if it is none."""
    text = (parse_qs(request.query).get("filter") or [""])[0]
    found = _COMPARISON.match(text)
    try:
        value = json.loads(found[2]) if found else None
    except ValueError:
        return None
    return (found[1], value) if found and isinstance(value, str) else None
