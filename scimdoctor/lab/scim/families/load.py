"""Faults that show only when many requests come at once, or in a minute."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.hooks import html_page
from scimdoctor.lab.scim.switch import Fault

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabResponse
    from scimdoctor.scim.patch import Resource

CROWD = 6
"""So many requests at a time are no crowd yet: the checks without --load send fewer."""

QUOTA_A_MINUTE = 450
BAN_AFTER = 100
_ARRIVAL_IN_SECONDS = 0.01
"""How long a write takes, so that those who come together meet."""

_fault = partial(Fault, family="load")


def _is_crowd(call: Call) -> bool:
    if call.method == "GET":
        return False
    time.sleep(_ARRIVAL_IN_SECONDS)
    return call.provider.under_way > CROWD


def _refused_in_crowds(call: Call) -> LabResponse | None:
    busy = ScimProblem(503, "No database connection is free.").response()
    return busy if _is_crowd(call) else None


def _mixed_in_crowds(call: Call, before: Resource | None, after: Resource) -> Resource:
    """Give a user the display name of the one before, as a variable that requests share does."""
    if before is None or not call.is_user or not _is_crowd(call):
        return after
    memory = call.provider.memory
    name, memory["shared name"] = memory.get("shared name"), after.get("displayName")
    return after | {"displayName": name} if name else after


def _lost_in_crowds(call: Call, before: Resource | None, after: Resource) -> Resource:
    """Write what was read before the others wrote."""
    return before if before is not None and call.is_group and _is_crowd(call) else after


def _recent(call: Call, seconds: float) -> int:
    """How many requests came in the last `seconds`, this one included."""
    now = time.monotonic()
    recent = [at for at in call.provider.memory.get("recent", []) if at > now - seconds]
    call.provider.memory["recent"] = [*recent, now]
    return len(recent) + 1


def _over_quota(call: Call) -> LabResponse | None:
    if _recent(call, 60) <= QUOTA_A_MINUTE:
        return None
    return ScimProblem(429, "Too many requests.", headers=(("Retry-After", "60"),)).response()


def _banned(call: Call) -> LabResponse | None:
    if _recent(call, 10) > BAN_AFTER:
        call.provider.memory["banned"] = True
    return html_page(403, "You are blocked") if call.provider.memory.get("banned") else None


FAULTS = (
    _fault(
        id="minute-quota",
        title=f"Answers 429 to all that comes after {QUOTA_A_MINUTE} requests in a minute",
        cause="endpoint-too-slow-or-throttled",
        has_no_past=True,
        before=_over_quota,
    ),
    _fault(
        id="client-banned",
        title=f"Blocks a client for good, with a web page, after {BAN_AFTER} requests in ten seconds",
        cause="endpoint-unreachable-or-blocked",
        has_no_past=True,
        before=_banned,
    ),
    _fault(
        id="crowd-refused",
        title=f"Answers 503 to a write while {CROWD} others are under way",
        cause="endpoint-too-slow-or-throttled",
        before=_refused_in_crowds,
    ),
    _fault(
        id="crowd-mixes-users",
        title=f"Gives a user another's displayName while {CROWD} other writes are under way",
        cause="replace-clears-unsent-values",
        stored=_mixed_in_crowds,
    ),
    _fault(
        id="crowd-loses-members",
        title=f"Loses a change of members while {CROWD} other writes are under way",
        cause="concurrent-member-update-lost",
        stored=_lost_in_crowds,
    ),
)
