"""The four stages that the portal shows of a provision-on-demand run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra.scoping import Obstacle, scoping_verdict

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

_STAGES = (
    ("Import", {"import"}),
    ("Determine scope", {"scoping"}),
    ("Match", {"matching"}),
    ("Perform action", {"processing", "referenceresolution", "export"}),
)
_RANKS = {kind: rank for rank, (_, kinds) in enumerate(_STAGES) for kind in kinds}


def stages(event: ProvisioningObjectSummary) -> tuple[str, ...]:
    """One line for each stage: its outcome, and what Entra says of it."""
    return tuple(
        f"{number}. {name}: {_outcome(event, kinds)}"
        for number, (name, kinds) in enumerate(_STAGES, start=1)
    )


def _outcome(event: ProvisioningObjectSummary, kinds: set[str]) -> str:
    steps = [s for s in event.provisioning_steps if s.provisioning_step_type.casefold() in kinds]
    if not steps:
        went_on = _reached(event) > max(_RANKS[kind] for kind in kinds)
        return "no step of its own in the log" if went_on else "not reached"
    worst = next((s for s in steps if s.status not in {"success", ""}), steps[-1])
    out = _out_of_scope(event) if "scoping" in kinds and worst.status == "success" else ""
    if out:
        return f"out of scope: {out}"
    text = " ".join((worst.description or "").split())
    return f"{worst.status or 'done'}" + (f": {text}" if text else "")


def _reached(event: ProvisioningObjectSummary) -> int:
    """The last stage that has a step: an object that is linked is not matched again."""
    kinds = (s.provisioning_step_type.casefold() for s in event.provisioning_steps)
    return max((_RANKS.get(kind, -1) for kind in kinds), default=-1)


def _out_of_scope(event: ProvisioningObjectSummary) -> str:
    """What kept the object out: the step succeeds whatever it finds, its details tell."""
    verdict = scoping_verdict(event)
    pairs = zip(verdict.obstacles, verdict.reasons, strict=True)
    return "; ".join(why for what, why in pairs if what is not Obstacle.MATCHING_VALUE_MISSING)
