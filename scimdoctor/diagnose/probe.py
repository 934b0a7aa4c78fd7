"""Asks the app's endpoint what would settle a suspicion: a replay, and a few checks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scimdoctor.causes.facts import Stage
from scimdoctor.model.finding import Outcome
from scimdoctor.model.replay import ReplayMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scimdoctor.checks.check import Check
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.journal import Journal
    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.synchronization import SynchronizationSchema


_DECISIVE: Mapping[str, tuple[str, ...]] = {
    "boolean-string-rejected": ("lifecycle/disable", "lifecycle/restore"),
    "needs-scim-compliance-flag": ("patch/op-case", "lifecycle/disable"),
    "app-prerequisite-missing": ("query/match",),
}
"""Checks that cannot pass where a cause is that their rule does not name."""

_BY_STAGE: Mapping[Stage, tuple[str, ...]] = {
    Stage.UPDATE: (
        "patch-method-missing",
        "patch-op-case-sensitive",
        "value-path-unsupported",
        "extension-urn-path-unsupported",
        "boolean-string-rejected",
    ),
    Stage.CREATE: (
        "over-strict-validation",
        "duplicate-create-not-409",
        "request-content-type-refused",
        "required-attribute-empty-in-source",
    ),
    Stage.MATCH: ("filter-attribute-unsupported", "filter-no-match-404", "list-response-malformed"),
    Stage.TEST: ("tenant-url-wrong", "token-expired-or-revoked", "groups-endpoint-missing"),
}
"""Causes to check for where nothing was suspected: the usual ones of that step."""

_OF_GROUPS = ("members-remove-value-not-understood", "non-idempotent-write")
"""The same for an update of a group, besides."""

_IN_ANY_REQUEST = frozenset({"unhandled-exception-500"})
"""Causes that nearly every check may come upon."""

_RELATED: Mapping[str, tuple[str, ...]] = {
    "value-path-unsupported": ("value-path-no-match-rejected",),
    "value-path-no-match-rejected": ("value-path-unsupported",),
    "target-changed-outside-entra": ("write-response-wrong",),
    "members-remove-value-not-understood": ("patch-op-case-sensitive",),
}
"""Causes that only a check tells apart, where the app says nothing."""


@dataclass(slots=True, kw_only=True)
class Probe:
    """The endpoint, and how far it may be used; without `writes` only GETs are sent."""

    endpoint: Endpoint
    dialect: Dialect
    writes: bool = False
    journal: Journal | None = None
    schema: SynchronizationSchema | None = None
    checks: Sequence[Check] | None = None
    """For tests; `None` stands for every check there is."""

    replays: list[Replay] = field(default_factory=list)
    cleared: set[str] = field(default_factory=set)
    """Causes that a check of their own looked for and did not find."""

    whole: bool = False
    """Whether every check was run."""

    def replay(self, event: ProvisioningObjectSummary) -> tuple[Replay, tuple[Exchange, ...]]:
        """Replay one event; return also the exchanges it took."""
        from scimdoctor.replay import replay_event

        before = len(self.endpoint.exchanges)
        found = replay_event(
            event,
            endpoint=self.endpoint,
            mode=ReplayMode.SHADOW if self.writes else ReplayMode.READ,
            schema=self.schema,
            dialect=self.dialect,
            journal=self.journal,
        )
        self.replays.append(found)
        return found, tuple(self.endpoint.exchanges[before:])

    def check_all(self) -> tuple[Finding, ...]:
        """Run every check, those that write only where writes are allowed."""
        self.whole = True
        return self._run(self._known())

    def check(
        self,
        causes: Iterable[str],
        *,
        bears: Callable[[str], bool] = lambda _check: True,
        sends: Callable[[str], bool] = lambda _check: True,
    ) -> tuple[Finding, ...]:
        """Run the checks that can name one of `causes`; passed ones say which they speak against.

        `bears` tells whether a check is of the same step as a failure. One that is not is run only
        where no other can name its cause, and never if it is of groups. What may show in any
        request is looked for only where a check `sends` what failed.
        """
        wanted = set(causes)
        narrow = self.fitting(wanted - _IN_ANY_REQUEST)
        fitting = {c: own for c, own in self.fitting(wanted).items() if c in narrow or sends(c)}
        decided = {cause for check, cause in fitting.items() if bears(check)} | {None}
        fitting = {
            check: cause
            for check, cause in fitting.items()
            if bears(check) or (cause not in decided and check not in self.of_groups)
        }
        if not fitting:
            return ()
        findings = self._run(self._known(), only=tuple(fitting))
        self.cleared |= _cleared(findings, fitting)
        return tuple(_with_cause(finding, fitting) for finding in findings)

    @property
    def of_groups(self) -> frozenset[str]:
        """The ids of the checks that ask about groups alone."""
        return frozenset(check.rule.id for check in self._known() if check.rule.of_groups)

    def fitting(self, causes: Iterable[str]) -> dict[str, str | None]:
        """The checks that can name one of `causes`, each with the cause that its rule names."""
        known = self._known()
        wanted = set(causes)
        found: dict[str, str | None] = {
            c.rule.id: c.rule.cause for c in known if c.rule.cause in wanted
        }
        ids = {c.rule.id for c in known}
        for cause in wanted:
            found |= {i: cause for i in _DECISIVE.get(cause, ()) if i in ids and i not in found}
        for check in known:
            if wanted & set(check.rule.other_causes):
                found.setdefault(check.rule.id, None)
        return found

    def _known(self) -> Sequence[Check]:
        from scimdoctor.checks import ALL_CHECKS

        checks = ALL_CHECKS if self.checks is None else self.checks
        if self.schema is not None:
            return checks
        # They would be skipped, but only after all that they need was sent.
        return [check for check in checks if not check.rule.of_mapping]

    def _run(self, checks: Sequence[Check], only: tuple[str, ...] = ()) -> tuple[Finding, ...]:
        from scimdoctor.checks import CheckOptions, run_checks

        options = CheckOptions(only=only, read_only=not self.writes, schema=self.schema)
        found = run_checks(self.endpoint, checks=checks, options=options, journal=self.journal)
        return tuple(found)


def _cleared(findings: Iterable[Finding], causes: Mapping[str, str | None]) -> set[str]:
    """Causes whose check failed for another one that it knows; passed ones speak for themselves."""
    failed = [f for f in findings if f.outcome is Outcome.FAILED and f.cause]
    named = {f.cause for f in failed}
    return {cause for f in failed if (cause := causes.get(f.check)) and cause not in named}


def _with_cause(finding: Finding, causes: Mapping[str, str | None]) -> Finding:
    if finding.outcome is Outcome.PASSED and finding.cause is None:
        return replace(finding, cause=causes.get(finding.check))
    return finding


def usual_suspects(steps: Iterable[tuple[Stage, bool]]) -> tuple[str, ...]:
    """The causes worth a check where a failure could not be explained.

    Each step is its stage and whether it was about a group.
    """
    return tuple(
        dict.fromkeys(
            cause
            for stage, of_group in steps
            for cause in (
                *_BY_STAGE.get(stage, ()),
                *(_OF_GROUPS if of_group and stage is Stage.UPDATE else ()),
            )
        )
    )


def suspected(diagnoses: Iterable[Diagnosis]) -> tuple[str, ...]:
    """The causes worth a check: the first of each diagnosis, and the alternatives."""
    found: dict[str, None] = {}
    for diagnosis in diagnoses:
        found[diagnosis.cause] = None
        found |= dict.fromkeys(other.cause for other in diagnosis.alternatives)
        found |= dict.fromkeys(_RELATED.get(diagnosis.cause, ()))
    found.pop("unknown-cause", None)
    return tuple(found)
