"""Root causes: what each is, how it is recognised, what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes import (
    behaviour,
    create,
    credentials,
    mapping,
    patch_effect,
    patch_syntax,
    queries,
    reachability,
)

if TYPE_CHECKING:
    from scimdoctor.causes.match import Cause

ALL_CAUSES: tuple[Cause, ...] = (
    *reachability.CAUSES,
    *credentials.CAUSES,
    *queries.CAUSES,
    *create.CAUSES,
    *patch_syntax.CAUSES,
    *patch_effect.CAUSES,
    *mapping.CAUSES,
    *behaviour.CAUSES,
)
"""Every cause, in the order of `causes.md`'s sections."""


def find_cause(id_: str) -> Cause | None:
    """The cause called `id_`, or that once was."""
    for cause in ALL_CAUSES:
        if id_ == cause.rule.id or id_ in cause.rule.aliases:
            return cause
    return None
