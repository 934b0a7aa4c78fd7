"""What only the run as a whole shows: other objects, waiting, throttling, hiccups, speed."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed, measured, noted, passed
from scimdoctor.checks.ids import ACCEPTED, CREATE, READ
from scimdoctor.checks.objects import created_id
from scimdoctor.checks.patience import LATE
from scimdoctor.checks.references import HOW_IT_WORKS, RFC7644, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, flat, request_words
from scimdoctor.entra import requests
from scimdoctor.model.finding import Figure
from scimdoctor.model.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_ENOUGH = 20
"""With fewer requests nothing can be said of the run as a whole."""

_JSON_TYPES = {"application/scim+json", "application/json"}

_RARE = 50
"""One request in so many may fail before it is more than a nuisance: Entra tries again."""


def _bystander(context: CheckContext) -> Iterator[Result]:
    other = context.user("bystander")
    read = context.read(other)
    if not read.ok:
        yield failed(f"A user that no write named is answered {answer_words(read)} now.", read)
        return
    before, now = _flat(other.created), _flat(read)
    changed = [*_changed(context, before, now, before)]
    changed += [
        f"{path} is {value[:80]}, which nobody sent"
        for path, value in now.items()
        if before and path in _OWN and path not in (before.keys() | other.sent.keys())
    ]
    if changed:
        words = f"A user that no write named was changed: {'; '.join(changed)}."
        yield failed(words, other.created, *_whence(context, other.created, read), read)
        return
    yield from _neighbours(context, other.id)


def _flat(exchange: Exchange) -> dict[str, str]:
    body = exchange.json
    return flat(body) if exchange.ok and isinstance(body, dict) else {}


def _changed(
    context: CheckContext, before: dict[str, str], now: dict[str, str], paths: Iterable[str]
) -> Iterator[str]:
    """How the attributes differ that the app is known to keep."""
    for path in paths:
        if path in before and path in context.kept and now.get(path) != before[path]:
            yield f"{path} was {before[path][:80]} and is {now.get(path, 'gone')[:80]}"


_OWN = frozenset({"roles", "title", "nickName", "userType", "entitlements"})
"""Attributes that the bystander was not given, and that no app makes up."""


def _neighbours(context: CheckContext, known: str) -> Iterator[Result]:
    """Read users whom no write named, those first who were made next to one that was written to."""
    made = _alone(context, known)
    reads = [requests.get(requests.object_path("Users", one)) for one in made]
    for told, read in zip(made.values(), context.each(reads), strict=True):
        changed = [*_changed(context, _flat(told), _flat(read), _IDENTIFYING)] if read.ok else []
        if changed:
            words = "; ".join(changed)
            yield failed(
                f"A user that no write named was changed: {words}.",
                told,
                *_whence(context, told, read),
                read,
            )
            return


def _whence(context: CheckContext, told: Exchange, read: Exchange) -> tuple[Exchange, ...]:
    """The write to another user that sent what is shown of this one now; none if none did."""
    foreign = set(_flat(read).values()) - set(_flat(told).values())
    texts = {text for value in foreign for text in _TEXT.findall(value)}
    exchanges = getattr(context.endpoint, "exchanges", ())
    writes = [
        x for x in exchanges if x.ok and x.request.method in {"POST", "PATCH"} and x is not told
    ]
    bodies = [(x, x.request.body.decode("utf-8", "replace")) for x in writes]
    counted = [(sum(text in body for text in texts), x) for x, body in bodies]
    most = max((count for count, _ in counted), default=0)
    return next(((x,) for count, x in counted if count == most), ()) if most else ()


_TEXT = re.compile(r"[^\"{}\[\]:,]{4,}")


def _alone(context: CheckContext, known: str) -> dict[str, Exchange]:
    """Some users, by id with their create, to whom nothing was written after it."""
    exchanges = getattr(context.endpoint, "exchanges", ())
    named = {x.request.path for x in exchanges if x.request.method in {"PATCH", "DELETE"}}
    creates = [x for x in exchanges if x.ok and (x.request.method, x.request.path) == _CREATE_USER]
    made = {created_id(x) or "": x for x in creates}
    own = [requests.object_path("Users", one) in named for one in made]
    beside = [a or b for a, b in zip([False, *own], [*own[1:], False], strict=False)]
    near = {
        one: by
        for one, written, by in zip(made, own, beside, strict=True)
        if one not in {"", known} and not written
    }
    first = sorted(near, key=lambda one: not near[one])[:_NEIGHBOURS]
    return {one: made[one] for one in first}


_CREATE_USER = ("POST", "/Users")
_IDENTIFYING = ("userName", "displayName", "title", "externalId", "active")
_NEIGHBOURS = 4


def _sent(context: CheckContext, *, at_least: int) -> int:
    """How many requests the run has sent.

    Raises:
        Unavailable: too few to show what the check is about.
    """
    sent = len(getattr(context.endpoint, "exchanges", ()))
    if sent < at_least:
        raise Unavailable(f"too few requests were sent to tell: {sent}")
    return sent


def _wrote(context: CheckContext) -> None:
    """Raise `Unavailable` unless something was written: without that nothing can be seen."""
    exchanges = getattr(context.endpoint, "exchanges", ())
    if not any(x.request.is_write and x.ok for x in exchanges):
        raise Unavailable("nothing was written")


def _delays(context: CheckContext) -> Iterator[Result]:
    _wrote(context)
    if context.grace.long_lag:
        first = context.delays[0]
        yield failed(
            f"What was written showed only {context.grace.long_lag:.1f} s after its answer or less, though "
            f"later than 2 s: {request_words(first)}. What was not seen by then is not judged.",
            *context.delays[:3],
            severity=Severity.MINOR,
        )
    elif context.delays:
        first = context.delays[0]
        yield noted(
            f"{len(context.delays)} writes or more were visible only a moment after their answer, "
            f"the first of them {request_words(first)}.",
            *context.delays[:3],
        )


def _throttled(context: CheckContext) -> Iterator[Result]:
    if context.throttled:
        yield failed(
            f"{len(context.throttled)} requests were answered 429, sent at 20 a second or slower.",
            *context.throttled[:3],
        )
        return
    sent = _sent(context, at_least=_ENOUGH)
    alone = context.crowd.broken_up_by
    if alone is not None and alone.status == 429:
        yield noted(
            f"Of a few requests sent at once one was answered {answer_words(alone)}; from then on "
            "one was sent at a time, and all were answered.",
            alone,
            cause="",
        )
        return
    yield passed(f"None of {sent} requests was answered 429. --load tries 25 a second.")


def _hiccups(context: CheckContext) -> Iterator[Result]:
    if context.intermittent:
        first = context.intermittent[0]
        sent = _sent(context, at_least=1)
        rare = len(context.intermittent) * _RARE < sent
        yield failed(
            f"{len(context.intermittent)} requests failed and succeeded when they were sent again, "
            f"the first of them {request_words(first)}: {answer_words(first)}.",
            *context.intermittent[:3],
            severity=Severity.MINOR if rare else None,
            cause=_hiccup_cause(context.intermittent),
        )
        return
    alone = context.crowd.broken_up_by
    if alone is not None and alone.status != 429:
        yield noted(
            f"{request_words(alone)}, sent beside others, got {answer_words(alone)}; sent again alone "
            f"it was answered. {_why_alone(alone)}",
            alone,
            cause="",
        )
        return
    yield passed(f"None of {_sent(context, at_least=_ENOUGH)} requests needed a second try.")


def _hiccup_cause(failures: Sequence[Exchange]) -> str | None:
    """Retry-After with every 503 is a choice of the app or of what stands before it, no crash."""
    if failures[0].response is None:
        return "endpoint-unreachable-or-blocked"
    asked = [x.response for x in failures if x.status == 503 and x.response is not None]
    if len(asked) == len(failures) and all(r.header("retry-after") for r in asked):
        return "endpoint-too-slow-or-throttled"
    return None


def _why_alone(alone: Exchange) -> str:
    """What a failure beside others may mean: a crash need not come from the company."""
    if alone.crashed and alone.status != 503:
        return "It may fail now and then, or whenever several requests come at once."
    return "From then on one request was sent at a time."


def _answer_types(context: CheckContext) -> Iterator[Result]:
    """SCIM answers of success with JSON in the body; a token endpoint is asked with a form."""
    _sent(context, at_least=_ENOUGH)
    exchanges = getattr(context.endpoint, "exchanges", ())
    scim = [x for x in exchanges if x.request.method == "GET" or x.request.json is not None]
    answers = [x for x in scim if x.ok and isinstance(x.json, dict | list)]
    odd = [x for x in answers if x.response and x.response.media_type not in _JSON_TYPES]
    if odd:
        header = odd[0].response.header("content-type") if odd[0].response else None
        yield failed(
            f"{len(odd)} of {len(answers)} answers had another Content-Type than the query for "
            f"users, the first {header!r} to {request_words(odd[0])}.",
            *odd[:3],
        )


def _disguised(context: CheckContext) -> Iterator[Result]:
    if context.disguised:
        first = context.disguised[0]
        yield failed(
            f"{len(context.disguised)} errors were answered with a status of success, the first to "
            f"{request_words(first)}.",
            *context.disguised[:3],
        )
        return
    yield passed(f"No error hid in {_sent(context, at_least=_ENOUGH)} answers.")


def _available(context: CheckContext) -> Iterator[Result]:
    departure = context.presence.departure
    sent = _sent(context, at_least=1)
    if departure:
        yield failed(
            f"After {sent} requests the endpoint answered no more: {departure.words}. What was not "
            "reached by then is not judged.",
            departure.last,
            departure.asked,
            cause=departure.cause,
        )
        return
    yield passed(f"It answered to the last of {sent} requests.")


def _latency(context: CheckContext) -> Iterator[Result]:
    exchanges = list(getattr(context.endpoint, "exchanges", ()))
    if not exchanges:
        raise Unavailable("no request was timed")
    times = [x.elapsed_in_milliseconds for x in exchanges]
    figures = (
        Figure(name="requests", value=len(times)),
        Figure(name="median", value=statistics.median(times), unit="ms"),
        Figure(name="slowest", value=max(times), unit="ms"),
    )
    yield from measured(_times(context, exchanges), figures)


def _times(context: CheckContext, exchanges: list[Exchange]) -> Iterator[Result]:
    times = sorted(x.elapsed_in_milliseconds for x in exchanges)
    slowest = max(exchanges, key=lambda x: x.elapsed_in_milliseconds)
    worst = slowest.elapsed_in_milliseconds / 1000
    words = (
        f"Of {len(times)} requests the median took {statistics.median(times):.0f} ms and the "
        f"slowest {worst:.2f} s ({request_words(slowest)})"
    )
    queries = [x.elapsed_in_milliseconds for x in exchanges if "filter=" in x.request.query]
    usual = statistics.median(queries) / 1000 if queries else 0.0
    if worst >= context.options.slow_after:
        yield failed(f"{words}.", slowest)
    elif context.patience.is_slow:
        yield failed(
            f"{words}. {len(context.patience.late)} of them took {context.options.slow_after * LATE:g} s or "
            "more, a quarter of the run's time together; so the run ended early. --timeout gives it more.",
            *context.patience.late[:3],
            severity=Severity.MINOR,
        )
    elif usual >= context.options.slow_after * LATE:
        yield failed(
            f"{words}. Half of the queries took {usual:.1f} s or more, and Entra asks one for each user.",
            slowest,
            severity=Severity.MINOR,
        )
    elif worst >= context.options.slow_after * LATE:
        yield noted(f"{words}; Entra's limit is not documented.", slowest)
    else:
        yield passed(f"{words}.")


_rule = family("run", HOW_IT_WORKS, TUTORIAL, f"{RFC7644}#section-3", requirement="ENTRA")


BYSTANDER_CHECKS = (
    Check(
        rule=_rule(
            "other-objects",
            "Writes leave other users alone",
            cause="replace-clears-unsent-values",
            what="Reads a user whom no write named, and compares it with what it was created as.",
            why="A change that reaches another account gives the wrong person access.",
            admin_sees="nothing: the damage is in the app only.",
            fix="Address the resource by the id in the path and nothing else.",
            rfc="RFC 7644 §3.5",
        ),
        run=_bystander,
        requires=(CREATE, READ, "read/stored", "read/echo"),
    ),
)

CHECKS = (
    Check(
        rule=_rule(
            "consistency",
            "Writes are visible at once",
            severity="info",
            cause="write-response-wrong",
            what="Counts writes whose effect showed only on a second or later look.",
            why="Entra reads soon after it writes; what it does not see yet it sends again.",
            admin_sees="updates that are sent twice.",
            fix="Answer a write when it is visible to reads.",
        ),
        run=_delays,
        writes=False,
    ),
    Check(
        rule=_rule(
            "throttling",
            "The requests of this run are not throttled",
            cause="endpoint-too-slow-or-throttled",
            what="Counts 429 answers to requests that were sent more slowly than Entra may send them.",
            why="Entra may send 25 requests a second and more in an initial cycle.",
            admin_sees="events that fail with 429 during large cycles.",
            fix="Allow at least 25 requests a second for the tenant; send Retry-After with 429.",
        ),
        run=_throttled,
        writes=False,
    ),
    Check(
        rule=_rule(
            "error-status",
            "Errors have the status that they name",
            severity="blocker",
            cause="write-response-wrong",
            what="Counts answers whose body is a SCIM error while their status is 2xx.",
            why="Entra goes by the status: it takes a refused write for done.",
            admin_sees="success, while nothing was changed in the app.",
            fix="Send the error's status as the HTTP status.",
            rfc="RFC 7644 §3.12",
        ),
        run=_disguised,
        writes=False,
    ),
    Check(
        rule=_rule(
            "answer-types",
            "All answers are typed application/scim+json",
            severity="minor",
            cause="response-content-type-wrong",
            what="Looks at the Content-Type of every success of the run that has JSON in its body.",
            why="A route with a serializer of its own types its answers in its own way.",
            admin_sees="an unreadable answer for one kind of object or request, while others succeed.",
            fix="Send Content-Type: application/scim+json from every SCIM route.",
            rfc="RFC 7644 §3.1",
        ),
        run=_answer_types,
        requires=("media/answer-type",),
        writes=False,
    ),
    Check(
        rule=_rule(
            "hiccups",
            "Requests do not fail now and then",
            cause="unhandled-exception-500",
            what="Counts requests that were answered with 5xx, or whose connection broke, and that "
            "succeeded when they were sent again.",
            why="Each one costs Entra a cycle for that object.",
            admin_sees="events that fail with 5xx and succeed in the next cycle.",
            fix="Look the failing requests up in the server's log by time and path.",
        ),
        run=_hiccups,
        writes=False,
    ),
    Check(
        rule=_rule(
            "available",
            "The endpoint answers to the end of the run",
            severity="blocker",
            cause="endpoint-unreachable-or-blocked",
            what="When a request fails, asks again what was answered before: if that fails too, the "
            "endpoint as a whole has gone away, and the run ends.",
            why="Nothing that Entra sends then arrives, whatever it is.",
            admin_sees="events that all fail from one moment on; a job that is quarantined.",
            fix="Look in the server's log for what happened then: a restart, a lost database, a limit, "
            "a token that was revoked, a firewall that blocks the sender.",
        ),
        run=_available,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=_rule(
            "latency",
            "Answers come in time",
            cause="endpoint-too-slow-or-throttled",
            what="Looks at the time that each answer of the run took: one of 30 s is too long, and so is it "
            "when half of the queries take 3 s.",
            why="Entra waits for each answer and gives up after a time that is not documented.",
            admin_sees="time-outs, and cycles that never end.",
            fix="Index what filters ask for; do not load members that are excluded.",
        ),
        run=_latency,
        requires=(ACCEPTED,),
        writes=False,
    ),
)
