"""What the scim2-tester library finds of the RFC's letter: information only, and only when asked for.

Its requests go through our own endpoint, so that guard, journal and record see them too.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from scimdoctor.checks.check import Check, NoAnswer, Unavailable, noted
from scimdoctor.checks.ids import CREATE
from scimdoctor.checks.references import RFC7643, RFC7644
from scimdoctor.model.exchange import ScimRequest
from scimdoctor.model.rule import CheckRule, Requirement, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_INSTALL = "scim2-tester is not installed: pip install 'scimdoctor[rfc]'"
_HARMLESS = {"SUCCESS", "COMPLIANT", "SKIPPED", "ACCEPTABLE"}


def _tester(context: CheckContext) -> Iterator[Result]:
    try:
        import scim2_tester
        from scim2_client.engines.wsgi import WSGISCIMClient
    except ImportError:
        raise Unavailable(_INSTALL) from None
    context.remove_objects()
    bridge = _Bridge(context)
    try:
        client = WSGISCIMClient(bridge, base_url=context.endpoint.base_url)
        client.discover()
        results = scim2_tester.check_server(client)
    except NoAnswer:
        raise
    except Exception as error:  # noqa: BLE001 - the library gives up in many ways
        raise Unavailable(f"scim2-tester gave up: {type(error).__name__}: {error}"[:300]) from None
    for result in results:
        if result.status.name not in _HARMLESS:
            where = f" ({result.resource_type})" if result.resource_type else ""
            evidence = bridge.last[-1:]
            yield noted(f"RFC only: {result.title}{where}: {str(result.reason)[:400]}", *evidence)


class _Bridge:
    """A WSGI application that passes each request on to the endpoint."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._prefix = urlsplit(context.endpoint.base_url).path
        self.last: list[Exchange] = []
        self._gone: dict[str, Exchange] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        exchange = self._sent(self._request(environ))
        self.last = [exchange]
        response = exchange.response
        status = response.status if response else 500
        headers = list(response.headers) if response else []
        start(f"{status} {_phrase(status)}", headers)
        return [response.body if response else b""]

    def _sent(self, request: ScimRequest) -> Exchange:
        """Send `request`; a deletion of what is known to be gone is answered from memory.

        The library deletes each of its objects once for every check that has seen it.
        """
        if request.method != "DELETE":
            return self._context.send(request)
        if request.path not in self._gone:
            exchange = self._context.send(request)
            if exchange.status not in {404, 410}:
                return exchange
            self._gone[request.path] = exchange
        return self._gone[request.path]

    def _request(self, environ: dict[str, Any]) -> ScimRequest:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        kinds = {"CONTENT_TYPE": "Content-Type", "HTTP_ACCEPT": "Accept"}
        headers = tuple((name, environ[key]) for key, name in kinds.items() if key in environ)
        return ScimRequest(
            method=environ["REQUEST_METHOD"],
            path=quote(path.removeprefix(self._prefix), safe="/"),
            query=environ.get("QUERY_STRING", ""),
            headers=headers,
            body=environ["wsgi.input"].read(),
        )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


CHECKS = (
    Check(
        rule=CheckRule(
            id="rfc/scim2-tester",
            title="scim2-tester finds nothing to say",
            severity=Severity.INFO,
            requirement=Requirement.SHOULD,
            cause=None,
            what="Runs the checks of the scim2-tester library. Only with --rfc; its findings are of the "
            "RFC's letter and do not stop Entra.",
            why="What the RFC asks and Entra does not use matters to other clients.",
            admin_sees="nothing.",
            fix="See the finding's own words.",
            rfc="RFC 7644",
            references=(RFC7643, RFC7644),
        ),
        run=_tester,
        requires=(CREATE,),
        opt_in=True,
    ),
)
