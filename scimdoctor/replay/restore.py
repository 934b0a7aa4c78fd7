"""Puts back what a live replay changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.endpoint.curl import curl_line
from scimdoctor.errors import ConfigurationError
from scimdoctor.model.reconstruction import Purpose, ReconstructedRequest
from scimdoctor.model.replay import Replay, ReplayedRequest, ReplayMode, Verdict
from scimdoctor.replay.rollback import undo_requests
from scimdoctor.replay.trouble import trouble_in

if TYPE_CHECKING:
    from scimdoctor.endpoint.client import Endpoint
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
    if not state.undo:
        verdict, summary = Verdict.NOT_SENT, "nothing to put back: the live replay changed nothing"
    for request in undo_requests(state):
        purpose = Purpose.DELETE if request.method == "DELETE" else Purpose.UPDATE
        exchange = endpoint.send(request)
        sent.append(
            ReplayedRequest(
                rebuilt=ReconstructedRequest(purpose=purpose, request=request),
                exchange=exchange.id,
                curl=curl_line(request, endpoint.base_url),
            )
        )
        trouble = trouble_in(exchange, purpose)
        if trouble is not None:
            verdict = Verdict.DIFFERENT_FAILURE
            summary = f"could not be put back: {request.method} {request.path} gives {trouble}"
            break
    return Replay(
        event=state.event,
        mode=ReplayMode.LIVE,
        verdict=verdict,
        summary=summary,
        requests=tuple(sent),
        notes=state.notes,
    )
