"""What people changed in an app's provisioning settings, as the directory's audit log tells it.

Source: Graph `directoryAudit`. The provisioning service writes there what it does by itself, too;
only what a person started is a change of settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.graph.json_values import field, moment, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST = 3
"""So many of the newest changes are told one by one."""


def changes_told(audits: Iterable[Mapping[str, Any]], principal_id: str) -> tuple[str, ...]:
    """Say who changed what and when, newest first; `audits` as Graph gives them, newest first."""
    told = [_told(audit) for audit in audits if _is_of(audit, principal_id)]
    found = [sentence for sentence in told if sentence]
    rest = len(found) - MOST
    further = "change is" if rest == 1 else "changes are"
    more = (f"{rest} more such {further} in the audit log.",) if rest > 0 else ()
    return (*found[:MOST], *more)


def _is_of(audit: Mapping[str, Any], principal_id: str) -> bool:
    targets = objects(audit, "targetResources")
    return any(
        (text(target, "id") or "").casefold() == principal_id.casefold() for target in targets
    )


def _told(audit: Mapping[str, Any]) -> str | None:
    user = field(field(audit, "initiatedBy"), "user")
    who = text(user, "userPrincipalName") or text(user, "id")
    when = moment(audit, "activityDateTime")
    if not who or when is None:
        return None
    what = text(audit, "activityDisplayName") or "a change"
    return f"Settings were changed {when:%Y-%m-%d %H:%M} UTC by {who}: {what}."
