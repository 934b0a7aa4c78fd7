"""HAR in and out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.endpoint.har import load_har, read_har, write_har
from scimdoctor.errors import SourceError
from scimdoctor.model.exchange import (
    Exchange,
    FailureKind,
    ScimRequest,
    ScimResponse,
    TransportFailure,
)
from scimdoctor.replay import subjects_of_har


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def entry(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "startedDateTime": "2026-07-01T09:00:00.000Z",
        "time": 12.34,
        "request": {
            "method": "patch",
            "url": "https://user:pw@app.example/tenant/scim/Users/1?x=1#top",
            "headers": [{"name": "Authorization", "value": "Bearer planted-token"}],
            "postData": {"mimeType": "application/scim+json", "text": '{"a":1}'},
        },
        "response": {
            "status": 400,
            "headers": {"Content-Type": "application/scim+json"},
            "content": {"text": "bad planted-token"},
        },
    }
    return base | changes


def test_a_browser_capture() -> None:
    (exchange,) = read_har(b"\xef\xbb\xbf" + har(entry()), "x.har")
    assert exchange.id == "h1"
    assert exchange.request.method == "PATCH"
    assert exchange.request.path == "/Users/1"
    assert exchange.url == "https://app.example/tenant/scim/Users/1?x=1"
    assert exchange.request.json == {"a": 1}
    assert exchange.status == 400
    assert exchange.elapsed_in_milliseconds == 12.3
    assert exchange.started_at is not None
    assert "planted-token" not in repr(exchange)


def test_bodies_in_base64_forms_and_none() -> None:
    packed = base64.b64encode(b"\xff{}").decode()
    response = {
        "status": "201",
        "content": {"text": packed, "encoding": "base64", "mimeType": "a/b"},
    }
    request = {"method": "POST", "url": "https://h.example/Users", "headers": None}
    form = {"params": [{"name": "a", "value": "b c"}, "odd"]}
    first, second = read_har(
        har(
            entry(request=request, response=response),
            entry(request={**request, "postData": form}, response={"status": 204}),
        ),
        "x",
    )
    assert first.response is not None
    assert first.response.body == b"\xff{}"
    assert first.response.media_type == "a/b"
    assert first.request.body == b""
    assert second.request.body == b"a=b+c"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        5,
        {},
        {"request": {}},
        {"request": {"method": "GET", "url": "ftp://x/"}},
        {"request": {"method": "", "url": "https://x/"}},
        {"request": {"method": "GET", "url": "https://[x"}},
    ],
)
def test_broken_entries_are_named_and_passed_over(broken: Any) -> None:
    capture = load_har(har(broken, entry()), "x.har", first=7)
    assert [x.id for x in capture.exchanges] == ["h7"]
    assert len(capture.problems) == 1
    assert capture.problems[0].startswith("x.har: entry 1 ")


@pytest.mark.parametrize("data", [b"", b"nope", b"[]", b'{"log":{}}', b'{"log":{"entries":{}}}'])
def test_what_is_no_har_is_said(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"x\.har"):
        read_har(data, "x.har")


def test_blocked_requests_are_failures() -> None:
    (exchange,) = read_har(har(entry(response={"status": 0, "statusText": "net::ERR"})), "x")
    assert exchange.failure is not None
    assert exchange.failure.message == "net::ERR"
    (other,) = read_har(har(entry(response=None)), "x")
    assert other.failure is not None


def test_what_is_written_can_be_read() -> None:
    written = [
        Exchange(
            id="x1",
            request=ScimRequest(
                method="POST",
                path="/Users",
                query="a=b+c",
                headers=(("Content-Type", "application/scim+json"),),
                body=b"\xff\x00",
            ),
            url="https://h.example/Users?a=b+c",
            response=ScimResponse(status=200, headers=(("X", "1"),), body=b"\xfe"),
            elapsed_in_milliseconds=3.5,
        ),
        Exchange(
            id="x2",
            request=ScimRequest(method="GET", path="/Users"),
            url="https://h.example/Users",
            failure=TransportFailure(kind=FailureKind.TLS, message="expired"),
        ),
    ]
    text = write_har(written, version="1")
    first, second = read_har(text.encode(), "x")
    assert first.request.body == b"\xff\x00"
    assert first.response is not None
    assert first.response.body == b"\xfe"
    assert first.request.query == "a=b+c"
    assert second.failure == written[1].failure


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "request",
                    "response",
                    "url",
                    "method",
                    "headers",
                    "status",
                    "content",
                    "text",
                    "encoding",
                    "postData",
                    "params",
                    "name",
                    "value",
                    "time",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(json_values, max_size=4))
def test_no_entry_breaks_the_reader(entries: list[Any]) -> None:
    capture = load_har(har(*entries), "x")
    assert len(capture.exchanges) + len(capture.problems) == len(entries)


def test_credentials_in_headers_of_any_name_and_passwords_are_removed() -> None:
    headers = [
        {"name": "X-Vendor-Token", "value": "planted-1"},
        {"name": "x-gateway-secret", "value": "planted-2"},
        {"name": "Accept", "value": "application/json"},
    ]
    text = json.dumps({"Operations": [{"op": "add", "path": "password", "value": "planted-3"}]})
    request = {
        "method": "PATCH",
        "url": "https://h.example/Users/1?echo=planted-1",
        "headers": headers,
        "postData": {"text": text},
    }
    body = json.dumps(
        {"id": "1", "urn:ietf:params:scim:schemas:core:2.0:User:password": "planted-3"}
    )
    response = {"status": 200, "content": {"text": body}}
    read = read_har(har(entry(request=request, response=response)), "x.har")
    assert "planted" not in repr(read)
    assert "planted" not in write_har(read)
    assert ("Accept", "application/json") in read[0].request.headers


def test_a_capture_without_bodies_says_so_and_sends_no_empty_write() -> None:
    url = "https://app.example.com/scim/Users/1"
    length = [{"name": "Content-Length", "value": "20"}]
    entries = [
        {"request": {"method": "PATCH", "url": url}, "response": {"status": 400}},
        {"request": {"method": "GET", "url": url}, "response": {"status": 404, "headers": length}},
        {"request": {"method": "GET", "url": url}, "response": {"status": 204}},
    ]
    found = load_har(json.dumps({"log": {"entries": entries}}).encode(), "a.har")
    assert [p for p in found.problems if "2 of 3 exchanges lack a body" in p]
    patch = next(s for s in subjects_of_har(found.exchanges) if s.id == "h1")
    assert patch.reconstruction.requests == ()
    assert "saved without it" in patch.reconstruction.missing[0]
