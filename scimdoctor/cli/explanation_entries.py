"""What `explain` knows: causes, checks, error codes, skip and quarantine reasons, and the rest.

Every entry is text, ready to be shown; where it comes from is one module each.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from scimdoctor.cli.explanation import Explanation
from scimdoctor.reports.words import WHO, spaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.entra.http_statuses import Status
    from scimdoctor.model.rule import CauseRule, CheckRule, Remediation

_RFC = "https://www.rfc-editor.org/rfc/rfc7644"
_ENTRA = "https://learn.microsoft.com/entra/identity"
_APPS = f"{_ENTRA}/app-provisioning"
_TUTORIAL = f"{_APPS}/use-scim-to-provision-users-and-groups"
_LOG_PAGE = f"{_ENTRA}/monitoring-health/howto-analyze-provisioning-logs"
_QUARANTINE_PAGE = f"{_APPS}/application-provisioning-quarantine-status"
_HOW_IT_WORKS = f"{_APPS}/how-provisioning-works"
_SIGN_IN_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"


def every_explanation() -> tuple[Explanation, ...]:
    """All entries, kind by kind."""
    return (
        *_causes(),
        *_checks(),
        *_codes(),
        *_reasons(),
        *_scim_types(),
        *_statuses(),
        *_sign_in_errors(),
    )


def _causes() -> Iterator[Explanation]:
    from scimdoctor.causes import ALL_CAUSES

    for cause in ALL_CAUSES:
        yield _of_cause(cause.rule)


def _of_cause(rule: CauseRule) -> Explanation:
    return Explanation(
        id=rule.id,
        kind="cause",
        title=rule.title,
        sections=(
            ("What it is", (rule.definition,)),
            ("Why it happens", (rule.explanation,)),
            ("Where it sits", (spaced(rule.layer),)),
            ("Who fixes it", (WHO[rule.fixed_by],)),
            ("What to do", tuple(_step(step) for step in rule.remediation)),
            ("References", rule.references),
        ),
        aliases=rule.aliases,
    )


def _step(step: Remediation) -> str:
    command = f"\n  $ {step.command}" if step.command else ""
    return f"{WHO[step.who]}: {step.text}{command}"


def _checks() -> Iterator[Explanation]:
    from scimdoctor.checks import ALL_CHECKS
    from scimdoctor.entra.mapping_rules import MAPPING_RULES

    for check in ALL_CHECKS:
        yield _of_check(check.rule)
    for rule in MAPPING_RULES:
        yield _of_check(rule)


def _of_check(rule: CheckRule) -> Explanation:
    return Explanation(
        id=rule.id,
        kind="check",
        title=rule.title,
        sections=(
            ("What it checks", (rule.what,)),
            ("Why it matters to Entra", (rule.why,)),
            ("What the admin sees", (rule.admin_sees,)),
            ("How to fix", (rule.fix,)),
            ("Severity, requirement, cause", (_rating(rule),)),
            ("References", (rule.rfc or "", *rule.references)),
        ),
        aliases=rule.aliases,
    )


def _rating(rule: CheckRule) -> str:
    return f"{rule.severity}; {rule.requirement}; {rule.cause or 'no cause by itself'}"


def _codes() -> Iterator[Explanation]:
    from scimdoctor.entra.code_steps import steps_of
    from scimdoctor.entra.error_codes import ERROR_CODES

    for row in ERROR_CODES:
        own = (f"{WHO[row.who]}: {row.action}", *map(_step, steps_of(row.suffix)))
        yield Explanation(
            id=row.suffix,
            kind="error code",
            title=row.meaning,
            sections=(
                ("What to do", own),
                ("Cause", (row.cause or "read the app's answer; the code alone does not tell",)),
                *_ending(row.cause),
                ("References", (_LOG_PAGE, *_pages_of(row.cause))),
            ),
        )
    yield Explanation(
        id="None",
        kind="error code",
        title="No error: the word that Graph writes where a job or an event has none.",
        sections=(
            (
                "What to do",
                (
                    "Entra admin: nothing, as far as this goes. Portal: Enterprise applications > "
                    "the app > Provisioning > Overview shows the job's state."
                    "\n  $ scimdoctor status APP",
                ),
            ),
            ("References", (_LOG_PAGE,)),
        ),
    )


def _ending(cause: str | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What ends the cause that a code or a reason stands for, where it stands for one."""
    from scimdoctor.causes import find_cause

    found = find_cause(cause) if cause else None
    if found is None:
        return ()
    return (("What ends that cause", tuple(map(_step, found.rule.remediation))),)


def _pages_of(cause: str | None) -> tuple[str, ...]:
    from scimdoctor.causes import find_cause

    found = find_cause(cause) if cause else None
    return found.rule.references if found is not None else ()


def _reasons() -> Iterator[Explanation]:
    from scimdoctor.entra.quarantine import QUARANTINE_REASONS
    from scimdoctor.entra.skip_reasons import SKIP_REASONS

    for skip in SKIP_REASONS:
        sections = (
            ("What to do", (f"Entra admin: {skip.action}", *map(_step, skip.steps))),
            ("Cause", (skip.cause,)),
            *(() if skip.steps else _ending(skip.cause)),
            ("References", (_LOG_PAGE, _HOW_IT_WORKS)),
        )
        yield Explanation(id=skip.name, kind="skip reason", title=skip.meaning, sections=sections)
    for reason in QUARANTINE_REASONS:
        yield Explanation(
            id=reason.name,
            kind="quarantine reason",
            title=reason.meaning,
            sections=(
                ("What to do", tuple(map(_step, reason.steps))),
                ("References", (_QUARANTINE_PAGE,)),
            ),
            aliases=reason.aliases,
        )


def _scim_types() -> Iterator[Explanation]:
    from scimdoctor.entra.scim_types import find_scim_type
    from scimdoctor.scim.error import SCIM_TYPES

    for name, meaning in SCIM_TYPES.items():
        row = find_scim_type(name)
        yield Explanation(
            id=name,
            kind="scimType",
            title=f"The app says that {meaning}.",
            sections=(
                *_advice(row.causes if row else (), row.steps if row else ()),
                ("References", (f"{_RFC}#section-3.12", _TUTORIAL)),
            ),
        )


def _statuses() -> Iterator[Explanation]:
    from scimdoctor.entra.http_statuses import STATUSES

    for row in STATUSES:
        yield of_status(row)


def of_status(row: Status) -> Explanation:
    """The entry for an HTTP status, whether it has a row of its own or not."""
    phrase = row.phrase
    return Explanation(
        id=str(row.number),
        kind="HTTP status",
        title=row.meaning,
        sections=(
            *_advice(row.causes, row.steps),
            ("References", (f"{_RFC}#section-3.12", _TUTORIAL)),
        ),
        # .NET's names stand in Entra's reasons: `StatusCode: NotFound`.
        aliases=tuple(dict.fromkeys((phrase, phrase.replace(" ", "")))) if phrase else (),
    )


def _advice(
    causes: tuple[str, ...], steps: Iterable[Remediation]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What may be behind it, how to tell which it is, and what each side does."""
    usual = (("Usual causes", causes),) if causes else ()
    told = tuple(map(_step, steps))
    which = "To find out which it is:\n  $ scimdoctor diagnose APP"
    named = any("scimdoctor diagnose APP" in text for text in told)
    return (*usual, ("What to do", (*told, *((which,) if causes and not named else ()))))


def _sign_in_errors() -> Iterator[Explanation]:
    from scimdoctor.graph.aadsts import AADSTS

    for number, (meaning, step) in AADSTS.items():
        yield _of_sign_in(number, meaning, step)


def unlisted_sign_in_error(number: int) -> Explanation:
    """The entry for an AADSTS number that the table lacks, and what it may be mistyped for."""
    from scimdoctor.graph.aadsts import AADSTS

    meaning = "A sign-in error of Microsoft's that is not in this tool's list."
    found = _of_sign_in(number, meaning, "read what Microsoft's page says of it (below).")
    close = get_close_matches(str(number), map(str, AADSTS), n=2, cutoff=0.85)
    near = tuple(f"AADSTS{known}: {AADSTS[int(known)][0]}" for known in close)
    return replace(found, sections=(("Looks like", near), *found.sections))


def _of_sign_in(number: int, meaning: str, step: str) -> Explanation:
    from scimdoctor.graph.aadsts import steps_of

    return Explanation(
        id=f"AADSTS{number}",
        kind="sign-in error",
        title=meaning,
        sections=(
            ("What to do", (f"Entra admin: {step}", *map(_step, steps_of(number, step)))),
            (
                "References",
                (f"https://login.microsoftonline.com/error?code={number}", _SIGN_IN_PAGE),
            ),
        ),
        aliases=(str(number),),
    )
