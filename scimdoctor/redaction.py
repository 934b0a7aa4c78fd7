"""Keeps secrets out of everything that is recorded, printed or stored.

Redaction happens when something is recorded, not when it is shown: no `Exchange` in memory
holds a bearer token.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scimdoctor.model.exchange import Headers

REDACTED = "[redacted]"

_SECRET_HEADER = re.compile(
    r"authorization|token|secret|passw|passphrase|cookie|credential|session|bearer|signature|jwt"
    r"|apikey|subscriptionkey|(?:key|auth|pin)$"
)
_HARMLESS_HEADERS = frozenset(
    {"access-control-allow-credentials", "idempotency-key", "sec-websocket-key", "surrogate-key"}
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
_PASSWORD = r"(?:[^\"\\]{0,200}[.:])?password"
_TEXT = r"(?:[^\"\\]|\\.)*"
_QUOTED = r"\\{1,7}\""
"""A quotation mark in JSON that is itself the text of a JSON value."""

_OP = r"(?:\"op\"\s*:\s*\"\w+\"\s*,\s*)?"
_PASSWORDS = (
    re.compile(rf'(?i)("{_PASSWORD}"\s*:\s*"){_TEXT}'),
    re.compile(rf'(?i)("path"\s*:\s*"{_PASSWORD}"\s*,\s*{_OP}"value"\s*:\s*"){_TEXT}'),
    re.compile(rf'(?i)("value"\s*:\s*"){_TEXT}(?="\s*,\s*{_OP}"path"\s*:\s*"{_PASSWORD}")'),
    re.compile(
        rf"(?i)((?:{_QUOTED}path{_QUOTED}\s*:\s*)?{_QUOTED}{_PASSWORD}{_QUOTED}\s*"
        rf"(?:,\s*{_QUOTED}value{_QUOTED}\s*)?:\s*{_QUOTED}).{{1,300}}?(?={_QUOTED}\s*[,}}\]]|$)"
    ),
    re.compile(
        rf"(?i)({_QUOTED}value{_QUOTED}\s*:\s*{_QUOTED})[^\"]{{1,300}}"
        rf"(?={_QUOTED}\s*,\s*{_QUOTED}path{_QUOTED}\s*:\s*{_QUOTED}{_PASSWORD}{_QUOTED})"
    ),
)
"""How a password stands in JSON that was cut off, or is quoted in other text."""

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
    if "passw" in text.lower():
        for pattern in _PASSWORDS:
            text = pattern.sub(rf"\1{REDACTED}", text)
    text = _FORM_SECRET.sub(rf"\1={REDACTED}", text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def is_secret_header(name: str) -> bool:
    """Whether a header called `name` is likely to hold a credential, such as `X-Api-Key`."""
    folded = name.strip().casefold()
    plain = folded.replace("-", "").replace("_", "")
    return folded not in _HARMLESS_HEADERS and _SECRET_HEADER.search(plain) is not None


def is_password(path: str) -> bool:
    """Whether the last name in the attribute path `path` is `password` (RFC 7643 section 4.1.1)."""
    folded = path.strip().casefold()
    return folded.endswith("password") and not folded[-9:-8].isalnum()


def redact_headers(
    headers: Headers, secrets: Iterable[Secret] = (), *, names: Collection[str] = ()
) -> Headers:
    """Return `headers` with credentials replaced; the scheme of `Authorization` stays.

    `names` (in lower case) are headers to hide besides those that look like credentials.
    """
    kept = tuple(secrets)
    return tuple(
        (name, _hidden_value(value))
        if name.casefold() in names or is_secret_header(name)
        else (name, redact_text(value, kept))
        for name, value in headers
    )


def _hidden_value(value: str) -> str:
    if _HARMLESS_SCHEMES.match(value):
        return f"{value.split(maxsplit=1)[0]} {REDACTED}"
    return REDACTED


def redact_body(body: bytes, secrets: Iterable[Secret] = ()) -> bytes:
    """Return `body` without secrets and passwords; bytes that hold none come back untouched."""
    try:
        text, encoding = body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = body.decode("latin-1"), "latin-1"
    cleaned = redact_text(_without_password_values(text), secrets)
    return body if cleaned == text else cleaned.encode(encoding, "replace")


def _without_password_values(text: str) -> str:
    """The JSON in `text` with every password replaced; `text` itself if it holds none."""
    if "passw" not in text.lower() and "\\u" not in text:
        return text
    try:
        document = json.loads(text.removeprefix("\ufeff"))
        hidden = hide_passwords(document)
        return text if hidden == document else json.dumps(hidden, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def hide_passwords(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a resource or PATCH body with the values of passwords replaced, whatever their form."""
    if isinstance(value, list):
        return [hide_passwords(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_operation = names_password(value)
    return {
        key: _hidden(inner)
        if is_password(key) or (is_operation and key.casefold() == "value")
        else hide_passwords(inner)
        for key, inner in value.items()
    }


def drop_passwords(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a resource or PATCH body without passwords and the operations that set them."""
    if isinstance(value, list):
        return [drop_passwords(item) for item in value if not names_password(item)]
    if not isinstance(value, dict):
        return value
    return {key: drop_passwords(inner) for key, inner in value.items() if not is_password(key)}


def names_password(operation: object) -> bool:
    """Whether `operation`, one of a PATCH, is about a password by its path."""
    if not isinstance(operation, dict):
        return False
    paths = (inner for key, inner in operation.items() if key.casefold() == "path")
    return any(isinstance(path, str) and is_password(path) for path in paths)


def _hidden(value: Any) -> Any:  # noqa: ANN401
    """`value` with every text and number replaced; a Boolean tells nothing, and `null` neither."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, bool) or value == "" else REDACTED
