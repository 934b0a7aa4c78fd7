"""The lab's Microsoft Graph: a handler over a `LabTenant`.

Answers, errors, paging, permissions and throttling follow Graph's documentation, as far as the
tool uses them. Sources: Graph API pages of each resource, "Error responses", "Throttling limits".
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from scimdoctor.lab.graph_errors import GraphRefusal, bad_request, refusal
from scimdoctor.lab.graph_routes import ROUTES, Call, Route
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.lab.odata import (
    FilterError,
    ordered,
    parse_filter,
    read_skip_token,
    skip_token,
)
from scimdoctor.lab.tokens import encode, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from scimdoctor.lab.tenant import LabTenant

Json = dict[str, Any]
_VERSION = re.compile(r"/(v1\.0|beta)(?=/)")
_EXPAND_MANAGER = re.compile(r"manager\(\$select=id\)")
_MOST_IN_BATCH = 20
_METADATA = "https://graph.microsoft.com/v1.0/$metadata"


@dataclass(kw_only=True)
class Throttle:
    """Graph's limit of the reporting API: `limit` requests in any `window_seconds`."""

    limit: int = 5
    window_seconds: float = 10.0
    clock: Callable[[], float] = time.monotonic
    says_when: bool = True
    """Whether the 429 carries `Retry-After`; the real one often does not."""

    refused: int = 0
    _times: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Count one request.

        Raises:
            GraphRefusal: 429, when it is one too many; it then does not count.
        """
        with self._lock:
            now = self.clock()
            while self._times and now - self._times[0] >= self.window_seconds:
                self._times.popleft()
            if len(self._times) < self.limit:
                self._times.append(now)
                return
            self.refused += 1
            wait = int(self.window_seconds - (now - self._times[0])) + 1
        headers = (("Retry-After", str(wait)),) if self.says_when else ()
        raise GraphRefusal(429, "TooManyRequests", "Too Many Requests", headers=headers)


class LabGraph:
    """Serves one tenant; `handle` is a lab handler.

    `page_size` caps every page, so that paging happens with little data. `required_context` makes
    Graph challenge tokens that lack this authentication context (continuous access evaluation).
    """

    def __init__(
        self,
        tenant: LabTenant,
        *,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.time,
        page_size: int = 1000,
        required_context: str | None = None,
    ) -> None:
        self.tenant = tenant
        self.required_context = required_context
        self._throttle = throttle
        self._clock = clock
        self._page_size = page_size
        self._lock = threading.RLock()

    def handle(self, request: LabRequest) -> LabResponse:
        """Answer one request, always as Graph would, errors included."""
        try:
            with self._lock:
                response = self._answer(request)
        except GraphRefusal as refused:
            response = self._error(refused, request)
        except FilterError as error:
            response = self._error(bad_request(str(error)), request)
        trace = (("request-id", str(uuid.uuid4())), ("Date", self._http_date()))
        ours = request.header("client-request-id")
        echoed = (("client-request-id", ours),) if ours else ()
        return LabResponse(
            status=response.status,
            headers=(*response.headers, *trace, *echoed),
            body=response.body,
            behaviour=response.behaviour,
        )

    def _answer(self, request: LabRequest) -> LabResponse:
        claims = self._signed_in(request)
        path = _VERSION.sub("", request.path, count=1)
        if path == request.path:
            raise bad_request("Invalid version.")
        if path == "/$batch":
            return self._batch(request)
        route, values = self._route(request.method, path)
        self._check_permission(route, claims)
        if self._throttle and path.startswith("/auditLogs/"):
            self._throttle.check()
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        call = Call(tenant=self.tenant, values=values, query=query, body=_json_body(request))
        result = route.answer(call)
        if result is None:
            return LabResponse(status=204)
        if isinstance(result, list):
            return json_response(200, self._page(result, request, query))
        return json_response(200, _selected(result, query.get("$select")))

    def _batch(self, request: LabRequest) -> LabResponse:
        """Answer up to twenty requests in one, each with a status of its own ("JSON batching")."""
        asked = _json_body(request).get("requests")
        if request.method != "POST" or not isinstance(asked, list) or len(asked) > _MOST_IN_BATCH:
            raise bad_request(f"The number of batch requests must be 1 to {_MOST_IN_BATCH}.")
        version = request.path.removesuffix("/$batch")
        answers = []
        for one in asked:
            inner = LabRequest(
                method=str(one.get("method")),
                target=f"{version}{one.get('url')}",
                headers=request.headers,
            )
            answer = self.handle(inner)
            body = json.loads(answer.body) if answer.body else None
            answers.append({"id": one.get("id"), "status": answer.status, "body": body})
        # The real one answers in any order.
        return json_response(200, {"responses": answers[::-1]})

    def _route(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        matches = ((route, re.fullmatch(route.path, path)) for route in ROUTES)
        fitting = [(route, match) for route, match in matches if match]
        for route, match in fitting:
            if route.method == method:
                return route, tuple(unquote(value) for value in match.groups())
        if fitting:
            raise GraphRefusal(405, "Request_BadRequest", "Specified HTTP method is not allowed.")
        raise GraphRefusal(
            400, "BadRequest", f"Resource not found for the segment '{path.rpartition('/')[2]}'."
        )

    def _signed_in(self, request: LabRequest) -> Json:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.casefold() != "bearer" or not token:
            raise refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        claims = read(self.tenant, token)
        if claims is None:
            raise refusal(401, "InvalidAuthenticationToken", "CompactToken validation failed.")
        if not claims["nbf"] - 300 <= self._clock() < claims["exp"]:
            text = "Access token has expired or is not yet valid."
            raise refusal(401, "InvalidAuthenticationToken", text)
        if self.required_context and self.required_context not in claims.get("acrs", ()):
            raise self._challenge(self.required_context)
        return claims

    def _challenge(self, context: str) -> GraphRefusal:
        claims = encode({"access_token": {"acrs": {"essential": True, "value": context}}})
        header = (
            'Bearer realm="", authorization_uri="https://login.example/authorize", '
            f'error="insufficient_claims", claims="{claims}"'
        )
        return GraphRefusal(
            401,
            "InvalidAuthenticationToken",
            "Continuous access evaluation resulted in challenge.",
            headers=(("WWW-Authenticate", header),),
        )

    def _check_permission(self, route: Route, claims: Json) -> None:
        granted = {*claims.get("roles", ()), *str(claims.get("scp", "")).split()}
        if not route.permissions or granted & route.permissions:
            return
        if "/auditLogs/" in route.path:
            wanted = ", ".join(sorted(route.permissions))
            text = f"Calling principal does not have required MSGraph permissions {wanted}"
            raise refusal(403, "Authentication_MSGraphPermissionMissing", text)
        if "/synchronization" in route.path:
            raise refusal(403, "UnknownError", "")
        text = "Insufficient privileges to complete the operation."
        raise refusal(403, "Authorization_RequestDenied", text)

    def _page(self, items: list[Json], request: LabRequest, query: dict[str, str]) -> Json:
        if query.get("$filter"):
            holds = parse_filter(query["$filter"])
            items = [item for item in items if holds(item)]
        items = ordered(items, query.get("$orderby", ""))
        start = read_skip_token(query.get("$skiptoken", ""))
        top = query.get("$top", str(self._page_size))
        if not top.isdecimal() or not int(top):
            raise bad_request(f"Invalid value '{top}' for $top query option found.")
        end = start + min(int(top), self._page_size)
        select = query.get("$select")
        page: Json = {
            "@odata.context": f"{_METADATA}#{request.path.partition('/')[2]}",
            "value": [
                _selected(item, select) | self._expanded(item, query.get("$expand"))
                for item in items[start:end]
            ],
        }
        if end < len(items):
            following = urlencode(
                {**query, "$skiptoken": skip_token(end)}, quote_via=quote, safe="$"
            )
            host = request.header("host") or "localhost"
            page["@odata.nextLink"] = f"https://{host}{request.path}?{following}"
        return page

    def _expanded(self, item: Json, expand: str | None) -> Json:
        """What `$expand=manager($select=id)` adds to a user; nothing if there is no manager."""
        if not expand:
            return {}
        if not _EXPAND_MANAGER.fullmatch(expand):
            raise bad_request(f"Invalid $expand '{expand}'.")
        manager = self.tenant.managers.get(str(item.get("id")))
        if manager is None or manager not in self.tenant.users:
            return {}
        return {"manager": {"@odata.type": "#microsoft.graph.user", "id": manager}}

    def _error(self, refused: GraphRefusal, request: LabRequest) -> LabResponse:
        moment = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        trace = str(uuid.uuid4())
        inner = {
            "date": moment,
            "request-id": trace,
            "client-request-id": request.header("client-request-id") or trace,
        }
        error = {"code": refused.code, "message": str(refused), "innerError": inner}
        return json_response(refused.status, {"error": error}, headers=refused.headers)

    def _http_date(self) -> str:
        from email.utils import formatdate

        return formatdate(self._clock(), usegmt=True)


def _json_body(request: LabRequest) -> Json:
    if not request.body.strip():
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise bad_request("Unable to read JSON request payload.") from None
    if not isinstance(body, dict):
        raise bad_request("Unable to read JSON request payload.")
    return body


def _selected(item: Json, select: str | None) -> Json:
    if not select:
        return item
    # What is selected and empty comes as null: it is no property that Graph does not know.
    names = dict.fromkeys(name.strip() for name in select.split(","))
    about = {key: value for key, value in item.items() if key.startswith("@")}
    return about | {name: item.get(name) for name in names}
