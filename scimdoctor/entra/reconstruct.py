"""From an event of the provisioning log to the SCIM requests that Entra sent for it.

The log never shows them. They follow from Entra's documented behaviour as a SCIM client, the
event, the job's mapping and the source values; each attribute says which of these it comes from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scimdoctor.entra import requests
from scimdoctor.entra.creation import create_request
from scimdoctor.entra.default_mapping import default_mapping
from scimdoctor.entra.dialect import Dialect
from scimdoctor.entra.exports import Export, exports_of
from scimdoctor.entra.facts import Facts, gather
from scimdoctor.entra.matching import matching_queries, unasked_matching
from scimdoctor.entra.memberships import membership_requests
from scimdoctor.entra.operation import Intent, Phase, is_created_here, phase_of
from scimdoctor.entra.quoted_requests import filter_in, probe_in
from scimdoctor.entra.requests import MANAGER
from scimdoctor.entra.updates import Changes, attribute_changes
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import (
    Provenance,
    Purpose,
    ReconstructedRequest,
    Reconstruction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema

_NO_ID = "the app's id of the object: the event has neither targetIdentity.id nor a matching step"
_NO_CHANGE = "what was changed: neither modifiedProperties nor the export step names a known target attribute"
_SENT_NOTHING = "the event stopped before any request about this object was sent to the app"
_UNRESOLVED = (
    "a member or manager could not be resolved in the app: nothing was sent for that reference"
)
_READ = (
    "asked before an update of a linked object, whose id the job knows from an earlier cycle;"
    " an object just found by the query is not read again"
)
_WHICH = "the log does not tell which of {number} writes failed: the last is taken"

Write = tuple[tuple[ReconstructedRequest, ...], tuple[str, ...]]


def reconstruct(
    event: ProvisioningObjectSummary,
    *,
    schema: SynchronizationSchema | None = None,
    dialect: Dialect = Dialect.DEFAULT,
    source: Mapping[str, object] | None = None,
    target_id: str | None = None,
) -> Reconstruction:
    """Rebuild the requests behind `event`, in Entra's order.

    `source` are the object's attributes in Entra by provisioning name, where they are at hand;
    `target_id` is the app's id of the object when it is known from elsewhere. Requests that were
    never sent because an earlier one failed are left out. Nothing unknown is ever made up:
    `missing` says what stopped a request from being rebuilt.
    """
    facts = gather(event, schema=schema, dialect=dialect, source=source, known_id=target_id)
    phase = phase_of(event)
    quoted = _quoted(facts, phase)
    if quoted is not None:
        return _result(facts, (quoted,))
    if phase is Phase.BEFORE_REQUESTS:
        return _result(facts, (), missing=(_SENT_NOTHING,))
    if phase is Phase.MATCHING:
        return _failed_matching(facts)
    writes, missing, notes = _all_writes(facts, phase)
    rebuilt = (*_questions(facts), *writes)
    if rebuilt:
        notes = (*notes, *unasked_matching(facts, linked=_is_linked(facts)))
    return _result(facts, rebuilt, missing=missing, notes=notes)


def _all_writes(
    facts: Facts, phase: Phase
) -> tuple[tuple[ReconstructedRequest, ...], tuple[str, ...], tuple[str, ...]]:
    """The writes of every export of the event, what is missing, and what a reader must know."""
    found: list[ReconstructedRequest] = []
    notes: list[str] = [_UNRESOLVED] if phase is Phase.REFERENCE else []
    absent: list[str] = []
    exports = exports_of(facts.event, facts.attempted, facts.schema)
    for export in exports:
        about = replace(facts, attempted=export.attributes, intent=export.intent)
        writes, missing = _writes(about)
        absent += missing
        if phase is Phase.WRITE and writes and _is_refused(export, exports):
            writes = (*writes[:-1], replace(writes[-1], failed=True))
            number = sum(w.request.is_write for w in writes)
            if number > 1:
                notes.append(_WHICH.format(number=number))
        elif export.failed is False:
            writes = tuple(replace(w, accepted=w.request.is_write) for w in writes)
        found += writes
    return tuple(found), tuple(dict.fromkeys(absent)), tuple(notes)


def _is_refused(export: Export, exports: tuple[Export, ...]) -> bool:
    """Whether the failing write is one of this export's; the last one's if no step tells."""
    told = any(other.failed for other in exports)
    return bool(export.failed) if told else export is exports[-1]


def _result(
    facts: Facts,
    rebuilt: tuple[ReconstructedRequest, ...],
    *,
    missing: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Reconstruction:
    return Reconstruction(
        event=facts.event.id, requests=rebuilt, missing=missing, notes=(*facts.notes, *notes)
    )


def _quoted(facts: Facts, phase: Phase) -> ReconstructedRequest | None:
    """The failing request, if the log's text quotes it."""
    text = facts.event.error.reason
    if phase is Phase.NOWHERE or not text:
        return None
    return probe_in(text) or filter_in(text, facts.resource)


def _failed_matching(facts: Facts) -> Reconstruction:
    if facts.target_id is not None and _was_linked(facts):
        # The event names the app's id, so the object was linked: Entra read it by that.
        return _result(facts, (replace(_read(facts, facts.target_id), failed=True),))
    queries = matching_queries(facts, linked=False)
    if not queries:
        missing = "the value that Entra looked for: neither the event nor the mapping gives it"
        return _result(facts, (), missing=(missing,))
    notes: tuple[str, ...] = ()
    if len(queries) > 1:
        notes = (f"the log does not tell which of {len(queries)} matching queries failed",)
    return _result(facts, (replace(queries[0], failed=True),), notes=notes)


def _was_linked(facts: Facts) -> bool:
    return facts.id_provenance is Provenance.OBSERVED and not is_created_here(facts.event)


def _questions(facts: Facts) -> tuple[ReconstructedRequest, ...]:
    """The queries that come before the write."""
    linked = _is_linked(facts)
    queries = matching_queries(facts, linked=linked)
    if not linked or facts.target_id is None:
        return queries
    read = _read(facts, facts.target_id)
    return (*queries, replace(read, notes=(_READ,), conditional=bool(queries)))


def _is_linked(facts: Facts) -> bool:
    return not is_created_here(facts.event) and facts.target_id is not None


def _read(facts: Facts, object_id: str) -> ReconstructedRequest:
    return ReconstructedRequest(
        purpose=Purpose.READ,
        request=requests.read(facts.resource, object_id),
        provenance=frozen({"id": facts.id_provenance}),
    )


def _writes(facts: Facts) -> Write:
    intent = facts.intent
    if intent is Intent.NOTHING:
        return (), ()
    if intent is Intent.CREATE:
        created, missing = create_request(facts)
        return ((created,) if created else ()), missing
    if facts.target_id is None:
        return (), (_NO_ID,)
    if intent is Intent.DELETE or not _disables(facts, intent):
        return (_deletion(facts, facts.target_id),), ()
    return _update(facts, facts.target_id)


def _disables(facts: Facts, intent: Intent) -> bool:
    """Whether an update is sent: a job that does not map `active` deletes instead."""
    if intent is not Intent.DISABLE or facts.attempted or not facts.has_schema:
        return True
    targets = (m.target_attribute_name.casefold() for m in facts.mapping.attribute_mappings)
    return "active" in targets


def _deletion(facts: Facts, object_id: str) -> ReconstructedRequest:
    return ReconstructedRequest(
        purpose=Purpose.DELETE,
        request=requests.delete(facts.resource, object_id),
        provenance=frozen({"id": facts.id_provenance}),
    )


def _update(facts: Facts, object_id: str) -> Write:
    changes = attribute_changes(facts)
    found: list[ReconstructedRequest] = []
    if changes.operations:
        found += _attribute_update(facts, object_id, changes)
    if facts.event.is_group:
        found += membership_requests(facts, object_id)
    if found:
        return tuple(found), ()
    return (), (_NO_CHANGE, *changes.notes)


def _attribute_update(facts: Facts, object_id: str, changes: Changes) -> list[ReconstructedRequest]:
    request = requests.update(facts.resource, object_id, changes.operations, dialect=facts.dialect)
    purpose = _purpose(changes)
    where = {"id": facts.id_provenance} | changes.provenance
    update = ReconstructedRequest(
        purpose=purpose, request=request, provenance=frozen(where), notes=tuple(changes.notes)
    )
    manager = changes.operations[0].value
    if purpose is not Purpose.MANAGER or not manager:
        return [update]
    check = ReconstructedRequest(
        purpose=Purpose.CHECK_REFERENCE,
        request=requests.manager_query(object_id, str(manager)),
        provenance=frozen(where),
        notes=("asked by some jobs only",),
        conditional=True,
    )
    return [check, update]


def _purpose(changes: Changes) -> Purpose:
    values = {c.path.casefold(): c.value for c in changes.operations}
    if values.get("active") is False:
        return Purpose.DISABLE
    if values == {"active": True}:
        return Purpose.RESTORE
    return Purpose.MANAGER if set(values) == {MANAGER.casefold()} else Purpose.UPDATE


def connection_probes(
    guid: str, *, schema: SynchronizationSchema | None = None
) -> tuple[ReconstructedRequest, ...]:
    """The probes of a test connection: a look-up of `guid`, a random one that nobody has.

    Groups are asked for when the schema maps them, or when there is no schema to tell.
    """
    found = []
    for group in (False, True):
        own = schema.mapping_for(group=group) if schema else None
        if schema is not None and (own is None or not own.enabled):
            continue
        mapping = own or default_mapping(group=group)
        items = mapping.matching_mappings or mapping.attribute_mappings[:1]
        provenance = Provenance.MAPPED if own else Provenance.ASSUMED
        found += [
            ReconstructedRequest(
                purpose=Purpose.TEST_CONNECTION,
                request=requests.probe(
                    "Groups" if group else "Users", item.target_attribute_name, guid
                ),
                provenance=frozen({item.target_attribute_name: provenance}),
            )
            for item in items[:1]
        ]
    return tuple(found)
