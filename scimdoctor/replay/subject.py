"""What is replayed: the rebuilt requests of one event, or requests captured in a HAR."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scimdoctor.entra.mapping_view import speaks_scim
from scimdoctor.entra.reconstruct import reconstruct
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import (
    Provenance,
    Purpose,
    ReconstructedRequest,
    Reconstruction,
)
from scimdoctor.redaction import REDACTED, drop_passwords
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.replay.trouble import Trouble, trouble_in, trouble_of_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.synchronization import SynchronizationSchema

CAPTURE = "the capture"
_OBJECT = re.compile(r"(?i)^/(Users|Groups)/[^/]+$")
_SENT_AGAIN = frozenset({"accept", "content-type", "if-match"})
"""The headers that Entra's client sends; what else a capture holds may be a credential."""

_NO_PASSWORD = "the password was left out: it is neither kept nor sent"
_ONLY_PASSWORD = "the captured request sets a password only, which is neither kept nor sent"
_NO_BODY = "the body of the request: the capture was saved without it"
_SECRET_INSIDE = "the captured request holds a credential, which is neither kept nor sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to replay."""

    id: str
    """The event's id, or the captured exchange's."""

    label: str
    """What a person calls the object; empty for a captured request."""

    told_by: str = "the log"
    """What says how it went: the log, or a capture."""

    reconstruction: Reconstruction
    logged: Trouble | None = None
    """How it failed then; `None` if it did not."""

    planned: bool = False
    """Whether it is a captured request that was never sent: there is no earlier result."""

    app: str | None = None
    """The enterprise app's id, for the commands that follow."""

    is_group: bool = False
    target_id: str | None = None
    """The app's id of the object, where the event names it."""

    matching: tuple[str, ...] = field(default=("userName",))
    """The attributes that Entra matches by, first tried first."""

    @property
    def is_captured(self) -> bool:
        """Whether it is a captured request, which has its place among the others."""
        return self.told_by == CAPTURE

    @property
    def questions(self) -> tuple[ReconstructedRequest, ...]:
        """The requests that read."""
        return tuple(r for r in self.reconstruction.requests if not r.request.is_write)

    @property
    def all_writes(self) -> tuple[ReconstructedRequest, ...]:
        """The requests that write, those that the app took included."""
        return tuple(r for r in self.reconstruction.requests if r.request.is_write)

    @property
    def writes(self) -> tuple[ReconstructedRequest, ...]:
        """The requests that write and are worth sending again.

        After a refusal that is what the app did not take. What followed a create that worked
        went to an object that a second create would not make again.
        """
        found = self.all_writes
        if any(write.failed for write in found):
            return tuple(write for write in found if not write.accepted)
        return found[:1] if found and found[0].purpose is Purpose.CREATE else found

    @property
    def resource(self) -> str:
        """`Users` or `Groups`."""
        return "Groups" if self.is_group else "Users"


def subject_of_event(
    event: ProvisioningObjectSummary,
    *,
    schema: SynchronizationSchema | None,
    dialect: Dialect,
    source: Mapping[str, object] | None = None,
) -> Subject:
    """Rebuild `event`."""
    return Subject(
        id=event.id,
        label=event.object_label,
        reconstruction=reconstruct(event, schema=schema, dialect=dialect, source=source),
        logged=trouble_of_event(event),
        app=event.service_principal.id,
        is_group=event.is_group,
        target_id=event.target_identity.id or None,
        matching=_matching(schema, group=event.is_group),
    )


def _matching(schema: SynchronizationSchema | None, *, group: bool) -> tuple[str, ...]:
    mapping = schema.mapping_for(group=group) if schema else None
    of_scim = mapping is not None and speaks_scim(mapping)
    items = mapping.matching_mappings if mapping is not None and of_scim else ()
    named = tuple(m.target_attribute_name for m in items)
    return named or (("displayName",) if group else ("userName",))


def subjects_of_har(exchanges: Iterable[Exchange]) -> tuple[Subject, ...]:
    """The captured requests that failed, or all of them if none did.

    Discovery is left out, and so is what served an earlier replay alone.
    """
    captured = [_captured(exchange) for exchange in exchanges if not exchange.own]
    known = [subject for subject in captured if subject is not None]
    failing = [subject for subject in known if subject.logged is not None]
    return tuple(failing or known)


def _captured(exchange: Exchange) -> Subject | None:
    request = exchange.request
    purpose = purpose_of(request)
    if purpose is None:
        return None
    logged = None if exchange.is_planned else trouble_in(exchange, purpose)
    reconstruction = _recaptured(exchange, purpose, failed=logged is not None)
    is_group = request.path.casefold().startswith("/groups")
    return Subject(
        id=exchange.id,
        label="",
        told_by=CAPTURE,
        reconstruction=reconstruction,
        logged=logged,
        planned=exchange.is_planned,
        is_group=is_group,
        matching=("displayName",) if is_group else ("userName",),
    )


def _recaptured(exchange: Exchange, purpose: Purpose, *, failed: bool) -> Reconstruction:
    """The captured request as it can be sent again: without credentials and passwords."""
    request = _fit_to_send(exchange.request)
    document = request.json
    if request.method in {"POST", "PATCH", "PUT"} and not request.body:
        return Reconstruction(event=exchange.id, requests=(), missing=(_NO_BODY,))
    if isinstance(document, dict) and document.get("Operations") == [] and request.body:
        return Reconstruction(event=exchange.id, requests=(), missing=(_ONLY_PASSWORD,))
    if REDACTED in request.target or REDACTED.encode() in request.body:
        return Reconstruction(event=exchange.id, requests=(), missing=(_SECRET_INSIDE,))
    values = sent_values(request)
    rebuilt = ReconstructedRequest(
        purpose=purpose,
        request=request,
        provenance=frozen({item.path: Provenance.OBSERVED for item in values}),
        failed=failed,
    )
    notes = (_NO_PASSWORD,) if request.body != exchange.request.body else ()
    return Reconstruction(event=exchange.id, requests=(rebuilt,), notes=notes)


def _fit_to_send(request: ScimRequest) -> ScimRequest:
    headers = tuple((k, v) for k, v in request.headers if k.casefold() in _SENT_AGAIN)
    document = request.json
    kept = drop_passwords(document)
    if kept == document:
        return replace(request, headers=headers)
    text = json.dumps(kept, ensure_ascii=False)
    return replace(request, headers=headers, body=text.encode("utf-8", "replace"))


def purpose_of(request: ScimRequest) -> Purpose | None:
    """What a captured request is for; `None` if it is about no user or group."""
    path, method = request.path.rstrip("/"), request.method
    if path.casefold() in {"/users", "/groups"}:
        return {"GET": Purpose.MATCH, "POST": Purpose.CREATE}.get(method)
    if not _OBJECT.match(path):
        return None
    if method == "PATCH" and any(v.path.casefold() == "members" for v in sent_values(request)):
        return Purpose.MEMBERS
    by_method = {"GET": Purpose.READ, "DELETE": Purpose.DELETE}
    by_method |= {"PATCH": Purpose.UPDATE, "PUT": Purpose.UPDATE}
    return by_method.get(method)
