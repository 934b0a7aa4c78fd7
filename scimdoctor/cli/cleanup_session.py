"""Runs `cleanup`: lists what the journal still holds, asks, removes, builds the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.cli.endpoint_session import journal_of, parse_tenant_url
from scimdoctor.cli.session import new_report
from scimdoctor.model.report import StatusVerdict
from scimdoctor.reports.verdict import counted
from scimdoctor.reports.words import when

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scimdoctor.cli.options import EndpointOptions
    from scimdoctor.cli.session import Session
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.journal import Journal, JournalledResource
    from scimdoctor.endpoint.leftovers import Removal
    from scimdoctor.model.report import Report

MOST_NAMED = 5
_SUBJECT = "Test resources"
_NOTHING = StatusVerdict(
    health="ok", headline="Nothing is left over from earlier runs.", subject=_SUBJECT
)


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
        return new_report(session, "cleanup", status=_listing(journal.resources()), limits=limits)
    base_url = parse_tenant_url(url).base_url
    left = journal.resources(base_url)
    target = {"endpoint": base_url}
    notes = _elsewhere(journal, base_url)
    if not left:
        return new_report(
            session, "cleanup", target=target, status=_NOTHING, notes=notes, limits=limits
        )
    with session.endpoint(url, options) as endpoint:
        verdict = _remove(session, journal, endpoint, left, yes=yes)
        return new_report(
            session,
            "cleanup",
            target=target,
            status=verdict,
            exchanges=endpoint.exchanges,
            notes=notes,
            limits=limits,
        )


def _listing(left: Sequence[JournalledResource]) -> StatusVerdict:
    """Every resource that is left, and the command that removes it."""
    if not left:
        return _NOTHING
    apps = sorted({resource.base_url for resource in left})
    headline = f"{counted(len(left), 'test resource')} may be left in {counted(len(apps), 'app')}."
    return StatusVerdict(
        health="left-over",
        headline=headline,
        facts=tuple((_kind(resource), _described(resource)) for resource in left),
        next_steps=tuple(f"scimdoctor cleanup --endpoint {app}" for app in apps),
        subject=_SUBJECT,
    )


def _kind(resource: JournalledResource) -> str:
    return resource.resource.removesuffix("s").lower()


def _described(resource: JournalledResource) -> str:
    made = f", made {when(resource.created_at)} UTC" if resource.created_at else ""
    return f"{resource.value} in {resource.base_url}{made}"


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
) -> StatusVerdict:
    from scimdoctor.endpoint.leftovers import remove_all

    session.progress.message(f"left over in {endpoint.host}: {_names(left)}")
    # A create that was cut off and sent anew may have left a resource twice.
    most = 2 * len(left)
    if not endpoint.is_loopback:
        things = counted(len(left), "test resource")
        question = f"Delete {things} from {endpoint.host}, with at most {counted(most, 'write')}?"
        session.confirm_or_stop(question, yes=yes)
    endpoint.guard.allow("cleanup of journalled test resources", max_writes=most)
    return _outcome(tuple(remove_all(endpoint, journal, left)))


def _names(resources: Sequence[JournalledResource]) -> str:
    named = ", ".join(f"{_kind(r)} {r.value}" for r in resources[:MOST_NAMED])
    more = len(resources) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _outcome(removals: Sequence[Removal]) -> StatusVerdict:
    """What was removed, and what was not: a line for every reason."""
    kept = [removal for removal in removals if not removal.removed]
    facts = tuple((_label(found[0]), _told(found)) for found in _by_message(removals))
    if not kept:
        return StatusVerdict(
            health="ok", headline=_headline(removals), facts=facts, subject=_SUBJECT
        )
    things = counted(len(removals), "test resource")
    return StatusVerdict(
        health="errors",
        headline=f"{len(kept)} of {things} could not be removed.",
        facts=facts,
        next_steps=("Mend what the reason says, then run scimdoctor cleanup again.",),
        subject=_SUBJECT,
    )


def _headline(removals: Sequence[Removal]) -> str:
    """How many were removed, and how many there was nothing of."""
    removed = sum(removal.deleted for removal in removals)
    absent = len(removals) - removed
    were = "was" if absent == 1 else "were"
    if not removed:
        return f"{counted(absent, 'test resource')} {were} not in the app any more."
    more = f"; {absent} {were} not in the app any more" if absent else ""
    return f"{counted(removed, 'test resource')} removed{more}."


def _by_message(removals: Iterable[Removal]) -> list[list[Removal]]:
    groups: dict[tuple[bool, str], list[Removal]] = {}
    for removal in removals:
        groups.setdefault((removal.removed, removal.message), []).append(removal)
    return list(groups.values())


def _label(removal: Removal) -> str:
    return "gone" if removal.removed else "still there"


def _told(removals: Sequence[Removal]) -> str:
    return f"{_names([removal.resource for removal in removals])}: {removals[0].message}"
