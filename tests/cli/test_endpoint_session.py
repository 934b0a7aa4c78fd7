"""Opening the endpoint from options, settings and files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from scimdoctor.cli.endpoint_session import open_endpoint, parse_tenant_url
from scimdoctor.cli.options import EndpointOptions
from scimdoctor.cli.session import Session
from scimdoctor.endpoint.sign_in import CredentialsIn, EndpointAuth
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
        oauth_credentials_in=CredentialsIn.BODY,
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
    for wrong in ("nonsense", "https://a:b@c.example", "https://a:B/x@c.example/scim"):
        with pytest.raises(ConfigurationError):
            parse_tenant_url(wrong)


def test_a_header_with_a_credential_comes_from_a_file_or_variable(tmp_path: Path) -> None:
    opened = session(tmp_path, ENDPOINT_TOKEN="abcdefgh", DOOR="1234")
    wrong = EndpointOptions(header=["X-Api-Key: 1234"])
    with pytest.raises(ConfigurationError, match="list of processes") as caught:
        open_endpoint(opened, URL, wrong)
    assert "env:VARIABLE" in (caught.value.hint or "")
    assert "1234" not in caught.value.message
    options = EndpointOptions(header=["X-Api-Key: env:SCIMDOCTOR_DOOR"])
    with open_endpoint(opened, URL, options) as endpoint:
        (exchange,) = [endpoint.send(requests.get("/Users"))]
    assert dict(exchange.request.headers)["X-Api-Key"] == "[redacted]"
    with pytest.raises(ConfigurationError, match="NOWHERE is not set"):
        open_endpoint(opened, URL, EndpointOptions(header=["X-Api-Key: env:NOWHERE"]))


@pytest.mark.parametrize(("given", "seconds"), [(None, 60.0), (30.0, 30.0), (5.0, 5.0)])
def test_a_given_timeout_wins_over_the_profile(
    tmp_path: Path, given: float | None, seconds: float
) -> None:
    opened = session(tmp_path, "[profiles.a]\nrequest_timeout = 60\n", ENDPOINT_TOKEN="abcdefgh")
    with open_endpoint(opened, URL, EndpointOptions(request_timeout=given)) as endpoint:
        assert endpoint.limits.seconds == seconds


def test_no_insecure_http_wins_over_the_profile(tmp_path: Path) -> None:
    opened = session(tmp_path, "[profiles.a]\ninsecure_http = true\n", ENDPOINT_TOKEN="abcdefgh")
    url = "http://scim.example.com/scim"
    open_endpoint(opened, url, EndpointOptions()).close()
    with pytest.raises(ConfigurationError):
        open_endpoint(opened, url, EndpointOptions(insecure_http=False))


def test_a_token_with_blanks_around_it_is_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = replace(session(tmp_path, ENDPOINT_TOKEN="abcdefgh \n"), quiet=False)
    open_endpoint(opened, URL, EndpointOptions()).close()
    assert "white space" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["https://host:port/scim", "https://a b.invalid/scim", f"https://{'a' * 70}.example/scim"],
)
def test_a_host_that_nobody_can_have_is_a_mistake_of_the_caller(url: str) -> None:
    with pytest.raises(ConfigurationError, match="URL cannot be used") as caught:
        parse_tenant_url(url)
    assert caught.value.hint


@pytest.mark.parametrize(
    "url", ["https://[::1]:8080/scim", "https://bücher.example/scim", "http://a_b/s"]
)
def test_unusual_hosts_are_fine(url: str) -> None:
    assert parse_tenant_url(url).base_url == url


def test_what_is_said_of_a_request_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = session(tmp_path, ENDPOINT_TOKEN="abcdefgh")
    opened.quiet, opened.verbose = False, True
    with open_endpoint(opened, URL, EndpointOptions()) as endpoint:
        endpoint.send(requests.match_query("Users", "userName", "ada@contoso.com"))
        endpoint.send(requests.get("/Users/ada@contoso.com"))
    shown = capsys.readouterr().err
    assert "ada" not in shown
    assert "filter=userName+eq+%22…%22" in shown
