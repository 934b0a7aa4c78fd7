"""Runs `cleanup`: lists what the journal still holds, asks, removes, builds the report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import parse_tenant_url
from scimdoctor.cli.replay_session import journal_of
from scimdoctor.cli.session import new_report
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.rule import Requirement, Severity

if TYPE_CHECKING:
    from scimdoctor.cli.options import EndpointOptions
    from scimdoctor.cli.session import Session
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.journal import Journal, JournalledResource
    from scimdoctor.endpoint.leftovers import Removal
    from scimdoctor.model.report import Report

MOST_NAMED = 5


def run_cleanup(
    session: Session, options: EndpointOptions, *, endpoint_url: str | None, yes: bool
) -> Report:
    """Remove the journalled test resources of one endpoint; without one, list them.

    Raises:
        ScimDoctorError: the journal or the endpoint cannot be used, or it was not agreed to.
    """
    journal = journal_of(session)
    url = endpoint_url or session.settings.endpoint
    broken = journal.unreadable_lines()
    limits = (f"{broken} lines of the journal {journal.path} make no sense",) if broken else ()
    if url is None:
        return new_report(session, "cleanup", notes=_listing(journal), limits=limits)
    base_url = parse_tenant_url(url).base_url
    left = journal.resources(base_url)
    target = {"endpoint": base_url}
    if not left:
        notes = ("nothing is left over from earlier runs", *_elsewhere(journal, base_url))
        return new_report(session, "cleanup", target=target, notes=notes, limits=limits)
    with session.endpoint(url, options) as endpoint:
        findings = _remove(session, journal, endpoint, left, yes=yes)
        return new_report(
            session,
            "cleanup",
            target=target,
            findings=findings,
            exchanges=endpoint.exchanges,
            notes=_elsewhere(journal, base_url),
            limits=limits,
        )


def _listing(journal: Journal) -> tuple[str, ...]:
    counts = Counter(resource.base_url for resource in journal.resources())
    if not counts:
        return ("nothing is left over from earlier runs",)
    return tuple(
        f"{count} left in {base_url}: scimdoctor cleanup --endpoint {base_url}"
        for base_url, count in sorted(counts.items())
    )


def _elsewhere(journal: Journal, base_url: str) -> tuple[str, ...]:
    others = sum(1 for r in journal.resources() if r.base_url != base_url)
    return (f"{others} more in other apps: scimdoctor cleanup lists them",) if others else ()


def _remove(
    session: Session,
    journal: Journal,
    endpoint: Endpoint,
    left: tuple[JournalledResource, ...],
    *,
    yes: bool,
) -> tuple[Finding, ...]:
    from scimdoctor.endpoint.leftovers import remove_all

    named = ", ".join(f"{r.resource} {r.value}" for r in left[:MOST_NAMED])
    more = f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
    session.progress.message(f"left over in {endpoint.host}: {named}{more}")
    if not endpoint.is_loopback:
        session.confirm_or_stop(
            f"Delete these {len(left)} test resources from {endpoint.host}?", yes=yes
        )
    endpoint.guard.allow("cleanup of journalled test resources")
    return tuple(_finding(removal) for removal in remove_all(endpoint, journal, left))


def _finding(removal: Removal) -> Finding:
    left = removal.resource
    return Finding(
        check="cleanup",
        outcome=Outcome.PASSED if removal.removed else Outcome.FAILED,
        severity=Severity.MINOR,
        requirement=Requirement.ENTRA,
        title="Test resources are removed",
        message=f"{left.resource} {left.value}: {removal.message}",
        evidence=removal.exchanges,
    )
