"""What is wrapped around a record: Azure Monitor's envelope, provision-on-demand's two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.sources.fields import Fields, as_mapping, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROVISIONING = "provisioninglogs"


class UnreadableRecord(ValueError):
    """The record is not a provisioning event; the message says why, as part of a sentence."""


class OtherCategory(UnreadableRecord):
    """A sound record of another Azure Monitor category, which may share a hub or container."""


def unwrap(raw: Mapping[str, object]) -> Fields:
    """Return the event's own fields, those of what surrounds it merged in where it lacks them.

    Raises `OtherCategory` for an envelope of another log, `UnreadableRecord` for an empty result.
    """
    fields = Fields(raw)
    if "properties" in fields and (inner := as_mapping(fields.first("properties"))):
        return Fields(from_envelope(fields, inner))
    check_category(fields)
    if "key" in fields and "value" in fields:
        return Fields(from_on_demand(fields))
    return fields


def check_category(fields: Fields) -> None:
    """Raise `OtherCategory` if the record says that it is of another log."""
    category = fields.text("category")
    if category and fold(category) not in {PROVISIONING, "provisioning"}:
        raise OtherCategory(f"it is of the category {category[:60]!r}")


def from_envelope(envelope: Fields, inner: Mapping[str, object]) -> dict[str, object]:
    """Return Azure Monitor's `properties` with the envelope's facts under the record's names.

    The envelope's `identity` is the record's id, its `correlationId` the change id
    (Azure Monitor resource-logs schema; reference/logs-formats section 5 describes real data).
    """
    check_category(envelope)
    merged = filled(inner)
    event = Fields(inner)
    fallback = {
        "id": ("identity",),
        "activitydatetime": ("time",),
        "tenantid": ("tenantid",),
        "changeid": ("correlationid",),
        "durationinmilliseconds": ("durationms",),
        "resulttype": ("resulttype",),
        "resultsignature": ("resultsignature",),
        "resultdescription": ("resultdescription",),
    }
    for name, sources in fallback.items():
        if name not in event and (value := envelope.first(*sources)) is not None:
            merged[name] = value
    return merged


def from_on_demand(fields: Fields) -> dict[str, object]:
    """Return the event inside `provisionOnDemand`'s pair, both of which are JSON text.

    `key` holds the outcome, `value` the event (Graph page `synchronizationjob-provisionondemand`).
    Groups may come back with an empty event: then the outcome is all there is.
    """
    outcome = Fields(as_mapping(fields.first("key")) or {})
    event = as_mapping(fields.first("value")) or {}
    if not outcome and not event:
        raise UnreadableRecord("its key and value are not the JSON of a provision-on-demand result")
    merged = filled(event)
    error = outcome.part("details")
    fallback: dict[str, object | None] = {
        "resulttype": outcome.first("result"),
        "errorcode": error.first("errorcode"),
        "reason": error.first("errormessage"),
    }
    found = Fields(merged)
    for name, value in fallback.items():
        if value is not None and name not in found:
            merged[name] = value
    merged.setdefault("provisioningSteps", [])
    return merged


def filled(mapping: Mapping[str, object]) -> dict[str, object]:
    """Return `mapping` without its empty values, so that they hide nothing."""
    return {key: value for key, value in mapping.items() if value is not None and value != ""}


EVENT_MARKS = (
    "provisioningstatusinfo",
    "statusinfo",
    "provisioningsteps",
    "provisioningaction",
    "modifiedproperties",
    "changeid",
    "cycleid",
)
"""Folded field names; a record with none of them is no provisioning event."""

CONTAINER_MARKS = frozenset({*EVENT_MARKS, "properties", "records", "value", "tables", "category"})


def may_hold_events(value: object) -> bool:
    """Say whether a decoded value looks like a record, or like something that records come in."""
    if isinstance(value, list):
        return not value or may_hold_events(value[0])
    return isinstance(value, dict) and any(fold(str(key)) in CONTAINER_MARKS for key in value)


def records_in(value: object) -> Iterator[object]:
    """Yield the records inside a decoded value: a page, an export's batch, a table, an array."""
    if isinstance(value, list):
        for item in value:
            yield from records_in(item) if isinstance(item, list) else (item,)
        return
    if not isinstance(value, dict):
        yield value
        return
    folded = {fold(str(key)): item for key, item in value.items()}
    if isinstance(tables := folded.get("tables"), list):
        for table in tables:
            yield from rows_of(table)
        return
    for name in ("value", "records"):
        if isinstance(inner := folded.get(name), list):
            yield from inner
            return
    yield value


def rows_of(table: object) -> Iterator[dict[str, object]]:
    """Yield the rows of a Log Analytics table as mappings by column name."""
    if not isinstance(table, dict):
        return
    columns = table.get("columns") or ()
    names = [str(c.get("name")) if isinstance(c, dict) else str(c) for c in columns]
    for row in table.get("rows") or ():
        if isinstance(row, list):
            yield dict(zip(names, row, strict=False))


def is_partial(value: object) -> bool:
    """Say whether an answer of Log Analytics admits that it is incomplete."""
    return isinstance(value, dict) and "tables" in value and bool(value.get("error"))
