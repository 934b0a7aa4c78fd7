"""What the shell offers for ids: causes, checks, faults, everything that can be explained.

Called only while completing, so it may import what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Offer = tuple[str, str]


def explained_ids(incomplete: str) -> list[Offer]:
    """Ids that `explain` knows."""
    from scimdoctor.cli.explanations import every_explanation

    return _beginning(incomplete, ((e.id, e.title) for e in every_explanation()))


def cause_ids(incomplete: str) -> list[Offer]:
    """Root causes."""
    from scimdoctor.causes import ALL_CAUSES

    return _beginning(incomplete, ((c.rule.id, c.rule.title) for c in ALL_CAUSES))


def check_ids(incomplete: str) -> list[Offer]:
    """Checks and their families."""
    from scimdoctor.checks import ALL_CHECKS

    families = dict.fromkeys(check.family for check in ALL_CHECKS)
    offers = [(family, f"all checks of the family {family}") for family in families]
    return _beginning(incomplete, [*offers, *((c.id, c.rule.title) for c in ALL_CHECKS)])


def fault_ids(incomplete: str) -> list[Offer]:
    """Faults of the lab."""
    from scimdoctor.lab.scim.faults import FAULTS

    return _beginning(incomplete, ((fault.id, fault.title) for fault in FAULTS))


def _beginning(incomplete: str, offers: Iterable[Offer]) -> list[Offer]:
    return list(_fitting(incomplete.casefold(), offers))


def _fitting(start: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    yield from (offer for offer in offers if offer[0].casefold().startswith(start))
