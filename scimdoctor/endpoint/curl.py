"""Writes a request as one `curl` line that a person can paste; the token is a shell variable."""

from __future__ import annotations

import base64
import re
import shlex
from typing import TYPE_CHECKING

from scimdoctor.model.exchange import header_value
from scimdoctor.redaction import REDACTED, is_decoy, redact_body, redact_headers, redact_text

if TYPE_CHECKING:
    from scimdoctor.model.exchange import ScimRequest

TOKEN_HEADER = '-H "Authorization: Bearer $SCIMDOCTOR_ENDPOINT_TOKEN"'
CLIENT_CREDENTIALS = '--user "$SCIMDOCTOR_OAUTH_CLIENT_ID:$SCIMDOCTOR_OAUTH_CLIENT_SECRET"'
_HIDDEN_SECRET = f"client_secret={REDACTED}"
_CLIENT_SECRET = """client_secret='"$SCIMDOCTOR_OAUTH_CLIENT_SECRET"'"""
"""In the place of what is hidden, inside quotes that the shell takes literally."""

LARGEST_ARGUMENT = 100_000
"""Bytes: Linux takes no argument of 128 KiB, a few thousand members of a group."""

_BODY_FILE = "request-body.json"
_HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def curl_line(request: ScimRequest, base_url: str, *, signed: bool = True) -> str:
    """Return a shell command that sends `request` to the SCIM root at `base_url`.

    It sends the token unless `request` was recorded with a wrong one, or with a client's credentials
    for the token endpoint: then it sends these. One that is not `signed` sends none at all.

    Every text is quoted for a POSIX shell; curl's own special characters are switched off.
    Known kinds of secrets are left out. A body too long for a command line comes from a file, which
    the line says first, in words that the shell's `:` ignores. With an empty `base_url` the line takes the root from the
    shell variable `SCIM_ROOT`.
    """
    options = ["curl", "-sS", "-i", "--globoff", "--path-as-is", *_method(request)]
    options += [*([_authorization(request)] if signed else []), "-H", "User-Agent:"]
    options += _headers(request)
    prefix, data = _data(redact_body(request.body))
    url = _quoted(redact_text(base_url.rstrip("/") + request.target))
    root = "" if base_url else '"$SCIM_ROOT"'
    return f"{prefix}{' '.join(options)}{data} --url {root}{url}"


def _authorization(request: ScimRequest) -> str:
    value = header_value(request.headers, "authorization") or ""
    scheme, _, credential = value.partition(" ")
    if is_decoy(credential):
        return f"-H {_quoted(f'Authorization: {value}')}"
    return CLIENT_CREDENTIALS if scheme.casefold() == "basic" else TOKEN_HEADER


def _method(request: ScimRequest) -> list[str]:
    method = request.method.upper()
    if method == "GET" and not request.body:
        return []
    return ["--head"] if method == "HEAD" else ["-X", _quoted(method)]


def _headers(request: ScimRequest) -> list[str]:
    options: list[str] = []
    for name, value in redact_headers(request.headers):
        known = name.casefold() in {"authorization", "user-agent", "host", "content-length"}
        if not known and REDACTED not in value and _HEADER_NAME.match(name):
            # `name;` is how curl is told to send a header without a value.
            text = f"{name}: {value}" if value.strip() else f"{name};"
            options += ["-H", _quoted(text)]
    if request.body and header_value(request.headers, "content-type") is None:
        options += ["-H", "Content-Type:"]
    return options


def _data(body: bytes) -> tuple[str, str]:
    """What goes before curl, and curl's data option."""
    if not body:
        return "", ""
    if len(body) > LARGEST_ARGUMENT:
        first = f": first save the {len(body)} bytes of body, see -f json, as {_BODY_FILE}; "
        return first, f" --data-binary @{_BODY_FILE}"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\x00"
    if _UNPRINTABLE.search(text):
        encoded = base64.b64encode(body).decode()
        return f"printf %s {encoded} | base64 -d | ", " --data-binary @-"
    return "", f" --data-raw {_quoted(text).replace(_HIDDEN_SECRET, _CLIENT_SECRET)}"


def _quoted(text: str) -> str:
    return shlex.quote(_UNPRINTABLE.sub(lambda found: f"%{ord(found[0]):02X}", text))
