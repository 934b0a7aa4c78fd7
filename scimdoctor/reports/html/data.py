"""Events and exchanges as JSON inside the page, for its script to draw when they are looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.reports.neutral import json_safe, neutral, one_line
from scimdoctor.reports.words import answer_text, event_told, pretty_body, when

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange, Headers
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.report import Report

LONGEST_BODY = 60_000
LONGEST_CURL_BODY = 8_000
"""A longer line cannot be pasted into most shells."""

_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

Json = dict[str, Any]


def page_data(report: Report) -> str:
    """Return JSON that can stand inside a script element: it holds no `<`, `>` or `&`."""
    data = {
        "events": [_event(event) for event in report.event_list],
        "exchanges": [_exchange(exchange) for exchange in report.exchanges],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return json_safe(text).translate(_UNSAFE)


def _event(event: ProvisioningObjectSummary) -> Json:
    """Return what the page shows of an event; empty fields are left out to keep it small."""
    error = event.error
    facts = {
        "error code": error.error_code,
        "reason": error.reason,
        "recommended action": error.recommended_action,
        "details": error.additional_details,
        "source id": event.source_identity.id,
        "target id": event.target_identity.id,
        "app": event.service_principal.display_name,
        "job": event.job_id,
        "cycle": event.cycle_id,
        "change": event.change_id,
        "read from": event.origin,
    }
    shown = {
        "id": one_line(event.id),
        "time": when(event.activity_date_time),
        "status": one_line(event.status, limit=20),
        "action": one_line(event.provisioning_action, limit=30),
        "object": one_line(event.object_label, limit=120),
        "told": one_line(event_told(event), limit=160),
        "facts": [[name, neutral(value)] for name, value in facts.items() if value],
        "steps": [
            [one_line(step.name), one_line(step.status), neutral(step.description)]
            for step in event.provisioning_steps
        ],
        "changes": [
            [one_line(change.display_name), _value(change.old_value), _value(change.new_value)]
            for change in event.modified_properties
        ],
    }
    return {name: value for name, value in shown.items() if value}


def _value(value: str | None) -> str | None:
    return None if value is None else neutral(value)


def _exchange(exchange: Exchange) -> Json:
    request, response = exchange.request, exchange.response
    shown: Json = {
        "id": one_line(exchange.id),
        "method": one_line(request.method, limit=20),
        "target": one_line(request.target, limit=300),
        "answer": one_line(answer_text(exchange), limit=160),
        "ok": exchange.ok,
        "started": when(exchange.started_at),
        "sent": _head([f"{request.method} {exchange.url}"], request.headers),
        "body": neutral(pretty_body(request.body), limit=LONGEST_BODY),
        "curl": _curl(exchange),
    }
    if response:
        cut = " (cut: the answer was longer than is kept)" if response.truncated else ""
        shown["got"] = _head([f"HTTP {response.status}{cut}"], response.headers)
        shown["answered"] = neutral(pretty_body(response.body), limit=LONGEST_BODY)
    elif exchange.failure:
        shown["got"] = one_line(answer_text(exchange))
    return shown


def _curl(exchange: Exchange) -> str:
    """Return a line that sends the request again, where the URL tells the SCIM root."""
    target = exchange.request.target
    if not exchange.url.endswith(target) or len(exchange.request.body) > LONGEST_CURL_BODY:
        return ""
    root = exchange.url.removesuffix(target)
    return neutral(curl_line(exchange.request, root), limit=LONGEST_BODY)


def _head(first: list[str], headers: Headers) -> str:
    lines = first + [f"{name}: {value}" for name, value in headers]
    return "\n".join(one_line(line, limit=2_000) for line in lines)
