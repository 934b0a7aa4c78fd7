"""Makes what a tenant's mapping sends: a value for each attribute by its type, ordinary and awkward.

An expression is evaluated over an invented person, so that constants and `Switch` give what Entra
would really send; a direct mapping gets a value that fits the attribute's name and type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.attribute_names import COMPLEX_MULTIVALUED
from scimdoctor.entra.evaluate import evaluate_mapping, expression_of, is_direct, source_names
from scimdoctor.entra.logged_values import is_boolean
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scimdoctor.checks.values import Values
    from scimdoctor.model.synchronization import (
        AttributeDefinition,
        AttributeMapping,
        ObjectMapping,
        SynchronizationSchema,
    )

NAME_WITH_SYMBOLS = "Zoë O'Neil-Łuczak & Söhne “Süd”"
TEXT_WITH_SYMBOLS = 'R&D #1 + "Core" 100% / Zürich; 東京'

_NOT_OURS = {"id", "schemas", "meta", "password", "groups", "entitlements", "name"}
"""Set by the app, never provisioned, or sent in parts only."""

_LONGEST = {"displayname": 256, "title": 128, "streetaddress": 200, "givenname": 64}
"""Characters that Entra lets the source have, and no more than a common database column."""

_OTHERS_LONGEST = 64
_KNOWN_URNS = {urns.USER.casefold(), urns.ENTERPRISE_USER.casefold(), urns.GROUP.casefold()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One attribute as the mapping sends it."""

    path: str
    kind: str
    """`string`, `boolean`, `integer`, `datetime`, `binary`."""

    value: Any
    """As in a create."""

    changed: Any = None
    """As in an update; `None`: Entra does not update it."""

    symbols: str | None = None
    """A value with quotes, symbols and accents that people have; `None`: not this attribute."""

    long: str | None = None
    matching_priority: int = 0

    @property
    def parsed(self) -> AttributePath:
        """The path taken apart."""
        return AttributePath.parse(self.path) or AttributePath(attribute=self.path)

    @property
    def is_custom(self) -> bool:
        """Whether it is of an extension that is not the enterprise one."""
        urn = self.parsed.urn
        return urn is not None and urn.casefold() not in _KNOWN_URNS

    @property
    def is_identifier(self) -> bool:
        """Whether it is a userName or an e-mail address, which apps may restrict and fold."""
        return self.path == "userName" or self.parsed.attribute.casefold() == "emails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a mapping sends of one object."""

    attributes: tuple[Mapped, ...]
    references: tuple[str, ...] = ()
    """Attributes that hold another object's id, save manager and members."""

    left_out: tuple[str, ...] = ()
    """What is mapped and not tried, with why."""

    def values(self, *, without: Sequence[str] = ()) -> dict[str, Any]:
        """The create's values by path."""
        return {m.path: m.value for m in self.attributes if m.path not in without}


def plan(schema: SynchronizationSchema, mapping: ObjectMapping, values: Values, role: str) -> Plan:
    """New values for everything that `mapping` sends of a user or group."""
    definitions = schema.target_definition(mapping)
    maker = _Maker(values, role, mapping)
    found: dict[str, Mapped] = {}
    references: list[str] = []
    left_out: list[str] = []
    for row in mapping.attribute_mappings:
        name = row.target_attribute_name
        definition = definitions.attribute(name) if definitions else None
        reason = _not_tried(name, definition)
        if _is_reference(name, definition):
            if not _has_own_family(name):
                references.append(name)
        elif reason is not None:
            left_out.append(f"{name} ({reason})")
        elif name not in found:
            found[name] = maker.mapped(row, definition)
    return Plan(
        attributes=tuple(found.values()), references=tuple(references), left_out=tuple(left_out)
    )


def _is_reference(name: str, definition: AttributeDefinition | None) -> bool:
    return _has_own_family(name) or bool(definition and definition.type.casefold() == "reference")


def _has_own_family(name: str) -> bool:
    """Whether the checks of managers and members ask for it."""
    path = AttributePath.parse(name)
    return path is not None and path.attribute.casefold() in {"manager", "members"}


def _not_tried(name: str, definition: AttributeDefinition | None) -> str | None:
    path = AttributePath.parse(name)
    if path is None:
        return "no attribute path"
    attribute = path.attribute.casefold()
    plain = path.filter is None and path.sub_attribute is None
    if attribute == "roles" and path.filter is None:
        return "custom/roles asks for it"
    if path.urn is None and attribute in _NOT_OURS and (plain or attribute != "name"):
        return "not for provisioning"
    if path.filter is not None and path.equality is None:
        return "its filter is no equality"
    if definition is not None and definition.mutability.casefold() in {"readonly", "writeonly"}:
        return f"its mutability is {definition.mutability}"
    several = attribute in COMPLEX_MULTIVALUED or bool(definition and definition.multivalued)
    return "multi-valued without a filter" if several and path.filter is None else None


class _Maker:
    """Makes the values of one object and of its update."""

    def __init__(self, values: Values, role: str, mapping: ObjectMapping) -> None:
        self._values, self._is_group = values, mapping.is_group
        self._role = role
        self._persons = [self._usual() for _ in range(2)]
        names = source_names(mapping)
        self._sources = [
            {name: self._source(name, usual) for name in names} for usual in self._persons
        ]

    def _usual(self) -> dict[str, Any]:
        make = self._values.group if self._is_group else self._values.person
        return make(self._role)

    def mapped(self, row: AttributeMapping, definition: AttributeDefinition | None) -> Mapped:
        name = row.target_attribute_name
        kind = _kind(name, definition)
        first, second = (self._value(row, definition, kind, i) for i in range(2))
        expression = expression_of(row.source) if row.source else ""
        direct = not expression or is_direct(expression)
        for _ in range(2):
            if direct and kind == "string" and second == first:
                second = self._text(name, row)
        mutable = definition is None or definition.mutability.casefold() != "immutable"
        flows = row.flow_type.casefold() != "objectaddonly" and mutable
        made = Mapped(
            path=name,
            kind=kind,
            value=first,
            changed=second if flows and second != first else None,
            matching_priority=row.matching_priority,
        )
        return self._with_symbols(made) if direct and kind == "string" else made

    def _value(
        self,
        row: AttributeMapping,
        definition: AttributeDefinition | None,
        kind: str,
        index: int,
    ) -> Any:  # noqa: ANN401 - JSON value
        name = row.target_attribute_name
        known = self._evaluated(row, definition, index)
        if known is not None and self._fits(name, kind, known):
            return known
        if kind == "boolean":
            # A new user is active, and mapping/update leaves that to lifecycle/disable.
            return True if name == "active" else index == 0
        if name in self._persons[index] and kind == "string":
            return self._persons[index][name]
        return _TYPED[kind](self._values) if kind in _TYPED else self._text(name, row)

    def _evaluated(
        self, row: AttributeMapping, definition: AttributeDefinition | None, index: int
    ) -> Any:  # noqa: ANN401 - JSON value
        expression = expression_of(row.source) if row.source else ""
        if not expression or is_direct(expression):
            return None
        source = self._sources[index]
        found = evaluate_mapping(row, source, creating=index == 0, definition=definition)
        return found.value if found.known else None

    def _fits(self, name: str, kind: str, value: Any) -> bool:  # noqa: ANN401 - JSON value
        expected = {"boolean": bool, "integer": int}.get(kind, str)
        if not isinstance(value, expected) or value == "":
            return False
        key = "displayName" if self._is_group else "userName"
        return name != key or self._values.run in str(value)

    def _text(self, name: str, row: AttributeMapping) -> str:
        """A text that fits the target's name, or else the source's."""
        source = row.source.name if row.source and row.source.type == "Attribute" else None
        sort = sort_of(name)
        sort = sort_of(source) if sort == "text" and source else sort
        text = _text_of(sort, self._values)
        # Blanks in what is asked for have a check of their own.
        return text.replace(" ", "-") if row.matching_priority else text

    def _source(self, name: str, usual: Mapping[str, Any]) -> object:
        folded = name.casefold()
        if folded in {"issoftdeleted", "accountenabled"}:
            return str(folded == "accountenabled")
        if folded == "approleassignments":
            return None
        target = _TARGET_OF_SOURCE.get(folded)
        known = usual.get(target) if target else None
        return known if known is not None else _text_of(sort_of(name), self._values)

    def _with_symbols(self, made: Mapped) -> Mapped:
        sort = sort_of(made.path)
        number = self._values.text("").strip()
        if sort == "email":
            role = f"o'neil+{self._role}"
            return replace(made, symbols=self._values.user_name(role))
        name = (made.parsed.sub_attribute or made.parsed.attribute).casefold()
        most = _LONGEST.get(name, _OTHERS_LONGEST)
        long = f"{number} {'Long enough to be cut ' * 12}"[: most - 1].rstrip() + "."
        if sort == "name":
            return replace(made, symbols=f"{NAME_WITH_SYMBOLS} {number}", long=long)
        if sort == "text" and made.path != "externalId":
            return replace(made, symbols=f"{TEXT_WITH_SYMBOLS} {number}", long=long)
        return made


def _kind(name: str, definition: AttributeDefinition | None) -> str:
    if definition is None or definition.type.casefold() == "string":
        # Some exports call every attribute a String; the RFC's own booleans are none.
        return "boolean" if is_boolean(name) else "string"
    kind = definition.type.casefold()
    return kind if kind in {"boolean", "integer", "datetime", "binary"} else "string"


_TARGET_OF_SOURCE = {
    "userprincipalname": "userName",
    "originaluserprincipalname": "userName",
    "mail": "userName",
    "mailnickname": "externalId",
    "objectid": "externalId",
    "givenname": "name.givenName",
    "surname": "name.familyName",
    "displayname": "displayName",
    "jobtitle": "title",
}

_SORTS: tuple[tuple[str, str], ...] = (
    ("email", r"mail|username$|userprincipalname$|upn$"),
    ("phone", r"phone|mobile$|fax|pager"),
    ("date", r"date|birthday|validfrom|validto|expir"),
    ("url", r"ur[li]$|photo|website|homepage"),
    ("language", r"language|locale"),
    ("zone", r"time_?zone"),
    ("country", r"country|usagelocation"),
    ("currency", r"currency"),
    ("guid", r"objectid$|guid$"),
    ("number", r"number$|(?<![a-z])id$|[a-z]id$|code$|postal|zip"),
    ("role", r"^roles|role$|usertype$|type$"),
    ("name", r"^name$|displayname|givenname|familyname|formatted$|nickname|middlename|surname"),
)
"""What a text looks like, by the name of its attribute: apps check such values."""


def sort_of(name: str) -> str:
    """What kind of text an attribute of this name holds."""
    path = AttributePath.parse(name)
    outer = (path.attribute if path else name).casefold()
    inner = (path.sub_attribute or "" if path else "").casefold()
    if outer in {"emails", "phonenumbers"}:
        return "email" if outer == "emails" else "phone"
    if outer == "addresses" and inner == "formatted":
        return "text"
    last = outer if inner in {"", "value"} else inner
    return next((sort for sort, pattern in _SORTS if re.search(pattern, last)), "text")


def _text_of(sort: str, values: Values) -> str:
    made = values.text("value")
    number = int(made.rpartition("-")[2])
    fixed = {
        "email": f"scimdoctor-{values.run}-{number}@{values.domain}",
        "phone": f"+1 (555) 010-1{number % 1000:03d}",
        "date": _day(number),
        "url": f"https://{values.domain}/people/{values.run}-{number}",
        "language": ("en-US", "en-GB")[number % 2],
        "zone": ("Europe/Berlin", "America/New_York")[number % 2],
        "country": ("US", "DE")[number % 2],
        "currency": ("USD", "EUR")[number % 2],
        "number": f"{10_000 + number}",
        "role": ("Reader", "Editor")[number % 2],
        "name": f"Robin {values.run} {number}",
    }
    return values.guid() if sort == "guid" else fixed.get(sort, made)


def _day(number: int) -> str:
    return f"2026-01-{number % 28 + 1:02d}T08:00:00Z"


def _number(values: Values) -> int:
    return int(values.text("").rpartition("-")[2])


_TYPED: Mapping[str, Callable[[Values], Any]] = {
    "integer": _number,
    "datetime": lambda values: _day(_number(values)),
    "binary": lambda values: ("c2NpbWRvY3Rvcg==", "c2NpbWRvY3RvciE=")[_number(values) % 2],
}
