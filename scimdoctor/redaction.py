"""Keeps secrets out of everything that is recorded, printed or stored.

Redaction happens when something is recorded, not when it is shown: no `Exchange` in memory
holds a bearer token.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.model.exchange import Headers

REDACTED = "[redacted]"

_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "apikey",
        "x-auth-token",
        "x-access-token",
        "x-functions-key",
        "ocp-apim-subscription-key",
    }
)
_HARMLESS_SCHEMES = re.compile(r"(?i)^(bearer|basic|digest|negotiate|token)\s+\S")
_SENSITIVE_KEY = (
    r"(?:access_?token|refresh_?token|id_?token|client_?secret|secret_?token|client_?assertion"
    r"|pass(?:word|phrase)|api_?key|private_?key|device_code|code_verifier|sig(?:nature)?)"
)
_FORM_SECRET = re.compile(
    rf"(?i)(\b{_SENSITIVE_KEY}|(?:(?<=[?&;])|^)(?:code|token|key))=[^&;\s\"'<>]+"
)
_JSON_SECRET = re.compile(rf"(?i)(\"{_SENSITIVE_KEY}\"\s*:\s*\")(?:[^\"\\]|\\.)*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@\"']+@")


class Secret:
    """A text that does not show itself; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that must send it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written to disk")


def redact_text(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Return `text` without known secrets, bearer credentials, JWTs and secret parameters."""
    for secret in secrets:
        value = secret.reveal()
        if len(value) >= 4:
            text = text.replace(value, REDACTED)
    text = _JWT.sub(REDACTED, text)
    text = _BEARER.sub(rf"\1\2{REDACTED}", text)
    text = _JSON_SECRET.sub(rf"\1{REDACTED}", text)
    text = _FORM_SECRET.sub(rf"\1={REDACTED}", text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def redact_headers(headers: Headers, secrets: Iterable[Secret] = ()) -> Headers:
    """Return `headers` with credentials replaced; the scheme of `Authorization` stays."""
    kept = tuple(secrets)
    return tuple((name, _header_value(name, value, kept)) for name, value in headers)


def _header_value(name: str, value: str, secrets: tuple[Secret, ...]) -> str:
    if name.casefold() not in _SECRET_HEADERS:
        return redact_text(value, secrets)
    if _HARMLESS_SCHEMES.match(value):
        return f"{value.split(maxsplit=1)[0]} {REDACTED}"
    return REDACTED


def redact_body(body: bytes, secrets: Iterable[Secret] = ()) -> bytes:
    """Return `body` without secrets; bytes that hold none come back untouched."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        cleaned = redact_text(text, secrets)
        return body if cleaned == text else cleaned.encode("latin-1", "replace")
    cleaned = redact_text(text, secrets)
    return body if cleaned == text else cleaned.encode()
