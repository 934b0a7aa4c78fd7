"""Runs checks in order, turns what they say into findings, and always cleans up.

One fault gives one root finding: a check whose prerequisite failed is skipped with that reason,
and a later failure with a cause that was reported already is shown as information only.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from scimdoctor.checks.budget import silence
from scimdoctor.checks.check import (
    NoAnswer,
    OutOfTime,
    Result,
    RunEnds,
    Unavailable,
    failed,
    skipped,
)
from scimdoctor.checks.cleanup import CLEAN_UP, clean_up
from scimdoctor.checks.context import CheckContext
from scimdoctor.checks.earlier import LeftFromBefore
from scimdoctor.checks.ids import AVAILABLE
from scimdoctor.checks.options import CheckOptions
from scimdoctor.checks.patience import LATE
from scimdoctor.checks.reproduction import reproduced
from scimdoctor.checks.roots import one_root_per_cause
from scimdoctor.checks.shapes import answer_words, is_html, request_words
from scimdoctor.checks.tracker import NoJournal, Tracker
from scimdoctor.endpoint.leftovers import cleanup_command, may_be_left
from scimdoctor.errors import Interrupted, ScimDoctorError, WritesUsedUp
from scimdoctor.model.exchange import FailureKind
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.rule import Severity
from scimdoctor.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scimdoctor.checks.check import Check
    from scimdoctor.checks.context import Sender
    from scimdoctor.checks.tracker import ResourceJournal
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.rule import CheckRule
    from scimdoctor.progress import Progress, Task

LEFT_OUT = "left out on request"
READ_ONLY = "not run: it writes, and only reads were allowed"


def run_checks(
    endpoint: Sender,
    *,
    checks: Sequence[Check],
    options: CheckOptions | None = None,
    journal: ResourceJournal | None = None,
    progress: Progress = SILENT,
) -> tuple[Finding, ...]:
    """Run `checks` against `endpoint` and return the findings, in the order of the checks.

    Everything created is removed, also when the run is stopped; what could not be removed is a
    finding of its own. The endpoint's guard must allow writes unless `options.read_only`.

    Raises:
        Interrupted: the user pressed Ctrl-C; the clean-up has been done.
        WriteRefused: the endpoint's guard refused a write.
    """
    options = options or CheckOptions()
    tracker = Tracker(journal or NoJournal(), endpoint.base_url)
    run = _Run(CheckContext(endpoint, options, tracker))
    selected = select(checks, options)
    try:
        # Checks take from nothing to ten seconds: their number says little of the time to come.
        with progress.task("Checking the endpoint", total=len(selected), uneven=True) as task:
            for check in selected:
                task.advance(0, note=check.id)
                run.context.say = partial(_say, task, check.id)
                run.one(check)
                task.advance()
        run.add(CLEAN_UP.rule.id, CLEAN_UP, list(_cleaning(run.context)))
    except KeyboardInterrupt:
        run.stop(selected)
        message = run.clean_up()
        stopped = one_root_per_cause(run.reported(options), run.sent())
        raise Interrupted(message, findings=stopped) from None
    except BaseException:
        clean_up(run.context)
        raise
    return one_root_per_cause(run.reported(options), run.sent())


def _say(task: Task, check: str, words: str) -> None:
    task.advance(0, note=f"{check}: {words}")


def _cleaning(context: CheckContext) -> Iterable[Result]:
    sent = getattr(context.endpoint, "exchanges", ())
    left = clean_up(context)
    if not any(x.request.method == "POST" and x.ok for x in sent):
        yield Result(outcome=Outcome.SKIPPED, message="nothing was created")
    if left:
        again = cleanup_command(context.endpoint.base_url)
        yield failed(f"Still in the app: {'; '.join(left)}. To try again: {again}")


def _interrupted(left: tuple[str, ...], url: str) -> str:
    if not left:
        return "stopped; every test object was removed"
    return f"stopped; not removed: {'; '.join(left)}. Later: {cleanup_command(url)}"


def _not_cleaned(context: CheckContext) -> str:
    """The clean-up was stopped too: how much may be left, and the command that removes it."""
    left = [f"/Users/{one}" for one in context.tracker.ids("Users")]
    left += [f"/Groups/{one}" for one in context.tracker.ids("Groups")]
    listed = f" ({', '.join(left[:_LISTED])}{', …' if len(left) > _LISTED else ''})" if left else ""
    count, url = context.tracker.left, context.endpoint.base_url
    return f"stopped while cleaning up; {may_be_left(count, url)}{listed}"


_LISTED = 20


def select(checks: Sequence[Check], options: CheckOptions) -> tuple[Check, ...]:
    """The checks to run, in order: those asked for, what they need or heed, and what ends every run."""
    offered = [c for c in checks if not c.opt_in or _asked_for(c, options)]
    if not options.only:
        return tuple(offered)
    wanted = {c.id for c in offered if c.id == AVAILABLE or _named(c, options.only)}
    last = max((i for i, c in enumerate(offered) if c.id in wanted and c.writes), default=0)
    wanted.update(c.id for c in offered[:last] if c.teaches)
    for check in reversed(offered):
        if check.id in wanted and check.id != AVAILABLE:
            wanted.update((*check.requires, *check.heeds))
    return tuple(c for c in offered if c.id in wanted)


def unknown_names(checks: Sequence[Check], names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that are neither a check's id nor a family."""
    known = _names(checks)
    return tuple(name for name in names if name not in known)


def near_names(checks: Sequence[Check], name: str) -> tuple[str, ...]:
    """Ids and families that somebody may have meant by `name`, nearest first."""
    return tuple(get_close_matches(name.strip().casefold(), sorted(_names(checks)), n=2))


def _names(checks: Sequence[Check]) -> set[str]:
    aliases = {alias for c in checks for alias in c.rule.aliases}
    return {c.id for c in checks} | {c.family for c in checks} | aliases


def _asked_for(check: Check, options: CheckOptions) -> bool:
    opted = (check.family == "load" and options.load) or (check.family == "rfc" and options.rfc)
    return opted or _named(check, options.only)


def _named(check: Check, names: Sequence[str]) -> bool:
    return any(n in (check.id, check.family) or n in check.rule.aliases for n in names)


class _Run:
    """The state of one run: what each check came to."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self._blocked: dict[str, str] = {}
        """Checks that others cannot build on, with the check at the root of it."""

        self._lacking: dict[str, str] = {}
        """Why those that were skipped had nothing to judge; others lack the same."""

        self._findings: dict[str, list[Finding]] = {}
        self._stopped: str | None = None

    def one(self, check: Check) -> None:
        """Run `check`, or say why not."""
        reason = self._reason_to_skip(check)
        if reason == LEFT_OUT and check.teaches and not self.context.options.read_only:
            self._results(check)
        if reason is not None:
            self.add(check.id, check, [Result(outcome=Outcome.SKIPPED, message=reason)])
            return
        before = len(self.sent())
        self.context.asked.looked_at.clear()
        stopwatch = self.context.options.clock.stopwatch
        began = stopwatch()
        results = self._results(check) or [_nothing_wrong(check)]
        took = round((stopwatch() - began) * 1000, 1)
        own = (*self.context.asked.looked_at, *self.sent()[before:])
        self.add(check.id, check, [_shown(result, own) for result in results], took)

    def stop(self, selected: Iterable[Check]) -> None:
        """Skip what the user's Ctrl-C left undone."""
        self._stopped = "the user stopped the run"
        for check in selected:
            if check.id not in self._findings:
                message = f"not reached: {self._stopped}"
                self.add(check.id, check, [Result(outcome=Outcome.SKIPPED, message=message)])

    def clean_up(self) -> str:
        """Remove what was made after all; says how that went, also when it is stopped too."""
        try:
            left = clean_up(self.context)
        except KeyboardInterrupt:
            return _not_cleaned(self.context)
        return _interrupted(left, self.context.endpoint.base_url)

    def sent(self) -> tuple[Exchange, ...]:
        """All that was sent and answered so far."""
        return tuple(getattr(self.context.endpoint, "exchanges", ()))

    def _reason_to_skip(self, check: Check) -> str | None:
        options = self.context.options
        if _named(check, options.skip):
            return LEFT_OUT
        if options.read_only and check.writes:
            return READ_ONLY
        if self._stopped is not None and check.family != "run":
            return f"not reached: {self._stopped}"
        root = next((self._blocked[r] for r in check.requires if r in self._blocked), None)
        if root is not None:
            self._blocked[check.id] = root
            return self._lacking.get(root, f"cannot be told while {root} fails")
        return None

    def _in_hand(self, before: int) -> Result:
        """What a check was about when the user stopped it, if it had sent more than `before`."""
        last = next(iter(self.sent()[before:][-1:]), None)
        if last is None or last.failure is None or last.failure.kind is not FailureKind.STOPPED:
            return skipped("not finished: the user stopped the run")
        waited = last.elapsed_in_milliseconds / 1000
        words = (
            f"{request_words(last)} had no answer after {waited:.1f} s, when the run was stopped"
        )
        if waited < self.context.options.slow_after * LATE:
            return skipped(f"not finished: {words}")
        return failed(f"{words}.", last, cause="endpoint-too-slow-or-throttled")

    def _results(self, check: Check) -> list[Result]:
        results: list[Result] = []
        before = len(self.sent())
        known = {i for kind in ("Users", "Groups") for i in self.context.tracker.ids(kind)}
        try:
            for result in check.run(self.context):
                results.append(result)  # noqa: PERF402 - what came before an exception counts
        except KeyboardInterrupt:
            self.add(check.id, check, [*results, self._in_hand(before)])
            raise
        except LeftFromBefore:
            self.context.reseed(known)
            return self._results(check)
        except WritesUsedUp as event:
            results.append(skipped(f"not finished: {event.message}"))
        except ScimDoctorError:
            raise
        except Exception as event:  # noqa: BLE001 - one check's crash must not end the run
            results.append(self._ending(event))
        return results

    def _ending(self, event: Exception) -> Result:
        """What is to be said of a check that could not be finished."""
        match event:
            case Unavailable():
                return skipped(str(event))
            case NoAnswer():
                return self._without_tls(event.exchange) or _no_answer(event)
            case RunEnds():
                self._stopped = str(event)
                unjudged = isinstance(event, OutOfTime)
                outcome = Outcome.ERRORED if unjudged else Outcome.SKIPPED
                return Result(outcome=outcome, message=f"not finished: {event}")
            case _:
                return Result(outcome=Outcome.ERRORED, message=_crash(event))

    def _without_tls(self, exchange: Exchange) -> Result | None:
        """The skip of what a handshake stopped, where a check of TLS says so already."""
        stopped = exchange.failure is not None and exchange.failure.kind is FailureKind.TLS
        root = next((key for key in self._blocked if key.startswith("tls/")), None)
        return skipped(f"cannot be told while {root} fails") if stopped and root else None

    def add(self, key: str, check: Check, results: list[Result], took: float = 0.0) -> None:
        """Turn `results` into findings and remember what others may build on."""
        problems = [r for r in results if r.outcome in {Outcome.FAILED, Outcome.ERRORED}]
        chosen = problems or results[-1:] or [_nothing_wrong(check)]
        found = [self._finding(check, result) for result in chosen]
        found[0] = replace(found[0], elapsed_in_milliseconds=took)
        self._findings[key] = found
        anyway = self.context.works_anyway
        if found[-1].message not in {LEFT_OUT, READ_ONLY}:
            self.context.judged.add(key)
        if any(f.is_problem or f.outcome is Outcome.ERRORED for f in found):
            if key not in anyway:
                self._blocked[key] = key
        elif results and results[-1].outcome is Outcome.SKIPPED:
            if results[-1].message not in {LEFT_OUT, READ_ONLY} and key not in anyway:
                self._blocked.setdefault(key, key)
                self._lacking.setdefault(key, results[-1].message)
        else:
            self.context.passed.add(key)

    def _finding(self, check: Check, result: Result) -> Finding:
        rule = check.rule
        broken = result.outcome is Outcome.FAILED
        message = result.message
        severity = result.severity or rule.severity
        last = result.exchanges[-1] if result.exchanges else None
        if broken and severity is not Severity.INFO:
            message = f"{message} In Entra: {_admin_sees(rule, last)}"
        return Finding(
            check=rule.id,
            outcome=result.outcome,
            severity=severity if broken else Severity.INFO,
            requirement=rule.requirement,
            title=rule.title,
            message=message,
            cause=_cause(rule, result) if broken else None,
            evidence=tuple(x.id for x in result.exchanges),
            reproduce=self._reproduce(result, last) if last else None,
            references=rule.references if broken else (),
            why=rule.why if broken else "",
            rfc=rule.rfc if broken else None,
            figures=result.figures,
        )

    def _reproduce(self, result: Result, last: Exchange) -> str:
        failed = result.outcome is Outcome.FAILED
        return reproduced(result.exchanges if failed else (last,), self.sent() if failed else ())

    def reported(self, options: CheckOptions) -> tuple[Finding, ...]:
        """The findings asked for; of prerequisites only those that failed."""
        return tuple(
            finding
            for found in self._findings.values()
            for finding in found
            if not options.only or _wanted(finding, options.only)
        )


def _wanted(finding: Finding, names: Sequence[str]) -> bool:
    left = finding.check == CLEAN_UP.rule.id and finding.outcome is Outcome.FAILED
    chosen = left or finding.check in names or finding.check.partition("/")[0] in names
    return chosen or finding.is_problem or finding.outcome is Outcome.ERRORED


def _cause(rule: CheckRule, result: Result) -> str | None:
    """The result's cause, unless the status of what decided it speaks for another one.

    Which value or path a check varied says nothing where the request was not looked at.
    """
    cause = rule.cause if result.cause is None else result.cause or None
    last = result.exchanges[-1] if result.exchanges else None
    if last is None or not (cause in _OF_CONTENT or (cause in _OF_ROUTE and last.request.is_write)):
        return cause
    if last.status == 415:
        return "request-content-type-refused"
    if last.status == 403 and is_html(last):
        return "endpoint-unreachable-or-blocked"  # an app refuses in JSON, a firewall with a page
    return cause


_OF_CONTENT = frozenset(
    {
        "app-policy-refuses-change",
        "filter-attribute-unsupported",
        "filter-value-parse-failure",
        "immutable-attribute-refused",
        "over-strict-validation",
        "patch-value-shape-rejected",
        "value-not-allowed-by-app",
    }
)
"""Causes that suppose that the app looked at what the request says."""

_OF_ROUTE = frozenset({"groups-endpoint-missing", "patch-method-missing"})
"""Causes of a route that fails; that reads pass where a page refuses a write speaks for a filter."""


_FAILING_UPDATE = re.compile(r"(update|delete) events( of [\w' ]+)? that fail")


def _admin_sees(rule: CheckRule, last: Exchange | None) -> str:
    """What the log shows; the rule may speak of a refusal while this write succeeded, or the other way."""
    status = last.status if last is not None else None
    if last is not None and last.crashed and rule.admin_sees.startswith("nothing"):
        return "an error of the app where its refusal should be told."
    if status is None or last is None or last.request.method == "GET":
        return rule.admin_sees
    if status >= 400 and rule.admin_sees.startswith("success"):
        return "events that fail with the app's status."
    fails = _FAILING_UPDATE.match(rule.admin_sees) and last.request.method in {"PATCH", "DELETE"}
    if status < 300 and (fails or rule.admin_sees.startswith("409")):
        return "success, while the app holds something else than Entra."
    return rule.admin_sees


def _nothing_wrong(check: Check) -> Result:
    return Result(outcome=Outcome.PASSED, message=check.rule.title)


_SHOWN = 5
"""So many exchanges at most speak for a check that passed."""


def _shown(result: Result, own: tuple[Exchange, ...]) -> Result:
    """`result` with what the check sent, where it passed and named nothing itself."""
    if result.outcome is not Outcome.PASSED or result.exchanges or not own:
        return result
    last = own[-1]
    words = (
        f"{result.message.rstrip('.')}: {request_words(last)} was answered {answer_words(last)}."
    )
    return replace(result, message=words, exchanges=own[-_SHOWN:])


def _no_answer(event: NoAnswer) -> Result:
    exchange = event.exchange
    endless = exchange.response is not None and exchange.response.truncated
    words = f"{request_words(exchange)} got {answer_words(exchange)}"
    if endless:
        words = f"{words} with a body that was cut off at {_mebibytes(exchange)} MiB"
    if exchange.failure is not None and exchange.failure.kind is FailureKind.CREDENTIALS:
        cause = "oauth-token-endpoint-incompatible"
    elif endless or exchange.status == 429:
        cause = "endpoint-too-slow-or-throttled"
    else:
        cause = silence(exchange) or "endpoint-unreachable-or-blocked"
    return failed(f"{words}.", exchange, cause=cause)


def _mebibytes(exchange: Exchange) -> str:
    size = len(exchange.response.body) if exchange.response else 0
    return f"{size / 2**20:.1f}"


def _crash(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(last.filename).name}:{last.lineno}"
    return f"the check itself broke: {type(error).__name__}: {str(error)[:200]} ({place})"
