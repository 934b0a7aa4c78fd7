"""From the attributes that an event changed to the operations of a PATCH."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.app_roles import ASSERTIVE, COMPLEX, roles_for_create, roles_for_update
from scimdoctor.entra.attributes import Attribute
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.matching import matching_mappings
from scimdoctor.entra.operation import Intent
from scimdoctor.entra.requests import MANAGER, Change
from scimdoctor.model.reconstruction import Provenance

if TYPE_CHECKING:
    from scimdoctor.entra.facts import Facts

_NO_OLD_VALUES = (
    "the log records no old values for this event: `Replace` is assumed throughout;"
    " for an attribute that the app did not hold, Entra sent `Add`"
)
_NO_OLD_VALUE = "`{path}`: `Add`, because the log shows no old value"
_NOTHING: tuple[object, ...] = (None, "", [])
_NO_OLD_COLUMN = "`{path}`: the log does not tell the old value, so `Replace` is assumed"


@dataclass(slots=True, kw_only=True)
class Changes:
    """The operations of one update, and where their values come from."""

    operations: list[Change] = field(default_factory=list)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, operation: str, attribute: Attribute, value: Any) -> None:  # noqa: ANN401
        """Append one operation."""
        self.operations.append(Change(op=operation, path=attribute.path, value=value))
        self.provenance[attribute.path] = attribute.provenance

    def leave_out(self, attribute: Attribute) -> None:
        """Note an attribute whose value is not known: nothing is sent in its place."""
        self.provenance[attribute.path] = Provenance.UNKNOWN
        if attribute.note:
            self.notes.append(attribute.note)


def attribute_changes(facts: Facts) -> Changes:
    """What an update or disabling changes, group members apart."""
    found = Changes()
    blind = _old_values_missing(facts)
    if blind:
        found.notes.append(_NO_OLD_VALUES)
    for attribute in _changed_attributes(facts):
        if not attribute.known:
            found.leave_out(attribute)
            continue
        if attribute.note:
            found.notes.append(attribute.note)
        _append(found, facts, attribute, blind=blind)
    return found


def _changed_attributes(facts: Facts) -> list[Attribute]:
    listed = [a for a in facts.attempted.values() if not is_members(a.path) and not _is_id(a.path)]
    if listed or facts.attempted:
        return listed
    if facts.intent is Intent.DISABLE:
        return [Attribute(path="active", value=False, provenance=facts.borrowed)]
    return _differences(facts)


def is_members(path: str) -> bool:
    """Whether `path` is a group's members."""
    return path.casefold() == "members"


def _is_id(path: str) -> bool:
    return path.casefold() == "id"


def _differences(facts: Facts) -> list[Attribute]:
    """Where the mapping's value and the app's are both known and differ."""
    found = []
    for item in facts.mapping.attribute_mappings:
        held = facts.look_up(facts.target, item.target_attribute_name)
        wanted = facts.mapped(item, creating=False)
        if held is None or wanted is None or item.flow_type == "ObjectAddOnly":
            continue
        if wanted.value is not None and wanted.value != held.value and not is_members(held.path):
            found.append(wanted)
    return found


def _old_values_missing(facts: Facts) -> bool:
    """Whether even attributes that a linked object must have had show no old value."""
    if not facts.target_id:
        return False
    sure = {m.target_attribute_name.casefold() for m in matching_mappings(facts)} | {"username"}
    return any(
        a.path.casefold() in sure and a.has_old_value and a.old_value is None
        for a in facts.attempted.values()
    )


def _append(found: Changes, facts: Facts, attribute: Attribute, *, blind: bool) -> None:
    if attribute.value is None:
        _append_removal(found, facts, attribute)
    elif attribute.path.casefold() == "roles":
        # The flag makes POST and PATCH write roles alike (Microsoft, "Provisioning a role").
        shape = roles_for_create if facts.dialect is Dialect.COMPLIANT else roles_for_update
        found.add(_roles_operation(facts, attribute), attribute, shape(attribute.value))
    else:
        found.add(_operation(found, facts, attribute, blind=blind), attribute, _bare(attribute))


def _bare(attribute: Attribute) -> Any:  # noqa: ANN401
    """The manager travels as a bare id, whatever the log made of it."""
    value = attribute.value
    if attribute.path.casefold() == MANAGER.casefold() and isinstance(value, dict):
        return value.get("value")
    return value


def _append_removal(found: Changes, facts: Facts, attribute: Attribute) -> None:
    held = facts.look_up(facts.target, attribute.path)
    if attribute.old_value is None and (held is None or held.value is None):
        found.notes.append(f"`{attribute.path}` was null before and after: nothing was sent for it")
    elif attribute.path.casefold() == MANAGER.casefold() and facts.dialect is Dialect.DEFAULT:
        found.add("replace", attribute, "")
        found.notes.append("a manager is cleared by an empty value; some jobs send `Remove`")
    else:
        found.add("remove", attribute, None)


def _roles_operation(facts: Facts, attribute: Attribute) -> str:
    """The role function of the mapping decides; the assertive one replaces."""
    functions = {
        (m.source.name or "").casefold()
        for m in facts.mapping.attribute_mappings
        if m.source and m.target_attribute_name.casefold() == "roles"
    }
    if COMPLEX in functions:
        return "add"
    return "replace" if ASSERTIVE in functions or attribute.old_value is not None else "add"


def _operation(found: Changes, facts: Facts, attribute: Attribute, *, blind: bool) -> str:
    """`add` when the app held nothing, `replace` when it held another value."""
    held = facts.look_up(facts.target, attribute.path)
    had = attribute.old_value not in _NOTHING
    told = attribute.has_old_value and _records_old_values(facts)
    if not (had or told):
        had = held is not None and held.value not in _NOTHING
    if had or blind or _is_switched(facts, attribute):
        return "replace"
    if attribute.has_old_value:
        found.notes.append(_NO_OLD_VALUE.format(path=attribute.path))
        return "add"
    found.notes.append(_NO_OLD_COLUMN.format(path=attribute.path))
    return "replace"


def _is_switched(facts: Facts, attribute: Attribute) -> bool:
    """Whether it is `active`, which is replaced unless the app was seen to hold none."""
    if attribute.path.casefold() != "active":
        return False
    return facts.intent is Intent.DISABLE or not facts.target


def _records_old_values(facts: Facts) -> bool:
    """Whether the event's old values are filled in: then an empty one means that there was none."""
    return any(a.old_value not in _NOTHING for a in facts.attempted.values())
