"""Client credentials at the app's token endpoint."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import pytest

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.oauth import OAuthClient, OAuthCredentials, fetch_token
from scimdoctor.endpoint.recorder import Recorder
from scimdoctor.endpoint.sign_in import CredentialsIn
from scimdoctor.endpoint.wire import Wire
from scimdoctor.entra import requests
from scimdoctor.model.exchange import FailureKind
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "cl1ent-s3cret"


class TokenServer:
    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth/token":
            return httpx.Response(200, json={"said": request.headers["authorization"]})
        self.asked.append(request)
        return self.answer()


def client(where: CredentialsIn = CredentialsIn.HEADER, scope: str | None = None) -> OAuthClient:
    return OAuthClient(
        token_url="https://login.app.example/oauth/token?x=1",
        client_id="id 1",
        client_secret=Secret(SECRET),
        scope=scope,
        credentials_in=where,
    )


def granted(token: str = "t0ken-one", **more: object) -> Callable[[], httpx.Response]:
    body = {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | more
    return lambda: httpx.Response(200, json=body)


@pytest.mark.parametrize("where", list(CredentialsIn))
def test_credentials_go_where_entra_puts_them(where: CredentialsIn) -> None:
    server = TokenServer(granted())
    recorder = Recorder()
    with httpx.Client(transport=httpx.MockTransport(server)) as http:
        answer = fetch_token(client(where, "scim all"), Wire(http), recorder)
    assert answer.token is not None
    assert answer.lifetime == timedelta(hours=1)
    (sent,) = server.asked
    form = parse_qs(sent.content.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["scope"] == ["scim all"]
    assert ("authorization" in sent.headers) is (where is not CredentialsIn.BODY)
    assert ("client_secret" in form) is (where is not CredentialsIn.HEADER)
    if where is not CredentialsIn.BODY:
        pair = base64.b64decode(sent.headers["authorization"].split()[1])
        assert pair == f"id+1:{SECRET}".encode()
    text = repr(recorder.exchanges)
    assert SECRET not in text
    assert "t0ken-one" not in text
    assert base64.b64encode(f"id+1:{SECRET}".encode()).decode() not in text


def test_token_is_kept_until_shortly_before_its_end() -> None:
    now = [datetime(2026, 7, 1, tzinfo=UTC)]
    server = TokenServer(granted(expires_in="100"))
    recorder = Recorder(clock=lambda: now[0])
    with httpx.Client(transport=httpx.MockTransport(server)) as http:
        auth = OAuthCredentials(client(), Wire(http), recorder)
        endpoint = Endpoint(http, base_url="https://app.example", auth=auth, recorder=recorder)
        endpoint.send(requests.get("/Users"))
        endpoint.send(requests.get("/Users"))
        assert len(server.asked) == 1
        now[0] += timedelta(seconds=95)
        exchange = endpoint.send(requests.get("/Users"))
    assert len(server.asked) == 2
    assert exchange.status == 200
    assert "t0ken-one" not in repr(recorder.exchanges)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401, json={"error": "invalid_client"}), "client id or secret is wrong"),
        (
            httpx.Response(400, json={"error": "invalid_scope", "error_description": "no such"}),
            "no such",
        ),
        (
            httpx.Response(403, json={"error": "access_denied", "error_description": "closed"}),
            "the token endpoint answers access_denied (closed)",
        ),
        (httpx.Response(307, headers={"Location": "/x"}), "give the address that it leads to"),
        (httpx.Response(200, json={"accessToken": "x"}), "no access_token: it has accessToken"),
        (httpx.Response(200, json={"access_token": "one\n"}), "blanks, line ends or letters"),
        (httpx.Response(200, json={"access_token": "tökén"}), "blanks, line ends or letters"),
        (httpx.Response(302, headers={"Location": "https://x.example"}), "redirects"),
        (httpx.Response(503, text="down"), "503"),
        (httpx.Response(200, html="<p>Sign in</p>"), "text/html"),
        (httpx.Response(200, json={"token": "x"}), "no access_token"),
        (httpx.Response(200, json={"access_token": 5}), "access_token is no text"),
    ],
)
def test_refusals_are_explained_and_not_asked_for_again(answer: httpx.Response, words: str) -> None:
    server = TokenServer(lambda: answer)
    recorder = Recorder()
    with httpx.Client(transport=httpx.MockTransport(server)) as http:
        auth = OAuthCredentials(client(), Wire(http), recorder)
        endpoint = Endpoint(http, base_url="https://app.example", auth=auth, recorder=recorder)
        first = endpoint.send(requests.get("/Users"))
        second = endpoint.send(requests.get("/Users"))
    assert len(server.asked) == 1
    for exchange in (first, second):
        assert exchange.failure is not None
        assert exchange.failure.kind is FailureKind.CREDENTIALS
        assert words in exchange.failure.message


def test_unreachable_token_endpoint() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with httpx.Client(transport=httpx.MockTransport(refuse)) as http:
        answer = fetch_token(client(), Wire(http), Recorder())
    assert answer.token is None
    assert "not reached" in (answer.problem or "")


@pytest.mark.parametrize("expires", [None, "soon", -5, 1e300, [], True])
def test_odd_lifetimes_are_none_or_taken(expires: object) -> None:
    server = TokenServer(granted(expires_in=expires))
    with httpx.Client(transport=httpx.MockTransport(server)) as http:
        answer = fetch_token(client(), Wire(http), Recorder())
    assert answer.token is not None
    assert answer.lifetime in {None, timedelta(seconds=1)}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"token": "PLANTED"}),
        httpx.Response(200, json={"data": {"token": "PLANTED", "list": ["PLANTED"]}}),
        httpx.Response(200, json={"userKey": "PLANTED", "access_token": "fine"}),
        httpx.Response(200, json=["PLANTED"]),
        httpx.Response(200, json="PLANTED"),
        httpx.Response(200, text="<access_token>PLANTED</access_token>"),
        httpx.Response(200, text='{"access_token":"PLANTED'),
        httpx.Response(200, text="access_token=PLANTED"),
    ],
)
def test_no_successful_answer_is_recorded_with_its_values(answer: httpx.Response) -> None:
    recorder = Recorder()
    with httpx.Client(transport=httpx.MockTransport(TokenServer(lambda: answer))) as http:
        given = fetch_token(client(), Wire(http), recorder)
    assert "PLANTED" not in repr(recorder.exchanges)
    assert "PLANTED" not in (given.problem or "")
    assert given.exchange.response is not None
    assert "[redacted]" in given.exchange.response.body.decode()


def test_what_the_app_says_of_its_refusal_is_recorded() -> None:
    said = {"error": "invalid_scope", "error_description": "no such", "ticket": "PLANTED"}
    answer = httpx.Response(200, json=said)
    with httpx.Client(transport=httpx.MockTransport(TokenServer(lambda: answer))) as http:
        given = fetch_token(client(), Wire(http), Recorder())
    assert given.exchange.json == {**said, "ticket": "[redacted]"}
