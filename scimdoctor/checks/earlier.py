"""What an earlier run with the same seed left in the app: a create that clashes with it shows no fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scimdoctor.scim.paths import member

if TYPE_CHECKING:
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_NAMES = {"Users": "userName", "Groups": "displayName"}


class LeftFromBefore(Exception):
    """A create clashed with what is left of an earlier run; with other values it may not."""


def is_left_from_before(context: CheckContext, create: Exchange) -> bool:
    """Whether `create` may have been refused for what an earlier run of the same seed made.

    An app may hide what it keeps, so nobody is asked. If fresh values clash too, it is a fault.
    """
    request, body = create.request, create.request.json
    attribute = _NAMES.get(request.path.strip("/"))
    seeded = context.options.seed is not None and create.status == 409
    if not seeded or request.method != "POST" or attribute is None or not isinstance(body, dict):
        return False
    name = json.dumps(str(member(body, attribute)), ensure_ascii=False)[1:-1].casefold()
    return not any(  # a rename gave the name, too
        name in (x.request.body or b"").decode().casefold()
        for x in getattr(context.endpoint, "exchanges", ())
        if x.ok and x.request.method in {"POST", "PATCH"}
    )
