"""Faults of the connection and of the body as bytes."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from scimdoctor.lab.http import Behaviour, LabResponse
from scimdoctor.lab.scim.call import Call, ScimProblem
from scimdoctor.lab.scim.hooks import (
    always,
    answered,
    every_request,
    html_page,
    problem,
    replied,
    retyped,
)
from scimdoctor.lab.scim.switch import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

HUGE_IN_BYTES = 32_000_000
BOMB_IN_MEBIBYTES = 512

_fault = partial(Fault, family="transport")


def _misbehaving(behaviour: Behaviour) -> Callable[[LabResponse], LabResponse]:
    return lambda response: replace(response, behaviour=behaviour)


def _is_success(_: Call, response: LabResponse) -> bool:
    return response.status == 200


def _is_list(call: Call, response: LabResponse) -> bool:
    return call.is_list and response.status == 200


def _reencoded(response: LabResponse) -> LabResponse:
    return replace(response, body=response.body.decode().encode("latin-1", "replace"))


def _broken_json(response: LabResponse) -> LabResponse:
    return replace(response, body=response.body.replace(b'"', b"'"))


def _padded(response: LabResponse) -> LabResponse:
    return replace(
        response, body=b"".join((response.body[:-1], b',"padding":"', _padding(), b'"}'))
    )


@lru_cache(maxsize=1)
def _padding() -> bytes:
    return b"a" * HUGE_IN_BYTES


def _bombed(response: LabResponse) -> LabResponse:
    return replace(response, body=gzip_bomb(), headers=(*response.headers, _GZIP))


_GZIP = ("Content-Encoding", "gzip")


@lru_cache(maxsize=1)
def gzip_bomb() -> bytes:
    """Blanks that unpack to `BOMB_IN_MEBIBYTES`, packed to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = b" " * 1_048_576
    packer.compress(mebibyte)
    packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(mebibyte) + packer.flush(zlib.Z_FULL_FLUSH)
    header = gzip.compress(b"", mtime=0)[:10]
    return header + block * BOMB_IN_MEBIBYTES


def _redirect(location: str, status: int = 302) -> LabResponse:
    return LabResponse(status=status, headers=(("Location", location),))


def _to_itself(call: Call) -> LabResponse:
    return _redirect(call.request.target)


def _to_slash(call: Call) -> LabResponse | None:
    path = call.request.path
    return None if path.endswith("/") else _redirect(f"{path}/?{call.request.query}", 301)


def _every(number: int, response: LabResponse) -> Callable[[Call], LabResponse | None]:
    return lambda call: response if call.serial % number == 0 else None


def _throttled(*headers: tuple[str, str]) -> LabResponse:
    return ScimProblem(429, "Too many requests.", headers=headers).response()


_SLOW = "endpoint-too-slow-or-throttled"
_BLOCKED = "endpoint-unreachable-or-blocked"
_WRONG_URL = "tenant-url-wrong"


def _about_people(call: Call, response: LabResponse) -> bool:
    return (call.is_user or call.is_group) and response.status < 300


def _as_xml(response: LabResponse) -> LabResponse:
    xml = b'<?xml version="1.0"?><Response><totalResults>0</totalResults></Response>'
    return replace(retyped("application/xml")(response), body=xml)


FAULTS = (
    _fault(
        id="hang",
        title="Accepts requests and never answers",
        cause=_SLOW,
        answer=answered(always, _misbehaving(Behaviour.HANG)),
    ),
    _fault(
        id="patch-hang",
        title="Never answers a PATCH",
        cause=_SLOW,
        answer=answered(lambda call, _: call.method == "PATCH", _misbehaving(Behaviour.HANG)),
    ),
    _fault(
        id="drip",
        title="Sends the body one byte at a time, without end",
        cause=_SLOW,
        has_no_past=True,
        answer=answered(always, _misbehaving(Behaviour.DRIP)),
    ),
    _fault(
        id="slow",
        title="Answers every list seconds late",
        cause=_SLOW,
        answer=answered(_is_list, _misbehaving(Behaviour.SLOW)),
    ),
    _fault(
        id="connection-reset",
        title="Resets every connection",
        cause=_BLOCKED,
        answer=answered(always, _misbehaving(Behaviour.RESET)),
    ),
    _fault(
        id="reset-now-and-then",
        title="Resets the connection of every tenth read",
        cause=_BLOCKED,
        answer=answered(
            lambda call, _: call.method == "GET" and call.serial % 10 == 0,
            _misbehaving(Behaviour.RESET),
        ),
    ),
    _fault(
        id="not-http",
        title="Speaks another protocol than HTTP",
        cause=_BLOCKED,
        before=replied(
            every_request,
            LabResponse(status=0, body=b"SSH-2.0-OpenSSH_9.6\r\n", behaviour=Behaviour.RAW),
        ),
    ),
    _fault(
        id="body-shorter-than-announced",
        title="Announces more bytes than it sends",
        cause=_BLOCKED,
        answer=answered(_is_success, _misbehaving(Behaviour.SHORT)),
    ),
    _fault(
        id="body-longer-than-announced",
        title="Announces fewer bytes than it sends, so that the body is cut",
        cause="list-response-malformed",
        answer=answered(_is_success, _misbehaving(Behaviour.LONG)),
    ),
    _fault(
        id="body-endless",
        title="Sends lists without end",
        cause=_SLOW,
        has_no_past=True,
        answer=answered(_is_list, _misbehaving(Behaviour.ENDLESS)),
    ),
    _fault(
        id="body-huge",
        title="Pads every list to 32 MB",
        cause=_SLOW,
        answer=answered(_is_list, _padded),
    ),
    _fault(
        id="gzip-bomb",
        title="Packs lists that unpack to half a gigabyte",
        cause=_SLOW,
        has_no_past=True,
        answer=answered(_is_list, _bombed),
    ),
    _fault(
        id="body-bom",
        title="Begins every body with a byte order mark",
        cause="list-response-malformed",
        answer=answered(
            lambda _, r: bool(r.body), lambda r: replace(r, body=b"\xef\xbb\xbf" + r.body)
        ),
    ),
    _fault(
        id="body-latin-1",
        title="Encodes bodies as Latin-1 and calls them UTF-8",
        cause="response-attribute-malformed",
        answer=answered(always, _reencoded),
    ),
    _fault(
        id="body-invalid-json",
        title="Writes single quotes where JSON has double ones",
        cause="list-response-malformed",
        answer=answered(always, _broken_json),
    ),
    _fault(
        id="html-page",
        title="Answers everything with a web page",
        cause=_WRONG_URL,
        before=replied(every_request, html_page(200, "Welcome")),
    ),
    _fault(
        id="html-not-found",
        title="Has no SCIM root at this address: a web page with 404 to everything",
        cause=_WRONG_URL,
        before=replied(every_request, html_page(404, "Page not found")),
    ),
    _fault(
        id="redirect-loop",
        title="Redirects every request to itself",
        cause=_WRONG_URL,
        before=_to_itself,
    ),
    _fault(
        id="redirect-other-host",
        title="Redirects every request to another host",
        cause=_WRONG_URL,
        before=replied(every_request, _redirect("https://scim.example.net/v2")),
    ),
    _fault(
        id="redirect-trailing-slash",
        title="Redirects every path to the same path with a slash",
        cause=_WRONG_URL,
        before=_to_slash,
    ),
    _fault(
        id="waf-blocks-quotes",
        title="A firewall refuses every query that has a double quote",
        cause=_BLOCKED,
        before=replied(lambda c: '"' in c.filter, html_page(403, "Request blocked")),
    ),
    _fault(
        id="throttled",
        title="Answers 429 with Retry-After to everything",
        cause=_SLOW,
        before=replied(every_request, _throttled(("Retry-After", "30"))),
    ),
    _fault(
        id="throttled-without-retry-after",
        title="Answers 429 without Retry-After to every third request",
        cause=_SLOW,
        before=_every(3, _throttled()),
    ),
    _fault(
        id="unavailable-now-and-then",
        title="Answers 503 to every fifth request",
        cause="unhandled-exception-500",
        before=_every(5, retyped("text/html")(html_page(503, "Service unavailable"))),
    ),
    _fault(
        id="prerequisite-missing",
        title="Answers 500 to all until an administrator of the app has made a role",
        cause="app-prerequisite-missing",
        instead=problem(every_request, 500, "The role that provisioning needs does not exist."),
    ),
    _fault(
        id="seats-exhausted",
        title="Refuses new users for want of a licence",
        cause="app-prerequisite-missing",
        instead=problem(
            lambda c: c.is_user and c.method == "POST", 403, "No licences are left for new users."
        ),
    ),
    _fault(
        id="provisioning-switched-off",
        title="Answers 403 to the right token until provisioning is switched on",
        cause="app-prerequisite-missing",
        instead=problem(every_request, 403, "SCIM provisioning is not enabled for this workspace."),
    ),
    _fault(
        id="waf-blocks-all",
        title="A firewall refuses every request, whoever sends it",
        cause=_BLOCKED,
        before=replied(every_request, html_page(403, "You have been blocked")),
    ),
    _fault(
        id="payment-required",
        title="Answers 402 to all until a plan is bought",
        cause="app-prerequisite-missing",
        instead=problem(every_request, 402, "Payment required."),
    ),
    _fault(
        id="maintenance-page",
        title="Something in front of the app answers everything with a web page and 503",
        cause=_BLOCKED,
        before=replied(every_request, html_page(503, "Scheduled maintenance")),
    ),
    _fault(
        id="seats-taken",
        title="Refuses new users because all seats are taken",
        cause="app-prerequisite-missing",
        instead=problem(
            lambda c: c.is_user and c.method == "POST", 403, "All seats of the workspace are taken."
        ),
    ),
    _fault(
        id="proxy-refuses-patch",
        title="A proxy in front of the app refuses PATCH with a web page",
        cause=_BLOCKED,
        before=replied(lambda c: c.method == "PATCH", html_page(403, "Forbidden")),
    ),
    _fault(
        id="waf-blocks-brackets",
        title="A firewall refuses every query that has a bracket",
        cause=_BLOCKED,
        before=replied(lambda c: "[" in c.filter, html_page(403, "Request blocked")),
    ),
    _fault(
        id="busy-now-and-then",
        title="Answers 503 with Retry-After to every fourth request",
        cause=_SLOW,
        before=_every(
            4, ScimProblem(503, "Try again later.", headers=(("Retry-After", "2"),)).response()
        ),
    ),
    _fault(
        id="proxy-refuses-writes",
        title="Something in front of the app refuses every write with a web page",
        cause=_BLOCKED,
        before=replied(lambda c: c.method != "GET", html_page(403, "Forbidden")),
    ),
    _fault(
        id="body-xml",
        title="Answers about users and groups in XML",
        cause="response-content-type-wrong",
        answer=answered(_about_people, _as_xml),
    ),
)
