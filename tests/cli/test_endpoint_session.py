"""Opening the endpoint from options, settings and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.cli.endpoint_session import open_endpoint, parse_tenant_url
from scimdoctor.cli.options import CredentialLocation, EndpointAuth, EndpointOptions
from scimdoctor.cli.session import Session
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import ConfigurationError, ScimDoctorError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://scim.example.com/scim?aadOptscim062020"


def session(tmp_path: Path, toml: str = "", **environ: str) -> Session:
    config = tmp_path / "config.toml"
    config.write_text(toml)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.example.com":
            return httpx.Response(200, json={"access_token": "oauth-token", "expires_in": 60})
        return httpx.Response(200, json=dict(request.headers))

    return Session(
        config_path=config,
        environ={f"SCIMDOCTOR_{name}": value for name, value in environ.items()},
        endpoint_transport=httpx.MockTransport(answer),
        quiet=True,
    )


def sent_headers(opened: Session, options: EndpointOptions) -> dict[str, Any]:
    """What the app sees of the headers: echoed, so the secrets in it are hidden."""
    with open_endpoint(opened, URL, options) as endpoint:
        exchange = endpoint.send(requests.get("/Users"))
    assert exchange.url == "https://scim.example.com/scim/Users"
    return dict(json.loads(exchange.response.body)) if exchange.response else {}


def test_token_from_variable_or_file(tmp_path: Path) -> None:
    found = sent_headers(session(tmp_path, ENDPOINT_TOKEN="abcdefgh"), EndpointOptions())
    assert found["authorization"] == "Bearer [redacted]"
    path = tmp_path / "token"
    path.write_text("filetoken\n")
    options = EndpointOptions(token_file=path)
    assert sent_headers(session(tmp_path), options)["authorization"] == "Bearer [redacted]"


def test_no_credentials_when_asked(tmp_path: Path) -> None:
    found = sent_headers(session(tmp_path), EndpointOptions(endpoint_auth=EndpointAuth.NONE))
    assert "authorization" not in found


def test_oauth(tmp_path: Path) -> None:
    options = EndpointOptions(
        endpoint_auth=EndpointAuth.OAUTH,
        oauth_token_url="https://login.example.com/token",
        oauth_client_id="me",
        oauth_scope="scim",
        oauth_credentials_in=CredentialLocation.BODY,
    )
    found = sent_headers(session(tmp_path, OAUTH_CLIENT_SECRET="geheim"), options)
    assert found["authorization"] == "Bearer [redacted]"


def test_extra_headers(tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("from-file\n")
    options = EndpointOptions(header=["X-One: 1", f"X-Two: @{value}"])
    opened = session(
        tmp_path,
        '[profiles.a]\nheaders = { "X-Three" = "3" }\n',
        ENDPOINT_TOKEN="abcdefgh",
        PROFILE="a",
    )
    found = sent_headers(opened, options)
    assert (found["x-one"], found["x-two"], found["x-three"]) == ("1", "[redacted]", "3")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (EndpointOptions(), ConfigurationError),
        (EndpointOptions(header=["nonsense"]), ConfigurationError),
        (EndpointOptions(header=["X: @absent"]), SourceError),
        (EndpointOptions(endpoint_auth=EndpointAuth.OAUTH), ConfigurationError),
        (
            EndpointOptions(
                endpoint_auth=EndpointAuth.OAUTH,
                oauth_token_url="https://login.example.com/token",
                oauth_client_id="me",
            ),
            ConfigurationError,
        ),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, options: EndpointOptions, error: type[ScimDoctorError]
) -> None:
    token = {"ENDPOINT_TOKEN": "abcdefgh"} if options.header else {}
    with pytest.raises(error):
        open_endpoint(session(tmp_path, **token), URL, options)


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("\n")
    with pytest.raises(ConfigurationError, match="no token"):
        open_endpoint(session(tmp_path), URL, EndpointOptions(token_file=path))


def test_a_mistaken_token_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = session(tmp_path, ENDPOINT_TOKEN="Bearer abcdefgh")
    opened.quiet = False
    open_endpoint(opened, URL, EndpointOptions()).close()
    shown = capsys.readouterr().err
    assert "secret-token-unusable" in shown
    assert "abcdefgh" not in shown


def test_tenant_urls() -> None:
    parsed = parse_tenant_url(URL)
    assert (parsed.base_url, parsed.dialect) == ("https://scim.example.com/scim", Dialect.COMPLIANT)
    for wrong in ("nonsense", "https://a:b@c.example"):
        with pytest.raises(ConfigurationError):
            parse_tenant_url(wrong)
