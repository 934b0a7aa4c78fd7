"""The lab's authority and Graph: as handlers, and over loopback TLS with real MSAL."""

from __future__ import annotations

import json
import re
import ssl
import threading
import webbrowser
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest

from scimdoctor.errors import AuthenticationError, GraphUnavailableError
from scimdoctor.graph import auth, directory, synchronization
from scimdoctor.graph.connect import connect
from scimdoctor.graph.login import log_in
from scimdoctor.graph.provisioning_log import LogQuery, sorted_records
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.lab.authority import LabAuthority
from scimdoctor.lab.graph import LabGraph, Throttle
from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse
from scimdoctor.lab.loopback import LoopbackServer
from scimdoctor.lab.odata import FilterError, ordered, parse_filter, read_skip_token, skip_token
from scimdoctor.lab.tls import make_tls
from scimdoctor.lab.tokens import decode, issue, read
from scimdoctor.redaction import Secret
from tests.fakes.microsoft import CLIENT_ID, SECRET, Clock, Messages, data, sample_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = "22222222-2222-4222-8222-222222222222"


def body(response: LabResponse) -> Any:
    return json.loads(response.body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authority(clock: Clock) -> LabAuthority:
    return LabAuthority(sample_tenant(), clock=clock.time)


@pytest.fixture
def graph(authority: LabAuthority, clock: Clock) -> LabGraph:
    return LabGraph(authority.tenant, clock=clock.time, page_size=2)


def ask_token(authority: LabAuthority, tenant: str = "lab.example", **form: str) -> LabResponse:
    values = {"client_id": CLIENT_ID, "client_secret": SECRET, "scope": "x"} | form
    target = f"/{tenant}/oauth2/v2.0/token"
    content = urlencode(values).encode()
    return authority.handle(LabRequest(method="POST", target=target, body=content))


def app_token(authority: LabAuthority) -> str:
    return str(body(ask_token(authority, grant_type="client_credentials"))["access_token"])


def call(
    graph: LabGraph, token: str, target: str, method: str = "GET", content: bytes = b""
) -> LabResponse:
    headers = (("Authorization", f"Bearer {token}"), ("Host", "graph.lab"))
    return graph.handle(LabRequest(method=method, target=target, headers=headers, body=content))


def test_the_token_is_shaped_like_microsofts(authority: LabAuthority) -> None:
    token = app_token(authority)
    claims = decode(token.split(".")[1])
    assert claims
    assert "ProvisioningLog.Read.All" in claims["roles"]
    assert read(authority.tenant, token) == claims
    assert "scope" not in body(ask_token(authority, grant_type="client_credentials"))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30."])
def test_other_tokens_are_not_read(authority: LabAuthority, token: str) -> None:
    assert read(authority.tenant, token) is None
    assert read(sample_tenant(), app_token(authority)) is None


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"client_secret": "no"}, 401, 7000215),
        ({"client_id": "no"}, 400, 700016),
        ({"tenant": "no.example"}, 400, 90002),
        ({"grant_type": "password"}, 400, 70003),
        ({"grant_type": "refresh_token", "refresh_token": "no"}, 400, 50173),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 400, 70020),
    ],
)
def test_refusals(authority: LabAuthority, form: dict[str, str], status: int, code: int) -> None:
    answer = ask_token(authority, **({"grant_type": "client_credentials"} | form))
    assert answer.status == status
    assert body(answer)["error_codes"] == [code]
    assert f"AADSTS{code}" in body(answer)["error_description"]


@pytest.mark.parametrize("target", ["/", "/lab.example/", "/lab.example/else", "/common/x"])
def test_unknown_addresses(authority: LabAuthority, target: str) -> None:
    assert authority.handle(LabRequest(method="GET", target=target)).status == 404


def test_a_device_code_waits_for_its_person(clock: Clock) -> None:
    authority = LabAuthority(sample_tenant(), clock=clock.time, pending_polls=1)
    request = LabRequest(
        method="POST",
        target="/lab.example/oauth2/v2.0/devicecode",
        body=urlencode({"client_id": CLIENT_ID}).encode(),
    )
    code = body(authority.handle(request))["device_code"]
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    first = ask_token(authority, grant_type=grant, device_code=code)
    assert body(first)["error"] == "authorization_pending"
    assert "refresh_token" in body(ask_token(authority, grant_type=grant, device_code=code))
    assert (
        body(ask_token(authority, grant_type=grant, device_code=code))["error"] == "expired_token"
    )


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/v1.0/auditLogs/provisioning?$filter=nonsense", 400, "BadRequest"),
        ("/v1.0/auditLogs/provisioning?$count=true", 400, "BadRequest"),
        ("/v1.0/auditLogs/provisioning?$top=0", 400, "BadRequest"),
        ("/v1.0/auditLogs/provisioning?$top=x", 400, "BadRequest"),
        ("/v1.0/auditLogs/provisioning?$skiptoken=x", 400, "BadRequest"),
        ("/v1.0/nothing", 400, "BadRequest"),
        ("/nothing", 400, "BadRequest"),
        ("/v1.0/users/none", 404, "Request_ResourceNotFound"),
        ("/v1.0/servicePrincipals/none", 404, "Request_ResourceNotFound"),
        ("/v1.0/servicePrincipals(appId='none')", 404, "Request_ResourceNotFound"),
        (f"/v1.0/servicePrincipals/{APP}/synchronization/jobs/no", 404, "Request_ResourceNotFound"),
        (f"/v1.0/servicePrincipals/{APP}/synchronization/jobs/x/start", 405, "Request_BadRequest"),
    ],
)
def test_graph_refuses_as_documented(
    authority: LabAuthority, graph: LabGraph, target: str, status: int, code: str
) -> None:
    answer = call(graph, app_token(authority), target)
    assert (answer.status, body(answer)["error"]["code"]) == (status, code)
    assert set(body(answer)["error"]["innerError"]) == {
        "date",
        "request-id",
        "client-request-id",
    }


JOB = f"/v1.0/servicePrincipals/{APP}/synchronization/jobs/{data('graph-job-active')['id']}"


@pytest.mark.parametrize(
    ("target", "content", "status", "code"),
    [
        (f"{JOB}/restart", b'{"criteria":{"watermark":true}}', 400, "BadRequest"),
        (f"{JOB}/restart", b'{"criteria":{"resetScope":"Everything"}}', 400, "BadRequest"),
        (f"{JOB}/restart", b"{", 400, "BadRequest"),
        (f"{JOB}/restart", b"[]", 400, "BadRequest"),
        (f"{JOB}/provisionOnDemand", b"{}", 400, "RequestMissingRequiredParameter"),
        (f"{JOB}/provisionOnDemand", b'{"parameters":[{}]}', 501, "NotImplemented"),
        (f"{JOB}/validateCredentials", b"{}", 400, "RequestMissingRequiredParameter"),
    ],
)
def test_actions_are_refused_as_documented(
    authority: LabAuthority,
    graph: LabGraph,
    target: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    answer = call(graph, app_token(authority), target, "POST", content)
    assert (answer.status, body(answer)["error"]["code"]) == (status, code)


def test_namespaced_actions_work(authority: LabAuthority, graph: LabGraph) -> None:
    target = f"{JOB}/microsoft.graph.restart"
    assert call(graph, app_token(authority), target, "POST").status == 204


@pytest.mark.parametrize("header", ["", "Basic x", "Bearer ", "Bearer e30.e30.x"])
def test_graph_wants_a_token(graph: LabGraph, header: str) -> None:
    request = LabRequest(method="GET", target="/v1.0/users", headers=(("authorization", header),))
    answer = graph.handle(request)
    assert (answer.status, body(answer)["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_tokens_expire(authority: LabAuthority, graph: LabGraph, clock: Clock) -> None:
    token = app_token(authority)
    assert call(graph, token, "/v1.0/users").status == 200
    clock.seconds += 3601
    assert call(graph, token, "/v1.0/users").status == 401


def test_pages_keep_the_query(authority: LabAuthority, graph: LabGraph) -> None:
    graph.tenant.users = {
        str(n): {"id": str(n), "displayName": f"A {n}", "mail": "x"} for n in range(5)
    }
    token = app_token(authority)
    target = "/v1.0/users?$select=id&$filter=startswith(displayName,'A')&$orderby=id%20desc&$top=2"
    found = []
    while target:
        page = body(call(graph, token, target))
        found += page["value"]
        link = page.get("@odata.nextLink", "")
        assert link.startswith("https://graph.lab/v1.0/users?") or not link
        target = link.removeprefix("https://graph.lab")
    assert found == [{"id": str(n)} for n in (4, 3, 2, 1, 0)]


def test_the_throttle_slides() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock.time)
    tenant = sample_tenant()
    graph = LabGraph(tenant, throttle=throttle, clock=clock.time)
    authority = LabAuthority(tenant, clock=clock.time)
    token = app_token(authority)
    statuses = [call(graph, token, "/v1.0/auditLogs/provisioning").status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = call(graph, token, "/v1.0/auditLogs/directoryAudits")
    assert dict(refused.headers)["Retry-After"] == "11"
    assert call(graph, token, "/v1.0/users").status == 200
    clock.seconds += 10
    assert call(graph, token, "/v1.0/auditLogs/provisioning").status == 200


ITEM = {
    "n": "O'Neil",
    "deep": {"status": "failure"},
    "when": "2026-07-17T12:00:00Z",
    "on": True,
    "tags": ["a", "b"],
    "targets": [{"id": "t1"}],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("n eq 'O''Neil'", True),
        ("n ne 'O''Neil'", False),
        ("n eq 'x and y'", False),
        ("deep/status eq 'failure' and on eq true", True),
        ("deep/status eq microsoft.graph.provisioningResult'failure'", True),
        ("on eq false", False),
        ("(when gt 2026-07-17T11:59:59Z) and (when lt 2026-07-17T12:00:01Z)", True),
        ("(when ge 2026-07-17T12:00:00Z and when le 2026-07-17T12:00:00Z)", True),
        ("when gt 2026-07-17", True),
        ("missing gt 2026-07-17", False),
        ("when eq 2026-07-17T12:00:00Z", True),
        ("when ne 2026-07-17T12:00:00Z", False),
        ("contains(tolower(n),'neil')", True),
        ("startswith(n,'Neil')", False),
        ("tags/any(t:t eq 'b')", True),
        ("targets/any(t: t/id eq 't1')", True),
        ("targets/any(t: t/id eq 't2')", False),
        ("missing/any(t: t eq 'x')", False),
    ],
)
def test_filters(text: str, holds: bool) -> None:
    assert parse_filter(text)(ITEM) is holds


@pytest.mark.parametrize(
    "text", ["", "n", "n gt 'x'", "n eq x", "n eq 'x' or n eq 'y'", "n eq 'x", "foo(n,'x')"]
)
def test_filters_that_are_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_order_and_skip_tokens() -> None:
    items: list[dict[str, Any]] = [{"a": "2"}, {"a": "1"}, {}]
    assert ordered(items, "a desc")[0] == {"a": "2"}
    assert ordered(items, "") == items
    assert read_skip_token(skip_token(41)) == 41
    assert read_skip_token("") == 0


class Loopback:
    """Authority and Graph on real sockets."""

    def __init__(self, folder: Path) -> None:
        self.tenant = sample_tenant()
        self.tenant.provisioning_log = data("graph-provisioning-user-conflict")["value"]
        self.tls = make_tls()
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self.tls.ca_pem)
        self.folder = folder
        authority, graph = LabAuthority(self.tenant), LabGraph(self.tenant)
        self.authority = LoopbackServer(authority.handle, tls_context=self.tls.server_context())
        self.graph = LoopbackServer(graph.handle, tls_context=self.tls.server_context())

    def sign_in(self, method: AuthMethod, **more: Any) -> SignIn:
        values: dict[str, Any] = {
            "tenant": "lab.example",
            "client_id": CLIENT_ID,
            "client_secret": Secret(SECRET),
            "authority_host": self.authority.url,
            "graph_host": self.graph.url,
            "cache_directory": self.folder / "cache",
        }
        return SignIn(method=method, **(values | more))


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    lab = Loopback(tmp_path)
    with lab.authority, lab.graph:
        yield lab


@pytest.mark.parametrize("method", [AuthMethod.SECRET, AuthMethod.DEVICE_CODE])
def test_real_msal_over_real_tls(loopback: Loopback, method: AuthMethod) -> None:
    sign_in = loopback.sign_in(method)
    claims = log_in(sign_in, ca_file=loopback.ca_file, progress=Messages())
    assert claims
    assert claims.is_delegated is method.is_delegated
    with connect(sign_in, ca_file=loopback.ca_file, progress=Messages()) as graph:
        app = directory.find_app(graph, "Example")
        job = synchronization.the_job(graph, app)
        assert synchronization.schema(graph, app.id, job.id).object_mappings
        records = sorted_records(graph, LogQuery(service_principal_id=app.id))
    assert records == loopback.tenant.provisioning_log


def test_a_page_that_is_cut_is_read_again(loopback: Loopback, clock: Clock) -> None:
    """The connection breaks in the middle of the body, which only a real socket can do."""
    serve, cuts = LabGraph(loopback.tenant).handle, [Behaviour.SHORT, Behaviour.RESET]

    def cutting(request: LabRequest) -> LabResponse:
        answer = serve(request)
        return replace(answer, behaviour=cuts.pop()) if cuts else answer

    with LoopbackServer(cutting, tls_context=loopback.tls.server_context()) as server:
        sign_in = loopback.sign_in(AuthMethod.SECRET, graph_host=server.url)
        with connect(sign_in, ca_file=loopback.ca_file, waiting=clock.waiting) as graph:
            assert sorted_records(graph, LogQuery()) == loopback.tenant.provisioning_log
    assert cuts == []
    assert len(clock.slept) == 2


class Browser(Messages):
    """Follows the address that is shown when no browser can be opened, as a person would."""

    def __init__(self, ca: ssl.SSLContext) -> None:
        super().__init__()
        self._ca = ca
        self.threads: list[threading.Thread] = []

    def message(self, text: str) -> None:
        super().message(text)
        found = re.search(r"https://\S+/authorize\S+", text)
        if found:
            self.threads.append(threading.Thread(target=self._follow, args=(found[0],)))
            self.threads[-1].start()

    def _follow(self, address: str) -> None:
        with httpx.Client(verify=self._ca, trust_env=False) as client:
            page = client.get(address).text
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
            target = re.search(r'action="([^"]+)"', page)
            assert target
            client.post(target[1], data=fields)


def test_a_browser_sign_in(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_browser(*_args: object, **_kwargs: object) -> bool:
        raise webbrowser.Error("none here")

    monkeypatch.setattr(webbrowser, "open", no_browser)
    monkeypatch.setattr(webbrowser, "get", no_browser)
    browser = Browser(loopback.tls.client_context())
    sign_in = loopback.sign_in(AuthMethod.BROWSER)
    claims = log_in(sign_in, ca_file=loopback.ca_file, progress=browser)
    for thread in browser.threads:
        thread.join()
    assert claims
    assert claims.user == "admin@lab.example"
    assert any("--device-code" in text for text in browser.said)
    with connect(sign_in, ca_file=loopback.ca_file, progress=browser) as graph:
        assert directory.organization(graph)["id"] == loopback.tenant.id


def test_nobody_comes_back_from_the_browser(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_args: object, **_kwargs: object) -> bool:
        return True

    monkeypatch.setattr(webbrowser, "open", opened)
    monkeypatch.setattr(webbrowser, "get", opened)
    monkeypatch.setattr(auth, "_BROWSER_SECONDS", 0.05)
    with pytest.raises(AuthenticationError, match="Nobody finished signing in") as caught:
        log_in(loopback.sign_in(AuthMethod.BROWSER), ca_file=loopback.ca_file)
    assert "--device-code" in str(caught.value.hint)


def test_the_code_goes_to_localhost_only(authority: LabAuthority) -> None:
    query = urlencode({"client_id": CLIENT_ID, "redirect_uri": "https://evil.example/"})
    target = f"/lab.example/oauth2/v2.0/authorize?{query}"
    answer = authority.handle(LabRequest(method="GET", target=target))
    assert body(answer)["error_codes"] == [50011]


def test_a_code_needs_its_verifier(authority: LabAuthority) -> None:
    answer = ask_token(authority, grant_type="authorization_code", code="x")
    assert body(answer)["error"] == "invalid_grant"


def test_without_the_ca_file_nothing_is_trusted(loopback: Loopback) -> None:
    with (
        connect(loopback.sign_in(AuthMethod.SECRET)) as graph,
        pytest.raises(AuthenticationError) as caught,
    ):
        graph.get("/organization")
    assert "SCIMDOCTOR_CA_FILE" in str(caught.value.hint)


def test_a_graph_that_is_down(loopback: Loopback) -> None:
    sign_in = loopback.sign_in(AuthMethod.SECRET, graph_host="https://127.0.0.1:1")
    with (
        connect(sign_in, ca_file=loopback.ca_file) as graph,
        pytest.raises(GraphUnavailableError) as caught,
    ):
        graph.get("/organization")
    assert "network" in str(caught.value.hint)


def test_the_certificate_is_for_loopback_only(loopback: Loopback) -> None:
    context = loopback.tls.client_context()
    with httpx.Client(verify=context, trust_env=False) as client:
        url = f"{loopback.authority.url}/lab.example/v2.0/.well-known/openid-configuration"
        assert client.get(url).json()["issuer"].startswith("https://127.0.0.1:")
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_tokens_of_the_lab_say_that_they_are(clock: Clock) -> None:
    header = issue(sample_tenant(), {}).split(".")[0]
    assert decode(header) == {"typ": "JWT", "alg": "none", "kid": "scimdoctor-lab"}
