"""Names of target attributes, and the way back from the log's flattened keys.

The details of export and matching steps name target attributes with every `.` and `:` taken out:
`name.familyName` stands there as `namefamilyName`. Seen in live records of 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scimdoctor.entra.attribute_names import CORE_TARGETS
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.synchronization import SynchronizationSchema

_ENTERPRISE_KEY = "urnietfparamsscimschemasextensionenterprise20User"
_CUSTOM_KEY = re.compile(
    r"^urnietfparamsscimschemasextension(?P<name>.+?)20(?P<kind>User|Group)(?P<attribute>.+)$",
    re.IGNORECASE,
)
_AFTER_BRACKET = re.compile(r"\](?=[A-Za-z$])")


def flatten(name: str) -> str:
    """The log's key for a target attribute: `.` and `:` taken out."""
    return name.replace(".", "").replace(":", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetName:
    """A key of the log, read back."""

    path: str
    certain: bool = True
    """False when the key fits several attributes or follows no rule that we know."""

    note: str | None = None


class TargetNames:
    """The names that a job's target attributes can have."""

    def __init__(self, schema_names: Iterable[str] = ()) -> None:
        """Know `schema_names` first, then the names of the core and enterprise schemas."""
        self._own = _by_key(schema_names)
        self._core = _by_key(CORE_TARGETS)

    @classmethod
    def of(cls, schema: SynchronizationSchema | None, *, group: bool) -> TargetNames:
        """The names of the users' or groups' mapping in `schema`."""
        mapping = schema.mapping_for(group=group) if schema else None
        if schema is None or mapping is None:
            return cls()
        definition = schema.target_definition(mapping)
        mapped = [m.target_attribute_name for m in mapping.attribute_mappings]
        return cls(mapped + [a.name for a in (definition.attributes if definition else ())])

    def is_own(self, name: str) -> bool:
        """Whether the schema itself has a target attribute of this name."""
        return name.casefold() in {n.casefold() for names in self._own.values() for n in names}

    def resolve(self, key: str) -> TargetName:
        """The attribute path that `key`, flattened or not, stands for."""
        wanted = flatten(key).casefold()
        for names in (self._own.get(wanted), self._core.get(wanted)):
            if names:
                return _choose(key, names)
        found = _by_rule(key)
        if not self._own or found.note:
            return found
        note = (
            f"`{found.path}` is none of the job's target attributes; it is sent as the log names it"
        )
        return replace(found, note=note)


def _by_key(names: Iterable[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for name in names:
        known = table.setdefault(flatten(name).casefold(), [])
        if name.casefold() not in {n.casefold() for n in known}:
            known.append(name)
    return table


def _choose(key: str, names: list[str]) -> TargetName:
    exact = [n for n in names if n.casefold() == key.casefold()]
    if exact or len(names) == 1:
        return TargetName(path=(exact or names)[0])
    listed = " or ".join(f"`{n}`" for n in names)
    note = f"the log's key `{key}` can mean {listed}; the first is taken"
    return TargetName(path=names[0], certain=False, note=note)


def _by_rule(key: str) -> TargetName:
    if "." in key or ":" in key:
        return TargetName(path=key, certain=AttributePath.parse(key) is not None)
    if key.casefold().startswith(_ENTERPRISE_KEY.casefold()) and len(key) > len(_ENTERPRISE_KEY):
        return TargetName(path=f"{urns.ENTERPRISE_USER}:{key[len(_ENTERPRISE_KEY) :]}")
    found = _CUSTOM_KEY.match(key)
    if found is not None:
        urn = f"urn:ietf:params:scim:schemas:extension:{found['name']}:2.0:{found['kind']}"
        note = f"`{key}` is read by rule; with the job's schema the name would be certain"
        return TargetName(path=f"{urn}:{found['attribute']}", certain=False, note=note)
    path = _AFTER_BRACKET.sub("].", key, count=1)
    return TargetName(path=path, certain=AttributePath.parse(path) is not None)
