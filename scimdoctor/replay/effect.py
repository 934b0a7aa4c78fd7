"""Judges what an accepted write did: stored as asked, partly, not at all, or more than asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.model.reconstruction import Purpose
from scimdoctor.model.replay import DifferenceKind
from scimdoctor.replay.differences import is_unasked, keys_of, three_way
from scimdoctor.replay.sent_values import sent_values

if TYPE_CHECKING:
    from scimdoctor.model.reconstruction import ReconstructedRequest
    from scimdoctor.model.replay import Difference

Resource = dict[str, Any] | None
_LOST = frozenset({DifferenceKind.DROPPED, DifferenceKind.CHANGED})
_ALTERED = frozenset({DifferenceKind.CASE_ONLY, DifferenceKind.REFORMATTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an accepted write did."""

    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    summary: str = ""
    """What is wrong, to follow "answered with 200 but"; empty when nothing is."""

    cause: str | None = None

    @property
    def ineffective(self) -> bool:
        """Whether the app did not do what it said, or harmed something else."""
        return bool(self.summary)

    @property
    def tail(self) -> str:
        """What to add to "answered with 200"."""
        lost = [d.attribute for d in self.differences if d.kind in _LOST and not is_unasked(d)]
        if lost:
            return f", but {', '.join(lost[:5])} did not arrive as sent"
        altered = [d.attribute for d in self.differences if d.kind in _ALTERED]
        if altered:
            return f"; {', '.join(altered[:5])} came back in another form"
        return " and stored as sent" if self.differences else ""


def judge_effect(
    write: ReconstructedRequest,
    *,
    answered: Any,  # noqa: ANN401
    before: Resource,
    stored: Resource,
) -> Effect:
    """Compare what `write` asked for with what is stored now.

    `stored` is `None` when it could not be read: then the answer is judged, if it is a resource.
    """
    if write.purpose is Purpose.DELETE:
        if stored is None:
            return Effect()
        cause = "patch-accepted-not-applied"
        return Effect(summary="the object is still there afterwards", cause=cause)
    resource = answered if isinstance(answered, dict) and "id" in answered else None
    if stored is None and resource is None:
        return Effect(notes=("the result could not be read back, so only the status is known",))
    found = three_way(write.request, answered=resource, stored=stored, before=before)
    if write.purpose is Purpose.MEMBERS and stored is not None:
        return _membership_effect(write, found, (before, stored))
    return _attribute_effect(write, found, before)


def _membership_effect(
    write: ReconstructedRequest,
    found: tuple[Difference, ...],
    states: tuple[Resource, dict[str, Any]],
) -> Effect:
    before, stored = states
    asked = tuple(d for d in found if d.attribute.casefold() == "members" and not is_unasked(d))
    removed = [i for i in sent_values(write.request) if i.op == "remove"]
    had, has = keys_of((before or {}).get("members")), keys_of(stored.get("members"))
    named = frozenset[str]().union(*(keys_of(item.value) for item in removed))
    if had - named - has:
        summary = "members that the request does not name are gone"
        cause = "members-remove-value-not-understood"
        return Effect(differences=asked, summary=summary, cause=cause)
    if asked and all(d.kind in _LOST for d in asked):
        cause = "members-remove-value-not-understood" if removed else "patch-accepted-not-applied"
        return Effect(differences=asked, summary="the membership is as before", cause=cause)
    return Effect(differences=asked)


def _attribute_effect(
    write: ReconstructedRequest, found: tuple[Difference, ...], before: Resource
) -> Effect:
    asked = [d for d in found if not is_unasked(d)]
    lost = [d for d in asked if d.kind in _LOST]
    cleared = [d.attribute for d in found if is_unasked(d) and d.kind is DifferenceKind.DROPPED]
    shifted = [d.attribute for d in found if is_unasked(d) and d.kind is DifferenceKind.CHANGED]
    notes = (f"changed although not sent: {', '.join(shifted)}",) if shifted and before else ()
    if cleared:
        return Effect(
            differences=found,
            notes=notes,
            summary=f"{', '.join(cleared[:5])} was cleared although not sent",
            cause="replace-clears-unsent-values",
        )
    if lost and len(lost) == len(asked) and write.purpose is not Purpose.CREATE:
        names = ", ".join(d.attribute for d in lost[:5])
        return Effect(
            differences=found,
            notes=notes,
            summary=f"{names} is not stored as sent",
            cause="patch-accepted-not-applied",
        )
    cause = "attribute-not-stored-or-returned" if lost else None
    return Effect(differences=found, notes=notes, cause=cause)
