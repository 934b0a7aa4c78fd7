"""How often the right root cause is named first, on failures that people reported in public.

`python tests/bench/causes.py` prints the table. The reports stand outside the repository:
`SCIMDOCTOR_CASES` names the file (one JSON object a line: `id`, `expected_cause`, `confirmed`,
`input` with `event`, `job`, `har`); by default `../shared/cases/dev.jsonl` beside the checkout.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.diagnose.groups import group_events
from scimdoctor.diagnose.run import diagnose
from scimdoctor.endpoint.har import read_har
from scimdoctor.graph.job_json import parse_job
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.sources.record import read_record

UNDECIDED = {
    "auth0-163886": "the text fits any unreadable answer; nothing shows that the mapping changed",
    "chainguard-bearer-prefix": "a bare 401, the same as of an expired token",
    "metatavu-50": "only Entra's sentence for every failed test",
    "so-42662303": "only Entra's sentence for every failed test",
    "sourcegraph-48355": "only the validator's claim, which was false; no answer was kept",
    "azure-docs-116775": "'415 UnsupportedMediaType' says nothing of who sent what",
    "fusionauth-3311": "'Invalid SCIM patch request' and no request",
    "limosa-119": "a bare 500 and no request",
    "polis-4065": "a bare 409 to a create",
    "scimple-981": "'Unable to map or parse JSON' and no request",
}
"""Reports whose evidence does not decide, with the reason; they count in no share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One report, and what was made of it."""

    id: str
    expected: str
    confirmed: bool
    named: str
    confidence: Confidence
    others: tuple[str, ...]

    @property
    def first(self) -> bool:
        """Whether the right cause was named first."""
        return self.named == self.expected

    @property
    def in_top_three(self) -> bool:
        """Whether it was among the first three."""
        return self.expected in (self.named, *self.others[:2])

    @property
    def counts(self) -> bool:
        """Whether it counts: established in the report, and decided by what it shows."""
        return self.confirmed and self.id not in UNDECIDED

    @property
    def wrong_with_confidence(self) -> bool:
        """Whether a wrong cause was called more than possible."""
        return not self.first and self.confidence is not Confidence.POSSIBLE


def cases_file() -> Path:
    """Where the reports are; the file need not exist."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "cases" / "dev.jsonl"
    return Path(os.environ.get("SCIMDOCTOR_CASES") or beside)


def load(path: Path) -> list[dict[str, Any]]:
    """The reports that have something to look at."""
    with path.open(encoding="utf-8") as stream:
        every = [json.loads(line) for line in stream if line.strip()]
    return [case for case in every if any((case.get("input") or {}).values())]


def run(case: dict[str, Any]) -> Result:
    """Diagnose one report as the command does with saved files."""
    given = case["input"]
    events = [read_record(given["event"], "case")] if given.get("event") else []
    counts, groups = group_events(events)
    har = given.get("har")
    evidence = Evidence(
        groups=groups,
        counts=counts,
        job=parse_job(given["job"]) if given.get("job") else None,
        exchanges=read_har(json.dumps(har).encode(), "case.har") if har else (),
        now=datetime(2026, 7, 2, tzinfo=UTC),
    )
    found = diagnose(evidence).diagnoses
    best = found[0] if found else None
    return Result(
        id=case["id"],
        expected=case["expected_cause"],
        confirmed=bool(case["confirmed"]),
        named=best.cause if best else "unknown-cause",
        confidence=best.confidence if best else Confidence.POSSIBLE,
        others=tuple(a.cause for a in best.alternatives) if best else (),
    )


def run_all(path: Path) -> list[Result]:
    """Every report of the file."""
    return [run(case) for case in load(path)]


def share(results: list[Result]) -> float:
    """The share named first among those that count; 1 if none does."""
    counted = [r for r in results if r.counts]
    return sum(r.first for r in counted) / len(counted) if counted else 1.0


def table(results: list[Result]) -> str:
    """The result for a reader: totals, then one line for each cause."""
    counted = [r for r in results if r.counts]
    unknown = [r for r in results if r.named == "unknown-cause"]
    wrong = [r for r in results if r.wrong_with_confidence]
    lines = [
        f"reports with something to look at: {len(results)}; decided and confirmed: {len(counted)}",
        f"named first: {share(results):.1%} of the decided and confirmed; "
        f"{sum(r.first for r in results)} of all {len(results)}",
        f"in the first three: {sum(r.in_top_three for r in results)} of {len(results)}",
        f"called unknown: {len(unknown)} ({', '.join(r.id for r in unknown)})",
        f"wrong with confidence: {len(wrong)} ({', '.join(r.id for r in wrong) or 'none'})",
        "",
        f"{'cause':40} {'reports':>7} {'first':>6} {'top 3':>6}",
    ]
    by_cause: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_cause[result.expected].append(result)
    for cause, found in sorted(by_cause.items()):
        firsts, tops = sum(r.first for r in found), sum(r.in_top_three for r in found)
        lines.append(f"{cause:40} {len(found):7} {firsts:6} {tops:6}")
    lines += ["", "not first:"]
    for result in results:
        if not result.first:
            why = UNDECIDED.get(result.id, "wrong")
            said = f"{result.named} ({result.confidence})"
            lines.append(f"  {result.id}: is {result.expected}, was called {said}: {why}")
    kinds = Counter(str(r.confidence) for r in results if r.first)
    lines.append(f"confidence of the right ones: {dict(kinds)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(run_all(cases_file())) + "\n")
