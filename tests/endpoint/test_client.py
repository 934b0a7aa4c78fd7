"""The endpoint client: what is sent, what is recorded, what is never done."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.client import Endpoint, Limits
from scimdoctor.endpoint.credentials import BearerToken, ExtraHeaders, NoCredentials
from scimdoctor.endpoint.curl import curl_line
from scimdoctor.endpoint.har import write_har
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.entra import requests
from scimdoctor.errors import ConfigurationError, WriteRefused
from scimdoctor.model.exchange import FailureKind, ScimRequest
from scimdoctor.redaction import REDACTED, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "https://scim.example.com/scim/"
TOKEN = "s3cr3t/t0ken+value"
READ = requests.get("/Users")


def ask(
    answer: Callable[[httpx.Request], httpx.Response],
    request: ScimRequest = READ,
    **options: object,
) -> tuple[Endpoint, httpx.Request | None]:
    seen: list[httpx.Request] = []

    def handler(sent: httpx.Request) -> httpx.Response:
        seen.append(sent)
        return answer(sent)

    options.setdefault("auth", BearerToken(Secret(TOKEN)))
    with httpx.Client(transport=httpx.MockTransport(handler)) as http:
        endpoint = Endpoint(http, base_url=BASE, **options)  # type: ignore[arg-type]
        endpoint.send(request)
    return endpoint, seen[0] if seen else None


def ok(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"Resources": []})


def test_only_the_headers_of_the_request_and_the_credentials_are_sent() -> None:
    _, sent = ask(ok)
    assert sent is not None
    assert [name.decode() for name, _ in sent.headers.raw] == ["Host", "Authorization", "Accept"]
    assert str(sent.url) == "https://scim.example.com/scim/Users"


def test_query_goes_out_as_entra_encodes_it() -> None:
    _, sent = ask(ok, requests.match_query("Users", "userName", "a+b@example.com"))
    assert sent is not None
    assert sent.url.raw_path == b"/scim/Users?filter=userName+eq+%22a%2Bb%40example.com%22"


def test_headers_of_the_request_win() -> None:
    _, sent = ask(ok, replace(READ, headers=(("authorization", "Bearer other"),)))
    assert sent is not None
    assert sent.headers.get_list("authorization") == ["Bearer other"]


def test_token_is_not_recorded_wherever_it_is_echoed() -> None:
    def echo(sent: httpx.Request) -> httpx.Response:
        token = sent.headers["authorization"].removeprefix("Bearer ")
        body = {
            "plain": token,
            "escaped": token.replace("/", "\\/"),
            "url": "s3cr3t%2Ft0ken%2Bvalue",
        }
        headers = {"X-Echo": token, "Location": f"https://x.example/?t={token}"}
        return httpx.Response(500, text=json.dumps(body).replace("\\\\/", "\\/"), headers=headers)

    endpoint, _ = ask(echo)
    text = repr(endpoint.exchanges)
    assert "s3cr3t" not in text
    assert "Bearer [redacted]" in text


def test_secret_at_the_cut_of_a_long_body_is_not_left_in_part() -> None:
    body = b"x" * 990 + TOKEN.encode() * 5
    endpoint, _ = ask(lambda _: httpx.Response(200, content=body), limits=Limits(body_bytes=1000))
    response = endpoint.exchanges[0].response
    assert response is not None
    assert response.truncated
    assert b"s3c" not in response.body


@settings(max_examples=40, deadline=None)
@given(
    token=st.text(
        st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40
    ).filter(lambda t: t not in "[redacted]" and "redacted" not in t),
    before=st.text(max_size=10),
    status=st.sampled_from([200, 302, 401, 500]),
)
def test_no_export_leaks_a_planted_secret(token: str, before: str, status: int) -> None:
    def echo(_: httpx.Request) -> httpx.Response:
        body = json.dumps({"detail": f"{before} {token} end"})
        return httpx.Response(status, text=body, headers={"X-Was": token})

    request = requests.create_user({"userName": f"{token}@example.com"})
    with httpx.Client(transport=httpx.MockTransport(echo)) as http:
        endpoint = Endpoint(http, base_url=BASE, auth=BearerToken(Secret(token)))
        endpoint.guard.allow("test")
        exchange = endpoint.send(request)
    shown = repr(exchange) + write_har([exchange]) + curl_line(exchange.request, BASE)
    assert token not in shown
    assert json.dumps(token)[1:-1] not in shown


def test_redirect_is_recorded_and_not_followed() -> None:
    calls = []

    def redirect(sent: httpx.Request) -> httpx.Response:
        calls.append(sent.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    endpoint, _ = ask(redirect)
    assert calls == ["scim.example.com"]
    assert endpoint.exchanges[0].status == 302


def test_other_credentials_for_one_request() -> None:
    _, sent = ask(ok, auth=NoCredentials())
    assert sent is not None
    assert "authorization" not in sent.headers
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(401)

    with httpx.Client(transport=httpx.MockTransport(note)) as http:
        endpoint = Endpoint(http, base_url=BASE, auth=BearerToken(Secret(TOKEN)))
        exchange = endpoint.send(READ, credentials=BearerToken(Secret("wrong-token")))
    assert seen == ["Bearer wrong-token"]
    assert "wrong-token" not in repr(exchange)


def test_extra_headers_are_sent_and_their_values_hidden() -> None:
    extra = ExtraHeaders(BearerToken(Secret(TOKEN)), (("X-Gateway", Secret("gate-key-12345")),))
    endpoint, sent = ask(lambda _: httpx.Response(200, text="gate-key-12345"), auth=extra)
    assert sent is not None
    assert sent.headers["x-gateway"] == "gate-key-12345"
    assert "gate-key-12345" not in repr(endpoint.exchanges)


def test_a_short_extra_header_is_hidden_by_its_name() -> None:
    extra = ExtraHeaders(NoCredentials(), (("X-Door", Secret("1234")),))
    endpoint, sent = ask(ok, auth=extra)
    assert sent is not None
    assert sent.headers["x-door"] == "1234"
    (exchange,) = endpoint.exchanges
    assert dict(exchange.request.headers)["X-Door"] == REDACTED


def test_write_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(WriteRefused, match=r"scim\.example\.com"):
        ask(ok, requests.delete("Users", "1"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectTimeout("x"), FailureKind.TIMEOUT),
        (httpx.ReadTimeout("x"), FailureKind.TIMEOUT),
        (httpx.PoolTimeout("x"), FailureKind.TIMEOUT),
        (httpx.ReadError("x"), FailureKind.RESET),
        (httpx.ConnectError("x"), FailureKind.OTHER),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "reset"),
        (httpx.RemoteProtocolError("illegal header line"), FailureKind.PROTOCOL),
        (httpx.LocalProtocolError("bad header"), FailureKind.OTHER),
        (httpx.ProxyError("407"), FailureKind.OTHER),
        (OSError("disk"), FailureKind.OTHER),
    ],
)
def test_trouble_on_the_way_is_a_failure(error: Exception, kind: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    endpoint, _ = ask(fail)
    failure = endpoint.exchanges[0].failure
    assert failure is not None
    assert failure.kind == kind
    assert failure.message


def test_unsendable_requests_are_failures_not_exceptions() -> None:
    endpoint, sent = ask(ok, ScimRequest(method="GET", path="/Users/.."))
    assert sent is None
    assert endpoint.exchanges[0].failure is not None
    with httpx.Client() as http:
        broken = Endpoint(http, base_url="http://127.0.0.1:9", auth=BearerToken(Secret("a\nb")))
        failure = broken.send(READ).failure
    assert failure is not None


def test_compressed_bodies_are_read_within_bounds() -> None:
    def packed(_: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(gzip.compress(b"{}" * 10) + gzip.compress(b"[]"))
        return httpx.Response(200, stream=Streamed(stream), headers={"Content-Encoding": "gzip"})

    endpoint, _ = ask(packed)
    response = endpoint.exchanges[0].response
    assert response is not None
    assert response.body == b"{}" * 10 + b"[]"


def test_gzip_bomb_is_cut() -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)

    def packed(_: httpx.Request) -> httpx.Response:
        stream = Streamed(httpx.ByteStream(bomb))
        return httpx.Response(200, stream=stream, headers={"Content-Encoding": "gzip"})

    endpoint, _ = ask(packed, limits=Limits(body_bytes=1000))
    response = endpoint.exchanges[0].response
    assert response is not None
    assert response.truncated
    assert len(response.body) <= 1000


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b"x" * 500, mtime=0)[:20]], ids=["none", "cut"]
)
def test_bad_gzip_is_a_failure(body: bytes) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        stream = Streamed(httpx.ByteStream(body))
        return httpx.Response(200, stream=stream, headers={"Content-Encoding": "gzip"})

    endpoint, _ = ask(broken)
    failure = endpoint.exchanges[0].failure
    assert failure is not None
    assert failure.kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("bits", [15, -15])
def test_deflate_with_and_without_its_header(bits: int) -> None:
    packer = zlib.compressobj(wbits=bits)
    body = packer.compress(b"hello " * 20) + packer.flush()

    def packed(_: httpx.Request) -> httpx.Response:
        stream = Streamed(httpx.ByteStream(body))
        return httpx.Response(200, stream=stream, headers={"Content-Encoding": "deflate"})

    endpoint, _ = ask(packed)
    response = endpoint.exchanges[0].response
    assert response is not None
    assert response.body == b"hello " * 20


class Streamed(httpx.SyncByteStream):
    """A body that is read by whoever wants it, as from a socket."""

    def __init__(self, inner: httpx.ByteStream) -> None:
        self._inner = inner

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        yield from self._inner


def test_a_slow_body_ends_with_the_total_time() -> None:
    now = [0.0]

    class Drip(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
            while True:
                now[0] += 1.0
                yield b"x"

    endpoint, _ = ask(
        lambda _: httpx.Response(200, stream=Drip()),
        limits=Limits(seconds=5.0, timer=lambda: now[0]),
    )
    exchange = endpoint.exchanges[0]
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TIMEOUT
    assert exchange.elapsed_in_milliseconds == 5000.0


@pytest.mark.parametrize(
    "url", ["https://u:p@h.example/", "https://h.example/?aadOptscim062020", "nonsense"]
)
def test_base_url_must_be_plain(url: str) -> None:
    with httpx.Client() as http, pytest.raises(ConfigurationError):
        Endpoint(http, base_url=url)


def test_ids_follow_the_order_of_sending_and_times_are_told() -> None:
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    recorder = Recorder(clock=lambda: moment)
    with httpx.Client(transport=httpx.MockTransport(ok)) as http:
        endpoint = Endpoint(http, base_url=BASE, recorder=recorder)
        other = Endpoint(http, base_url=BASE, recorder=recorder)
        endpoint.send(READ)
        other.send(READ)
    assert [x.id for x in recorder.exchanges] == ["x1", "x2"]
    assert recorder.exchanges[0].started_at == moment


def test_loopback_is_known_by_its_address() -> None:
    with httpx.Client() as http:
        assert Endpoint(http, base_url="http://[::1]:8080/scim").is_loopback
        assert Endpoint(http, base_url="http://localhost").is_loopback
        assert not Endpoint(http, base_url="https://127.0.0.1.example.com").is_loopback
