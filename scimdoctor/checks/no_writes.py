"""Whether it is every write that an app refuses, and not the one that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import failed
from scimdoctor.checks.shapes import is_html

if TYPE_CHECKING:
    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange


def refusal(context: CheckContext, words: str, refused: Exchange, cause: str) -> Result:
    """What to say of a create that is refused whatever is in it.

    Where another write is refused with the same status, though there is nothing to change, it is
    about the token's rights; unless a web page says so, which is from what stands before the app.
    """
    if cause != "app-policy-refuses-change" or not _writes_are_refused(context, refused):
        words = f"{words}, and leaving parts of the body out does not help."
        return failed(words, refused, cause=cause)
    return failed(
        f"{words}, and a PATCH of a user that does not exist, too: reads are allowed, writes are not, "
        "whatever is written.",
        refused,
        cause="endpoint-unreachable-or-blocked" if is_html(refused) else "app-prerequisite-missing",
    )


def _writes_are_refused(context: CheckContext, refused: Exchange) -> bool:
    if context.patch_of_nobody().status != refused.status:
        return False
    context.no_writes = refused
    return True
