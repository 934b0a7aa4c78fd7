"""The one way to Microsoft Graph: typed answers, pages, and errors with a next step."""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpx

from scimdoctor.errors import GraphCircleError, GraphUnavailableError
from scimdoctor.graph.access_token import read_claims
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.failures import FailedCall, graph_error, time_of_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from scimdoctor.graph.access_token import AccessTokenClaims
    from scimdoctor.graph.auth import TokenProvider

Json = dict[str, Any]
_VERSIONS = ("/v1.0/", "/beta/")
_CHALLENGE = re.compile(r"""\bclaims\s*=\s*(?:"([^"]+)"|'([^']+)'|([^\s,"']+))""")


def claims_challenge(header: str) -> str | None:
    """Return the JSON text of a claims challenge in `WWW-Authenticate`; `None` without one.

    The value is base64 in either alphabet, often without padding (Entra "Claims challenge").
    """
    found = _CHALLENGE.search(header)
    if not found or "insufficient_claims" not in header:
        return None
    text = (found[1] or found[2] or found[3]).replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4)).decode()
        json.loads(decoded)
    except ValueError:
        return None
    return decoded


class BearerAuth(httpx.Auth):
    """Puts the token on each request, and answers one claims challenge per request."""

    def __init__(self, tokens: TokenProvider, scope: str) -> None:
        self._tokens = tokens
        self._scope = scope

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send with a token; if Graph asks for more claims, once more with a new one."""
        token = self._tokens.token((self._scope,))
        request.headers["Authorization"] = f"Bearer {token.reveal()}"
        response = yield request
        challenge = claims_challenge(response.headers.get("www-authenticate", ""))
        if response.status_code == 401 and challenge:
            token = self._tokens.token((self._scope,), claims_challenge=challenge)
            request.headers["Authorization"] = f"Bearer {token.reveal()}"
            yield request


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a collection."""

    items: tuple[Json, ...]
    url: str
    """Where it was read; a pull can resume here."""

    next_link: str | None = None


class GraphClient:
    """Reads and calls Microsoft Graph through a ready `httpx.Client`.

    Closing it runs `on_close`; the `httpx.Client` itself stays open unless that closes it.

    `base_url` is scheme and host, the cloud's unless given; no token is ever sent elsewhere.
    """

    def __init__(
        self,
        http: httpx.Client,
        tokens: TokenProvider,
        *,
        base_url: str | None = None,
        cloud: Cloud = Cloud.GLOBAL,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_close: tuple[Callable[[], None], ...] = (),
    ) -> None:
        self._http = http
        self._on_close = on_close
        self._tokens = tokens
        self._base_url = (base_url or cloud.hosts.graph).rstrip("/")
        self._scope = f"{cloud.hosts.graph}/.default"
        self._auth = BearerAuth(tokens, self._scope)
        self._portal = cloud.hosts.portal
        self._now = now
        self.served_at: datetime | None = None
        """What time it was at Graph when it last answered; its clock is right, ours may not be."""

    def close(self) -> None:
        """Close what was opened for it."""
        for close in self._on_close:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def portal(self) -> str:
        """Base URL of this cloud's admin center."""
        return self._portal

    def is_own(self, url: str) -> bool:
        """Say whether `url` is at Graph's host: anything else is never asked."""
        return _origin(url) == _origin(self._base_url)

    def claims(self) -> AccessTokenClaims | None:
        """What the token in use says of itself; signs in if need be."""
        return read_claims(self._tokens.token((self._scope,)))

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Return the JSON object at `path`, which begins with `/` (v1.0 unless it says `/beta/`).

        Raises:
            GraphError: Graph refused, failed or could not be reached.
            AuthenticationError: there is no valid sign-in.
        """
        return self._json(self._send("GET", self._url(path, params), headers=headers))

    def page(self, url: str) -> Page:
        """Return the page of a collection at `url`, as built by `pages` or given by Graph.

        Raises:
            GraphUnavailableError: `url` or the next link leads away from Graph's host.
        """
        self._check_host(url)
        document = self._json(self._send("GET", url))
        value = document.get("value")
        listed = value if isinstance(value, list) else []
        items = tuple(item for item in listed if isinstance(item, dict))
        link = document.get("@odata.nextLink")
        next_link = urljoin(url, link) if isinstance(link, str) and link else None
        if next_link:
            self._check_host(next_link)
        return Page(items=items, url=url, next_link=next_link)

    def pages(
        self, path: str, params: Mapping[str, str] | None = None, *, resume_at: str | None = None
    ) -> Iterator[list[Json]]:
        """Yield the pages of the collection at `path`, each as its list of objects."""
        first = self.page(resume_at or self._url(path, params))
        yield from (list(page.items) for page in self.onward(first))

    def onward(self, page: Page) -> Iterator[Page]:
        """Yield `page` and those that its next links lead to.

        Raises:
            GraphCircleError: a next link leads back to a page that was already read.
        """
        read = {page.url}
        yield page
        while page.next_link:
            if page.next_link in read:
                raise in_a_circle()
            read.add(page.next_link)
            page = self.page(page.next_link)
            yield page

    def url(self, path: str, params: Mapping[str, str] | None = None) -> str:
        """Return the whole address of `path`, for `page`."""
        return self._url(path, params)

    def post(
        self, path: str, body: Json | None = None, *, timeout_seconds: float | None = None
    ) -> Json:
        """Call the action at `path`; an answer without content is an empty object.

        Raises:
            GraphError: as for `get`.
        """
        response = self._send("POST", self._url(path, None), body=body, seconds=timeout_seconds)
        return self._json(response) if response.content.strip() else {}

    def _url(self, path: str, params: Mapping[str, str] | None) -> str:
        versioned = path if path.startswith(_VERSIONS) else f"/v1.0{path}"
        query = urlencode(params, quote_via=quote, safe="$,:()'") if params else ""
        return f"{self._base_url}{versioned}" + (f"?{query}" if query else "")

    def _check_host(self, url: str) -> None:
        if not self.is_own(url):
            raise GraphUnavailableError(
                "Graph's next link leads to another host, so it was not followed.",
                hint="The token must not leave Graph; check for a proxy that rewrites answers.",
            )

    def _send(
        self,
        method: str,
        url: str,
        *,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> httpx.Response:
        call_id = str(uuid.uuid4())
        request = self._http.build_request(
            method,
            url,
            json=body,
            headers={"client-request-id": call_id, "Accept": "application/json", **(headers or {})},
            timeout=seconds or httpx.USE_CLIENT_DEFAULT,
        )
        try:
            response = self._http.send(request, auth=self._auth, follow_redirects=False)
        except httpx.HTTPError as error:
            raise self._unreachable(error, call_id) from error
        self.served_at = time_of_answer(response.headers.get("date", "")) or self.served_at
        if response.is_success:
            return response
        raise graph_error(
            FailedCall(
                method=method,
                path=_path(url),
                status=response.status_code,
                headers=tuple(response.headers.items()),
                body=response.content,
                client_request_id=call_id,
                claims=read_claims(self._tokens.token((self._scope,)))
                if response.status_code in {401, 403}
                else None,
                portal=self._portal,
                now=self._now(),
            )
        )

    def _unreachable(self, error: httpx.HTTPError, call_id: str) -> GraphUnavailableError:
        host = urlsplit(self._base_url).hostname
        slow = isinstance(error, httpx.TimeoutException)
        hint = (
            "Graph did not answer in time; try again, or ask for less at once."
            if slow
            else "Check the network, the proxy (HTTPS_PROXY) and, behind a TLS-inspecting proxy, "
            "its certificate authority (SCIMDOCTOR_CA_FILE)."
        )
        return GraphUnavailableError(
            f"Microsoft Graph ({host}) could not be reached: {str(error) or type(error).__name__}.",
            hint=hint,
            client_request_id=call_id,
        )

    def _json(self, response: httpx.Response) -> Json:
        try:
            document = response.json()
        except (ValueError, RecursionError) as error:
            kind = response.headers.get("content-type", "no content type")
            raise GraphUnavailableError(
                f"Microsoft Graph answered {response.status_code} with {kind}, which is not JSON.",
                hint="A proxy or sign-in page may have answered instead of Graph.",
                status=response.status_code,
                request_id=response.headers.get("request-id"),
                client_request_id=response.request.headers.get("client-request-id"),
            ) from error
        return document if isinstance(document, dict) else {"value": document}


def in_a_circle() -> GraphCircleError:
    """Return what to raise where pages lead back to those that were read."""
    return GraphCircleError(
        "Graph's next link leads back to what was already read, so the rest could not be read.",
        hint="Ask for a shorter time or for one app; a proxy that answers from its cache, "
        "whatever the query, does this too.",
    )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname, port or {"https": 443, "http": 80}.get(parts.scheme)


def _path(url: str) -> str:
    path = urlsplit(url).path
    return next((path[len(v) - 1 :] for v in _VERSIONS if path.startswith(v)), path)
