"""The Graph client against tables of routes and answers."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import respx

from scimdoctor.errors import (
    AuthenticationError,
    GraphCircleError,
    GraphError,
    GraphNotFoundError,
    GraphPermissionError,
    GraphThrottledError,
    GraphUnavailableError,
)
from scimdoctor.graph.client import GraphClient, claims_challenge
from scimdoctor.graph.provisioning_log import LogQuery, log_pages
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BASE = "https://graph.microsoft.com/v1.0"
NOW = datetime(2026, 7, 17, 12, tzinfo=UTC)
LOG = f"{BASE}/auditLogs/provisioning"
JOBS = f"{BASE}/servicePrincipals/1/synchronization/jobs"


def jwt(**claims: Any) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.x"


class Tokens:
    """Counts what it is asked for."""

    def __init__(self, token: str = "opaque") -> None:
        self.given = Secret(token)
        self.challenges: list[str | None] = []

    def token(self, scopes: Sequence[str], *, claims_challenge: str | None = None) -> Secret:
        self.challenges.append(claims_challenge)
        return Secret("renewed") if claims_challenge else self.given


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def graph(http: httpx.Client) -> GraphClient:
    return GraphClient(http, Tokens(), now=lambda: NOW)


def error_body(code: str, message: str = "", **inner: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": inner}}


def test_get_sends_token_and_id(routes: respx.MockRouter, graph: GraphClient) -> None:
    route = routes.get(f"{BASE}/organization").respond(json={"value": []})
    assert graph.get("/organization") == {"value": []}
    sent = route.calls.last.request
    assert sent.headers["authorization"] == "Bearer opaque"
    assert len(sent.headers["client-request-id"]) == 36


def test_queries_are_percent_encoded(routes: respx.MockRouter, graph: GraphClient) -> None:
    route = routes.get(url__startswith=f"{BASE}/users").respond(json={})
    graph.get("/users", {"$filter": "displayName eq 'O''Neil & Co+#'", "$top": "5"})
    query = route.calls.last.request.url.query
    assert query == b"$filter=displayName%20eq%20'O''Neil%20%26%20Co%2B%23'&$top=5"


def test_beta_paths_stay(routes: respx.MockRouter, graph: GraphClient) -> None:
    routes.get("https://graph.microsoft.com/beta/me").respond(json={"id": "1"})
    assert graph.get("/beta/me") == {"id": "1"}


def test_pages_follow_next_links(routes: respx.MockRouter, graph: GraphClient) -> None:
    routes.get(f"{BASE}/users", params={"$skiptoken": "b"}).respond(json={"value": [{"id": 3}]})
    routes.get(f"{BASE}/users", params={"$top": "2"}).respond(
        json={
            "value": [{"id": 1}, None, {"id": 2}],
            "@odata.nextLink": f"{BASE}/users?$skiptoken=b",
        }
    )
    assert list(graph.pages("/users", {"$top": "2"})) == [[{"id": 1}, {"id": 2}], [{"id": 3}]]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users?$skiptoken=b",
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:8443/v1.0/users",
        "https://graph.microsoft.com@evil.example/v1.0/users",
        "https://graph.microsoft.com:x/v1.0/users",
        "//evil.example/users",
    ],
)
def test_next_links_elsewhere_are_not_followed(
    routes: respx.MockRouter, graph: GraphClient, link: str
) -> None:
    routes.get(f"{BASE}/users").respond(json={"value": [{"id": 1}], "@odata.nextLink": link})
    with pytest.raises(GraphUnavailableError, match="another host"):
        list(graph.pages("/users"))
    assert len(routes.calls) == 1


@pytest.mark.parametrize("chain", [["a", "a"], ["a", "b", "a"]], ids=["same", "circle"])
def test_next_links_in_a_circle_end(
    routes: respx.MockRouter, graph: GraphClient, chain: list[str]
) -> None:
    for here, there in itertools.pairwise(chain):
        link = f"{BASE}/users?$skiptoken={there}"
        answer = {"value": [], "@odata.nextLink": link}
        routes.get(f"{BASE}/users", params={"$skiptoken": here}).respond(json=answer)
    with pytest.raises(GraphCircleError, match="already read"):
        list(graph.pages("/users", {"$skiptoken": "a"}))
    assert len(routes.calls) == len(chain) - 1


def test_pages_that_repeat_themselves_under_new_links_end(
    routes: respx.MockRouter, graph: GraphClient
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("$skiptoken", 0)) + 1
        link = str(request.url.copy_set_param("$skiptoken", str(number)))
        records = [{"id": "a"}, {"id": "b"}]
        return httpx.Response(200, json={"value": records, "@odata.nextLink": link})

    routes.get(url__startswith=LOG).mock(side_effect=answer)
    pages = log_pages(graph, LogQuery())
    assert [len(next(pages).items) for _ in range(3)] == [2, 0, 0]
    with pytest.raises(GraphCircleError, match="already read"):
        next(pages)


def test_post_takes_an_empty_answer(routes: respx.MockRouter, graph: GraphClient) -> None:
    route = routes.post(f"{JOBS}/2/start").respond(204)
    assert graph.post("/servicePrincipals/1/synchronization/jobs/2/start") == {}
    assert route.calls.last.request.content == b""


def test_not_found(routes: respx.MockRouter, graph: GraphClient) -> None:
    routes.get(f"{BASE}/users/1").respond(
        404, json=error_body("Request_ResourceNotFound", "Resource '1' does not exist")
    )
    with pytest.raises(GraphNotFoundError, match="Resource '1'") as caught:
        graph.get("/users/1")
    assert caught.value.exit_status == 3
    assert "object id" in str(caught.value.hint)


def test_ids_are_kept_with_the_error(routes: respx.MockRouter, graph: GraphClient) -> None:
    body = error_body("BadRequest", "Invalid filter clause", **{"request-id": "their-id"})
    routes.get(LOG).respond(400, json=body)
    with pytest.raises(GraphError) as caught:
        graph.get("/auditLogs/provisioning")
    error = caught.value
    assert (error.status, error.code, error.request_id) == (400, "BadRequest", "their-id")
    assert error.client_request_id == routes.calls.last.request.headers["client-request-id"]
    assert "their-id" in error.message


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"roles": ["User.Read.All"]}, ["ProvisioningLog.Read.All", "Application permissions"]),
        ({"scp": "User.Read"}, ["Delegated permissions", "Reports Reader", "login again"]),
        ({"scp": "AuditLog.Read.All"}, ["the role is missing", "Reports Reader"]),
        ({"roles": ["AuditLog.Read.All"]}, ["owner"]),
    ],
    ids=["app-permission", "delegated-permission", "role", "granted"],
)
def test_a_denied_log_says_what_is_missing(
    routes: respx.MockRouter, http: httpx.Client, claims: dict[str, Any], words: list[str]
) -> None:
    routes.get(LOG).respond(403, json=error_body("Authentication_MSGraphPermissionMissing", "no"))
    graph = GraphClient(http, Tokens(jwt(**claims)))
    with pytest.raises(GraphPermissionError) as caught:
        graph.get("/auditLogs/provisioning")
    assert [word for word in words if word not in str(caught.value.hint)] == []


def test_unknown_error_on_jobs_names_the_role(routes: respx.MockRouter, graph: GraphClient) -> None:
    routes.get(JOBS).respond(401, json=error_body("UnknownError"))
    with pytest.raises(GraphPermissionError) as caught:
        graph.get("/servicePrincipals/1/synchronization/jobs")
    assert "Synchronization.Read.All" in str(caught.value.hint)
    assert "Hybrid Identity Administrator" in str(caught.value.hint)
    assert "Global Reader is not enough" in str(caught.value.hint)


def test_missing_licence(routes: respx.MockRouter, graph: GraphClient) -> None:
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    routes.get(LOG).respond(403, json=error_body(code))
    with pytest.raises(GraphPermissionError) as caught:
        graph.get("/auditLogs/provisioning")
    assert "P1 or P2" in str(caught.value.hint)


def test_a_wrong_clock_is_noticed(routes: respx.MockRouter, graph: GraphClient) -> None:
    date = format_datetime(NOW - timedelta(minutes=47), usegmt=True)
    routes.get(LOG).respond(
        401, json=error_body("InvalidAuthenticationToken", "expired"), headers={"Date": date}
    )
    with pytest.raises(GraphPermissionError) as caught:
        graph.get("/auditLogs/provisioning")
    assert caught.value.hint == "This computer's clock is 47 minutes ahead; set it right."


@pytest.mark.parametrize("date", ["", "yesterday", format_datetime(NOW, usegmt=True)])
def test_a_right_clock_is_not_blamed(
    routes: respx.MockRouter, graph: GraphClient, date: str
) -> None:
    routes.get(LOG).respond(
        401, json=error_body("InvalidAuthenticationToken"), headers={"Date": date}
    )
    with pytest.raises(GraphPermissionError) as caught:
        graph.get("/auditLogs/provisioning")
    assert "login" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, GraphThrottledError), (500, GraphUnavailableError), (503, GraphUnavailableError)],
)
def test_busy_and_broken(
    routes: respx.MockRouter, graph: GraphClient, status: int, kind: type[GraphError]
) -> None:
    routes.get(LOG).respond(status, json=error_body("X"))
    with pytest.raises(kind):
        graph.get("/auditLogs/provisioning")


@pytest.mark.parametrize("status", [200, 403, 502])
def test_html_instead_of_json(routes: respx.MockRouter, graph: GraphClient, status: int) -> None:
    routes.get(LOG).respond(status, html="<html><script>alert(1)</script></html>")
    with pytest.raises(GraphError) as caught:
        graph.get("/auditLogs/provisioning")
    assert "text/html" in caught.value.message
    assert "alert" not in caught.value.message


def test_hostile_messages_are_flat_short_and_without_secrets(
    routes: respx.MockRouter, graph: GraphClient
) -> None:
    text = "a\r\n\tb Bearer abcdefghijklmnop " + "x" * 9999
    routes.get(LOG).respond(400, json=error_body("BadRequest", text))
    with pytest.raises(GraphError) as caught:
        graph.get("/auditLogs/provisioning")
    assert "abcdefghijklmnop" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 800


@pytest.mark.parametrize(
    ("failure", "word"),
    [(httpx.ConnectError("refused"), "network"), (httpx.ReadTimeout("slow"), "in time")],
    ids=["down", "slow"],
)
def test_network_down(
    routes: respx.MockRouter, graph: GraphClient, failure: Exception, word: str
) -> None:
    routes.get(LOG).mock(side_effect=failure)
    with pytest.raises(GraphUnavailableError) as caught:
        graph.get("/auditLogs/provisioning")
    assert word in str(caught.value.hint)
    assert "graph.microsoft.com" in caught.value.message


def challenge_header(claims: str, *, padded: bool) -> str:
    encoded = base64.urlsafe_b64encode(claims.encode()).decode()
    encoded = encoded if padded else encoded.rstrip("=")
    return f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'


@pytest.mark.parametrize("padded", [True, False])
def test_one_claims_challenge_is_answered(
    routes: respx.MockRouter, http: httpx.Client, padded: bool
) -> None:
    asked = '{"access_token":{"acrs":{"value":"c1?>"}}}'
    headers = {"WWW-Authenticate": challenge_header(asked, padded=padded)}
    tokens = Tokens()
    refused = httpx.Response(401, headers=headers)
    route = routes.get(LOG).mock(side_effect=[refused, httpx.Response(200, json={"value": []})])
    GraphClient(http, tokens).get("/auditLogs/provisioning")
    assert tokens.challenges == [None, asked]
    assert route.calls.last.request.headers["authorization"] == "Bearer renewed"


@pytest.mark.parametrize("quote", ['"', "'", ""])
@pytest.mark.parametrize("after", ["", ", realm=x"])
def test_a_claims_challenge_is_read_however_it_is_quoted(quote: str, after: str) -> None:
    encoded = base64.urlsafe_b64encode(b'{"a":1}').decode()
    header = (
        f"Bearer error={quote}insufficient_claims{quote}, claims={quote}{encoded}{quote}{after}"
    )
    assert claims_challenge(header) == '{"a":1}'


def test_a_second_challenge_is_an_error(routes: respx.MockRouter, http: httpx.Client) -> None:
    headers = {"WWW-Authenticate": challenge_header("{}", padded=True)}
    routes.get(LOG).respond(401, headers=headers, json=error_body("InvalidAuthenticationToken"))
    tokens = Tokens()
    with pytest.raises(GraphPermissionError):
        GraphClient(http, tokens).get("/auditLogs/provisioning")
    assert [c for c in tokens.challenges if c] == ["{}"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        'Bearer error="invalid_token"',
        'Bearer error="insufficient_claims"',
        'Bearer error="insufficient_claims", claims="%%%"',
        'Bearer error="insufficient_claims", claims="bm90IGpzb24="',
    ],
)
def test_what_is_no_challenge(header: str) -> None:
    assert claims_challenge(header) is None


def test_a_static_token_cannot_be_renewed() -> None:
    from scimdoctor.graph.auth import StaticTokenProvider

    tokens = StaticTokenProvider(Secret("t"))
    assert tokens.token(()).reveal() == "t"
    with pytest.raises(AuthenticationError):
        tokens.token((), claims_challenge="{}")
