"""What becomes of the members when a group is renamed without a path, as the flag has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import noted
from scimdoctor.checks.effects import apply, collateral, has, unasked_changes
from scimdoctor.entra.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject


def renamed_without_path(context: CheckContext, group: TestObject) -> Iterator[Result]:
    """With the flag, what has no filter in its path goes into one operation without a path."""
    if Dialect.COMPLIANT not in context.options.dialects:
        return
    new = context.values.group("renamed")["displayName"]
    operation = {"op": "replace", "value": {"displayName": new}}
    effect = apply(context, group, [operation], expect=has("displayName", new), doubtful=True)
    if effect.worked:
        group.sent["displayName"] = new
        yield from collateral(effect)
    elif effect.accepted and list(unasked_changes(effect)):
        yield from collateral(effect)
    else:
        yield noted(
            f"{effect.words}. Entra sends it so only with aadOptscim062020, beside other changes.",
            *effect.exchanges,
            cause="pathless-dotted-keys-unsupported",
        )
