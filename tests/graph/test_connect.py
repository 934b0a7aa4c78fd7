"""TLS, proxies and the messages of waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.errors import ConfigurationError
from scimdoctor.graph.connect import graph_http, proxy_for, sign_in_http, tls_context
from scimdoctor.lab.tls import make_tls
from tests.fakes.microsoft import Clock, Messages, Microsoft

if TYPE_CHECKING:
    from pathlib import Path


def test_a_ca_file_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(make_tls().ca_pem)
    assert tls_context(path)
    assert tls_context(None)


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_ca_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"ca\.pem cannot be read"):
        tls_context(path)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://graph.microsoft.com", "http://proxy.example:8080"),
        ("https://graph.microsoft.us", None),
        ("https://127.0.0.1:8443", None),
        ("https://localhost:8443", None),
        ("https://[::1]:8443", None),
        ("http://169.254.169.254", None),
    ],
)
def test_proxies(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", "graph.microsoft.us")
    assert proxy_for(url) == proxy


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
