"""Whether a write was refused for want of what it held, so that its body was not read at all.

Frameworks that do not know `application/scim+json` hand an empty body on, and everything that must
be there is called missing, or of the wrong type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.dialects.remark import BODY
from scimdoctor.causes.facts import WRITES
from scimdoctor.scim.paths import member, value_at

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Complaint
    from scimdoctor.causes.facts import Facts

_KINDS: dict[Breach, type] = {Breach.NOT_STRING: str, Breach.NOT_ARRAY: list}


def holds(body: Any, attribute: str) -> bool:  # noqa: ANN401 - a request's JSON
    """Whether a request has a value for `attribute`, or for the attribute that it is a part of."""
    if not isinstance(body, dict):
        return False
    return value_at(body, attribute) is not None or bool(member(body, bare_name(attribute)))


def lacks_body(facts: Facts) -> Complaint | None:
    """What says that the request came without a body."""
    placed = (c for c in facts.reading.complaints if c.attribute == BODY)
    whole = next((c for c in placed if c.breach is Breach.REQUIRED and c.structured), None)
    return facts.says(Breach.BODY_MISSING) or whole


def missed_all_the_same(facts: Facts) -> tuple[str, ...]:
    """What was sent and is called missing, or not to be of the type that it was sent in."""
    if facts.stage not in WRITES or not facts.refused:
        return ()
    said = [c for c in facts.reading.complaints if c.attribute]
    missed = {bare_name(c.attribute): str(c.attribute) for c in said if _is_denied(facts, c)}
    return tuple(missed.values())


def _is_denied(facts: Facts, complaint: Complaint) -> bool:
    name = complaint.attribute or ""
    if complaint.breach is Breach.REQUIRED:
        return holds(facts.body, name) or (facts.body is None and is_logged(facts, complaint))
    kind = _KINDS.get(complaint.breach)
    held = value_at(facts.body, name) if isinstance(facts.body, dict) else None
    return kind is not None and isinstance(held, kind)


def is_logged(facts: Facts, complaint: Complaint) -> bool:
    """Whether the log shows a value for what is called missing, or for a part of it.

    A sentence may list several attributes, and only the first was read out of it; a change that
    the log names speaks for it all the same, what was merely sent does not.
    """
    attribute = complaint.attribute or ""
    wanted = attribute.casefold()
    whole = wanted == bare_name(attribute)
    if complaint.structured:
        sent = [(o.path or "", o.value) for o in facts.operations]
    else:
        event = facts.case.event
        changed = event.modified_properties if event is not None else ()
        sent = [(p.display_name, p.new_value) for p in changed]
    paths = [path.casefold() for path, value in sent if value]
    return any(path == wanted or (whole and bare_name(path) == wanted) for path in paths)
