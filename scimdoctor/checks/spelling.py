"""How an app has to be spoken to, as far as that was learned, and requests spelled so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scimdoctor.model.exchange import ScimRequest


@dataclass(kw_only=True)
class Spelling:
    """How this app has to be spoken to; starts as Entra speaks."""

    media_type: str | None = None
    """Of request bodies, instead of Entra's."""

    blank: str = "+"
    """How a blank is encoded in a query."""

    accept: str | None = None
    """Instead of ours."""

    capital_ops: bool = True
    lower_ops: set[str] = field(default_factory=set)
    """Operations that the app knows in lower case only, although it knows others by a capital."""

    boolean_text: bool = True
    manager_text: bool = True
    """Whether the manager may be sent as a bare id."""

    bare_elements: bool = False
    """Whether elements of lists must say neither type nor primary."""

    clash_status: int | None = None
    """With what the app answered a second user of one userName."""

    removes: bool = True
    """Whether remove works on an attribute of users at all."""

    filtered_adds: bool = True
    """Whether an add may have a value filter in its path at all."""

    unfiltered: set[str] = field(default_factory=set)
    """Lists whose elements cannot be changed by a value filter."""

    omit: set[str] = field(default_factory=set)
    """Top-level members that a create must leave out, `schemas:URN` for an entry of schemas."""

    group_omit: set[str] = field(default_factory=set)
    """The same for groups."""

    group_members: list[str] | None = None
    """Ids of members that a group must be created with; `None`: members is left out, as Entra does."""

    require: set[str] = field(default_factory=set)
    """Attribute paths that a create must have."""

    def omitted(self, resource: str) -> set[str]:
        """What a create must leave out; of users' attributes only the envelope says anything of groups."""
        return self.omit if resource == "Users" else self.group_omit | (self.omit & {"meta"})


def respell(request: ScimRequest, spelling: Spelling) -> ScimRequest:
    """`request` with the media type, Accept and blank encoding that the app takes."""
    changed = {"content-type": spelling.media_type, "accept": spelling.accept}
    headers = tuple((k, changed.get(k.casefold()) or v) for k, v in request.headers)
    query = request.query if spelling.blank == "+" else request.query.replace("+", spelling.blank)
    return replace(request, headers=headers, query=query)


def bare(value: Any) -> Any:  # noqa: ANN401 - JSON value
    """A list with its elements stripped of type and primary; anything else as it is."""
    if not isinstance(value, list):
        return value
    unwanted = {"type", "primary"}
    return [
        {k: v for k, v in e.items() if k not in unwanted} if isinstance(e, dict) else e
        for e in value
    ]
