"""What Entra wrote about a failure, taken apart.

The text of `errorInformation.reason` and of a job's `quarantine.error.message` comes in several
shapes, none documented; these were seen in published logs:

* `StatusCode: Conflict … Web Response: {json}. This operation was retried 1 times. It will be
  retried again after this date: …` (the usual one; the status is a .NET name or a number),
* `Received response from Web resource. Resource: … Operation: GET Response Status Code: …`
  (test connection),
* `405 MethodNotAllowed`, `HTTP 400: …` (Microsoft's SCIM validator, and people who retell),
* a bare sentence, by Entra or by the app.

Nothing here judges; the text is hostile and may be cut anywhere.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

from scimdoctor.scim.error import ScimError

_DOTNET_NAMES = {
    "ambiguous": 300,
    "multiplechoices": 300,
    "moved": 301,
    "movedpermanently": 301,
    "found": 302,
    "redirect": 302,
    "redirectmethod": 303,
    "redirectkeepverb": 307,
    "requestentitytoolarge": 413,
    "requesturitoolong": 414,
    "unprocessableentity": 422,
    "unprocessablecontent": 422,
    "toomanyrequests": 429,
    "httpversionnotsupported": 505,
    "requesttimeout": 408,
}
"""Names of .NET's `HttpStatusCode` that Python's enumeration spells otherwise."""

_STATUS_NAMES = {s.name.replace("_", "").casefold(): s.value for s in HTTPStatus} | _DOTNET_NAMES

_LABELLED_STATUS = re.compile(
    r"(?i)(?:(?:Response\s+)?Status\s?Code:?|unexpected response from your application:)"
    r"\s*[\"']?(?:HTTP\s*)?(\w+)"
)
_BARE_STATUS = (
    re.compile(r"(?i)\bHTTP[ /:]*(?:status(?: code)?[: ]*)?(?:\d\.\d\s+)?([1-5]\d\d)\b"),
    re.compile(r"(?i)(?:^|[.:(]\s*)([45]\d\d)\s+(?=[A-Z(])"),
    re.compile(r"(?i)\b(?:status|error|code|answered|returned|response)[ :]+([45]\d\d)\b"),
    re.compile(r"\(([45]\d\d)\)"),
)
_WHOLE_NAME = re.compile(r"(?i)^[\s\"']*(?:error:?\s*)?([a-z][a-z ]{3,30}?)[\s.\"']*$")
_WEB_RESPONSE = re.compile(r"(?i)(?:Web Response|Response Content|Response Body)\s*:\s*")
_RECEIVED_RESOURCE = re.compile(r"(?i)resource we received from your SCIM endpoint\s*:?\s*")
_RETRIED = re.compile(r"(?i)\bretried\s+(\d+)\s+times?")
_NEXT_RETRY = re.compile(r"(?i)after this date:\s*([0-9T:.\-/ APM+Z]+?)\s*(?:UTC)?\s*\.?\s*$")
_TAIL = re.compile(r"(?is)\.?\s*This operation was retried\b.*$")
_RESOURCE = re.compile(r"(?i)\bResource ?:\s*(\S+)")
_OPERATION = re.compile(r"(?i)\bOperation:\s*(GET|POST|PATCH|PUT|DELETE)\b")
_HTML = re.compile(r"(?i)<(?:!doctype\s+html|html|head|body|title)\b")
_SKIP_REASON = re.compile(r"(?i)\bskip\s?reason\s*[=:]\s*'?(\w+)")
_MAX_TEXT = 100_000
_MOST_BEGINNINGS = 20
"""Places at which JSON is looked for; a hostile text could hold very many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonFacts:
    """What a reason text says; every field is `None` or empty when it does not say it."""

    text: str = ""
    status: int | None = None
    """The app's HTTP status."""

    body: str | None = None
    """The app's answer as far as it is quoted; empty text when it was quoted as empty."""

    json: Any = None
    """The answer as JSON, if it is."""

    scim_error: ScimError | None = None
    is_html: bool = False
    truncated: bool = False
    """The answer begins as JSON but does not end."""

    received_resource: Any = None
    """The resource that Entra could not read, when it quotes one."""

    resource_url: str | None = None
    operation: str | None = None
    """The HTTP method, when it says."""

    skip_reason: str | None = None
    retried: int | None = None
    next_retry: datetime | None = None

    @property
    def is_mute(self) -> bool:
        """Whether there is a status but no word of explanation from the app."""
        return self.status is not None and not (self.body or "").strip()


def parse_reason(text: str | None) -> ReasonFacts:
    """Take `text` apart; never raises."""
    if not text or not text.strip():
        return ReasonFacts()
    text = text[:_MAX_TEXT]
    body = _quoted_body(text)
    value, truncated = _json_in(text if body is None else body)
    error = ScimError.parse(value)
    received = _RECEIVED_RESOURCE.search(text)
    return ReasonFacts(
        text=text,
        status=_status(text) or (error.status if error else None) or _status_of_json(value),
        body=body,
        json=value,
        scim_error=error,
        is_html=bool(_HTML.search(text)),
        truncated=truncated,
        received_resource=_json_in(text[received.end() :])[0] if received else None,
        resource_url=_first(_RESOURCE, text),
        operation=(_first(_OPERATION, text) or "").upper() or None,
        skip_reason=_first(_SKIP_REASON, text),
        retried=_number(_first(_RETRIED, text)),
        next_retry=parse_time(_first(_NEXT_RETRY, text)),
    )


def status_number(name: str) -> int | None:
    """The status for a number or a .NET `HttpStatusCode` name; `None` if it is neither."""
    key = name.strip().casefold().replace(" ", "").replace("_", "")
    if key.isdecimal():
        return int(key) if 100 <= int(key) <= 599 else None
    return _STATUS_NAMES.get(key)


def parse_time(text: str | None) -> datetime | None:
    """Read the two ways in which Entra writes times: ISO with seven decimals, and US."""
    if not text:
        return None
    cleaned = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    found = _iso_time(cleaned) or _us_time(cleaned)
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _iso_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _us_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError:
        return None


def _quoted_body(text: str) -> str | None:
    found = _WEB_RESPONSE.search(text)
    if found is None:
        return None
    return _TAIL.sub("", text[found.end() :]).strip().removesuffix(" .").strip(" \r\n")


def _json_in(text: str) -> tuple[Any, bool]:
    """The first JSON object or array in `text`, and whether one began but did not end."""
    decoder = json.JSONDecoder(strict=False)
    truncated = False
    begins = re.finditer(r"[{\[](?=\s*[\"{\[\]}])", text)
    for found in islice(begins, _MOST_BEGINNINGS):
        try:
            return decoder.raw_decode(text, found.start())[0], False
        except (ValueError, RecursionError):
            truncated = truncated or text[found.start()] == "{"
    return None, truncated


def _status(text: str) -> int | None:
    for found in _LABELLED_STATUS.finditer(text):
        status = status_number(found[1])
        if status is not None:
            return status
    head = _WEB_RESPONSE.split(text)[0]
    for pattern in _BARE_STATUS:
        number = _first(pattern, head)
        if number is not None:
            return int(number)
    whole = _WHOLE_NAME.match(text)
    return _STATUS_NAMES.get(whole[1].casefold().replace(" ", "")) if whole else None


def _status_of_json(value: object) -> int | None:
    """`status`, `statusCode` or `code` of an error body that is no SCIM error."""
    if not isinstance(value, dict):
        return None
    for key in ("status", "statusCode", "status_code", "code"):
        number = value.get(key)
        if isinstance(number, int | str) and str(number).isdecimal() and 400 <= int(number) <= 599:
            return int(number)
    return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def _number(text: str | None) -> int | None:
    return int(text[:9]) if text else None
