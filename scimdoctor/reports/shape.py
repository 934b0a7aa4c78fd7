"""The report as plain JSON values (design: "The report"), and the pieces other formats share.

Objects that come from Graph (events, the job) keep Graph's names in camelCase; everything of ours
is in snake_case. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from scimdoctor.model.report import SCHEMA_VERSION
from scimdoctor.reports.identity import diagnosis_id, finding_id

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange, Headers, ScimRequest, ScimResponse
    from scimdoctor.model.finding import Finding
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay, ReplayedRequest
    from scimdoctor.model.report import Report

Json = dict[str, Any]

DEEPEST_BODY = 64
"""A body nested deeper than this is given as text: few parsers would take it."""


def report_json(report: Report) -> Json:
    """Return the whole report."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "scimdoctor", "version": report.tool_version},
        "command": report.command,
        "generated_at": instant(report.generated_at),
        "target": dict(report.target),
        "job": plain(report.job, graph_names=True),
        "status": plain(report.status),
        "events": plain(report.events),
        "days": plain(report.days),
        "signatures": plain(report.signatures),
        "diagnoses": [diagnosis_json(diagnosis) for diagnosis in report.diagnoses],
        "findings": [finding_json(finding) for finding in report.findings],
        "replays": [replay_json(replay) for replay in report.replays],
        "comparisons": plain(report.comparisons),
        "mappings": plain(report.mappings),
        "apps": plain(report.apps),
        "changes": plain(report.changes),
        "event_list": [event_json(event) for event in report.event_list],
        "exchanges": [exchange_json(exchange) for exchange in report.exchanges],
        "notes": list(report.notes),
        "limits": list(report.limits),
    }


def event_json(event: ProvisioningObjectSummary) -> Json:
    """Return one event as Graph's `provisioningObjectSummary`; `--from` reads it again."""
    return plain(event, graph_names=True)  # type: ignore[no-any-return]


def diagnosis_json(diagnosis: Diagnosis) -> Json:
    """Return one diagnosis with its stable id."""
    return {"id": diagnosis_id(diagnosis), **plain(diagnosis)}


def finding_json(finding: Finding) -> Json:
    """Return one finding with its stable id."""
    return {"id": finding_id(finding), **plain(finding)}


def replay_json(replay: Replay) -> Json:
    """Return one replay; the requests are flat, as the schema has them."""
    shown: Json = plain(replay)
    shown["requests"] = [_replayed_request(request) for request in replay.requests]
    return shown


def _replayed_request(replayed: ReplayedRequest) -> Json:
    rebuilt = replayed.rebuilt
    return {
        "purpose": rebuilt.purpose.value,
        **request_json(rebuilt.request),
        "provenance": {path: value.value for path, value in rebuilt.provenance.items()},
        "exchange": replayed.exchange,
        "curl": replayed.curl,
        "failed": rebuilt.failed,
        "accepted": rebuilt.accepted,
        "conditional": rebuilt.conditional,
        "notes": list(rebuilt.notes),
    }


def exchange_json(exchange: Exchange) -> Json:
    """Return one exchange, with a response or a failure."""
    shown: Json = {
        "id": exchange.id,
        "url": exchange.url,
        "request": request_json(exchange.request),
    }
    if exchange.response:
        shown["response"] = _response_json(exchange.response)
    if exchange.failure:
        shown["failure"] = plain(exchange.failure)
    shown["elapsed_in_milliseconds"] = finite(exchange.elapsed_in_milliseconds)
    shown["started_at"] = plain(exchange.started_at)
    shown["own"] = exchange.own
    return shown


def request_json(request: ScimRequest) -> Json:
    """Return one request; `body` as `body_json` says."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": headers_json(request.headers),
        **body_json(request.body),
    }


def _response_json(response: ScimResponse) -> Json:
    return {
        "status": response.status,
        "headers": headers_json(response.headers),
        **body_json(response.body),
        "truncated": response.truncated,
    }


def headers_json(headers: Headers) -> Json:
    """Return headers by name; a name that occurs again has a list of values."""
    shown: Json = {}
    for name, value in headers:
        if name not in shown:
            shown[name] = value
        elif isinstance(shown[name], list):
            shown[name].append(value)
        else:
            shown[name] = [shown[name], value]
    return shown


def body_json(body: bytes) -> Json:
    """Return `body` for reading, and its exact form where that says more.

    An object or array is given as JSON, with `body_text` when its spacing or spelling differ from
    the compact form; other UTF-8 as text; what is not UTF-8 also as `body_base64`.
    """
    if not body:
        return {"body": None}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        encoded = base64.b64encode(body).decode("ascii")
        return {"body": body.decode("utf-8", "replace"), "body_base64": encoded}
    parsed = container(text)
    if parsed is None:
        return {"body": text}
    compact = json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))
    return {"body": parsed} if compact == text else {"body": parsed, "body_text": text}


_BRACKETS = re.compile(r"[\[\]{}]")


def container(text: str) -> Any:  # noqa: ANN401 - JSON enters here
    """Return `text` as a JSON object or array that can be written again, else `None`."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in {"{", "["} or _depth(text) > DEEPEST_BODY:
        return None
    try:
        parsed = json.loads(text)
        json.dumps(parsed, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return parsed


def _depth(text: str) -> int:
    """Return an upper bound of the nesting; brackets inside strings count too."""
    deepest = level = 0
    for character in _BRACKETS.findall(text):
        if character in "{[":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def plain(value: Any, *, graph_names: bool = False) -> Any:  # noqa: ANN401 - any model value
    """Return a model value as JSON values; `raw` is left out."""
    if isinstance(value, (tuple, list)):
        return [plain(item, graph_names=graph_names) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, graph_names=graph_names) for key, item in value.items()}
    if is_dataclass(value):
        kind: Any = type(value)
        return {
            shown: plain(getattr(value, name), graph_names=graph_names)
            for name, shown in _names(kind, graph_names=graph_names)
        }
    return _scalar(value)


def _scalar(value: object) -> str | int | float | None:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return finite(value)
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return instant(value)
    return duration(value) if isinstance(value, timedelta) else str(value)


@cache
def _names(cls: Any, *, graph_names: bool) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    names = (field.name for field in fields(cls) if field.name != "raw")
    return tuple((name, camel(name) if graph_names else name) for name in names)


def camel(name: str) -> str:
    """Return a snake_case name as Graph spells it."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def instant(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC, with `Z`; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def duration(length: timedelta) -> str:
    """Return a length of time as ISO 8601 seconds, for example `PT2400S`."""
    seconds = f"{length.total_seconds():.6f}".rstrip("0").rstrip(".")
    return f"PT{seconds}S"


def finite(number: float) -> float | None:
    """Return `number`, or `None` for NaN and infinity, which JSON does not know."""
    return number if number == number and abs(number) != float("inf") else None  # noqa: PLR0124
