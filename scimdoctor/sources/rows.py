"""One event as a row: the columns that questions are asked of, and the raw record beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scimdoctor.entra.signature import telling_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.provisioning import ProvisioningObjectSummary

COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "time": "TIMESTAMP",
    "tenant_id": "VARCHAR",
    "job_id": "VARCHAR",
    "cycle_id": "VARCHAR",
    "change_id": "VARCHAR",
    "duration": "BIGINT",
    "action": "VARCHAR",
    "status": "VARCHAR",
    "app_id": "VARCHAR",
    "app": "VARCHAR",
    "source_id": "VARCHAR",
    "source_name": "VARCHAR",
    "user_name": "VARCHAR",
    "target_id": "VARCHAR",
    "target_name": "VARCHAR",
    "error_code": "VARCHAR",
    "reason": "VARCHAR",
    "skip_reason": "VARCHAR",
    "skip_attribute": "VARCHAR",
    "step_words": "VARCHAR",
}
"""Name and DuckDB type; `time` is UTC, `duration` in milliseconds, `user_name` the UPN."""

RECORD_COLUMNS: Mapping[str, str] = {"raw": "VARCHAR", "origin": "VARCHAR"}
"""Kept beside `COLUMNS`: the record as JSON text, and where it was read."""


def row_of(event: ProvisioningObjectSummary) -> dict[str, object]:
    """Return `event` as a row, `raw` and `origin` included, ready for JSON."""
    time = event.activity_date_time
    skip_reason, skip_attribute, step_words = telling_step(event)
    source, target = event.source_identity, event.target_identity
    return {
        "id": event.id,
        "time": time.replace(tzinfo=None).isoformat(sep=" ") if time else None,
        "tenant_id": event.tenant_id,
        "job_id": event.job_id,
        "cycle_id": event.cycle_id,
        "change_id": event.change_id,
        "duration": within_bigint(event.duration_in_milliseconds),
        "action": event.provisioning_action,
        "status": event.status,
        "app_id": event.service_principal.id,
        "app": event.service_principal.display_name,
        "source_id": source.id,
        "source_name": source.display_name,
        "user_name": source.details.get("UserPrincipalName") or None,
        "target_id": target.id,
        "target_name": target.display_name,
        "error_code": event.error.error_code,
        "reason": event.error.reason,
        "skip_reason": skip_reason,
        "skip_attribute": skip_attribute,
        "step_words": step_words,
        "raw": json.dumps(event.raw, separators=(",", ":"), default=str),
        "origin": event.origin,
    }


def within_bigint(number: int | None) -> int | None:
    """Return `number`, or `None` where 64 bits do not hold it."""
    return number if number is not None and -(2**63) <= number < 2**63 else None
