"""Trust and proxies, for Microsoft and for the app alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.tls import make_tls
from scimdoctor.outbound import is_loopback, proxy_chooser, tls_context

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "a.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [None, "", "10.0.0.1", "localhost.example.com", "127.0.0.1.nip.io"]
)
def test_not_loopback(host: str | None) -> None:
    assert not is_loopback(host)


def test_a_ca_file_is_trusted(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(make_tls().ca_pem)
    assert tls_context(ca_file=path)
    assert tls_context()


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_ca_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        tls_context(ca_file=path)


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
    assert proxy_chooser()(url) == proxy


def test_given_proxies_and_their_exceptions() -> None:
    proxy_of = proxy_chooser({"https": "proxy.example:3128", "no": "intern.example, .local"})
    assert proxy_of("https://app.example/") == "http://proxy.example:3128"
    for direct in ("https://127.0.0.1/", "https://a.intern.example/", "https://x.local/"):
        assert proxy_of(direct) is None
    assert proxy_of("http://app.example/") is None


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "ftp://proxy", "proxy:port", "http://"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy") as caught:
        proxy_chooser({"https": proxy.replace("://", "://me:hidden-word@", 1)})(
            "https://app.example/"
        )
    assert "hidden-word" not in f"{caught.value} {caught.value.hint}"
