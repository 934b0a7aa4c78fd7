"""Twenty-five requests a second for ten seconds, which gallery apps must stand; only when asked for."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, failed, passed
from scimdoctor.checks.ids import ACCEPTED
from scimdoctor.checks.references import HOW_IT_WORKS, TUTORIAL
from scimdoctor.entra import requests
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

RATE = 25
SECONDS = 10
_WORKERS = 25


def _rate(context: CheckContext) -> Iterator[Result]:
    clock = context.options.clock
    begin = clock.now()
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        pending = []
        for number in range(RATE * SECONDS):
            wait = begin + number / RATE - clock.now()
            if wait > 0:
                clock.sleep(wait)
            request = requests.probe("Users", "userName", context.values.guid())
            pending.append(pool.submit(context.endpoint.send, request))
        exchanges = [future.result() for future in pending]
    yield _judged(exchanges)


def _judged(exchanges: list[Exchange]) -> Result:
    times = sorted(x.elapsed_in_milliseconds for x in exchanges)
    slow = times[int(len(times) * 0.95)]
    bad = [x for x in exchanges if x.status is None or x.status == 429 or x.status >= 500]
    words = (
        f"Of {len(exchanges)} queries at {RATE} a second {len(bad)} failed; the median took "
        f"{statistics.median(times):.0f} ms, 95 of 100 at most {slow:.0f} ms"
    )
    if bad:
        statuses = sorted({str(x.status or "no answer") for x in bad})
        return failed(f"{words}. Failures: {', '.join(statuses)}.", *bad[:3])
    if slow > 5000:
        return failed(f"{words}.", *exchanges[-1:], severity=Severity.MINOR)
    return passed(f"{words}.")


CHECKS = (
    Check(
        rule=CheckRule(
            id="load/rate",
            title="Twenty-five requests a second are answered",
            severity=Severity.MAJOR,
            requirement=Requirement.ENTRA,
            cause="endpoint-too-slow-or-throttled",
            what="Sends 250 matching queries in ten seconds and counts failures and times. "
            "Only with --load.",
            why="Microsoft asks this of gallery apps; an initial cycle sends as much.",
            admin_sees="events that fail with 429 or time out during large cycles.",
            fix="Allow at least 25 requests a second for the tenant.",
            references=(HOW_IT_WORKS, TUTORIAL),
        ),
        run=_rate,
        requires=(ACCEPTED,),
        writes=False,
        opt_in=True,
    ),
)
