"""A SCIM 2.0 service provider that does all that Entra needs, kept in memory.

It is our own because a fault of a server mostly sits on the wire: a spelling, a shape, a status.
scim2-server, the well-kept library that was the first choice, answers 48 of the 53 request shapes
that Entra is known to send, and parses every payload into typed models before a handler sees it
(`"False"` is a boolean and `"Replace"` is `replace` by then), so such faults cannot be switched.

What it does is what RFC 7643 and 7644 say, read tolerantly (`scim/filters.py`, `scim/patch.py`);
values are stored and returned as they were sent. Switches (`switch.py`) change it in named ways.
"""

from __future__ import annotations

import hmac
import threading
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scimdoctor.lab.http import LabResponse
from scimdoctor.lab.scim import discovery
from scimdoctor.lab.scim.call import Call, ScimProblem, scim_response
from scimdoctor.lab.scim.faults import switches
from scimdoctor.lab.scim.representation import location, project, represent
from scimdoctor.lab.scim.resources import new_resource, require_unique, require_valid
from scimdoctor.lab.scim.token_endpoint import is_token_request, token_response
from scimdoctor.scim import urns
from scimdoctor.scim.filters import FilterError, matches, parse_filter
from scimdoctor.scim.patch import PatchError, apply_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scimdoctor.lab.http import LabRequest
    from scimdoctor.scim.patch import Resource

DEFAULT_COUNT = 100
_NAMESPACE = uuid.UUID("5b0c1a52-7d0e-5c5c-9d53-4f1f3c1f6a10")
_READ_TYPES = ("application/scim+json", "application/json")


class ScimServiceProvider:
    """Answers SCIM requests; safe to be called by several threads."""

    def __init__(
        self,
        *,
        token: str = "lab-token",  # noqa: S107 - the lab's token is public
        faults: Iterable[str] = (),
        traits: Iterable[str] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Start empty.

        Raises:
            ConfigurationError: `faults` or `traits` names something that does not exist.

        """
        self.token = token
        self.base_path = "/scim"
        """Requests come below it or at the root of the host."""

        self.base_url: str | None = None
        """The SCIM root's URL for locations; without it the request's `Host` tells it."""

        self.page_limit = discovery.MAX_RESULTS
        self.accepts_unknown_members = False
        self.users: dict[str, Resource] = {}
        self.groups: dict[str, Resource] = {}
        self.deleted: list[Resource] = []
        """What was deleted, oldest first."""

        self.memory: dict[str, Any] = {}
        """What switches remember from one request to the next."""

        self.under_way = 0
        """Requests that have come and are not answered yet."""

        self._traits = tuple(traits)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._serial = 0
        self._created = 0
        self._lock = threading.RLock()
        self.switch_to(faults)

    def switch_to(self, faults: Iterable[str]) -> None:
        """Have these faults from now on, and no others.

        Raises:
            ConfigurationError: one of them does not exist.
        """
        self._switches = switches(faults, self._traits)
        unlocked = any(switch.unlocked for switch in self._switches)
        self._turn = nullcontext() if unlocked else threading.RLock()

    def handle(self, request: LabRequest) -> LabResponse:
        """Answer `request`."""
        with self._lock:
            self._serial += 1
            self.under_way += 1
            call = Call.of(request, provider=self, serial=self._serial)
        try:
            with self._turn:
                response = self._answer(call)
                for hook in self._hooks("answer"):
                    response = hook(call, response)
        finally:
            with self._lock:
                self.under_way -= 1
        return response

    def store(self, call: Call) -> dict[str, Resource]:
        """The users or the groups, as `call` asks."""
        return self.users if call.is_user else self.groups

    def root(self, call: Call) -> str:
        """The SCIM root's URL as the client knows it."""
        host = call.request.header("host") or "localhost"
        prefix = self.base_path if call.request.path.startswith(self.base_path) else ""
        return self.base_url or f"http://{host}{prefix}"

    def show(self, call: Call, resource: Resource) -> Resource:
        """`resource` as the answer shows it."""
        shown = represent(resource, self.root(call))
        for hook in self._hooks("shown"):
            shown = hook(call, shown)
        return project(shown, call.parameters)

    def find(self, call: Call) -> Resource:
        """The resource that `call` names.

        Raises:
            ScimProblem: there is none.

        """
        found = self.store(call).get(call.id or "")
        if found is None:
            raise ScimProblem(404, f"Resource {call.id} not found.")
        call.resource = found
        return found

    def _hooks(self, name: str) -> list[Callable[..., Any]]:
        hooks = [getattr(switch, name) for switch in self._switches]
        return [hook for hook in hooks if hook is not None]

    def _answer(self, call: Call) -> LabResponse:
        try:
            return self._first(call, "before") or self._work(call)
        except ScimProblem as problem:
            return problem.response()
        except PatchError as error:
            return ScimProblem(400, error.detail, scim_type=error.scim_type).response()

    def _first(self, call: Call, name: str) -> LabResponse | None:
        answers = (hook(call) for hook in self._hooks(name))
        return next((answer for answer in answers if answer is not None), None)

    def _work(self, call: Call) -> LabResponse:
        if is_token_request(call):
            return token_response(call)
        self._require_authorized(call)
        return self._first(call, "instead") or self._route(call)

    def _require_authorized(self, call: Call) -> None:
        scheme, _, token = (call.request.header("authorization") or "").partition(" ")
        equal = hmac.compare_digest(token.strip().encode(), self.token.encode())
        allowed = scheme.casefold() == "bearer" and equal
        for hook in self._hooks("authorized"):
            allowed = hook(call, allowed)
        if not allowed:
            challenge = (("WWW-Authenticate", 'Bearer realm="lab"'),)
            raise ScimProblem(401, "The bearer token is missing or wrong.", headers=challenge)

    def _route(self, call: Call) -> LabResponse:
        handlers = self._handlers(call)
        if not handlers:
            raise ScimProblem(404, f"There is no endpoint {call.request.path}.")
        handler = handlers.get(call.method)
        if handler is None:
            allow = (("Allow", ", ".join(handlers)),)
            raise ScimProblem(405, f"{call.method} is not allowed here.", headers=allow)
        if call.method in {"POST", "PUT", "PATCH"}:
            _require_media_type(call)
        return handler(call)

    def _handlers(self, call: Call) -> dict[str, Callable[[Call], LabResponse]]:
        if call.endpoint in {"Users", "Groups"}:
            if call.id is None:
                return {"GET": self._list, "POST": self._create}
            return {
                "GET": self._read,
                "PUT": self._replace,
                "PATCH": self._patch,
                "DELETE": self._delete,
            }
        known = {"Schemas", "ResourceTypes", "ServiceProviderConfig"}
        return {"GET": self._discover} if call.endpoint in known else {}

    def _discover(self, call: Call) -> LabResponse:
        if call.endpoint == "ServiceProviderConfig":
            return scim_response(200, discovery.service_provider_config())
        is_schema = call.endpoint == "Schemas"
        found = discovery.schemas() if is_schema else discovery.resource_types()
        if call.id is None:
            return self._list_response(call, found, total=len(found), start=1)
        one = next((item for item in found if item["id"] == call.id), None)
        if one is None:
            raise ScimProblem(404, f"{call.id} not found.")
        return scim_response(200, one)

    def _list(self, call: Call) -> LabResponse:
        found = self._search(call, list(self.store(call).values()))
        start = max(1, _integer(call, "startIndex", 1))
        count = min(max(0, _integer(call, "count", DEFAULT_COUNT)), self.page_limit)
        page = [self.show(call, item) for item in found[start - 1 : start - 1 + count]]
        return self._list_response(call, page, total=len(found), start=start)

    def _search(self, call: Call, resources: list[Resource]) -> list[Resource]:
        for hook in self._hooks("search"):
            found: list[Resource] | None = hook(call, resources)
            if found is not None:
                return found
        if not call.filter:
            return resources
        try:
            wanted = parse_filter(call.filter)
        except FilterError as error:
            detail = f"The filter {error}."
            raise ScimProblem(400, detail, scim_type="invalidFilter") from error
        return [resource for resource in resources if matches(wanted, resource)]

    def _list_response(
        self, call: Call, page: list[Resource], *, total: int, start: int
    ) -> LabResponse:
        body: Any = {
            "schemas": [urns.LIST_RESPONSE],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        }
        for hook in self._hooks("listed"):
            body = hook(call, body)
        return scim_response(200, body)

    def _create(self, call: Call) -> LabResponse:
        body = call.json()
        for hook in self._hooks("body"):
            body = hook(call, body)
        resource = new_resource(body, "User" if call.is_user else "Group")
        self._created += 1
        resource["id"] = str(uuid.uuid5(_NAMESPACE, f"{call.endpoint}/{self._created}"))
        kept = self._keep(call, None, resource)
        if kept is None:
            raise ScimProblem(404, "The resource is gone.")
        return self._shown_response(call, 201, kept)

    def _read(self, call: Call) -> LabResponse:
        found = self.find(call)
        if call.request.header("if-none-match") == found["meta"]["version"]:
            return LabResponse(status=304, headers=(("ETag", found["meta"]["version"]),))
        return self._shown_response(call, 200, found)

    def _replace(self, call: Call) -> LabResponse:
        before = self.find(call)
        _require_version(call, before)
        resource = new_resource(call.json(), before["meta"]["resourceType"])
        kept = self._keep(call, before, resource | {"id": before["id"]})
        return self._shown_response(call, 200, kept or before)

    def _patch(self, call: Call) -> LabResponse:
        before = self.find(call)
        _require_version(call, before)
        operations = call.json().get("Operations")
        if not isinstance(operations, list) or not operations:
            raise ScimProblem(400, "Operations is an array.", scim_type="invalidSyntax")
        for hook in self._hooks("operations"):
            operations = hook(call, operations)
        call.partial = before
        for operation in operations:
            call.partial = self._apply(call, call.partial, operation)
        kept = self._keep(call, before, call.partial)
        if call.is_group:
            return LabResponse(status=204)
        return self._shown_response(call, 200, kept or call.partial)

    def _apply(self, call: Call, resource: Resource, operation: Any) -> Resource:  # noqa: ANN401
        for hook in self._hooks("apply"):
            applied: Resource | None = hook(call, resource, operation)
            if applied is not None:
                return applied
        return apply_operation(resource, operation)

    def _delete(self, call: Call) -> LabResponse:
        found = self.find(call)
        _require_version(call, found)
        self.forget(call, found)
        return LabResponse(status=204)

    def forget(self, call: Call, resource: Resource) -> None:
        """Delete `resource`, and its memberships with it."""
        self.deleted.append(self.store(call).pop(resource["id"]))
        for group in self.groups.values():
            members = group.get("members", [])
            left = [m for m in members if m.get("value") != resource["id"]]
            if len(left) != len(members):
                self.write(group, group | {"members": left})

    def _keep(self, call: Call, before: Resource | None, after: Resource) -> Resource | None:
        """Check and store `after`; `None` when a switch deleted it instead."""
        require_valid(after, self, before=before)
        require_unique(after, self.store(call).values())
        kept: Resource | None = after
        for hook in self._hooks("stored"):
            kept = hook(call, before, kept) if kept is not None else None
        if kept is None:
            if before is not None:
                self.forget(call, before)
            return None
        return self.write(before, kept)

    def write(self, before: Resource | None, after: Resource) -> Resource:
        """Store `after` with fresh metadata; what has not changed keeps its version."""
        after = {k: v for k, v in after.items() if v not in (None, [], {})}
        if before is not None and after == before:
            return before
        now = self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
        old = before["meta"] if before else {"created": now.replace("+00:00", "Z"), "number": 0}
        number = int(str(old.get("version", 'W/"0"'))[3:-1]) + 1
        kind = "Group" if urns.GROUP in after["schemas"] else "User"
        after["meta"] = {
            "resourceType": kind,
            "created": old["created"],
            "lastModified": now.replace("+00:00", "Z"),
            "version": f'W/"{number}"',
        }
        (self.groups if kind == "Group" else self.users)[after["id"]] = after
        return after

    def _shown_response(self, call: Call, status: int, resource: Resource) -> LabResponse:
        url = location(resource, self.root(call))
        headers = (("ETag", resource["meta"]["version"]), ("Location", url))
        return scim_response(status, self.show(call, resource), headers=headers)


def _require_media_type(call: Call) -> None:
    given = call.request.header("content-type")
    if given is not None and given.partition(";")[0].strip().casefold() not in _READ_TYPES:
        raise ScimProblem(415, f"{given} is not supported; send application/scim+json.")


def _require_version(call: Call, resource: Resource) -> None:
    wanted = call.request.header("if-match")
    if wanted not in (None, "*", resource["meta"]["version"]):
        raise ScimProblem(412, "The resource has changed.")


def _integer(call: Call, name: str, default: int) -> int:
    text = call.parameters.get(name, "")
    try:
        return int(text) if text else default
    except ValueError as error:
        detail = f"{name} is a number."
        raise ScimProblem(400, detail, scim_type="invalidValue") from error
