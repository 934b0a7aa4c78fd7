"""Asking a Log Analytics workspace, which holds the logs that a tenant streams to Azure Monitor.

The engine there does the work; groups and samples come back. Source: Azure Monitor "Log Analytics
API" (request, response, errors, limits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scimdoctor.entra.signature import Signature, id_of
from scimdoctor.errors import (
    ConfigurationError,
    GraphError,
    GraphNotFoundError,
    GraphPermissionError,
    GraphThrottledError,
    GraphUnavailableError,
)
from scimdoctor.model.report import DayCount, SignatureSummary
from scimdoctor.sources import kql
from scimdoctor.sources.fields import as_text, nested
from scimdoctor.sources.forms import UnreadableRecord, is_partial, rows_of
from scimdoctor.sources.record import ACTIONS, enumerated, read_record
from scimdoctor.sources.summary import SAMPLES, Summary, counted
from scimdoctor.sources.time_slices import Faults, halved, moment_of, number_of, slices_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import httpx

    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import EventCounts
    from scimdoctor.redaction import Secret
    from scimdoctor.sources.event_filter import EventFilter

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SERVER_SECONDS = 600
"""The longest that a query may run, by the service's own limit."""

MOST_ROWS = 10_000
"""Rows asked for at once: of about 4 KB each, well below the service's limit of 100 MB."""

FEWEST_ROWS = 100

MOST_CUTS = 100
"""How often the slices of one question are cut in two before what is missing is told instead."""

TOO_LATE = 504
"""What the service answers to a query that ran longer than it may."""

NOTHING = 204
"""What the service may answer for a workspace without any data."""

NOT_STREAMED = "Failed to resolve table"


@dataclass(slots=True, kw_only=True)
class Workspace:
    """One workspace, reached through a ready `httpx.Client`."""

    http: httpx.Client
    base_url: str
    """Scheme and host of the cloud's Log Analytics API."""

    workspace: str
    token: Callable[[], Secret]
    limits: list[str] = field(default_factory=list)
    """What the service admits to have left out."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        if not GUID.fullmatch(self.workspace):
            raise ConfigurationError(
                f"{self.workspace!r} is not a workspace id",
                hint="it is the GUID called 'Workspace ID' on the workspace's overview page",
            )

    def summary(self, wanted: EventFilter, *, limit: int | None = None) -> Summary:
        """Return counts, days and signatures; the numbers are those of the local engine."""
        wanted = replace(wanted, until=wanted.until or self.now())
        days = self._days(wanted)
        groups = self._groups(wanted, days)
        signatures = sorted(map(signature_of_group, groups), key=order)
        return Summary(
            counts=counted(counts_of(days)),
            days=days_of(days),
            signatures=tuple(signatures)[:limit],
        )

    def counts(self, wanted: EventFilter) -> EventCounts:
        """Return how many of the `wanted` events there are, by status."""
        return counted(counts_of(self._days(replace(wanted, until=wanted.until or self.now()))))

    def _days(self, wanted: EventFilter) -> list[dict[str, object]]:
        return list(self._in_slices(kql.days_query, [wanted]))

    def _groups(
        self, wanted: EventFilter, days: Iterable[dict[str, object]]
    ) -> list[dict[str, object]]:
        """Return a row a signature: of one answer, or put together where that would be too big."""
        answer = self._answer(kql.groups_query(wanted))
        if answer.incomplete is None:
            return answer.rows
        faults = Faults(names=tuple(kql.GROUP_KEYS.split(", ")))
        every = replace(wanted, status=(), error_code=None, action=None, cycle=None)
        slices = list(slices_of(wanted, events_by_day(days)))
        faults.add_parts(self._in_slices(kql.parts_query, slices))
        unshown = [replace(every, since=one.since, until=one.until) for one in slices]
        faults.add_latest(self._in_slices(kql.latest_query, unshown))
        return list(faults.rows())

    def _in_slices(
        self, make: Callable[[EventFilter], str], slices: Iterable[EventFilter]
    ) -> Iterator[dict[str, object]]:
        """Yield the rows of a question about each slice, cut in two where the answer is too big."""
        waiting, cuts = list(slices), 0
        while waiting:
            one = waiting.pop(0)
            answer = self._answer(make(one))
            if answer.incomplete is not None:
                if cuts < MOST_CUTS and (halves := halved(one)):
                    waiting[:0] = halves
                    cuts += 1
                    continue
                self._tell_incomplete(answer.incomplete)
            yield from answer.rows

    def newest(self, wanted: EventFilter, *, limit: int) -> tuple[ProvisioningObjectSummary, ...]:
        """Return the newest `wanted` events, in slices of time where they are very many."""
        found: dict[str, ProvisioningObjectSummary] = {}
        slice_, repeated, most = wanted, 0, MOST_ROWS
        while len(found) < limit:
            asked = min(limit - len(found) + repeated, most)
            answer = self._answer(kql.newest_query(slice_, limit=asked))
            if answer.incomplete is not None:
                if asked > FEWEST_ROWS:
                    most = max(asked // 4, FEWEST_ROWS)
                    continue
                self._tell_incomplete(answer.incomplete)
            events = self._read(answer.rows)
            fresh = [event for event in events if event.id not in found]
            found |= {event.id: event for event in fresh}
            times = [event.activity_date_time for event in events if event.activity_date_time]
            if len(answer.rows) < asked or not fresh or not times:
                break
            oldest = min(times)
            repeated = times.count(oldest)
            slice_ = replace(slice_, until=after(oldest))
        return tuple(found.values())

    def by_id(
        self, wanted: EventFilter, ids: Iterable[str]
    ) -> dict[str, ProvisioningObjectSummary]:
        """Return the events with `ids`."""
        listed = sorted(set(ids))
        if not listed:
            return {}
        return {event.id: event for event in self.events(kql.by_id_query(wanted, listed))}

    def events(self, query: str) -> list[ProvisioningObjectSummary]:
        """Return the events that `query` gives, with the table's own columns."""
        return self._read(self.rows(query))

    def _read(self, rows: Iterable[dict[str, object]]) -> list[ProvisioningObjectSummary]:
        events = []
        for row in rows:
            try:
                events.append(read_record(row, "log-analytics"))
            except UnreadableRecord as error:
                self.limits.append(f"a row of the workspace was skipped: {error}")
        return events

    def rows(self, query: str) -> list[dict[str, object]]:
        """Send `query` and return the rows of its main table; what is left out is told.

        Raises `GraphError` (the tree's name for Microsoft's refusals) with the next step.
        """
        answer = self._answer(query)
        if answer.incomplete is not None:
            self._tell_incomplete(answer.incomplete)
        return answer.rows

    def _tell_incomplete(self, reason: str) -> None:
        text = f"Log Analytics gave an incomplete answer: {reason}"
        if text not in self.limits:
            self.limits.append(text)

    def _answer(self, query: str) -> Answer:
        """Send `query`; an answer that took too long is one without rows, and incomplete."""
        import httpx

        try:
            response = self.http.post(
                f"{self.base_url}/v1/workspaces/{self.workspace}/query",
                json={"query": query},
                headers={
                    "Authorization": f"Bearer {self.token().reveal()}",
                    "Prefer": f"wait={SERVER_SECONDS}",
                },
                timeout=httpx.Timeout(30.0, read=SERVER_SECONDS + 30.0),
            )
        except httpx.ReadTimeout:
            return Answer([], "the query took too long")
        except httpx.HTTPError as error:
            raise GraphUnavailableError(f"Log Analytics could not be reached: {error}") from error
        body = json_of(response)
        if response.status_code == TOO_LATE and "error" in body:
            return Answer([], innermost(body))
        if response.status_code == NOTHING:
            return Answer([])
        if response.status_code != 200:
            raise refusal(response.status_code, body)
        if not isinstance(tables := body.get("tables"), list):
            raise GraphUnavailableError(
                "Log Analytics answered 200 with something that is no result of a query",
                hint="a proxy or sign-in page may have answered instead",
                status=200,
            )
        incomplete = innermost(body) if is_partial(body) else None
        return Answer(list(rows_of(tables[0])) if tables else [], incomplete)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered."""

    rows: list[dict[str, object]]
    incomplete: str | None = None
    """Why rows are missing, if any are."""


def after(time: datetime) -> datetime:
    """Return the smallest time that leaves `time` itself in a slice before it."""
    from datetime import timedelta

    return time + timedelta(microseconds=1)


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Return the answer's JSON object; an empty one for anything else."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def innermost(body: dict[str, Any]) -> str:
    """Return the most telling message of an error, which is the innermost."""
    error = body.get("error")
    message = "no reason given"
    while isinstance(error, dict):
        message = str(error.get("message") or message)
        details = error.get("details")
        inner = error.get("innererror") or error.get("innerError")
        error = inner or (details[0] if isinstance(details, list) and details else None)
    return message[:300]


def refusal(status: int, body: dict[str, Any]) -> GraphError:
    """Return the error for a status other than 200."""
    message = innermost(body)
    if status == 400 and NOT_STREAMED in message:
        return GraphNotFoundError(
            "the workspace has no table AADProvisioningLogs",
            hint="in Entra's diagnostic settings, send ProvisioningLogs to this workspace",
            status=status,
        )
    if status in {401, 403}:
        return GraphPermissionError(
            f"the workspace refused the query: {message}",
            hint="grant Log Analytics Reader on the workspace and Data.Read on Log Analytics API",
            status=status,
        )
    if status == 404:
        return GraphNotFoundError(
            f"there is no such workspace: {message}",
            hint="give the workspace's GUID, and the cloud it is in",
            status=status,
        )
    if status == 429:
        return GraphThrottledError("Log Analytics is busy", hint="wait a minute", status=status)
    kind = GraphUnavailableError if status >= 500 else GraphError
    return kind(f"Log Analytics answered {status}: {message}", status=status)


def text_of(row: dict[str, object], name: str) -> str | None:
    """Return a cell as text; ``""`` is none."""
    value = row.get(name)
    return as_text(value) if value is not None and value != "" else None


def signature_of_group(row: dict[str, object]) -> SignatureSummary:
    """Return a row of `kql.groups_query` as the model's value."""
    signature = Signature(
        id="",
        status=text_of(row, "EventStatus") or "unknown",
        app=text_of(row, "AppLabel"),
        action=enumerated(row.get("ActionName"), ACTIONS) or "other",
        error_code=text_of(row, "ErrorCode"),
        skip_reason=text_of(row, "SkipReason"),
        text=text_of(row, "Told") or "",
    )
    listed = nested(row.get("Sample"))
    sample = list(map(str, listed)) if isinstance(listed, list) else []
    if newest := text_of(row, "Id"):
        sample = [newest, *(one for one in sample if one != newest)][:SAMPLES]
    return SignatureSummary(
        id=id_of(signature),
        status=signature.status,
        app=signature.app,
        error_code=signature.error_code,
        text=signature.text,
        action=signature.action,
        count=number_of(row, "Events"),
        objects=number_of(row, "Objects"),
        failing_now=number_of(row, "Failing"),
        first_seen=moment_of(row, "FirstSeen"),
        last_seen=moment_of(row, "LastSeen"),
        sample=tuple(sample),
    )


def order(one: SignatureSummary) -> tuple[object, ...]:
    """Return the sort key that the local engine orders by."""
    rank = {"failure": 0, "warning": 1}.get(one.status, 2)
    return (rank, -(one.failing_now or 0), -one.objects, -one.count, one.id)


def events_by_day(days: Iterable[dict[str, object]]) -> dict[datetime, int]:
    """Return how many events each day has."""
    found: dict[datetime, int] = {}
    for row in days:
        if day := moment_of(row, "Day"):
            found[day] = found.get(day, 0) + number_of(row, "Count")
    return found


def counts_of(days: list[dict[str, object]]) -> list[tuple[str, int]]:
    """Return counts by status out of those by day and status."""
    totals: dict[str, int] = {}
    for row in days:
        status = text_of(row, "EventStatus") or "unknown"
        totals[status] = totals.get(status, 0) + number_of(row, "Count")
    return list(totals.items())


def days_of(days: list[dict[str, object]]) -> tuple[DayCount, ...]:
    """Return rows by day and status as one value a day."""
    found: dict[str, dict[str, int]] = {}
    for row in days:
        day = moment_of(row, "Day")
        status = text_of(row, "EventStatus") or ""
        if day and status in {"failure", "skipped", "warning", "success"}:
            counts = found.setdefault(f"{day:%Y-%m-%d}", {})
            # A day that was cut in two comes twice.
            counts[status] = counts.get(status, 0) + number_of(row, "Count")
    return tuple(DayCount(day=day, **found[day]) for day in sorted(found))
