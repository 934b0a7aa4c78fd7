"""How values are said to a person: the same words and signs in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import FixedBy
from scimdoctor.reports.neutral import neutral, one_line
from scimdoctor.reports.shape import container

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from scimdoctor.model.diagnosis import Affected
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Evidence, Figure, Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

OUTCOME_SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "–",
    Outcome.ERRORED: "!",
}
WHO = {
    FixedBy.APP_DEVELOPER: "app developer",
    FixedBy.ENTRA_ADMIN: "Entra admin",
    FixedBy.EITHER: "app developer or Entra admin",
    FixedBy.WAIT: "waiting",
    FixedBy.NOBODY: "nobody: it works as designed",
}
_ERROR_PREFIX = "SystemForCrossDomainIdentityManagement"
_MOST_NAMES = 3
LONGEST_BODY = 60_000
_SENTENCE_ENDS = re.compile(r"[.?!](?:\s+(?=[^a-z])|$)")
_LONGEST_HEAD = 200
_SPARKS = "▁▂▃▄▅▆▇█"


def when(moment: datetime | None) -> str:
    """Return a time to the second, in UTC and without saying so in every cell."""
    from datetime import UTC

    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def period(first: datetime | None, last: datetime | None) -> str:
    """Return first and last time seen, in UTC."""
    shown = list(dict.fromkeys(when(moment) for moment in (first, last) if moment))
    return f"{' – '.join(shown)} UTC" if shown else ""


def spaced(identifier: str) -> str:
    """Return a kebab-case id as words."""
    return identifier.replace("-", " ")


def plain(name: str) -> str:
    """Return the name of a field as words."""
    return name.replace("_", " ")


def affected_text(affected: Affected | None) -> str:
    """Return how much a diagnosis explains; empty if nothing is known."""
    from scimdoctor.reports.verdict import counted

    if affected is None or not (affected.events or affected.objects):
        return ""
    objects = f"{counted(affected.objects, 'object')}{_named(affected)}"
    counts = f"{objects}, {counted(affected.events, 'event')}"
    span = period(affected.first_seen, affected.last_seen)
    return f"{counts}, {span}" if span else counts


def _named(affected: Affected) -> str:
    """The names of the objects in brackets, with an ellipsis where there are more."""
    names = [one_line(name, limit=60) for name in affected.names[:_MOST_NAMES]]
    more = ", …" if names and affected.objects > len(names) else ""
    return f" ({', '.join(names)}{more})" if names else ""


def source_of(evidence: Evidence) -> str:
    """Return what a piece of evidence was seen in, as a person says it; else kind and id."""
    if not evidence.label:
        return f"{evidence.kind} {one_line(evidence.ref)}".strip()
    when_seen = f", {when(evidence.at)}" if evidence.at else ""
    return f"{evidence.kind} of {one_line(evidence.label, limit=60)}{when_seen}"


def family_of(check: str) -> str:
    """Return the family of a check id: what stands before the slash."""
    return check.partition("/")[0] if "/" in check else "other"


def by_family(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by family, in the order in which families first occur."""
    families: dict[str, list[Finding]] = {}
    for finding in findings:
        families.setdefault(family_of(finding.check), []).append(finding)
    return families


def outcome_counts(findings: Sequence[Finding]) -> str:
    """Return counts by outcome: `12 passed, 1 failed`."""
    counts = {outcome: sum(f.outcome is outcome for f in findings) for outcome in Outcome}
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)


def skip_reasons(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return skipped findings by reason."""
    reasons: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.outcome is Outcome.SKIPPED:
            reasons.setdefault(finding.message, []).append(finding)
    return reasons


def told(finding: Finding) -> tuple[str, str]:
    """Return what is wrong, and the rest of what a finding says.

    Its title is the good state, which beside a cross would read as if it had been met.
    """
    if finding.outcome is not Outcome.FAILED:
        return finding.title, finding.message
    for end in _SENTENCE_ENDS.finditer(finding.message):
        first = finding.message[: end.start()]
        whole = first.count("(") == first.count(")") and first.count('"') % 2 == 0
        if whole and len(first) <= _LONGEST_HEAD:
            return first, finding.message[end.end() :]
    if len(finding.message) <= _LONGEST_HEAD and not _SENTENCE_ENDS.search(finding.message):
        return finding.message, ""
    return f"Not so: {finding.title}", finding.message


def in_order(evidence: Iterable[str]) -> list[str]:
    """Return the ids of exchanges as these were sent; the decisive one need not be the last."""
    return sorted(evidence, key=lambda ref: (len(ref), ref))


def measured(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return the checks that measured something, each with its figures."""
    return [(f.check, " · ".join(map(_figure, f.figures))) for f in findings if f.figures]


def _figure(figure: Figure) -> str:
    """Return a figure in words: `median 3.2 ms`, `writes 50`."""
    places = 0 if figure.value != figure.value or figure.value == round(figure.value) else 1
    unit = f" {figure.unit}" if figure.unit else ""
    return one_line(f"{figure.name} {figure.value:,.{places}f}{unit}", limit=80)


def answer_text(exchange: Exchange | None) -> str:
    """Return an exchange's answer in a few words: `404 in 12 ms`, `timeout: …`."""
    if exchange is None:
        return "not sent"
    if exchange.failure:
        return f"{exchange.failure.kind}: {exchange.failure.message}"
    if exchange.response is None:
        return "no answer"
    return f"{exchange.response.status} in {exchange.elapsed_in_milliseconds:.0f} ms"


def event_told(event: ProvisioningObjectSummary) -> str:
    """Return what an event says of its failure or skip, error code first and shortened.

    The sentence of .NET's that every reason has says nothing, and leaves no room for the answer.
    """
    from scimdoctor.entra.signature import NET_SENTENCE

    error = event.error
    steps = [step.description for step in event.provisioning_steps if step.status == event.status]
    reason = (error.reason or (steps[-1] if steps else "")).replace(NET_SENTENCE, "")
    code = (error.error_code or "").replace(_ERROR_PREFIX, "…")
    return f"{code}: {reason}" if code and reason else code or reason


def pretty_body(body: bytes) -> str:
    """Return a body for reading: JSON indented, everything else as it is."""
    import json

    text = body.decode("utf-8", "replace")
    parsed = container(text)
    pretty = text if parsed is None else json.dumps(parsed, indent=2, ensure_ascii=False)
    return neutral(pretty, limit=LONGEST_BODY)


def sparkline(numbers: Sequence[int]) -> str:
    """Return `numbers` as a row of bars; zero is the lowest."""
    top = max(numbers, default=0)
    if top <= 0:
        return _SPARKS[0] * len(numbers)
    steps = len(_SPARKS) - 1
    return "".join(_SPARKS[min(steps, -(-max(0, n) * steps // top))] for n in numbers)


def is_command(step: str) -> bool:
    """Return whether a next step is a line to paste, not words."""
    return step.startswith("scimdoctor ")
