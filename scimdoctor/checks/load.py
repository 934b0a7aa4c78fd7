"""What a cycle at full speed asks of the endpoint: a steady rate, and writes in crowds.

Only when asked for. Queries come at a steady rate whether or not the earlier ones are answered, so
that a slow server shows as late answers and not as fewer questions. Writes come in crowds: so many
at the same moment, then a pause that keeps the average at the same rate.
"""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, failed, measured, noted, passed
from scimdoctor.checks.ids import ACCEPTED, ADD_MEMBERS, CREATE, READ, REPLACE
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.references import HOW_IT_WORKS, TUTORIAL
from scimdoctor.checks.shapes import answer_words, difference
from scimdoctor.entra import requests
from scimdoctor.model.finding import Figure
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange, ScimRequest

    _Change = tuple[str, ScimRequest]

RATE = 25
SECONDS = 10
USERS = 25
_CROWD = 10
"""Writes at the same moment, unless --concurrency asks for more."""

_LATE_IN_MILLISECONDS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timed:
    """An answer and how long it was after its turn, waiting for a free connection included."""

    exchange: Exchange
    milliseconds: float


def _rate(context: CheckContext) -> Iterator[Result]:
    clock, stopwatch = context.options.clock, context.options.clock.stopwatch
    queries = [
        requests.probe("Users", "userName", context.values.guid()) for _ in range(RATE * SECONDS)
    ]
    begin = clock.now()

    def ask(turn: float, query: ScimRequest) -> _Timed:
        exchange = context.send_once(query)
        return _Timed(exchange=exchange, milliseconds=(stopwatch() - turn) * 1000)

    with ThreadPoolExecutor(max_workers=RATE) as pool:
        asked: list[Future[_Timed]] = []
        try:
            for number, query in enumerate(queries):
                clock.sleep(max(0.0, begin + number / RATE - clock.now()))
                context.say(f"{number} of {len(queries)} queries")
                if _unanswered(asked) >= RATE:
                    break
                asked.append(pool.submit(ask, stopwatch(), query))
            timed = [future.result() for future in asked]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    yield _judged(timed, clock.now() - begin)


def _unanswered(asked: Sequence[Future[_Timed]]) -> int:
    done = [future for future in asked if future.done() and not future.exception()]
    return sum(future.result().exchange.status is None for future in done)


def _judged(timed: Sequence[_Timed], seconds: float) -> Result:
    times = sorted(t.milliseconds for t in timed)
    bad = [t.exchange for t in timed if _is_trouble(t.exchange)]
    late = _percentile(times, 95)
    slowest = max(timed, key=lambda t: t.milliseconds).exchange
    median, later = statistics.median(times), _percentile(times, 99)
    reached = (len(timed) - len(bad)) / max(seconds, len(timed) / RATE)
    words = (
        f"Of {len(timed)} queries at {RATE} a second {len(bad)} failed ({len(bad) / len(timed):.1%}); "
        f"{reached:.1f} a second were answered well. Half took at most {median:.0f} ms, 95 of 100 "
        f"{late:.0f} ms, 99 of 100 {later:.0f} ms, the slowest {times[-1]:.0f} ms; the last was "
        f"answered after {seconds:.1f} s"
    )
    figures = (
        Figure(name="sent", value=RATE, unit="requests/s"),
        Figure(name="answered well", value=reached, unit="requests/s"),
        Figure(name="queries", value=len(timed)),
        Figure(name="failed", value=100 * len(bad) / len(timed), unit="%"),
        *_times(median=median, p95=late, p99=later, slowest=times[-1]),
    )
    if bad:
        result = failed(f"{words}. Failures: {_statuses(bad)}.", *bad[:3])
    elif late > _LATE_IN_MILLISECONDS:
        result = failed(f"{words}.", slowest, severity=Severity.MINOR)
    else:
        result = passed(f"{words}.", slowest)
    return replace(result, figures=figures)


def _times(**milliseconds: float) -> Iterator[Figure]:
    """Figures of how long answers took."""
    for name, value in milliseconds.items():
        yield Figure(name=name, value=value, unit="ms")


def _of_writes(
    context: CheckContext, writes: Sequence[Exchange], **counts: int
) -> Iterator[Figure]:
    """What a crowd of writes came to."""
    yield Figure(name="writes", value=len(writes))
    yield Figure(name="at the same time", value=_width(context))
    yield Figure(name="failed", value=sum(not x.ok for x in writes))
    for name, value in counts.items():
        yield Figure(name=name.replace("_", " "), value=value)
    times = sorted(_duration(x) for x in writes)
    if times:
        yield from _times(
            median=statistics.median(times), p95=_percentile(times, 95), slowest=times[-1]
        )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _is_trouble(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status == 429 or exchange.status >= 500


def _statuses(exchanges: Sequence[Exchange]) -> str:
    counts: dict[str, int] = {}
    for exchange in exchanges:
        name = str(exchange.status or "no answer")
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))


def _in_crowds(context: CheckContext, jobs: Sequence[ScimRequest]) -> list[Exchange]:
    """Send `jobs`, a crowd at the same moment, at 25 a second on average; answers in their order.

    Ends when a whole crowd was left unanswered.
    """
    clock, width = context.options.clock, _width(context)
    answers: list[Exchange] = []
    with ThreadPoolExecutor(max_workers=width) as pool:
        for first in range(0, len(jobs), width):
            began = clock.now()
            context.say(f"{first} of {len(jobs)} writes")
            crowd = list(pool.map(context.send_once, jobs[first : first + width]))
            answers += crowd
            if all(x.response is None for x in crowd):
                break
            clock.sleep(max(0.0, began + len(crowd) / RATE - clock.now()))
    return answers


def _users(context: CheckContext) -> Iterator[Result]:
    people = [context.values.person(f"load{number}") for number in range(USERS)]
    creates = [context.create_request("Users", person) for person in people]
    created = _in_crowds(context, creates)
    made = [context.adopt(x, p) for x, p in zip(created, people, strict=False) if x.ok]
    users = [user for user in made if user is not None]
    context.objects |= {f"load{number}": user for number, user in enumerate(users)}
    names = [context.values.text("Load") for _ in users]
    updated = _in_crowds(
        context,
        [
            patch_request(user, [context.op("replace", "displayName", name)])
            for user, name in zip(users, names, strict=True)
        ],
    )
    writes = (*created, *updated)
    changed = [(u, n) for u, n, x in zip(users, names, updated, strict=False) if x.ok]
    yield from measured(_judged_users(context, writes, changed), _of_writes(context, writes))


def _judged_users(
    context: CheckContext, writes: Sequence[Exchange], changed: Sequence[tuple[TestObject, str]]
) -> Iterator[Result]:
    refused = [x for x in writes if not x.ok]
    if refused:
        yield _refused(f"Of {2 * USERS} writes, {_width(context)} at the same time,", refused)
    yield from _kept_apart(context, changed)
    if not refused:
        slowest = max(writes, key=_duration)
        yield passed(
            f"{USERS} users were created and changed, {_width(context)} at the same time; each "
            f"holds its own values. The slowest write took {_duration(slowest):.0f} ms.",
            slowest,
        )


def _duration(exchange: Exchange) -> float:
    return exchange.elapsed_in_milliseconds


def _width(context: CheckContext) -> int:
    return max(_CROWD, context.options.concurrency)


def _kept_apart(
    context: CheckContext, changed: Sequence[tuple[TestObject, str]]
) -> Iterator[Result]:
    """Read each user back, and again a moment later if it is not as it was written."""
    wrong = [pair for pair in changed if not _is_itself(context, *pair)]
    for _ in context.settle(wrong[0][0].created) if wrong else ():
        wrong = [pair for pair in wrong if not _is_itself(context, *pair)]
        if not wrong:
            context.came_late(changed[0][0].created)
            return
    if not wrong:
        return
    names = {user.name for user, _ in changed} | {name for _, name in changed}
    user, name = wrong[0]
    got = value_at(context.state(user), "displayName")
    own_name = value_at(context.state(user), "userName")
    mixed = got in names - {name} or difference(user.name, own_name) not in (None, "case")
    yield failed(
        f"Of {len(changed)} users that were changed at the same time, each answered with success, "
        f"{len(wrong)} do not hold what was written: {user.name} has displayName {got!r} "
        f"in place of {name!r}" + (", which was written to another user." if mixed else "."),
        context.read(user),
        cause="replace-clears-unsent-values" if mixed else "patch-accepted-not-applied",
    )


def _is_itself(context: CheckContext, user: TestObject, name: str) -> bool:
    context.read(user)
    state = user.state or {}
    return all(
        difference(sent, value_at(state, path)) in (None, "case")
        for path, sent in (("userName", user.name), ("displayName", name))
    )


def _refused(words: str, refused: Sequence[Exchange]) -> Result:
    first = next((x for x in refused if x.status in {None, 429, 503}), refused[0])
    crashed = (
        first.status is not None and first.status >= 500 and first.status not in {502, 503, 504}
    )
    return failed(
        f"{words} {len(refused)} failed: {_statuses(refused)}; for example "
        f"{answer_words(first)}. One after the other, such requests succeed.",
        *refused[:2],
        first,
        cause="unhandled-exception-500" if crashed else "endpoint-too-slow-or-throttled",
    )


def _group(context: CheckContext) -> Iterator[Result]:
    group = context.group("load")
    ids = [context.user(f"load{number}").id for number in range(USERS)]
    old, new = ids[: USERS // 2], ids[USERS // 2 :]
    removal = _removal(context)
    leavers = old[: len(old) // 2] if removal else []
    first = [(i, _patch(context, group, "add", i)) for i in old]
    second = [(i, _patch(context, group, "add", i)) for i in new]
    gone = [(i, removal(group, i)) for i in leavers] if removal else []
    jobs = [*first, *_shuffled(second, gone)]
    answers = _in_crowds(context, [request for _, request in first])
    answers += _in_crowds(context, [request for _, request in jobs[len(first) :]])
    done = [(i, x) for (i, _), x in zip(jobs, answers, strict=False)]
    writes, unknown = [x for _, x in done], {i for i, x in done if not x.ok}
    wrong = _Wrong(wanted=set(ids) - set(leavers) - unknown, unwanted=set(leavers) - unknown)
    wrong.look(context, group)
    figures = _of_writes(context, writes, members_wrong=len(wrong.lost) + len(wrong.back))
    yield from measured(_judged_group(context, group, writes, wrong), figures)


@dataclass(kw_only=True)
class _Wrong:
    """Who should be in the group and is not, or the other way."""

    wanted: set[str]
    unwanted: set[str]
    lost: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)

    def look(self, context: CheckContext, group: TestObject) -> None:
        """Read the group, and again a moment later if its members are not as they should be."""
        self._compare(_members(context, group))
        for _ in context.settle(group.created) if self.lost or self.back else ():
            self._compare(_members(context, group))
            if not self.lost and not self.back:
                break

    def _compare(self, there: set[str]) -> None:
        self.lost, self.back = self.wanted - there, self.unwanted & there


def _judged_group(
    context: CheckContext, group: TestObject, writes: Sequence[Exchange], wrong: _Wrong
) -> Iterator[Result]:
    refused = [x for x in writes if not x.ok]
    if wrong.lost or wrong.back:
        yield failed(
            "The members of one group were changed by requests at the same time. Of "
            f"{len(wrong.wanted)} whose addition succeeded {len(wrong.lost)} are not in the group, and "
            f"of {len(wrong.unwanted)} whose removal succeeded {len(wrong.back)} are.",
            context.last_read(group),
        )
    if refused:
        result = _refused(
            f"Of {len(writes)} changes of one group, {_width(context)} at the same time,", refused
        )
        trouble = any(_is_trouble(x) for x in refused)
        yield (
            result if trouble else noted(f"{result.message} Entra tries them again.", *refused[:3])
        )
        return
    slowest = max(writes, key=_duration)
    yield passed(
        f"{len(writes)} changes of the members of one group, {_width(context)} at the same time, all "
        f"took effect. The slowest took {_duration(slowest):.0f} ms.",
        slowest,
    )


def _shuffled(one: Sequence[_Change], other: Sequence[_Change]) -> list[_Change]:
    """Both, taken in turns."""
    pairs = [pair for both in zip(one, other, strict=False) for pair in both]
    return [*pairs, *one[len(other) :], *other[len(one) :]]


def _patch(context: CheckContext, group: TestObject, op: str, identifier: str) -> ScimRequest:
    operation = context.op(op, "members", [{"$ref": None, "value": identifier}])
    return patch_request(group, [operation])


def _removal(context: CheckContext) -> Callable[[TestObject, str], ScimRequest] | None:
    """The way of removing one member that this app was seen to take."""
    if "groups/remove-list" in context.passed:
        return lambda group, identifier: _patch(context, group, "remove", identifier)
    if "groups/remove-filter" in context.passed:
        return lambda group, identifier: patch_request(
            group, [context.op("remove", f'members[value eq "{identifier}"]')]
        )
    return None


def _members(context: CheckContext, group: TestObject) -> set[str]:
    context.read(group)
    found = member(context.state(group), "members")
    elements = found if isinstance(found, list) else []
    return {str(e.get("value")) for e in elements if isinstance(e, dict)}


def _rule(name: str, title: str, **words: str) -> CheckRule:
    return CheckRule(
        id=f"load/{name}",
        title=title,
        severity=Severity.MAJOR,
        requirement=Requirement.ENTRA,
        cause=words["cause"],
        what=f"{words['what']} Only with --load.",
        why=words["why"],
        admin_sees=words["admin_sees"],
        fix=words["fix"],
        references=(HOW_IT_WORKS, TUTORIAL),
    )


CHECKS = (
    Check(
        rule=_rule(
            "rate",
            "Twenty-five requests a second are answered",
            cause="endpoint-too-slow-or-throttled",
            what="Sends 250 matching queries in ten seconds, whether or not the earlier ones were "
            "answered, and counts failures and times.",
            why="Microsoft asks this of gallery apps; an initial cycle sends as much.",
            admin_sees="events that fail with 429 or time out during large cycles.",
            fix="Allow at least 25 requests a second for the tenant.",
        ),
        run=_rate,
        requires=(ACCEPTED,),
        writes=False,
        opt_in=True,
    ),
    Check(
        rule=_rule(
            "users",
            "Users that are written at the same time keep what is theirs",
            cause="endpoint-too-slow-or-throttled",
            what="Creates 25 users, ten at the same moment, changes them in the same way, and reads each "
            "one back.",
            why="Entra works on many users at a time; a server that holds one request's data where "
            "another finds it, or has too few connections to its database, fails only then.",
            admin_sees="events that fail in large cycles and succeed when they are tried again, or one "
            "person's values at another.",
            fix="Keep nothing of a request outside it, and size pools for ten writes at a time.",
        ),
        run=_users,
        requires=(CREATE, READ, REPLACE),
        opt_in=True,
    ),
    Check(
        rule=_rule(
            "group",
            "A group whose members change in crowds keeps exactly the right ones",
            cause="concurrent-member-update-lost",
            what="Adds 25 members to one group and removes some of them, each by a request of its own, "
            "ten at the same moment, and reads the group back.",
            why="Entra changes a large group by many requests in a short time.",
            admin_sees="success, while the app's group lacks members or has too many.",
            fix="Apply changes as deltas under a lock or in one transaction.",
        ),
        run=_group,
        requires=(ADD_MEMBERS,),
        heeds=("groups/remove-list", "groups/remove-filter"),
        opt_in=True,
    ),
)
