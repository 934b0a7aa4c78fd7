"""From an error body to complaints: which attribute, which rule."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scimdoctor.causes.attributes import attribute_in
from scimdoctor.causes.breach import COMPOSED, Breach, Complaint
from scimdoctor.causes.composition import composed
from scimdoctor.causes.dialects import entry_lists, field_maps, messages, scim
from scimdoctor.causes.dialects.html import Page, read_page
from scimdoctor.causes.dialects.labelled import taken_apart
from scimdoctor.causes.dialects.remark import Remark
from scimdoctor.causes.phrases import breaches_in, skeleton, spelled_out, without_boilerplate
from scimdoctor.scim import urns
from scimdoctor.scim.error import SCIM_TYPES, ScimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.causes.phrases import Phrase

_SCIM_TYPES = {
    "invalidfilter": Breach.FILTER_REFUSED,
    "uniqueness": Breach.UNIQUE,
    "mutability": Breach.IMMUTABLE,
    "invalidpath": Breach.PATH_REFUSED,
    "notarget": Breach.NO_TARGET,
    "toomany": Breach.SEVERAL_MATCHES,
}
"""What each `scimType` says (RFC 7644 table 9); the others are too wide to say anything."""

_KNOWN_TYPES = frozenset(name.casefold() for name in SCIM_TYPES)

_ONLY = re.compile(r"(?i)\bonly (?:the )?['\"`]?$")
_SCHEMA_URN = re.compile(r"(?i)urn:[\w.:+-]+:(?:User|Group)")

_LONGEST = 300
_LONGEST_INNER = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An error body, read."""

    complaints: tuple[Complaint, ...] = ()
    scim_type: str | None = None
    is_scim: bool = False
    """A well-formed or nearly well-formed SCIM error."""

    is_empty: bool = True
    page: Page | None = None
    words: str = ""
    """Everything that was said, cut short."""


def read_text(text: str) -> Reading:
    """Read a sentence that is not inside a body."""
    return _reading([Remark(text=text)] if text.strip() else [])


def read_body(text: str, value: Any) -> Reading:  # noqa: ANN401 - JSON enters here
    """Read a body; `value` is its JSON, if it has any."""
    page = read_page(text)
    if page is not None:
        return _reading([Remark(text=f"{page.title}. {page.text[:200]}")], page=page)
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return _reading(entry_lists.remarks(value))
    return read_text(value if isinstance(value, str) else text)


def _of_object(body: dict[str, Any]) -> Reading:
    error = _error_in(body)
    found = list(_remarks(body))
    for remark in tuple(found):
        inner = _object_in(remark.text)
        found += [] if inner is None else _remarks(inner)
    scim_type = error.scim_type if error else None
    if scim_type and scim_type.casefold() not in _KNOWN_TYPES:
        found.append(Remark(text=scim_type))  # Some servers put words of their own there.
    return _with_scim_type(_reading(_distinct(found), is_scim=error is not None), scim_type)


def _error_in(body: dict[str, Any]) -> ScimError | None:
    """The SCIM error that `body` is, or that some servers wrap: `{"status", "response": {…}}`."""
    wrapped = [v for v in body.values() if isinstance(v, dict) and urns.ERROR in _schemas(v)]
    return ScimError.parse(body) or (ScimError.parse(wrapped[0]) if wrapped else None)


def _schemas(value: dict[str, Any]) -> list[Any]:
    listed = value.get("schemas")
    return listed if isinstance(listed, list) else []


def _remarks(body: dict[str, Any]) -> Iterator[Remark]:
    yield from field_maps.remarks(body)
    yield from entry_lists.remarks(body)
    yield from scim.remarks(body)
    yield from messages.of_body(body)


def _object_in(text: str) -> dict[str, Any] | None:
    """The object that `text` is: some servers put JSON as text into the detail."""
    if not text.startswith("{") or len(text) > _LONGEST_INNER:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _with_scim_type(reading: Reading, scim_type: str | None) -> Reading:
    breach = _SCIM_TYPES.get((scim_type or "").casefold())
    if breach is Breach.SEVERAL_MATCHES and any(c.attribute for c in reading.complaints):
        breach = None  # `tooMany` is of a query's results; the words are of an attribute.
    extra: tuple[Complaint, ...] = ()
    if breach is not None and all(c.breach is not breach for c in reading.complaints):
        text = f"scimType {scim_type}"
        attribute = next((c.attribute for c in reading.complaints if c.attribute), None)
        attribute = attribute or _only_allowed(reading.words, attribute_in(reading.words))
        extra = (
            Complaint(
                breach=breach, text=text, attribute=attribute, structured=True, source="RFC 7644"
            ),
        )
    return Reading(
        complaints=(*reading.complaints, *extra),
        scim_type=scim_type,
        is_scim=reading.is_scim,
        is_empty=False,
        page=reading.page,
        words=reading.words,
    )


def _distinct(found: list[Remark]) -> list[Remark]:
    """Each remark once; one text about several attributes is several remarks."""
    seen: dict[tuple[str, str | None], Remark] = {}
    placed = {remark.text for remark in found if remark.attribute is not None}
    for remark in found:
        if remark.attribute is not None or remark.text not in placed:
            seen.setdefault((remark.text, remark.attribute), remark)
    return list(seen.values())[:60]


def _reading(
    found: Iterable[Remark], *, is_scim: bool = False, page: Page | None = None
) -> Reading:
    kept = list(found)
    parts = [part for remark in kept for part in taken_apart(remark)]
    complaints = tuple(complaint for part in parts for complaint in complaints_of(part))
    said = " ".join(without_boilerplate(remark.text) for remark in kept)
    return Reading(
        complaints=complaints,
        is_scim=is_scim,
        is_empty=not said.strip(),
        page=page,
        words=said[:4000].strip(),
    )


def _only_allowed(text: str, attribute: str | None) -> str | None:
    """`attribute`, unless `text` says that it alone is allowed, so that another is refused."""
    if attribute is None or not _ONLY.search(text.partition(attribute)[0]):
        return attribute
    return None


def _about_schema(breach: Breach, attribute: str | None) -> Breach:
    """The breach; a URN without an attribute that is said to be missing is one of `schemas`."""
    bare = attribute is not None and _SCHEMA_URN.fullmatch(attribute) is not None
    return Breach.UNKNOWN_SCHEMA if bare and breach is Breach.REQUIRED else breach


_TITLES = re.compile(r"""(?i)(?<=role |team )["'`][^"'`\n]{1,100}["'`]""")
"""What a role or a team is called, which is no attribute ("Role 'Manager'")."""

_ADVICE = re.compile(
    r"(?is)(?<=[.!;])\s+(?:please|see|refer|contact|visit|learn|for (?:more|details)|if (?:this|you|the)"
    r"|note)\b.*"
)
_OF_ADVICE = frozenset(
    {Breach.PREREQUISITE, Breach.LICENCE, Breach.EXPIRED, Breach.SSO, Breach.TOKEN_REFUSED}
)
"""What an app advises to look after, beside the value or attribute that it complains of."""


def _without_advice(text: str) -> tuple[Phrase, ...]:
    """The phrases of `text`, without those that only its closing advice holds.

    Only where what stands before the advice is a complaint of its own, about some attribute.
    """
    phrases = breaches_in(text)
    before = _ADVICE.sub("", text)
    if before == text or attribute_in(before) is None:
        return phrases
    said = {phrase.breach for phrase in breaches_in(before)}
    kept = (p for p in phrases if p.breach in said or p.breach not in _OF_ADVICE)
    return tuple(kept) if said - _OF_ADVICE else phrases


def complaints_of(remark: Remark) -> tuple[Complaint, ...]:
    """The complaints in one remark, most telling first."""
    plain = _TITLES.sub("it", remark.text)
    attribute = remark.attribute or _only_allowed(remark.text, attribute_in(plain))
    phrases = _without_advice(remark.text)
    found = [(_about_schema(phrase.breach, attribute), phrase.source) for phrase in phrases]
    if not found:
        words = spelled_out(without_boilerplate(remark.text))
        breach = composed(words) or composed(skeleton(words))
        found = [] if breach is None else [(breach, COMPOSED)]
    return tuple(
        Complaint(
            breach=breach,
            text=remark.text[:_LONGEST],
            attribute=attribute,
            structured=remark.attribute is not None,
            source=source,
        )
        for breach, source in found
    )
