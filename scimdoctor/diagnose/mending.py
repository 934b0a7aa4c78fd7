"""Says with each finding who mends it and how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.checks import ALL_CHECKS
from scimdoctor.checks.other_causes import ANYWHERE
from scimdoctor.diagnose.remedies import Known, filled
from scimdoctor.model.rule import FixedBy, Remediation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.model.finding import Finding

_OF_ANOTHER_CHECK = ANYWHERE | {
    "app-prerequisite-missing",
    "auth-scheme-unsupported",
    "boolean-string-rejected",
    "needs-scim-compliance-flag",
    "patch-method-missing",
    "patch-op-case-sensitive",
    "request-content-type-refused",
    "secret-token-unusable",
    "tenant-url-wrong",
    "token-expired-or-revoked",
}
"""Causes that a check meets on its way: what it says of its own subject does not end them."""

_AGAIN = "scimdoctor check-endpoint URL"
"""What whoever reads the finding has just run."""


def mended(findings: Iterable[Finding], known: Known) -> tuple[Finding, ...]:
    """The problems among `findings` with what ends them."""
    checks = {check.id: check.rule for check in ALL_CHECKS}
    causes = {cause.rule.id: cause.rule for cause in ALL_CAUSES}

    def remedies(finding: Finding) -> Iterator[Remediation]:
        rule, cause = checks.get(finding.check), causes.get(finding.cause or "")
        own = rule is not None and finding.cause == rule.cause
        by = cause.fixed_by if cause else FixedBy.APP_DEVELOPER
        if rule is not None and (own or finding.cause not in _OF_ANOTHER_CHECK):
            meant = causes[rule.cause].fixed_by if rule.cause else FixedBy.APP_DEVELOPER
            who = FixedBy.APP_DEVELOPER if meant is FixedBy.EITHER else meant
            yield Remediation(who=who, text=rule.fix)
        for remedy in cause.remediation if cause else ():
            said = own and remedy.who in {FixedBy.APP_DEVELOPER, by}
            helps = remedy.who is not FixedBy.ENTRA_ADMIN or by is not FixedBy.APP_DEVELOPER
            if helps and not said:
                yield replace(remedy, command=_ready(remedy.command, known))

    return tuple(
        replace(f, remediation=tuple(remedies(f))) if f.is_problem else f for f in findings
    )


def _ready(command: str | None, known: Known) -> str | None:
    return None if command is None or command == _AGAIN else filled(command, known)
