"""What a cycle at full speed asks of the endpoint: a steady rate, and writes in crowds.

Only when asked for. Queries come at a steady rate whether or not the earlier ones are answered, so
that a slow server shows as late answers and not as fewer questions. Writes come in crowds: so many
at the same moment, then a pause that keeps the average at the same rate.
"""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, failed, noted, passed
from scimdoctor.checks.context import patch_request
from scimdoctor.checks.ids import ACCEPTED, ADD_MEMBERS, CREATE, READ, REPLACE
from scimdoctor.checks.references import HOW_IT_WORKS, TUTORIAL
from scimdoctor.checks.shapes import answer_words, difference
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext, TestObject
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
    words = (
        f"Of {len(timed)} queries at {RATE} a second {len(bad)} failed ({len(bad) / len(timed):.1%}). "
        f"Half took at most {statistics.median(times):.0f} ms, 95 of 100 {late:.0f} ms, 99 of 100 "
        f"{_percentile(times, 99):.0f} ms, the slowest {times[-1]:.0f} ms; the last was answered "
        f"after {seconds:.1f} s"
    )
    if bad:
        return failed(f"{words}. Failures: {_statuses(bad)}.", *bad[:3])
    if late > _LATE_IN_MILLISECONDS:
        return failed(f"{words}.", slowest, severity=Severity.MINOR)
    return passed(f"{words}.", slowest)


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
    refused = [x for x in (*created, *updated) if not x.ok]
    if refused:
        yield _refused(f"Of {2 * USERS} writes, {_width(context)} at the same time,", refused)
    changed = [(u, n) for u, n, x in zip(users, names, updated, strict=False) if x.ok]
    yield from _kept_apart(context, changed)
    if not refused:
        slowest = max((*created, *updated), key=_duration)
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
    refused = [x for _, x in done if not x.ok]
    unknown = {i for i, x in done if not x.ok}
    yield from _members_are(
        context, group, wanted=set(ids) - set(leavers) - unknown, unwanted=set(leavers) - unknown
    )
    if refused:
        result = _refused(
            f"Of {len(done)} changes of one group, {_width(context)} at the same time,", refused
        )
        trouble = any(_is_trouble(x) for x in refused)
        yield (
            result if trouble else noted(f"{result.message} Entra tries them again.", *refused[:3])
        )
        return
    slowest = max((x for _, x in done), key=_duration)
    yield passed(
        f"{len(done)} changes of the members of one group, {_width(context)} at the same time, all "
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


def _members_are(
    context: CheckContext, group: TestObject, *, wanted: set[str], unwanted: set[str]
) -> Iterator[Result]:
    there = _members(context, group)
    for _ in context.settle(group.created):
        if wanted <= there and not unwanted & there:
            break
        there = _members(context, group)
    lost, back = wanted - there, unwanted & there
    if not lost and not back:
        return
    yield failed(
        f"The members of one group were changed by requests at the same time. Of {len(wanted)} whose "
        f"addition succeeded {len(lost)} are not in the group, and of {len(unwanted)} whose removal "
        f"succeeded {len(back)} are.",
        context.read(group),
    )


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
        opt_in=True,
    ),
)
