"""Failing events about the users and groups of a `ScimApp`, and a replayer for them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.journal import Journal
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.provisioning import ProvisioningErrorInfo, ProvisioningStatusInfo
from scimdoctor.replay import Replayer, subject_of_event
from tests.fakes.events import changed, event, export

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay, ReplayMode


def failure(
    action: str,
    changes: Mapping[str, tuple[str | None, str | None]],
    *,
    target_id: str | None = None,
    group: bool = False,
    status: int = 400,
    **error: str,
) -> ProvisioningObjectSummary:
    """An event that failed with a SCIM error; `changes` are old and new values by attribute."""
    step = {"create": "EntryExportAdd", "delete": "EntryExportDelete"}.get(
        action, "EntryExportUpdate"
    )
    urn = "urn:ietf:params:scim:api:messages:2.0:Error"
    body = json.dumps({"schemas": [urn], "status": str(status), **error})
    made = event(
        action,
        changes=tuple(changed(path, new, old) for path, (old, new) in changes.items()),
        steps=(export(step),),
        target_id=target_id,
        group=group,
    )
    name = next((new for p, (_, new) in changes.items() if p == "userName"), None)
    info = ProvisioningErrorInfo(reason=f"StatusCode: {status}\r\nWeb Response: \r\n{body}")
    return replace(
        made,
        source_identity=replace(
            made.source_identity, display_name=name or made.source_identity.display_name
        ),
        provisioning_status_info=ProvisioningStatusInfo(status="failure", error_information=info),
    )


def replayer(endpoint: Endpoint, folder: Path, **options: Any) -> Replayer:
    """A replayer whose fresh values count up."""
    numbers = itertools.count(1)
    return Replayer(
        endpoint=endpoint,
        journal=Journal(folder / "journal.jsonl"),
        token=lambda: f"t{next(numbers)}",
        **options,
    )


def replay(
    endpoint: Endpoint, folder: Path, failed: ProvisioningObjectSummary, mode: ReplayMode
) -> Replay:
    """Replay one event, writes allowed if the mode writes."""
    if mode.writes:
        endpoint.guard.allow("test")
    subject = subject_of_event(failed, schema=None, dialect=Dialect.DEFAULT)
    return replayer(endpoint, folder).replay(subject, mode)
