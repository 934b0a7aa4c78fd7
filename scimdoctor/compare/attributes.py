"""Compares one object attribute by attribute; pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.app_roles import role_names
from scimdoctor.entra.evaluate import evaluate_mapping, expression_of
from scimdoctor.entra.expression import ExpressionError, parse
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scimdoctor.model.synchronization import (
        AttributeMapping,
        ObjectDefinition,
        ObjectMapping,
    )

_NOT_PROVISIONED = {"id", "meta", "schemas", "groups", "password"}
DIFFERENT = frozenset(
    {AttributeVerdict.DIFFERS, AttributeVerdict.MISSING_IN_APP, AttributeVerdict.REFORMATTED}
)
"""The verdicts for which an object is listed among many."""

_SHOWN: dict[str | None, str] = {None: "no value", "True": "true", "False": "false"}
"""Booleans of Entra arrive as these texts; people read them as JSON writes them."""

_FORMATTING = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the mapping produces for one target attribute of one object."""

    path: str
    value: Any = None
    known: bool = True
    note: str | None = None
    """Why there is no value, or why it is not known."""

    source: str | None = None
    """The Entra values that went in, for people."""

    case_exact: bool = False


def expected_values(
    mapping: ObjectMapping,
    source: Mapping[str, object],
    *,
    definition: ObjectDefinition | None = None,
    default_domain: str | None = None,
) -> tuple[Expected, ...]:
    """Evaluate all of `mapping` over one object's source attributes.

    Members are compared apart. What flows on creation only is still expected to be there, unless
    somebody changed it since.
    """
    return tuple(
        _expected(item, source, definition, default_domain)
        for item in mapping.attribute_mappings
        if item.target_attribute_name.casefold() != "members"
    )


def _expected(
    item: AttributeMapping,
    source: Mapping[str, object],
    definition: ObjectDefinition | None,
    default_domain: str | None,
) -> Expected:
    path = item.target_attribute_name
    defined = definition.attribute(path) if definition else None
    result = evaluate_mapping(
        item, source, creating=True, definition=defined, default_domain=default_domain
    )
    return Expected(
        path=path,
        value=result.value,
        known=result.known,
        note=result.reason,
        source=_inputs(item, source),
        case_exact=defined.case_exact if defined else False,
    )


def _inputs(item: AttributeMapping, source: Mapping[str, object]) -> str | None:
    try:
        names = parse(expression_of(item.source)).attributes() if item.source else ()
    except ExpressionError:
        return None
    values = {name.casefold(): value for name, value in source.items()}
    held = [(name, _text(values[name.casefold()])) for name in names if name.casefold() in values]
    shown = [f"{name} = {_SHOWN.get(value, value)}" for name, value in held]
    return ", ".join(shown) or None


def compare_object(
    expected: Sequence[Expected],
    actual: Mapping[str, Any],
    *,
    defined: Sequence[str] = (),
) -> tuple[AttributeComparison, ...]:
    """Compare what the mapping produces with `actual`, the app's resource.

    `defined` are the target attributes that the job's schema knows, to tell *not mapped* from
    *only in app*. Mapped attributes come first, in the mapping's order.
    """
    mapped = [_compare(item, value_at(dict(actual), item.path)) for item in expected]
    covered = {item.path.casefold() for item in expected}
    return (*mapped, *_uncovered(actual, covered, {name.casefold() for name in defined}))


def _compare(item: Expected, found: Any) -> AttributeComparison:  # noqa: ANN401 - JSON
    if item.path.casefold() == "roles" and item.value is not None:
        # The two ends never hold roles in the same shape: their names are what counts.
        item = replace(item, value=role_names(item.value))
        found = role_names(found) if found is not None else None
    verdict, note = _verdict(item, _bare(item, found))
    return AttributeComparison(
        attribute=item.path,
        source=item.source,
        expected=_text(item.value),
        actual=_text(found),
        verdict=verdict,
        note=note,
    )


def _bare(item: Expected, found: Any) -> Any:  # noqa: ANN401
    """A reference that the app answers as an object counts by its value."""
    if isinstance(found, dict) and isinstance(item.value, str):
        return found.get("value", found)
    return found


def _verdict(item: Expected, found: Any) -> tuple[AttributeVerdict, str | None]:  # noqa: ANN401
    if not item.known:
        return AttributeVerdict.CANNOT_TELL, item.note
    if item.value in (None, ""):
        kept = found not in (None, "", [])
        note = "empty values are not sent, so the app keeps its own" if kept else item.note
        return AttributeVerdict.NOT_SENT_NULL, note
    if found in (None, "", []):
        return AttributeVerdict.MISSING_IN_APP, None
    if _plain(item.value) == _plain(found):
        typed = isinstance(item.value, bool) and not isinstance(found, bool)
        note = "the app answers a text where a Boolean is due" if typed else None
        return AttributeVerdict.SAME, note
    return _near(item, _text(item.value) or "", _text(found) or "")


def _near(item: Expected, wanted: str, found: str) -> tuple[AttributeVerdict, str | None]:
    if wanted.casefold() == found.casefold():
        if item.case_exact:
            return AttributeVerdict.DIFFERS, "only in letter case, but the attribute is caseExact"
        return AttributeVerdict.CASE_ONLY, "Entra does not send a change of letter case alone"
    bare = _FORMATTING.sub("", wanted).casefold()
    if bare and bare == _FORMATTING.sub("", found).casefold():
        return AttributeVerdict.REFORMATTED, "the app stores it in a form of its own"
    return AttributeVerdict.DIFFERS, None


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Comparable form: Booleans and numbers as text, lists without order."""
    if isinstance(value, list):
        return sorted(json.dumps(_plain(v), sort_keys=True) for v in value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold()
    return str(value).casefold() if isinstance(value, bool) else str(value)


def _text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _uncovered(
    actual: Mapping[str, Any], covered: set[str], defined: set[str]
) -> Iterator[AttributeComparison]:
    for path, value in flattened(actual):
        names = {path.casefold(), path.casefold().rpartition(".")[0]}
        if names & covered or _text(value) in (None, ""):
            continue
        known = path.casefold() in defined
        yield AttributeComparison(
            attribute=path,
            source=None,
            expected=None,
            actual=_text(value),
            verdict=AttributeVerdict.NOT_MAPPED if known else AttributeVerdict.ONLY_IN_APP,
        )


def flattened(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The single values of a resource by attribute path, in the form that mappings use."""
    for name, value in resource.items():
        if name.casefold() in _NOT_PROVISIONED or name.casefold() == "members":
            continue
        if name.startswith("urn:") and isinstance(value, dict):
            yield from ((f"{name}:{sub}", v) for sub, v in value.items())
        elif isinstance(value, dict):
            yield from ((f"{name}.{sub}", v) for sub, v in value.items())
        elif isinstance(value, list):
            yield from _elements(name, value)
        else:
            yield name, value


def _elements(name: str, values: list[Any]) -> Iterator[tuple[str, Any]]:
    for element in values:
        kind = element.get("type") if isinstance(element, dict) else None
        if not isinstance(element, dict) or not isinstance(kind, str):
            yield name, element
            continue
        for sub, value in element.items():
            if sub not in {"type", "primary", "display", "$ref"}:
                yield f'{name}[type eq "{kind}"].{sub}', value


def is_active(resource: Mapping[str, Any]) -> bool | None:
    """Whether the app calls the user active; `None` if it does not tell."""
    value = value_at(dict(resource), "active")
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold())
    return value if isinstance(value, bool) else None
