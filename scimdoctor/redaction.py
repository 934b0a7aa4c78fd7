"""Keeps secrets out of everything that is recorded, printed or stored.

Redaction happens when something is recorded, not when it is shown: no `Exchange` in memory
holds a bearer token.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from scimdoctor.model.exchange import Headers

REDACTED = "[redacted]"

DECOY = "scimdoctor-wrong-on-purpose"
"""No secret: what is sent as a token or client secret to see it refused. It stays in the record, so that
a request with it can be told from one with the right credential."""

_SECRET_HEADER = re.compile(
    r"authorization|token|secret|passw|passphrase|cookie|credential|session|bearer|signature|jwt"
    r"|apikey|subscriptionkey|(?:key|auth|pin)$"
)
_HARMLESS_HEADERS = frozenset(
    {"access-control-allow-credentials", "idempotency-key", "sec-websocket-key", "surrogate-key"}
)
_HARMLESS_SCHEMES = re.compile(r"(?i)^(bearer|basic|digest|negotiate|token)\s+\S")
_PAGING = r"(?<!skip)(?<!skip[_-])(?<!delta)(?<!delta[_-])(?<!page)(?<!page[_-])"
_PAGING += r"(?<!continuation)(?<!continuation[_-])(?<!sync)(?<!sync[_-])"
"""A token that only says where a list goes on is no credential."""

_KEYS = r"(?:api|subscription|private|access|account|shared|secret|signing|functions?|master|user)"
_CREDENTIAL = (
    rf"(?:{_PAGING}token|secret|(?<!change)(?<!change[_-])pass(?:word|phrase|wd)|{_KEYS}[_-]?key"
    r"|client[_-]?assertion|device[_-]?code|code[_-]?verifier)"
)
"""How the name of a credential ends, in a URL, a form, JSON, XML or an attribute path."""

_CREDENTIAL_NAME = re.compile(rf"(?i){_CREDENTIAL}$")
_VALUE = r"([^&;\s\"'<>]+)"
_PARAMETER = re.compile(rf"([?&;#]|^|&amp;)([\w.$-]{{1,80}})={_VALUE}")
_ASSIGNMENT = re.compile(rf"(?<![\w-])()([\w-]{{1,80}})={_VALUE}")
_MEMBER = re.compile(r'("([^"\\]{1,200})"\s*:\s*)("(?:[^"\\]|\\.)*|-?\d[\d.eE+-]*)')
_QUOTED_MEMBER = re.compile(
    r'(\\{1,7}"([^"\\]{1,200})\\{1,7}"\s*:\s*)'
    r'(\\{1,7}"(?:[^"\\]|\\{1,15}(?!["\\]))*|-?\d[\d.eE+-]*)'
)
_ELEMENT = re.compile(r"(<(?:[\w.-]{1,40}:)?([\w.-]{1,80})(?:\s[^<>]{0,500})?>)([^<]+)")
_PARAMETERS = frozenset({"code", "key", "auth", "jwt", "credential", "token"})
"""Names that mean a credential as a parameter of a URL, and much else elsewhere."""

_SIGNATURES = frozenset({"sig", "signature"})
_NOTHING = frozenset({"", "true", "false"})
_CREDENTIAL_WORDS = re.compile(
    r"(?i)token|secret|passw|passphrase|key|assertion|device.?code|sig|\\u"
)
_GLANCED = ("token", "secret", "pass", "key", "assertion", "device", "sig", "\\u")
"""One of these is in each of `_CREDENTIAL_WORDS`."""

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
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)[^/\s@\"']{1,500}@")


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
        text = _without(text, secret.reveal())
    # Looking for a few letters costs far less than a pattern: most texts hold nothing of this.
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if _may_hold(text, ("bearer", "basic")):
        text = _BEARER.sub(rf"\1\2{REDACTED}", text)
    if "passw" in text.lower():
        for pattern in _PASSWORDS:
            text = pattern.sub(rf"\1{REDACTED}", text)
    if "=" in text:
        text = _PARAMETER.sub(_hidden_parameter, text)
    if _names_a_credential(text):
        text = _MEMBER.sub(_hidden_member, text)
        text = _QUOTED_MEMBER.sub(_hidden_member, text)
        text = _ELEMENT.sub(_hidden_member, text)
        text = _ASSIGNMENT.sub(_hidden_parameter, text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text) if "://" in text else text


def _may_hold(text: str, words: tuple[str, ...]) -> bool:
    """Whether a search for `words` in any letter case can find one, at the price of a glance.

    Beyond ASCII, letters have more cases than `lower` knows.
    """
    if not text.isascii():
        return True
    lower = text.lower()
    return any(word in lower for word in words)


def _names_a_credential(text: str) -> bool:
    """Whether a word is in `text` that goes with credentials."""
    return _may_hold(text, _GLANCED) and _CREDENTIAL_WORDS.search(text) is not None


def _without(text: str, secret: str) -> str:
    """`text` without `secret`, and without a beginning of it, as a server that cuts it off echoes."""
    if len(secret) < 4:
        return text
    text = text.replace(secret, REDACTED)
    if len(secret) <= _BEGINNING or secret[:7].casefold() == "bearer ":
        return text
    begin, at = secret[:_BEGINNING], 0
    while (at := text.find(begin, at)) >= 0:
        rest = zip(text[at:], secret, strict=False)
        length = next(
            (i for i, (a, b) in enumerate(rest) if a != b), min(len(text) - at, len(secret))
        )
        if _is_telling(secret[:length]):
            text = f"{text[:at]}{REDACTED}{text[at + length :]}"
        at += _BEGINNING
    return text


_BEGINNING = 8
"""Characters of a secret that give it away if they stand alone."""


def _is_telling(beginning: str) -> bool:
    """Whether this is hardly a word by chance, as `password` or `contoso-` would be."""
    digits = any(c.isdigit() for c in beginning) and any(c.isalpha() for c in beginning)
    words = beginning.islower() or beginning.isupper() or beginning.istitle()
    return digits or not words or len(beginning) >= 2 * _BEGINNING


def _hidden_parameter(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    in_url = bool(before) or found.start() == 0
    secret = _is_secret_name(name) or (in_url and name.casefold() in _PARAMETERS)
    return f"{before}{name}={REDACTED}" if secret and value != DECOY else found[0]


def _hidden_member(found: re.Match[str]) -> str:
    """A member of JSON or an element of XML with its value replaced; a number becomes a text."""
    before, name, value = found.groups()
    if not _is_secret_name(name):
        return found[0]
    if before.endswith(">"):
        return f"{before}{REDACTED}"
    quote, _, text = value.partition('"')
    if '"' not in value:
        return f'{before}"{REDACTED}"'
    return found[0] if text.casefold() in _NOTHING else f'{before}{quote}"{REDACTED}'


def _is_secret_name(name: str) -> bool:
    return name.casefold() in _SIGNATURES or is_credential_name(name)


@lru_cache(maxsize=4096)
def is_credential_name(name: str) -> bool:
    """Whether `name` (of a parameter, a member of JSON, an attribute path) ends as a credential's."""
    return _CREDENTIAL_NAME.search(name.strip()) is not None


def is_secret_header(name: str) -> bool:
    """Whether a header called `name` is likely to hold a credential, such as `X-Api-Key`."""
    folded = name.strip().casefold()
    plain = folded.replace("-", "").replace("_", "")
    likely = is_credential_name(folded) or _SECRET_HEADER.search(plain) is not None
    return likely and folded not in _HARMLESS_HEADERS


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


def is_decoy(credential: str) -> bool:
    """Whether `credential` is `DECOY`: plain, or as a client's secret in Basic authentication."""
    if credential == DECOY:
        return True
    try:
        return base64.b64decode(credential, validate=True).endswith(f":{DECOY}".encode())
    except ValueError:
        return False


def _hidden_value(value: str) -> str:
    if is_decoy(value.partition(" ")[2]):
        return value
    if _HARMLESS_SCHEMES.match(value):
        return f"{value.split(maxsplit=1)[0]} {REDACTED}"
    return REDACTED


def redact_body(body: bytes, secrets: Iterable[Secret] = ()) -> bytes:
    """Return `body` without secrets and passwords; bytes that hold none come back untouched."""
    try:
        text, encoding = body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = body.decode("latin-1"), "latin-1"
    cleaned = redact_text(_without_credential_values(text), secrets)
    return body if cleaned == text else cleaned.encode(encoding, "replace")


def _without_credential_values(text: str) -> str:
    """The JSON in `text` with every credential replaced; `text` itself if it holds none."""
    if not _names_a_credential(text):
        return text
    try:
        document = json.loads(text.removeprefix("\ufeff"))
        hidden = hide_credentials(document)
        return text if hidden == document else json.dumps(hidden, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def hide_credentials(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a resource or PATCH body with passwords, tokens and keys replaced, whatever their form."""
    if isinstance(value, list):
        return [hide_credentials(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_operation = _names(value, is_secret_attribute)
    return {
        key: _hidden(inner)
        if is_secret_attribute(key) or (is_operation and key.casefold() == "value")
        else hide_credentials(inner)
        for key, inner in value.items()
    }


def is_secret_attribute(path: str) -> bool:
    """Whether the attribute path `path` ends as a password's or another credential's."""
    return is_password(path) or is_credential_name(path)


def drop_passwords(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a resource or PATCH body without passwords and the operations that set them."""
    if isinstance(value, list):
        return [drop_passwords(item) for item in value if not names_password(item)]
    if not isinstance(value, dict):
        return value
    return {key: drop_passwords(inner) for key, inner in value.items() if not is_password(key)}


def names_password(operation: object) -> bool:
    """Whether `operation`, one of a PATCH, is about a password by its path."""
    return _names(operation, is_password)


def _names(operation: object, is_meant: Callable[[str], bool]) -> bool:
    if not isinstance(operation, dict):
        return False
    paths = (inner for key, inner in operation.items() if key.casefold() == "path")
    return any(isinstance(path, str) and is_meant(path) for path in paths)


def _hidden(value: Any) -> Any:  # noqa: ANN401
    """`value` with every text and number replaced; a Boolean tells nothing, and `null` neither."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, bool) or value == "" else REDACTED
