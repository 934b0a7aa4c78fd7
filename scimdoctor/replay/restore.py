"""Puts back what a live replay changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.entra import requests
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest
from scimdoctor.model.replay import Replay, ReplayedRequest, ReplayMode, Verdict
from scimdoctor.replay.rollback import undo_requests, with_created_id, without_meta
from scimdoctor.replay.trouble import resources_in, trouble_in

if TYPE_CHECKING:
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.replay.rollback import SavedState


def restore(state: SavedState, endpoint: Endpoint) -> Replay:
    """Send the requests that undo what `state` was saved for; stops at the first that fails.

    Raises:
        ConfigurationError: `state` was saved from another endpoint.
        WriteRefused: the guard allows no writes.
    """
    if state.base_url != endpoint.base_url:
        raise ConfigurationError(
            f"the rollback file is for {state.base_url}, not for {endpoint.base_url}"
        )
    sent: list[ReplayedRequest] = []
    verdict, summary = Verdict.PUT_BACK, "put back as it was before the live replay"
    if state.made is not None and not state.undo:
        found = _found_again(state, endpoint, sent)
        if isinstance(found, str):
            return _replay(state, Verdict.NOT_SENT, found, sent)
        state = found
    if state.undo and _is_as_before(state, endpoint, sent):
        return _replay(state, Verdict.NOT_SENT, "nothing to put back: it is as it was", sent)
    if not state.undo:
        verdict, summary = Verdict.NOT_SENT, "nothing to put back: the live replay changed nothing"
    for request in undo_requests(state):
        purpose = Purpose.DELETE if request.method == "DELETE" else Purpose.UPDATE
        exchange = _send(request, purpose, endpoint, sent)
        gone = request.method == "DELETE" and exchange.status in {404, 410}  # as it is to be
        trouble = None if gone else trouble_in(exchange, purpose)
        if trouble is not None:
            verdict = Verdict.DIFFERENT_FAILURE
            summary = f"could not be put back: {request.method} {request.path} gives {trouble}"
            break
    return _replay(state, verdict, summary, sent)


def _is_as_before(state: SavedState, endpoint: Endpoint, sent: list[ReplayedRequest]) -> bool:
    """Whether the app holds just what was saved, as after a write that it refused."""
    if state.before is None or state.object_id is None:
        return False
    path = requests.object_path(state.resource, state.object_id)
    found = _send(requests.get(path), Purpose.READ, endpoint, sent)
    now = found.json if found.ok else None
    return isinstance(now, dict) and without_meta(now) == without_meta(state.before)


def _found_again(
    state: SavedState, endpoint: Endpoint, sent: list[ReplayedRequest]
) -> SavedState | str:
    """The state with the id of what a create made whose answer never came; else why not.

    The replay asked for the same value before it sent the create, and the app had none then.
    """
    path, value = state.made or ("", "")
    exchange = _send(
        requests.match_query(state.resource, path, value), Purpose.MATCH, endpoint, sent
    )
    trouble = trouble_in(exchange, Purpose.MATCH)
    if trouble is not None:
        return f"what the create made could not be looked for: the query gives {trouble}"
    found = resources_in(exchange.json)
    if not found:
        return f"nothing to put back: the app has nothing whose {path} is {value!r}"
    if not found[0].get("id"):
        return f"nothing was deleted: what the app has by {path} {value!r} has no id"
    return with_created_id(state, str(found[0]["id"]))


def _send(
    request: ScimRequest, purpose: Purpose, endpoint: Endpoint, sent: list[ReplayedRequest]
) -> Exchange:
    exchange = endpoint.send(request)
    endpoint.recorder.mark_own(exchange.id)
    sent.append(
        ReplayedRequest(
            rebuilt=ReconstructedRequest(purpose=purpose, request=request),
            exchange=exchange.id,
            curl=curl_line(request, endpoint.base_url),
        )
    )
    return exchange


def _replay(
    state: SavedState, verdict: Verdict, summary: str, sent: list[ReplayedRequest]
) -> Replay:
    return Replay(
        event=state.event,
        mode=ReplayMode.LIVE,
        verdict=verdict,
        summary=summary,
        requests=tuple(sent),
        notes=state.notes,
    )
