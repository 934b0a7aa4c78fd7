"""What a fault and a trait are: a name, and functions that the provider calls on its way.

Each hook is one place in the life of a request. A hook may raise `ScimProblem` to refuse it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabResponse
    from scimdoctor.lab.scim.call import Call
    from scimdoctor.scim.patch import Resource

Before = Callable[["Call"], "LabResponse | None"]
Authorized = Callable[["Call", bool], bool]
Search = Callable[["Call", "list[Resource]"], "list[Resource] | None"]
Listed = Callable[["Call", "Resource"], Any]
Body = Callable[["Call", "Resource"], "Resource"]
Operations = Callable[["Call", list[Any]], list[Any]]
Apply = Callable[["Call", "Resource", Any], "Resource | None"]
Stored = Callable[["Call", "Resource | None", "Resource"], "Resource | None"]
Shown = Callable[["Call", "Resource"], "Resource"]
Answer = Callable[["Call", "LabResponse"], "LabResponse"]


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A named change of the provider's behaviour."""

    id: str
    """Kebab case, unique among faults and traits."""

    title: str
    """What the provider then does, as a sentence without full stop."""

    before: Before | None = None
    """First of all, before authentication; an answer ends the request."""

    authorized: Authorized | None = None
    """Decides anew whether the request is let in."""

    instead: Before | None = None
    """After authentication; an answer takes the place of the work."""

    search: Search | None = None
    """Filters a list in the provider's stead; `None` leaves it to the provider."""

    listed: Listed | None = None
    """Changes a ListResponse."""

    body: Body | None = None
    """Changes the body of a POST before it is validated."""

    operations: Operations | None = None
    """Changes the operations of a PATCH before they are applied; `call.resource` is at hand."""

    apply: Apply | None = None
    """Applies one operation in the provider's stead; `None` leaves it to the provider."""

    stored: Stored | None = None
    """Changes what is kept after a POST (no former state) or PATCH; `None` deletes the resource."""

    shown: Shown | None = None
    """Changes a resource each time it is shown."""

    answer: Answer | None = None
    """Changes the finished answer."""

    unlocked: bool = False
    """Requests run without mutual exclusion."""


@dataclass(frozen=True, kw_only=True)
class Fault(Switch):
    """Breaks something that Entra needs."""

    cause: str
    """The id of the root cause that it stands for."""

    family: str
    """The topic under which it is listed."""

    has_no_past: bool = False
    """Whether the lab's past is without it: its six days pass in a second, in which no answer may be
    late, and which would use up what an app allows in a minute."""


@dataclass(frozen=True, kw_only=True)
class Trait(Switch):
    """A choice that is legal and that Entra copes with."""
