"""Judges a write without sending it: against the live object and the endpoint's `/Schemas`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.model.frozen import EMPTY
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.model.replay import DifferenceKind
from scimdoctor.replay.differences import keys_of, three_way
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.reconstruction import ReconstructedRequest
    from scimdoctor.replay.clash import Clash
    from scimdoctor.replay.known_attributes import KnownAttributes


_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """What reading the app showed."""

    matches: tuple[dict[str, Any], ...] | None = None
    """What the matching query gave; `None` if it was not asked."""

    resource: dict[str, Any] | None = None
    """The object itself; `None` if it was not read."""

    gone: bool = False
    """Whether the object that is to be deleted is there no more."""

    schemas: KnownAttributes | None = None
    references: Mapping[str, bool] = field(default=EMPTY)
    """Whether each member or manager that the write names exists, by id."""

    clash: Clash | None = None
    """What else holds a value of a create that was refused as a duplicate; `None`: not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What would become of a write."""

    forecast: str
    """One sentence without a full stop."""

    notes: tuple[str, ...] = ()
    in_effect: bool = False
    """The app holds already what the write would set: Entra would send nothing."""

    cause: str | None = None


def judge(write: ReconstructedRequest, view: LiveView) -> Judgement:
    """Say what would become of `write`."""
    notes = _schema_notes(write, view)
    dangling = [object_id for object_id, there in view.references.items() if not there]
    if dangling:
        text = f"it refers to {', '.join(dangling[:3])}, which the app does not have"
        return Judgement(forecast=text, notes=notes, cause="reference-unresolvable")
    if write.purpose is Purpose.CREATE:
        return _judge_create(write, view, notes)
    if write.purpose is Purpose.DELETE and view.gone:
        text = "the object is gone already: nothing is left to delete"
        return Judgement(forecast=text, in_effect=True)
    if write.purpose is Purpose.DELETE:
        return Judgement(forecast="the object is there and would be deleted", notes=notes)
    return _judge_update(write, view, notes)


def _judge_create(write: ReconstructedRequest, view: LiveView, notes: tuple[str, ...]) -> Judgement:
    if view.matches:
        there = f"the object exists now (id {view.matches[0].get('id')}): Entra would link to it"
        held, open_ = _held(write, view.matches[0])
        if not open_:
            text = f"{there} and find nothing to change"
            return Judgement(forecast=text, notes=notes, in_effect=True)
        return Judgement(forecast=f"{there} and {_would_change(open_)}", notes=(*notes, *held))
    if view.clash is not None:
        return _judge_clash(view.clash, notes)
    return Judgement(forecast="nobody matches, so Entra would create the object", notes=notes)


def _judge_clash(clash: Clash, notes: tuple[str, ...]) -> Judgement:
    """A create that was refused as a duplicate, of something that the matching query lacks."""
    if clash.missed is not None:
        text = (
            f"the matching query finds nobody, yet {clash.holder} has that very {clash.missed}:"
            " the query misses it, so Entra would create it a second time"
        )
        return Judgement(forecast=text, notes=notes, cause="filter-misses-existing")
    if clash.holder is not None:
        text = (
            f"nobody matches, but {clash.holder} holds the same {clash.path}, which is likely what"
            " the app refused the create for"
        )
        return Judgement(forecast=text, notes=notes, cause="existing-account-not-matchable")
    by = f" by {' or '.join(clash.asked)}" if clash.asked else ""
    text = (
        f"nobody is found by the matching query{' nor' + by if by else ''}; what held one of the"
        " values then cannot be seen by reading: it is gone, or the queries do not show it"
    )
    return Judgement(forecast=text, notes=notes)


def _judge_update(write: ReconstructedRequest, view: LiveView, notes: tuple[str, ...]) -> Judgement:
    if view.resource is None:
        return Judgement(forecast="the object was not read, so nothing can be said", notes=notes)
    if write.purpose is Purpose.MEMBERS:
        return _judge_members(write, view.resource, notes)
    held, open_ = _held(write, view.resource)
    if view.clash is not None and view.clash.holder is not None:
        text = (
            f"{view.clash.holder} holds the same {view.clash.path}, which is likely what the app"
            " refused the change for"
        )
        return Judgement(
            forecast=text, notes=(*notes, *held), cause="existing-account-not-matchable"
        )
    if not open_ and sent_values(write.request):
        text = "what it asks for is in effect already: Entra would send nothing"
        return Judgement(forecast=text, notes=notes, in_effect=True)
    return Judgement(forecast=f"it {_would_change(open_)}", notes=(*notes, *held))


def _held(
    write: ReconstructedRequest, resource: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the app holds instead of what `write` sets, in words, and of which attributes."""
    named = {item.path for item in sent_values(write.request)}
    compared = three_way(write.request, answered=None, stored=resource)
    other = [d for d in compared if d.attribute in named and d.kind is not DifferenceKind.SAME]
    words = (f"{d.attribute}: {d.stored or 'nothing'} now, {d.sent} was sent" for d in other)
    return tuple(words), tuple(d.attribute for d in other)


def _would_change(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"would change {', '.join(names[:_SHOWN])}{more}"


def _judge_members(
    write: ReconstructedRequest, group: dict[str, Any], notes: tuple[str, ...]
) -> Judgement:
    if "members" not in group:
        return Judgement(forecast="the group's members were not read", notes=notes)
    held = keys_of(group.get("members"))
    changed = [i for i in sent_values(write.request) if i.path.casefold() == "members"]
    for item in changed:
        there = keys_of(item.value) & held
        wanted = there if item.op == "remove" else keys_of(item.value) - held
        if wanted:
            verb = "remove" if item.op == "remove" else "add"
            text = f"it would {verb} {len(wanted)} of {len(keys_of(item.value))} members"
            return Judgement(forecast=text, notes=notes)
    text = "the membership is as asked for already: Entra would send nothing"
    return Judgement(forecast=text, notes=notes, in_effect=True)


def _schema_notes(write: ReconstructedRequest, view: LiveView) -> tuple[str, ...]:
    known = view.schemas
    if known is None or write.purpose is Purpose.DELETE:
        return ()
    core = urns.GROUP if write.request.path.startswith("/Groups") else urns.USER
    paths = [item.path for item in sent_values(write.request)]
    notes = []
    unknown = known.unknown(paths, core=core)
    if unknown:
        notes.append(f"/Schemas does not know {', '.join(unknown)}")
    fixed = [p for p in paths if _is_fixed(known, p, core, write.purpose)]
    if fixed:
        notes.append(f"/Schemas says that {', '.join(fixed)} cannot be changed")
    if write.purpose is Purpose.CREATE:
        tops = {p.casefold().partition(".")[0].partition("[")[0] for p in paths}
        lacking = [n for n in known.required(core=core) if n.casefold() not in tops]
        if lacking:
            notes.append(f"/Schemas requires {', '.join(lacking)}, which the request lacks")
    return tuple(notes)


def _is_fixed(known: KnownAttributes, path: str, core: str, purpose: Purpose) -> bool:
    declared = known.look_up(path, core=core)
    if declared is None:
        return False
    closed = {"readonly"} if purpose is Purpose.CREATE else {"readonly", "immutable"}
    return declared.mutability.casefold() in closed
