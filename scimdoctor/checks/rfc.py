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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_INSTALL = "scim2-tester is not installed: pip install 'scimdoctor[rfc]'"
_HARMLESS = {"SUCCESS", "COMPLIANT", "SKIPPED", "ACCEPTABLE"}
_NAMED = 5
"""So many attributes with the same fault are named."""


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
    yield from _told_once(results, bridge.sent)


def _told_once(results: Iterable[Any], sent: Sequence[Exchange]) -> Iterator[Result]:
    """One finding for what the library says in the same words of several attributes or types."""
    said: dict[tuple[str, str], list[tuple[Any, Exchange | None]]] = {}
    after = 0
    for result in results:
        place = _place(result, sent, after)
        after = after if place is None else place
        if result.status.name not in _HARMLESS:
            own = None if place is None else sent[place]
            said.setdefault(_words(result), []).append((result, own))
    for (title, reason), alike in said.items():
        types = dict.fromkeys(str(r.resource_type) for r, _ in alike if r.resource_type)
        names = list(dict.fromkeys(name for r, _ in alike if (name := _attribute(r))))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        of = f" Attributes: {', '.join(names[:_NAMED])}{more}." if len(names) > 1 else ""
        said_of = reason.replace("…", f"'{names[0]}'") if len(names) == 1 else reason
        where = f" ({', '.join(types)})" if types else ""
        evidence = [own for _, own in alike if own is not None][:1]
        yield noted(f"RFC only: {title}{where}: {said_of}{of}", *evidence)


def _words(result: Any) -> tuple[str, str]:  # noqa: ANN401 - the library's result
    """What the library checked and what it says, without the attribute and its values."""
    reason = (str(result.reason).strip().splitlines() or [""])[0]
    name = _attribute(result)
    general = reason.replace(f"'{name}'", "…") if name else reason
    return str(result.title).replace("_", " "), f"{general[:400].rstrip('.:')}."


def _attribute(result: Any) -> str | None:  # noqa: ANN401 - the library's result
    return (
        str(result.data["urn"]) if isinstance(result.data, dict) and "urn" in result.data else None
    )


def _place(result: Any, sent: Sequence[Exchange], after: int) -> int | None:  # noqa: ANN401
    """Where in `sent` the result comes from: the answer that it quotes, or the PATCH of its attribute.

    The results come in the order of the requests; `None` if neither is known.
    """
    places = range(after, len(sent))
    name = _attribute(result)
    if name is not None:
        return next((i for i in places if name in _patched(sent[i])), None)
    if result.data is None or result.status.name in _HARMLESS:
        return None
    return next((i for i in places if _quotes(result.data, sent[i])), None)


def _patched(exchange: Exchange) -> list[str]:
    """The paths of a PATCH."""
    body = exchange.request.json if exchange.request.method == "PATCH" else None
    operations = body.get("Operations") if isinstance(body, dict) else None
    return [str(o.get("path")) for o in operations or () if isinstance(o, dict)]


def _quotes(data: Any, exchange: Exchange) -> bool:  # noqa: ANN401 - the library's data
    response = exchange.response
    if response is None or response.status < 400 or not isinstance(data, dict | list | str):
        return False
    return bool(data) and data in (exchange.json, response.body.decode("utf-8", "replace"))


class _Bridge:
    """A WSGI application that passes each request on to the endpoint."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._prefix = urlsplit(context.endpoint.base_url).path
        self.sent: list[Exchange] = []
        self._gone: dict[str, Exchange] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        exchange = self._answered(self._request(environ))
        self.sent.append(exchange)
        response = exchange.response
        status = response.status if response else 500
        headers = list(response.headers) if response else []
        start(f"{status} {_phrase(status)}", headers)
        return [response.body if response else b""]

    def _answered(self, request: ScimRequest) -> Exchange:
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
