"""An httpx transport that asks the provider without a socket, for tests and speed."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import httpx

from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse
from scimdoctor.lab.loopback import CUT_IN_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.lab.http import Handler


class ProviderTransport(httpx.BaseTransport):
    """Sends every request to `handler`; misbehaviour becomes the error that a socket would give.

    `slow_seconds` is how late a slow answer comes, by `sleep`: at once, unless told otherwise.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        slow_seconds: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._handler = handler
        self._slow_seconds = slow_seconds
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer `request`.

        Raises:
            httpx.TransportError: the answer's behaviour is one that breaks the connection.

        """
        lab_request = LabRequest(
            method=request.method,
            target=request.url.raw_path.decode("ascii"),
            headers=tuple(request.headers.items()),
            body=request.read(),
        )
        answer = self._handler(lab_request)
        if answer.behaviour is Behaviour.SLOW and self._slow_seconds:
            self._sleep(self._slow_seconds)
        return _response(answer, request)


def _response(answer: LabResponse, request: httpx.Request) -> httpx.Response:
    match answer.behaviour:
        case Behaviour.HANG | Behaviour.DRIP:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        case Behaviour.RESET:
            raise httpx.ReadError("Connection reset by peer", request=request)
        case Behaviour.SHORT:
            raise httpx.RemoteProtocolError("peer closed connection early", request=request)
        case Behaviour.RAW:
            raise httpx.RemoteProtocolError("illegal status line", request=request)
        case Behaviour.ENDLESS:
            stream = _Endless(answer.body)
            return httpx.Response(answer.status, headers=list(answer.headers), stream=stream)
        case Behaviour.LONG:
            return httpx.Response(
                answer.status, headers=list(answer.headers), content=answer.body[:-CUT_IN_BYTES]
            )
        case _:
            headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
            return httpx.Response(
                answer.status, headers=headers, stream=httpx.ByteStream(answer.body)
            )


class _Endless(httpx.SyncByteStream):
    """Repeats one chunk for ever."""

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk

    def __iter__(self) -> Iterator[bytes]:
        return itertools.repeat(self._chunk)
