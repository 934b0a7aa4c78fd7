"""Compares every attribute three ways: sent, answered, stored."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from scimdoctor.model.replay import Difference, DifferenceKind
from scimdoctor.replay.sent_values import flatten, sent_values
from scimdoctor.scim.paths import AttributePath, member, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.model.exchange import ScimRequest
    from scimdoctor.replay.sent_values import SentValue

_NOISE = re.compile(r"[\W_]+")
_DERIVED = frozenset({"groups", "password", "name.formatted"})
"""Attributes that servers keep or derive by themselves."""

_DEFAULTED = frozenset({"active", "roles", "entitlements"})
"""Attributes that servers may fill in where nothing was sent."""

Resource = dict[str, Any] | None


def three_way(
    request: ScimRequest, *, answered: Resource, stored: Resource, before: Resource = None
) -> tuple[Difference, ...]:
    """Return one difference per attribute of `request`, and one per value that changed unasked.

    `answered` is the write's own body, `stored` what a read gave afterwards, `before` what a read
    gave before (none for a create). Without `stored` the answer is judged.
    """
    if stored is None and answered is None:
        return ()
    sent = sent_values(request)
    judged = [_difference(item, answered, stored) for item in sent]
    return (*judged, *_unasked(sent, answered, stored, before))


def _difference(item: SentValue, answered: Resource, stored: Resource) -> Difference:
    answer = None if answered is None else value_at(answered, item.path)
    kept = answer if stored is None else value_at(stored, item.path)
    return Difference(
        attribute=item.path,
        sent=_sent_text(item),
        answered=text_of(answer),
        stored=text_of(kept),
        kind=_removal_kind(item, kept) if item.op == "remove" else kind_of(item.value, kept),
    )


def _sent_text(item: SentValue) -> str:
    """What was sent, as JSON; a removal of listed values says so."""
    listed = item.op == "remove" and item.value is not None
    value = {"remove": item.value} if listed else item.value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _removal_kind(item: SentValue, kept: Any) -> DifferenceKind:  # noqa: ANN401
    """A removal is in effect when nothing of it is left."""
    if item.value is None:
        return DifferenceKind.SAME if kept in (None, "", [], {}) else DifferenceKind.CHANGED
    left = keys_of(kept) & keys_of(item.value)
    return DifferenceKind.CHANGED if left else DifferenceKind.SAME


def kind_of(sent: Any, stored: Any) -> DifferenceKind:  # noqa: ANN401
    """How `stored` stands to `sent`; booleans and numbers sent as text count as themselves."""
    if _plain(sent) == _plain(stored):
        return DifferenceKind.SAME
    if stored in (None, [], {}, ""):
        return DifferenceKind.DROPPED
    if isinstance(sent, list):
        return _kind_of_list(sent, stored)
    one, other = _scalar(sent), _scalar(stored)
    if one is None or other is None:
        return DifferenceKind.CHANGED
    return kind_of_text(one, other)


def kind_of_text(sent: str, stored: str) -> DifferenceKind:
    """How one text stands to the other."""
    if sent == stored:
        return DifferenceKind.SAME
    if sent.casefold() == stored.casefold():
        return DifferenceKind.CASE_ONLY
    stripped = _NOISE.sub("", sent.casefold())
    if stripped and stripped == _NOISE.sub("", stored.casefold()):
        return DifferenceKind.REFORMATTED
    return DifferenceKind.CHANGED


def _kind_of_list(sent: list[Any], stored: Any) -> DifferenceKind:  # noqa: ANN401
    wanted, kept = keys_of(sent), keys_of(stored)
    if wanted <= kept:
        return DifferenceKind.SAME
    return DifferenceKind.CHANGED if wanted & kept else DifferenceKind.DROPPED


def keys_of(value: Any) -> frozenset[str]:  # noqa: ANN401
    """What tells the elements of a multi-valued attribute apart: their `value`, else all of them."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return frozenset(_scalar(item) or text_of(item) or "" for item in items)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """`value` with text forms of booleans and numbers levelled."""
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold()
    return str(value) if isinstance(value, int | float) else value


def _scalar(value: Any) -> str | None:  # noqa: ANN401
    """A value as text; that of a complex one is its `value` (manager, members)."""
    if isinstance(value, dict):
        value = member(value, "value")
    if isinstance(value, bool):
        return str(value).casefold()
    return str(value) if isinstance(value, str | int | float) else None


def _unasked(
    sent: tuple[SentValue, ...], answered: Resource, stored: Resource, before: Resource
) -> Iterator[Difference]:
    """Values that changed though the request did not name them, and values nobody sent."""
    now = stored if stored is not None else answered
    named = {_root(item.path) for item in sent}
    had, has = dict(flatten(before or {})), dict(flatten(now or {}))
    for path in (*has, *(p for p in had if p not in has)):
        if _root(path) in named or _attribute(path) in _DERIVED:
            continue
        kind = _unasked_kind(had.get(path), has.get(path))
        if kind is DifferenceKind.EXTRA and _attribute(path) in _DEFAULTED:
            continue
        if kind is not DifferenceKind.SAME:
            answer = None if answered is None else text_of(value_at(answered, path))
            now_text = text_of(has.get(path))
            yield Difference(attribute=path, sent=None, answered=answer, stored=now_text, kind=kind)


def _unasked_kind(had: Any, has: Any) -> DifferenceKind:  # noqa: ANN401
    if had is None:
        return DifferenceKind.EXTRA
    return DifferenceKind.DROPPED if has is None else kind_of(had, has)


def _attribute(path: str) -> str:
    return path.casefold().partition("[")[0]


def _root(path: str) -> tuple[str, str]:
    """The attribute that `path` is about: extension, name, and the element chosen by a filter."""
    parsed = AttributePath.parse(path)
    if parsed is None:
        return "", path.casefold()
    simple = parsed.attribute.casefold() == "name" and parsed.sub_attribute
    name = f"name.{parsed.sub_attribute}" if simple else parsed.attribute
    return (parsed.urn or "").casefold(), f"{name}[{parsed.filter or ''}]".casefold()


def text_of(value: Any) -> str | None:  # noqa: ANN401
    """`value` as JSON text; `None` for absent."""
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def is_unasked(difference: Difference) -> bool:
    """Whether the request did not name the attribute."""
    return difference.sent is None
