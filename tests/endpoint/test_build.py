"""The HTTP client for an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.endpoint.build import Connection, build_http, check_url
from scimdoctor.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_plain_http_is_refused_but_for_loopback_or_on_demand() -> None:
    check_url("https://app.example/scim")
    check_url("http://127.0.0.1:8080/scim")
    check_url("http://app.example", insecure_http=True)
    with pytest.raises(ConfigurationError, match="readable") as caught:
        check_url("http://app.example")
    assert "--insecure-http" in (caught.value.hint or "")
    for wrong in ("ftp://x", "app.example", "https://"):
        with pytest.raises(ConfigurationError):
            check_url(wrong)


def test_unusable_certificates_are_named(tmp_path: Path) -> None:
    garbage = tmp_path / "cert.pem"
    garbage.write_text("nothing")
    for connection in (
        Connection(ca_file=garbage),
        Connection(client_certificate=garbage),
        Connection(client_certificate=tmp_path / "absent.pem"),
    ):
        with pytest.raises(ConfigurationError, match=r"\.pem"):
            build_http(connection)


def test_client_takes_nothing_from_the_environment() -> None:
    with build_http(Connection(proxies={})) as http:
        assert not http.trust_env
