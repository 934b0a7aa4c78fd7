"""What people changed in an app's provisioning settings, as the directory's audit log tells it.

Source: Graph `directoryAudit`. The provisioning service writes there what it does by itself, too;
only what a person started is a change of settings.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.pace import in_words
from scimdoctor.graph.json_values import field, moment, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_SOON = timedelta(days=2)
"""A failure that begins so long after a change may come of it."""

MOST = 3
"""So many of the newest changes are told one by one."""


def changes_told(
    audits: Iterable[Mapping[str, Any]], principal_id: str, *, failing_since: datetime | None = None
) -> tuple[str, ...]:
    """Say who changed what and when, newest first; `audits` as Graph gives them, newest first.

    The last change before `failing_since`, the first failure that was seen, is told as such.
    """
    own = [audit for audit in audits if _is_of(audit, principal_id)]
    told = [(_told(audit), moment(audit, "activityDateTime")) for audit in own]
    dated = [(sentence, when) for sentence, when in told if sentence and when]
    found = [sentence for sentence, _ in dated]
    for number, (sentence, when) in enumerate(dated):
        if failing_since is not None and when <= failing_since <= when + _SOON:
            later = in_words(failing_since - when)
            found[number] = f"{sentence} The first failure that was seen came {later} later."
            break
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
