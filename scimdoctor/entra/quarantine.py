"""Quarantine: reasons, thresholds and the day Entra disables the job.

Source: Entra documentation "application provisioning in quarantine status", Graph's
`quarantineReason`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

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
    """One reason, in plain words."""

    name: str
    meaning: str
    action: str
    aliases: tuple[str, ...] = ()


QUARANTINE_REASONS: tuple[QuarantineReason, ...] = (
    QuarantineReason(
        name="EncounteredQuarantineException",
        meaning="Entra could not use the endpoint at all: credentials refused, no connection, "
        "or an answer that is not SCIM. The error beside it says which.",
        action="Correct URL or token, test the connection, then restart provisioning.",
    ),
    QuarantineReason(
        name="EncounteredEscrowProportionThreshold",
        meaning="More than 40 % of the objects failed (looked at from 5 000 failures on; "
        "failures of references do not count).",
        action="Cure the most frequent failure, then restart provisioning.",
    ),
    QuarantineReason(
        name="EncounteredTotalEscrowThreshold",
        meaning="Too many failures in all (60 000 with references, 40 000 without).",
        action="Cure the most frequent failure, then restart provisioning.",
    ),
    QuarantineReason(
        name="EncounteredBaseEscrowThreshold",
        meaning="Too many failures in all (40 000 without references, 60 000 with).",
        action="Cure the most frequent failure, then restart provisioning.",
    ),
    QuarantineReason(
        name="TooManyDeletes",
        meaning="One cycle wanted to delete more objects than the accidental-deletion "
        "threshold allows.",
        action="Check what left the scope; then allow the deletions, or put the assignments "
        "back and reject them.",
    ),
    QuarantineReason(
        name="QuarantinedOnDemand",
        meaning="Microsoft quarantined the job after seeing a fault in the service or the app.",
        action="Follow the message beside it, or open a support case.",
        aliases=("QuarantineOnDemand",),
    ),
    QuarantineReason(
        name="IngestionInterrupted",
        meaning="Entra could not read the changes at the source.",
        action="Wait for the next attempt; restart provisioning; open a support case if it stays.",
    ),
    QuarantineReason(
        name="Unknown",
        meaning="Entra does not say why.",
        action="Read the error beside it and the last execution's error.",
    ),
)


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
    """Escrowed objects as a share of those in scope; `None` if either is not known."""
    if escrowed is None or not entitled or escrowed < 0:
        return None
    return escrowed / entitled


def escrow_outlook(escrowed: int | None, entitled: int | None) -> str | None:
    """One sentence on how far the escrows are from the thresholds; `None` without figures."""
    if not escrowed or escrowed < 0:
        return None
    waiting = "1 object waits" if escrowed == 1 else f"{escrowed} objects wait"
    share = escrow_share(escrowed, entitled)
    of = f", {share:.0%} of {entitled} in scope" if share is not None else ""
    if escrowed < EVALUATED_FROM:
        left = EVALUATED_FROM - escrowed
        return (
            f"{waiting} for a retry{of}; Entra looks at the share only from {EVALUATED_FROM} such "
            f"objects on, {left} more than now"
        )
    if share is not None and share > MAX_SHARE:
        return f"{waiting} for a retry{of}: above the 40 % that leads to quarantine"
    if escrowed >= MAX_TOTAL:
        return f"{waiting} for a retry{of}: more than the {MAX_TOTAL} that lead to quarantine"
    if escrowed >= MAX_WITHOUT_REFERENCES:
        limit = f"{MAX_WITHOUT_REFERENCES} that lead to quarantine, references left out"
        return f"{waiting} for a retry{of}: more than the {limit}"
    left = MAX_WITHOUT_REFERENCES - escrowed
    return f"{waiting} for a retry{of}; {left} more lead to quarantine"
