"""What may be asked of a run of checks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.entra.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.endpoint.tls import TlsFacts
    from scimdoctor.model.synchronization import SynchronizationSchema

BOTH_DIALECTS = (Dialect.DEFAULT, Dialect.COMPLIANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where time comes from; in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stopwatch: Callable[[], float] = time.monotonic
    """For how long something took; real even where `now` and `sleep` are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How a run is limited or widened."""

    dialects: tuple[Dialect, ...] = BOTH_DIALECTS
    read_only: bool = False
    only: tuple[str, ...] = ()
    """Ids or families of checks to report; what they need runs too."""

    skip: tuple[str, ...] = ()
    """Ids or families of checks to leave out."""

    timeout: float = 300.0
    """Seconds for the whole run; clean-up comes on top."""

    slow_after: float = 30.0
    """Seconds after which one answer counts as too late (Entra's limit is not documented)."""

    concurrency: int = 4
    """Requests at the same time: reads that do not depend on each other, the deletions at the end,
    and what tests just that. With 1 only the tests send several at once."""

    seed: int | None = None
    """Makes the generated values repeatable; `None` gives new ones each run."""

    domain: str = "example.com"
    """Of the test users' names and e-mail addresses: some apps accept only their own."""

    schema: SynchronizationSchema | None = None
    """The tenant's attribute mapping, if it is known."""

    load: bool = False
    """Whether to send 25 requests a second for ten seconds, and writes in crowds."""

    rfc: bool = False
    """Whether to add what scim2-tester checks."""

    tls_probe: Callable[[str, int], TlsFacts] | None = None
    """Looks at what host and port offer by TLS; `None`: nobody looks."""

    clock: Clock = field(default_factory=Clock)
