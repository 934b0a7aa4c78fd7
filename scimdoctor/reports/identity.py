"""Names for what a report says that stay the same from run to run.

Baselines, comparisons of two reports and SARIF's fingerprints all use them. They are made only of
what identifies the problem; times, counts, ids of exchanges and wording of answers stay out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from scimdoctor.reports.neutral import valid_unicode

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.finding import Finding


def finding_id(finding: Finding) -> str:
    """Return a finding's id: its check, cause and title."""
    return _digest("finding", finding.check, finding.cause or "", finding.title)


def diagnosis_id(diagnosis: Diagnosis) -> str:
    """Return a diagnosis's id: its cause, and the signature it is about."""
    return _digest("diagnosis", diagnosis.cause, diagnosis.signature or "")


def _digest(*parts: str) -> str:
    joined = valid_unicode("\x1f".join(parts))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]
