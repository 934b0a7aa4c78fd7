"""Reads and writes HTTP archives (HAR 1.2), as browsers, proxies and API tools save them.

Reading is tolerant, because tools differ: missing fields, headers as an object, bodies in base64.
What cannot be read is named and passed over. Credentials are removed while reading.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scimdoctor.endpoint.recorder import SHORTEST_SECRET, Recorder
from scimdoctor.errors import SourceError
from scimdoctor.model.exchange import (
    Exchange,
    FailureKind,
    Headers,
    ScimRequest,
    ScimResponse,
    TransportFailure,
    header_value,
)
from scimdoctor.redaction import Secret, is_secret_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROOT = re.compile(
    r"(?i)^(.*?)(/(?:Users|Groups|Schemas|ResourceTypes|ServiceProviderConfig|Bulk|Me)(?:/.*)?)$"
)

_PLANNED = "_planned"
"""Marks an entry that was rebuilt and never sent."""

_OWN = "_own"
"""Marks an entry that served scimdoctor itself, such as a read-back: Entra sends no such request."""

_BROWSER_ERRORS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            FailureKind.DNS,
            r"ERR_NAME_NOT_RESOLVED|ERR_DNS|NS_ERROR_UNKNOWN_HOST|ENOTFOUND|EAI_AGAIN",
        ),
        (FailureKind.REFUSED, r"ERR_CONNECTION_REFUSED|NS_ERROR_CONNECTION_REFUSED|ECONNREFUSED"),
        (
            FailureKind.TLS,
            r"ERR_CERT|ERR_SSL|SEC_ERROR|SSL_ERROR|CERT_HAS_EXPIRED|UNABLE_TO_VERIFY",
        ),
        (FailureKind.TIMEOUT, r"ERR_(?:CONNECTION_)?TIMED_OUT|NS_ERROR_NET_TIMEOUT|ETIMEDOUT"),
        (
            FailureKind.RESET,
            r"ERR_CONNECTION_(?:RESET|CLOSED|ABORTED)|NS_ERROR_NET_RESET|ECONNRESET",
        ),
        (FailureKind.PROTOCOL, r"ERR_(?:EMPTY_RESPONSE|INVALID_HTTP_RESPONSE|HTTP2_PROTOCOL)"),
    )
)
"""How Chromium, Firefox and Node name what went wrong (Chromium's `net_error_list.h`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarCapture:
    """What a HAR file held."""

    exchanges: tuple[Exchange, ...] = ()
    """Numbered `h1`, `h2` … in the file's order."""

    problems: tuple[str, ...] = ()
    """Entries that could not be read, and why."""


def read_har(data: bytes, name: str) -> tuple[Exchange, ...]:
    """Return the exchanges of a HAR file called `name`; see `load_har` for what was left out.

    Raises:
        SourceError: the file is no HAR.
    """
    return load_har(data, name).exchanges


def load_har(data: bytes, name: str, *, first: int = 1) -> HarCapture:
    """Read a HAR file; ids begin with `h{first}`, so that several files can share a report.

    Raises:
        SourceError: the file is no HAR.
    """
    entries = _entries(data, name)
    recorder = Recorder(_credentials(entries))
    exchanges: list[Exchange] = []
    problems: list[str] = []
    for position, entry in enumerate(entries, start=1):
        try:
            read = _exchange(entry, f"h{first + len(exchanges)}")
        except _BadEntry as error:
            problems.append(f"{name}: entry {position} was passed over: {error}")
            continue
        exchanges.append(recorder.cleaned(read))
    bare = sum(map(_lacks_body, exchanges))
    if bare:
        problems.append(
            f"{name}: {bare} of {len(exchanges)} exchanges lack a body: save it as 'HAR with content'"
        )
    return HarCapture(exchanges=tuple(exchanges), problems=tuple(problems))


def _lacks_body(exchange: Exchange) -> bool:
    """Whether a body that must have been there was not saved.

    A write has one (RFC 7644 sections 3.3 to 3.5), and so has an answer that gave its length; an
    answer that is merely empty is the app's doing.
    """
    request, response = exchange.request, exchange.response
    if request.method in {"POST", "PATCH", "PUT"} and not request.body:
        return True
    length = header_value(response.headers, "content-length") if response else None
    declared = length is not None and length.strip().isdecimal() and int(length) > 0
    return response is not None and declared and not response.body and request.method != "HEAD"


class _BadEntry(Exception):
    """One entry makes no sense."""


def _entries(data: bytes, name: str) -> list[Any]:
    try:
        document = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{name} is not JSON, so it is no HAR file",
            hint="Save it as 'HAR with content' in the browser's or proxy's network view.",
        ) from error
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise SourceError(f"{name} is JSON but no HAR file: log.entries is missing")
    return entries


def _credentials(entries: list[Any]) -> Iterator[Secret]:
    """The credentials in request headers, so that they are removed wherever else they occur."""
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        for name, value in _headers(request.get("headers") if isinstance(request, dict) else None):
            token = value.rpartition(" ")[2]
            if is_secret_header(name) and len(token) >= SHORTEST_SECRET:
                yield Secret(token)


def _exchange(entry: Any, id_: str) -> Exchange:  # noqa: ANN401 - JSON enters here
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        raise _BadEntry("it has no request")
    url = request.get("url")
    method = request.get("method")
    if not isinstance(url, str) or not isinstance(method, str) or not method.strip():
        raise _BadEntry("its request has no method or no URL")
    path, query, plain_url = _split(url)
    raw_response = entry.get("response")
    response = _response(raw_response) if isinstance(raw_response, dict) else None
    answered = response is not None or entry.get(_PLANNED) is True
    return Exchange(
        id=id_,
        request=ScimRequest(
            method=method.strip().upper(),
            path=path,
            query=query,
            headers=_headers(request.get("headers")),
            body=_request_body(request.get("postData")),
        ),
        url=plain_url,
        response=response,
        failure=None if answered else _failure(raw_response),
        elapsed_in_milliseconds=_number(entry.get("time")),
        started_at=_time(entry.get("startedDateTime")),
        own=entry.get(_OWN) is True,
    )


def _split(url: str) -> tuple[str, str, str]:
    """Path below the SCIM root, query, and the URL without user and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _BadEntry("its URL cannot be read") from error
    if parts.scheme not in {"http", "https"}:
        raise _BadEntry("its URL is not http(s)")
    host = parts.netloc.rpartition("@")[2]
    found = _ROOT.match(parts.path)
    path = found[2] if found else parts.path or "/"
    return path, parts.query, urlunsplit((parts.scheme, host, parts.path, parts.query, ""))


def _headers(raw: Any) -> Headers:  # noqa: ANN401
    if isinstance(raw, dict):
        pairs: Iterable[tuple[Any, Any]] = raw.items()
    elif isinstance(raw, list):
        dicts = [item for item in raw if isinstance(item, dict)]
        pairs = [(item.get("name", item.get("key")), item.get("value")) for item in dicts]
    else:
        return ()
    # Browsers list HTTP/2's pseudo headers (`:path`) too.
    return tuple(
        (name, "" if value is None else str(value))
        for name, value in pairs
        if isinstance(name, str) and name and not name.startswith(":")
    )


def _request_body(post_data: Any) -> bytes:  # noqa: ANN401
    if not isinstance(post_data, dict):
        return b""
    text = post_data.get("text")
    if isinstance(text, str):
        return _decoded(text, post_data.get("_encoding", post_data.get("encoding")))
    params = post_data.get("params")
    if not isinstance(params, list):
        return b""
    pairs = [(str(p.get("name", "")), str(p.get("value", ""))) for p in params if _is_dict(p)]
    return urlencode(pairs).encode()


def _is_dict(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, dict)


def _decoded(text: str, encoding: Any) -> bytes:  # noqa: ANN401
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return text.encode("utf-8", "surrogatepass")
    return text.encode("utf-8", "surrogatepass")


def _response(raw: dict[str, Any]) -> ScimResponse | None:
    status = raw.get("status")
    if isinstance(status, str) and status.strip().isdecimal():
        status = int(status)
    if not isinstance(status, int) or not 100 <= status <= 999:
        return None
    content = raw.get("content")
    body = b""
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        body = _decoded(content["text"], content.get("encoding"))
    headers = _headers(raw.get("headers"))
    if isinstance(content, dict) and not any(n.casefold() == "content-type" for n, _ in headers):
        kind = content.get("mimeType")
        headers = (*headers, *((("Content-Type", kind),) if isinstance(kind, str) and kind else ()))
    return ScimResponse(status=status, headers=headers, body=body)


def _failure(raw: Any) -> TransportFailure:  # noqa: ANN401
    members = raw if isinstance(raw, dict) else {}
    message = members.get("_error") or members.get("statusText") or "the capture has no answer"
    try:
        kind = FailureKind(members.get("_failureKind", "other"))
    except ValueError:
        kind = FailureKind.OTHER
    if kind is FailureKind.OTHER:
        kind = next((k for k, pattern in _BROWSER_ERRORS if pattern.search(str(message))), kind)
    return TransportFailure(kind=kind, message=str(message))


def _number(value: Any) -> float:  # noqa: ANN401
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 1) if is_number and 0 <= value < 1e12 else 0.0


def _time(value: Any) -> datetime | None:  # noqa: ANN401
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_har(exchanges: Iterable[Exchange], *, version: str = "") -> str:
    """Return a HAR 1.2 document of `exchanges`, which hold no secrets."""
    log = {
        "version": "1.2",
        "creator": {"name": "scimdoctor", "version": version},
        "entries": [_entry(exchange) for exchange in exchanges],
    }
    return json.dumps({"log": log}, indent=2, ensure_ascii=True) + "\n"


def _entry(exchange: Exchange) -> dict[str, Any]:
    started = exchange.started_at or datetime.fromtimestamp(0, UTC)
    elapsed = exchange.elapsed_in_milliseconds
    # HAR 1.2 asks for a response everywhere, and lets tools add members that begin with `_`.
    marks = ({_PLANNED: True} if exchange.is_planned else {}) | (
        {_OWN: True} if exchange.own else {}
    )
    return marks | {
        "startedDateTime": started.isoformat(),
        "time": elapsed,
        "request": _har_request(exchange),
        "response": _har_response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": elapsed, "receive": 0},
        "comment": f"{exchange.id}{_comment(exchange)}",
    }


def _comment(exchange: Exchange) -> str:
    """What a person who looks into the file must know of an entry."""
    if exchange.is_planned:
        return ", not sent"
    return ", for scimdoctor itself: Entra sends no such request" if exchange.own else ""


def _har_request(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    pairs = parse_qsl(request.query, keep_blank_values=True, errors="replace")
    har = {
        "method": request.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _har_headers(request.headers),
        "queryString": [{"name": name, "value": value} for name, value in pairs],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        text, encoding = _encoded(request.body)
        kind = next((v for n, v in request.headers if n.casefold() == "content-type"), "")
        har["postData"] = {"mimeType": kind, "params": [], "text": text}
        if encoding:
            har["postData"] = {"mimeType": kind, "params": [], "text": text, "_encoding": encoding}
    return har


def _har_response(exchange: Exchange) -> dict[str, Any]:
    response = exchange.response or ScimResponse(status=0)
    text, encoding = _encoded(response.body)
    content = {"size": len(response.body), "mimeType": response.header("content-type") or ""}
    content |= {"text": text} | ({"encoding": encoding} if encoding else {})
    har: dict[str, Any] = {
        "status": response.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _har_headers(response.headers),
        "content": content,
        "redirectURL": response.header("location") or "",
        "headersSize": -1,
        "bodySize": len(response.body),
    }
    if exchange.failure is not None:
        har["_error"] = exchange.failure.message
        har["_failureKind"] = str(exchange.failure.kind)
    return har


def _har_headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _encoded(body: bytes) -> tuple[str, str | None]:
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
