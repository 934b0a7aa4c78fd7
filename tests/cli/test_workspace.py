"""What signing in for Log Analytics asks of which host, in each cloud, with real MSAL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx
import pytest

from scimdoctor.cli.session import Session
from scimdoctor.cli.workspace import open_workspace

WORKSPACE = "33333333-3333-4333-8333-333333333333"
TENANT = "7d1f2c64-90ab-4e2f-8c55-3f1a2b4c5d6e"
SETTINGS = {
    "SCIMDOCTOR_TENANT": TENANT,
    "SCIMDOCTOR_CLIENT_ID": "857925a9-8724-51e0-9131-309cc6f66a69",
    "SCIMDOCTOR_CLIENT_SECRET": "secret",
    "SCIMDOCTOR_AUTH": "secret",
}
METADATA = "169.254.169.254"


@dataclass
class Cloud:
    """Authority, metadata service and Log Analytics of any cloud; remembers what it was asked."""

    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path
        base = f"https://{request.url.host}/{TENANT}"
        if path.endswith("/openid-configuration"):
            names = ("authorization", "token", "device_authorization")
            found = {f"{name}_endpoint": f"{base}/oauth2/v2.0/{name}" for name in names}
            return httpx.Response(200, json={"issuer": f"{base}/v2.0", **found})
        if path.endswith(("/oauth2/v2.0/token", "/metadata/identity/oauth2/token")):
            token = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
            return httpx.Response(200, json=token)
        assert path == f"/v1/workspaces/{WORKSPACE}/query"
        table = {"columns": [{"name": "n", "type": "long"}], "rows": [[7]]}
        return httpx.Response(200, json={"tables": [table]})


def ask(cloud: str, **more: str) -> list[httpx.Request]:
    microsoft = Cloud()
    session = Session(environ=SETTINGS | more | {"SCIMDOCTOR_CLOUD": cloud})
    with open_workspace(session, WORKSPACE, transport=httpx.MockTransport(microsoft)) as asked:
        assert asked.rows("print n = 7") == [{"n": 7}]
    return microsoft.asked


@pytest.mark.parametrize(
    ("cloud", "authority", "scope", "host"),
    [
        (
            "global",
            "login.microsoftonline.com",
            "https://api.loganalytics.io",
            "api.loganalytics.azure.com",
        ),
        (
            "us-gov",
            "login.microsoftonline.us",
            "https://api.loganalytics.us",
            "api.loganalytics.us",
        ),
        (
            "us-dod",
            "login.microsoftonline.us",
            "https://api.loganalytics.us",
            "api.loganalytics.us",
        ),
        (
            "china",
            "login.partner.microsoftonline.cn",
            "https://api.loganalytics.azure.cn",
            "api.loganalytics.azure.cn",
        ),
    ],
)
def test_each_cloud_is_asked_for_its_own_token(
    cloud: str, authority: str, scope: str, host: str
) -> None:
    *signing_in, query = ask(cloud)
    assert {request.url.host for request in signing_in} == {authority}, "no other cloud hears of it"
    token = signing_in[-1]
    assert token.url.path == f"/{TENANT}/oauth2/v2.0/token"
    form = parse_qs(token.content.decode())
    assert form["scope"] == [f"{scope}/.default"]
    assert form["grant_type"] == ["client_credentials"]
    assert (query.url.host, query.headers["authorization"]) == (host, "Bearer t")

    identity, query = ask(cloud, SCIMDOCTOR_AUTH="managed-identity", SCIMDOCTOR_CLIENT_ID="")
    assert (identity.url.host, identity.url.params["resource"]) == (METADATA, scope)
    assert query.url.host == host
