"""The client over real sockets, against servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from scimdoctor.endpoint.build import Connection, build_http
from scimdoctor.endpoint.client import Endpoint, Limits
from scimdoctor.entra import requests
from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.tls import make_tls
from scimdoctor.model.exchange import Exchange, FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READ = requests.get("/Users")
SHORT = Limits(seconds=0.4, connect_seconds=0.4)


@contextmanager
def served(
    answer: Callable[[LabRequest], LabResponse], limits: Limits = SHORT
) -> Iterator[Endpoint]:
    with (
        LoopbackServer(answer) as server,
        build_http(Connection(proxies={})) as http,
    ):
        yield Endpoint(http, base_url=server.url, limits=limits)


def fixed(**response: object) -> Callable[[LabRequest], LabResponse]:
    return lambda _: LabResponse(**{"status": 200, **response})  # type: ignore[arg-type]


def kind_of(exchange: Exchange) -> FailureKind | None:
    return exchange.failure.kind if exchange.failure else None


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour.HANG, FailureKind.TIMEOUT),
        (Behaviour.DRIP, FailureKind.TIMEOUT),
        (Behaviour.RESET, FailureKind.RESET),
        (Behaviour.SHORT, FailureKind.PROTOCOL),
    ],
)
def test_misbehaviour_is_a_bounded_failure(behaviour: Behaviour, kind: FailureKind) -> None:
    with served(fixed(behaviour=behaviour, body=b"{}")) as endpoint:
        began = time.monotonic()
        exchange = endpoint.send(READ)
        assert time.monotonic() - began < 3
    assert kind_of(exchange) is kind


def test_endless_body_is_cut() -> None:
    limits = Limits(seconds=10, body_bytes=100_000)
    with served(fixed(behaviour=Behaviour.ENDLESS, body=b"x" * 5000), limits) as endpoint:
        response = endpoint.send(READ).response
    assert response is not None
    assert response.truncated
    assert len(response.body) == 100_000


def test_more_bytes_than_announced_do_not_spoil_the_next_request() -> None:
    with served(fixed(behaviour=Behaviour.LONG, body=b"{}" + b" " * 20)) as endpoint:
        first, second = endpoint.send(READ), endpoint.send(READ)
    assert first.status == 200
    assert second.status in {200, None}


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\x00: y\r\n\r\n",
        b"HTTP/1.1 2xx OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
    ids=[
        "no-http",
        "bad-header",
        "bad-status",
        "bad-length",
        "huge-header",
        "bad-chunk",
        "nothing",
    ],
)
def test_what_is_no_http_is_a_failure(raw: bytes) -> None:
    with served(fixed(behaviour=Behaviour.RAW, body=raw)) as endpoint:
        exchange = endpoint.send(READ)
    assert kind_of(exchange) in {FailureKind.PROTOCOL, FailureKind.RESET}
    assert exchange.failure is not None
    assert exchange.failure.message


def test_header_bytes_beyond_ascii_are_kept() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    with served(fixed(behaviour=Behaviour.RAW, body=raw)) as endpoint:
        response = endpoint.send(READ).response
    assert response is not None
    assert response.header("x-name") == "café"


def test_dripped_headers_end_with_the_total_time() -> None:
    """Each read stays below its own time limit: only the total one ends it."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"y")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with build_http(Connection(proxies={})) as http:
            began = time.monotonic()
            exchange = Endpoint(http, base_url=url, limits=SHORT).send(READ)
            assert time.monotonic() - began < 2
        stop.set()
        thread.join(5)
    assert kind_of(exchange) is FailureKind.TIMEOUT


def test_refused_and_unresolvable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with build_http(Connection(proxies={})) as http:
        refused = Endpoint(http, base_url=f"http://127.0.0.1:{port}", limits=SHORT).send(READ)
        unknown = Endpoint(http, base_url="https://nobody.invalid", limits=SHORT).send(READ)
    assert kind_of(refused) is FailureKind.REFUSED
    assert kind_of(unknown) is FailureKind.DNS


def test_tls_to_a_server_without_it_is_a_tls_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_plainly() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_plainly, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with build_http(Connection(proxies={})) as http:
            exchange = Endpoint(http, base_url=url, limits=Limits(seconds=5)).send(READ)
        thread.join(5)
    assert kind_of(exchange) is FailureKind.TLS


def test_own_authority_is_trusted_when_named(tmp_path: Path) -> None:
    tls = make_tls()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(tls.ca_pem)
    with LoopbackServer(fixed(body=b"{}"), tls_context=tls.server_context()) as server:
        with build_http(Connection(proxies={})) as http:
            stranger = Endpoint(http, base_url=server.url, limits=Limits(seconds=5)).send(READ)
        with build_http(Connection(proxies={}, ca_file=ca_file)) as http:
            known = Endpoint(http, base_url=server.url, limits=Limits(seconds=5)).send(READ)
    assert kind_of(stranger) is FailureKind.TLS
    assert stranger.failure is not None
    assert "certificate is not accepted" in stranger.failure.message
    assert known.status == 200


def test_threads_share_one_endpoint() -> None:
    with (
        served(fixed(body=b"{}"), Limits(seconds=10)) as endpoint,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda _: endpoint.send(READ), range(40)))
        ids = [x.id for x in endpoint.exchanges]
    assert ids == [f"x{n}" for n in range(1, 41)]
    assert all(x.status == 200 for x in endpoint.exchanges)


def test_request_through_a_proxy_reaches_it_in_absolute_form() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen: list[bytes] = []

        def proxy() -> None:
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=proxy, daemon=True)
        thread.start()
        address = f"http://user:pw@127.0.0.1:{listener.getsockname()[1]}"
        with build_http(Connection(proxies={"http": address})) as http:
            exchange = Endpoint(http, base_url="http://app.example", limits=SHORT).send(READ)
        thread.join(5)
    assert exchange.status == 200
    assert seen[0].startswith(b"GET http://app.example/Users HTTP/1.1")
    assert b"Proxy-Authorization: Basic" in seen[0]


def test_a_handshake_that_is_not_answered_is_no_connection_that_is_not_made() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        build_http(Connection(proxies={})) as http,
    ):
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        exchange = Endpoint(http, base_url=url, limits=SHORT).send(READ)

    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TIMEOUT
    assert exchange.failure.message.endswith("in time: the TLS handshake was not answered")
