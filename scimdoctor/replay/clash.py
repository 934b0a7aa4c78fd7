"""Looks for the object that a refused write clashes with, by the values that must be unique.

The matching query asks by one attribute; the app may refuse for another one (RFC 7644 section
3.3.1, `uniqueness`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest
from scimdoctor.replay.sending import filter_of, object_id_of
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.trouble import resources_in
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from scimdoctor.replay.sending import Course

_UNIQUE = {
    "Users": ("userName", "externalId", 'emails[type eq "work"].value'),
    "Groups": ("displayName", "externalId"),
}
"""What apps commonly keep unique (RFC 7643 sections 3.1 and 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """What was looked for, and what was found."""

    asked: tuple[str, ...] = ()
    """The attributes by which nobody was found, those of the matching queries apart."""

    holder: str | None = None
    """The id of the object that holds one of the values."""

    path: str = ""
    """Which one."""

    missed: str | None = None
    """The matching attribute whose value it holds too, though the query did not find it."""


def look_for_clash(course: Course, write: ReconstructedRequest) -> Clash:
    """Ask for each value of the write that must be unique, until another object holds one."""
    resource, itself = course.subject.resource, object_id_of(write.request)
    sent = {item.path.casefold(): item.value for item in sent_values(write.request)}
    matched = dict(filter(None, (filter_of(q.request) for q in course.subject.questions)))
    asked: list[str] = []
    for path in _UNIQUE[resource]:
        value = sent.get(path.casefold())
        if matched.get(path) == value or not isinstance(value, str) or not value:
            continue
        question = ReconstructedRequest(
            purpose=Purpose.MATCH,
            request=requests.match_query(resource, path, value),
            notes=("asked to see what the write clashes with",),
        )
        found = resources_in(course.send_own(question).json)
        others = [r for r in found or [] if str(r.get("id")) != itself]
        holder = next((r for r in others if _holds(r, path, value)), None)
        if holder is not None:
            missed = next((p for p, v in matched.items() if _holds(holder, p, v)), None)
            return Clash(holder=str(holder.get("id")), path=path, missed=missed)
        # What came back though nobody has the value shows that the filter was not applied.
        asked += [path] if found is not None and not others else []
    return Clash(asked=tuple(asked))


def _holds(resource: dict[str, Any], path: str, value: str) -> bool:
    held = value_at(resource, path)
    return isinstance(held, str) and held.casefold() == value.casefold()
