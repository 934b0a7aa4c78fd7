"""Reads a JSON report back into a `Report`.

The model's own annotations say what each field is; unknown fields are passed over, so that a
newer scimdoctor's report of the same schema version can be read.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import re
import types
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from scimdoctor.errors import SourceError
from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse
from scimdoctor.model.frozen import frozen
from scimdoctor.model.reconstruction import ReconstructedRequest
from scimdoctor.model.replay import ReplayedRequest
from scimdoctor.model.report import SCHEMA_VERSION, Report
from scimdoctor.reports.shape import camel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.model.exchange import Headers

_MODULES = (
    "comparison", "diagnosis", "exchange", "finding", "provisioning", "reconstruction",
    "replay", "report", "rule", "synchronization",
)  # fmt: skip
_SECONDS = re.compile(r"PT(-?[0-9.eE+-]+)S")


def load_report(text: str, name: str) -> Report:
    """Return the report in `text`; `name` is the file's, for messages.

    Raises:
        SourceError: `text` is no JSON report of this schema version.
    """
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{name} is not JSON: {error}", hint="give a report made with -f json"
        ) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version != SCHEMA_VERSION:
        raise SourceError(
            f"{name} is not a scimdoctor report of schema version {SCHEMA_VERSION}",
            hint="give a report made with -f json by this version of scimdoctor",
        )
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise SourceError(
            f"{name} is a damaged report: {type(error).__name__}: {error}",
            hint="make the report again with -f json",
        ) from error


def _report(data: Mapping[str, Any]) -> Report:
    flat = {**data, "tool_version": data["tool"]["version"]}
    report = _decode(Report, flat)
    assert isinstance(report, Report)  # noqa: S101 - tells the type checker
    return report


def _decode(kind: Any, data: Any) -> Any:  # noqa: ANN401 - any field of any value
    """Return `data` as a value of type `kind`."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        inner = next(arg for arg in get_args(kind) if arg is not type(None))
        return None if data is None else _decode(inner, data)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data)
    if origin is not None:
        value_kind = get_args(kind)[1]
        return frozen({str(key): _decode(value_kind, item) for key, item in data.items()})
    if kind in _SPECIAL:
        return _SPECIAL[kind](data)
    if isinstance(kind, type) and is_dataclass(kind):
        return _decode_dataclass(kind, data)
    return _decode_scalar(kind, data)


def _decode_tuple(args: tuple[Any, ...], data: list[Any]) -> tuple[Any, ...]:
    if args[-1] is ...:
        return tuple(_decode(args[0], item) for item in data)
    return tuple(_decode(arg, item) for arg, item in zip(args, data, strict=True))


def _decode_dataclass(kind: Any, data: Mapping[str, Any]) -> Any:  # noqa: ANN401
    values: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        shown = name if name in data else camel(name)
        if name != "raw" and shown in data:
            values[name] = _decode(hint, data[shown])
    return kind(**values)


def _decode_scalar(kind: Any, data: Any) -> Any:  # noqa: ANN401
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is datetime:
        moment = datetime.fromisoformat(data)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind is timedelta:
        match = _SECONDS.fullmatch(data)
        return timedelta(seconds=float(match.group(1))) if match else None
    if kind is float:
        # A count stays whole, so that a report read and written again is the same.
        return data if isinstance(data, int) else float("nan" if data is None else data)
    if not isinstance(data, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(data).__name__}")
    return data


def _exchange(data: Mapping[str, Any]) -> Exchange:
    elapsed = data.get("elapsed_in_milliseconds")
    optional = {"response": None, "failure": None, "started_at": None, "own": False, **data}
    hints = _hints(Exchange)
    return Exchange(
        id=data["id"],
        request=_request(data["request"]),
        url=data["url"],
        elapsed_in_milliseconds=float("nan") if elapsed is None else float(elapsed),
        **{
            name: _decode(hints[name], optional[name])
            for name in ("response", "failure", "started_at", "own")
        },
    )


def _request(data: Mapping[str, Any]) -> ScimRequest:
    return ScimRequest(
        method=data["method"],
        path=data["path"],
        query=data["query"],
        headers=_headers(data["headers"]),
        body=_body(data),
    )


def _response(data: Mapping[str, Any]) -> ScimResponse:
    return ScimResponse(
        status=data["status"],
        headers=_headers(data["headers"]),
        body=_body(data),
        truncated=data.get("truncated", False),
    )


def _headers(data: Mapping[str, str | list[str]]) -> Headers:
    return tuple(
        (name, value)
        for name, values in data.items()
        for value in ([values] if isinstance(values, str) else values)
    )


def _body(data: Mapping[str, Any]) -> bytes:
    if "body_base64" in data:
        try:
            return base64.b64decode(data["body_base64"], validate=True)
        except binascii.Error as error:
            raise ValueError("body_base64 is not base64") from error
    body = data.get("body_text", data.get("body"))
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _replayed(data: Mapping[str, Any]) -> ReplayedRequest:
    hints = _hints(ReconstructedRequest)
    return ReplayedRequest(
        rebuilt=ReconstructedRequest(
            purpose=_decode(hints["purpose"], data["purpose"]),
            request=_request(data),
            provenance=_decode(hints["provenance"], data["provenance"]),
            notes=tuple(data.get("notes", ())),
            failed=data.get("failed", False),
            accepted=data.get("accepted", False),
            conditional=data.get("conditional", False),
        ),
        exchange=data.get("exchange"),
        curl=data.get("curl"),
    )


_SPECIAL: Mapping[Any, Any] = {
    Exchange: _exchange,
    ScimRequest: _request,
    ScimResponse: _response,
    ReplayedRequest: _replayed,
}


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """Return the types of a dataclass's fields; the model imports them for type checkers only."""
    hints = get_type_hints(kind, localns=_names())
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _names() -> dict[str, Any]:
    from collections.abc import Mapping

    names: dict[str, Any] = {"Mapping": Mapping, "datetime": datetime, "timedelta": timedelta}
    for module in _MODULES:
        names |= vars(importlib.import_module(f"scimdoctor.model.{module}"))
    return {**names, "Mapping": Mapping, "datetime": datetime, "timedelta": timedelta}
