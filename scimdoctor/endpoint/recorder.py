"""The list of exchanges of one run: numbered, free of secrets, safe to share by threads."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from scimdoctor.redaction import Secret, is_decoy, redact_body, redact_headers, redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse, TransportFailure

SHORTEST_SECRET = 4


def spellings(secret: Secret) -> tuple[Secret, ...]:
    """Every spelling in which a server may echo `secret`; longest first.

    Plain, in JSON, in a URL, in Base64, and as a server writes it that takes UTF-8 for Latin-1.
    """
    plain = secret.reveal().strip()
    bare = plain[7:].strip() if plain[:7].casefold() == "bearer " else plain
    forms = {secret.reveal(), *_in_base64(bare)}
    for text in (plain, bare, _misread(plain), _misread(bare)):
        in_json = json.dumps(text)[1:-1]
        forms |= {text, in_json, json.dumps(text, ensure_ascii=False)[1:-1]}
        forms |= {in_json.replace("/", "\\/"), quote(text), quote(text, safe=""), quote_plus(text)}
    kept = (form for form in forms if len(form) >= SHORTEST_SECRET)
    return tuple(Secret(form) for form in sorted(kept, key=lambda form: (-len(form), form)))


def _misread(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _in_base64(text: str) -> Iterator[str]:
    """`text` in both alphabets, wherever it stands in what was encoded, such as `user:text`."""
    if len(text) < 2 * SHORTEST_SECRET:
        return
    for before in range(3):
        plain = b"\0" * before + text.encode("utf-8", "surrogatepass")
        whole = 4 * (len(plain) // 3)
        first = (0, 2, 3)[before]  # these characters hold bits of what stands before
        yield base64.b64encode(plain).decode()[first:whole]
        yield base64.urlsafe_b64encode(plain).decode()[first:whole]


class Recorder:
    """Removes secrets from exchanges and keeps them, as `x1`, `x2` … in order of sending.

    Share one among several endpoints so that ids stay unique in one report. `listener` hears each
    exchange as it is recorded, free of secrets.
    """

    def __init__(
        self,
        secrets: Iterable[Secret] = (),
        *,
        clock: Callable[[], datetime] | None = None,
        listener: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._secrets: tuple[Secret, ...] = ()
        self._hidden_headers: frozenset[str] = frozenset()
        self._exchanges: list[Exchange] = []
        self._numbered = 0
        self._clock = clock or (lambda: datetime.now(UTC))
        self.hide(secrets)

    def hide(self, secrets: Iterable[Secret]) -> None:
        """Keep `secrets` out of everything that is recorded from now on."""
        real = [secret for secret in secrets if not is_decoy(secret.reveal())]
        forms = [form for secret in real for form in spellings(secret)]
        with self._lock:
            known = {form.reveal() for form in self._secrets}
            fresh = [form for form in forms if form.reveal() not in known]
            merged = sorted((*self._secrets, *fresh), key=lambda form: -len(form.reveal()))
            self._secrets = tuple(merged)

    def hide_headers(self, names: Iterable[str]) -> None:
        """Keep the values of the headers `names` out of the record, however short they are."""
        with self._lock:
            self._hidden_headers |= {name.casefold() for name in names}

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was recorded, in the order of their numbers."""
        with self._lock:
            return tuple(sorted(self._exchanges, key=lambda x: int(x.id[1:])))

    def next_id(self) -> str:
        """The id of the exchange that is about to begin."""
        with self._lock:
            self._numbered += 1
            return f"x{self._numbered}"

    def now(self) -> datetime:
        """The time, aware, UTC."""
        return self._clock()

    def record(self, exchange: Exchange) -> Exchange:
        """Keep `exchange` without its secrets, and return it so."""
        clean = self.cleaned(exchange)
        with self._lock:
            self._exchanges.append(clean)
        if self._listener is not None:
            self._listener(clean)
        return clean

    def forget(self, exchange_id: str) -> None:
        """Drop one exchange: a page of a long list is no evidence, and many fill the memory."""
        with self._lock:
            self._exchanges = [x for x in self._exchanges if x.id != exchange_id]

    def shorten(self, exchange_id: str, longest: int) -> None:
        """Keep at most so many bytes of one answer: what was read whole is no evidence whole."""
        with self._lock:
            self._exchanges = [
                _shortened(x, longest) if x.id == exchange_id else x for x in self._exchanges
            ]

    def mark_own(self, *exchange_ids: str) -> None:
        """Mark exchanges that serve the tool itself: Entra sends no such requests."""
        with self._lock:
            self._exchanges = [
                replace(x, own=True) if x.id in exchange_ids else x for x in self._exchanges
            ]

    def cleaned(self, exchange: Exchange) -> Exchange:
        """Return `exchange` without its secrets, keeping nothing."""
        secrets, hidden = self._secrets, self._hidden_headers
        return replace(
            exchange,
            request=_clean_request(exchange.request, secrets, hidden),
            url=redact_text(exchange.url, secrets),
            response=exchange.response and _clean_response(exchange.response, secrets, hidden),
            failure=exchange.failure and _clean_failure(exchange.failure, secrets),
        )


def _shortened(exchange: Exchange, longest: int) -> Exchange:
    response = exchange.response
    if response is None or len(response.body) <= longest:
        return exchange
    cut = replace(response, body=response.body[:longest], truncated=True)
    return replace(exchange, response=cut)


def _clean_request(
    request: ScimRequest, secrets: tuple[Secret, ...], hidden: frozenset[str]
) -> ScimRequest:
    return replace(
        request,
        path=redact_text(request.path, secrets),
        query=redact_text(request.query, secrets),
        headers=redact_headers(request.headers, secrets, names=hidden),
        body=redact_body(request.body, secrets),
    )


def _clean_response(
    response: ScimResponse, secrets: tuple[Secret, ...], hidden: frozenset[str]
) -> ScimResponse:
    body = redact_body(response.body, secrets)
    if response.truncated and secrets:
        body = body[: max(0, len(body) - max(len(s.reveal().encode()) for s in secrets))]
    headers = redact_headers(response.headers, secrets, names=hidden)
    return replace(response, headers=headers, body=body)


def _clean_failure(failure: TransportFailure, secrets: tuple[Secret, ...]) -> TransportFailure:
    return replace(failure, message=redact_text(failure.message, secrets))
