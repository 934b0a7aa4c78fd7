"""The loopback server: keep-alive, misbehaviour on purpose, and a clean end."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse
from scimdoctor.lab.loopback import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable


def echo(request: LabRequest) -> LabResponse:
    headers = (("X-Target", request.target), ("X-Method", request.method))
    return LabResponse(status=200, headers=headers, body=request.body)


def answering(response: LabResponse) -> Callable[[LabRequest], LabResponse]:
    return lambda _: response


def misbehaving(behaviour: Behaviour) -> Callable[[LabRequest], LabResponse]:
    return answering(LabResponse(status=200, body=b'{"a":"0123456789"}', behaviour=behaviour))


def test_it_listens_on_loopback_only() -> None:
    with LoopbackServer(echo) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{server.url}/a?b=c+d").headers["x-target"] == "/a?b=c+d"


def test_connections_are_kept() -> None:
    with LoopbackServer(echo) as server, httpx.Client(base_url=server.url) as client:
        bodies = [client.post("/", content=b"x" * size).content for size in (0, 1, 100_000)]
        assert [len(body) for body in bodies] == [0, 1, 100_000]
        assert len(server._connections) == 1


def test_chunked_requests_are_read() -> None:
    with LoopbackServer(echo) as server:
        answer = httpx.post(server.url, content=iter([b"ab", b"c"]))
        assert answer.content == b"abc"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_have_none(status: int) -> None:
    handler = answering(LabResponse(status=status))
    with LoopbackServer(handler) as server, httpx.Client(base_url=server.url) as client:
        assert [client.get("/").status_code for _ in range(2)] == [status, status]
        assert "content-length" not in client.get("/").headers


def test_an_unknown_status_is_sent() -> None:
    with LoopbackServer(answering(LabResponse(status=499))) as server:
        assert httpx.get(server.url).status_code == 499


def test_head_has_no_body() -> None:
    with LoopbackServer(answering(LabResponse(status=200, body=b"abc"))) as server:
        answer = httpx.head(server.url)
        assert (answer.headers["content-length"], answer.content) == ("3", b"")


def test_a_failing_handler_is_a_500() -> None:
    def fail(_: LabRequest) -> LabResponse:
        raise ZeroDivisionError

    with LoopbackServer(fail) as server:
        assert httpx.get(server.url).status_code == 500


@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.SLOW])
def test_silence(behaviour: Behaviour) -> None:
    with (
        LoopbackServer(misbehaving(behaviour), slow_seconds=30) as server,
        pytest.raises(httpx.ReadTimeout),
    ):
        httpx.get(server.url, timeout=0.1)


def test_slow_answers_come() -> None:
    with LoopbackServer(misbehaving(Behaviour.SLOW), slow_seconds=0.01) as server:
        assert httpx.get(server.url).json() == {"a": "0123456789"}


def test_drip_and_endless_bodies_go_on() -> None:
    for behaviour in (Behaviour.DRIP, Behaviour.ENDLESS):
        with (
            LoopbackServer(misbehaving(behaviour)) as server,
            httpx.stream("GET", server.url) as answer,
        ):
            assert next(answer.iter_raw(1)) == b"{"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour.RESET, httpx.ReadError),
        (Behaviour.SHORT, httpx.RemoteProtocolError),
        (Behaviour.RAW, httpx.RemoteProtocolError),
    ],
)
def test_broken_answers(behaviour: Behaviour, error: type[Exception]) -> None:
    with LoopbackServer(misbehaving(behaviour)) as server, pytest.raises(error):
        httpx.get(server.url)


def test_a_length_too_small_cuts_the_body() -> None:
    with LoopbackServer(misbehaving(Behaviour.LONG)) as server:
        assert httpx.get(server.url).content == b'{"a":"01'


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"", b"GET / HTTP/1.1\r\n"])
def test_what_is_no_http_is_dropped(sent: bytes) -> None:
    with LoopbackServer(echo) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(100)
        assert httpx.get(server.url).status_code == 200


def raw_answer(server: LoopbackServer, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


def test_a_client_may_wait_before_it_sends_the_body() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with LoopbackServer(echo) as server:
        answer = raw_answer(server, head + b"ab")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\nab")


@pytest.mark.parametrize(
    ("target", "seen"), [("http://h/a?b", "/a?b"), ("/a?b", "/a?b"), ("http://h", "/")]
)
def test_targets_may_be_absolute(target: str, seen: str) -> None:
    with LoopbackServer(echo) as server:
        request = f"GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()
        assert f"X-Target: {seen}\r\n".encode() in raw_answer(server, request)


def test_endless_headers_are_cut_off() -> None:
    with LoopbackServer(echo) as server:
        assert raw_answer(server, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300) == b""


def test_a_handshake_that_fails_ends_its_connection_only() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with LoopbackServer(echo, tls_context=context) as server:
        assert server.url.startswith("https://")
        for _ in range(2):
            with contextlib.suppress(ConnectionResetError):
                assert not raw_answer(server, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP")


def test_stopping_ends_all_threads_and_connections() -> None:
    before = threading.active_count()
    server = LoopbackServer(misbehaving(Behaviour.HANG))
    server.start()
    open_connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    open_connections[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
    server.stop()
    server.stop()
    for connection in open_connections:
        connection.close()
    gc.collect()
    assert threading.active_count() == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))
