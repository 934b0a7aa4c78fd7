"""Elements of e-mails, phone numbers and addresses: those that a path chooses, and values to give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.values import MOBILE_PHONE, WORK_COUNTRY, WORK_EMAIL, WORK_PHONE
from scimdoctor.scim.paths import AttributePath, member

if TYPE_CHECKING:
    from scimdoctor.checks.context import CheckContext


def fresh_value(context: CheckContext, path: str) -> str:
    """A value for `path` that it did not have before."""
    if path == WORK_EMAIL:
        return context.values.user_name("changed")
    if path in {WORK_PHONE, MOBILE_PHONE}:
        return f"+1 555 010 {len(context.objects):04d}"
    if path == WORK_COUNTRY:
        return "NL"
    return context.values.text("Changed")


def attribute_of(path: str) -> str:
    """The list that a path with a filter is about."""
    return path.partition("[")[0]


def elements_at(state: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """All elements of the list that `path` is about."""
    found = member(state, attribute_of(path))
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def fits(element: dict[str, Any], text: str) -> bool:
    """Whether the value filter of a path chooses the element; no filter chooses all."""
    path = AttributePath.parse(text)
    equality = path.equality if path is not None else None
    if equality is None:
        return True
    return str(member(element, equality[0])).casefold() == str(equality[1]).casefold()
