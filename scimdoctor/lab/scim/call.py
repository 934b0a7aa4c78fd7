"""One request on its way through the provider, and how the provider refuses one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from scimdoctor.lab.http import LabResponse
from scimdoctor.scim import urns

if TYPE_CHECKING:
    from scimdoctor.lab.http import LabRequest
    from scimdoctor.lab.scim.provider import ScimServiceProvider
    from scimdoctor.model.exchange import Headers
    from scimdoctor.scim.patch import Resource

MEDIA_TYPE = "application/scim+json; charset=utf-8"


class ScimProblem(Exception):
    """Becomes a SCIM error answer (RFC 7644 section 3.12)."""

    def __init__(
        self, status: int, detail: str, *, scim_type: str | None = None, headers: Headers = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type
        self.headers = headers

    def response(self) -> LabResponse:
        """The answer."""
        body: Resource = {"schemas": [urns.ERROR], "status": str(self.status)}
        if self.scim_type:
            body["scimType"] = self.scim_type
        return scim_response(self.status, body | {"detail": self.detail}, headers=self.headers)


def scim_response(status: int, value: Any, *, headers: Headers = ()) -> LabResponse:  # noqa: ANN401
    """Answer with `value` as `application/scim+json`."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    head = (("Content-Type", MEDIA_TYPE), *headers)
    return LabResponse(status=status, headers=head, body=body)


@dataclass(kw_only=True)
class Call:
    """A request taken apart. Switches may change `parameters` and `body` before they are used."""

    provider: ScimServiceProvider
    request: LabRequest
    serial: int
    """Counts the provider's requests, from 1."""

    endpoint: str
    """First segment of the path below the SCIM root, for example `Users`; `""` for the root."""

    id: str | None
    """The rest of the path, decoded."""

    parameters: dict[str, str]
    """The query, decoded."""

    resource: Resource | None = None
    """What is stored under `id`, once it has been looked up."""

    partial: Resource | None = None
    """While a PATCH is applied: the outcome of the operations so far."""

    notes: dict[str, Any] = field(default_factory=dict)
    """What one hook of a switch tells a later one about this call."""

    @classmethod
    def of(cls, request: LabRequest, *, provider: ScimServiceProvider, serial: int) -> Call:
        """Take `request` apart."""
        path = request.path.removeprefix(provider.base_path)
        endpoint, _, rest = path.strip("/").partition("/")
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
        return cls(
            provider=provider,
            request=request,
            serial=serial,
            endpoint=endpoint,
            id=unquote(rest) or None,
            parameters=parameters,
        )

    @property
    def method(self) -> str:
        """The method in capitals."""
        return self.request.method.upper()

    @property
    def is_user(self) -> bool:
        """Whether it concerns users."""
        return self.endpoint == "Users"

    @property
    def is_group(self) -> bool:
        """Whether it concerns groups."""
        return self.endpoint == "Groups"

    @property
    def is_list(self) -> bool:
        """Whether it asks for a list of resources."""
        return self.method == "GET" and self.endpoint in {"Users", "Groups"} and self.id is None

    @property
    def is_read(self) -> bool:
        """Whether it asks for one resource."""
        return self.method == "GET" and self.endpoint in {"Users", "Groups"} and bool(self.id)

    @property
    def filter(self) -> str:
        """The filter's text, or `""`."""
        return self.parameters.get("filter", "")

    def json(self) -> Resource:
        """The body, which is a JSON object.

        Raises:
            ScimProblem: it is not.

        """
        try:
            value = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise ScimProblem(400, "The body is no JSON.", scim_type="invalidSyntax") from error
        if not isinstance(value, dict):
            raise ScimProblem(400, "The body is no object.", scim_type="invalidSyntax")
        return value
