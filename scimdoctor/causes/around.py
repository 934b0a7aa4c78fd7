"""What other events of the same log say of a failure: of the same object, and of other operations.

One event shows one answer. That an object was never seen since its create, that each kind of change
is refused in the same words, or that the queries for users are answered while those for groups are
not, only several events show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.aimed import kinds_of
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.sent import Operation
from scimdoctor.entra.attributes import attempted_attributes
from scimdoctor.entra.exports import exports_of
from scimdoctor.entra.operation import Intent, is_created_here
from scimdoctor.entra.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.entra.exports import Export
    from scimdoctor.model.diagnosis import Case
    from scimdoctor.model.provisioning import ProvisioningObjectSummary, ProvisioningStep

ADDED_MEMBERS, REMOVED_MEMBERS = "added members", "removed members"


def _key(event: ProvisioningObjectSummary) -> str | None:
    return event.source_identity.id or event.source_identity.display_name


def _at(event: ProvisioningObjectSummary) -> tuple[float, str]:
    when = event.activity_date_time
    return (when.timestamp() if when is not None else 0.0, event.id)


def histories(case: Case) -> Iterator[list[ProvisioningObjectSummary]]:
    """For each object of the failure's sample its events, oldest first."""
    sample = case.event
    if sample is None or not case.around:
        return
    ids = {sample.id, *(case.affected.sample if case.affected is not None else ())}
    every = {event.id: event for event in (*case.around, sample)}.values()
    ours = {_key(e) for e in every if e.id in ids and e.is_group is sample.is_group} - {None}
    for key in sorted(map(str, ours)):
        yield sorted((e for e in every if _key(e) == key), key=_at)


def never_found(case: Case) -> int:
    """How many objects of the sample were created in the log, and never found since.

    0 where one of them was found after its create: then the app does keep what it creates.
    """
    lost = 0
    for events in histories(case):
        created = _last_create(events)
        if created is None:
            continue
        if _was_found(events[created:]):
            return 0
        lost += 1
    return lost


def found_later(case: Case) -> bool:
    """Whether an object of the sample was read from the app after the failure."""
    for events in histories(case):
        failed = [i for i, event in enumerate(events) if event.status == "failure"]
        if failed and any(map(_was_read, events[failed[0] + 1 :])):
            return True
    return False


def _succeeded(event: ProvisioningObjectSummary, kind: str) -> list[ProvisioningStep]:
    """The steps of a kind, such as `matching` or `export`, that went well."""
    return [
        step
        for step in event.provisioning_steps
        if step.provisioning_step_type.casefold() == kind and step.status == "success"
    ]


def _was_read(event: ProvisioningObjectSummary) -> bool:
    return any(step.details.get("id") for step in _succeeded(event, "matching"))


def _last_create(events: list[ProvisioningObjectSummary]) -> int | None:
    created = [i for i, event in enumerate(events) if _created(event)]
    return created[-1] if created else None


def _created(event: ProvisioningObjectSummary) -> bool:
    """Whether the event says that the app took a create, whatever followed."""
    if event.status == "success" and event.provisioning_action.casefold() == "create":
        return True
    return any(
        s.name.casefold() == "entryexportadd" and s.status == "success"
        for s in event.provisioning_steps
    )


def _was_found(since: list[ProvisioningObjectSummary]) -> bool:
    """Whether the object was read, or written to by its id, in or after the event of its create."""
    by_id = {"entryexportupdate", "entryexportdelete"}
    return any(
        any(step.details for step in _succeeded(event, "matching"))
        or any(step.name.casefold() in by_id for step in _succeeded(event, "export"))
        for event in since
    )


def accepted_kinds(case: Case) -> frozenset[str]:
    """The kinds of changes that the app took for objects of the same kind."""
    alike = [e for e in case.around if case.event is not None and _is_alike(e, case.event)]
    return _kinds(export for event in alike for export in _exports(event) if not export.failed)


def refused_alike(case: Case) -> frozenset[str]:
    """The kinds of changes that were refused in the same words as this one."""
    sample = case.event
    if sample is None:
        return frozenset()
    text = _words(sample)
    same = [e for e in (sample, *case.around) if e.status == "failure" and _words(e) == text]
    return _kinds(export for event in same for export in _exports(event) if export.failed)


def _words(event: ProvisioningObjectSummary) -> str:
    return signature_of(event).text


def _is_alike(event: ProvisioningObjectSummary, sample: ProvisioningObjectSummary) -> bool:
    return event.is_group is sample.is_group and event.status in {"success", "failure", "warning"}


def _exports(event: ProvisioningObjectSummary) -> tuple[Export, ...]:
    found = exports_of(event, attempted_attributes(event))
    if event.status == "success" or any(export.failed is not None for export in found):
        return found
    return ()


def _kinds(exports: Iterable[Export]) -> frozenset[str]:
    found: set[str] = set()
    for export in exports:
        if export.intent not in {Intent.UPDATE, Intent.DISABLE}:
            continue
        values = export.attributes.values()
        made = [Operation(op=None, path=a.path, value=a.value if a.known else "…") for a in values]
        found |= kinds_of(o for o in made if bare_name(o.path) != "members")
        members = [o for o in made if bare_name(o.path) == "members"]
        found |= {REMOVED_MEMBERS if o.removes else ADDED_MEMBERS for o in members}
    return frozenset(found)


def each_change_refused(case: Case) -> bool:
    """Whether changes of several kinds are refused alike, and none of any kind was taken."""
    return len(refused_alike(case)) > 1 and not accepted_kinds(case)


def only_groups_fail(case: Case) -> bool:
    """Whether the app answers queries for users, and none for groups, as far as the log goes."""
    sample = case.event
    if sample is None or not sample.is_group:
        return False
    groups = [e for e in case.around if e.is_group]
    users = [e for e in case.around if not e.is_group]
    return any(map(_was_answered, users)) and not any(map(_was_answered, groups))


def _was_answered(event: ProvisioningObjectSummary) -> bool:
    """Whether the app answered the query for the object: it was found, or was to be created."""
    if event.status == "success":
        return True
    if _succeeded(event, "matching"):
        return True
    return event.status == "failure" and is_created_here(event) and _wrote(event)


def _wrote(event: ProvisioningObjectSummary) -> bool:
    steps = event.provisioning_steps
    return any(s.provisioning_step_type.casefold() == "export" for s in steps)
