"""Quarantine: reasons, thresholds and the day Entra disables the job.

Source: Entra documentation "application provisioning in quarantine status", Graph's
`quarantineReason`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scimdoctor.entra.steps import CREDENTIALS, LOGS, PROVISIONING, admin

if TYPE_CHECKING:
    from datetime import datetime

    from scimdoctor.model.rule import Remediation
    from scimdoctor.model.synchronization import SynchronizationQuarantine

DISABLED_AFTER = timedelta(weeks=4)
"""So long may a job stay in quarantine before Entra disables it."""

EVALUATED_FROM = 5_000
"""Failures before the share is looked at."""

MAX_SHARE = 0.40
"""Share of failed objects above which a job is quarantined."""

MAX_WITHOUT_REFERENCES = 40_000
"""Failures, those of references left out."""

MAX_TOTAL = 60_000
"""Failures of every kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineReason:
    """One reason, in plain words, with what ends it: first what decides, last what retries."""

    name: str
    meaning: str
    steps: tuple[Remediation, ...]
    aliases: tuple[str, ...] = ()


_LEAVE = "scimdoctor job restart APP --scope quarantine"
_CURE_FAILURES = (
    admin(
        f"See which failure is the most frequent, and cure that one first. Portal: {LOGS}, "
        "status Failure.",
        "scimdoctor logs APP --summary",
    ),
    admin(
        f"Then have Entra try again what failed. Portal: {PROVISIONING} > Restart provisioning.",
        "scimdoctor job restart APP --scope escrows,quarantine",
    ),
)
_UNTOLD = (
    admin(
        "See whether the app answers what Entra's connection test sends. Portal: "
        f"{CREDENTIALS} > Test connection.",
        "scimdoctor check-endpoint URL --read-only",
    ),
    admin(f"When it does: Portal: {PROVISIONING} > Restart provisioning.", _LEAVE),
)

UNUSABLE = "EncounteredQuarantineException"

QUARANTINE_REASONS: tuple[QuarantineReason, ...] = (
    QuarantineReason(
        name=UNUSABLE,
        meaning="Entra could not use the endpoint at all: credentials refused, no connection, "
        "or an answer that is not SCIM.",
        steps=(
            admin(
                "See what the app answers to Entra's connection test, with the same URL and "
                f"token. Portal: {CREDENTIALS} > Test connection; correct URL or token, save.",
                "scimdoctor check-endpoint URL --read-only",
            ),
            admin(f"When the test passes: Portal: {PROVISIONING} > Restart provisioning.", _LEAVE),
        ),
    ),
    QuarantineReason(
        name="EncounteredEscrowProportionThreshold",
        meaning="More than 40 % of the objects failed (looked at from 5 000 failures on; "
        "failures of references do not count).",
        steps=_CURE_FAILURES,
    ),
    QuarantineReason(
        name="EncounteredTotalEscrowThreshold",
        meaning="Too many failures in all (60 000 with references, 40 000 without).",
        steps=_CURE_FAILURES,
    ),
    QuarantineReason(
        name="EncounteredBaseEscrowThreshold",
        meaning="Too many failures in all (40 000 without references, 60 000 with).",
        steps=_CURE_FAILURES,
    ),
    QuarantineReason(
        name="TooManyDeletes",
        meaning="One cycle wanted to delete more objects than the accidental-deletion "
        "threshold allows.",
        steps=(
            admin(
                f"See who left the scope. Portal: {LOGS}; Enterprise applications > the app > Users "
                "and groups; and the scoping filter.",
                "scimdoctor logs APP --summary",
            ),
            admin(
                f"If the deletions are meant: Portal: {PROVISIONING} > Overview > Allow deletes.",
                "scimdoctor job restart APP --scope force-deletes",
            ),
            admin(
                "If they are not: put the assignments or the filter back, then Portal: "
                f"{PROVISIONING} > Overview > Reject deletes.",
                _LEAVE,
            ),
        ),
    ),
    QuarantineReason(
        name="QuarantinedOnDemand",
        meaning="Microsoft quarantined the job after seeing a fault in the service or the app.",
        steps=(
            admin(
                "Read the message beside it and Microsoft's e-mail to the notification address; "
                "see whether the app answers as Entra needs it.",
                "scimdoctor check-endpoint URL --read-only",
            ),
            admin(
                f"When the fault is gone: Portal: {PROVISIONING} > Restart provisioning. If the "
                "quarantine comes back: Provisioning > New support request.",
                _LEAVE,
            ),
        ),
        aliases=("QuarantineOnDemand",),
    ),
    QuarantineReason(
        name="IngestionInterrupted",
        meaning="Entra could not read the changes at the source.",
        steps=(
            admin(
                f"Wait for the next attempt, then look again: Portal: {PROVISIONING} > Overview.",
                "scimdoctor status APP",
            ),
            admin(
                f"If it stays: Portal: {PROVISIONING} > Restart provisioning; then a support request.",
                _LEAVE,
            ),
        ),
    ),
    QuarantineReason(name="Unknown", meaning="Entra does not say why.", steps=_UNTOLD),
)


def ways_out(quarantine: SynchronizationQuarantine | None) -> tuple[Remediation, ...]:
    """What ends the quarantine; a reason that is not listed is one that Entra does not tell."""
    known = find_quarantine_reason(quarantine.reason) if quarantine is not None else None
    return known.steps if known is not None else _UNTOLD


def find_quarantine_reason(name: str | None) -> QuarantineReason | None:
    """The row called `name` (or by an alias), in any letter case; `None` if there is none."""
    wanted = (name or "").strip().casefold()
    for row in QUARANTINE_REASONS:
        if wanted in {known.casefold() for known in (row.name, *row.aliases)}:
            return row
    return None


def quarantined_since(quarantine: SynchronizationQuarantine) -> datetime | None:
    """When the quarantine was first imposed; `None` if it is not known.

    Graph's `currentBegan` moves each time the quarantine is looked at and kept; `seriesBegan` is
    set when it is first imposed, and anew only after it was lifted.
    """
    known = [t for t in (quarantine.series_began, quarantine.current_began) if t is not None]
    return min(known, default=None)


def disabled_on(quarantine: SynchronizationQuarantine) -> datetime | None:
    """When Entra will disable the job if nothing changes; `None` if it is not known."""
    began = quarantined_since(quarantine)
    return began + DISABLED_AFTER if began else None


def days_until_disabled(quarantine: SynchronizationQuarantine, now: datetime) -> int | None:
    """Whole days left, 0 when they are over; `None` if the beginning is not known."""
    end = disabled_on(quarantine)
    return max(0, (end - now).days) if end else None


def escrow_share(escrowed: int | None, entitled: int | None) -> float | None:
    """Escrowed objects as a share of those in scope; `None` if it is not known.

    A cycle that reads only changes may count fewer in scope than wait: that gives no share.
    """
    if escrowed is None or not entitled or not 0 <= escrowed <= entitled:
        return None
    return escrowed / entitled


def escrow_outlook(
    escrowed: int | None,
    entitled: int | None,
    *,
    quarantine: SynchronizationQuarantine | None = None,
) -> str | None:
    """One sentence on how far the escrows are from the thresholds; `None` without figures."""
    if not escrowed or escrowed < 0:
        return None
    waiting = "1 object waits" if escrowed == 1 else f"{escrowed} objects wait"
    share = escrow_share(escrowed, entitled)
    of = f", {share:.0%} of {entitled} in scope" if share is not None else ""
    if quarantine is not None:
        return f"{waiting} for a retry{of}{_way_back(escrowed, entitled, quarantine)}"
    return f"{waiting} for a retry{of}{_way_in(escrowed, entitled)}"


def _way_in(escrowed: int, entitled: int | None) -> str:
    """How far a job that is not in quarantine is from it."""
    if escrowed < EVALUATED_FROM:
        left = EVALUATED_FROM - escrowed
        return (
            f"; Entra looks at the share only from {EVALUATED_FROM} such objects on, {left} more "
            "than now"
        )
    share = escrow_share(escrowed, entitled)
    if share is not None and share > MAX_SHARE:
        return ": above the 40 % that leads to quarantine"
    if escrowed >= MAX_TOTAL:
        return f": more than the {MAX_TOTAL} that lead to quarantine"
    if escrowed >= MAX_WITHOUT_REFERENCES:
        return f": more than the {MAX_WITHOUT_REFERENCES} that lead to quarantine, {_LEFT_OUT}"
    limits = [MAX_WITHOUT_REFERENCES]
    if share is not None and entitled:
        limits.append(int(entitled * MAX_SHARE) + 1)
    told = f"; {min(limits) - escrowed} more lead to quarantine"
    unknown = "" if share is not None else ", or fewer if they are above 40 % of all"
    return f"{told}{unknown}"


_LEFT_OUT = "references left out"
_PROPORTION = "encounteredescrowproportionthreshold"
_ABSOLUTE = frozenset({"encounteredtotalescrowthreshold", "encounteredbaseescrowthreshold"})


def _way_back(escrowed: int, entitled: int | None, quarantine: SynchronizationQuarantine) -> str:
    """What a job that is in quarantine for its failures has to come below; else nothing."""
    reason = (quarantine.reason or "").casefold()
    least = EVALUATED_FROM if reason == _PROPORTION else MAX_WITHOUT_REFERENCES
    if reason in _ABSOLUTE | {_PROPORTION} and escrowed < least:
        return (
            f": odd, as {quarantine.reason} begins at {least} of them; there were more then, or "
            "something else holds the job"
        )
    if reason == _PROPORTION:
        share = escrow_share(escrowed, entitled)
        most = int(entitled * MAX_SHARE) if share is not None and entitled else None
        fewest = f" ({most} of {entitled})" if most else ""
        return (
            f"; the quarantine ends below {EVALUATED_FROM} of them or at 40 % of the objects"
            f"{fewest} and less, {_LEFT_OUT}"
        )
    if reason in _ABSOLUTE:
        return (
            f"; the quarantine ends below {MAX_WITHOUT_REFERENCES} of them, {_LEFT_OUT}, and "
            f"below {MAX_TOTAL} in all"
        )
    return ""
