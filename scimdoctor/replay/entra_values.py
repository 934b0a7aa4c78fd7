"""Fills what an event does not show from the object's attributes in Entra, where they can be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scimdoctor.entra.evaluate import source_names
from scimdoctor.entra.source_values import graph_fields, source_values
from scimdoctor.errors import GraphError, GraphPermissionError
from scimdoctor.graph import directory
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.replay.subject import Subject, subject_of_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.graph.client import GraphClient
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.reconstruction import Reconstruction
    from scimdoctor.model.synchronization import SynchronizationSchema

MOST_OBJECTS = 200
"""So many objects are read from Entra in one run."""

_NO_SIGN_IN = "not signed in to the tenant: give --app instead of saved files alone"
_NO_MAPPING = "the job's mapping is not known"


def has_gaps(rebuilt: Reconstruction) -> bool:
    """Whether a value is missing that the mapping may produce."""
    if rebuilt.missing:
        return True
    return any(
        where is Provenance.UNKNOWN for r in rebuilt.requests for where in r.provenance.values()
    )


@dataclass(slots=True, kw_only=True)
class Rebuilder:
    """Rebuilds events; asks Entra about those objects only of which the event tells too little.

    `graph` may be missing: then the gaps stay, and `limits` says so.
    """

    schema: SynchronizationSchema | None
    dialect: Dialect
    graph: GraphClient | None = None
    _read: int = 0
    _kept: Counter[str] = field(default_factory=Counter)

    def rebuild(self, event: ProvisioningObjectSummary) -> Subject:
        """Make `event` a subject, from the event alone or with Entra's present values."""
        subject = subject_of_event(event, schema=self.schema, dialect=self.dialect)
        if not has_gaps(subject.reconstruction):
            return subject
        source = self._source_of(event)
        if not source:
            return subject
        filled = subject_of_event(event, schema=self.schema, dialect=self.dialect, source=source)
        if filled.reconstruction == subject.reconstruction:
            return subject
        self._kept["filled"] += 1
        return filled

    def limits(self) -> tuple[str, ...]:
        """What stayed unknown, and what was filled with values that may be newer than the event."""
        filled = self._kept.pop("filled", 0)
        found = [
            f"{count} event{'s lack' if count != 1 else ' lacks'} values that the log does not show: {why}"
            for why, count in self._kept.items()
        ]
        if filled:
            found.append(
                f"{filled} event{'s' if filled != 1 else ''} could be rebuilt only with the values "
                "that Entra has now; they may have changed since"
            )
        return tuple(found)

    def _source_of(self, event: ProvisioningObjectSummary) -> Mapping[str, object] | None:
        try:
            return self._asked(event)
        except GraphPermissionError:
            self._kept[f"{_permission(event)} is not granted"] += 1
        except GraphError as error:
            self._kept[f"Entra could not be asked ({error.message})"] += 1
        return None

    def _asked(self, event: ProvisioningObjectSummary) -> Mapping[str, object] | None:
        object_id = event.source_identity.id
        mapping = self.schema.mapping_for(group=event.is_group) if self.schema else None
        why = None
        if self.graph is None:
            why = _NO_SIGN_IN
        elif mapping is None:
            why = _NO_MAPPING
        elif self._read >= MOST_OBJECTS:
            why = f"only {MOST_OBJECTS} objects are read from Entra"
        if why is not None or self.graph is None or mapping is None or not object_id:
            self._kept.update([why] if why else [])
            return None
        self._read += 1
        names = source_names(mapping)
        wanted = graph_fields(names, group=event.is_group)
        read = directory.group if event.is_group else directory.user
        raw = read(self.graph, object_id, select=wanted)
        return source_values(raw, names) if raw is not None else None


def _permission(event: ProvisioningObjectSummary) -> str:
    return "GroupMember.Read.All" if event.is_group else "User.Read.All"
