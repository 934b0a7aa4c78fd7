"""What an endpoint's `/Schemas` says of its attributes (RFC 7643 section 7), read tolerantly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scimdoctor.model.frozen import EMPTY, frozen
from scimdoctor.replay.trouble import resources_in
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_COMMON = frozenset({"id", "externalid", "schemas", "meta"})
"""Attributes of every resource, which schemas need not list (RFC 7643 section 3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAttribute:
    """One attribute as the endpoint declares it."""

    name: str
    required: bool = False
    mutability: str = "readWrite"
    uniqueness: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAttributes:
    """All declared attributes, by lower-case `urn:attribute` and `urn:attribute.sub`."""

    by_path: Mapping[str, KnownAttribute] = field(default=EMPTY)
    urns: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, body: Any) -> KnownAttributes | None:  # noqa: ANN401
        """Read the answer to `GET /Schemas`; `None` if it declares nothing."""
        resources = body if isinstance(body, list) else resources_in(body)
        schemas = [s for s in resources or [] if isinstance(s, dict) and _text(s.get("id"))]
        found = {path: known for schema in schemas for path, known in _declared(schema)}
        if not found:
            return None
        return cls(by_path=frozen(found), urns=frozenset(str(s["id"]).casefold() for s in schemas))

    def look_up(self, path: str, *, core: str) -> KnownAttribute | None:
        """The declaration of `path`, whose core schema is `core`; `None` if there is none."""
        parsed = AttributePath.parse(path)
        if parsed is None:
            return None
        urn = (parsed.urn or core).casefold()
        base = f"{urn}:{parsed.attribute.casefold()}"
        if parsed.sub_attribute:
            whole = self.by_path.get(f"{base}.{parsed.sub_attribute.casefold()}")
            return whole or (self.by_path.get(base) if base not in self._with_parts() else None)
        return self.by_path.get(base)

    def _with_parts(self) -> frozenset[str]:
        return frozenset(path.rpartition(".")[0] for path in self.by_path)

    def unknown(self, paths: Iterable[str], *, core: str) -> tuple[str, ...]:
        """Those of `paths` that no schema declares; common attributes are always known.

        Nothing is said about a core schema or extension that `/Schemas` does not list at all.
        """
        return tuple(p for p in paths if self._is_unknown(p, core))

    def _is_unknown(self, path: str, core: str) -> bool:
        parsed = AttributePath.parse(path)
        if parsed is None or (parsed.urn is None and parsed.attribute.casefold() in _COMMON):
            return False
        if parsed.urn is None and core.casefold() not in self.urns:
            return False
        return self.look_up(path, core=core) is None

    def required(self, *, core: str) -> tuple[str, ...]:
        """Top-level attributes of `core` that a client must send."""
        prefix = f"{core.casefold()}:"
        return tuple(
            known.name
            for path, known in self.by_path.items()
            if path.startswith(prefix) and "." not in path[len(prefix) :]
            if known.required and known.mutability.casefold() != "readonly"
        )


def _declared(schema: dict[str, Any]) -> Iterator[tuple[str, KnownAttribute]]:
    urn = str(schema["id"]).casefold()
    for attribute in _attributes(schema.get("attributes")):
        path = f"{urn}:{attribute['name'].casefold()}"
        yield path, _known(attribute)
        for sub in _attributes(attribute.get("subAttributes")):
            yield f"{path}.{sub['name'].casefold()}", _known(sub)


def _attributes(raw: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    items = raw if isinstance(raw, list) else []
    return [a for a in items if isinstance(a, dict) and _text(a.get("name"))]


def _known(attribute: dict[str, Any]) -> KnownAttribute:
    return KnownAttribute(
        name=attribute["name"],
        required=attribute.get("required") is True,
        mutability=_text(attribute.get("mutability")) or "readWrite",
        uniqueness=_text(attribute.get("uniqueness")) or "none",
    )


def _text(value: Any) -> str | None:  # noqa: ANN401
    return value if isinstance(value, str) and value else None
