"""A small threaded HTTP/1.1 server on 127.0.0.1 for a handler of the lab.

Each connection has a thread and stays open between requests. Every answer leaves in one write.
It can misbehave on purpose (`Behaviour`), and `stop` ends every connection and thread.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO, Self

from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from scimdoctor.lab.http import Handler

MAX_LINE = 65_536
MAX_HEADERS = 200
DRIP_PAUSE_IN_SECONDS = 0.2
CUT_IN_BYTES = 10
"""By how much `Behaviour.LONG` announces too little."""

_NO_BODY = frozenset({204, 304})


class LoopbackServer:
    """Serves `handler` from entering the context until leaving it.

    `port` 0 takes any free port; `slow_seconds` is how late `Behaviour.SLOW` answers.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        tls_context: ssl.SSLContext | None = None,
        port: int = 0,
        slow_seconds: float = 5.0,
    ) -> None:
        self._handler = handler
        self._tls_context = tls_context
        self._slow_seconds = slow_seconds
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        """The port it listens on."""

        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._acceptor: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""
        return f"{'https' if self._tls_context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to accept connections."""
        self._acceptor = threading.Thread(target=self._accept, name="loopback", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Close everything and wait for the threads; a second call does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._wake_acceptor()
        self._listener.close()
        with self._lock:
            open_now = list(self._connections.items())
        for connection, thread in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)

    def _wake_acceptor(self) -> None:
        if self._acceptor is None:
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass
        self._acceptor.join(timeout=5)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._stopped.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._connections[connection] = thread
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        """Serve one connection until either side closes it."""
        connection = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls_context is not None:
                raw.settimeout(10)
                connection = self._tls_context.wrap_socket(raw, server_side=True)
                connection.settimeout(None)
            with connection.makefile("rb") as stream:
                while not self._stopped.is_set() and self._serve_one(connection, stream):
                    pass
        except (OSError, ValueError):
            pass  # the client went away, or sent what is no HTTP
        finally:
            connection.close()
            raw.close()
            with self._lock:
                self._connections.pop(raw, None)

    def _serve_one(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """Serve one request; whether another may follow."""
        request = read_request(stream, connection)
        if request is None:
            return False
        try:
            answer = self._handler(request)
        except Exception as error:  # noqa: BLE001 - a broken handler answers 500, as a server does
            text = f"The lab failed: {error!r}".encode()
            answer = LabResponse(status=500, headers=(("Content-Type", "text/plain"),), body=text)
        if answer.behaviour is not None:
            return self._misbehave(connection, answer)
        connection.sendall(_message(answer, head_only=request.method == "HEAD"))
        return (request.header("connection") or "").casefold() != "close"

    def _misbehave(self, connection: socket.socket, answer: LabResponse) -> bool:
        match answer.behaviour:
            case Behaviour.HANG:
                self._until_closed(connection)
            case Behaviour.DRIP:
                self._drip(connection, answer)
            case Behaviour.RESET:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            case Behaviour.ENDLESS:
                self._repeat(connection, answer)
            case Behaviour.RAW:
                connection.sendall(answer.body)
            case Behaviour.SHORT:
                connection.sendall(_head(answer, len(answer.body) + 100) + answer.body)
            case Behaviour.LONG:
                connection.sendall(
                    _head(answer, max(0, len(answer.body) - CUT_IN_BYTES)) + answer.body
                )
            case _:
                self._stopped.wait(self._slow_seconds)
                connection.sendall(_message(answer))
                return True
        return False

    def _until_closed(self, connection: socket.socket) -> None:
        while not self._stopped.is_set():
            readable, _, _ = select.select([connection], [], [], 0.2)
            if readable and not connection.recv(4096):
                return

    def _drip(self, connection: socket.socket, answer: LabResponse) -> None:
        connection.sendall(_head(answer, 1_000_000))
        for index in range(1_000_000):
            connection.sendall(answer.body[index : index + 1] or b" ")
            if self._stopped.wait(DRIP_PAUSE_IN_SECONDS):
                return

    def _repeat(self, connection: socket.socket, answer: LabResponse) -> None:
        connection.sendall(_head(answer, None))
        chunk = b"%x\r\n%b\r\n" % (len(answer.body), answer.body)
        while not self._stopped.is_set():
            connection.sendall(chunk)


def _message(answer: LabResponse, *, head_only: bool = False) -> bytes:
    if answer.status in _NO_BODY:
        return _head(answer, 0)
    return _head(answer, len(answer.body)) + (b"" if head_only else answer.body)


def _head(answer: LabResponse, length: int | None) -> bytes:
    """Status line and headers; `length` `None` announces chunks."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if length is None:
        lines.append("Transfer-Encoding: chunked")
    elif answer.status not in _NO_BODY:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def read_request(stream: BinaryIO, connection: socket.socket) -> LabRequest | None:
    """Read one request; `None` when the client closed the connection or sent no HTTP."""
    line = stream.readline(MAX_LINE).rstrip(b"\r\n").decode("latin-1")
    parts = line.split(" ")
    if len(parts) != 3:
        return None
    headers = tuple(_read_headers(stream))
    request = LabRequest(method=parts[0], target=_origin_form(parts[1]), headers=headers)
    if (request.header("expect") or "").casefold() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(stream, request)
    return LabRequest(method=request.method, target=request.target, headers=headers, body=body)


def _origin_form(target: str) -> str:
    """Path and query of the target, also when a proxy's absolute form was sent."""
    if target.startswith("/"):
        return target
    _, _, rest = target.partition("://")
    return "/" + rest.partition("/")[2]


def _read_headers(stream: BinaryIO) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE).rstrip(b"\r\n").decode("latin-1")
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers.append((name.strip(), value.strip()))
    raise ValueError("too many headers")


def _read_body(stream: BinaryIO, request: LabRequest) -> bytes:
    if (request.header("transfer-encoding") or "").casefold() == "chunked":
        return _read_chunks(stream)
    return stream.read(int(request.header("content-length") or 0))


def _read_chunks(stream: BinaryIO) -> bytes:
    body = bytearray()
    while size := int(stream.readline(MAX_LINE).partition(b";")[0], 16):
        body += stream.read(size)
        stream.readline(MAX_LINE)
    while stream.readline(MAX_LINE).rstrip(b"\r\n"):
        pass
    return bytes(body)
