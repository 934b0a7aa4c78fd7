"""A request that Entra sent, rebuilt from what is known, and how sure we are of each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scimdoctor.model.frozen import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.exchange import ScimRequest


class Provenance(StrEnum):
    """Where a value in a rebuilt request comes from."""

    OBSERVED = "observed"
    """It stands in the event."""

    MAPPED = "mapped"
    """Worked out from the job's attribute mapping and source values."""

    ASSUMED = "assumed"
    """Entra's documented default."""

    UNKNOWN = "unknown"
    """Cannot be known; nothing is sent in its place."""


class Purpose(StrEnum):
    """What a rebuilt request is for."""

    MATCH = "match"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DISABLE = "disable"
    RESTORE = "restore"
    DELETE = "delete"
    MEMBERS = "members"
    MANAGER = "manager"
    CHECK_REFERENCE = "check-reference"
    TEST_CONNECTION = "test-connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructedRequest:
    """One request and, per attribute path, where its value comes from."""

    purpose: Purpose
    request: ScimRequest
    provenance: Mapping[str, Provenance] = field(default=EMPTY)
    notes: tuple[str, ...] = ()
    """What a reader must know: an assumption, a part that could not be rebuilt."""

    failed: bool = False
    """Whether this is the request that the event says was refused."""

    accepted: bool = False
    """Whether this is a write that the event says the app took."""

    conditional: bool = False
    """Whether only some jobs or cycles send it, and the event does not tell; `notes` say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """All requests behind one event, in Entra's order."""

    event: str
    """The event's id."""

    requests: tuple[ReconstructedRequest, ...] = ()
    missing: tuple[str, ...] = ()
    """What would be needed to rebuild it; empty when it could be."""

    notes: tuple[str, ...] = ()
