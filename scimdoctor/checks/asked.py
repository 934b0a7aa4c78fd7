"""Questions that several checks have in common, so that each is sent once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.model.exchange import Exchange, ScimRequest


@dataclass(kw_only=True)
class Asked:
    """What was asked so, and what was answered."""

    nobody: str = ""
    """A random name and id that no user has."""

    answers: dict[ScimRequest, Exchange] = field(default_factory=dict)
    looked_at: list[Exchange] = field(default_factory=list)
    """What the check that runs judges although an earlier one sent it."""

    def once(self, request: ScimRequest, send: Callable[[ScimRequest], Exchange]) -> Exchange:
        """The answer to `request`, sent now if it was not before."""
        if request in self.answers:
            self.looked_at.append(self.answers[request])
        else:
            self.answers[request] = send(request)
        return self.answers[request]
