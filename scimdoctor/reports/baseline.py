"""Known problems, listed in a file, so that a build fails only for new ones (`--baseline`).

The file is JSON: ids that stay the same from run to run, each with words for the reader. Remove a
line when its problem is solved; `stale` says which those are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.errors import SourceError
from scimdoctor.model.finding import Outcome
from scimdoctor.reports.identity import diagnosis_id, finding_id
from scimdoctor.reports.neutral import json_safe, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.report import Report

BASELINE_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Ids of problems that are known, with their words."""

    known: Mapping[str, str]


def read_baseline(text: str, name: str) -> Baseline:
    """Return the baseline in `text`; `name` is the file's, for messages.

    Raises:
        SourceError: `text` is no baseline of this version.
    """
    hint = "make one with: scimdoctor report REPORT.json --write-baseline FILE"
    try:
        data = json.loads(text.removeprefix("\ufeff"))
        if data["baseline_version"] != BASELINE_VERSION:
            raise SourceError(f"{name} is a baseline of another version", hint=hint)
        known = {str(item["id"]): str(item["title"]) for item in data["known"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{name} is not a baseline: {error}", hint=hint) from error
    return Baseline(known=known)


def write_baseline(report: Report) -> str:
    """Return a baseline that lists every failed finding and every diagnosis of `report`."""
    known = {
        finding_id(finding): f"{finding.check}: {finding.title}"
        for finding in report.findings
        if finding.outcome is Outcome.FAILED
    }
    known |= {diagnosis_id(d): f"{d.cause}: {d.title}" for d in report.diagnoses}
    items = [{"id": key, "title": one_line(title)} for key, title in sorted(known.items())]
    data = {"baseline_version": BASELINE_VERSION, "known": items}
    return json_safe(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


def apply_baseline(report: Report, baseline: Baseline) -> Report:
    """Return `report` with known findings and diagnoses marked, and a note on stale entries."""
    findings = tuple(
        replace(finding, known=True)
        if finding.outcome is Outcome.FAILED and finding_id(finding) in baseline.known
        else finding
        for finding in report.findings
    )
    diagnoses = tuple(
        replace(diagnosis, known=True) if diagnosis_id(diagnosis) in baseline.known else diagnosis
        for diagnosis in report.diagnoses
    )
    notes = tuple(f"the baseline lists what is gone: {title}" for title in stale(report, baseline))
    return replace(report, findings=findings, diagnoses=diagnoses, notes=(*report.notes, *notes))


def stale(report: Report, baseline: Baseline) -> tuple[str, ...]:
    """Return the words of entries whose check ran and passed in `report`.

    An entry whose check did not run is not called stale: nothing is known of it.
    """
    passed = {finding_id(f) for f in report.findings if f.outcome is Outcome.PASSED}
    checks = {f.check for f in report.findings if f.outcome is Outcome.PASSED}
    failed = {f.check for f in report.findings if f.outcome is not Outcome.PASSED}
    return tuple(
        title
        for key, title in baseline.known.items()
        if key in passed or title.partition(": ")[0] in checks - failed
    )
