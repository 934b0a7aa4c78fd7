"""The one sentence a report comes down to, and the counts behind it.

What could not be seen never reads as "all is well": a report with nothing found and something
unseen has the level `UNKNOWN`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

from scimdoctor.model.finding import Outcome
from scimdoctor.model.replay import ReplayMode
from scimdoctor.model.replay import Verdict as ReplayVerdict
from scimdoctor.model.report import ChangeState
from scimdoctor.model.rule import FixedBy, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import Report

_HEALTHY = frozenset({"healthy", "good", "ok", "active", "accepted"})
_SICK_APPS = frozenset({"errors", "quarantined", "disabled", "unreadable"})
_UNDECIDED = frozenset({ReplayVerdict.NOT_SENT})
_GOOD_REPLAYS = frozenset({ReplayVerdict.WORKS_NOW, ReplayVerdict.PUT_BACK})


class Level(StrEnum):
    """How a report is to be taken."""

    PROBLEM = "problem"
    ATTENTION = "attention"
    GOOD = "good"
    UNKNOWN = "unknown"
    """Nothing bad was seen, but not everything could be looked at, or nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A level and the sentence that says why."""

    level: Level
    text: str
    more: tuple[str, ...] = ()
    """What else there is to say, a sentence each."""


def headline(report: Report) -> Headline:
    """Return what `report` comes down to."""
    parts = [part for part in _parts(report) if part]
    if not parts:
        return Headline(level=Level.UNKNOWN, text="Nothing was looked at that could be judged.")
    level = min((part.level for part in parts), key=list(Level).index)
    first = next(part for part in parts if part.level is level)
    more = tuple(part.text for part in parts if part is not first)
    if level is Level.GOOD and report.limits:
        unseen = f"{counted(len(report.limits), 'thing')} could not be seen."
        return Headline(level=Level.UNKNOWN, text=f"{first.text} {unseen}", more=more)
    return Headline(level=level, text=first.text, more=more)


def summary_line(report: Report) -> str:
    """Return the line that ends a run on stderr."""
    parts = [f"{report.command}: {headline(report).text}"]
    if report.limits:
        parts.append(f"{counted(len(report.limits), 'limit')} noted")
    return " · ".join(parts)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return `number` with its noun, for example `3 checks`."""
    word = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {word}"


def severity_counts(findings: Iterable[Finding]) -> str:
    """Return the failed findings by severity, worst first: `1 blocker, 2 major`."""
    counts = Counter(f.severity for f in findings if f.outcome is Outcome.FAILED)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def _parts(report: Report) -> Iterable[Headline | None]:
    yield _of_changes(report)
    yield _of_diagnoses(report)
    yield _of_status(report)
    yield _of_findings(report.findings)
    yield _of_replays(report)
    yield _of_comparisons(report)
    yield _of_apps(report)
    yield _of_mappings(report)
    yield _of_events(report)
    yield _of_what_is_fine(report)


def _of_changes(report: Report) -> Headline | None:
    if not report.changes:
        return None
    counts = Counter(change.state for change in report.changes)
    shown = [f"{counts[state]} {state.replace('-', ' ')}" for state in ChangeState if counts[state]]
    bad = counts[ChangeState.NEW] + counts[ChangeState.STILL_THERE]
    unsure = Level.UNKNOWN if counts[ChangeState.CANNOT_TELL] else Level.GOOD
    level = Level.PROBLEM if bad else unsure
    return Headline(level=level, text=f"Since the older report: {', '.join(shown)}.")


def _of_status(report: Report) -> Headline | None:
    if report.status is None:
        return None
    healthy = report.status.health in _HEALTHY
    level = Level.GOOD if healthy else Level.PROBLEM
    return Headline(level=level, text=sentence(report.status.headline))


def _of_diagnoses(report: Report) -> Headline | None:
    if not report.diagnoses:
        return None
    # What nobody has to mend is no cause of trouble, and no reason to fail.
    causes = [d for d in report.diagnoses if d.fixed_by is not FixedBy.NOBODY]
    first = (causes or report.diagnoses)[0]
    named = f"{first.title.rstrip('.')} ({first.cause}, {first.confidence})."
    if not causes:
        return Headline(level=Level.GOOD, text=named)
    decided = sum(diagnosis.decided for diagnosis in causes)
    found = f"{counted(decided, 'cause')} found; first" if decided else "No cause found yet"
    text = f"{found}: {named}"
    all_known = all(diagnosis.known for diagnosis in causes)
    return Headline(level=Level.ATTENTION if all_known else Level.PROBLEM, text=text)


def _of_findings(findings: Sequence[Finding]) -> Headline | None:
    if not findings:
        return None
    checks = {outcome: {f.check for f in findings if f.outcome is outcome} for outcome in Outcome}
    counts = {outcome: len(ids) for outcome, ids in checks.items()}
    failed = counts[Outcome.FAILED]
    ran = len({f.check for f in findings if f.outcome is not Outcome.SKIPPED})
    broken = f", {counts[Outcome.ERRORED]} could not be judged" if counts[Outcome.ERRORED] else ""
    skipped = f", {counts[Outcome.SKIPPED]} skipped" if counts[Outcome.SKIPPED] else ""
    if not ran:
        text = f"No check could run: {counted(counts[Outcome.SKIPPED], 'check')} skipped."
        return Headline(level=Level.UNKNOWN, text=text)
    if not failed:
        level = Level.UNKNOWN if broken or not ran else Level.GOOD
        text = f"{counts[Outcome.PASSED]} of {counted(ran, 'check')} passed{broken}{skipped}."
        return Headline(level=level, text=text)
    text = f"{failed} of {counted(ran, 'check')} failed ({severity_counts(findings)})"
    known = sum(finding.known and finding.outcome is Outcome.FAILED for finding in findings)
    noted = f", {known} known from the baseline" if known else ""
    problem = any(finding.is_problem for finding in findings)
    level = Level.PROBLEM if problem else Level.ATTENTION
    return Headline(level=level, text=f"{text}{noted}{broken}{skipped}.")


def _of_replays(report: Report) -> Headline | None:
    if not report.replays:
        nothing = Headline(level=Level.UNKNOWN, text="There was no event to replay.")
        return nothing if report.command == "replay" else None
    events = counted(len(report.replays), "event")
    if all(
        r.mode is ReplayMode.PLAN and r.verdict is ReplayVerdict.NOT_SENT for r in report.replays
    ):
        return Headline(
            level=Level.UNKNOWN, text=f"Requests of {events} rebuilt; nothing was sent."
        )
    open_ = [r for r in report.replays if r.leaves_write_untried and r.verdict in _UNDECIDED]
    told = {id(r) for r in open_}
    counts = Counter(replay.verdict for replay in report.replays)
    if len(report.replays) == counts[ReplayVerdict.NOT_SENT] == 1 and not open_:
        return Headline(level=Level.UNKNOWN, text=f"1 event: {sentence(report.replays[0].summary)}")
    rest = Counter((r.verdict, r.has_no_past) for r in report.replays if id(r) not in told)
    shown = [
        f"{number} {_replay_words(*kind, number=number)}"
        for kind in product(ReplayVerdict, (False, True))
        if (number := rest[kind])
    ]
    if open_:
        shown.append(_untried(open_))
    lost = sum(replay.loses_values for replay in report.replays)
    if lost:
        whose = "" if lost == counts[ReplayVerdict.WORKS_NOW] else f"in {lost} of them "
        shown.append(f"but {whose}not everything arrived as sent")
    bad = any(replay.is_problem for replay in report.replays)
    works = sum(counts[verdict] for verdict in _GOOD_REPLAYS) == len(report.replays)
    level = Level.PROBLEM if bad else Level.GOOD if works else Level.UNKNOWN
    return Headline(level=level, text=f"{events} replayed: {', '.join(shown)}.")


def _untried(replays: Sequence[Replay]) -> str:
    """What mode `read` leaves open."""
    text = f"{len(replays)} read without a fault, the write not tried (--mode shadow tries it)"
    causes = Counter(replay.cause for replay in replays)
    dangling = causes.pop("reference-unresolvable", 0)
    if dangling:
        refer = "refers" if dangling == 1 else "refer"
        text += f", {dangling} of which {refer} to what the app does not have"
    clashing = causes.total() - causes[None]
    if clashing:
        meet = "meets" if clashing == 1 else "meet"
        text += f", {clashing} of which {meet} another object with the same value"
    return text


def replay_words(replay: Replay) -> str:
    """Return a replay's verdict as a person says it."""
    return _replay_words(replay.verdict, replay.has_no_past, number=1)


def _replay_words(verdict: ReplayVerdict, has_no_past: bool, *, number: int) -> str:
    fails, works = ("fails", "works") if number == 1 else ("fail", "work")
    if has_no_past:
        return works if verdict is ReplayVerdict.WORKS_NOW else fails
    return {
        ReplayVerdict.SAME_FAILURE: f"{fails} the same way",
        ReplayVerdict.DIFFERENT_FAILURE: f"{fails} differently",
        ReplayVerdict.WORKS_NOW: f"{works} now",
        ReplayVerdict.NOT_REBUILT: "cannot be rebuilt",
        ReplayVerdict.NOT_SENT: "not sent",
        ReplayVerdict.PUT_BACK: "put back",
    }[verdict]


def _of_comparisons(report: Report) -> Headline | None:
    if not report.comparisons:
        # Of everybody, only those who differ are listed.
        all_same = Headline(level=Level.GOOD, text="No difference found.")
        return all_same if report.command == "compare" else None
    odd = [
        c for c in report.comparisons if is_different(c.state, [a.verdict for a in c.attributes])
    ]
    objects = counted(len(report.comparisons), "object")
    unsure = sum(c.state == "cannot-tell" for c in report.comparisons)
    if not odd and unsure:
        text = f"{unsure} of {objects} could not be compared."
        return Headline(level=Level.UNKNOWN, text=text)
    if not odd:
        untold = sum(a.verdict == "cannot-tell" for c in report.comparisons for a in c.attributes)
        open_ = f"; {counted(untold, 'attribute')} could not be compared" if untold else ""
        level = Level.UNKNOWN if untold else Level.GOOD
        if all(c.state == "rightly-not-in-app" for c in report.comparisons):
            are = "is" if len(report.comparisons) == 1 else "are"
            return Headline(level=level, text=f"{objects} {are} not in the app, and rightly so.")
        return Headline(level=level, text=f"{objects} compared, no difference{open_}.")
    stale = sum(c.state == "active-but-should-not-be" for c in odd)
    rest = len(odd) - stale
    differ = "differs" if rest == 1 else "differ"
    counts = [f"{stale} active in the app and should not be"] if stale else []
    if rest:
        whole = len(odd) == len(report.comparisons)
        if stale:
            counts.append(f"{rest} more {differ}")
        elif whole:
            counts.append(f"{counted(rest, 'object')} {differ}")
        else:
            counts.append(f"{rest} of {objects} compared {differ}")
    return Headline(level=Level.PROBLEM, text=f"{', '.join(counts)}.")


def is_different(state: str, verdicts: Iterable[str]) -> bool:
    """Whether a comparison with `state` and these attribute verdicts needs a look."""
    bad = {"differs", "missing-in-app", "reformatted"}
    return state not in {"matched", "rightly-not-in-app", "cannot-tell"} or any(
        v in bad for v in verdicts
    )


def state_words(comparison: Comparison) -> str:
    """Return a comparison's state as a person says it: who is at both ends may differ there."""
    different = is_different(comparison.state, [a.verdict for a in comparison.attributes])
    state = "differs" if different and comparison.state == "matched" else comparison.state
    return state.replace("-", " ")


def _of_apps(report: Report) -> Headline | None:
    if not report.apps:
        return None
    sick = sum(app.health in _SICK_APPS for app in report.apps)
    apps = counted(len(report.apps), "app")
    if sick:
        need = "needs" if sick == 1 else "need"
        return Headline(level=Level.PROBLEM, text=f"{sick} of {apps} {need} attention.")
    return Headline(level=Level.GOOD, text=f"{apps} with a provisioning job, none in trouble.")


def _of_mappings(report: Report) -> Headline | None:
    if not report.mappings:
        return None
    lint = sum(bool(row.lint) for row in report.mappings)
    rows = counted(len(report.mappings), "attribute mapping")
    if lint:
        deserve = "deserves" if lint == 1 else "deserve"
        return Headline(level=Level.ATTENTION, text=f"{lint} of {rows} {deserve} a look.")
    if any(finding.is_problem for finding in report.findings):
        return Headline(
            level=Level.ATTENTION,
            text=f"{rows}; the mapping as a whole has faults, see the findings.",
        )
    if {row.object.casefold() for row in report.mappings} == {"group"}:
        text = f"{rows} of groups, none suspicious; people are not mapped at all."
        return Headline(level=Level.ATTENTION, text=text)
    return Headline(level=Level.GOOD, text=f"{rows}, none suspicious.")


def _of_events(report: Report) -> Headline | None:
    events = report.events
    if not events.read and not events.unreadable:
        nothing = Headline(level=Level.UNKNOWN, text="No event was found.")
        return nothing if report.command == "logs" else None
    counts = (("failed", events.failure), ("skipped", events.skipped), ("warned", events.warning))
    shown = [f"{number:,} {word}" for word, number in counts if number]
    unreadable = f", {events.unreadable} unreadable" if events.unreadable else ""
    text = f"{counted(events.read, 'event')} read: {', '.join(shown) or 'none failed'}{unreadable}."
    if events.failure:
        return Headline(level=Level.PROBLEM, text=text)
    doubtful = events.unreadable or not events.read
    return Headline(level=Level.UNKNOWN if doubtful else Level.GOOD, text=text)


def _of_what_is_fine(report: Report) -> Headline | None:
    """Of a capture or a mapping in which nothing is wrong there is nothing else to say."""
    looked = report.diagnoses or report.findings or report.replays or report.events.read
    if report.command != "diagnose" or looked or "endpoint_problem" in report.target:
        return None
    if report.exchanges:
        seen = counted(len(report.exchanges), "exchange")
        return Headline(level=Level.GOOD, text=f"Nothing wrong was seen in the capture ({seen}).")
    if "schema" in report.target:
        return Headline(level=Level.GOOD, text="Nothing wrong was seen in the mapping.")
    return None


def still_so(status: str, number: int) -> str:
    """Return how many objects a signature still holds for: failures fail, skips stay skipped."""
    return f"{number:,} {'failing now' if status == 'failure' else 'still so'}"


def sentence(text: str) -> str:
    """Return `text` ending in a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
