"""An httpx transport whose every socket operation ends when the request's total time does.

httpx bounds each read, not the sum of them: a server that sends one byte now and then would hold
a request forever, even before its headers are complete. The deadline travels in the request's
extensions and holds for the thread that sends it.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import httpcore
import httpx

from scimdoctor.endpoint.failures import NO_HANDSHAKE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from scimdoctor.endpoint.body import Deadline

KEEP_ALIVE_SECONDS = 2.0
"""Shorter than any server's: a connection that the server is about to close is not used again."""

_TRANSLATION: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


class BoundedTransport(httpx.BaseTransport):
    """HTTP/1.1 over pooled connections. `proxy_of` names the proxy for a URL, if there is one.

    `trust` gives the context of https; it is asked for the first such request only.
    """

    def __init__(
        self,
        trust: Callable[[], ssl.SSLContext],
        *,
        proxy_of: Callable[[httpx.URL], str | None] = lambda _: None,
        connections: int = 32,
    ) -> None:
        self._trust = trust
        self._proxy_of = proxy_of
        self._connections = connections
        self._lock = threading.Lock()
        self._pools: dict[tuple[str | None, bool], httpcore.ConnectionPool] = {}
        self._clock = _ThreadDeadline()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; its `deadline` extension bounds all that follows."""
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101 - for the type
        self._clock.deadline = request.extensions.get("deadline")
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": request.extensions.get("timeout", {})},
        )
        with _translated():
            pool = self._pool(self._proxy_of(request.url), secure=request.url.scheme == "https")
            answer = pool.handle_request(sent)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, proxy: str | None, *, secure: bool) -> httpcore.ConnectionPool:
        with self._lock:
            if (proxy, secure) not in self._pools:
                self._pools[proxy, secure] = httpcore.ConnectionPool(
                    ssl_context=self._trust() if secure else None,
                    proxy=None if proxy is None else _proxy(proxy),
                    max_connections=self._connections,
                    keepalive_expiry=KEEP_ALIVE_SECONDS,
                    network_backend=_Backend(self._clock),
                )
            return self._pools[proxy, secure]


class _ThreadDeadline(threading.local):
    """The deadline of the request that the current thread is about."""

    deadline: Deadline | None = None

    def bounded(self, timeout: float | None) -> float | None:
        if self.deadline is None:
            return timeout
        left = self.deadline.left()
        if left <= 0:
            raise httpcore.ReadTimeout("the total time is used up")
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, clock: _ThreadDeadline) -> None:
        self._clock = clock
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(
            host, port, self._clock.bounded(timeout), local_address, socket_options
        )
        return _BoundedStream(stream, self._clock)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, clock: _ThreadDeadline) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._clock.bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._clock.bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._clock.bounded(timeout)
        try:
            secured = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectTimeout as error:
            raise httpcore.ConnectTimeout(NO_HANDSHAKE) from error
        return _BoundedStream(secured, self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Stream(httpx.SyncByteStream):
    """The body, with httpcore's errors translated."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _translated():
            self._answer.close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn httpcore's exceptions into httpx's."""
    kinds = tuple(kind for kind, _ in _TRANSLATION)
    try:
        yield
    except kinds as error:
        translated = next(into for kind, into in _TRANSLATION if isinstance(error, kind))
        raise translated(str(error)) from error


def _proxy(url: str) -> httpcore.Proxy:
    parts = httpx.URL(url)
    auth = (parts.username, parts.password) if parts.username else None
    return httpcore.Proxy(str(parts.copy_with(userinfo=b"")), auth=auth)
