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


def restart_scopes(incomplete: str) -> list[Offer]:
    """What a restart can forget, after the names that stand before the last comma."""
    from scimdoctor.graph.job_action import SCOPE_COSTS

    before, comma, _ = incomplete.rpartition(",")
    given = set(before.casefold().split(","))
    offers = ((n, cost) for n, cost in SCOPE_COSTS.items() if n not in given)
    return _beginning(incomplete, ((f"{before}{comma}{name}", cost) for name, cost in offers))


def profile_names(incomplete: str) -> list[Offer]:
    """The profiles of the settings file, that of the environment or the platform's."""
    import os
    from pathlib import Path

    from scimdoctor.config import default_config_path
    from scimdoctor.config.file import PREFIX, read_file
    from scimdoctor.errors import ConfigurationError

    named = os.environ.get(f"{PREFIX}CONFIG")
    path = Path(named).expanduser() if named else default_config_path()
    try:
        profiles = read_file(path, must_exist=False).get("profiles", {})
    except ConfigurationError:
        return []
    names = profiles if isinstance(profiles, dict) else {}
    return _beginning(incomplete, ((str(name), str(path)) for name in names))


def _beginning(incomplete: str, offers: Iterable[Offer]) -> list[Offer]:
    return list(_fitting(incomplete.casefold(), offers))


def _fitting(start: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    yield from (offer for offer in offers if offer[0].casefold().startswith(start))
