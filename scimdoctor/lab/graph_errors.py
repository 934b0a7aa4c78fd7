"""How the lab's Graph says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Headers


class GraphRefusal(Exception):
    """An error that Graph answers; the text is its message."""

    def __init__(self, status: int, code: str, message: str, *, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


def refusal(status: int, code: str, message: str) -> GraphRefusal:
    """An error without headers of its own."""
    return GraphRefusal(status, code, message)


def bad_request(message: str) -> GraphRefusal:
    """400."""
    return GraphRefusal(400, "BadRequest", message)


def not_found(identity: str) -> GraphRefusal:
    """404 for an object."""
    return GraphRefusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{identity}' does not exist or one of its queried reference-property objects "
        "are not present.",
    )
