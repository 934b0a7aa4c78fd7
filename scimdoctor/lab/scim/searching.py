"""Ways of misreading a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.scim.filters import (
    And,
    Comparison,
    Filter,
    FilterError,
    Operator,
    matches,
    parse_filter,
)
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.scim import switch
    from scimdoctor.scim.patch import Resource


def parsed(call: Call) -> Filter | None:
    """The filter of a list, if it has one that can be read."""
    try:
        return parse_filter(call.filter) if call.is_list and call.filter else None
    except FilterError:
        return None


def terms(filter_: Filter | None) -> list[Comparison]:
    """The comparisons of a filter made of comparisons joined by `and`."""
    if isinstance(filter_, And):
        return terms(filter_.left) + terms(filter_.right)
    return [filter_] if isinstance(filter_, Comparison) else []


def found_by(text: str, resources: list[Resource]) -> list[Resource] | None:
    """What a filter finds; `None` if it cannot be read."""
    try:
        wanted = parse_filter(text)
    except FilterError:
        return None
    return [resource for resource in resources if matches(wanted, resource)]


def compared(same: Callable[[str, str], bool], *, only: str = "") -> switch.Search:
    """Compare stored and asked text by `same` in a filter of one comparison (on one endpoint)."""

    def search(call: Call, resources: list[Resource]) -> list[Resource] | None:
        wanted = parsed(call)
        if not isinstance(wanted, Comparison) or not isinstance(wanted.value, str):
            return None
        if wanted.operator is not Operator.EQ or (only and call.endpoint != only):
            return None
        path, asked = str(wanted.path), wanted.value
        return [r for r in resources if _holds(value_at(r, path), asked, same)]

    return search


def _holds(stored: object, asked: str, same: Callable[[str, str], bool]) -> bool:
    return isinstance(stored, str) and same(stored, asked)


def refused_filter(
    when: Callable[[Call, Comparison], bool],
    detail: str,
    *,
    status: int = 400,
    scim_type: str | None = "invalidFilter",
) -> switch.Search:
    """Refuse the filters of which one comparison is meant."""

    def search(call: Call, _: list[Resource]) -> None:
        if any(when(call, term) for term in terms(parsed(call))):
            raise ScimProblem(status, detail, scim_type=scim_type)

    return search


def nothing_found(when: Callable[[Call, Comparison], bool]) -> switch.Search:
    """Find nothing by the filters of which one comparison is meant."""

    def search(call: Call, _: list[Resource]) -> list[Resource] | None:
        return [] if any(when(call, term) for term in terms(parsed(call))) else None

    return search


def on(*names: str) -> Callable[[Call, Comparison], bool]:
    """The comparison is of one of these attributes (without case)."""
    wanted = {name.casefold() for name in names}
    return lambda _, term: term.path.attribute.casefold() in wanted


def text_with(characters: str) -> Callable[[Call, Comparison], bool]:
    """The value is text that has one of these characters."""
    return lambda _, term: isinstance(term.value, str) and bool(set(term.value) & set(characters))
