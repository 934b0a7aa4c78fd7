"""Turns what httpx and the operating system raise into plain words (`TransportFailure`)."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from scimdoctor.endpoint.body import BodyError, DeadlineExceeded
from scimdoctor.model.exchange import FailureKind, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CONNECTION = "no connection to"
"""How a message begins when nothing can have been sent."""

NO_HANDSHAKE = "the TLS handshake was not answered"
"""What a connection's timeout says that came after the host took it."""


def failure_of(error: Exception, *, host: str, seconds: float) -> TransportFailure:
    """Say why a request to `host`, allowed `seconds` in all, got no answer."""
    kind, message = _kind_and_message(error, host, seconds)
    return TransportFailure(kind=kind, message=message)


def _kind_and_message(error: Exception, host: str, seconds: float) -> tuple[FailureKind, str]:
    import httpx

    if isinstance(error, BodyError):
        return FailureKind.PROTOCOL, str(error)
    if isinstance(error, DeadlineExceeded):
        return FailureKind.TIMEOUT, f"no complete answer within {seconds:g} s"
    if isinstance(error, httpx.TimeoutException):
        return FailureKind.TIMEOUT, _timeout_message(error, host, seconds)
    if isinstance(error, httpx.ConnectError):
        return _connect_failure(error, host)
    return _late_failure(error, host)


def _timeout_message(error: Exception, host: str, seconds: float) -> str:
    import httpx

    if isinstance(error, httpx.ConnectTimeout) and str(error) == NO_HANDSHAKE:
        return f"{NO_CONNECTION} {host} in time: {NO_HANDSHAKE}"
    if isinstance(error, httpx.ConnectTimeout):
        return f"{NO_CONNECTION} {host} in time; a firewall may drop it silently"
    if isinstance(error, httpx.PoolTimeout):
        return "no free connection in time: earlier requests are still waiting"
    return f"no complete answer within {seconds:g} s"


def _connect_failure(error: Exception, host: str) -> tuple[FailureKind, str]:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLError):
            return FailureKind.TLS, f"TLS with {host} failed: {_tls_message(cause)}"
        if isinstance(cause, socket.gaierror):
            return FailureKind.DNS, f"the host name {host} cannot be resolved"
        if isinstance(cause, ConnectionRefusedError):
            return FailureKind.REFUSED, f"{host} refuses the connection: nothing listens there"
        if isinstance(cause, ConnectionError):
            return FailureKind.RESET, f"{host} closed the connection while it was being made"
    return FailureKind.OTHER, f"{NO_CONNECTION} {host}: {_last_words(error)}"


def _late_failure(error: Exception, host: str) -> tuple[FailureKind, str]:
    import httpx

    if any(isinstance(cause, ssl.SSLError) for cause in _chain(error)):
        return FailureKind.TLS, f"TLS with {host} broke off: {_last_words(error)}"
    if isinstance(error, httpx.NetworkError):
        return FailureKind.RESET, f"{host} closed the connection before the answer was complete"
    if isinstance(error, httpx.RemoteProtocolError):
        return _protocol_failure(error, host)
    if isinstance(error, httpx.ProxyError):
        return FailureKind.OTHER, f"the proxy did not let the request through: {error}"
    if isinstance(error, httpx.LocalProtocolError):
        return FailureKind.OTHER, f"the request cannot be sent as it is: {error}"
    return FailureKind.OTHER, f"the request to {host} failed: {_last_words(error)}"


def _protocol_failure(error: Exception, host: str) -> tuple[FailureKind, str]:
    text = str(error)
    if "without sending a response" in text:
        return FailureKind.RESET, f"{host} closed the connection without an answer"
    if "incomplete" in text or "complete message body" in text:
        return FailureKind.PROTOCOL, f"{host} sent a shorter body than it announced"
    return FailureKind.PROTOCOL, f"{host} did not answer in valid HTTP: {text}"


def _tls_message(error: ssl.SSLError) -> str:
    """OpenSSL's reason, which an error that is not OpenSSL's own lacks."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = getattr(error, "verify_message", None) or _last_words(error)
        return f"its certificate is not accepted ({reason})"
    return getattr(error, "reason", None) or _last_words(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _last_words(error: BaseException) -> str:
    text = str(error).strip()
    return text or type(error).__name__
