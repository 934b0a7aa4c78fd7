"""Root causes: what each is, how it is recognised, what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes import (
    behaviour,
    create,
    credentials,
    mapping,
    matching,
    patch_effect,
    patch_paths,
    patch_syntax,
    queries,
    reachability,
    refusals,
    responses,
)
from scimdoctor.causes.match import with_vendor_step

if TYPE_CHECKING:
    from scimdoctor.causes.match import Cause

_EVERY: tuple[Cause, ...] = (
    *reachability.CAUSES,
    *credentials.CAUSES,
    *responses.CAUSES,
    *queries.CAUSES,
    *matching.CAUSES,
    *create.CAUSES,
    *patch_syntax.CAUSES,
    *patch_paths.CAUSES,
    *patch_effect.CAUSES,
    *refusals.CAUSES,
    *mapping.CAUSES,
    *behaviour.CAUSES,
)
ALL_CAUSES = tuple(with_vendor_step(cause) for cause in _EVERY)
"""Every cause, in the order of `causes.md`'s sections."""


def find_cause(id_: str) -> Cause | None:
    """The cause called `id_`, or that once was."""
    for cause in ALL_CAUSES:
        if id_ == cause.rule.id or id_ in cause.rule.aliases:
            return cause
    return None
