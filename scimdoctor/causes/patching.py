"""What the rules about PATCH share: when they apply, and the frame of their words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.causes.around import each_change_refused
from scimdoctor.causes.attributes import STRUCTURAL, bare_name, is_extension, is_value_path
from scimdoctor.causes.breach import Breach
from scimdoctor.causes.facts import Stage
from scimdoctor.causes.match import (
    APP,
    CHECK,
    COMPATIBILITY,
    CREDENTIALS,
    EITHER,
    ENDPOINT,
    admin,
    developer,
)
from scimdoctor.causes.readback import arrived, shown_after, single_values, standing_of
from scimdoctor.causes.sent import Shape, shapes_of
from scimdoctor.causes.wording import names_rule
from scimdoctor.model.rule import CauseRule
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.causes.facts import Facts


_VAGUE = frozenset({Breach.VALUE_REFUSED, Breach.WRONG_TYPE, Breach.POLICY})
"""Complaints that say nothing unless they name an attribute."""

_MUTE_STATUSES = frozenset({400, 422, 500, 501})

TYPE_BREACHES = (
    Breach.NOT_OBJECT,
    Breach.NOT_ARRAY,
    Breach.NOT_STRING,
    Breach.WRONG_TYPE,
)

PATH_BREACHES = (
    Breach.PATH_REFUSED,
    Breach.UNKNOWN_ATTRIBUTE,
    Breach.UNKNOWN_SCHEMA,
    Breach.NO_TARGET,
)

FLAG = admin(
    f"Portal: {CREDENTIALS}: append ?aadOptscim062020 to the tenant URL, save, and restart "
    "provisioning; Entra then writes RFC-style PATCH requests.",
    "scimdoctor check-endpoint 'URL?aadOptscim062020'",
)


def only_members(facts: Facts) -> bool:
    """Whether nothing but the members of a group was to be changed."""
    paths = {bare_name(operation.path) for operation in facts.operations}
    return facts.is_group and facts.stage is Stage.UPDATE and paths == {"members"}


def plain_path(facts: Facts) -> str | None:
    """The path of the refused change, if nothing about it is special: no filter, no URN."""
    path = facts.path_refused
    if path is None or facts.stage is not Stage.UPDATE:
        return None
    odd = is_extension(path) or is_value_path(path) or path.casefold().startswith("urn:")
    if odd or bare_name(path) in STRUCTURAL | {"members"}:
        return None
    shapes = (Shape.VALUE_PATH, Shape.EXTENSION_PATH, Shape.DOTTED_KEYS, Shape.MANAGER)
    return None if facts.has(*shapes) else path


def patched(facts: Facts) -> bool:
    """Whether an update was refused in a way that its syntax may explain."""
    refused = facts.refused and facts.stage is Stage.UPDATE
    return refused and facts.status not in {401, 403, 405, 409, 415, 429}


def mute_refusal(facts: Facts, *shapes: Shape) -> bool:
    """Whether a PATCH of one of `shapes` was refused without an explanation."""
    if facts.status not in _MUTE_STATUSES or not facts.has(*shapes):
        return False
    vague = patched(facts) and is_vague(facts)
    return vague and (facts.exchange is not None or _logged_alone(facts, shapes))


def refused_alike(facts: Facts) -> bool:
    """Whether each kind of change is refused alike, in words that tell no more than that."""
    mute = facts.status in _MUTE_STATUSES and facts.exchange is None
    return mute and patched(facts) and is_vague(facts) and each_change_refused(facts.case)


def is_vague(facts: Facts) -> bool:
    """Whether nothing that was said tells more than that it failed."""
    return all(
        c.breach is Breach.CRASH
        or (c.breach in _VAGUE and c.attribute is None and not names_rule(c))
        for c in facts.reading.complaints
    )


def _logged_alone(facts: Facts, shapes: tuple[Shape, ...]) -> bool:
    """Whether the log shows changes of such shapes only; names of operations are not logged."""
    every = [shapes_of((operation,)) for operation in facts.operations]
    return bool(every) and all(found & set(shapes) for found in every)


def ignored_keys(facts: Facts) -> tuple[str, ...]:
    """Dotted and URN keys of accepted pathless operations whose values are not there afterwards.

    Empty if a plain key was not taken either: then the fault is not in reading such keys.
    """
    return _ignored(facts, lambda path: "." in path or ":" in path, pathless=True)


def ignored_urns(facts: Facts) -> tuple[str, ...]:
    """Paths with a URN of accepted operations whose values are not there afterwards.

    Empty if a plain path was not taken either.
    """
    return _ignored(facts, lambda path: path.casefold().startswith("urn:"))


def ignored_filters(facts: Facts) -> tuple[str, ...]:
    """Paths with a filter of accepted operations whose values are not there afterwards.

    Empty if a plain path was not taken either.
    """
    return _ignored(facts, is_value_path)


def _ignored(
    facts: Facts, of_form: Callable[[str], bool], *, pathless: bool = False
) -> tuple[str, ...]:
    for exchange in facts.case.exchanges:
        if exchange.request.method.upper() != "PATCH" or not exchange.ok:
            continue
        left = standing_of(exchange, facts.case.exchanges)
        asked = tuple(o for o in left if (o.path is None) is pathless)
        shown = shown_after(exchange, facts.case.exchanges)
        if asked and shown is not None:
            wanted = tuple(single_values(asked))
            missed = [path for path, value in wanted if not arrived(value, value_at(shown, path))]
            if missed and all(map(of_form, missed)):
                return tuple(missed)
    return ()


PATCH_SECTION = "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2"


def words(id_: str, title: str, *, definition: str, explanation: str, request: str) -> CauseRule:
    """The words of a cause that the app's developer ends by understanding one more form."""
    return CauseRule(
        id=id_,
        title=title,
        definition=definition,
        layer=ENDPOINT,
        fixed_by=APP,
        explanation=explanation,
        remediation=(developer(request, CHECK),),
        references=(PATCH_SECTION, COMPATIBILITY),
    )


def or_flag(rule: CauseRule) -> CauseRule:
    """The same words for a cause that the admin's compliance flag ends, too."""
    return replace(rule, fixed_by=EITHER, remediation=(*rule.remediation, FLAG))
