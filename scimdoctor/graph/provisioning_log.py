"""The provisioning log and the audit log, read as Graph's limits and quirks ask for.

Source: Graph API "List provisioningObjectSummary" and "List directoryAudits". `gt` and `lt` are
the documented comparisons, so a window is widened by a second and cut to size here. A filter
that Graph refuses is replaced by the plain window, and the rest is sifted here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import GraphError
from scimdoctor.graph.client import in_a_circle
from scimdoctor.graph.directory import odata_text
from scimdoctor.graph.json_values import as_moment, field, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from scimdoctor.graph.client import GraphClient, Page

PATH = "/auditLogs/provisioning"
PAGE_SIZE = 1000
REPEATED_PAGES = 3
"""Pages one after the other without a new record that show that the links lead nowhere."""

_EDGE = timedelta(seconds=1)
_REFUSED = frozenset({400, 501})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which records are wanted; times are aware, `until` is exclusive."""

    since: datetime | None = None
    until: datetime | None = None
    service_principal_id: str | None = None
    job_id: str | None = None
    cycle_id: str | None = None
    status: str | None = None
    """`failure`, `skipped`, `warning` or `success`."""

    action: str | None = None
    source_id: str | None = None
    """Object id of the user or group in Entra."""

    def window(self) -> str:
        """The OData condition for the times alone."""
        after = f"activityDateTime gt {_stamp(self.since - _EDGE)}" if self.since else ""
        before = f"activityDateTime lt {_stamp(self.until + _EDGE)}" if self.until else ""
        return " and ".join(part for part in (after, before) if part)

    def condition(self) -> str:
        """The OData condition for everything."""
        equal = (
            ("servicePrincipal/id", self.service_principal_id),
            ("jobId", self.job_id),
            ("cycleId", self.cycle_id),
            ("sourceIdentity/id", self.source_id),
            ("provisioningStatusInfo/status", self.status),
            ("provisioningAction", self.action),
        )
        parts = [f"{name} eq {odata_text(value)}" for name, value in equal if value]
        return " and ".join([part for part in (self.window(),) if part] + parts)

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is wanted, judged here; a time that cannot be read fits."""
        moment = as_moment(field(record, "activityDateTime"))
        if moment and self.since and moment < self.since:
            return False
        if moment and self.until and moment >= self.until:
            return False
        status = text(field(record, "provisioningStatusInfo"), "status")
        if status is None:
            status = text(field(record, "statusInfo"), "status")
        found = (
            (self.service_principal_id, _principal_id(record)),
            (self.job_id, text(record, "jobId")),
            (self.cycle_id, text(record, "cycleId")),
            (self.source_id, text(field(record, "sourceIdentity"), "id")),
            (self.status, status),
            (self.action, text(record, "provisioningAction") or text(record, "action")),
        )
        return all(_same(wanted, value) for wanted, value in found)


def records(
    graph: GraphClient,
    query: LogQuery,
    *,
    resume_at: str | None = None,
    on_page: Callable[[Page], None] | None = None,
    beta: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield the raw records that fit, each id once, as Graph orders them (newest first mostly).

    `on_page` is told each page after its records were yielded; a pull that was cut off goes on at
    the last page's `next_link` when that is given as `resume_at`.

    Raises:
        GraphError: as for `log_pages`.
    """
    for page in log_pages(graph, query, resume_at=resume_at, beta=beta):
        yield from page.items
        if on_page:
            on_page(page)


def log_pages(
    graph: GraphClient, query: LogQuery, *, resume_at: str | None = None, beta: bool = False
) -> Iterator[Page]:
    """Yield the pages of the log, each with only the records that fit, each id once.

    Raises:
        GraphError: Graph refused; also when it no longer keeps the place `resume_at`.
        GraphCircleError: page after page repeats what was read, whatever the links say.
    """
    seen: set[str] = set()
    repeated = 0
    for page in _raw_pages(graph, query, resume_at, beta=beta):
        items = []
        ids = [text(record, "id") for record in page.items]
        repeated = repeated + 1 if ids and all(one in seen for one in ids) else 0
        if repeated == REPEATED_PAGES:
            raise in_a_circle()
        for record in page.items:
            identity = text(record, "id")
            if identity in seen or not query.fits(record):
                continue
            if identity:
                seen.add(identity)
            items.append(record)
        yield replace(page, items=tuple(items))


def sorted_records(graph: GraphClient, query: LogQuery) -> list[dict[str, Any]]:
    """Return all records that fit, newest first; Graph's own order is not to be relied on."""
    return sorted(records(graph, query), key=_moment_key, reverse=True)


def _raw_pages(
    graph: GraphClient, query: LogQuery, resume_at: str | None, *, beta: bool
) -> Iterator[Page]:
    path = f"/beta{PATH}" if beta else PATH
    plain = graph.url(path, _params(query.window()))
    url = resume_at or graph.url(path, _params(query.condition()))
    try:
        page = graph.page(url)
    except GraphError as error:
        if error.status not in _REFUSED or url == plain or resume_at:
            raise
        page = graph.page(plain)
    yield from graph.onward(page)


def _params(condition: str) -> dict[str, str]:
    filtered = {"$filter": condition} if condition else {}
    return filtered | {"$top": str(PAGE_SIZE)}


def directory_audits(
    graph: GraphClient, *, since: datetime, until: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Yield what the provisioning service wrote to the audit log: who changed which setting."""
    condition = f"loggedByService eq 'Account Provisioning' and activityDateTime ge {_stamp(since)}"
    if until:
        condition += f" and activityDateTime le {_stamp(until)}"
    for page in graph.pages("/auditLogs/directoryAudits", {"$filter": condition, "$top": "100"}):
        yield from page


def _stamp(moment: datetime) -> str:
    """`moment` as OData writes it, in UTC, with microseconds."""
    from datetime import UTC

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment_key(record: Mapping[str, Any]) -> float:
    moment = as_moment(field(record, "activityDateTime"))
    return moment.timestamp() if moment else 0.0


def _same(wanted: str | None, value: str | None) -> bool:
    return wanted is None or (value or "").casefold() == wanted.casefold()


def _principal_id(record: Mapping[str, Any]) -> str | None:
    """`servicePrincipal.id`; Graph's documentation calls it a collection, so a list counts too."""
    principal = field(record, "servicePrincipal")
    if isinstance(principal, list):
        principal = principal[0] if principal else None
    return text(principal, "id")
