"""The lab's SCIM provider behind an endpoint client, with answers that a test replaces."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import BearerToken
from scimdoctor.lab.http import LabRequest, LabResponse, json_response
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.lab.scim.transport import ProviderTransport
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE_URL = "https://scim.example.com/scim"
TOKEN = "lab-token"
Rule = "Callable[[LabRequest], LabResponse | None]"


class ScimApp:
    """Answers as the provider does, unless one of `rules` gives another answer."""

    def __init__(self) -> None:
        self.provider = ScimServiceProvider(token=TOKEN)
        self.rules: list[Callable[[LabRequest], LabResponse | None]] = []
        self.asked: list[LabRequest] = []

    def __call__(self, request: LabRequest) -> LabResponse:
        self.asked.append(request)
        for rule in self.rules:
            answer = rule(request)
            if answer is not None:
                return answer
        return self.provider.handle(request)

    @property
    def writes(self) -> list[str]:
        """Method and path of every write that arrived."""
        return [f"{r.method} {r.path}" for r in self.asked if r.method != "GET"]

    def refuse(self, method: str, path: str, status: int, **error: str) -> None:
        """Answer `method` on paths beginning with `path` by a SCIM error."""

        def rule(request: LabRequest) -> LabResponse | None:
            if request.method == method and request.path.removeprefix("/scim").startswith(path):
                return scim_error(status, **error)
            return None

        self.rules.append(rule)

    def add_user(self, user_name: str, **attributes: Any) -> str:
        """Create a user behind everybody's back; its id."""
        return self._add("/scim/Users", {"userName": user_name, **attributes})

    def add_group(self, name: str, members: tuple[str, ...] = ()) -> str:
        """Create a group behind everybody's back; its id."""
        listed = [{"value": member} for member in members]
        return self._add("/scim/Groups", {"displayName": name, "members": listed})

    def _add(self, target: str, body: dict[str, Any]) -> str:
        kind = "Group" if "Groups" in target else "User"
        schemas = [f"urn:ietf:params:scim:schemas:core:2.0:{kind}"]
        if any(name.startswith("urn:") for name in body):
            schemas += [name for name in body if name.startswith("urn:")]
        request = LabRequest(
            method="POST",
            target=target,
            headers=(
                ("Authorization", f"Bearer {TOKEN}"),
                ("Content-Type", "application/scim+json"),
                ("Host", "scim.example.com"),
            ),
            body=json.dumps({"schemas": schemas, **body}).encode(),
        )
        answer = self.provider.handle(request)
        assert answer.status == 201, answer.body
        return str(json.loads(answer.body)["id"])


def scim_error(status: int, **members: str) -> LabResponse:
    """A SCIM error."""
    urn = "urn:ietf:params:scim:api:messages:2.0:Error"
    body = {"schemas": [urn], "status": str(status), **members}
    return json_response(status, body, media_type="application/scim+json")


@contextmanager
def open_app(app: ScimApp) -> Iterator[Endpoint]:
    """An endpoint client that talks to `app` without a socket."""
    with (
        httpx.Client(transport=ProviderTransport(app)) as http,
        Endpoint(http, base_url=BASE_URL, auth=BearerToken(Secret(TOKEN))) as endpoint,
    ):
        yield endpoint
