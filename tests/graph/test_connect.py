"""The messages of waiting."""

from __future__ import annotations

import httpx

from scimdoctor.graph.connect import graph_http, sign_in_http
from tests.fakes.microsoft import Clock, Messages, Microsoft


def test_waiting_is_said() -> None:
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200)])
    messages, clock = Messages(), Clock()
    network = httpx.MockTransport(lambda _request: next(answers))
    with graph_http(network, progress=messages, waiting=clock.waiting) as http:
        assert http.get("https://graph.microsoft.com/v1.0/x").status_code == 200
        assert http.headers["User-Agent"].startswith("scimdoctor/")
    assert messages.said == ["Graph is busy (429); trying again in 7 s …"]


def test_clients_for_the_real_network_open_and_close() -> None:
    with sign_in_http(Microsoft().sign_in()) as http:
        assert not http.is_closed


def test_nothing_is_sent_before_the_first_call() -> None:
    microsoft = Microsoft()
    with microsoft.connect() as graph:
        assert microsoft.requests == []
        assert graph.portal == "https://entra.microsoft.com"
